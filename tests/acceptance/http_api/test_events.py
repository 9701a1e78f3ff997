"""Events over HTTP: published all or none, read back page by page."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.acceptance.http_api.running_api import RunningApi
from tests.acceptance.http_api.test_chats import code_of

INCIDENT: dict[str, Any] = {
    "event_type": "incident_created",
    "severity": "P1",
    "source": "llm-sentinel",
    "labels": {"team": "core", "a,b": "c=d&e"},
    "affected_resources": ["db,1", "api"],
    "data": {"title": "Slow", "n": [1, 2.5, None, True]},
}


async def publish(client: httpx.AsyncClient, *events: dict[str, Any]) -> httpx.Response:
    return await client.post("/v1/events", json={"events": list(events)})


async def read(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"/v1/events?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_one_event_is_answered_with_its_id_and_place(api: RunningApi) -> None:
    answer = await api.client.post("/v1/events", json=INCIDENT)
    epoch = api.services.stream.head.epoch
    assert (answer.status_code, answer.json()["position"]) == (202, {"epoch": epoch, "offset": 1})
    page = await read(api.client)
    (item,) = page["items"]
    assert item["event"] == {**INCIDENT, "priority": "high"}
    assert item["message_id"] == answer.json()["message_id"]
    assert item["position"] == page["position"] == answer.json()["position"]
    assert page["recovery"] == {"complete": True, "from": 0, "to": 1, "count": 1, "has_more": False}
    assert "next" not in page


async def test_a_batch_is_published_in_its_order(client: httpx.AsyncClient) -> None:
    events = [{"event_type": "deployment", "data": {"n": number}} for number in range(100)]
    published = (await publish(client, *events)).json()["events"]
    assert [event["position"]["offset"] for event in published] == list(range(1, 101))
    assert len({event["message_id"] for event in published}) == 100
    page = await read(client, "limit=500")
    assert [item["event"]["data"]["n"] for item in page["items"]] == list(range(100))


async def test_a_batch_with_one_bad_event_publishes_nothing(client: httpx.AsyncClient) -> None:
    answer = await publish(client, INCIDENT, {"event_type": "deployment"}, {"event_type": "incident_created", "severity": "P9"})
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert answer.json()["errors"][0]["path"] == "events[2].severity"
    assert (await read(client))["items"] == []


async def test_a_batch_of_a_thousand_is_taken(client: httpx.AsyncClient) -> None:
    answer = await publish(client, *[{"event_type": "metric_update"}] * 1_000)
    assert (answer.status_code, len(answer.json()["events"])) == (202, 1_000)


async def test_an_event_over_64_kib_is_too_large(client: httpx.AsyncClient) -> None:
    answer = await publish(client, INCIDENT, {"event_type": "x", "data": "y" * 65_536})
    assert code_of(answer) == (413, "TOO_LARGE")
    assert answer.json()["errors"][0]["path"] == "events[1]"


async def test_filters_find_what_they_name(client: httpx.AsyncClient) -> None:
    await publish(client, INCIDENT, {"event_type": "deployment"}, {**INCIDENT, "severity": "P2", "labels": {"team": "web"}})

    async def found(query: str) -> list[int]:
        return [item["position"]["offset"] for item in (await read(client, query))["items"]]

    assert await found("severities=P1,P2") == [1, 3]
    assert await found("severities=P1&severities=P2") == [1, 3]
    assert await found("severities=P1") == [1]
    assert await found("event_types=deployment,escalated") == [2]
    assert await found("affected_resources=db%2C1") == [1, 3]
    assert await found("labels[team]=web") == [3]
    assert await found("labels%5Bteam%5D=core&severities=P1") == [1]
    assert await found("labels[a%2Cb]=c%3Dd%26e") == [1]
    assert await found("labels[team]=none") == []
    assert await found("user_id=alice&sources=llm-sentinel") == [1, 3]


async def test_a_page_that_is_cut_continues_without_loss(client: httpx.AsyncClient) -> None:
    await publish(client, *({"event_type": "deployment" if number % 2 else "x", "data": number} for number in range(50)))
    seen: list[int] = []
    since = ""
    while True:
        page = await read(client, f"limit=7&event_types=deployment{since}")
        seen += [item["event"]["data"] for item in page["items"]]
        assert page["recovery"]["count"] == len(page["items"]) <= 7
        if "next" not in page:
            break
        since = f"&since={page['next']}"
    assert seen == list(range(1, 50, 2))
    assert page["position"]["offset"] == 50


async def test_lost_history_is_said(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        await publish(client, *[{"event_type": "x"}] * 100)
    epoch = (await read(client, "limit=1"))["position"]["epoch"]
    page = await read(client, f"since={epoch}:50&limit=1")
    assert (page["recovery"]["complete"], page["recovery"]["reason"]) == (False, "history_exceeded")
    assert page["items"][0]["position"]["offset"] == 101
    assert (await read(client, "since=other:5"))["recovery"]["reason"] == "epoch_changed"


async def test_an_offset_that_the_stream_has_not_reached_is_refused(api: RunningApi) -> None:
    answer = await api.client.get(f"/v1/events?since={api.services.stream.head.epoch}:1")
    assert code_of(answer) == (422, "INVALID_MESSAGE")


async def test_a_batch_of_one_names_its_event_too(client: httpx.AsyncClient) -> None:
    answer = await publish(client, {"event_type": "x", "data": json.loads("[" * 33 + "]" * 33)})
    assert answer.json()["errors"][0]["path"] == "events[0].data"


async def test_a_body_that_is_one_event_and_a_batch_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/events", json={"event_type": "a", "events": []})
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"path": "events", "message": "a body is one event, or a batch of `events`, and not both"}],
    )


async def test_a_member_who_can_be_nobody_is_refused_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats", json={"members": ["a b"]})
    message = "must be a user id, 1 to 128 of the characters A-Z a-z 0-9 _ . @ -, but not only dots"
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"path": "members[0]", "message": message}])
