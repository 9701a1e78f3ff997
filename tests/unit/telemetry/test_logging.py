"""Log lines have stable fields, act on nothing, and never make anybody wait."""

from __future__ import annotations

import io
import json
import logging as stdlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.instant import parse_instant
from surewire.telemetry.log_lines import MAX_TEXT, WITHHELD, console_line, fields_in_order, json_line
from surewire.telemetry.log_output import LogOutput
from surewire.telemetry.logging import Format, Level, configure, logger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class BlockedStream(io.StringIO):
    """A pipe that nobody reads until `release` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.release, self.writes = threading.Event(), 0

    def write(self, text: str) -> int:
        assert self.release.wait(30)
        self.writes += 1
        return super().write(text)


@contextmanager
def logs(level: Level = "debug", format_: Format = "json") -> Iterator[list[dict[str, Any]]]:
    """Fills the list with what was logged inside the block."""
    stream, lines = io.StringIO(), list[dict[str, Any]]()
    with configure(level, format_, stream):
        yield lines
    lines += map(json.loads, stream.getvalue().splitlines())


def test_a_line_begins_with_the_same_fields_in_the_same_order() -> None:
    with logs() as lines:
        logger("surewire.durability.auditor").error("not in the store", error_code="PERSIST_FAILED", ack_sent=True, sequence=7)
    (line,) = lines
    assert list(line) == ["timestamp", "level", "service", "logger", "event", "error_code", "ack_sent", "sequence"]
    assert parse_instant(line.pop("timestamp")) > 0
    assert line == {
        "level": "error",
        "service": "durability",
        "logger": "durability.auditor",
        "event": "not in the store",
        "error_code": "PERSIST_FAILED",
        "ack_sent": True,
        "sequence": 7,
    }


def test_what_is_below_the_level_is_not_logged() -> None:
    with logs("warning") as lines:
        log = logger("surewire.gateway")
        log.info("no")
        log.warning("yes")
        stdlib.getLogger("library").info("no")
        stdlib.getLogger("library").warning("yes")
    assert [line["event"] for line in lines] == ["yes", "yes"]


def test_a_logger_made_before_the_configuration_follows_it() -> None:
    log = logger("surewire.early")
    with logs() as lines:
        log.info("started")
    assert lines[0]["logger"] == "early"


def test_a_logger_follows_a_second_configuration() -> None:
    log = logger("surewire.app")
    with logs("error") as first:
        log.info("too low")
    with logs("info") as second:
        log.info("seen")
    assert (len(first), len(second)) == (0, 1)


def test_libraries_log_through_the_same_lines() -> None:
    # A server in another test may have made it quieter.
    stdlib.getLogger("uvicorn.error").setLevel(stdlib.NOTSET)
    with logs() as lines:
        stdlib.getLogger("uvicorn.error").warning("port %d is slow", 80, extra={"peer": "::1", "event": "x", "exc_info_": 1})
        stdlib.getLogger("uvicorn.error").log(5, "trace")
        stdlib.getLogger("broken").error("%d and %d", 1)  # noqa: PLE1206 - the mistake that is tested
    assert {
        "level": "warning",
        "service": "uvicorn",
        "logger": "uvicorn.error",
        "event": "port 80 is slow",
        "peer": "::1",
    }.items() <= lines[0].items()
    assert [line["event"] for line in lines[1:]] == ["%d and %d (its arguments do not fit)"]


def test_an_exception_is_told_with_its_traceback_but_without_values() -> None:
    private_value = "local-" + "value"
    with logs() as lines:
        try:
            raise RuntimeError("it broke")
        except RuntimeError:
            logger("surewire.app").exception("task failed")
            stdlib.getLogger("asyncio").exception("task failed")
    for line in lines:
        assert line["exception"].startswith("Traceback")
        assert line["exception"].endswith("RuntimeError: it broke")
        assert private_value not in line["exception"]
        assert "exc_info" not in line


@pytest.mark.parametrize("field", sorted(WITHHELD))
def test_what_people_write_and_what_lets_someone_in_is_withheld(field: str) -> None:
    with logs() as lines:
        logger("surewire.gateway").info("odd message", **{field: "the secret"})
    assert lines[0][field] == "(withheld)"


def test_a_long_value_is_cut() -> None:
    with logs() as lines:
        logger("surewire.gateway").info("odd header", header="x" * (MAX_TEXT + 1))
    assert lines[0]["header"] == "x" * MAX_TEXT + f"… ({MAX_TEXT + 1} characters)"


# ---- no character acts on a terminal or makes a second line

UNSAFE = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))]
ANY_TEXT = st.text(st.one_of(st.characters(exclude_categories=[]), st.sampled_from(UNSAFE)))


@given(ANY_TEXT, ANY_TEXT)
def test_json_lines_are_harmless_and_lose_nothing(event: str, value: str) -> None:
    line = json_line(fields_in_order("info", {"event": event, "logger_name": "x", "value": value}))
    assert not set(line) & set(UNSAFE)
    assert json.loads(line)["event"] == event
    assert json.loads(line)["value"] == value


@given(ANY_TEXT, ANY_TEXT)
def test_console_lines_are_harmless(event: str, value: str) -> None:
    line = console_line(colors=False)(fields_in_order("info", {"event": event, "logger_name": "x", "value": value, "values": [value]}))
    assert not set(line) & set(UNSAFE)


def test_an_exceptions_text_cannot_forge_a_console_line() -> None:
    stream = Terminal()
    with configure("info", "console", stream):
        try:
            raise RuntimeError("\n2026-11-21T10:00:00Z [info] forged\x1b[2J")
        except RuntimeError:
            logger("surewire.app").exception("task failed")
    first, *others = stream.getvalue().splitlines()
    assert "task failed" in first
    assert all(line.startswith("    ") for line in others)
    assert "\\x1b[2J" in others[-1]


class Odd:
    def __repr__(self) -> str:
        return "<odd>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Odd(), "<odd>"), ({1: 2}, {"1": 2}), (float("nan"), None), (2**70, 2**70), ("\ud800", "\ud800"), (["\ud800"], "<list>")],
)
def test_any_value_can_be_logged(value: Any, shown: Any) -> None:
    with logs() as lines:
        logger("surewire.app").info("value", value=value)
    assert lines[0]["value"] == shown


def test_a_circular_value_is_named_instead_of_followed() -> None:
    circular: list[Any] = []
    circular.append(circular)
    with logs() as lines:
        logger("surewire.app").info("value", value=circular, sound=True)
    assert lines[0]["value"] == "<list>"
    assert lines[0]["sound"] is True


# ---- formats


def test_off_a_terminal_lines_are_json_and_on_one_they_are_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        with configure("info", "auto", stream):
            logger("surewire.app").info("ready", port=8080)
    assert json.loads(pipe.getvalue())["port"] == 8080
    assert terminal.getvalue().endswith("[info     ] ready [app] port=8080\n")


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        with configure("info", "console", stream):
            logger("surewire.app").info("ready")
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in pipe.getvalue()


# ---- the queue and its thread


def lost(count: int) -> str:
    return f"lost {count}"


def test_a_blocked_stream_blocks_nobody_and_what_is_dropped_is_reported() -> None:
    stream = BlockedStream()
    with LogOutput(stream, lost, max_lines=3) as output:
        for number in range(20):
            output.put(str(number))
        stream.release.set()
    written = stream.getvalue().splitlines()
    kept = [int(line) for line in written if line.isdigit()]
    assert kept == sorted(set(kept))
    # Three may be in the thread's hands while three more wait.
    assert 3 <= len(kept) <= 6
    assert sum(int(line.removeprefix("lost ")) for line in written if line.startswith("lost")) == 20 - len(kept)


def test_the_report_of_dropped_lines_is_a_line_like_others() -> None:
    stream = BlockedStream()
    with configure("info", "json", stream):
        log = logger("surewire.gateway")
        # The thread may hold one full queue while another one waits.
        for _ in range(20_050):
            log.info("too many")
        stream.release.set()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    reports = [line for line in lines if line["event"] == "log_lines_dropped"]
    assert len(lines) - len(reports) + sum(report["count"] for report in reports) == 20_050
    assert {(report["level"], report["logger"]) for report in reports} == {("warning", "telemetry.logging")}


def test_lines_that_wait_are_written_together() -> None:
    stream = BlockedStream()
    with LogOutput(stream, lost) as output:
        for number in range(100):
            output.put(str(number))
        stream.release.set()
    assert stream.getvalue().splitlines() == [str(number) for number in range(100)]
    assert stream.writes <= 3


def put_many(output: LogOutput, count: int) -> None:
    for _ in range(count):
        output.put("x")


def test_threads_do_not_lose_each_others_lines() -> None:
    stream = io.StringIO()
    with LogOutput(stream, lost) as output:
        threads = [threading.Thread(target=put_many, args=(output, 500)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert stream.getvalue() == "x\n" * 2000


def test_after_closing_a_line_is_written_at_once() -> None:
    stream = io.StringIO()
    with LogOutput(stream, lost) as output:
        pass
    output.close()
    output.put("late")
    assert stream.getvalue() == "late\n"


def test_a_broken_stream_raises_nowhere() -> None:
    stream = io.StringIO()
    stream.close()
    with LogOutput(stream, lost) as output:
        output.put("into the void")
    output.put("into the void")


def test_closing_gives_logging_back_as_it_was() -> None:
    root = stdlib.getLogger()
    before = root.handlers[:], root.level
    with logs():
        assert root.handlers != before[0]
    assert (root.handlers, root.level) == before


def test_lines_are_flushed_when_the_program_ends_without_closing() -> None:
    program = """
from surewire.telemetry.logging import configure, logger

configure()
for n in range(50):
    logger("surewire.app").info("bye", n=n)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert [json.loads(line)["n"] for line in run.stderr.splitlines()] == list(range(50))
    assert run.stdout == ""
