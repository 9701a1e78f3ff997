"""A connection on asyncio's and uvloop's own TLS transports, whose flow control differs from that of plain sockets."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from surewire.domain.event import Event
from surewire.gateway.gateway import is_websocket_path
from surewire.http.server import FrontListener, serve
from tests.fakes.plane import MemoryPlane, configured, memory_plane

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
MANY = 3_000


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    subject = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 {subject} -keyout {key} -out {made}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return made, key


async def answer(client: ClientConnection) -> dict[str, object]:
    async with asyncio.timeout(10):
        return json.loads(await client.recv())


async def no_http(*_: object) -> None:
    raise AssertionError("only WebSockets are opened here")


async def talk(tested: MemoryPlane, certificate: Path, key: Path) -> None:
    listener = FrontListener(port=0, certificate=certificate, key=key)
    path = partial(is_websocket_path, echo=False)
    async with serve([listener], no_http, tested.plane.gateway, is_websocket_path=path, observe=lambda *_: None) as front:
        trusted = ssl.create_default_context(cafile=certificate)
        host, port = front.addresses[0]
        async with connect(f"wss://{host}:{port}/ws", ssl=trusted, proxy=None, compression=None) as client:
            assert (await answer(client))["type"] == "welcome"
            await client.send('{"type":"subscribe","subscription_id":"all","filters":{}}')
            assert (await answer(client))["type"] == "subscribed"
            events = [Event("deployment", source="x" * 200) for _ in range(500)]
            for _ in range(MANY // 500):
                await tested.stream.publish(events)
            offsets = [(await answer(client))["position"]["offset"] for _ in range(MANY)]  # type: ignore[index]
            assert offsets == list(range(1, MANY + 1))


@pytest.mark.parametrize("loop_name", LOOPS)
def test_everything_arrives_in_order_over_tls(loop_name: str, certificate: tuple[Path, Path]) -> None:
    async def run() -> None:
        config = configured(limits={"outbound_messages": 100_000, "outbound_bytes": 100_000_000})
        async with memory_plane(config) as tested:
            await talk(tested, *certificate)

    with asyncio.Runner(loop_factory=LOOPS[loop_name]) as runner:
        runner.run(run())
