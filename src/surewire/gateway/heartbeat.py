"""One sweep for all heartbeats: pings, positions, and who stopped answering.

Theory of operation. Connections are spread over as many slots as there are sweeps in an interval; each sweep turns to one slot and
pings it, so the work is even and nothing belongs to a connection but a flag. Any frame is life: the parser sets `heard`, the ping
clears it. `timeout_s` later a sweep looks at the same slot again, and whoever has not been heard since is closed with 4000. When the
sweep itself came late, the process was not listening; then nobody is blamed, and the silence counts as the server's (`cause="server"`).
Where pings are off, or rarer than the session time-out, every sweep looks at all flags, and silence for that long closes with 4001.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from surewire.config.model import Heartbeat
from surewire.gateway.frames import PING, TEXT, frame
from surewire.ports.clock import Clock
from surewire.ports.event_stream import EventStream
from surewire.protocol.codec import encode
from surewire.protocol.codes import CloseCode
from surewire.protocol.server_messages import PositionMessage
from surewire.telemetry.instruments import ConnectionInstruments

if TYPE_CHECKING:
    from surewire.gateway.connection import Connection
    from surewire.gateway.hub import Hub

__all__ = ["Sweep", "slot_count"]

_PING = frame(PING, b"")
_PASSIVE_CYCLE_SHARE = 4


def slot_count(settings: Heartbeat) -> int:
    """How many slots the connections are spread over: one sweep each."""
    return max(1, math.ceil(_cycle_s(settings) / settings.sweep_interval_s))


def _cycle_s(settings: Heartbeat) -> float:
    return settings.interval_s or settings.session_timeout_s / _PASSIVE_CYCLE_SHARE


class Sweep:
    """Turns to one slot after the other. `tick` is one step; `run` makes one every `sweep_interval_s`."""

    def __init__(
        self,
        hub: Hub,
        stream: EventStream,
        settings: Heartbeat,
        clock: Clock,
        instruments: ConnectionInstruments,
    ) -> None:
        self._hub, self._stream = hub, stream
        self._settings, self._clock, self._instruments = settings, clock, instruments
        self._slots = len(hub.slots)
        # Rounded up as the slots are: a time-out below the interval takes no more sweeps than it.
        self._answer_slots = min(self._slots, math.ceil(settings.timeout_s / settings.sweep_interval_s))
        self._judges_silence = not 0 < settings.interval_s <= settings.session_timeout_s
        self._step = 0
        self._last_tick_s = clock.monotonic()
        self._stale: set[Connection] = set()
        instruments.stale_connections.read = lambda: sum(connection in hub for connection in self._stale)
        instruments.connections_live.read = self._live

    async def run(self, beat: Callable[[], None]) -> None:
        """Sweeps until cancelled; `beat` is called after every step."""
        while True:
            await asyncio.sleep(self._settings.sweep_interval_s)
            self.tick()
            beat()

    def tick(self) -> None:
        """One step: looks for answers in one slot, turns to the next for pings and positions, and closes who stayed full."""
        now = self._clock.monotonic()
        was_listening = now - self._last_tick_s < self._settings.sweep_interval_s + self._settings.timeout_s / 2
        self._last_tick_s = now
        self._step += 1
        self._stale = {connection for connection in self._stale if connection in self._hub}
        for outbox in self._hub.turn.stayed_full(now):
            outbox.overflow()
        if self._judges_silence:
            self._judge_silence(now)
        if self._settings.interval_s:
            self._judge_answers(tuple(self._hub.slots[(self._step - self._answer_slots) % self._slots]), was_listening)
        self._visit(tuple(self._hub.slots[self._step % self._slots]), now)

    def _judge_answers(self, connections: tuple[Connection, ...], was_listening: bool) -> None:
        for connection in connections:
            since = connection.awaiting_pong_since
            if since is None:
                continue
            if connection.heard or connection.quiet_since > since:
                connection.awaiting_pong_since = None
            else:
                self._unanswered(connection, was_listening)

    def _unanswered(self, connection: Connection, was_listening: bool) -> None:
        self._instruments.heartbeat_timeouts["client" if was_listening else "server"].n += 1
        connection.awaiting_pong_since = None
        if was_listening:
            self._stale.add(connection)
            connection.end(CloseCode.HEARTBEAT_TIMEOUT, "heartbeat timeout")

    def _judge_silence(self, now: float) -> None:
        for connection in self._hub:
            if connection.heard:
                connection.heard = False
                connection.quiet_since = now
            elif now - connection.quiet_since >= self._settings.session_timeout_s:
                connection.end(CloseCode.SESSION_TIMEOUT, "session timeout")

    def _visit(self, connections: tuple[Connection, ...], now: float) -> None:
        position = frame(TEXT, encode(PositionMessage(self._stream.head)))
        for connection in connections:
            if connection.heard:
                connection.quiet_since = now
            self._greet(connection, position, now)

    def _greet(self, connection: Connection, position: bytes, now: float) -> None:
        if not connection.is_open:
            return
        connection.heard = False
        if self._settings.interval_s:
            connection.awaiting_pong_since = now
            connection.write(_PING)
            self._instruments.heartbeat_pings_sent.n += 1
        # To a client that is behind, a position would say that it has what still waits for it.
        if connection.is_flowing and self._hub.index.caught_up(connection):
            connection.write(position)
            self._instruments.messages_sent["position"].n += 1

    def _live(self) -> int:
        oldest = self._clock.monotonic() - self._settings.session_timeout_s
        return sum(connection.heard or connection.quiet_since > oldest for connection in self._hub)
