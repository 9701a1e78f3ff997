"""The front with nothing behind it but the echo, as a process: prints its address and runs until it is told to end.

python -m tests.acceptance.front.echo_process [asyncio | uvloop]
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

from surewire.gateway.echo import EchoListener
from surewire.gateway.upgrade import Acceptance, UpgradeRequest
from surewire.http.server import FrontListener, serve
from tests.acceptance.front.running_front import LOOPS


class EchoHandler:
    def admit(self, request: UpgradeRequest) -> Acceptance:
        return Acceptance(EchoListener())

    def refused(self, status: int) -> None: ...
    def abandoned(self, request: UpgradeRequest, acceptance: Acceptance | None) -> None: ...


async def nothing_here(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(
        [FrontListener(port=0)],
        nothing_here,
        EchoHandler(),
        is_websocket_path=lambda path: path == "/echo",
        observe=lambda template, status, seconds: None,
    ) as front:
        print("echo on {}:{}".format(*front.addresses[0]), flush=True)
        await stop.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[1] if len(sys.argv) > 1 else "asyncio"]) as runner:
        runner.run(main())
