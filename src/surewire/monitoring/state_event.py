"""A change of an objective's state as an event of the stream."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from surewire.domain.event import Event, Severity
from surewire.slo.policy import Transition
from surewire.slo.status import SloState, SloStatus

__all__ = ["state_changed"]

_SEVERITIES: Final[dict[SloState, Severity]] = {"breached": "P1", "critical": "P1", "warning": "P2", "caution": "P3"}
_BUDGET_DIGITS: Final = 6


def state_changed(change: Transition, status: SloStatus) -> Event:
    """`slo_state_changed`: which objective went from what to what, and what is left. A severity only where it got worse."""
    left = status.budget_remaining
    data = {
        "slo": change.slo,
        "before": change.before,
        "after": change.after,
        "budget_remaining": None if left is None else round(float(left), _BUDGET_DIGITS),
        "deployments": change.deployments,
        "owner": status.owner,
    }
    return Event(
        "slo_state_changed",
        severity=_SEVERITIES.get(change.after) if change.is_worse else None,
        source="surewire",
        labels={"slo": change.slo, "state": change.after},
        data=Raw(msgspec.json.encode(data)),
    )
