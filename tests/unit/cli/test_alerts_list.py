"""`surewire alerts list` for a server, as it is read through a pipe."""

from __future__ import annotations

import msgspec
import pytest

from surewire.alerting.alert_view import AlertList, AlertStatus, AlertStatusView
from surewire.cli import main
from tests.json_server import Answer, json_server


def alert(name: str, status: AlertStatus) -> AlertStatusView:
    return AlertStatusView(name=name, severity="SEV-2", status=status, summary="…", runbook="RB-001")


ALL = AlertList((alert("Idle", "no_data"), alert("Fine", "quiet"), alert("Soon", "pending"), alert("Loud", "firing")))


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["Soon", "Loud"]),
        (["--with-data"], ["Fine", "Soon", "Loud"]),
        (["--all"], ["Idle", "Fine", "Soon", "Loud"]),
        (["--all", "--with-data"], ["Fine", "Soon", "Loud"]),
    ],
)
def test_a_pipe_gets_a_heading_and_what_was_asked_for(capsys: pytest.CaptureFixture[str], options: list[str], names: list[str]) -> None:
    with json_server([Answer(msgspec.json.encode(ALL))]) as server, pytest.raises(SystemExit) as ended:
        main(["alerts", "list", "--url", server.url, *options])
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert head[:3] == ["alert", "severity", "status"]
    assert [row[0] for row in rows] == names
    assert ended.value.code == 1


def test_what_is_judged_now_stands_beside_what_made_an_alert_fire(capsys: pytest.CaptureFixture[str]) -> None:
    loud = msgspec.structs.replace(alert("Loud", "firing"), detail="20x over 1h", detail_now="90x over 1h")
    with json_server([Answer(msgspec.json.encode(AlertList((loud,))))]) as server, pytest.raises(SystemExit):
        main(["alerts", "list", "--url", server.url])
    head, row = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert (head[-2:], row[-2:]) == (["what", "now"], ["20x over 1h", "90x over 1h"])
