"""The commands with standard streams that are closed, full, or of another encoding: sentences and statuses, no tracebacks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surewire.client import LOBBY, connect
from tests.server_process import free_port, running_server

FULL = "error: standard output cannot be written: No space left on device.\n"


def shell(redirection: str, *arguments: str, text: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command whose standard streams are redirected by a shell."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -m surewire "$@" {redirection}', sys.executable, *arguments],
        check=False,
        input=text,
        capture_output=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if not name.startswith("SUREWIRE_")} | environment,
    )


def test_a_command_whose_output_nobody_wants_does_its_work(tmp_path: Path) -> None:
    done = shell(f"<&- >&- 2>{tmp_path}/errors", "config", "--json")
    assert (done.returncode, (tmp_path / "errors").read_text()) == (0, "")


@pytest.mark.parametrize(("arguments", "unbuffered"), [(["config"], ""), (["config", "--json"], "1"), (["--help"], "")])
def test_a_full_disk_is_said_in_one_sentence(arguments: list[str], unbuffered: str) -> None:
    done = shell(">/dev/full", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr.decode()) == (1, FULL)


def test_an_output_that_nobody_reads_any_more_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([sys.executable, "-m", "surewire", "config"], check=False, stdout=writing, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@contextmanager
def serving(redirection: str, data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$0" -m surewire serve --listen 127.0.0.1:{port} --data "$1" {redirection}', sys.executable, str(data)],
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("SUREWIRE_")},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("redirection", [">/dev/full", "<&- >&-"])
def test_a_server_that_cannot_say_that_it_is_ready_serves_and_ends_with_0(redirection: str, tmp_path: Path) -> None:
    port = free_port()
    with serving(redirection, tmp_path / "data", port) as process:
        # Tried again until it answers, for as long as somebody is patient.
        event = shell("", "publish", "system_event", "--url", f"http://127.0.0.1:{port}")
        for _ in range(3):
            if event.returncode == 0:
                break
            event = shell("", "publish", "system_event", "--url", f"http://127.0.0.1:{port}")
        assert event.returncode == 0, event.stderr
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0
        assert b"Traceback" not in errors
        assert (b"warning: standard output cannot be written: No space left on device" in errors) == ("full" in redirection)


async def test_commands_that_ask_a_server_say_what_they_could_not_write(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        first = shell("", "publish", "system_event", SUREWIRE_URL=server.http).stdout.decode()
        epoch = first.split()[1].partition(":")[0]
        for json in ([], ["--json"]):
            done = shell(">/dev/full", "publish", "system_event", *json, SUREWIRE_URL=server.http)
            assert done.returncode == 1
            assert done.stderr.decode().startswith("error: the event is published as msg_")
            assert done.stderr.decode().endswith(", but standard output cannot be written: No space left on device.\n")
        done = shell(">/dev/full", "listen", "--since", f"{epoch}:0", SUREWIRE_URL=server.http)
        assert (done.returncode, done.stderr.decode()) == (1, FULL)


async def test_what_the_encoding_of_the_terminal_lacks_is_shown_as_a_stand_in(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        first = shell("", "publish", "system_event", "--source", "r\u00fcck", SUREWIRE_URL=server.http).stdout.decode()
        since = first.split()[1].replace(":1", ":0")
        listener = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "surewire", "listen", "--since", since, "--url", server.http),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONIOENCODING": "ascii:strict"},
        )
        assert listener.stdout is not None
        line = await asyncio.wait_for(listener.stdout.readline(), 30)
        listener.kill()
        await listener.communicate()
        assert line.endswith(b" system_event r?ck\n")


async def test_a_pipe_with_bytes_that_are_no_text_is_sent_with_stand_ins_for_them(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        for encoding in ("utf-8:strict", "utf-8:surrogateescape"):
            done = shell("", "chat", "zed", text=b"before\n\xff\xfe\nafter\n", SUREWIRE_URL=server.http, PYTHONIOENCODING=encoding)
            assert (done.returncode, done.stderr) == (0, b"")
        async with connect(server.http, user_id="zed") as zed:
            contents = [message.content for message in (await zed.history(LOBBY)).messages]
        assert contents == ["before", "\ufffd\ufffd", "after"] * 2


async def test_input_that_cannot_be_sent_or_read_ends_a_conversation_with_a_sentence(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        done = shell("", "chat", "zed", text=b"before\n" + b"a" * 70_000 + b"\nafter\n", SUREWIRE_URL=server.http)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"error: line 2: this takes 70,")
        assert done.stderr.count(b"\n") == 1
        done = shell(f"0>{tmp_path}/write-only", "chat", "zed", SUREWIRE_URL=server.http)
        assert (done.returncode, done.stderr.decode()) == (2, "error: standard input cannot be read: Bad file descriptor.\n")
        assert shell("<&-", "chat", "zed", SUREWIRE_URL=server.http).returncode == 0
