"""One client on a WebSocket that speaks protocol 1: what it says goes to the planes, what they answer goes back.

Everything happens in the socket's read callback or in the planes' callbacks: no task, no queue and no timer belongs to a connection.
Requests that read from the store or the stream wait in a line while there are any, each worked off by a task in the gateway's group.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from surewire.domain.filters import Filters
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import BackendError, ClientError, SurewireError
from surewire.gateway.context import Context
from surewire.gateway.frames import TEXT, EndCause, Ending, frame
from surewire.gateway.long_answers import LongAnswers, LongRequest
from surewire.gateway.outbox import Outbox
from surewire.gateway.requests import HANDLERS, subscribe_to
from surewire.ports.ingest import SendRequest
from surewire.ports.message_store import WatermarkUpdate
from surewire.protocol.codec import RequestError, encode, encode_ack
from surewire.protocol.codes import CLOSE_REASONS, CloseCode, may_reconnect
from surewire.protocol.server_messages import PROTOCOL_VERSION, Closing, ErrorMessage, MessageAck, ServerMessage, Welcome
from surewire.protocol.session import Session, Turn

if TYPE_CHECKING:
    import picows

    from surewire.gateway.admission import Caller

__all__ = ["Connection"]

_REASONS: Final = {EndCause.PEER_CLOSED: "client_closed", EndCause.PEER_LOST: "client_closed", EndCause.FAILURE: "task_panic"}
_FORM_ERRORS: Final = frozenset({"INVALID_MESSAGE", "UNSUPPORTED"})
_HOLD_BACK_S: Final = 1.0


class Connection(Outbox):
    """A connected client. Also the `SendOrigin` of its messages: acknowledgements come back through it."""

    __slots__ = (
        "awaiting_pong_since",
        "caller",
        "channel",
        "context",
        "long_answers",
        "opened_s",
        "quiet_since",
        "received_s",
        "session",
        "slot",
        "ulid",
        "user_id",
    )

    def __init__(self, context: Context, caller: Caller, received_s: float, channel: str | None) -> None:
        super().__init__(context.limits.max_message_bytes, context.turn, context.outbound, context.max_fragments)
        self.context = context
        self.caller = caller
        self.user_id = caller.user_id
        self.ulid = context.new_ulid()
        self.session = Session(context.decode)
        self.opened_s = self.quiet_since = self.received_s = received_s
        self.awaiting_pong_since: float | None = None
        self.channel = channel
        self.long_answers: LongAnswers | None = None
        self.slot = 0

    @property
    def connection_id(self) -> str:
        return "conn_" + self.ulid

    @property
    def session_id(self) -> str:
        return "sess_" + self.ulid

    # From the client

    def on_open(self, transport: picows.WSTransport) -> None:
        context = self.context
        super().on_open(transport)
        self.send(self._welcome())
        self.opened_s = self.quiet_since = context.clock.monotonic()
        context.hub.add(self)
        context.instruments.connections["accepted"].n += 1
        context.instruments.upgrade_duration.observe(self.opened_s - self.received_s)
        if self.channel is not None:
            subscribe_to(self, f"channel:{self.channel}", Filters(channels=(self.channel,)))

    def on_text(self, text: str) -> None:
        context, limits = self.context, self.context.limits
        now = context.clock.monotonic()
        try:
            message = self.session.receive(text, now, limits.messages_per_s, limits.burst)
        except RequestError as error:
            self._malformed(error, now)
            return
        handle, name = HANDLERS[type(message)]
        context.instruments.messages_received[name].n += 1
        try:
            handle(self, message, now)
        except (ClientError, BackendError) as error:
            self.refuse(error, getattr(message, "request_id", None), getattr(message, "subscription_id", None))

    def on_binary(self, data: bytes) -> None:
        self._malformed(
            RequestError("UNSUPPORTED", "this connection speaks JSON in text frames, not binary"), self.context.clock.monotonic()
        )

    def on_other_frame(self) -> None:
        if self.session.floods(self.context.clock.monotonic()):
            self._hold_back()

    def on_pong(self, payload: bytes) -> None:
        if payload:
            return  # our pings carry nothing, so this answers none (RFC 6455 §5.5.3)
        since, self.awaiting_pong_since = self.awaiting_pong_since, None
        if since is not None:
            instruments = self.context.instruments
            instruments.heartbeat_pongs_received.n += 1
            instruments.heartbeat_latency.observe(self.context.clock.monotonic() - since)

    def on_peer_close(self, code: int, reason: str) -> None:
        self.flush()

    def on_closed(self, ending: Ending) -> None:
        context = self.context
        context.admission.release(self.caller)
        self.session.advance(Turn.ENDED)
        self.resume_writing()
        if self not in context.hub:
            context.instruments.connections["error"].n += 1
            return
        context.hub.remove(self)
        reason = _REASONS.get(ending.cause) or CLOSE_REASONS.get(ending.code, "policy_violation")
        context.instruments.disconnections[reason].n += 1
        if ending.code == CloseCode.SLOW_CONSUMER and ending.cause is EndCause.OWN_CLOSE:
            context.instruments.slow_consumer_disconnects.n += 1
        context.instruments.session_duration.observe(context.clock.monotonic() - self.opened_s)
        context.hub.closed(self, reason)

    def _malformed(self, error: RequestError, now: float) -> None:
        self.context.instruments.messages_received[error.kind].n += 1
        self.refuse(error, error.request_id, error.subscription_id)
        if error.code in _FORM_ERRORS:
            if not self.session.tolerates(now):
                self.end(CloseCode.TOO_MANY_ERRORS, "too many errors")
        elif self.session.insists():
            self._hold_back()

    def _hold_back(self) -> None:
        """Hears nothing for a moment: answering who goes on after every refusal must not cost others their turns."""
        self.stop_listening()
        hold_back_s = min(_HOLD_BACK_S, self.context.config.heartbeat.timeout_s / 2)
        asyncio.get_running_loop().call_later(hold_back_s, self._hear_again)

    def _hear_again(self) -> None:
        if not self.context.admission.is_draining:
            self.listen_again()

    # To the client

    def send(self, message: ServerMessage) -> None:
        """Writes any server message. Nothing happens when the connection is closing: nobody would read it."""
        if self.is_open:
            self.context.instruments.messages_sent[str(message.__struct_config__.tag)].n += 1
            self.write(frame(TEXT, encode(message)))

    def refuse(self, error: SurewireError, request_id: str | None = None, subscription_id: str | None = None) -> None:
        """Answers with an `error`. What is not the client's fault is an `UNAVAILABLE` that says nothing of what is inside."""
        if not self.is_open:
            return
        if not isinstance(error, ClientError):
            error = ClientError("UNAVAILABLE", "the server cannot do this now; try again", temporary=True, retry_after_s=1.0)
        self.context.instruments.protocol_errors[error.code].n += 1
        retry_after_ms = None if error.retry_after_s is None else max(1, math.ceil(error.retry_after_s * 1000))
        details = error.details or ({"path": error.path} if error.path else None)
        self.send(ErrorMessage(error.code, str(error), error.temporary, request_id, subscription_id, retry_after_ms, details))

    def end(self, code: CloseCode, reason: str, retry_after_ms: int = 0) -> None:
        """Says `closing`, then closes with `code`. Does nothing when the connection is ending already."""
        if self.is_open and self.session.advance(Turn.CLOSING_SENT):
            self.send(Closing(reason, code, may_reconnect(code), retry_after_ms))
            self.write_everything()
            self.close(code, reason)

    def send_committed(self, request: SendRequest, message: Message, duplicate: bool) -> None:
        instruments = self.context.instruments
        instruments.send["success"].n += 1
        if not self.is_open:
            return
        ack = MessageAck(
            message.chat_id,
            request.client_message_id,
            message.message_id,
            message.sequence,
            message.created_at,
            duplicate,
            request.request_id,
        )
        self.write(frame(TEXT, encode_ack(ack)))
        instruments.messages_sent["message_ack"].n += 1
        instruments.send_latency.observe(self.context.clock.monotonic() - request.received_at)

    def send_refused(self, request: SendRequest, error: SurewireError) -> None:
        if not isinstance(error, ClientError) or error.temporary:
            self.context.instruments.send["error"].n += 1
        self.refuse(error, request.request_id)

    def receipt_refused(self, update: WatermarkUpdate) -> None:
        """A watermark named a chat that is not this user's."""
        named = {"chat_id": update.chat_id} if update.chat_id else {"message_id": update.message_id}
        self.refuse(ClientError("NOT_FOUND", "there is no such chat", details=named))

    def check_room(self) -> None:
        """For who must change something before `run`, which is not refused then. Raises: ClientError `RATE_LIMITED`."""
        if self.long_answers is not None:
            self.long_answers.check_room()

    def run(self, request: LongRequest) -> None:
        """Runs a request that may wait for a back end and whose answer may be long, in its turn. Raises: ClientError `RATE_LIMITED`."""
        line = self.long_answers
        if line is not None:
            line.add(request)
        else:
            line = self.long_answers = LongAnswers(self)
            line.add(request)
            line.go_on()

    async def guarded(self, work: Coroutine[Any, Any, None], request_id: str | None, subscription_id: str | None) -> None:
        """Does the work, and answers its refusal."""
        try:
            await work
        except (ClientError, BackendError) as error:
            self.refuse(error, request_id, subscription_id)
        except Exception as error:  # noqa: BLE001 - the border of one connection
            self.fail(error)

    def _welcome(self) -> Welcome:
        context, heartbeat = self.context, self.context.config.heartbeat
        return Welcome(
            session_id=self.session_id,
            connection_id=self.connection_id,
            user_id=self.user_id,
            server_time=format_instant(context.clock.now_micros()),
            protocol_version=PROTOCOL_VERSION,
            heartbeat_interval_ms=round(heartbeat.interval_s * 1000),
            session_timeout_ms=round(heartbeat.session_timeout_s * 1000),
            resume_token=context.resume_token(self.session_id),
            limits=context.limits,
        )
