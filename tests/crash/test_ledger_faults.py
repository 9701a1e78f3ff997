"""A decision whose commit failed: nobody knows whether it is kept, as the port says, until it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from surewire.adapters.sqlite import commit_thread
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.errors import BackendUnavailableError
from tests.contracts.ledger import decision
from tests.crash.store_disk import FaultyDisk, disk_full, sync_failed
from tests.fakes.clock import SettableClock


@pytest.mark.parametrize(("fails", "kept"), [("fsync", ["id_1"]), ("write", [])], ids=["fsync fails", "the disk is full"])
async def test_an_append_that_failed_may_be_found_when_the_file_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, kept: list[str]
) -> None:
    monkeypatch.setattr(commit_thread, "_FIRST_PAUSE_S", 0.001)
    disk = FaultyDisk()
    async with open_slo_file(tmp_path, SettableClock(), vfs=disk.name) as file:
        if fails == "fsync":
            disk.fail_sync[disk.syncs] = sync_failed
        else:
            disk.fail_write[disk.writes] = disk_full
        with pytest.raises(BackendUnavailableError):
            await file.ledger.append(decision("id_1"))
    async with open_slo_file(tmp_path, SettableClock()) as file:
        assert [entry.id for entry in await file.ledger.entries()] == kept
