"""A connection plane on memory and a clock that is told to go on, with clients that connect to it without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.adapters.memory.store import MemoryStore, memory_store
from surewire.config.model import Config
from surewire.contract.catalogue import load_metrics
from surewire.domain.ids import UlidGenerator
from surewire.domain.rate import BucketTable
from surewire.durability.acknowledged import Acknowledged
from surewire.durability.ingest import DurableIngest
from surewire.durability.receipts import CoalescedReceipts
from surewire.fanout.membership import MembershipCache
from surewire.fanout.worker import FanoutWorker
from surewire.gateway.connection import Connection
from surewire.gateway.hub import Hub
from surewire.gateway.plane import ConnectionPlane, new_hub
from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest
from surewire.streams.events import DurableEventStream, event_stream
from surewire.telemetry.instruments import ConnectionInstruments, DurabilityInstruments, FanoutInstruments, MessagingInstruments
from surewire.telemetry.registry import Registry
from tests.fakes.clock import SettableClock
from tests.fakes.web_socket import FakeWebSocket

__all__ = ["Client", "MemoryPlane", "configured", "memory_plane", "until_quiet", "upgrade"]

_TURNS = 50


def configured(**sections: dict[str, Any]) -> Config:
    """The default configuration with these settings: `configured(limits={"burst": 1})`."""
    return msgspec.convert(sections, Config)


def upgrade(path: str = "/ws", *, query: str = "", peer_host: str = "127.0.0.1", received_s: float = 0.0, **headers: str) -> UpgradeRequest:
    """A handshake that the front found valid."""
    sent = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return UpgradeRequest(path, query, sent, peer_host, 1234, False, None, received_s, "req_1")


async def until_quiet() -> None:
    """Lets everything happen that needs no time: all is in memory, so it takes a few turns of the loop."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Client(FakeWebSocket):
    """A client that is connected; `connection` is the server's side."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class MemoryPlane:
    """The plane and what is around it."""

    config: Config
    clock: SettableClock
    registry: Registry
    instruments: ConnectionInstruments
    hub: Hub
    plane: ConnectionPlane
    store: MemoryStore
    ingest: DurableIngest
    receipts: CoalescedReceipts
    stream: DurableEventStream
    fanout: FanoutWorker

    def admit(self, request: UpgradeRequest) -> Acceptance | Refusal | Awaitable[Acceptance | Refusal]:
        return self.plane.gateway.admit(request)

    def accept(self, user_id: str | None = None, **request: Any) -> Acceptance:
        """An upgrade that is let in at once."""
        query = "" if user_id is None else f"user_id={user_id}"
        answer = self.admit(upgrade(query=query, received_s=self.clock.monotonic(), **request))
        assert isinstance(answer, Acceptance), answer
        return answer

    def connect(self, user_id: str | None = None, *, kernel_bytes: int = 1 << 24, **request: Any) -> Client:
        """A client whose WebSocket is open."""
        return self.open(self.accept(user_id, **request), kernel_bytes=kernel_bytes)

    def open(self, acceptance: Acceptance, *, kernel_bytes: int = 1 << 24) -> Client:
        listener = acceptance.listener
        assert isinstance(listener, Connection)
        client = Client(listener, kernel_bytes=kernel_bytes)
        client.connection = listener
        return client

    async def welcomed(self, user_id: str | None = None, **more: Any) -> Client:
        """A client that has read its welcome."""
        client = self.connect(user_id, **more)
        await until_quiet()
        assert next(message["type"] for message in client.messages()) == "welcome"
        return client

    def tick(self, times: int = 1) -> None:
        """The heartbeat's sweep, `times` sweep intervals on."""
        for _ in range(times):
            self.clock.advance(self.config.heartbeat.sweep_interval_s)
            self.plane._sweep.tick()

    def counted(self, name: str, **labels: str) -> int:
        return self.registry.counter(name, **labels).n


@asynccontextmanager
async def memory_plane(config: Config | None = None) -> AsyncGenerator[MemoryPlane]:
    """A plane whose fanout runs; nothing is read from a disk, and no time passes by itself."""
    config = config or Config()
    clock, registry = SettableClock(), Registry(load_metrics())
    instruments, messaging = ConnectionInstruments(registry), MessagingInstruments(registry)
    fanout_instruments = FanoutInstruments(registry)
    numbers = count(1)
    ulids = UlidGenerator(lambda bits: next(numbers))
    store = memory_store(clock)
    hub = new_hub(config, clock, instruments, messaging)
    history = MemoryEventHistory(clock, history_events=1_000, history_s=86_400.0, queue_events=1_000)
    ingest = DurableIngest(store.message_writer, clock, DurabilityInstruments(registry), Acknowledged())
    receipts = CoalescedReceipts(store.messages)
    fanout = FanoutWorker(store.event_log, MembershipCache(store.messages, fanout_instruments), hub, clock, fanout_instruments, messaging)
    async with asyncio.TaskGroup() as tasks, event_stream(history, hub, history_events=1_000) as stream:
        plane = ConnectionPlane(
            config,
            hub=hub,
            clock=clock,
            new_ulid=lambda: ulids.next(clock.now_micros() // 1_000),
            store=store.messages,
            ingest=ingest,
            receipts=receipts,
            stream=stream,
            chat_rates=BucketTable(config.limits.chat_messages_per_s, config.limits.chat_burst),
            instruments=instruments,
            fanout=fanout_instruments,
            tasks=tasks,
        )
        worker = tasks.create_task(fanout.run(lambda: None), name="fanout")
        await until_quiet()
        yield MemoryPlane(config, clock, registry, instruments, hub, plane, store, ingest, receipts, stream, fanout)
        await until_quiet()
        for connection in hub:
            connection.on_ws_disconnected(connection.transport)
        worker.cancel()
