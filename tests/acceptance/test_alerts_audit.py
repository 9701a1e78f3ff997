"""`surewire alerts lint` and `audit` beside a real Alertmanager and its own tool."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from surewire.adapters.alertmanager.api import AlertmanagerApi
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.cli.alerts_protected import protected_alerts
from surewire.errors import BackendError, BackendUnavailableError
from surewire.slo.alertmanager_lint import lint_alertmanager
from tests.acceptance.monitoring_tools import run, tool
from tests.server_process import running_server
from tests.unit.cli.test_command_line import run as command

CONFIGURATION = """
route: {receiver: pager}
receivers: [{name: pager, webhook_configs: [{url: "http://127.0.0.1:9/"}]}]
inhibit_rules:
  - {source_matchers: [alertname=Maintenance], target_matchers: [alertname=CounterCorruption]}
"""
PROTECTED = protected_alerts(None)
Captured = pytest.CaptureFixture[str]


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncGenerator[str]:
    (folder / "alertmanager.yml").write_text(CONFIGURATION)
    listen = ("--web.listen-address=127.0.0.1:0", "--cluster.listen-address=", f"--storage.path={folder / 'data'}")
    command = (tool("prometheus-alertmanager"), f"--config.file={folder / 'alertmanager.yml'}", *listen)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while not (found := re.search(r'"Listening on" address=(\S+)', (await process.stderr.readline()).decode())):
                assert process.returncode is None
        yield f"http://{found[1]}"
    finally:
        process.terminate()
        await process.communicate()


async def silence(url: str, *matchers: tuple[str, str, bool, bool], comment: str = "too loud") -> str:
    """A silence that anybody can make, for an hour; its id."""
    now = datetime.now(UTC)
    body = {
        "matchers": [{"name": name, "value": value, "isRegex": regex, "isEqual": equal} for name, value, regex, equal in matchers],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "bob",
        "comment": comment,
    }
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/api/v2/silences", json=body)
    return str(answer.raise_for_status().json()["silenceID"])


async def fire(url: str, *names: str, **labels: str) -> None:
    async with httpx.AsyncClient() as http:
        alerts = [{"labels": {"alertname": name, **labels}} for name in names]
        (await http.post(f"{url}/api/v2/alerts", json=alerts)).raise_for_status()


async def ids(url: str) -> set[str]:
    async with AlertmanagerApi(url) as api:
        return {one.id for one in await api.silences()}


async def audit(url: str, capsys: Captured, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """The exit status, what was found, and what was complained of."""
    status = await asyncio.to_thread(command, "alerts", "audit", "--alertmanager", url, "--actor", "alice", "--json", *arguments)
    printed = capsys.readouterr()
    return status, json.loads(printed.out), printed.err


async def test_silences_over_what_cannot_be_silenced_are_ended_and_recorded_and_others_are_left(tmp_path: Path, capsys: Captured) -> None:
    async with alertmanager(tmp_path) as url:
        named = await silence(url, ("alertname", "MessageLoss", False, True))
        broad = await silence(url, ("severity", "SEV-3", False, False))
        pattern = await silence(url, ("alertname", "Dup.*|High.*", True, True))
        innocent = await silence(url, ("alertname", "HighConsumerLag", False, True))
        doubtful = await silence(url, ("cluster", "dev", False, True))
        status, rows, problems = await audit(url, capsys, "--data", str(tmp_path / "surewire"))
        assert (status, problems) == (1, "")
        assert {row["what"]: (row["alerts"], row["outcome"]) for row in rows} == {
            f"silence {named}": ("MessageLoss", "ended"),
            f"silence {broad}": ("MessageLoss, DuplicateSequence, CounterCorruption", "ended"),
            f"silence {pattern}": ("DuplicateSequence", "ended"),
            f"silence {doubtful}": ("MessageLoss, DuplicateSequence, CounterCorruption with the label cluster", "may match: look at it"),
        }
        assert await ids(url) == {innocent, doubtful}
    async with open_slo_file(tmp_path / "surewire", SystemClock()) as file:
        kept = await file.ledger.entries({"audit"})
    assert {entry.actor for entry in kept} == {"alice"}
    assert max(entry.body["subject"] for entry in kept) == "MessageLoss, DuplicateSequence, CounterCorruption"
    assert all(entry.body["outcome"] == "ended" and entry.body["reason"].startswith("silenced by bob until ") for entry in kept)
    assert len(kept) == 3


async def test_an_alertmanager_without_such_silences_is_left_in_peace(tmp_path: Path, capsys: Captured) -> None:
    async with alertmanager(tmp_path) as url:
        await silence(url, ("alertname", "HighConsumerLag", False, True))
        assert await audit(url, capsys) == (0, [], "")


async def test_looking_alone_changes_nothing(tmp_path: Path, capsys: Captured) -> None:
    async with alertmanager(tmp_path) as url:
        made = await silence(url, ("alertname", "MessageLoss", False, True))
        status, rows, problems = await audit(url, capsys, "--dry-run")
        assert (status, [row["outcome"] for row in rows], problems) == (1, ["would be ended"], "")
        assert await ids(url) == {made}


async def test_an_alert_that_fires_shows_the_labels_that_it_has(tmp_path: Path, capsys: Captured) -> None:
    async with alertmanager(tmp_path) as url:
        await fire(url, "MessageLoss", cluster="dev")
        await silence(url, ("cluster", "dev", False, True))
        _, rows, _ = await audit(url, capsys, "--dry-run")
        assert [(row["alerts"], row["outcome"]) for row in rows] == [("MessageLoss", "would be ended")]


async def test_what_an_inhibition_keeps_quiet_now_is_found(tmp_path: Path, capsys: Captured) -> None:
    async with alertmanager(tmp_path) as url:
        await fire(url, "Maintenance", "CounterCorruption")
        async with AlertmanagerApi(url) as api, asyncio.timeout(30):
            # Alertmanager judges inhibitions when it next looks at the group.
            while not any(alert.inhibited_by for alert in await api.alerts()):
                pass
        status, rows, _ = await audit(url, capsys, "--dry-run")
        assert (status, [(row["what"], row["alerts"]) for row in rows]) == (1, [("inhibited or muted", "CounterCorruption")])


async def test_a_running_server_keeps_the_record(tmp_path: Path, capsys: Captured) -> None:
    async with running_server(tmp_path / "surewire") as server, alertmanager(tmp_path) as url:
        await silence(url, ("alertname", "MessageLoss", False, True))
        status, rows, problems = await audit(url, capsys, "--url", server.http)
        assert (status, [row["outcome"] for row in rows], problems) == (1, ["ended"], "")
        await server.terminate()
    async with open_slo_file(tmp_path / "surewire", SystemClock()) as file:
        (entry,) = await file.ledger.entries({"audit"})
    assert (entry.actor, entry.body["subject"], entry.body["outcome"]) == ("alice", "MessageLoss", "ended")


async def test_a_silence_is_ended_though_nobody_can_write_it_down(tmp_path: Path, capsys: Captured) -> None:
    async with alertmanager(tmp_path) as url:
        await silence(url, ("alertname", "MessageLoss", False, True))
        status, rows, problems = await audit(url, capsys, "--url", "http://127.0.0.1:9")
        assert (status, [row["outcome"] for row in rows]) == (1, ["ended"])
        assert "it is not on record" in problems
        assert await ids(url) == set()


async def test_ending_a_silence_twice_is_no_error(tmp_path: Path) -> None:
    async with alertmanager(tmp_path) as url, AlertmanagerApi(url) as api:
        made = await silence(url, ("alertname", "MessageLoss", False, True))
        await api.expire(made)
        await api.expire(made)
        await api.expire("00000000-0000-4000-8000-000000000000")
        assert await api.silences() == []


async def test_what_is_no_alertmanager_is_said(tmp_path: Path) -> None:
    async with running_server(tmp_path / "surewire") as server, AlertmanagerApi(server.http) as api:
        with pytest.raises(BackendError, match="HTTP 404"):
            await api.silences()
    async with AlertmanagerApi("http://127.0.0.1:9") as api:
        with pytest.raises(BackendUnavailableError, match="not reached"):
            await api.silences()


# ---- the tree of routes, as Alertmanager's own tool walks it

MATCHERS = st.lists(
    st.sampled_from(["severity=SEV-1", 'alertname=~"Message.*|x"', "severity!=SEV-1", "service=surewire", "team=core", "team!=core"]),
    max_size=2,
    unique=True,
)
RECEIVERS = ["reaches", "reaches-too", "silent", "silent-too"]


def branches(children: st.SearchStrategy[list[dict[str, Any]]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    branch = st.fixed_dictionaries(
        {"matchers": MATCHERS, "continue": st.booleans(), "routes": children}, optional={"receiver": st.sampled_from(RECEIVERS)}
    )
    return st.lists(branch, max_size=3)


TREES = st.recursive(st.just(list[dict[str, Any]]()), branches, max_leaves=4)


def written(folder: Path, receiver: str, routes: Sequence[dict[str, Any]]) -> Path:
    config = {
        "route": {"receiver": receiver, "repeat_interval": "5m", "routes": list(routes)},
        "receivers": [
            {"name": name, **({"webhook_configs": [{"url": "http://127.0.0.1:9/"}]} if name.startswith("reaches") else {})}
            for name in RECEIVERS
        ],
    }
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    return folder / "alertmanager.yml"


@settings(max_examples=40)
@given(st.sampled_from(RECEIVERS), TREES)
def test_whom_an_alert_reaches_is_what_alertmanagers_own_tool_says(
    tmp_path_factory: pytest.TempPathFactory, receiver: str, routes: list[dict[str, Any]]
) -> None:
    file = written(tmp_path_factory.getbasetemp(), receiver, routes)
    labels = PROTECTED["MessageLoss"]
    said = run("amtool", "config", "routes", "test", f"--config.file={file}", *(f"{name}={value}" for name, value in labels.items()))
    reaches = any(name.startswith("reaches") for name in said.splitlines()[-1].split(","))
    problems = lint_alertmanager(file.read_text(), file.name, {"MessageLoss": labels})
    assert [problem.level for problem in problems if problem.level == "error"] == ([] if reaches else ["error"])


def test_what_is_generated_passes_both(tmp_path: Path) -> None:
    run("amtool", "check-config", written(tmp_path, "reaches", []))
    command = [sys.executable, "-m", "surewire", "alerts", "lint", str(tmp_path / "alertmanager.yml")]
    assert subprocess.run(command, check=False, timeout=60, capture_output=True).returncode == 0
