"""`surewire slo status` for a server, as programs and people read it through a pipe."""

from __future__ import annotations

import json

import msgspec
import pytest

from surewire.cli import main
from surewire.monitoring.slo_view import SloList
from tests.fakes.slo_views import slo_view
from tests.json_server import Answer, json_server

ALL = SloList("2026-11-21T00:00:00Z", (slo_view("idle", "no_data"), slo_view("fine", "healthy"), slo_view("worse", "warning")))


def printed(capsys: pytest.CaptureFixture[str], *options: str, found: SloList = ALL) -> tuple[object, str]:
    with json_server([Answer(msgspec.json.encode(found))]) as server, pytest.raises(SystemExit) as ended:
        main(["slo", "status", "--url", server.url, *options])
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], ["idle", "fine", "worse"]),
        (["--with-data"], ["fine", "worse"]),
        (["--bad"], ["worse"]),
        (["--bad", "--with-data"], ["worse"]),
        (["fine", "--bad"], []),
    ],
)
def test_a_pipe_gets_a_heading_and_what_was_asked_for(capsys: pytest.CaptureFixture[str], options: list[str], ids: list[str]) -> None:
    code, text = printed(capsys, *options)
    head, *rows = (line.split("\t") for line in text.splitlines())
    assert head[:3] == ["objective", "SLI", "target"]
    assert [row[0] for row in rows] == ids
    assert {len(row) for row in rows} <= {len(head)}
    assert code == 0


def test_programs_get_only_what_was_asked_for_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = printed(capsys, "--bad", "--json")
    assert ([slo["id"] for slo in json.loads(text)["slos"]], code) == (["worse"], 0)


def test_a_breach_is_told_by_the_exit_status_whatever_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = printed(capsys, "--bad", found=SloList("", (slo_view("broken", "breached"),)))
    assert (code, text.splitlines()[1].split("\t")[0]) == (1, "broken")
