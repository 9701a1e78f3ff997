"""`surewire export`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from surewire.cli.export import GENERATORS
from surewire.monitoring.export import prometheus
from surewire.monitoring.export.catalogues import built_in_catalogues
from tests.unit.cli.test_command_line import run


def test_the_files_of_one_kind_are_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "prometheus", "--out", str(tmp_path / "rules")) == 0
    expected = prometheus.files(built_in_catalogues())
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "rules" / path) for path in expected]
    written = {path.relative_to(tmp_path / "rules").as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file()}
    assert written == expected


def test_all_kinds_are_written_into_a_folder_each(tmp_path: Path) -> None:
    assert run("export", "all", "--out", str(tmp_path)) == 0
    assert {path.name for path in tmp_path.iterdir()} == GENERATORS.keys()


def test_a_file_that_is_right_already_is_not_touched(tmp_path: Path) -> None:
    run("export", "blackbox", "--out", str(tmp_path))
    before = (tmp_path / "blackbox.yml").stat()
    run("export", "blackbox", "--out", str(tmp_path))
    after = (tmp_path / "blackbox.yml").stat()
    # Not the time of the last access: looking at a file may change it.
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_check_finds_what_was_edited_or_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("export", "blackbox", "--out", str(tmp_path))
    assert run("export", "blackbox", "--out", str(tmp_path), "--check") == 0
    (tmp_path / "blackbox.yml").write_text("modules: {}\n")
    (tmp_path / "scrape-blackbox.yml").unlink()
    assert run("export", "blackbox", "--out", str(tmp_path), "--check") == 1
    said = capsys.readouterr().err
    assert "blackbox.yml is not what the definitions say" in said
    assert "scrape-blackbox.yml is not what the definitions say" in said
    assert (tmp_path / "blackbox.yml").read_text() == "modules: {}\n"


def test_an_unknown_kind_is_answered_with_those_that_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "nagios", "--out", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert all(kind in said for kind in (*GENERATORS, "all"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run("export", "blackbox", "--out", str(tmp_path / "file")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_of_definitions_takes_the_place_of_the_built_in_ones(tmp_path: Path) -> None:
    text = resources.files("surewire.contract").joinpath("slos.yaml").read_text("utf-8")
    (tmp_path / "slos.yaml").write_text(text.replace("runbook: RB-007", "runbook: RB-050"))
    assert run("export", "prometheus", "--out", str(tmp_path), "--file", str(tmp_path / "slos.yaml")) == 0
    before = prometheus.files(built_in_catalogues())["rules/slo-availability.yml"]
    assert (tmp_path / "rules" / "slo-availability.yml").read_text("utf-8") != before


def test_the_runbooks_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    assert run("export", "prometheus", "--out", str(tmp_path), "--runbooks", "https://wiki.example/runbooks/") == 0
    assert 'runbook_url: "https://wiki.example/runbooks/RB-001"' in (tmp_path / "rules" / "alerts.yml").read_text("utf-8")
