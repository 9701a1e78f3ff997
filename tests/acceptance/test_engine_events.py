"""What the engine tells comes over the stream of a real server, though nobody in it waits for that."""

from __future__ import annotations

from pathlib import Path

import httpx

from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.ports.alert_store import AlertChange, AlertState
from tests.acceptance.event_client import connected
from tests.server_process import running_server


async def test_an_alert_that_somebody_closes_is_told_over_the_stream(tmp_path: Path) -> None:
    clock = SystemClock()
    now_s = clock.now_micros() // 1_000_000
    async with open_slo_file(tmp_path / "data", clock) as file:
        firing = AlertState(name="MessageLoss", phase="firing", since_s=now_s)
        await SqliteAlertStore(file.writer).commit(AlertChange(at_s=now_s, alerts=(firing,)))
    async with (
        running_server(tmp_path / "data", SUREWIRE_SLO__EVENTS="true") as server,
        connected(server.ws) as client,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        await client.subscribe("alerts", event_types=["alert_received"])
        asked = {"reason": "restored"}
        answer = await http.post(f"{server.http}/v1/alerts/MessageLoss/close", json=asked, headers={"X-User-Id": "alice"})
        assert answer.status_code == 200, answer.text
        (event,) = await client.events(1)
        assert event["event"]["labels"] == {"alertname": "MessageLoss", "status": "resolved"}
