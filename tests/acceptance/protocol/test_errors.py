"""What a client gets wrong is answered with what is wrong, and costs nobody anything: the connection goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.bad_messages import BAD_MESSAGES, nested
from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.peer import Peer, open_peer
from tests.acceptance.protocol.raw_peer import TEXT, open_raw_peer
from tests.acceptance.protocol.scrape import Metrics, scrape, scrape_when_empty
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNLIMITED_RATES = {
    "SUREWIRE_LIMITS__MESSAGES_PER_S": "100000",
    "SUREWIRE_LIMITS__BURST": "100000",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """One server for all these tests: none may disturb another."""
    async with running_server(tmp_path_factory.mktemp("errors") / "data", **UNHURRIED, **UNLIMITED_RATES) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def api(shared: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared.http) as client:
        yield client


async def lives(peer: Peer) -> bool:
    return (await peer.ask("ping", timestamp=[1.5, None])).items() >= {"type": "pong", "timestamp": [1.5, None]}.items()


async def counts_a_policy_violation(http: httpx.AsyncClient, before: Metrics) -> None:
    """Returns once the connection that the server ended is counted as that, and nothing else is."""
    counted = (await scrape_when_empty(http)).since(before)
    assert counted.by("reason", "gateway_disconnections_total") == {"policy_violation": 1}


@pytest.mark.parametrize("name", BAD_MESSAGES)
async def test_a_bad_message_is_answered_with_its_fault_and_the_connection_lives(shared: ServerProcess, name: str) -> None:
    bad = BAD_MESSAGES[name]
    async with open_peer(shared.ws) as peer:
        await peer.socket.send(bad.text)
        error = await peer.hear()
        assert bad.answers(error), error
        assert len(error["message"]) < 300
        assert await lives(peer)


async def test_every_bad_message_is_counted_under_its_code_and_its_type(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    before = await scrape(api)
    async with open_peer(shared.ws) as peer:
        for text in ("{", '{"type":"dance"}', '{"type":"typing"}', '{"type":"ping","x":1}'):
            await peer.socket.send(text)
            await peer.hear()
    counted = (await scrape(api)).since(before)
    assert counted.by("error_code", "gateway_protocol_errors_total") == {"INVALID_MESSAGE": 2, "UNSUPPORTED": 2}
    assert counted.by("type", "gateway_messages_received_total") == {"unknown": 2, "typing": 1, "ping": 1}


async def test_a_binary_frame_is_unsupported_and_the_connection_lives(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        await peer.socket.send(b'{"type":"ping"}')
        error = await peer.hear()
        assert (error["code"], error["temporary"]) == ("UNSUPPORTED", False)
        assert await lives(peer)


async def test_a_value_may_be_nested_to_depth_32(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        await peer.socket.send(f'{{"type":"ping","timestamp":{nested(31)}}}')
        assert (await peer.hear())["type"] == "pong"


async def test_text_that_is_not_utf_8_closes_with_1007(shared: ServerProcess) -> None:
    async with open_raw_peer(shared.port) as peer:
        await peer.send_frame(TEXT, b'{"type":"ping","timestamp":"\xff"}')
        assert (await peer.ended())[-1].close_code == 1007


async def test_a_message_of_64_kib_passes_and_one_byte_more_closes_with_1009(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    shell = len('{"type":"ping","timestamp":""}')
    before = await scrape_when_empty(api)
    async with open_peer(shared.ws) as peer:
        await peer.socket.send('{"type":"ping","timestamp":"' + "x" * (65_536 - shell) + '"}')
        assert len((await peer.hear())["timestamp"]) == 65_536 - shell
        await peer.socket.send('{"type":"ping","timestamp":"' + "x" * (65_537 - shell) + '"}')
        assert await peer.hear_close() == (None, 1009)
    await counts_a_policy_violation(api, before)


@pytest.mark.parametrize(("content", "fits"), [("x" * 16_384, True), ("x" * 16_385, False), ("€" * 5_461, True), ("€" * 5_462, False)])
async def test_content_is_measured_in_bytes_of_utf_8(shared: ServerProcess, api: httpx.AsyncClient, content: str, fits: bool) -> None:
    chat = (await api.post("/v1/chats", params={"user_id": "ann"}, json={"members": ["ann"]})).json()["chat_id"]
    async with open_peer(shared.ws, "ann") as peer:
        answer = await peer.ask("send_message", chat_id=chat, client_message_id="c", content=content, request_id="r")
        assert answer["request_id"] == "r"
        assert (answer["type"] == "message_ack") if fits else (answer["code"], answer["temporary"]) == ("TOO_LARGE", False)
        assert (await peer.ask("history", chat_id=chat))["latest_sequence"] == int(fits)


async def test_a_filter_names_1000_values_at_most_in_all(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        most = {"sources": [f"s{n}" for n in range(600)], "labels": {f"l{n}": "" for n in range(400)}}
        assert (await peer.ask("subscribe", subscription_id="most", filters=most))["type"] == "subscribed"
        error = await peer.ask("subscribe", subscription_id="more", filters={**most, "severities": ["P0"]})
        assert (error["code"], error["subscription_id"], error["temporary"]) == ("LIMIT_EXCEEDED", "more", False)
        assert (await peer.ask("unsubscribe", subscription_id="more"))["code"] == "NOT_FOUND"
        assert await lives(peer)


async def test_the_101st_subscription_exceeds_the_limit_but_one_of_the_hundred_may_change(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        for number in range(100):
            assert (await peer.ask("subscribe", subscription_id=f"s{number}", filters={}))["type"] == "subscribed"
        error = await peer.ask("subscribe", subscription_id="s100", filters={})
        assert (error["code"], error["subscription_id"]) == ("LIMIT_EXCEEDED", "s100")
        assert (await peer.ask("subscribe", subscription_id="s7", filters={"severities": ["P0"]}))["type"] == "subscribed"
        assert (await peer.ask("unsubscribe", subscription_id="s0"))["type"] == "unsubscribed"
        assert (await peer.ask("subscribe", subscription_id="s100", filters={}))["type"] == "subscribed"


async def test_who_unsubscribes_from_nothing_is_told(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        error = await peer.ask("unsubscribe", subscription_id="never")
        assert (error["code"], error["subscription_id"], error["temporary"]) == ("NOT_FOUND", "never", False)
        assert await lives(peer)


async def test_an_offset_that_the_stream_has_not_reached_leaves_what_was_subscribed(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as peer:
        position = (await peer.ask("subscribe", subscription_id="s", filters={"sources": ["kept"]}))["position"]
        ahead = {"epoch": position["epoch"], "offset": position["offset"] + 1}
        error = await peer.ask("subscribe", subscription_id="s", filters={}, since=ahead)
        assert (error["code"], error["subscription_id"], error["details"]) == ("INVALID_MESSAGE", "s", {"path": "since.offset"})
        await api.post("/v1/events", json={"events": [{"event_type": "deployment"}, {"event_type": "deployment", "source": "kept"}]})
        assert (await peer.hear())["event"]["source"] == "kept"


async def test_requests_for_chats_of_others_are_not_found_and_name_the_request(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        for kind, fields in {
            "send_message": {"chat_id": "chat_none", "client_message_id": "c", "content": "x"},
            "history": {"chat_id": "chat_none"},
            "sync_request": {"chats": [{"chat_id": "chat_none", "after_sequence": 0}]},
        }.items():
            error = await peer.ask(kind, request_id=f"r {kind}", **fields)
            assert (error["code"], error["request_id"], error["temporary"]) == ("NOT_FOUND", f"r {kind}", False)
        assert (await peer.ask("ack", chat_id="chat_none", sequence=1))["code"] == "NOT_FOUND"
        assert await lives(peer)


async def test_the_tenth_error_of_form_within_a_minute_closes_with_4502(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    before = await scrape_when_empty(api)
    async with open_peer(shared.ws) as peer:
        for text in ("{", b"binary", '{"type":"dance"}', '{"type":"ping","x":1}', "[]", "{", "{", "{", "{"):
            await peer.socket.send(text)
            assert (await peer.hear())["type"] == "error"
            assert await lives(peer)
        await peer.socket.send("{")
        assert (await peer.hear())["code"] == "INVALID_MESSAGE"
        closing, code = await peer.hear_close()
        assert closing is not None
        assert (closing["type"], closing["code"], closing["reconnect"]) == ("closing", 4502, False)
        assert closing["reason"]
        assert code == 4502
    await counts_a_policy_violation(api, before)


async def test_refusals_that_are_no_errors_of_form_close_nothing(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        for _ in range(30):
            assert (await peer.ask("history", chat_id="chat_none"))["code"] == "NOT_FOUND"
            assert (await peer.ask("unsubscribe", subscription_id="never"))["code"] == "NOT_FOUND"
        assert await lives(peer)


async def test_one_clients_errors_do_not_count_against_another(shared: ServerProcess) -> None:
    async with open_peer(shared.ws, "mallory") as one, open_peer(shared.ws, "mallory") as other:
        for _ in range(10):
            await one.socket.send("{")
        assert (await one.hear_close())[1] == 4502
        assert await lives(other)
        await other.socket.send("{")
        assert (await other.hear())["code"] == "INVALID_MESSAGE"
        assert await lives(other)


async def test_what_the_peer_wrote_never_comes_back_at_length(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer:
        for text in ('{"type":"' + "x" * 60_000 + '"}', '{"type":"ping","' + "x" * 60_000 + '":1}', "x" * 60_000):
            await peer.socket.send(text)
            assert len(await asyncio.wait_for(peer.socket.recv(), 10)) < 1_000
        assert await lives(peer)
