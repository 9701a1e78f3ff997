"""A database file: private, for one process, with settings that hold."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import apsw.ext
import pytest

from surewire.adapters.sqlite import file as file_module
from surewire.adapters.sqlite import migrations
from surewire.adapters.sqlite.file import locked_file
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.store import open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.errors import BackendCorruptError, BackendError, BackendUnavailableError
from tests.fakes.clock import SettableClock

SQL = Path(file_module.__file__).parent / "sql"


def test_a_new_file_and_its_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data" / "surewire.db"
    with locked_file(path, "messages") as file:
        file.open_writer().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for companion in path.parent.iterdir():
        assert stat.S_IMODE(companion.stat().st_mode) == 0o600


def test_a_file_in_use_is_refused_with_the_process_that_has_it(tmp_path: Path) -> None:
    path = tmp_path / "surewire.db"
    refused = pytest.raises(BackendUnavailableError, match=f"in use by process {os.getpid()}; stop it")
    with locked_file(path, "messages"), refused, locked_file(path, "messages"):
        pass
    with locked_file(path, "messages"):
        pass


def test_another_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "surewire.db"
    program = (
        "import sys; from pathlib import Path; from surewire.adapters.sqlite.file import locked_file\n"
        "with locked_file(Path(sys.argv[1]), 'messages'): pass"
    )
    with locked_file(path, "messages"):
        run = subprocess.run([sys.executable, "-c", program, str(path)], check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "is in use by process" in run.stderr


def test_the_settings_hold_on_both_kinds_of_connection(tmp_path: Path) -> None:
    with locked_file(tmp_path / "surewire.db", "messages") as file:
        writer, reader = file.open_writer(), file.open_reader()
        assert [writer.pragma(name) for name in ("journal_mode", "synchronous", "fullfsync", "mmap_size")] == ["wal", 2, 1, 0]
        assert [writer.pragma(name) for name in ("wal_autocheckpoint", "busy_timeout")] == [0, 5_000]
        assert [reader.pragma(name) for name in ("query_only", "wal_autocheckpoint", "mmap_size")] == [1, 0, 0]
        with pytest.raises(apsw.ReadOnlyError):
            reader.execute("DELETE FROM chats")
        reader.close()
        writer.close()


def test_a_setting_that_does_not_hold_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(file_module._WRITER, "synchronous", 99)
    with (
        locked_file(tmp_path / "surewire.db", "messages") as file,
        pytest.raises(BackendError, match="synchronous is 3 and could not be set"),
    ):
        file.open_writer()


def test_an_unsafe_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with (
        pytest.raises(BackendError, match=r"SQLite 3\.51\.2 can corrupt its files; 3\.51\.3 or newer"),
        locked_file(tmp_path / "a.db", "messages"),
    ):
        pass


def test_a_file_of_a_newer_surewire_is_refused(tmp_path: Path) -> None:
    with locked_file(tmp_path / "surewire.db", "messages") as file:
        connection = file.open_writer()
        connection.pragma("user_version", 999)
        connection.close()
        with pytest.raises(BackendError, match="version 999 of the messages schema"):
            file.open_writer()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = migrations._Migration(1, "CREATE TABLE half (x); CREATE TABLE half (x);")
    monkeypatch.setattr(migrations, "_migrations", lambda _: [broken])
    with locked_file(tmp_path / "surewire.db", "messages") as file:
        with pytest.raises(BackendError, match="already exists"):
            file.open_writer()
        monkeypatch.undo()
        connection = file.open_writer()
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchall() == [(0,)]
        connection.close()


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "surewire.db"
    path.write_bytes(b"my poems" * 1_000)
    with (
        locked_file(path, "messages") as file,
        pytest.raises(BackendCorruptError, match=r"no SQLite database .*surewire\.db\. Restore a copy"),
    ):
        file.open_writer()
    assert path.read_bytes() == b"my poems" * 1_000


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(BackendUnavailableError, match="cannot be made or opened"),
        locked_file(tmp_path / "file" / "surewire.db", "messages"),
    ):
        pass


@pytest.mark.parametrize("name", sorted(path.stem for path in SQL.glob("*.sql")))
def test_every_statement_has_a_comment_and_is_valid(tmp_path: Path, name: str) -> None:
    text = (SQL / f"{name}.sql").read_text()
    for part in text.split("-- name: ")[1:]:
        assert part.splitlines()[1].startswith("-- "), part
    schema = {"events": "events", "audit": "acknowledged", "slo": "slo", "alerts": "slo"}.get(name, "messages")
    with locked_file(tmp_path / "surewire.db", schema) as file:
        connection = file.open_writer()
        if name == "audit":
            for migration in (Path(file_module.__file__).parent / "migrations" / "messages").glob("*.sql"):
                connection.execute(migration.read_text())
        for statement in vars(load_queries(name)).values():
            bindings = apsw.ext.query_info(connection, statement).bindings_count
            connection.execute(f"EXPLAIN {statement}", [None] * bindings).fetchall()
        connection.close()


def test_closing_leaves_no_descriptor_and_no_thread(tmp_path: Path) -> None:
    async def cycle() -> None:
        async with open_sqlite_store(tmp_path, SqliteStore(), SettableClock()) as store:
            await store.messages.create_chat("alice", [], None)
            await store.messages.stats()

    asyncio.run(cycle())
    before = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
    for _ in range(5):
        asyncio.run(cycle())
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before  # noqa: PTH208
