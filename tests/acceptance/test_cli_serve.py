"""`surewire serve` as a process: its one line, its signals, its exit status."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import websockets

from tests.server_process import running_server

READY = re.compile(r"surewire ready on (http://127\.0\.0\.1:\d+) \(data: (.+)\)\n")


class Serve:
    """A running `surewire serve`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ready(self) -> tuple[str, str]:
        """The address and the data folder of the ready line."""
        assert self.process.stdout is not None
        line = (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode()
        match = READY.fullmatch(line)
        assert match is not None, line
        return match[1], match[2]

    async def end(self) -> tuple[int, str, str]:
        """Exit status, what was left on standard output, and standard error."""
        out, err = await asyncio.wait_for(self.process.communicate(), 60)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncGenerator[object]:
    started: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str, **environment: str) -> Serve:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SUREWIRE_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "surewire", "serve", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=clean | environment,
            cwd=tmp_path,
        )
        started.append(process)
        return Serve(process)

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_standard_output_is_exactly_the_ready_line_and_a_signal_ends_with_0(serve, tmp_path: Path, number: signal.Signals) -> None:
    server = await serve("--listen", "127.0.0.1:0")
    _, data = await server.ready()
    assert data == str(tmp_path / "surewire-data")
    server.process.send_signal(number)
    status, out, _ = await server.end()
    assert (status, out) == (0, "")


async def test_every_listener_is_named(serve) -> None:
    server = await serve("--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0")
    line = (await server.process.stdout.readline()).decode()
    assert re.match(r"surewire ready on http://127\.0\.0\.1:\d+, http://127\.0\.0\.1:\d+ \(data: ", line)


async def test_a_second_signal_ends_at_once(serve) -> None:
    server = await serve("--listen", "127.0.0.1:0")
    address, _ = await server.ready()
    # A client that does not leave holds up the drain for 30 seconds.
    async with websockets.connect(address.replace("http", "ws") + "/ws", close_timeout=0) as stubborn:
        await stubborn.recv()
        stubborn.transport.pause_reading()
        server.process.send_signal(signal.SIGTERM)
        await _draining(address)
        server.process.send_signal(signal.SIGTERM)
        status, _, _ = await server.end()
        stubborn.transport.abort()
    assert status == -signal.SIGTERM


async def test_an_address_in_use_is_said(serve) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, out, err = await (await serve("--listen", f"127.0.0.1:{port}")).end()
    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == (
        f"error: listeners: 127.0.0.1:{port} is in use by another program. "
        "Stop it, or choose another with --listen (port 0 takes a free one)."
    )


async def test_a_data_folder_in_use_is_said_with_the_process_that_has_it(serve, tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as first:
        status, out, err = await (await serve("--listen", "127.0.0.1:0", "--data", str(first.data))).end()
        assert (status, out) == (1, "")
        assert re.fullmatch(
            rf"error: sqlite: .* is in use by process {first.pid}; stop it, or use another data folder", err.splitlines()[-1]
        )


async def test_a_data_folder_that_cannot_be_made_is_said(serve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = await (await serve("--data", "file/data")).end()
    assert (status, err) == (2, "error: data_dir: file/data cannot be made: Not a directory. Name another with --data.\n")


async def test_open_authentication_beyond_loopback_needs_insecure_and_warns(serve) -> None:
    refused = await (await serve("--listen", "0.0.0.0:0")).end()
    assert refused[0] == 2
    server = await serve("--listen", "0.0.0.0:0", "--insecure")
    assert b"surewire ready on http://0.0.0.0:" in await asyncio.wait_for(server.process.stdout.readline(), 30)
    server.process.terminate()
    status, _, err = await server.end()
    assert status == 0
    assert err.startswith("warning: open authentication on 0.0.0.0: whoever reaches it may act under any name.\n")


async def test_settings_come_from_the_environment(serve, tmp_path: Path) -> None:
    server = await serve(SUREWIRE_LISTENERS='[{"port": 0}]', SUREWIRE_DATA_DIR=str(tmp_path / "elsewhere"))
    assert (await server.ready())[1] == str(tmp_path / "elsewhere")


async def _draining(address: str) -> None:
    """Returns once the server refuses new connections."""
    async with asyncio.timeout(30):
        while True:
            try:
                async with websockets.connect(address.replace("http", "ws") + "/ws"):
                    pass
            except (OSError, websockets.WebSocketException):
                return
