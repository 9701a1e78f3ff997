"""Raw bytes behind an upgrade, through picows' parser and the bridge, to a listener.

Holds: no hook is reached by anything that RFC 6455 forbids, no exception escapes, `on_closed` comes last and once, what is written are
whole frames with at most one CLOSE, the last of them; and none of it depends on how the bytes are cut into reads.
"""

from __future__ import annotations

from fuzz.pipe import Pipe, StillLoop, cut
from fuzz.target import Target
from fuzz.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, answers, client_frame, server_frames
from surewire.gateway.frames import EndCause, Ending, MessageListener
from surewire.http.websocket_bridge import Staging, WebSocketBridge

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
MAX_MESSAGE_BYTES = 300
MAX_FRAGMENTS = 6
LOOP = StillLoop()
STAGING = Staging()
SIZES = ((1,), (2, 3), (7,), (1, 100), (13, 1, 1), (64,))


class Recorder(MessageListener):
    """Keeps what it is told."""

    __slots__ = ("told",)

    def __init__(self) -> None:
        super().__init__(MAX_MESSAGE_BYTES, MAX_FRAGMENTS)
        self.told: list[object] = []

    def on_text(self, text: str) -> None:
        self._tell(text)
        assert len(text.encode()) <= MAX_MESSAGE_BYTES

    def on_binary(self, data: bytes) -> None:
        self._tell(data)
        assert len(data) <= MAX_MESSAGE_BYTES

    def on_pong(self, payload: bytes) -> None:
        self._tell(("pong", payload))

    def on_peer_close(self, code: int, reason: str) -> None:
        self._tell((code, reason))

    def on_closed(self, ending: Ending) -> None:
        assert self.told[-1:] == [] or not isinstance(self.told[-1], Ending)
        self.told.append(ending)

    def _tell(self, what: object) -> None:
        assert self.is_open, "told of something while closing"
        self.told.append(what)


async def heard(segments: list[bytes]) -> tuple[list[object], list[Frame]]:
    """What the listener was told of these reads, and what the client got."""
    listener = Recorder()
    bridge = WebSocketBridge(listener, None, STAGING, set())
    pipe = Pipe(bridge)
    bridge.connection_made(pipe)
    bridge.open(KEY, b"")
    pipe.feed(segments)
    await LOOP.pass_time()
    pipe.lose()
    assert isinstance(listener.told[-1], Ending)
    assert listener.told[-1].cause is not EndCause.FAILURE
    (status,), written = answers(bytes(pipe.written))
    assert status == 101
    # The reason is for people, and the parser has words of its own.
    return listener.told, [Frame(CLOSE, sent.payload[:2]) if sent.opcode == CLOSE else sent for sent in server_frames(written)]


def check(data: bytes) -> None:
    sizes, data = SIZES[data[0] % len(SIZES)] if data else SIZES[0], data[1:]
    whole = LOOP.run_until_complete(heard([data]))
    assert LOOP.run_until_complete(heard(cut(data, sizes))) == whole


TARGET = Target(
    check,
    seeds=(
        b"\x00" + client_frame(TEXT, b"hello") + client_frame(CLOSE, b"\x03\xe8bye"),
        b"\x01" + client_frame(TEXT, "é".encode()[:1], fin=False) + client_frame(PING, b"?") + client_frame(CONTINUATION, "é".encode()[1:]),
        b"\x02" + client_frame(BINARY, bytes(MAX_MESSAGE_BYTES)) + client_frame(PONG, b"!") + client_frame(CLOSE),
        b"\x03" + client_frame(TEXT, bytes(MAX_MESSAGE_BYTES + 1)),
        b"\x04" + client_frame(TEXT, b"a", fin=False) * MAX_FRAGMENTS + client_frame(CONTINUATION, b"b"),
        b"\x05" + client_frame(TEXT, b"\xff") + client_frame(TEXT, b"after"),
        b"\x00" + client_frame(TEXT, b"one") * 3 + client_frame(TEXT, b"", reserved=4) + client_frame(CLOSE),
        b"\x00" + client_frame(CLOSE, b"\x03\xed") + client_frame(CLOSE, b"\x03\xe8"),
    ),
)
