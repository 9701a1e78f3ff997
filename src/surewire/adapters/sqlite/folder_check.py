"""A look at everything that a stopped server left in its data folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import apsw
from msgspec import Struct

from surewire.adapters.sqlite.acknowledged_check import check_acknowledged, check_marks
from surewire.adapters.sqlite.at_rest import beside, size_bytes
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.data_folder import DataFolder, data_folder
from surewire.adapters.sqlite.events_check import check_events, count_events, read_mark
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.file_check import StoredFile, describe
from surewire.adapters.sqlite.head_note import HeadNote, Mark
from surewire.adapters.sqlite.slo_check import check_slo
from surewire.adapters.sqlite.store_check import content_problems, count_chats, count_messages, damaged_pages, stats
from surewire.errors import BackendCorruptError
from surewire.ports.message_store import StoreStats

__all__ = ["FolderCheck", "check_folder", "folder_stats"]

T = TypeVar("T")
Check = Callable[[Connection], Iterable[str]]
_NOTHING: Final = StoreStats(0, 0, 0, 0, None, None)
_MOST: Final = 100
_QUOTED: Final = 3


class FolderCheck(Struct, frozen=True):
    """How much is stored, None where that cannot be read, and what is wrong: sentences that name the file, none means sound."""

    chats: int | None
    messages: int | None
    events: int | None
    problems: tuple[str, ...]


def check_folder(store: Path) -> FolderCheck | None:
    """Looks at every page, row and sequence of the four files around `store`, the file of messages; None when there is none of them.

    Nothing in the folder is changed. Raises: BackendUnavailableError, naming the process, while a server has the folder.
    """
    with data_folder(store) as folder:
        if not folder.is_there:
            return None
        return FolderCheck(
            _count(folder, folder.messages, count_chats),
            _count(folder, folder.messages, count_messages),
            _count(folder, folder.events, count_events),
            tuple(_problems(folder)),
        )


def folder_stats(store: Path) -> StoreStats | None:
    """The sizes of the messages in the folder of a stopped server; None when there is nothing that a server made.

    Raises: BackendCorruptError with what is wrong and the mend; BackendUnavailableError while a server has the folder.
    """
    with data_folder(store) as folder:
        if not folder.is_there:
            return None
        file = folder.messages
        if problem := folder.problem(file):
            raise BackendCorruptError(BACKEND, problem)
        connection = folder.reader(file)
        try:
            return stats(connection, size_bytes(file.path) + size_bytes(file.log)) if connection else _NOTHING
        except apsw.Error as error:
            raise BackendCorruptError(BACKEND, describe(file, error)) from error


def _count(folder: DataFolder, file: StoredFile, count: Callable[[Connection], int]) -> int | None:
    connection = folder.reader(file)
    if connection is None:
        return None if folder.problem(file) else 0
    try:
        return count(connection)
    except apsw.Error:
        return None  # _problems says why


def _problems(folder: DataFolder) -> Iterator[str]:
    checks: Sequence[tuple[StoredFile, Check]] = (
        (folder.messages, content_problems),
        (folder.acknowledged, check_marks),
        (folder.events, check_events),
        (folder.slo, check_slo),
    )
    for file, check in checks:
        yield from _problems_of_one(folder, file, check)
    yield from _lost(folder)
    yield from _outdated(folder, folder.events)


def _problems_of_one(folder: DataFolder, file: StoredFile, check: Check) -> Iterator[str]:
    if problem := folder.problem(file):
        yield problem
    connection = folder.reader(file)
    if connection is None:
        return
    damage: Sequence[str] = ()
    try:
        if damage := damaged_pages(connection):
            yield file.fault(f"is damaged ({_shortened(damage)})")
        yield from (f"{file.name}: {problem}" for problem in check(connection))
    except apsw.Error as error:
        if not damage:
            yield describe(file, error)


def _lost(folder: DataFolder) -> Iterator[str]:
    """Acknowledged messages that are not in the store."""
    marks, messages = folder.reader(folder.acknowledged), folder.reader(folder.messages)
    if marks is None or messages is None:
        return
    try:
        for problem in islice(check_acknowledged(marks, messages), _MOST):
            yield f"{folder.messages.name}: {problem}. Look for them in the newest copy, as runbook RB-001 says."
    except apsw.Error:
        return  # whichever of the two is damaged, that was told


def _outdated(folder: DataFolder, file: StoredFile) -> Iterator[str]:
    """Events that are behind the note beside them."""
    note = beside(file.path, ".head")
    noted = HeadNote(file.path).read()
    if noted is None and size_bytes(note):
        yield f"{note.name} is damaged, so {file.name} passes for an older copy. Restore both, or start the server: {file.without}."
    connection = folder.reader(file)
    if noted is None or connection is None:
        return
    try:
        found = read_mark(connection)
    except apsw.Error:
        return  # that was told
    if found is not None and found.is_before(noted):
        yield file.absence(f"is an older copy: {_difference(found, noted)} when {note.name} was written")


def _difference(found: Mark, noted: Mark) -> str:
    if found.head < noted.head:
        return f"it ends at event {found.head:,}, and ended at event {noted.head:,}"
    return f"its count of openings is {found.openings:,}, and was {noted.openings:,}"


def _shortened(texts: Sequence[str]) -> str:
    more = len(texts) - _QUOTED
    return "; ".join(texts[:_QUOTED]) + (f"; and {more} more" if more > 0 else "")
