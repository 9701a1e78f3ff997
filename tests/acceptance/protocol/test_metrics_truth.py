"""The metrics say what the clients saw, to the last message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import publish
from tests.acceptance.protocol.metric_aliases import ALIASES, CANONICAL, expected, exposed_as, family_of
from tests.acceptance.protocol.peer import Peer
from tests.acceptance.protocol.raw_peer import TEXT, knock, open_raw_peer
from tests.acceptance.protocol.scrape import Metrics, scrape, scrape_when_empty
from tests.acceptance.protocol.test_chat import make_chat
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_HEARTBEAT = {"SUREWIRE_HEARTBEAT__INTERVAL_S": "3600", "SUREWIRE_HEARTBEAT__SWEEP_INTERVAL_S": "600"}
UNLIMITED_RATES = {"SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "1000000", "SUREWIRE_LIMITS__CHAT_BURST": "1000000"}
SETTINGS = {**UNHURRIED, **NO_HEARTBEAT, **UNLIMITED_RATES, "SUREWIRE_EVENTS__TYPES": "deploy_done"}


class Witness:
    """What clients said and heard, by type."""

    def __init__(self) -> None:
        self.said: Counter[str] = Counter()
        self.heard: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()


class Watched(Peer):
    """A client whose every word is written down."""

    def __init__(self, socket: Any, welcome: dict[str, Any], witness: Witness) -> None:
        super().__init__(socket, welcome)
        self._witness = witness
        self._note(welcome)

    async def say(self, kind: str, **fields: Any) -> None:
        self._witness.said[kind] += 1
        await super().say(kind, **fields)

    async def hear(self) -> dict[str, Any]:
        return self._note(await super().hear())

    async def quiet(self) -> list[dict[str, Any]]:
        """Everything that had to come has come; this is it."""
        await self.say("ping", timestamp="quiet?")
        heard = [await self.hear()]
        while heard[-1]["type"] != "pong":
            heard.append(await self.hear())
        return heard[:-1]

    def _note(self, message: dict[str, Any]) -> dict[str, Any]:
        self._witness.heard[message["type"]] += 1
        self._witness.codes[message.get("code", "")] += 1
        return message


@asynccontextmanager
async def watched(server: ServerProcess, user: str, witness: Witness) -> AsyncGenerator[Watched]:
    async with connect(f"{server.ws}?user_id={user}") as socket:
        yield Watched(socket, json.loads(await socket.recv()), witness)


async def talk(server: ServerProcess, http: httpx.AsyncClient, witness: Witness) -> None:
    """Seven messages, two repetitions, what was refused, and what was read of it by whom."""
    chat = await make_chat(http, "ann", "bob", "carl")
    url = f"/v1/chats/{chat}/messages"
    async with watched(server, "ann", witness) as ann, watched(server, "ann", witness) as ann_too, watched(server, "bob", witness) as bob:
        for number in (1, 2, 3, 4, 5, 5):
            await ann.say("send_message", chat_id=chat, client_message_id=f"a{number}", content="x")
        await ann.say("send_message", chat_id=chat, client_message_id="a1", content="other")
        await ann.say("send_message", chat_id="chat_none", client_message_id="a1", content="x")
        while sum(witness.heard[kind] for kind in ("message_ack", "error")) < 8:
            await ann.hear()
        for status in (201, 200):
            answer = await http.post(url, params={"user_id": "bob"}, json={"client_message_id": "b1", "content": "y"})
            assert answer.status_code == status
        (await http.post(url, params={"user_id": "bob"}, json={"client_message_id": "b2", "content": "y"})).raise_for_status()
        (await http.get(url, params={"user_id": "bob"})).raise_for_status()
        assert (await http.get(url, params={"user_id": "eve"})).status_code == 404
        while witness.heard["message"] < 2 * 2 + 5 * 2 + 2:
            for peer in (ann, ann_too, bob):
                await peer.quiet()
        for _ in range(3):
            await bob.ask("history", chat_id=chat)
        await bob.ask("history", chat_id="chat_none")
        await bob.say("ack", chat_id=chat, sequence=7, state="read")
        await bob.quiet()
    async with watched(server, "carl", witness) as carl:
        await carl.say("sync_request", chats=[{"chat_id": chat, "after_sequence": 0}, {"chat_id": "chat_none", "after_sequence": 0}])
        await carl.hear_until("sync_response")
        await carl.ask("sync_request", chats=[{"chat_id": "chat_none", "after_sequence": 0}])
        await carl.ask("sync_request", chats=[{"chat_id": chat, "after_sequence": 7}])


async def follow(server: ServerProcess, http: httpx.AsyncClient, witness: Witness) -> None:
    """Five events; one client gets four and another two of them."""
    async with watched(server, "ann", witness) as ann, watched(server, "bob", witness) as bob:
        for name, filters in {"all": {"sources": ["here"]}, "some": {"severities": ["P1"]}, "none": {"severities": ["P4"]}}.items():
            await ann.ask("subscribe", subscription_id=name, filters=filters)
        await bob.ask("subscribe", subscription_id="s", filters={"event_types": ["incident_created"]})
        await ann.ask("unsubscribe", subscription_id="none")
        assert (await scrape(http)).value("gateway_subscriptions_active") == 3
        assert (await scrape(http)).value("gateway_connections_subscribed") == 2
        incident = {"event_type": "incident_created", "severity": "P1", "source": "here"}
        published = await publish(http, incident, incident, {"event_type": "deploy_done", "source": "here"})
        await publish(http, {"event_type": "my_secret_type", "source": "here"}, {"event_type": "deployment"})
        assert len(await ann.quiet()) == 4
        assert len(await bob.quiet()) == 2
        since = published[0]["position"]
        await bob.ask("subscribe", subscription_id="late", filters={}, since=since)
        assert len(await bob.quiet()) == 4


async def err(server: ServerProcess, witness: Witness) -> None:
    async with watched(server, "eve", witness) as eve:
        for text in ("{", '{"type":"dance"}', '{"type":"typing"}', '{"type":"ping","x":1}', b"binary"):
            await eve.socket.send(text)
            assert (await eve.hear())["type"] == "error"
        witness.said.update({"unknown": 3, "typing": 1, "ping": 1})
        await eve.quiet()


async def come_and_go(server: ServerProcess, http: httpx.AsyncClient, witness: Witness) -> None:
    """Attempts of every kind, and connections that end in every way a client can choose."""
    async with knock(server.port, Origin="https://evil.example") as (_, answer):
        assert answer.status == 403
    async with knock(server.port, Sec_WebSocket_Version="8") as (_, answer):
        assert answer.status == 426
    assert (await http.get("/ws")).status_code == 426
    for end in ("polite", "reset", "violation"):
        async with open_raw_peer(server.port) as peer:
            if end == "reset":
                peer.reset()
            elif end == "violation":
                await peer.send_frame(TEXT, b"\xff")
                await peer.ended()
        witness.heard["welcome"] += 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[tuple[Metrics, Witness]]:
    """The metrics of a server whose clients have told all they know."""
    witness = Witness()
    async with (
        running_server(tmp_path_factory.mktemp("truth") / "data", **SETTINGS) as server,
        httpx.AsyncClient(base_url=server.http) as http,
    ):
        await talk(server, http, witness)
        await follow(server, http, witness)
        await err(server, witness)
        await come_and_go(server, http, witness)
        yield await scrape_when_empty(http), witness


async def test_attempts_and_ends_are_counted_under_their_reasons(told: tuple[Metrics, Witness]) -> None:
    metrics, witness = told
    assert metrics.by("status", "gateway_connections_total") == {"accepted": 10, "forbidden": 1, "bad_request": 2}
    assert metrics.by("reason", "gateway_disconnections_total") == {"client_closed": 9, "policy_violation": 1}
    assert metrics.value("gateway_upgrade_duration_seconds_count") == 10
    assert metrics.value("gateway_session_duration_seconds_count") == 10
    assert witness.heard["welcome"] == 10
    for gauge in ("connections_active", "subscriptions_active", "connections_subscribed", "connections_live", "stale_connections"):
        assert metrics.value(f"gateway_{gauge}") == 0


async def test_messages_are_counted_by_type_as_they_were_said_and_heard(told: tuple[Metrics, Witness]) -> None:
    metrics, witness = told
    assert metrics.by("type", "gateway_messages_received_total") == dict(witness.said)
    assert metrics.by("type", "gateway_messages_sent_total") == dict(witness.heard)
    del witness.codes[""]
    assert metrics.by("error_code", "gateway_protocol_errors_total") == dict(witness.codes)
    assert dict(witness.codes) == {"CONFLICT": 1, "NOT_FOUND": 4, "INVALID_MESSAGE": 2, "UNSUPPORTED": 3}


async def test_sends_reads_and_syncs_count_what_succeeded_and_no_mistake_of_clients(told: tuple[Metrics, Witness]) -> None:
    metrics, witness = told
    over_http = 3
    assert metrics.by("status", "gateway_send_total") == {"success": witness.heard["message_ack"] + over_http}
    assert metrics.value("gateway_send_latency_seconds_count") == witness.heard["message_ack"] + over_http
    assert metrics.by("status", "gateway_history_total") == {"success": 4}
    assert metrics.value("gateway_history_latency_seconds_count") == 4
    assert metrics.by("status", "gateway_sync_total") == {"success": 2}


async def test_what_was_stored_acknowledged_and_delivered_adds_up(told: tuple[Metrics, Witness]) -> None:
    metrics, _ = told
    assert metrics.by("status", "durability_persist_total") == {"success": 9}
    assert metrics.by("persisted", "durability_ack_sent_total") == {"true": 9}
    assert metrics.value("durability_idempotency_hits_total") == 2
    assert metrics.value("durability_persist_duration_seconds_count") == 9
    assert metrics.by("topic", "fanout_events_consumed_total", topic="messages.persisted") == {"messages.persisted": 7}
    assert metrics.by("status", "fanout_events_processed_total") == {"success": 7}
    assert metrics.by("status", "fanout_delivery_total") == {"delivered": 7, "offline": 7}
    assert metrics.value("fanout_messages_delivered_total") == 7
    assert metrics.value("fanout_delivery_latency_seconds_count", recipient_online="true") == 7
    assert metrics.value("fanout_delivery_latency_seconds_count", recipient_online="false") == 7
    assert metrics.value("messaging_e2e_latency_seconds_count") == 7
    assert metrics.value("fanout_consumer_lag") == 0
    assert metrics.value("messaging_messages_in_flight") == 0


async def test_events_are_counted_by_type_and_pair(told: tuple[Metrics, Witness]) -> None:
    metrics, witness = told
    broadcast = {"incident_created": 2, "deploy_done": 1, "other": 1, "deployment": 1}
    assert metrics.by("event_type", "gateway_events_broadcast_total") == broadcast
    replayed = 4
    assert metrics.value("gateway_events_matched_total") == 6
    assert metrics.value("gateway_events_delivered_total") == 6
    assert witness.heard["event"] == 6 + replayed
    assert metrics.by("reason", "gateway_events_dropped_total") == {}
    assert metrics.by("event_type", "gateway_message_latency_seconds_count") == {"incident_created": 4, "deploy_done": 1, "other": 1}


async def test_nothing_went_wrong_that_nobody_saw(told: tuple[Metrics, Witness]) -> None:
    metrics, _ = told
    for name, where in {
        "gateway_send_total": {"status": "error"},
        "gateway_history_total": {"status": "error"},
        "durability_persist_total": {"status": "error"},
        "durability_ack_sent_total": {"persisted": "false"},
        "durability_duplicate_sequence_total": {},
        "durability_counter_missing_total": {},
        "durability_transaction_conflicts_total": {},
        "fanout_delivery_total": {"status": "error"},
        "fanout_dlq_events_total": {},
        "messaging_clock_skew_samples_total": {},
        "gateway_heartbeat_timeouts_total": {},
        "gateway_slow_consumer_disconnects_total": {},
    }.items():
        assert metrics.value(name, **where) == 0, name


async def test_http_requests_are_counted_by_route_and_status(told: tuple[Metrics, Witness]) -> None:
    metrics, _ = told
    counted = {
        (labels["endpoint"], labels["status"]): value for labels, value in metrics.series("gateway_http_request_duration_seconds_count")
    }
    assert counted["/v1/chats", "201"] == 1
    assert counted["/v1/chats/{chat_id}/messages", "201"] == 2
    assert counted["/v1/chats/{chat_id}/messages", "200"] == 2
    assert counted["/v1/chats/{chat_id}/messages", "404"] == 1
    assert counted["/v1/events", "202"] == 2


async def test_every_series_is_in_the_contract_with_its_type_and_labels(told: tuple[Metrics, Witness]) -> None:
    metrics, _ = told
    for name, kind in metrics.types.items():
        family = CANONICAL.get(name)
        assert (family["type"] if family else "alias") in (kind, "alias"), name
        assert name in CANONICAL or name in ALIASES, name
    for name, labels, _ in metrics.samples:
        family = CANONICAL.get(family_of(name))
        assert family is not None or family_of(name) in ALIASES, name
        if family is not None:
            assert set(labels) - {"le"} == set(family.get("labels", {})), name
            for label, allowed in family.get("labels", {}).items():
                assert not isinstance(allowed, list) or labels[label] in allowed, name


@pytest.mark.parametrize("alias", ALIASES)
async def test_an_alias_is_what_its_sources_are(told: tuple[Metrics, Witness], alias: str) -> None:
    metrics, _ = told
    endings = ("_count", "_sum", "_bucket") if exposed_as(metrics, f"{alias}_count") else ("",)
    for ending in endings:
        shown = exposed_as(metrics, alias + ending)
        assert shown == pytest.approx(expected(metrics, alias, ending))
        assert shown
