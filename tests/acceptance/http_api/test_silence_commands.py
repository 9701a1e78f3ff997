"""`surewire alerts silence` against a server: what is listed, and what a slip of the pen is told."""

from __future__ import annotations

import asyncio
import sys

from surewire.alerting.kept_silences import MAX_SILENCES
from surewire.contract.selector import Matcher
from surewire.domain.instant import format_seconds
from tests.acceptance.http_api.running_api import RunningApi


async def run(api: RunningApi, *arguments: str) -> tuple[str, str]:
    """What the command says, and what it warns of."""
    line = (sys.executable, "-m", "surewire", "alerts", "silence", *arguments, "--url", api.url)
    process = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, warned = await asyncio.wait_for(process.communicate(), 30)
    return out.decode(), warned.decode()


async def test_a_silence_of_no_alert_says_so_and_is_listed_with_and_without_the_word(api: RunningApi) -> None:
    made, warned = await run(api, 'alertname="NoSuchAlert"', "--owner", "alice", "--reason", "a slip")
    assert "mutes nothing: no alert is like that" in warned
    assert await run(api, "list") == await run(api) == (made, warned)


async def test_a_silence_of_longer_than_a_month_is_refused(api: RunningApi) -> None:
    _, refused = await run(api, 'alertname="HighConsumerLag"', "--for", "400d", "--owner", "alice", "--reason", "forever")
    assert "a silence lasts 30 days at most" in refused


async def test_one_silence_too_many_is_refused_with_what_to_do(api: RunningApi) -> None:
    alerts = api.services.alerts
    for _ in range(MAX_SILENCES):
        await alerts.manager.silence(
            [Matcher("alertname", "=", "HighConsumerLag")],
            owner="alice",
            reason="an import",
            starts_at_s=alerts.now_s,
            ends_at_s=alerts.now_s + 600,
            actor="alice",
            now_s=alerts.now_s,
        )
    asked = {"matchers": ['slo="availability"'], "owner": "alice", "reason": "one more", "ends_at": format_seconds(alerts.now_s + 600)}
    answer = await api.client.post("/v1/silences", json=asked, headers={"X-User-Id": "alice"})
    assert (answer.status_code, answer.json()["code"]) == (422, "LIMIT_EXCEEDED")
    assert "end some" in answer.json()["detail"]
