"""nchan, the fastest peer that a package brings: nginx with its publish and subscribe module, for runs side by side."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.spine.server import ServerProcess

__all__ = ["is_installed", "nchan"]

_MODULES = Path("/usr/lib/nginx/modules")
_CONFIGURATION = """
load_module {modules}/ngx_nchan_module.so;
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /sub {{ nchan_subscriber websocket; nchan_channel_id broadcast; nchan_subscriber_first_message newest; }}
    location /pub {{ nchan_publisher; nchan_channel_id broadcast; nchan_store_messages off; }}
  }}
}}
"""


def is_installed() -> bool:
    """Whether nginx and the module are here (Debian: nginx-core libnginx-mod-nchan)."""
    return shutil.which("nginx") is not None and (_MODULES / "ngx_nchan_module.so").exists()


@asynccontextmanager
async def nchan() -> AsyncGenerator[ServerProcess]:
    """One nginx process: subscribers at `/sub`, publishers at `/pub`."""
    folder = Path(tempfile.mkdtemp(prefix="surewire-nchan-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(_CONFIGURATION.format(modules=_MODULES, folder=folder, port=port))
    process = await asyncio.create_subprocess_exec("nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"))
    try:
        await _listening(port)
        yield ServerProcess(process.pid, "127.0.0.1", port)
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _listening(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("nginx does not listen")
