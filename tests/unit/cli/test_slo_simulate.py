"""`surewire slo simulate`: what it prints, draws and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surewire.cli import main

EXAMPLE = Path(__file__).parents[3] / "examples" / "bad_release.yaml"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["slo", "simulate", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_example_tells_what_happens_and_how_it_ends(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(EXAMPLE, "--svg", tmp_path / "month.svg") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "2026-01-18 15:00:45\talert\tavailability\tErrorBudgetBurnHigh (SEV-1) fires" in lines
    assert any(line.startswith("availability\thealthy\t") for line in lines)
    assert (tmp_path / "month.svg").read_text().startswith("<svg ")


def test_programs_get_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(EXAMPLE, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [curve["slo"] for curve in told["slos"]] == ["availability", "phase0-availability"]
    assert any(alert["name"] == "ErrorBudgetBurnHigh" for alert in told["alerts"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slos: [availability", "no YAML"),
        ("slos: [availability]\ntraffic: {per_minute: 1}\nfault: []", "fault"),
        ("slos: [availability]\ntraffic: {per_minute: 0}", "per_minute"),
        ("slos: [nothing]\ntraffic: {per_minute: 1}", "there is no objective 'nothing'"),
        ("slos: [availability]\ntraffic: {per_minute: 1}\nfaults: [{at: soon, lasts: 1h}]", "faults[0].at"),
    ],
)
def test_a_scenario_that_is_wrong_is_refused_with_its_place(
    text: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "told.yaml").write_text(text)
    assert run(tmp_path / "told.yaml") == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(tmp_path / "none.yaml") == 2
    assert "cannot be read" in capsys.readouterr().err


def test_other_definitions_are_tried(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from surewire.contract import catalogue

    text = (
        Path(catalogue.__file__)
        .with_name("slos.yaml")
        .read_text()
        .replace("objective: 0.999, window: 30d, owners: platform", "objective: 0.99, window: 30d, owners: platform")
    )
    (tmp_path / "slos.yaml").write_text(text)
    assert run(EXAMPLE, "--definitions", tmp_path / "slos.yaml") == 0
    ending = [line for line in capsys.readouterr().out.splitlines() if line.startswith("availability\t")]
    assert float(ending[0].split("\t")[4].rstrip("%")) > 90
