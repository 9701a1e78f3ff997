"""Objectives as the HTTP API answers them."""

from __future__ import annotations

from surewire.monitoring.slo_view import SloView
from surewire.slo.status import SloState

__all__ = ["slo_view"]


def slo_view(id_: str, state: SloState) -> SloView:
    """One in that state, with some numbers."""
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
