"""Durations that nobody can keep counts for, or that end after the calendar does, are refused where they are written."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from surewire.cli import main
from surewire.contract.catalogue import load_metrics
from surewire.contract.runbooks import runbook_numbers
from surewire.errors import ConfigError
from surewire.slo.lint import lint_definitions, load_definitions
from surewire.slo.window import DAY_S, LONGEST_S, parse_duration

TEXT = resources.files("surewire.contract").joinpath("slos.yaml").read_text("utf-8")
CENTURIES = ["99999999999h", "99999999999d", "9" * 5_000 + "d", "36501d"]


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_hundred_years_are_the_most() -> None:
    assert parse_duration("36500d") == LONGEST_S
    assert parse_duration("007d") == 7 * DAY_S


@pytest.mark.parametrize("text", CENTURIES)
def test_what_is_longer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is too long; write 36500d or less") as refused:
        parse_duration(text)
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("text", ["", "d", "0s", "000d", "1.5h", "-1h", "1w", "١d", "9" * 5_000])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("window: 30d", "window: 99999999999d", "slos[0].window"),
        ("window: 30d", "window: 93d", "slos[0].window"),
        ("window: 30d", f"window: {'9' * 5_000}d", "slos[0].window"),
        ("long: 1h", "long: 400d", "policies.budget.burn_tiers[0].long"),
        ("for: 5m", "for: 99999999999h", "policies.breach.for"),
    ],
)
def test_a_definition_is_not_longer_than_counts_are_kept(old: str, new: str, path: str) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    definitions, problems = lint_definitions(text, "slos.yaml", load_metrics(), runbook_numbers())
    assert definitions is None
    found = next(problem for problem in problems if problem.path == path)
    assert "is too long: counts are kept for 92 days" in found.what
    assert (found.mend, found.line > 0, len(found.what) < 120) == ("Write 92d or less.", True, True)
    with pytest.raises(ConfigError, match="too long"):
        load_definitions(text, "slos.yaml", load_metrics(), runbook_numbers())


def test_ninety_two_days_are_kept() -> None:
    assert load_definitions(TEXT.replace("window: 30d", "window: 92d"), "slos.yaml", load_metrics(), runbook_numbers())


@pytest.mark.parametrize("text", CENTURIES)
def test_commands_refuse_such_a_duration_in_a_sentence(text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("alerts", "silence", 'alertname="X"', "--for", text, "--owner", "a", "--reason", "b") == 2
    assert re.search("--for: .*is too long", capsys.readouterr().err)
    assert run("maintenance", "add", "x", "--start", "2026-11-29T02:00:00", "--duration", text, "--actor", "a") == 2
    assert re.search("--duration: .*is too long", capsys.readouterr().err)
    (tmp_path / "told.yaml").write_text(f"slos: [availability]\ntraffic: {{per_minute: 1}}\nfaults: [{{at: 1d, lasts: {text}}}]")
    assert run("slo", "simulate", tmp_path / "told.yaml") == 2
    assert "lasts" in capsys.readouterr().err
