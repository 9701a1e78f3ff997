"""The listening sockets: one uvicorn server per listener, in the running event loop, started and stopped as one thing."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvicorn

from surewire.gateway.upgrade import UpgradeHandler
from surewire.http.accept_failures import enduring_accept_failures
from surewire.http.front import FrontProtocol
from surewire.http.front_context import FrontContext, ObserveRequest
from surewire.http.front_limits import FrontLimits
from surewire.http.plain_connections import PlainConnections
from surewire.http.request_bodies import RequestBodies
from surewire.http.request_border import AsgiApp, RequestBorder
from surewire.http.websocket_bridge import Staging

__all__ = ["BoundFront", "FrontListener", "serve"]

_BACKLOG = 4096
_ACCEPTS_PER_TURN = 64
_TICK_S = 1.0


@dataclass(frozen=True, slots=True)
class FrontListener:
    """Where to listen: port 0 takes a free one. Every WebSocket of a listener with a `channel` belongs to that channel."""

    host: str = "127.0.0.1"
    port: int = 8080
    channel: str | None = None
    certificate: Path | None = None
    key: Path | None = None


class _Server(uvicorn.Server):
    """uvicorn's server, without its signal handlers, and saying when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()
        self._is_ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the application's."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens with a long queue, but accepts few connections per turn of the loop: a herd must not hold up everyone else."""
        await super().startup(sockets)
        for sock in sockets or ():
            sock.listen(_BACKLOG)
        self.is_listening.set()

    async def main_loop(self) -> None:
        """Renews the Date header once a second until `end` is called."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._is_ending.wait()

    def end(self) -> None:
        """Lets `serve` return, after the shutdown."""
        self.should_exit = True
        self._is_ending.set()


class BoundFront:
    """A running front. `addresses` are (host, port) in the order of the listeners."""

    def __init__(self, servers: Sequence[_Server], addresses: Sequence[tuple[str, int]], bodies: RequestBodies) -> None:
        self.addresses = tuple(addresses)
        self._servers, self._bodies = servers, bodies

    @property
    def open_connections(self) -> int:
        """Sockets that are open now, HTTP and WebSocket."""
        return sum(len(server.server_state.connections) for server in self._servers)

    @property
    def body_bytes(self) -> int:
        """What is held of the bodies of requests that are not over."""
        return self._bodies.held_bytes

    def stop_accepting(self) -> None:
        """Closes the listening sockets; whoever connects from now on is refused by the kernel. Open connections live on. Idempotent."""
        for server in self._servers:
            for listening in server.servers:
                listening.close()


@contextlib.asynccontextmanager
async def serve(
    listeners: Sequence[FrontListener],
    app: AsgiApp,
    handler: UpgradeHandler,
    *,
    is_websocket_path: Callable[[str], bool],
    observe: ObserveRequest,
    limits: FrontLimits | None = None,
    stop_timeout_s: float = 5.0,
) -> AsyncGenerator[BoundFront]:
    """A front that answers on every listener while the block runs.

    At the end it stops accepting, lets HTTP answers in flight finish for at most `stop_timeout_s`, sends CLOSE 1012 to WebSockets that
    are still open (the gateway's drain leaves none), and then resets what is left. Raises: OSError when an address cannot be bound.
    """
    with contextlib.ExitStack() as bound:
        sockets = [bound.enter_context(contextlib.closing(_bind(listener))) for listener in listeners]
        limits = limits or FrontLimits()
        staging, connections, bodies = Staging(), PlainConnections(limits), RequestBodies(limits.max_bodies_bytes)
        context = functools.partial(
            FrontContext, handler, is_websocket_path, observe, limits, staging=staging, connections=connections, bodies=bodies
        )
        servers = [_server(listener, app, context(channel=listener.channel)) for listener in listeners]
        connections.count_sockets([server.server_state.connections for server in servers])
        bound.enter_context(enduring_accept_failures(connections))
        async with _running(servers, sockets, stop_timeout_s):
            yield BoundFront(servers, [sock.getsockname()[:2] for sock in sockets], bodies)


@contextlib.asynccontextmanager
async def _running(servers: Sequence[_Server], sockets: Sequence[socket.socket], stop_timeout_s: float) -> AsyncGenerator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(server.serve(sockets=[sock]), name=f"front on port {sock.getsockname()[1]}")
            for server, sock in zip(servers, sockets, strict=True)
        ]
        try:
            for server in servers:
                await server.is_listening.wait()
            yield
        finally:
            for server in servers:
                server.end()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*tasks), stop_timeout_s)
            _reset_all(servers)


def _reset_all(servers: Sequence[_Server]) -> None:
    for server in servers:
        for connection in list(server.server_state.connections):
            connection.transport.abort()


def _bind(listener: FrontListener) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
        0
    ]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _server(listener: FrontListener, app: AsgiApp, front: FrontContext) -> _Server:
    config = uvicorn.Config(
        cast(Any, RequestBorder(app, front.observe, front.request_ids)),
        http=cast(type[asyncio.Protocol], functools.partial(FrontProtocol, front=front)),
        ws="none",  # the front's own protocol class steps over to WebSocket
        interface="asgi3",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_ACCEPTS_PER_TURN,
        timeout_keep_alive=cast(int, front.limits.keep_alive_s),
        ssl_certfile=listener.certificate,
        ssl_keyfile=listener.key,
    )
    return _Server(config)
