"""`surewire export grafana --incident`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.test_command_line import run

INCIDENT = ("export", "grafana", "--incident", "INC-7", "--start", "2026-11-21T12:00:00+02:00")


def test_a_page_for_one_incident_is_written_and_nothing_else(tmp_path: Path) -> None:
    assert run(*INCIDENT, "--plane", "fanout", "--plane", "durability", "--out", str(tmp_path)) == 0
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    page = json.loads(path.read_text())
    assert page["title"] == "Incident INC-7"
    assert page["time"] == {"from": "2026-11-21T10:00:00.000000Z", "to": "now"}
    assert [panel["title"] for panel in page["panels"] if panel["title"].endswith(" plane")] == ["Durability plane", "Fanout plane"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "grafana", "--incident", "INC-7"), "--start INSTANT"),
        (("export", "prometheus", "--incident", "INC-7", "--start", "2026-11-21T10:00:00Z"), "one of Grafana"),
        (("export", "grafana", "--incident", "INC-7", "--start", "yesterday"), "--start: 'yesterday' is no instant"),
        ((*INCIDENT, "--end", "soon"), "--end: 'soon' is no instant"),
        ((*INCIDENT, "--plane", "moon"), "Planes are connection, durability, fanout"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    tmp_path: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments, "--out", str(tmp_path)) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
