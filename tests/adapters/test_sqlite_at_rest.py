"""Reading the files of a stopped server: alone with them, and without a trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from surewire.adapters.sqlite.at_rest import opened_at_rest, servers_kept_out
from surewire.adapters.sqlite.checkpoint import empty_log
from surewire.adapters.sqlite.connection import one
from surewire.adapters.sqlite.file import locked_file
from surewire.errors import BackendUnavailableError


def used(path: Path, *, has_log: bool) -> Path:
    """A file with one series in it, as a server leaves it that was killed (in the log) or that has ended."""
    with locked_file(path, "slo") as file:
        connection = file.open_writer()
        connection.execute("INSERT INTO series (name) VALUES ('a')")
        if not has_log:
            empty_log(connection)
        connection.close()
    return path


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.mark.parametrize("has_log", [True, False])
def test_what_is_committed_is_seen_by_several_at_once_and_nothing_is_left_behind(tmp_path: Path, has_log: bool) -> None:
    path = used(tmp_path / "a folder" / "50%#?.db", has_log=has_log)
    before = contents(path.parent)
    assert bool(path.with_name(f"{path.name}-wal").stat().st_size) == has_log
    with servers_kept_out([path]), opened_at_rest(path) as first, servers_kept_out([path]), opened_at_rest(path) as second:
        for connection in (first, second):
            assert one(connection, "SELECT name FROM series") == ("a",)
    assert contents(path.parent) == before


def test_no_server_gets_a_file_while_it_is_looked_at(tmp_path: Path) -> None:
    path = used(tmp_path / "slo.db", has_log=False)
    with servers_kept_out([path]), pytest.raises(BackendUnavailableError, match="is in use"), locked_file(path, "slo"):
        pass
    with locked_file(path, "slo"):
        pass


def test_nobody_looks_at_a_file_that_a_server_has(tmp_path: Path) -> None:
    path = used(tmp_path / "slo.db", has_log=False)
    before = contents(tmp_path)
    with (
        locked_file(path, "slo"),
        pytest.raises(BackendUnavailableError, match=f"in use by process {os.getpid()};"),
        servers_kept_out([path]),
    ):
        pass
    assert contents(tmp_path).keys() == before.keys()
