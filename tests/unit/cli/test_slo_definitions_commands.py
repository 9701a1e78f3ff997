"""`surewire slo list`, `show`, `explain` and `lint`: what is defined, without any server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surewire.cli.slo_definitions import read_source
from surewire.contract.catalogue import load_slos
from tests.unit.cli.test_command_line import run

TEXT = read_source(None, None).text
AGREED = "change: {rfc: RFC-7, data: a year of them, risk: none, approved_by: [Reliability Lead, Product Owner]}\n"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "slos.yaml"
    path.write_text(TEXT)
    return path


def edit(file: Path, old: str, new: str) -> Path:
    file.write_text(file.read_text().replace(old, new, 1))
    return file


@pytest.mark.parametrize("command", ["list", "show", "explain", "lint"])
def test_each_command_has_help_with_an_example(command: str, capsys: Captured) -> None:
    assert run("slo", command, "--help") == 0
    assert f"Example: surewire slo {command}" in " ".join(capsys.readouterr().out.split())


# ---- list


def test_every_objective_is_listed_in_the_order_of_the_file(capsys: Captured) -> None:
    assert run("slo", "list") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == [slo.id for slo in load_slos().slos]
    assert rows[1] == ["availability", "ratio", "99.9 %", "30d", "budget", "gates", "Platform Engineering Manager", "VP Engineering"]


def test_programs_get_the_list_as_json(capsys: Captured) -> None:
    assert run("slo", "list", "--json") == 0
    (capacity,) = [row for row in json.loads(capsys.readouterr().out) if row["id"] == "connection-capacity"]
    assert (capacity["objective"], capacity["window"], capacity["gate"], capacity["runbook"]) == (None, None, False, "RB-050")


def test_the_configured_file_is_the_one_that_is_listed(file: Path, tmp_path: Path, capsys: Captured) -> None:
    edit(file, "id: availability,", "id: my-availability,")
    config = tmp_path / "surewire.toml"
    config.write_text(f'[slo]\nfile = "{file}"\n')
    assert run("slo", "list", "--config", str(config)) == 0
    assert "my-availability" in capsys.readouterr().out
    assert run("slo", "list", "--file", str(file)) == 0
    assert "my-availability" in capsys.readouterr().out


# ---- show


def test_an_objective_is_shown_with_all_that_its_fields_point_to(capsys: Captured) -> None:
    assert run("slo", "show", "phase0-availability") == 0
    shown = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert shown["owners.owner"] == "Reliability Engineering"
    assert shown["policy.like"] == "budget"
    assert shown["policy.remaining_states[4]"] == "above rest, state breached, deployments full freeze and postmortem, alert executive"
    assert shown["burn_tiers[2]"].startswith(
        "rate 5, long 10m, short 1m, min_bad 2, severity SEV-1, state critical, freezes_deployments yes"
    )


def test_programs_get_one_objective_as_json(capsys: Captured) -> None:
    assert run("slo", "show", "availability", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["objective"], shown["policy"]["name"], shown["burn_tiers"][0]["short"]) == (0.999, "budget", "5m")


def test_the_whole_file_is_printed_as_it_is_written(capsys: Captured) -> None:
    assert run("slo", "show", "--source") == 0
    assert capsys.readouterr().out == TEXT


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show"], "error: an objective is missing. Name one, or print the whole file with --source."),
        (["show", "nothing"], "error: there is no objective 'nothing'. `surewire slo list` names them."),
        (["explain", "nothing"], "error: there is no objective 'nothing'. `surewire slo list` names them."),
        (["lint", "/nowhere.yaml"], "error: slo.file: /nowhere.yaml cannot be read: No such file or directory."),
    ],
)
def test_what_cannot_be_found_is_one_sentence_and_status_2(arguments: list[str], sentence: str, capsys: Captured) -> None:
    assert run("slo", *arguments) == 2
    assert capsys.readouterr().err.splitlines()[0] == sentence


def test_a_wrong_file_is_refused_by_every_command_with_its_line(file: Path, capsys: Captured) -> None:
    edit(file, "objective: 0.999,", "objective: 99.9,")
    for arguments in (["list"], ["show", "availability"], ["explain", "availability"]):
        assert run("slo", *arguments, "--file", str(file)) == 2
        assert f"{file}:55: slos[1].objective: availability: " in capsys.readouterr().err


# ---- explain


def test_an_explanation_says_the_budget_in_events_and_in_minutes_of_full_outage(capsys: Captured) -> None:
    assert run("slo", "explain", "availability") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "0.1 % may be bad: 1 of 1,000 events." in text
    assert "Under steady traffic that is 43.2 min of full outage in 30 d." in text


def test_an_explanation_is_folded_and_never_parts_a_number_from_its_unit(capsys: Captured) -> None:
    assert run("slo", "explain", "availability") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 110
    assert [line for line in lines if line.lstrip().startswith(("d.", "h,", "min ", "% "))] == []


def test_programs_get_an_explanation_as_json(capsys: Captured) -> None:
    assert run("slo", "explain", "availability", "--json") == 0
    explained = json.loads(capsys.readouterr().out)
    assert explained["id"] == "availability"
    assert "Budget" in [section["title"] for section in explained["sections"]]


# ---- lint


def test_right_definitions_are_said_to_be_right(file: Path, capsys: Captured) -> None:
    for arguments in ([], [str(file)]):
        assert run("slo", "lint", *arguments) == 0
        assert capsys.readouterr().out.endswith(f"slos.yaml: {len(load_slos().slos)} objectives, no error found.\n")


def test_everything_that_is_wrong_is_printed_with_its_place_and_mend_and_is_status_1(file: Path, capsys: Captured) -> None:
    edit(edit(file, "threshold_s: 2,", "threshold_s: 1.9,"), 'status="success"', 'status="sucess"')
    assert run("slo", "lint", str(file), "--against", str(file)) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"error: {file}:55: slos[1].good: availability: status of gateway_send_total is never 'sucess'. Did you mean")
    assert second.startswith(f"error: {file}:57: slos[3].threshold_s: delivery-latency: 1.9 s is no bucket bound")


def test_programs_get_problems_as_json(file: Path, capsys: Captured) -> None:
    assert run("slo", "lint", str(edit(file, "gate: true", "gaet: true")), "--json") in {0, 1}
    capsys.readouterr()
    assert run("slo", "lint", str(edit(file, "kind: probe", "kind: prob")), "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert (problem["path"], problem["level"]) == ("slos[16].kind", "error")


def test_a_changed_objective_is_refused_until_it_was_agreed_on(file: Path, tmp_path: Path, capsys: Captured) -> None:
    before = tmp_path / "before.yaml"
    before.write_text(TEXT)
    edit(file, "objective: 0.999,", "objective: 0.99,")
    for arguments in ([], ["--against", str(before)]):
        assert run("slo", "lint", str(file), *arguments) == 1
        assert "availability: objective changed, and nobody agreed to it." in capsys.readouterr().out
    assert run("slo", "lint", str(file), "--against", str(file)) == 0
    assert run("slo", "lint", str(edit(file, "slos:\n", f"{AGREED}slos:\n"))) == 0


def test_an_overdue_review_is_a_warning(file: Path, capsys: Captured) -> None:
    assert run("slo", "lint", str(edit(file, "slos:\n", "next_review: 2026-01-15\nslos:\n"))) == 0
    printed = capsys.readouterr().out
    assert ": next_review: the review was due on 2026-01-15. Hold it, and write the date of the next one." in printed
    assert printed.startswith("warning: ")


def test_generated_files_must_be_made_from_these_definitions(file: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "rules"
    assert run("export", "blackbox", "--out", str(out)) == 0
    assert run("slo", "lint", "--generated", str(out)) == 0
    edit(file, "min_events: 100", "min_events: 200")
    capsys.readouterr()
    assert run("slo", "lint", str(file), "--generated", str(out)) == 1
    assert "it was generated from other definitions. Run `surewire export` again." in capsys.readouterr().out
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("slo", "lint", "--generated", str(empty)) == 2
    assert "was generated by surewire" in capsys.readouterr().err
