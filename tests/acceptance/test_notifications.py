"""A real server tells people what waits in its outbox, over kill -9 and failing receivers, and shows whom it could not reach."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.ports.notifier import Notification
from tests.fakes.http_receiver import Answer, HttpReceiver, http_receiver
from tests.fakes.mail_server import mail_server
from tests.fakes.notifications import notification
from tests.server_process import ServerProcess, running_server

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def hook(receiver: HttpReceiver) -> dict[str, str]:
    settings = {"TYPE": "webhook", "URL": receiver.url, "SECRET": SIGNING, "ALLOW_PRIVATE": "true", "TIMEOUT_S": "20"}
    retries = {"SUREWIRE_ALERTING__RETRY_FIRST_S": "0.05", "SUREWIRE_ALERTING__RETRY_MOST_S": "0.1"}
    return {f"SUREWIRE_NOTIFY__PAGER__{name}": value for name, value in settings.items()} | retries


async def queue(data: Path, *letters: Notification) -> None:
    """As the server's own alerts do, while no server has the file."""
    clock = SystemClock()
    async with open_slo_file(data, clock) as file:
        await SqliteAlertStore(file.writer).put(letters, clock.now_micros() // 1_000_000)


async def told(receiver: HttpReceiver) -> str:
    """The id of the next notification that comes."""
    async with asyncio.timeout(30):
        return (await receiver.received.get()).headers["webhook-id"]


async def undelivered(server: ServerProcess, *arguments: str) -> tuple[int, dict[str, Any]]:
    command = (sys.executable, "-m", "surewire", "alerts", "undelivered", "--json", "--url", server.http, *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, json.loads(out)


async def test_what_waited_is_told_by_the_next_server_though_one_was_killed_in_the_midst(tmp_path: Path) -> None:
    await queue(tmp_path / "data", *(notification(f"n{number}") for number in range(3)))
    async with (
        http_receiver(Answer(503), Answer(), Answer(stalls=True)) as receiver,
        running_server(tmp_path / "data", **hook(receiver)) as server,
    ):
        assert [await told(receiver) for _ in range(3)] == ["n0", "n0", "n1"]
        await server.kill()
        await server.start()
        assert [await told(receiver) for _ in range(2)] == ["n1", "n2"]


async def test_whom_it_could_not_reach_is_shown_and_can_be_tried_again(tmp_path: Path) -> None:
    await queue(tmp_path / "data", notification("n0"), notification("n1"))
    async with http_receiver(Answer(400, b"no such team")) as receiver, running_server(tmp_path / "data", **hook(receiver)) as server:
        assert [await told(receiver) for _ in range(2)] == ["n0", "n1"]
        status, found = await undelivered(server)
        assert status == 1
        (dead,) = found["dead_letters"]
        assert (dead["id"], dead["target"], dead["alerts"], dead["problem"]) == ("n0", "pager", ["MessageLoss"], "HTTP 400: no such team")
        status, found = await undelivered(server, "--retry", "n0")
        assert (status, found["dead_letters"]) == (0, [])
        assert await told(receiver) == "n0"


async def test_mail_is_sent_by_the_server(tmp_path: Path) -> None:
    await queue(tmp_path / "data", notification("n0", target="leadership"))
    async with mail_server() as mail:
        table = {"TYPE": "email", "HOST": "127.0.0.1", "PORT": str(mail.port), "SENDER": "a@example.com", "RECIPIENTS": "b@example.com"}
        table |= {"SECURITY": "none", "ALLOW_PRIVATE": "true"}
        settings = {f"SUREWIRE_NOTIFY__LEADERSHIP__{name}": value for name, value in table.items()}
        async with running_server(tmp_path / "data", **settings):
            async with asyncio.timeout(30):
                await mail.done.wait()
    ((message, recipients),) = mail.taken
    assert (message["Subject"], recipients) == ("[SEV-1] Firing: MessageLoss", ["b@example.com"])


async def test_no_secret_is_in_the_log(tmp_path: Path) -> None:
    await queue(tmp_path / "data", notification("n0"))
    async with http_receiver(Answer(503), Answer(400)) as receiver:
        settings = hook(receiver) | {"SUREWIRE_TELEMETRY__LOG_LEVEL": "debug", "SUREWIRE_NOTIFY__PAGER__URL": f"{receiver.url}/T000/token"}
        async with running_server(tmp_path / "data", **settings) as server:
            assert [await told(receiver) for _ in range(2)] == ["n0", "n0"]
            await undelivered(server)
            await server.terminate()
            log = server.log.read_text()
    assert "a notification was given up" in log
    assert SIGNING not in log
    assert "T000" not in log
