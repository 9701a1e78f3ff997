"""Processes that are killed while they append: what they answered is there, at its offset, and an offset never means two things."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

from surewire.adapters.sqlite.event_history import sqlite_event_history
from surewire.adapters.system.clock import SystemClock
from tests.contracts.event_history import append, events, read_all, titles
from tests.crash.appending_process import HISTORY_EVENTS

ROUNDS = 8


class Answered(NamedTuple):
    epoch: str
    offset: int
    message_id: str
    title: str


async def test_what_was_answered_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    random = Random(7)
    answered: dict[int, Answered] = {}
    for seed in range(ROUNDS):
        for line in _lines_until_killed(tmp_path, seed, random.randrange(1, 4_000)):
            epoch, offset, message_id, title = line.split()
            event = Answered(epoch, int(offset), message_id, title)
            assert answered.setdefault(event.offset, event) == event
        await _check(tmp_path, answered)
    assert len(answered) > HISTORY_EVENTS
    assert len({event.epoch for event in answered.values()}) == 1, "the epoch survives kill -9"


async def test_a_copy_of_the_file_from_before_is_found_out_after_a_kill(tmp_path: Path) -> None:
    file, note = tmp_path / "events.db", tmp_path / "events.db.head"
    async with sqlite_event_history(tmp_path, SystemClock(), history_events=10, history_s=60.0, queue_events=10) as history:
        epoch = history.epoch
        await append(history, events("a"))
    older, noted = file.read_bytes(), note.read_bytes()
    with _appending(tmp_path, 0) as process:
        assert process.stdout is not None
        while note.read_bytes() == noted:
            process.stdout.readline()
        process.kill()
    (tmp_path / "events.db-wal").unlink()
    (tmp_path / "events.db-shm").unlink()
    file.write_bytes(older)
    async with sqlite_event_history(tmp_path, SystemClock(), history_events=10, history_s=60.0, queue_events=10) as history:
        assert history.epoch != epoch
        assert titles(await read_all(history)) == ["a"]


def _appending(folder: Path, seed: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "tests.crash.appending_process", str(folder), str(seed)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def _lines_until_killed(folder: Path, seed: int, lines: int) -> list[str]:
    """Everything that a process wrote which is killed after so many lines; the last, cut one is left out."""
    with _appending(folder, seed) as process:
        assert process.stdout is not None
        written = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        written += process.stdout.readlines()
    return [line for line in written if line.endswith("\n")]


async def _check(folder: Path, answered: dict[int, Answered]) -> None:
    async with sqlite_event_history(folder, SystemClock(), history_events=HISTORY_EVENTS, history_s=3_600.0, queue_events=100) as history:
        found = await read_all(history, limit=500)
        assert history.head >= max(answered)
        assert [event.offset for event in found] == list(range(history.oldest, history.head + 1))
        kept = {event.offset: Answered(history.epoch, event.offset, event.message_id, titles([event])[0]) for event in found}
        assert {offset: event for offset, event in answered.items() if offset in kept}.items() <= kept.items()
        assert min(offset for offset in kept) <= max(answered), "what was answered last is kept"
