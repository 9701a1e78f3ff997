"""A front in a thread of its own, on a real socket, with everything it told its handler and its application."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from typing import Any

import picows
import uvloop

from surewire.gateway.echo import EchoListener
from surewire.gateway.frames import Ending
from surewire.gateway.incoming import MAX_FRAGMENTS
from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest
from surewire.http.server import BoundFront, FrontListener, serve

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
TIMEOUT_S = 10.0

Answer = Acceptance | Refusal | Awaitable[Acceptance | Refusal]


class TalkingListener(EchoListener):
    """Echoes, does as it is told (`raise`, `close 4004`, `abort`, `flood`), and reports what happens to it."""

    __slots__ = ("reports",)
    CLOSE_TIMEOUT_S = 0.2
    LINGER_S = 0.2

    def __init__(self, reports: queue.Queue[Any], max_message_bytes: int = 65536) -> None:
        super().__init__(max_message_bytes, MAX_FRAGMENTS)
        self.reports = reports

    def on_open(self, transport: picows.WSTransport) -> None:
        self.reports.put("open")

    def on_text(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        if word == "raise":
            raise RuntimeError(f"the secret is {rest}")
        if word == "close":
            self.close(int(rest), "as asked")
        elif word == "abort":
            self.abort(int(rest))
        elif word == "flood":
            super().on_text("x" * int(rest))
        else:
            super().on_text(text)

    def on_pong(self, payload: bytes) -> None:
        self.reports.put(("pong", payload))

    def on_peer_close(self, code: int, reason: str) -> None:
        self.reports.put(("peer_close", code, reason))

    def on_closed(self, ending: Ending) -> None:
        self.reports.put(ending)

    def pause_writing(self) -> None:
        self.reports.put("paused")

    def resume_writing(self) -> None:
        self.reports.put("resumed")


class RecordingHandler:
    """Accepts everybody with a `TalkingListener`, unless `answer` says otherwise."""

    def __init__(self) -> None:
        self.requests: queue.Queue[UpgradeRequest] = queue.Queue()
        self.reports: queue.Queue[Any] = queue.Queue()
        self.refusals: queue.Queue[int] = queue.Queue()
        self.abandonments: queue.Queue[tuple[UpgradeRequest, Acceptance | None]] = queue.Queue()
        self.answer: Callable[[UpgradeRequest], Answer] = lambda _: self.acceptance()

    def acceptance(self, subprotocol: str | None = None) -> Acceptance:
        return Acceptance(TalkingListener(self.reports), subprotocol)

    def admit(self, request: UpgradeRequest) -> Answer:
        self.requests.put(request)
        return self.answer(request)

    def refused(self, status: int) -> None:
        self.refusals.put(status)

    def abandoned(self, request: UpgradeRequest, acceptance: Acceptance | None) -> None:
        self.abandonments.put((request, acceptance))


class SmallApp:
    """An ASGI application of a few paths. `calls` are the (method, path) it was asked."""

    def __init__(self) -> None:
        self.calls: queue.Queue[tuple[str, str]] = queue.Queue()
        self.disconnects: queue.Queue[str] = queue.Queue()
        self.gate = threading.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.calls.put((scope["method"], scope["path"]))
        match scope["path"]:
            case "/length":
                await self._answer(send, 200, str(len(await self._body(scope, receive))).encode())
            case "/unread":
                await self._answer(send, 401, b"no")
            case "/template/7":
                scope["state"]["route_template"] = "/template/{number}"
                await self._answer(send, 201, b"")
            case "/slow":
                await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, TIMEOUT_S)
                await self._answer(send, 200, b"at last")
            case "/large":
                headers = [(b"content-length", b"20000000"), *((b"connection", b"close") for _ in range(scope["query_string"] == b"close"))]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": bytes(20_000_000)})
            case "/endless":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                for _ in range(10_000):
                    await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            case "/fails":
                raise RuntimeError("the secret is 42")
            case "/breaks":
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
                raise RuntimeError("the secret is 42")
            case _:
                await self._answer(send, 404, b"not here")

    async def _body(self, scope: dict[str, Any], receive: Any) -> bytes:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects.put(scope["path"])
                return body
            body, more = body + message["body"], message["more_body"]
        return body

    async def _answer(self, send: Any, status: int, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class RunningFront:
    """A front that runs until its block ends."""

    def __init__(self, loop_name: str) -> None:
        self.handler, self.app = RecordingHandler(), SmallApp()
        self.observed: queue.Queue[tuple[str | None, int, float]] = queue.Queue()
        self.bound: BoundFront
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._started: Future[None] = Future()
        self._loop_factory = LOOPS[loop_name]

    @property
    def address(self) -> tuple[str, int]:
        return self.bound.addresses[0]

    def call(self, function: Callable[[], Any]) -> Any:
        """Runs `function` on the front's loop and returns its result."""
        done: Future[Any] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(function()))
        return done.result(TIMEOUT_S)

    def wait_until_empty(self) -> None:
        """Returns when the front holds no connection any more."""
        while self.call(lambda: self.bound.open_connections):
            threading.Event().wait(0.001)

    @contextlib.contextmanager
    def running(self, **settings: Any) -> Generator[RunningFront]:
        thread = threading.Thread(target=self._run, args=[settings], name="front")
        thread.start()
        try:
            self._started.result(TIMEOUT_S)
            yield self
        finally:
            self.app.gate.set()
            if self._started.done() and self._started.exception() is None:
                self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(TIMEOUT_S)
            assert not thread.is_alive()

    def _run(self, settings: dict[str, Any]) -> None:
        try:
            with asyncio.Runner(loop_factory=self._loop_factory) as runner:
                runner.run(self._serve(settings))
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self, settings: dict[str, Any]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serve(
            settings.pop("listeners", [FrontListener(port=0)]),
            self.app,
            self.handler,
            is_websocket_path=lambda path: path in ("/ws", "/echo"),
            observe=lambda *observed: self.observed.put(observed),
            **settings,
        ) as self.bound:
            self._started.set_result(None)
            await self._stop.wait()


def running_front(loop_name: str, **settings: Any) -> contextlib.AbstractContextManager[RunningFront]:
    """A front on the loop of that name; `settings` are those of `serve`."""
    return RunningFront(loop_name).running(**settings)
