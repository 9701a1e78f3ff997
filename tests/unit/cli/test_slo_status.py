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


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b'{"code": "FORBIDDEN", "message": "not for you"}', status=403), "error: "),
        (Answer(b"<html>another server</html>"), "error: "),
    ],
)
def test_no_answer_is_told_apart_from_a_breach(capsys: pytest.CaptureFixture[str], answer: Answer, said: str) -> None:
    with json_server([answer]) as server, pytest.raises(SystemExit) as ended:
        main(["slo", "status", "--json", "--url", server.url])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (11, "")
    assert err.startswith(said)


def test_nobody_at_a_prometheus_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["slo", "status", "--prometheus", "http://127.0.0.1:1"])
    assert ended.value.code == 11
    assert "gives no answer" in capsys.readouterr().err


def test_wrong_use_stays_wrong_use() -> None:
    with json_server([Answer(msgspec.json.encode(ALL))]) as server, pytest.raises(SystemExit) as ended:
        main(["slo", "status", "nothing-of-this-name", "--url", server.url])
    assert ended.value.code == 2


def test_the_help_says_what_each_exit_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["slo", "status", "--help"])
    help_ = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 no objective is breached, 1 one is, 11 there is no answer." in help_
