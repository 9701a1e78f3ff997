"""The HTTP/1.1 side of the one port: uvicorn's httptools protocol with every gap closed, and the step over to WebSocket.

Theory of operation. Bytes are parsed in pieces, so that no head, trailer or chunk extension can grow without being counted. A request
head is checked as a whole; then it is an upgrade of a WebSocket path, which the handler decides about, or the application's. Whatever
is refused is answered with a problem document, after the answers to earlier requests of the connection, and ends it: the write side is
closed, and what still comes is thrown away for a while so that the client can read why. Until it becomes a WebSocket, a connection
has one of the places of `PlainConnections`, and says there whether it waits for its client.

    phase      what is read                    deadline         left by
    IDLE       nothing yet of a request        (keep-alive)     the first byte
    HEAD       a request head                  head_timeout_s   its end, or a refusal
    BODY       the body of a request           body_timeout_s   its end, or a refusal
    UPGRADE    an upgrade, being decided       its own          101 (the bridge takes over), or a refusal
    DEAF       nothing any more                linger_s         the end of the connection
"""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from typing import Any, cast

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest
from surewire.http.answer_transport import AnswerTransport
from surewire.http.front_context import OPERATOR_PATHS, WEBSOCKET_ROUTE, FrontContext
from surewire.http.refusal import INTERNAL, INVALID, RATE_LIMITED, TIMEOUT, TOO_LARGE, UNAVAILABLE, RequestRefusedError, refusal_answer
from surewire.http.request_bodies import HeldBody
from surewire.http.request_guard import RequestHead, head_without_upgrade, kept_headers, read_head, values
from surewire.http.timed_http_protocol import TimedHttpProtocol
from surewire.http.upgrade_decision import UpgradeDecision
from surewire.http.websocket_bridge import WebSocketBridge
from surewire.http.websocket_handshake import read_handshake

__all__ = ["FrontProtocol"]

_PIECE_BYTES = 16384
_CHUNK_CREDIT_BYTES = 64
_MAX_EARLY_BYTES = 65536

_log = logging.getLogger(__name__)


class _Phase(enum.Enum):
    IDLE = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    UPGRADE = enum.auto()
    DEAF = enum.auto()


_HEAD_TOO_LONG = Refusal(431, TOO_LARGE, "request head is too long")
_FRAMING_TOO_LONG = Refusal(400, INVALID, "chunk extensions or trailers are too long")


class FrontProtocol(TimedHttpProtocol):
    """One accepted socket until it is closed or becomes a WebSocket."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        front: FrontContext,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop, write_timeout_s=front.limits.write_timeout_s)
        self._front = front
        self.url, self.headers = b"", []
        self._phase = _Phase.IDLE
        self._began_s = 0.0
        self._head = RequestHead("", "", False, False)
        self._head_bytes = 0  # of the header lines and the target so far
        self._unframed_bytes = 0  # read since, and neither body nor the usual framing of chunks
        self._open_answers = 0
        self._body: HeldBody | None = None
        self._refusal: Refusal | None = None
        self._handshake_key = b""
        self._is_upgrade_ignored = False
        self._decision: UpgradeDecision | None = None
        self._early = b""

    # The socket's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected: its first request head is due."""
        super().connection_made(cast(asyncio.Transport, transport))
        self._began_s = time.monotonic()
        if self._front.connections.admit(self, self.client[0] if self.client else ""):
            self._arm(self._front.limits.head_timeout_s)
        else:
            self.evict()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone, also while its upgrade waits."""
        decision, self._decision = self._decision, None
        if decision is not None:
            decision.abandon()
        self._front.connections.leave(self)
        self._forget_pipeline()
        super().connection_lost(exc)

    def evict(self) -> None:
        """Its place is needed: whatever was still to be read or said is lost."""
        self._disarm()
        self._phase = _Phase.DEAF
        self.transport.abort()

    def _forget_pipeline(self) -> None:
        """The requests that were not begun never will be: their bodies are given back here."""
        while self.pipeline:
            _give_back(self.pipeline.pop()[1])

    def data_received(self, data: bytes) -> None:
        """Reads what came, as the phase has it."""
        if self._phase is _Phase.UPGRADE:
            self._keep_early(data)
        elif self._phase is not _Phase.DEAF:
            self._unset_keepalive_if_required()
            self._read(data)

    def _read(self, data: bytes) -> None:
        if self._phase is _Phase.IDLE:
            self._phase = _Phase.HEAD
            self._arm(self._front.limits.head_timeout_s)
        for start in range(0, len(data), _PIECE_BYTES):
            upgrade_at = self._feed(data[start : start + _PIECE_BYTES])
            if upgrade_at is not None:
                self._leave_http(data[start + upgrade_at :])
                return
            if self._phase is _Phase.DEAF:
                return

    def _feed(self, piece: bytes) -> int | None:
        """Parses one piece; where in it an upgrade's head ended, if one did."""
        self._unframed_bytes += len(piece)
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            end_of_head: int = upgrade.args[0]
            return end_of_head
        except httptools.HttpParserCallbackError as error:
            self._refuse_request(_refusal_of(error.__context__))
        except httptools.HttpParserError:
            self._refuse_request(Refusal(400, INVALID, "request is not HTTP/1.1"))
        else:
            self._check_unframed()
        return None

    def _check_unframed(self) -> None:
        """Bounds what no callback sees while it is incomplete: a header line, a trailer, a chunk extension."""
        is_counted = self._phase is _Phase.HEAD or (self._phase is _Phase.BODY and self._head.is_chunked)
        if is_counted and self._unframed_bytes > self._front.limits.max_head_bytes + _PIECE_BYTES:
            self._refuse_request(_HEAD_TOO_LONG if self._phase is _Phase.HEAD else _FRAMING_TOO_LONG)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._phase = _Phase.HEAD
        self._arm(self._front.limits.head_timeout_s)
        self._head_bytes = self._unframed_bytes = 0
        self._began_s = time.monotonic()
        self.scope["state"] = {**self.app_state, "received_s": self._began_s}

    def on_url(self, url: bytes) -> None:
        """A part of the request target."""
        super().on_url(url)
        self._head_bytes = len(self.url)
        if self._head_bytes > self._front.limits.max_target_bytes:
            raise RequestRefusedError(414, TOO_LARGE, f"request target is longer than {self._front.limits.max_target_bytes} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line; trailers are counted and dropped (RFC 9110 §6.5.1)."""
        self._head_bytes += len(name) + len(value) + 4
        limits = self._front.limits
        if self._head_bytes > limits.max_head_bytes or len(self.headers) >= limits.max_headers:
            raise RequestRefusedError(431, TOO_LARGE, _HEAD_TOO_LONG.detail)
        if self._phase is _Phase.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: it is an upgrade, or a request for the application."""
        self._disarm()
        method, version = self.parser.get_method(), self.parser.get_http_version()
        self._head = read_head(method, version, self.url, self.headers, self._front.limits)
        self._check_place()
        if self._front.is_websocket_path(self._head.path):
            self._handshake_key = read_handshake(method, version, self.headers, self._head)
            self._begin_upgrade()
        elif self.parser.should_upgrade():
            self._is_upgrade_ignored = True
        elif self._open_answers >= self._front.limits.max_pipelined:
            raise RequestRefusedError(429, RATE_LIMITED, "too many requests wait for their answers")
        else:
            self._choose_app()
            super().on_headers_complete()
            if method != b"HEAD":
                self.cycle.transport = cast("asyncio.Transport", AnswerTransport(self.transport))
            self._begin_body()

    def _check_place(self) -> None:
        refusal = self._front.connections.refusal(self)
        if refusal is not None and self._head.path not in OPERATOR_PATHS:
            raise RequestRefusedError(refusal.status, refusal.code, refusal.detail, retry_after_s=refusal.retry_after_s)

    def _choose_app(self) -> None:
        """The application of this one request: one that counts its body, if it has one."""
        app = cast(Any, self.config).loaded_app
        self._body = None
        if self._head.has_body:
            self._front.bodies.check(values(self.headers, b"content-length"))
            app = self._body = HeldBody(self._front.bodies, app)
        self.app = app

    def _begin_upgrade(self) -> None:
        if not self.parser.should_upgrade():  # it would read on instead of stopping behind the head
            raise RequestRefusedError(400, INVALID, "Connection header is not valid")
        self._phase = _Phase.UPGRADE
        self._front.connections.works(self)

    def _begin_body(self) -> None:
        self._phase = _Phase.BODY
        self._head_bytes = self._unframed_bytes = 0
        self._open_answers += 1
        if self._head.has_body:
            self._arm(self._front.limits.body_timeout_s)
        self._say_who_waits()

    def _say_who_waits(self) -> None:
        """Tells whether there is anything to do here before the client sends more."""
        is_unfinished = self._phase is _Phase.BODY and self._head.has_body
        if self._open_answers > is_unfinished:
            self._front.connections.works(self)
        else:
            self._front.connections.waits(self)

    def on_chunk_header(self) -> None:
        """A chunk's size line; its usual length is no burden."""
        self._unframed_bytes = max(0, self._unframed_bytes - _CHUNK_CREDIT_BYTES)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unframed_bytes -= len(body)
        if self._body is not None:
            self._body.add(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._phase is _Phase.BODY:
            self._disarm()
            self._phase = _Phase.IDLE
            self.url, self.headers = b"", []  # what comes next has neither yet
            super().on_message_complete()
            if self._head.has_body:
                self._say_who_waits()

    def on_response_complete(self) -> None:
        """An answer is written: the next request's turn, or the refusal that waited behind it."""
        self._open_answers -= 1
        super().on_response_complete()
        if not self._open_answers:
            self.cycle.body = bytearray()  # which nobody has read and nobody will; the cycle stays until the next request
        if self.transport.is_closing():
            self._watch_unread()
            return
        self._say_who_waits()
        if self._open_answers:
            return
        if self._refusal is not None:
            self._send_refusal(self._refusal)
        elif self._phase is _Phase.BODY:
            self._linger()  # answered without reading the body, which is still coming

    # Upgrades

    def _leave_http(self, rest: bytes) -> None:
        """The parser met an upgrade: `rest` is what follows its head."""
        if self._is_upgrade_ignored:
            self._read_as_plain(rest)
        elif self._open_answers:
            self._refuse_request(Refusal(400, INVALID, "an upgrade cannot wait behind unanswered requests"))
        else:
            self._ask_for_upgrade(rest)

    def _read_as_plain(self, rest: bytes) -> None:
        """Reads the request again without its Upgrade, which a server may ignore (RFC 9110 §7.8); the parser would lose its body."""
        self._is_upgrade_ignored = False
        head = head_without_upgrade(self.parser.get_method(), self.url, self.parser.get_http_version(), self.headers)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._read(head + rest)

    def _ask_for_upgrade(self, rest: bytes) -> None:
        limits = self._front.limits
        self._early = rest
        self._decision = UpgradeDecision(self._front.handler, self._upgrade_request(), self._decided)
        task = self._decision.ask(self._began_s + limits.upgrade_timeout_s - time.monotonic())
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _upgrade_request(self) -> UpgradeRequest:
        host, port = self.client or ("", 0)
        return UpgradeRequest(
            path=self._head.path,
            query=self._head.query,
            headers=kept_headers(self.headers),
            peer_host=host,
            peer_port=port,
            is_secure=self.scheme == "https",
            channel=self._front.channel,
            received_s=self._began_s,
            request_id=self._request_id(),
        )

    def _decided(self, answer: Acceptance | Refusal) -> None:
        decision, self._decision = self._decision, None
        if decision is None:
            return
        if isinstance(answer, Refusal):
            self._refuse(answer)
        elif self.transport.is_closing() or not self._become_websocket(answer):
            self._front.handler.abandoned(decision.request, answer)

    def _become_websocket(self, acceptance: Acceptance) -> bool:
        """Hands the socket over; False when it turns out to be dead."""
        transport, connections, key, early = self.transport, self.connections, self._handshake_key, self._early
        bridge = WebSocketBridge(acceptance.listener, acceptance.subprotocol, self._front.staging, connections)
        try:
            bridge.connection_made(transport)
        except OSError:
            transport.abort()
            return False
        self.flow.resume_reading()
        connections.discard(self)
        self._front.connections.leave(self)
        transport.set_protocol(bridge)
        self._let_go()
        bridge.open(key, early)
        return True

    def _let_go(self) -> None:
        """Empties this object: parser and protocol are a cycle, and uvloop keeps a protocol it was told to replace."""
        self._disarm()
        self._stop_watching()
        vars(self).clear()
        self._phase = _Phase.DEAF

    def _keep_early(self, data: bytes) -> None:
        # No client should send frames before the 101, but one that does must lose none, nor fill our memory.
        self._early += data
        if len(self._early) > _MAX_EARLY_BYTES:
            self.flow.pause_reading()

    # Refusals

    def _refuse_request(self, refusal: Refusal) -> None:
        """Refuses the request that is being read, for a reason of the front's own."""
        if self._front.is_websocket_path(self._read_path()):
            self._front.handler.refused(refusal.status)
        if self._phase is _Phase.BODY and not self._take_back_request():
            self.transport.abort()
        else:
            self._refuse(refusal)

    def _read_path(self) -> str:
        """The path as far as it was read; "" before any request."""
        return self.url.partition(b"?")[0].decode("latin-1")

    def _take_back_request(self) -> bool:
        """Withdraws the request whose body is being read from the application; False when its answer has begun."""
        self._open_answers -= 1
        if self.pipeline and self.pipeline[0][0] is self.cycle:
            _give_back(self.pipeline.popleft()[1])
            return True
        self.cycle.body = bytearray()
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return not self.cycle.response_started

    def _refuse(self, refusal: Refusal) -> None:
        self._disarm()
        self._phase = _Phase.DEAF
        self._refusal = refusal
        if not self._open_answers:
            self._send_refusal(refusal)

    def _send_refusal(self, refusal: Refusal) -> None:
        with_body = self.parser.get_method() != b"HEAD"
        self.transport.write(refusal_answer(refusal, self._request_id(), self.server_state.default_headers, with_body=with_body))
        route = WEBSOCKET_ROUTE if self._front.is_websocket_path(self._read_path()) else None
        self._front.observe(route, refusal.status, time.monotonic() - self._began_s)
        self._linger()

    def _request_id(self) -> str:
        sent = values(self.headers, b"x-request-id")
        return self._front.request_ids.taken_or_made(sent[0] if sent else None)

    def _linger(self) -> None:
        """Closes our side and drops what still comes: a reset could overtake the answer (RFC 9112 §9.6)."""
        self._phase = _Phase.DEAF
        self._front.connections.waits(self)
        self._early = b""
        self.flow.resume_reading()
        if self.transport.can_write_eof():  # TLS cannot; there the client closes when it has read the answer
            self.transport.write_eof()
        self._arm(self._front.limits.linger_s)

    # The end

    def _expired(self) -> None:
        if self._phase is _Phase.IDLE:
            self.transport.close()  # it never asked for anything
        elif self._phase is _Phase.DEAF:
            self.transport.abort()
        else:
            self._refuse_request(Refusal(408, TIMEOUT, "the request did not come in time"))

    def shutdown(self) -> None:
        """uvicorn is stopping: an idle connection is closed, one with a request is closed after its answer."""
        decision, self._decision = self._decision, None
        if decision is None:
            super().shutdown()
            return
        decision.abandon()
        self._refuse(Refusal(503, UNAVAILABLE, "the server is stopping", retry_after_s=1.0))


def _give_back(app: object) -> None:
    """The request that `app` should have answered is over before it began."""
    if isinstance(app, HeldBody):
        app.give_back()


def _refusal_of(error: BaseException | None) -> Refusal:
    """What a callback of the parser raised."""
    if isinstance(error, RequestRefusedError):
        return error.refusal
    _log.error("reading a request failed: %s", type(error).__name__)
    return Refusal(500, INTERNAL, "the server failed to read the request")
