"""`surewire slo status` for a server, as programs and people read it through a pipe."""

from __future__ import annotations

import json

import msgspec
import pytest

from surewire.cli import main
from surewire.monitoring.slo_view import SloList, SloView
from surewire.slo.status import SloState
from tests.json_server import Answer, json_server


def objective(id_: str, state: SloState) -> SloView:
    return SloView(
        id=id_,
        kind="ratio",
        objective=0.999,
        window="30d",
        since="2026-11-01T00:00:00Z",
        good=9,
        bad=1,
        total=10,
        sli=0.9,
        sli_gross=0.9,
        bad_gross=1,
        total_gross=10,
        budget_remaining=-99.0,
        budget_remaining_gross=-99.0,
        events_left=0,
        outage_minutes_left=0.0,
        burn_rates={"1h": 14.4},
        coverage=1.0,
        excluded_s=0,
        state=state,
        verdict="met",
        owner="a",
        backup="b",
        note="",
    )


ALL = SloList("2026-11-21T00:00:00Z", (objective("idle", "no_data"), objective("fine", "healthy"), objective("worse", "warning")))


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
    code, text = printed(capsys, "--bad", found=SloList("", (objective("broken", "breached"),)))
    assert (code, text.splitlines()[1].split("\t")[0]) == (1, "broken")
