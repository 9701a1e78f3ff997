"""Publishing events and subscribing to them, for tests of who gets which."""

from __future__ import annotations

from typing import Any

import httpx

from tests.acceptance.protocol.peer import Peer

__all__ = ["Json", "numbered", "numbers", "pages_since", "publish", "subscribe"]

Json = dict[str, Any]


async def publish(api: httpx.AsyncClient, *events: Json) -> list[Json]:
    """Publishes one batch: the id and position of each event."""
    answer = await api.post("/v1/events", json={"events": list(events)})
    assert answer.status_code == 202, answer.text
    published: list[Json] = answer.json()["events"]
    return published


async def subscribe(peer: Peer, name: str = "s", since: Json | None = None, **filters: Any) -> Json:
    """The `subscribed`, which is the next message."""
    answer = await peer.ask("subscribe", subscription_id=name, filters=filters, **({"since": since} if since else {}))
    assert (answer["type"], answer["subscription_id"]) == ("subscribed", name), answer
    return answer


async def pages_since(peer: Peer, since: Json, name: str = "s", **filters: Any) -> tuple[list[Json], list[Json]]:
    """Every page from a position on, while nothing else happens: what was said of each, and all their events."""
    pages: list[Json] = []
    events: list[Json] = []
    while not pages or pages[-1]["has_more"]:
        answer = await subscribe(peer, name, since, **filters)
        since = answer["position"]
        pages.append(answer["recovery"])
        events += [await peer.hear() for _ in range(answer["recovery"]["count"])]
    assert all((event["type"], event["subscription_ids"]) == ("event", [name]) for event in events)
    return pages, events


def numbered(first: int, last: int, **attributes: Any) -> list[Json]:
    return [{"event_type": "even" if n % 2 == 0 else "odd", "data": {"n": n}, **attributes} for n in range(first, last + 1)]


def numbers(events: list[Json]) -> list[int]:
    return [event["event"]["data"]["n"] for event in events]
