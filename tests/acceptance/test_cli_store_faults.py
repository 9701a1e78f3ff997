"""`surewire store` on data folders in which something is wrong with whole files. Each folder is a copy of what a real server left."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from surewire.cli import main
from surewire.client import LOBBY, connect
from surewire.client.http_api import HttpApi
from tests.server_process import running_server

DATABASES = ("surewire.db", "surewire-acknowledged.db", "events.db", "slo.db")


def store(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    """The exit status, the lines of standard output, and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(("store", *arguments))
    assert isinstance(ended.value.code, int)
    out, err = capsys.readouterr()
    return ended.value.code, out.splitlines(), err


async def _left_by_a_server(data: Path, *, is_killed: bool) -> Path:
    async with running_server(data) as server:
        async with connect(server.http, user_id="alice") as alice:
            await alice.join(LOBBY)
            for number in range(3):
                await alice.send(LOBBY, f"{number}")
        async with HttpApi(server.http) as api:
            for number in range(3):
                await api.publish("deployment", {"number": number})
        if is_killed:
            await server.kill()
        else:
            assert await server.terminate() == 0
    return data


@pytest.fixture(scope="module")
def stopped_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(_left_by_a_server(tmp_path_factory.mktemp("stopped") / "data", is_killed=False))


@pytest.fixture(scope="module")
def killed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(_left_by_a_server(tmp_path_factory.mktemp("killed") / "data", is_killed=True))


@pytest.fixture
def stopped(stopped_folder: Path, tmp_path: Path) -> Path:
    """A folder whose server ended in peace with three messages and three events."""
    return Path(shutil.copytree(stopped_folder, tmp_path / "data"))


@pytest.fixture
def killed(killed_folder: Path, tmp_path: Path) -> Path:
    """The same of a server that was killed: much of it is in the write-ahead logs."""
    return Path(shutil.copytree(killed_folder, tmp_path / "data"))


def emptied(file: Path) -> None:
    file.write_bytes(b"")
    for companion in file.parent.glob(f"{file.name}-*"):
        companion.unlink()


def garbage(file: Path) -> None:
    file.write_bytes(b"\xa5garbage" * 2_000)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5_000])


def of_a_newer_version(file: Path) -> None:
    change(file, "PRAGMA user_version = 999")


def of_no_version(file: Path) -> None:
    change(file, "PRAGMA user_version = -3")


def of_something_else(file: Path) -> None:
    emptied(file)
    change(file, "CREATE TABLE recipes (name TEXT)")


def without_tables(file: Path) -> None:
    emptied(file)
    change(file, "PRAGMA journal_mode = wal", "VACUUM")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def gone(file: Path) -> None:
    file.unlink()


def gone_without_a_trace(file: Path) -> None:
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()


def change(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


FAULTS: list[tuple[Callable[[Path], None], str]] = [
    (garbage, "is no SQLite database (NotADBError: "),
    (truncated, "is damaged ("),
    (emptied, "is empty, though "),
    (without_tables, "is empty, though "),
    (of_a_newer_version, "has version 999 of the "),
    (of_no_version, "has version -3 of the "),
    (of_something_else, "is a database that surewire did not make. "),
    (a_folder, "is no file. "),
    (gone, "is missing, though "),
    (gone_without_a_trace, "is missing, though "),
]


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize(("spoil", "clause"), FAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_file_that_cannot_be_used_or_was_lost_is_named_with_the_mend(
    stopped: Path, name: str, spoil: Callable[[Path], None], clause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(stopped / name)
    before = contents(stopped)
    status, lines, err = store(capsys, "check", "--data", str(stopped))
    assert (status, err) == (1, "")
    (problem,) = [line for line in lines[:-1] if line.startswith(f"{name} {clause}")]
    assert any(mend in problem for mend in ("Restore a copy of it", "with the surewire that wrote it"))
    assert lines[-1].endswith("problem found." if len(lines) == 2 else "problems found.")
    assert contents(stopped) == before


@pytest.mark.parametrize(("spoil", "clause"), FAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_sizes_are_refused_with_the_same_words(
    stopped: Path, spoil: Callable[[Path], None], clause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(stopped / "surewire.db")
    before = contents(stopped)
    status, lines, err = store(capsys, "stats", "--data", str(stopped))
    assert (status, lines) == (1, [])
    assert err.startswith(f"error: sqlite: surewire.db {clause}")
    assert contents(stopped) == before


def test_the_loss_of_the_events_is_told_by_their_note(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stopped / "events.db").unlink()
    _, lines, _ = store(capsys, "check", "--data", str(stopped))
    said = "events.db is missing, though events.db.head says that 3 events were published. Restore a copy of it."
    assert lines == [
        f"{said} If there is none, start the server: the stream then begins anew, and clients are told `epoch_changed`.",
        "1 chat, 3 messages: 1 problem found.",
    ]


def test_what_cannot_be_counted_is_null_for_programs(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    garbage(stopped / "surewire.db")
    status, lines, _ = store(capsys, "check", "--data", str(stopped), "--json")
    found = json.loads("".join(lines))
    assert (status, found["chats"], found["messages"], found["events"], len(found["problems"])) == (1, None, None, 3, 1)


def test_an_older_copy_of_the_events_is_found_out(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "events.db", "DELETE FROM events WHERE offset > 1", "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'events'")
    _, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert lines[0].startswith(
        "events.db is an older copy: it ends at event 1, and ended at event 3 when events.db.head was written. Restore "
    )
    assert lines[1:] == ["1 chat, 3 messages, 1 event: 1 problem found."]


def test_a_copy_from_before_the_last_start_is_older_too(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "events.db", "UPDATE stream SET openings = 0")
    _, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert "its count of openings is 0, and was 1 when events.db.head was written" in lines[0]


def test_a_damaged_note_is_told(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stopped / "events.db.head").write_text("{")
    status, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert status == 1
    assert lines[0].startswith("events.db.head is damaged, so events.db passes for an older copy. ")


def test_events_that_were_removed_at_the_end_are_missed(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "events.db", "DELETE FROM events WHERE offset = 3")
    _, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert lines[0] == "events.db: the newest event is 2, and the last one that was published is 3"


def test_a_stream_without_its_epoch_is_told(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "events.db", "DELETE FROM stream")
    _, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert lines[0] == "events.db: the epoch of its offsets, or how many there were, is lost"


@pytest.mark.parametrize(
    ("mark", "lost"), [(4, "message 4 had been acknowledged"), (9, "messages 4 to 9 had been acknowledged")], ids=["one", "several"]
)
def test_acknowledged_messages_behind_the_end_of_a_chat_are_missed(
    stopped: Path, mark: int, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(stopped / "surewire-acknowledged.db", f"UPDATE marks SET sequence = {mark}")
    status, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert status == 1
    assert lines[:-1] == [
        f"surewire.db: chat_lobby ends at 3, and {lost}. Look for them in the newest copy, as runbook RB-001 says.",
    ]


def test_acknowledged_messages_of_a_chat_that_is_gone_are_missed(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "surewire-acknowledged.db", "INSERT INTO marks VALUES ('chat_gone', 2)")
    _, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert lines[0].startswith("surewire.db: chat_gone ends at 0, and messages 1 to 2 had been acknowledged.")


def test_what_retention_removed_is_not_missed(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "surewire.db", "DELETE FROM messages", "UPDATE counters SET removed_up_to = 3")
    assert store(capsys, "check", "--data", str(stopped)) == (0, ["1 chat, 0 messages, 3 events: no problem found."], "")


def test_a_table_that_was_dropped_is_named(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stopped / "slo.db", "DROP TABLE outbox", "DROP TABLE episodes")
    status, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert status == 1
    assert lines[0].startswith("slo.db lacks the table episodes, the table outbox, the index dead_letters, ")


def test_a_damaged_index_is_named(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = "CREATE UNIQUE INDEX messages_sequence ON messages (chat, created_micros)"
    change(
        stopped / "surewire.db", "PRAGMA writable_schema = ON", f"UPDATE sqlite_schema SET sql = '{other}' WHERE name = 'messages_sequence'"
    )
    status, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert status == 1
    assert lines[0].startswith("surewire.db is damaged (")
    assert "messages_sequence" in lines[0]


def test_a_file_left_in_the_middle_of_a_change_is_named(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stopped / "slo.db-journal").write_bytes(b"what undoes it")
    before = contents(stopped)
    status, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert status == 1
    assert lines[0] == "slo.db was left in the middle of a change (slo.db-journal). Start the server: that undoes it."
    assert contents(stopped) == before


def test_a_file_that_the_system_does_not_open_is_named(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_folder_beside = stopped / "slo.db-wal"
    a_folder_beside.unlink(missing_ok=True)
    a_folder_beside.mkdir()
    status, lines, _ = store(capsys, "check", "--data", str(stopped))
    assert status == 1
    assert lines[0].startswith("slo.db cannot be opened (")


@pytest.mark.parametrize("command", ["check", "stats"])
@pytest.mark.parametrize("folder", ["stopped", "killed"])
def test_a_look_changes_nothing_and_leaves_nothing_behind(
    folder: str, command: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    data: Path = request.getfixturevalue(folder)
    before = contents(data)
    assert store(capsys, command, "--data", str(data))[0] == 0
    assert contents(data) == before


def test_a_copy_of_the_database_files_alone_is_fine_and_stays_as_it_is(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in stopped.iterdir():
        if file.name not in DATABASES:
            file.unlink()
    before = contents(stopped)
    assert store(capsys, "check", "--data", str(stopped))[0] == 0
    assert contents(stopped) == before


@pytest.mark.parametrize("is_made", [True, False], ids=["an empty folder", "no folder"])
@pytest.mark.parametrize("command", ["check", "stats"])
def test_a_folder_without_anything_is_not_called_sound(
    tmp_path: Path, command: str, is_made: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "elsewhere"
    if is_made:
        data.mkdir()
    status, lines, err = store(capsys, command, "--data", str(data))
    assert (status, lines) == (2, [])
    assert f"there is no store at {data / 'surewire.db'}" in err
    assert data.exists() == is_made
    assert not is_made or list(data.iterdir()) == []


def test_a_first_start_that_was_cut_off_is_no_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("surewire.db", "surewire.db.lock"):
        (tmp_path / name).touch()
    assert store(capsys, "check", "--data", str(tmp_path)) == (0, ["0 chats, 0 messages, 0 events: no problem found."], "")
    assert store(capsys, "stats", "--data", str(tmp_path))[0] == 0


async def test_the_folder_of_a_server_that_stored_nothing_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_server(tmp_path / "data") as server:
        assert await server.terminate() == 0
    arguments = "check", "--data", str(server.data)
    assert await asyncio.to_thread(store, capsys, *arguments) == (0, ["0 chats, 0 messages, 0 events: no problem found."], "")


def test_a_killed_servers_folder_is_sound_with_what_is_in_the_logs(killed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (killed / "surewire.db-wal").stat().st_size > 0
    assert store(capsys, "check", "--data", str(killed)) == (0, ["1 chat, 3 messages, 3 events: no problem found."], "")


def test_an_emptied_file_whose_log_is_left_keeps_its_log(killed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (killed / "surewire.db").write_bytes(b"")
    before = contents(killed)
    status, lines, _ = store(capsys, "check", "--data", str(killed))
    assert status == 1
    assert lines[0].startswith("surewire.db is empty, though surewire.db-wal holds changes to it. ")
    assert contents(killed) == before


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time of change and its content."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")
    }
