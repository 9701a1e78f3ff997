"""`surewire alerts test`: targets are told, and what they say is shown."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.unit.cli.test_command_line import run

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Captured = pytest.CaptureFixture[str]


@contextmanager
def receiver(status: int = 200) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """A program that takes what is posted, in a thread: the command has a loop of its own."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        thread.join()


def written(folder: Path, **urls: str) -> str:
    tables = [
        f'[notify.{name}]\ntype = "webhook"\nurl = "{url}"\nsecret = "{SIGNING}"\nallow_private = true\n' for name, url in urls.items()
    ]
    (folder / "surewire.toml").write_text("".join(tables))
    return str(folder / "surewire.toml")


def test_every_target_is_told_of_a_test_and_of_its_end(tmp_path: Path, capsys: Captured) -> None:
    with receiver() as (one, taken), receiver() as (two, also):
        assert run("alerts", "test", "--config", written(tmp_path, one=one, two=two)) == 0
    assert capsys.readouterr().out == "one\twebhook\ttaken\ntwo\twebhook\ttaken\n"
    for bodies in (taken, also):
        assert [body["type"] for body in bodies] == ["alert.firing", "alert.resolved"]
        assert bodies[0]["data"]["dedup_key"] == bodies[1]["data"]["dedup_key"]
        assert bodies[0]["data"]["severity"] == "SEV-4"


def test_a_target_that_refuses_is_exit_1_and_says_why(tmp_path: Path, capsys: Captured) -> None:
    with receiver(403) as (one, _), receiver() as (two, _):
        assert run("alerts", "test", "--json", "--config", written(tmp_path, one=one, two=two)) == 1
    assert [(row["target"], row["problem"]) for row in json.loads(capsys.readouterr().out)] == [("one", "HTTP 403"), ("two", "")]


def test_only_the_targets_that_are_named_are_told(tmp_path: Path, capsys: Captured) -> None:
    with receiver() as (one, taken), receiver() as (two, also):
        assert run("alerts", "test", "two", "--severity", "SEV-1", "--config", written(tmp_path, one=one, two=two)) == 0
    assert (taken, [body["data"]["severity"] for body in also]) == ([], ["SEV-1", "SEV-1"])


@pytest.mark.parametrize(
    ("names", "said"), [((), "no way to reach anybody is configured. Write a [notify.NAME]"), (("x",), "no way to reach anybody")]
)
def test_nothing_to_test_is_wrong_use(tmp_path: Path, capsys: Captured, names: tuple[str, ...], said: str) -> None:
    assert run("alerts", "test", *names, "--config", written(tmp_path)) == 2
    assert said in capsys.readouterr().err


def test_a_target_that_there_is_not_is_said_with_those_that_are(tmp_path: Path, capsys: Captured) -> None:
    assert run("alerts", "test", "fax", "--config", written(tmp_path, one="http://127.0.0.1:9")) == 2
    assert "there is no [notify.fax]. Configured are one." in capsys.readouterr().err
