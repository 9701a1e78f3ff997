"""The Autobahn test suite against the echo: nothing failed, nothing closed uncleanly.

Groups 1 to 7 and 10, against the whole server, and against the front alone on the other event loop. The suite needs Python 2;
`services/autobahn install` fetches both, once.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "services" / "autobahn"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
HOME = Path(os.environ.get("AUTOBAHN_HOME", CACHE / "autobahn"))
NOT_STRICT = 2  # 6.4.3 and 6.4.4 ask for bad UTF-8 to be noticed in the middle of a frame

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (HOME / "site" / "autobahntestsuite").exists(), reason="services/autobahn install"),
]


@pytest.fixture(params=["surewire serve", "the front on uvloop"])
def echo_url(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    commands = {
        "surewire serve": ["-m", "surewire", "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")],
        "the front on uvloop": ["-m", "tests.acceptance.front.echo_process", "uvloop"],
    }
    environment = {**os.environ, "SUREWIRE_DIAGNOSTICS__ECHO": "true"}
    command = [sys.executable, *commands[request.param]]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = re.search(r"(\d+\.){3}\d+:\d+", process.stdout.readline())
        assert address is not None
        yield f"ws://{address[0]}/echo"
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_no_case_fails_and_none_ends_uncleanly(echo_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "AUTOBAHN_REPORT": str(tmp_path / "report")}
    run = subprocess.run([SUITE, "run", echo_url], check=False, env=environment, capture_output=True, text=True, timeout=250)
    assert run.returncode == 0, run.stdout + run.stderr
    cases = json.loads((tmp_path / "report" / "index.json").read_text())["server"]
    behaviours = Counter(case["behavior"] for case in cases.values())
    assert len(cases) == 247
    assert behaviours.keys() <= {"OK", "INFORMATIONAL", "NON-STRICT"}
    assert behaviours["NON-STRICT"] <= NOT_STRICT
    assert {case["behaviorClose"] for case in cases.values()} <= {"OK", "INFORMATIONAL"}
