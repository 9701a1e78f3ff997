"""A power cut before any write or synchronisation of the file loses no event that was answered, and moves none."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.domain.stream import StreamEvent
from tests.contracts.event_history import append, events, read_all
from tests.crash.store_disk import FaultyDisk
from tests.fakes.clock import SettableClock

BATCHES = [1, 3, 20, 1, 300, 2, 64, 1, 1, 500, 5, 40]
HISTORY_EVENTS = 600


class Cut(NamedTuple):
    """What the disk held when the power went, and what had been answered by then."""

    files: dict[Path, bytes]
    answered: list[StreamEvent]


@asynccontextmanager
async def history_in(folder: Path, vfs: str | None = None) -> AsyncGenerator[SqliteEventHistory]:
    clock = SettableClock()
    async with sqlite_event_history(
        folder, clock, history_events=HISTORY_EVENTS, history_s=3_600.0, queue_events=10_000, vfs=vfs
    ) as history:
        yield history


@pytest.mark.parametrize("seed", range(3))
async def test_an_answered_event_survives_a_power_cut_at_any_moment(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    async with history_in(tmp_path) as history:
        epoch = history.epoch
    cuts = await _cuts_of_a_run(tmp_path, random)
    assert len(cuts) > 2 * len(BATCHES)
    for cut in cuts:
        _restore(tmp_path, cut)
        async with history_in(tmp_path) as history:
            found = {event.offset: event for event in await read_all(history, limit=500)}
            assert history.epoch == epoch
            assert list(found) == list(range(history.oldest, history.head + 1))
            assert history.head >= len(cut.answered)
            kept = [event for event in cut.answered if event.offset >= history.oldest]
            assert kept == [found[event.offset] for event in kept]
            assert (await append(history, events("next")))[0].offset == max(found, default=0) + 1


async def _cuts_of_a_run(folder: Path, random: Random) -> list[Cut]:
    """Publishes the batches, and takes a picture of the disk before every operation on it."""
    disk = FaultyDisk()
    files = folder / "events.db", folder / "events.db-wal"
    note = folder / "events.db.head"
    answered: list[StreamEvent] = []
    cuts: list[Cut] = []

    def picture(_: str) -> None:
        left = {file: disk.image(file, random) for file in files if file.exists()}
        cuts.append(Cut({**left, note: note.read_bytes()}, list(answered)))

    async with history_in(folder, disk.name) as history:
        disk.before = picture
        for size in BATCHES:
            answered += await append(history, events(*map(str, range(size))))
    return cuts


def _restore(folder: Path, cut: Cut) -> None:
    for path in folder.glob("events.db*"):
        if path not in cut.files and path.suffix != ".lock":
            path.unlink()
    for path, content in cut.files.items():
        path.write_bytes(content)
