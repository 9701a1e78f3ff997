"""`surewire alerts lint`: other people's configuration of Alertmanager."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.test_command_line import run

INNOCENT = "route: {receiver: pager, repeat_interval: 5m}\nreceivers: [{name: pager, slack_configs: [{channel: x}]}]\n"
GUILTY = """\
route:
  receiver: pager
  repeat_interval: 5m
  routes:
    - matchers: [severity=SEV-1]
      mute_time_intervals: [nights]
receivers:
  - name: pager
    slack_configs: [{channel: x}]
"""
DOUBTFUL = INNOCENT + "inhibit_rules: [{source_matchers: [a=b], target_matchers: [cluster=dev]}]\n"
Captured = pytest.CaptureFixture[str]


def written(folder: Path, text: str) -> str:
    (folder / "alertmanager.yml").write_text(text)
    return str(folder / "alertmanager.yml")


@pytest.mark.parametrize("command", ["lint", "audit"])
def test_each_command_has_help_with_an_example(command: str, capsys: Captured) -> None:
    assert run("alerts", command, "--help") == 0
    assert f"Example: surewire alerts {command}" in " ".join(capsys.readouterr().out.split())


def test_what_swallows_nothing_is_said_to(tmp_path: Path, capsys: Captured) -> None:
    assert run("alerts", "lint", written(tmp_path, INNOCENT)) == 0
    assert "nothing in it swallows or delays MessageLoss, DuplicateSequence or CounterCorruption." in capsys.readouterr().out


def test_what_swallows_is_said_with_its_line_and_its_mend_and_is_exit_1(tmp_path: Path, capsys: Captured) -> None:
    assert run("alerts", "lint", file := written(tmp_path, GUILTY)) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        f"error: {file}:6: route.routes[0].mute_time_intervals: MessageLoss, DuplicateSequence and CounterCorruption would"
    )
    assert "Put a route for them before it" in said


def test_programs_get_json(tmp_path: Path, capsys: Captured) -> None:
    assert run("alerts", "lint", written(tmp_path, GUILTY), "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert (problem["level"], problem["line"]) == ("error", 6)


@pytest.mark.parametrize(("labels", "status", "said"), [((), 0, "warning:"), (("--label", "cluster=dev"), 1, "error:")])
def test_a_label_that_all_alerts_have_can_be_said(
    tmp_path: Path, capsys: Captured, labels: tuple[str, ...], status: int, said: str
) -> None:
    assert run("alerts", "lint", written(tmp_path, DOUBTFUL), *labels) == status
    assert capsys.readouterr().out.startswith(said)


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path, capsys: Captured) -> None:
    assert run("alerts", "lint", str(tmp_path / "none.yml")) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
