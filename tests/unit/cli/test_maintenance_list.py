"""`surewire maintenance list`: when announced maintenance comes, also where that is further away than the server looks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from surewire.cli import main
from surewire.monitoring.planning import MaintenanceList, MaintenanceView, OccurrenceView
from tests.json_server import Answer, json_server

SOON = (OccurrenceView("2026-11-29T01:00:00.000Z", "2026-11-29T03:00:00.000Z"),)


def view(start: str, **more: Any) -> MaintenanceView:
    return MaintenanceView(
        id="mnt_1", title="New disks", start=start, duration_s=7_200, time_zone="UTC", announced_at=start, actor="alice", **more
    )


@pytest.mark.parametrize(
    ("announced", "coming"),
    [
        (view("2026-11-29T01:00:00.000Z", next=SOON), SOON[0].start),
        (view("9999-12-31T09:59:59.000Z"), "9999-12-31T09:59:59.000Z"),
        (view("9999-12-31T09:59:59.000Z", recurrence="FREQ=YEARLY"), "9999-12-31T09:59:59.000Z"),
        (view("9999-12-31T09:59:59.000Z", cancelled_at="2026-11-20T00:00:00.000Z"), "called off"),
        (view("2020-01-01T00:00:00.000Z"), "over"),
        (view("2020-01-01T00:00:00.000Z", recurrence="FREQ=YEARLY;INTERVAL=8"), "not within a year"),
        (view("2020-01-01T00:00:00.000Z", recurrence="FREQ=DAILY", expires="2020-02-01T00:00:00.000Z"), "over"),
        (view("2020-01-01T00:00:00.000Z", recurrence="FREQ=YEARLY;INTERVAL=8", expires="9999-02-01T00:00:00.000Z"), "not within a year"),
    ],
)
def test_what_comes_late_is_not_over(capsys: pytest.CaptureFixture[str], announced: MaintenanceView, coming: str) -> None:
    with json_server([Answer(msgspec.json.encode(MaintenanceList((announced,))))]) as server, pytest.raises(SystemExit) as ended:
        main(["maintenance", "list", "--url", server.url])
    (row,) = capsys.readouterr().out.splitlines()
    assert (ended.value.code, row.split("\t")[2]) == (0, coming)
