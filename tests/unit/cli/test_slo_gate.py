"""`surewire slo gate` on a new installation."""

from __future__ import annotations

import msgspec
import pytest

from surewire.cli import main
from surewire.slo.gate import Gated, Recorder, judge_gate
from tests.json_server import Answer, json_server


def test_an_installation_without_data_is_told_what_gates_and_how_to_deploy_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    result = judge_gate([Gated(slo="availability", state="no_data", is_fed=False)], "feature", Recorder(15, 15))
    with json_server([Answer(msgspec.json.encode(result))]) as server, pytest.raises(SystemExit) as ended:
        main(["slo", "gate", "--url", server.url])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (11, f"{result.reason}\n")
    assert "(availability)" in out
    assert "--override REASON --actor WHO" in err
