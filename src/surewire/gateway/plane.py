"""Puts the connection plane together: one hub, one guard, one sweep, and the handler that the front asks."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from surewire.domain.origin import OriginPolicy, is_loopback_name
from surewire.gateway.admission import Admission
from surewire.gateway.context import Context
from surewire.gateway.drain import drain
from surewire.gateway.gateway import Gateway
from surewire.gateway.heartbeat import Sweep, slot_count
from surewire.gateway.hub import Hub
from surewire.gateway.outbox import OutboundLimits
from surewire.protocol.codec import client_decoder
from surewire.protocol.server_messages import Limits

if TYPE_CHECKING:
    from surewire.config.model import Config
    from surewire.domain.rate import BucketTable
    from surewire.ports.clock import Clock
    from surewire.ports.event_stream import EventStream
    from surewire.ports.ingest import Ingest
    from surewire.ports.message_store import MessageStore
    from surewire.ports.receipts import Receipts
    from surewire.telemetry.instruments import ConnectionInstruments, FanoutInstruments, MessagingInstruments

__all__ = ["ConnectionPlane", "new_hub"]

_TOKEN_BYTES: Final = 24
_RANDOM_STEPS: Final = 1 << 32


def new_hub(config: Config, clock: Clock, instruments: ConnectionInstruments, messaging: MessagingInstruments) -> Hub:
    """The hub, which the events stream and fanout write to, so it is made before them."""
    return Hub(clock, asyncio.get_running_loop().call_soon, slot_count(config.heartbeat), instruments, messaging)


class ConnectionPlane:
    """Connections from admission to drain. `gateway` is what the front asks about upgrades."""

    def __init__(
        self,
        config: Config,
        *,
        hub: Hub,
        clock: Clock,
        new_ulid: Callable[[], str],
        store: MessageStore,
        ingest: Ingest,
        receipts: Receipts,
        stream: EventStream,
        chat_rates: BucketTable[tuple[str, str]],
        instruments: ConnectionInstruments,
        fanout: FanoutInstruments,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.hub, self._config = hub, config
        self._reads: set[asyncio.Task[None]] = set()
        self.admission = Admission(config.limits, clock)
        self._sweep = Sweep(hub, stream, config.heartbeat, clock, instruments)
        instruments.connections_limit.value = config.limits.max_connections
        self.gateway = Gateway(
            Context(
                config=config,
                limits=_limits(config),
                max_fragments=config.limits.max_fragments,
                max_filter_values=config.limits.max_filter_values,
                decode=client_decoder(config.limits.max_json_depth),
                clock=clock,
                new_ulid=new_ulid,
                resume_token=_resume_tokens(),
                origins=_origins(config),
                admission=self.admission,
                hub=hub,
                store=store,
                ingest=ingest,
                receipts=receipts,
                stream=stream,
                chat_rates=chat_rates,
                instruments=instruments,
                offline_latency=fanout.delivery_latency["false"],
                turn=hub.turn,
                outbound=_outbound_limits(config, clock, instruments),
                spawn=_spawner(tasks, self._reads),
            )
        )

    async def run(self, beat: Callable[[], None]) -> None:
        """The heartbeat sweep, until cancelled."""
        await self._sweep.run(beat)

    def refuse_upgrades(self) -> None:
        """From now on every upgrade is answered 503."""
        self.admission.drain()

    async def drain(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Ends every connection once `finish` and every read from the store have answered; see `gateway.drain`."""

        async def finish_all() -> None:
            await finish()
            # A read's answer lets the next one of its connection begin, but only when the client reads.
            while self._reads:
                await asyncio.wait(self._reads)

        await drain(
            self.hub,
            timeout_s=self._config.drain.timeout_s,
            accept_rate_per_s=self._config.limits.accept_rate_per_s,
            random_unit=_random_unit,
            finish=finish_all,
        )


def _origins(config: Config) -> OriginPolicy:
    only_loopback = all(is_loopback_name(listener.host) for listener in config.listeners)
    return OriginPolicy(config.auth.allowed_origins, only_loopback=only_loopback)


def _limits(config: Config) -> Limits:
    limits = config.limits
    return Limits(
        max_message_bytes=limits.max_message_bytes,
        max_content_bytes=limits.max_content_bytes,
        max_subscriptions=limits.max_subscriptions,
        messages_per_s=limits.messages_per_s,
        burst=limits.burst,
    )


def _outbound_limits(config: Config, clock: Clock, instruments: ConnectionInstruments) -> OutboundLimits:
    def dropped(reason: str, count: int) -> None:
        instruments.events_dropped[reason].n += count

    def nearly_full() -> None:
        instruments.outbound_warnings.n += 1

    return OutboundLimits(
        max_messages=config.limits.outbound_messages,
        max_bytes=config.limits.outbound_bytes,
        grace_s=config.limits.slow_consumer_grace_s,
        now=clock.monotonic,
        dropped=dropped,
        buffered=instruments.buffer_size.observe,
        nearly_full=nearly_full,
    )


def _resume_tokens() -> Callable[[str], str]:
    """Tokens of this process life: a keyed hash needs no memory per session (RFC 2104 in BLAKE2's keyed mode, RFC 7693)."""
    key = secrets.token_bytes(32)

    def token(session_id: str) -> str:
        return hashlib.blake2b(session_id.encode(), digest_size=_TOKEN_BYTES, key=key).hexdigest()

    return token


def _spawner(tasks: asyncio.TaskGroup, running: set[asyncio.Task[None]]) -> Callable[[Coroutine[Any, Any, None], str], None]:
    def spawn(work: Coroutine[Any, Any, None], name: str) -> None:
        task = tasks.create_task(work, name=name)
        running.add(task)
        task.add_done_callback(running.discard)

    return spawn


def _random_unit() -> float:
    return secrets.randbelow(_RANDOM_STEPS) / _RANDOM_STEPS
