"""The four files of a data folder, looked at together: what one of them lacks, another remembers."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import apsw

from surewire.adapters.sqlite.acknowledged import acknowledged_beside
from surewire.adapters.sqlite.at_rest import beside, servers_kept_out, size_bytes
from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.event_history import FILE_NAME as EVENTS_FILE
from surewire.adapters.sqlite.file_check import FileLook, StoredFile, look_at
from surewire.adapters.sqlite.head_note import HeadNote
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.slo_file import FILE_NAME as SLO_FILE

__all__ = ["DataFolder", "data_folder"]

# By schema: how much was ever in a file, and the words for it.
_EVER: Final = {
    "messages": (load_queries("upkeep").chats_ever, "chat", "chats"),
    "acknowledged": (load_queries("audit").marks_ever, "chat with acknowledged messages", "chats with acknowledged messages"),
    "events": (load_queries("events").events_ever, "published event", "published events"),
    "slo": (load_queries("slo").lives_ever, "start of a server", "starts of a server"),
}


class DataFolder:
    """The folder of a stopped server, whose files stay as they are. Made by `data_folder`."""

    def __init__(self, store: Path, stack: ExitStack) -> None:
        folder = store.parent
        self.messages = StoredFile(store, "messages", "a server then begins without chats and messages")
        self.acknowledged = StoredFile(
            acknowledged_beside(store), "acknowledged", "the auditor then misses only what is acknowledged from then on"
        )
        self.events = StoredFile(folder / EVENTS_FILE, "events", "the stream then begins anew, and clients are told `epoch_changed`")
        self.slo = StoredFile(folder / SLO_FILE, "slo", "service levels, alerts and decisions are then recorded anew")
        self.files = (self.messages, self.acknowledged, self.events, self.slo)
        stack.enter_context(servers_kept_out(file.path for file in self.files))
        self._looks = {file: look_at(file, stack) for file in self.files}

    @property
    def is_there(self) -> bool:
        """Whether there is anything that a server made."""
        return any(self._looks[file].state != "missing" or any(self._left_behind(file)) or any(_locked_once(file)) for file in self.files)

    def reader(self, file: StoredFile) -> Connection | None:
        """A connection to a sound file; None for any other."""
        return self._looks[file].connection

    def problem(self, file: StoredFile) -> str:
        """Why the file cannot be used, or that it was there and is gone, with the mend; empty when neither."""
        look = self._looks[file]
        if look.state not in {"missing", "empty"}:
            return look.problem
        trace = next(self._traces(file, look), "")
        return file.absence(f"is {look.state}, though {trace}") if trace else ""

    def _traces(self, file: StoredFile, look: FileLook) -> Iterator[str]:
        """What says that a server had the file with something in it, the most telling first."""
        yield from self._left_behind(file)
        for other, other_look in self._looks.items():
            if other_look.connection is not None and (count := _ever(other.schema, other_look.connection)):
                yield f"{other.name} knows of {count:,} {_EVER[other.schema][1 if count == 1 else 2]}"
        if look.state == "missing":
            yield from _locked_once(file)

    def _left_behind(self, file: StoredFile) -> Iterator[str]:
        note = HeadNote(file.path).read()
        if note is not None and note.head:
            yield f"{file.name}.head says that {note.head:,} events were published"
        # A log beside a file with a first page may be all that there ever was.
        if size_bytes(file.log) and not size_bytes(file.path):
            yield f"{file.log.name} holds changes to it"


@contextmanager
def data_folder(store: Path) -> Generator[DataFolder]:
    """The folder around the file of messages; no server has it until the block ends.

    Raises: BackendUnavailableError, naming the process, while a server has the folder.
    """
    with ExitStack() as stack:
        yield DataFolder(store, stack)


def _locked_once(file: StoredFile) -> Iterator[str]:
    # A server that is killed at its very first start may leave an empty file, but no lock without its file.
    if beside(file.path, ".lock").exists():
        yield f"{file.name}.lock says that a server had it"


def _ever(schema: str, connection: Connection) -> int:
    try:
        ((count,),) = rows(connection, _EVER[schema][0])
    except apsw.Error:
        return 0  # a damaged file is told of by itself
    return int(count)
