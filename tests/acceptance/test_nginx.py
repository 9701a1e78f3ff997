"""The written nginx configuration, in a real nginx before a real server."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from surewire.monitoring.export import nginx
from surewire.monitoring.export.catalogues import built_in_catalogues
from tests.server_process import free_port, running_server

pytestmark = pytest.mark.skipif(
    shutil.which("nginx") is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed"
)

TEXT = nginx.files(built_in_catalogues())["surewire.conf"]
MAIN = """
daemon off; pid nginx.pid; error_log stderr; {user}
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
    include {folder}/surewire.conf;
}}
"""
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
)
# Workers of a root would be somebody else, who may not read the folder of the test.
USER = "user root;" if os.geteuid() == 0 else ""
BASIC = {"Authorization": "Basic " + base64.b64encode(b"alice:secret").decode()}


def write(folder: Path, text: str) -> Path:
    """nginx's folder with certificate, users and `surewire.conf`; the path of `nginx.conf`."""
    keys = folder / "surewire"
    keys.mkdir(parents=True)
    command = [*CERTIFICATE.split(), "-keyout", str(keys / "tls.key"), "-out", str(keys / "tls.crt")]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    (keys / "users").write_text("alice:{PLAIN}secret\n")
    keys.chmod(0o755)
    (folder / "surewire.conf").write_text(text)
    path = folder / "nginx.conf"
    path.write_text(MAIN.format(folder=folder, user=USER))
    return path


def command(path: Path, *more: str) -> list[str]:
    return ["nginx", "-e", "stderr", "-p", str(path.parent), "-c", str(path), *more]


def test_nginx_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    run = subprocess.run(command(write(tmp_path / "nginx", TEXT), "-t"), check=False, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    assert "[warn]" not in run.stderr


def test_it_ends_tls_keeps_clients_where_they_are_and_waits_seven_days() -> None:
    lines = [" ".join(line.partition("#")[0].split()) for line in TEXT.splitlines()]
    assert {"listen 443 ssl;", "ip_hash;", "proxy_read_timeout 7d;", "proxy_set_header Upgrade $http_upgrade;"} <= set(lines)


@asynccontextmanager
async def proxied(folder: Path) -> AsyncGenerator[tuple[str, ssl.SSLContext]]:
    """A server behind nginx: `localhost:PORT`, and a context that trusts its certificate."""
    async with running_server(folder / "data") as server:
        port = free_port()
        text = TEXT.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        process = await asyncio.create_subprocess_exec(*command(write(folder / "nginx", text)), stderr=asyncio.subprocess.DEVNULL)
        try:
            await asyncio.wait_for(_listens(port), 20)
            yield f"localhost:{port}", ssl.create_default_context(cafile=folder / "nginx" / "surewire" / "tls.crt")
        finally:
            process.terminate()
            await process.wait()


async def _listens(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def test_a_client_talks_through_it_under_the_name_that_the_proxy_knows(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (address, trust):
        async with connect(f"wss://{address}/ws", ssl=trust, additional_headers=BASIC, proxy=None) as socket:
            assert '"alice"' in str(await asyncio.wait_for(socket.recv(), 10))
        async with httpx.AsyncClient(base_url=f"https://{address}", verify=trust, trust_env=False) as http:
            answers = {
                "nobody": await http.get("/v1/chats"),
                "chosen": await http.get("/v1/chats", params={"user_id": "bob"}, headers=BASIC),
                "metrics": await http.get("/metrics", headers=BASIC),
                "health": await http.get("/health"),
            }
        assert {name: answer.status_code for name, answer in answers.items()} == {
            "nobody": 401,
            "chosen": 400,
            "metrics": 403,
            "health": 200,
        }
