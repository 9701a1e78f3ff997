"""One WebSocket's frames as messages, with everything closed that the parser leaves open.

The parser (picows) checks lengths, opcodes, masks and the shape of control frames. Here, once for every kind of connection: reserved
bits, the order of fragments, UTF-8 over fragments, the size of a message, close codes, and who ended the connection.

    state      left by                                     then
    open       peer's CLOSE                                echoed, TCP closed at once            -> closed
               a violation by the peer                     CLOSE 1002/1007/1009, half-close      -> closing
               `close(code)`, an exception in a hook       CLOSE code, the peer's CLOSE awaited  -> closing
               `abort(code)`, EOF, reset                   TCP reset                             -> closed
    closing    peer's CLOSE, EOF, or the deadline          TCP closed                            -> closed

Only an open connection gets hooks other than `on_closed`; frames that come later are dropped unread.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import traceback
from typing import ClassVar, NamedTuple, cast

import picows

from surewire.gateway.incoming import MAX_FRAGMENTS, NO_STATUS, Assembly, ViolationError, parse_close
from surewire.gateway.server_frame import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame
from surewire.protocol.codes import CloseCode

__all__ = ["BINARY", "CLOSE", "PING", "PONG", "TEXT", "EndCause", "Ending", "MessageListener", "frame"]

_ABNORMAL = 1006  # "no CLOSE at all", never on the wire (RFC 6455 §7.4.1)
_MAX_REASON_BYTES = 123
_MAX_UNSENT_FOR_PONG_BYTES = 65536

_log = logging.getLogger(__name__)


class EndCause(enum.Enum):
    """Who ended a connection."""

    PEER_CLOSED = "peer_closed"
    """The peer sent CLOSE; the code is its own, 1005 when it gave none."""
    PEER_LOST = "peer_lost"
    """EOF or reset without a CLOSE frame; code 1006."""
    PEER_VIOLATION = "peer_violation"
    """The peer broke RFC 6455 or a limit; the code is ours: 1002, 1003, 1007 or 1009."""
    OWN_CLOSE = "own_close"
    """`close(code)` or `abort(code)` was called."""
    FAILURE = "failure"
    """A hook raised; code 1011."""


class Ending(NamedTuple):
    """Why a connection ended. The first cause holds, whatever came after it."""

    cause: EndCause
    code: int


_NOTHING_MORE = Assembly(BINARY, 0, 0)
"""Stands in for the open message once a connection is closing: it keeps every frame off the fast path."""


class MessageListener(picows.WSListener):
    """One connection's messages: a subclass fills in the `on_…` hooks and keeps its own state in `__slots__`.

    Every hook runs inside the socket's read callback, in the order of the frames; it must not block. One that raises closes this
    connection with 1011 and no other. `heard` is set true by every frame and never reset here: a sweep reads it as life and clears it.
    `is_open` says whether frames may be written; `transport` is the parser's transport, set before `on_open`. Prebuilt frames go to
    `transport.underlying_transport.write`. `pause_writing` and `resume_writing` come from that transport's high and low water marks.
    """

    __slots__ = ("_assembly", "_ending", "heard", "is_open", "max_fragments", "max_message_bytes", "transport")

    CLOSE_TIMEOUT_S: ClassVar[float] = 5.0
    """How long the peer may take to answer our CLOSE."""
    LINGER_S: ClassVar[float] = 1.0
    """How long a peer that broke the protocol may take to read why."""

    transport: picows.WSTransport

    def __init__(self, max_message_bytes: int, max_fragments: int = MAX_FRAGMENTS) -> None:
        self.max_message_bytes, self.max_fragments = max_message_bytes, max_fragments
        self.heard = True
        self.is_open = False
        self._assembly: Assembly | None = None
        self._ending: Ending | None = None

    # Hooks

    def on_open(self, transport: picows.WSTransport) -> None:
        """The 101 is written; frames may be sent."""

    def on_text(self, text: str) -> None:
        """A whole text message."""

    def on_binary(self, data: bytes) -> None:
        """A whole binary message."""

    def on_pong(self, payload: bytes) -> None:
        """A pong, asked for or not."""

    def on_other_frame(self) -> None:
        """A frame that is no whole text message, before what it is comes to its own hook: a ping, a pong, binary, a fragment."""

    def on_peer_close(self, code: int, reason: str) -> None:
        """The peer sent a legal CLOSE (`code` 1005 when it named none); what is still to be written must be written now."""

    def flush(self) -> None:
        """A CLOSE of ours comes next; what is held back must be written now."""

    def on_closed(self, ending: Ending) -> None:
        """The socket is gone. Called exactly once for a connection that was opened, and last."""

    def pause_writing(self) -> None:
        """The socket's send buffer went over its high-water mark."""

    def resume_writing(self) -> None:
        """The socket's send buffer fell under its low-water mark."""

    # Listening

    def stop_listening(self) -> None:
        """Leaves in the socket what the peer says from now on, its leaving included."""
        self.transport.underlying_transport.pause_reading()

    def listen_again(self) -> None:
        """Reads on. A connection that is ending needs it, to find the peer's CLOSE."""
        self.transport.underlying_transport.resume_reading()

    # Ending

    def close(self, code: int, reason: str = "") -> None:
        """Sends CLOSE and waits, in the background, for the peer's. No hook but `on_closed` is called after it. Idempotent."""
        self._send_own_close(Ending(EndCause.OWN_CLOSE, code), reason)

    def fail(self, error: Exception) -> None:
        """Ends this connection with 1011 because of our own error, which is logged without what the client wrote."""
        _log_failure(error)
        self._send_own_close(Ending(EndCause.FAILURE, CloseCode.SERVER_ERROR), "")

    def abort(self, code: int) -> None:
        """Drops the connection at once, unsent frames included; `code` is what `on_closed` reports. For peers that do not read."""
        if self.is_open:
            self._enter_closing(Ending(EndCause.OWN_CLOSE, code))
        self.transport.underlying_transport.abort()

    def violate(self, code: int, reason: str) -> None:
        """Ends the connection because the peer broke a rule: CLOSE `code`, then half-close, so that the peer can still read why."""
        if self.is_open:
            self.flush()
            self._enter_closing(Ending(EndCause.PEER_VIOLATION, code))
            _send_close(self.transport, code, reason)
            self._half_close()
        else:
            self._close_tcp()

    def parser_closed(self) -> None:
        """The parser sent a CLOSE of its own, for a frame it refused: the connection ends as after `violate`."""
        if self.is_open:
            self._enter_closing(_parser_ending(self.transport))
            self._half_close()

    # The parser's callbacks

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport
        self.is_open = True
        try:
            self.on_open(transport)
        except Exception as error:  # noqa: BLE001 - the border of one connection
            self.fail(error)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        # The common frame first: whole, text, nothing reserved, no message begun. Everything else takes the other road.
        self.heard = True
        if frame.fin and frame.msg_type is TEXT and self._assembly is None and not (frame.rsv1 or frame.rsv2 or frame.rsv3):
            try:
                text = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                self.violate(CloseCode.INVALID_TEXT, "text is not UTF-8")
                return
            try:
                self.on_text(text)
            except Exception as error:  # noqa: BLE001 - the border of one connection
                self.fail(error)
            return
        try:
            self._take(frame)
        except ViolationError as violation:
            self.violate(violation.code, violation.reason)
        except Exception as error:  # noqa: BLE001 - the border of one connection
            self.fail(error)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self.is_open = False
        self._assembly = _NOTHING_MORE
        try:
            self.on_closed(self._ending or _parser_ending(transport))
        except Exception as error:  # noqa: BLE001 - the border of one connection
            _log_failure(error)

    # Frames off the fast path

    def _take(self, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise ViolationError(CloseCode.PROTOCOL_ERROR, "reserved bit set")
        if kind is CLOSE:
            self._peer_closed(frame.get_payload_as_bytes())
            return
        if not self.is_open:
            return
        self.on_other_frame()
        if kind is PING:
            self._answer_ping(frame.get_payload_as_bytes())
        elif kind is PONG:
            self.on_pong(frame.get_payload_as_bytes())
        else:
            self._take_fragment(kind, frame.get_payload_as_bytes(), bool(frame.fin))

    def _take_fragment(self, kind: picows.WSMsgType, payload: bytes, is_final: bool) -> None:
        if (kind is CONTINUATION) != (self._assembly is not None):
            raise ViolationError(CloseCode.PROTOCOL_ERROR, "continuation out of order")
        assembly = self._assembly or Assembly(kind, self.max_message_bytes, self.max_fragments)
        assembly.add(payload, is_final)
        if not is_final:
            self._assembly = assembly
            return
        self._assembly = None
        message = assembly.whole()
        if isinstance(message, str):
            self.on_text(message)
        else:
            self.on_binary(message)

    def _answer_ping(self, payload: bytes) -> None:
        # A peer that pings and does not read must not fill our memory with pongs; RFC 6455 §5.5.3 lets some go unanswered.
        if self.transport.underlying_transport.get_write_buffer_size() < _MAX_UNSENT_FOR_PONG_BYTES:
            self.transport.send_pong(payload)

    def _peer_closed(self, payload: bytes) -> None:
        if self.is_open:
            self._echo_close(*parse_close(payload))
        self._close_tcp()

    def _echo_close(self, code: int, reason: str) -> None:
        self.on_peer_close(code, reason)
        if self.is_open:
            self._enter_closing(Ending(EndCause.PEER_CLOSED, code))
            _send_close(self.transport, CloseCode.NORMAL if code == NO_STATUS else code, "")

    # Steps of the ending

    def _send_own_close(self, ending: Ending, reason: str) -> None:
        if self.is_open:
            self.flush()
            self._enter_closing(ending)
            _send_close(self.transport, ending.code, reason)
            self._abort_after(self.CLOSE_TIMEOUT_S)

    def _enter_closing(self, ending: Ending) -> None:
        self.is_open = False
        self._ending = ending
        self._assembly = _NOTHING_MORE

    def _half_close(self) -> None:
        underlying = self.transport.underlying_transport
        if underlying.can_write_eof():  # TLS cannot; there the peer closes when it has read our CLOSE
            underlying.write_eof()
        self._abort_after(self.LINGER_S)

    def _close_tcp(self) -> None:
        underlying = self.transport.underlying_transport
        underlying.close()
        if underlying.get_write_buffer_size():
            self._abort_after(self.CLOSE_TIMEOUT_S)

    def _abort_after(self, delay_s: float) -> None:
        asyncio.get_running_loop().call_later(delay_s, self.transport.underlying_transport.abort)


def _send_close(transport: picows.WSTransport, code: int, reason: str) -> None:
    text = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
    transport.send_close(cast(picows.WSCloseCode, code), text)


def _parser_ending(transport: picows.WSTransport) -> Ending:
    """What the parser alone knows: a violation it answered, else that the peer is gone."""
    sent = transport.close_handshake.sent if transport.is_close_frame_sent else None
    return Ending(EndCause.PEER_LOST, _ABNORMAL) if sent is None else Ending(EndCause.PEER_VIOLATION, sent.code.value)


def _log_failure(error: Exception) -> None:
    # Only the kind and the place: the text of an exception may hold what a client wrote.
    last = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("connection closed by %s at %s:%s in %s", type(error).__name__, last.filename, last.lineno, last.name)
