"""The SQLite history: the contract, and what only a file can go through."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.domain.stream import StreamEvent
from surewire.errors import BackendCorruptError, BackendError, BackendUnavailableError
from surewire.ports.event_history import EventHistory
from surewire.ports.idempotency import AlreadyAnsweredError, Answer
from tests.contracts.event_history import EventHistoryContract, append, claim_of, events, read_all, titles
from tests.fakes.clock import SettableClock


class TestSqliteEventHistory(EventHistoryContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(
        self, clock: SettableClock, *, history_events: int = 1_000, history_s: float = 3_600.0, queue_events: int = 10_000
    ) -> AsyncGenerator[SqliteEventHistory]:
        bounds = {"history_events": history_events, "queue_events": queue_events}
        async with sqlite_event_history(self.folder, clock, history_s=history_s, **bounds) as history:
            yield history

    async def trim(self, history: EventHistory) -> None:
        assert isinstance(history, SqliteEventHistory)
        await history.trim()

    async def test_two_new_histories_have_different_epochs(self, clock: SettableClock) -> None:
        async with self.open(clock) as one:
            epoch = one.epoch
        self.folder /= "another"
        async with self.open(clock) as other:
            assert other.epoch != epoch

    # ---- a restart

    async def test_everything_is_there_after_a_restart(self, clock: SettableClock) -> None:
        async with self.open(clock, history_events=5) as history:
            epoch = history.epoch
            placed = await append(history, events(*"abcdefg"), claim_of("k"))
        async with self.open(clock, history_events=5) as history:
            assert (history.epoch, history.oldest, history.head) == (epoch, 3, 7)
            assert await read_all(history) == list(placed[2:])
            with pytest.raises(AlreadyAnsweredError):
                await append(history, events("a"), claim_of("k"))
            assert (await append(history, events("h")))[0].offset == 8

    async def test_offsets_go_on_after_a_restart_with_nothing_kept(self, clock: SettableClock) -> None:
        async with self.open(clock, history_s=60.0) as history:
            await append(history, events(*"abc"))
            clock.advance(61)
            await history.trim()
        async with self.open(clock) as history:
            assert (history.oldest, history.head) == (4, 3)
            assert (await append(history, events("d")))[0].offset == 4

    async def test_ids_rise_over_a_restart_also_when_the_clock_goes_back(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            before = await append(history, events(*"abc"))
        clock.advance(-3_600)
        async with self.open(clock) as history:
            after = await append(history, events("d"))
            assert after[0].message_id > before[-1].message_id

    async def test_smaller_bounds_hold_after_a_restart(self, clock: SettableClock) -> None:
        async with self.open(clock, history_events=3_000) as history:
            await append(history, events(*map(str, range(3_000))))
        async with self.open(clock, history_events=10) as history:
            await append(history, events("x"))
            assert 10 < history.head + 1 - history.oldest < 3_000, "one commit removes some"
            await history.trim()
            assert len(await read_all(history)) == 10

    async def test_a_second_process_is_refused(self, clock: SettableClock) -> None:
        async with self.open(clock):
            with pytest.raises(BackendUnavailableError, match="in use"):
                async with self.open(clock):
                    pass

    # ---- a file that was lost or restored

    async def test_a_lost_file_begins_a_new_epoch(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            epoch = history.epoch
            await append(history, events(*"abc"))
        (self.folder / "events.db").unlink()
        async with self.open(clock) as history:
            assert history.epoch != epoch
            assert (history.oldest, history.head) == (1, 0)

    async def test_an_older_copy_in_place_begins_a_new_epoch_and_keeps_its_events(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            epoch = history.epoch
            await append(history, events(*"abc"))
        older = (self.folder / "events.db").read_bytes()
        async with self.open(clock) as history:
            await append(history, events(*"de"))
        (self.folder / "events.db").write_bytes(older)
        async with self.open(clock) as history:
            assert history.epoch != epoch
            assert titles(await read_all(history)) == list("abc")
            assert (await append(history, events("f")))[0].offset == 4

    async def test_an_older_copy_is_found_out_although_the_last_events_were_never_noted(self, clock: SettableClock) -> None:
        file, note = self.folder / "events.db", self.folder / "events.db.head"
        async with self.open(clock) as history:
            epoch = history.epoch
            await append(history, events(*"abc"))
        older = file.read_bytes()
        async with self.open(clock) as history:
            at_start = note.read_bytes()
            await append(history, events(*"de"))
        note.write_bytes(at_start)
        file.write_bytes(older)
        async with self.open(clock) as history:
            assert history.epoch != epoch

    async def test_a_copy_made_while_the_process_ran_is_found_out(self, clock: SettableClock) -> None:
        file = self.folder / "events.db"
        async with self.open(clock) as history:
            epoch = history.epoch
            await append(history, events(*"abc"))
            with sqlite3.connect(file) as running, sqlite3.connect(self.folder / "copy") as copy:
                running.backup(copy)
            running.close()
            copy.close()
            await append(history, events(*"de"))
        file.write_bytes((self.folder / "copy").read_bytes())
        async with self.open(clock) as history:
            assert history.epoch != epoch
            assert titles(await read_all(history)) == list("abc")

    async def test_an_append_whose_answer_cannot_be_made_commits_nothing_and_spoils_no_other(self, clock: SettableClock) -> None:
        def render(result: object) -> Answer:
            raise LookupError

        broken = msgspec.structs.replace(claim_of("k"), render=render)
        async with self.open(clock) as history:
            heard: list[StreamEvent] = []
            history.listen(heard.extend)
            batches = [append(history, events("a")), append(history, events("b", "c"), broken), append(history, events("d"))]
            results = await asyncio.gather(*batches, return_exceptions=True)
            assert isinstance(results[1], BackendError)
            assert titles(heard) == ["a", "d"]
            await append(history, events("e"))
            assert await read_all(history) == heard
            assert [event.offset for event in heard] == [1, 2, 3]

    async def test_a_process_that_ended_before_it_noted_its_start_keeps_the_epoch(self, clock: SettableClock) -> None:
        note = self.folder / "events.db.head"
        async with self.open(clock) as history:
            epoch = history.epoch
            await append(history, events(*"abc"))
        before = note.read_bytes()
        async with self.open(clock):
            pass
        note.write_bytes(before)
        async with self.open(clock) as history:
            assert history.epoch == epoch

    async def test_a_copy_under_another_inode_begins_a_new_epoch(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            epoch = history.epoch
            await append(history, events(*"abc"))
        shutil.copytree(self.folder, self.folder / "restored", ignore=shutil.ignore_patterns("restored"))
        self.folder /= "restored"
        async with self.open(clock) as history:
            assert history.epoch != epoch
            assert titles(await read_all(history)) == list("abc")

    @pytest.mark.parametrize("damage", ["missing", "empty", "garbage"])
    async def test_without_a_readable_note_the_epoch_is_new(self, clock: SettableClock, damage: str) -> None:
        async with self.open(clock) as history:
            epoch = history.epoch
        note = self.folder / "events.db.head"
        note.unlink() if damage == "missing" else note.write_bytes({"empty": b"", "garbage": b"\x00" * 256}[damage])
        async with self.open(clock) as history:
            assert history.epoch != epoch
            epoch = history.epoch
        async with self.open(clock) as history:
            assert history.epoch == epoch

    async def test_a_copy_of_the_epoch_before_begins_a_third_one(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            first = history.epoch
            await append(history, events(*"abc"))
        older = (self.folder / "events.db").read_bytes()
        (self.folder / "events.db.head").unlink()
        async with self.open(clock) as history:
            second = history.epoch
        (self.folder / "events.db").write_bytes(older)
        async with self.open(clock) as history:
            assert history.epoch not in {first, second}

    async def test_an_unreadable_event_is_an_error_and_no_silence(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            await append(history, events(*"abc"))
        with sqlite3.connect(self.folder / "events.db") as damaged:
            damaged.execute("UPDATE events SET event = '{\"event_type\":' WHERE offset = 2")
        damaged.close()
        async with self.open(clock) as history:
            with pytest.raises(BackendCorruptError):
                await history.read(0, 10)

    async def test_old_events_go_while_nobody_publishes(self, clock: SettableClock) -> None:
        cleaned = asyncio.Event()
        bounds = {"history_events": 100, "queue_events": 100}
        context = sqlite_event_history(self.folder, clock, history_s=60.0, cleanup_interval_s=0.01, on_cleanup=cleaned.set, **bounds)
        async with context as history, asyncio.timeout(20):
            await append(history, events(*"abc"))
            clock.advance(61)
            cleaned.clear()
            await cleaned.wait()
            cleaned.clear()
            await cleaned.wait()
            assert (history.oldest, history.head) == (4, 3)
