"""`surewire store` on data folders that real servers left behind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from surewire.cli import main
from surewire.client import LOBBY, connect
from surewire.client.http_api import HttpApi
from tests.server_process import running_server


def store(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(("store", *arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code, *capsys.readouterr()


@pytest.fixture
async def killed(tmp_path: Path) -> str:
    """The data folder of a server that was killed with three messages and three events in it."""
    async with running_server(tmp_path / "data") as server:
        async with connect(server.http, user_id="alice") as alice:
            await alice.join(LOBBY)
            for number in range(3):
                await alice.send(LOBBY, f"{number}")
        async with HttpApi(server.http) as api:
            for number in range(3):
                await api.publish("deployment", {"number": number})
        await server.kill()
    return str(tmp_path / "data")


def test_a_sound_store_is_status_0_also_after_kill_9(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert store(capsys, "check", "--data", killed) == (0, "1 chat, 3 messages, 3 events: no problem found.\n", "")
    status, out, _ = store(capsys, "check", "--data", killed, "--json")
    assert (status, json.loads(out)) == (0, {"chats": 1, "messages": 3, "events": 3, "problems": []})


def test_sizes_are_counted(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = store(capsys, "stats", "--data", killed)
    assert status == 0
    assert {"chats\t1", "messages\t3", "members\t1"} <= set(out.splitlines())


def test_a_missing_message_is_found_and_is_status_1(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(Path(killed) / "surewire.db") as file:
        assert file.execute("DELETE FROM messages WHERE sequence = 2").rowcount == 1
    file.close()
    status, out, _ = store(capsys, "check", "--data", killed)
    assert status == 1
    assert out.splitlines() == ["surewire.db: sequence 3 of chat_lobby follows 1", "1 chat, 2 messages, 3 events: 1 problem found."]


def test_a_missing_and_a_damaged_event_are_found_and_are_status_1(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(Path(killed) / "events.db") as file:
        assert file.execute("DELETE FROM events WHERE offset = 2").rowcount == 1
        assert file.execute("UPDATE events SET event = '{' WHERE offset = 3").rowcount == 1
    file.close()
    status, out, _ = store(capsys, "check", "--data", killed)
    assert status == 1
    assert out.splitlines() == [
        "events.db: event 3 follows 1",
        "events.db: event 3 is damaged",
        "1 chat, 3 messages, 2 events: 2 problems found.",
    ]


def test_a_damaged_file_is_status_1(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(killed) / "surewire.db"
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    file.write_bytes(content)
    for log in file.parent.glob("surewire.db-*"):
        log.unlink()
    status, out, err = store(capsys, "check", "--data", killed)
    assert status == 1
    assert "damaged" in out + err


async def test_a_store_that_a_server_uses_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_server(tmp_path / "data") as server:
        program = ("check", "--data", str(server.data))
        status, out, err = await asyncio.to_thread(store, capsys, *program)
        assert (status, out) == (1, "")
        assert f"is in use by process {server.pid}" in err
