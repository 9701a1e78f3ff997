"""Raw bytes from the first of a connection on: HTTP requests and upgrades, through the front and the border around the application.

Holds: every answer is whole, its status one of those that the protocol documents for it, and none is 500; no answer comes without a
request; the application is called at most once per request; nothing is written after the end; and every task and timer ends with the
connection. What is answered to one request does not depend on how its bytes are cut into reads.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from fuzz.pipe import Pipe, StillLoop, cut
from fuzz.target import Target
from fuzz.targets.frames import STAGING, Recorder
from fuzz.wire import TEXT, answers, client_frame, server_frames
from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest
from surewire.http.front import FrontProtocol
from surewire.http.front_context import FrontContext
from surewire.http.front_limits import FrontLimits
from surewire.http.plain_connections import PlainConnections
from surewire.http.request_bodies import RequestBodies
from surewire.http.request_border import RequestBorder

STATUSES = {100, 101, 200, 400, 403, 404, 405, 408, 413, 414, 426, 429, 431}
LIMITS = FrontLimits(max_target_bytes=100, max_head_bytes=400, max_headers=10, max_body_bytes=50, max_pipelined=3)
LOOP = StillLoop()
SIZES = ((1,), (2, 3), (7,), (1, 100), (13, 1, 1), (64,))


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body is; on /unread it does not read it."""
    size_bytes, message = 0, {"more_body": scope["path"] != "/unread"}
    while message.get("more_body"):
        message = await receive()
        size_bytes += len(message.get("body", b""))
    body = b"%d" % size_bytes
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class Handler:
    """Lets everyone in but on /no; on /later after a turn of the loop."""

    def __init__(self) -> None:
        self.listeners: list[Recorder] = []

    def admit(self, request: UpgradeRequest) -> Any:
        return self._later(request) if request.path == "/later" else self._answer(request)

    def refused(self, status: int) -> None:
        assert status in STATUSES

    def abandoned(self, request: UpgradeRequest, acceptance: Acceptance | None) -> None: ...

    async def _later(self, request: UpgradeRequest) -> Acceptance | Refusal:
        await asyncio.sleep(0)
        return self._answer(request)

    def _answer(self, request: UpgradeRequest) -> Acceptance | Refusal:
        assert all(name.isascii() and name == name.lower() for name in request.headers)
        if request.path == "/no":
            return Refusal(403, "FORBIDDEN", "no")
        self.listeners.append(Recorder())
        return Acceptance(self.listeners[-1])


HANDLER = Handler()
OBSERVED: list[int] = []
CONTEXT = FrontContext(
    HANDLER,
    lambda path: path in ("/ws", "/no", "/later"),
    lambda template, status, seconds: OBSERVED.append(status),
    LIMITS,
    None,
    STAGING,
    PlainConnections(LIMITS),
    RequestBodies(LIMITS.max_bodies_bytes),
)
CONFIG = uvicorn.Config(
    RequestBorder(application, CONTEXT.observe, CONTEXT.request_ids),  # type: ignore[arg-type]
    ws="none",
    lifespan="off",
    log_config=None,
    log_level="critical",
    access_log=False,
    proxy_headers=False,
    timeout_keep_alive=75,
)
CONFIG.load()


async def answered(segments: list[bytes]) -> tuple[list[int], list[Any], list[Any]]:
    """What the client got, and what a listener was told, of these reads."""
    HANDLER.listeners.clear()
    OBSERVED.clear()
    state = ServerState()
    protocol = FrontProtocol(CONFIG, state, {}, LOOP, front=CONTEXT)
    pipe = Pipe(protocol)
    protocol.connection_made(pipe)
    for segment in segments:
        pipe.feed([segment])
        await LOOP.turns()
    await LOOP.pass_time()
    told = [listener.told for listener in HANDLER.listeners if hasattr(listener, "transport")]
    assert pipe.is_closed or told, "a client that says nothing more is let go"
    pipe.lose()
    await LOOP.turns()
    assert not state.connections
    assert len(asyncio.all_tasks(LOOP)) == 1, "only this task is left"
    statuses, written = answers(bytes(pipe.written))
    assert set(statuses) <= STATUSES, statuses
    return statuses, told, [(frame.opcode, frame.payload[:2]) for frame in server_frames(written)]


def check(data: bytes) -> None:
    sizes, data = SIZES[data[0] % len(SIZES)] if data else SIZES[0], data[1:]
    whole = LOOP.run_until_complete(answered([data]))
    parts = LOOP.run_until_complete(answered(cut(data, sizes)))
    # Which of two faults is seen first depends on when they come, and so does whether a second request has to wait for the first.
    if len(whole[0]) == 1 and whole[0][0] < 400:
        assert parts == whole
    elif len(whole[0]) == 1:
        assert len(parts[0]) == 1
        assert parts[0][0] >= 400


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: a", *headers, "", ""]).encode() + body


def upgrade(path: str) -> bytes:
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    return request(f"GET {path} HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", key)


TARGET = Target(
    check,
    seeds=(
        b"\x00" + request("GET / HTTP/1.1") + request("HEAD /x?y HTTP/1.1", "Connection: close"),
        b"\x01" + request("POST / HTTP/1.1", "Content-Length: 3", body=b"abc") + request("GET / HTTP/1.0"),
        b"\x02" + request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"3;x=y\r\nabc\r\n0\r\nT: t\r\n\r\n"),
        b"\x03" + request("POST / HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3", body=b"abc"),
        b"\x04" + upgrade("/ws") + client_frame(TEXT, b"hello") + client_frame(8),
        b"\x05" + upgrade("/later") + client_frame(TEXT, b"early"),
        b"\x00" + request("GET / HTTP/1.1") + upgrade("/no"),
        b"\x00" + request("POST /unread HTTP/1.1", "Expect: 100-continue", "Content-Length: 40", body=bytes(40)),
        b"\x00" + request("CONNECT a:1 HTTP/1.1") + request("OPTIONS * HTTP/1.1"),
    ),
)
