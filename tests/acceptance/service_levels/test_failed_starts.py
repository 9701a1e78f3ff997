"""A start that fails is no life of the server: it neither ends nor begins a down time, and puts no definitions in force."""

from __future__ import annotations

import asyncio
import socket
import sys
from importlib.resources import files
from pathlib import Path

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.slo.versions import KIND as DEFINITION
from surewire.slo.window import Interval
from tests.server_process import running_server

EVER = Interval(0, 2**40)


async def kept(data: Path) -> tuple[list[bool], int]:
    """How each life ended, and how many versions of the definitions were put in force."""
    async with open_slo_file(data, SystemClock()) as file:
        lives = await file.sli_store.lives(EVER)
        return [life.is_clean for life in lives], len(await file.ledger.entries((DEFINITION,)))


async def serve(data: Path, port: int, *options: str) -> int:
    """Tries to serve. The exit status."""
    command = (sys.executable, "-m", "surewire", "serve", "--listen", f"127.0.0.1:{port}", "--data", str(data), *options)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    return await asyncio.wait_for(process.wait(), 60)


async def test_only_a_server_that_answered_has_lived(tmp_path: Path) -> None:
    others = tmp_path / "others.yaml"
    others.write_text(files("surewire.contract").joinpath("slos.yaml").read_text().replace("objective: 0.999", "objective: 0.99", 1))
    config = tmp_path / "surewire.toml"
    config.write_text(f'[slo]\nfile = "{others}"\n')
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        taken = somebody_else.getsockname()[1]
        assert await serve(data, taken) == 2
        assert await kept(data) == ([], 0)
        async with running_server(data) as server:
            await server.kill()
            assert await kept(data) == ([False], 1)
            assert await serve(data, taken, "--config", str(config)) == 2
            assert await kept(data) == ([False], 1)
            await server.start()
            await server.terminate()
            assert await kept(data) == ([False, True], 1)
        async with running_server(data, SUREWIRE_SLO__FILE=str(others)) as server:
            await server.terminate()
        assert await kept(data) == ([False, True, True], 2)
