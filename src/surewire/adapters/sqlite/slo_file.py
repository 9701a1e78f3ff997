"""The file of service levels: what was counted, decided and alerted, apart from messages and events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surewire.adapters.sqlite.file import DatabaseFile, locked_file
from surewire.adapters.sqlite.ledger import SqliteLedger
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.sli_store import SqliteSliStore
from surewire.adapters.sqlite.writer import GroupCommitWriter, OnHealth
from surewire.ports.clock import Clock

__all__ = ["FILE_NAME", "OpenSloFile", "open_slo_file"]

FILE_NAME: Final = "slo.db"


@dataclass(frozen=True, slots=True)
class OpenSloFile:
    """What the open file offers: each port by its name, and its writer and readers for other stores in the same file."""

    sli_store: SqliteSliStore
    ledger: SqliteLedger
    file: DatabaseFile
    writer: GroupCommitWriter
    readers: Readers

    @property
    def problem(self) -> str | None:
        """Why the file takes no writes now; None when it does."""
        return self.writer.problem


@asynccontextmanager
async def open_slo_file(
    data_dir: Path, clock: Clock, *, on_health: OnHealth | None = None, vfs: str | None = None
) -> AsyncGenerator[OpenSloFile]:
    """The file `slo.db` in the data folder, made when it is not there, with a writing thread of its own.

    Leaving the block commits what was given. Raises: BackendUnavailableError when another process has the file or it cannot be opened;
    BackendError when its settings do not hold or it comes from a newer surewire.
    """
    with locked_file(data_dir / FILE_NAME, "slo", vfs) as file:
        writer = GroupCommitWriter(file, clock, on_health=on_health)
        async with writer, Readers(file, threads=1) as readers, Readers(file, 1, "slot reader") as slot_readers:
            yield OpenSloFile(SqliteSliStore(writer, slot_readers), SqliteLedger(writer, readers), file, writer, readers)
