from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.ports.alert_store import AlertChange, AlertState, AlertStore
from surewire.slo.window import DAY_S, Interval
from tests.contracts.alert_store import GROUP, SILENCE, STATE, AlertStoreContract, episode, notification


class TestSqliteAlertStore(AlertStoreContract):
    @pytest.fixture(autouse=True)
    def _in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AlertStore]:
        async with open_slo_file(self.folder, SystemClock()) as file:
            yield SqliteAlertStore(file.writer)

    async def test_states_and_what_is_to_be_told_are_there_after_a_restart(self) -> None:
        change = AlertChange(at_s=7, alerts=(STATE,), groups=(GROUP,), silences=(SILENCE,), notifications=(notification("a"),))
        async with self.open() as store:
            await store.commit(change)
        async with self.open() as store:
            book = await store.load()
            assert (book.alerts[STATE.name], book.groups[GROUP.key], book.silences[SILENCE.id]) == (STATE, GROUP, SILENCE)
            assert [one.notification for one in await store.pending()] == [notification("a")]

    async def test_a_change_that_cannot_be_kept_as_a_whole_leaves_nothing(self) -> None:
        unnamed = msgspec.structs.replace(STATE, name=None)
        async with self.open() as store:
            with pytest.raises(Exception, match="NOT NULL"):
                await store.commit(AlertChange(at_s=7, alerts=(AlertState(name="A"), unnamed), notifications=(notification("a"),)))
            assert (await store.load()).alerts == {}
            assert list(await store.pending()) == []

    async def test_episodes_are_kept_for_400_days(self) -> None:
        async with self.open() as store:
            await store.commit(AlertChange(at_s=200, episodes=(episode("A", 100, 200),)))
            await store.commit(AlertChange(at_s=401 * DAY_S, episodes=(episode("B", 400 * DAY_S, 401 * DAY_S),)))
            assert [one.name for one in await store.episodes(Interval(0, 500 * DAY_S))] == ["B"]
