"""`surewire slo status --watch` on a real (pseudo) terminal: it draws what is left, and draws again what changed."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from surewire.monitoring.slo_view import GapView, SloList
from tests.acceptance.terminal import terminal
from tests.fakes.slo_views import slo_view
from tests.json_server import Answer, json_server

GAP = GapView(from_="2026-11-20T10:00:00.000000Z", to="2026-11-20T10:31:00.000000Z", cause="crash")
SEEN = replace(slo_view("availability", "healthy"), budget_remaining=0.875, gaps=(GAP,))
LATER = replace(SEEN, budget_remaining=-0.5, state="breached")


async def test_the_table_lives_and_says_when_the_server_did_not_run() -> None:
    answers = [Answer(msgspec.json.encode(SloList("2026-11-21T00:00:00Z", (one, slo_view("idle", "no_data"))))) for one in (SEEN, LATER)]
    with json_server(answers) as server:
        async with terminal(server.url, "slo", "status", "--watch", "--with-data", "--url", server.url, NO_COLOR="1") as screen:
            await screen.until("availability: down from 2026-11-20T10:00:00Z to 2026-11-20T10:31:00Z, 31 min, after a crash")
            await screen.until("objective")
            await screen.until("availability")
            await screen.until("▇")
            await screen.until("87.5 %")
            await screen.until("healthy")
            assert "idle" not in screen.shown
            await screen.until("▇▁")
            await screen.until("-50.0 %")
            await screen.until("breached")
            assert await screen.interrupt() == 130
