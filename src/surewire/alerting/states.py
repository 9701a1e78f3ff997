"""Where an alert goes from one look at its condition to the next.

Theory of operation. A condition that holds makes an alert pending, and firing once it has held for `hold_s`; one that does not, or of which
nothing is known, makes it quiet, as in Prometheus. Two rules stand above the table: a non-negotiable alert that fires stays so until a
person closes it, and when its counters grow again, or an hour after it was acknowledged, it wants to be acknowledged anew.

    quiet ── holds ──► pending ── held long enough ──► firing ── does not hold ──► quiet (resolved)
                          └── does not hold ──► quiet
"""

from __future__ import annotations

from typing import Final

import msgspec

from surewire.alerting.elapsed import elapsed_s
from surewire.ports.alert_store import Acknowledgement, AlertPhase, AlertState
from surewire.slo.alert_rule import AlertRule
from surewire.slo.judgement import Judgement, Verdict
from surewire.slo.window import HOUR_S

__all__ = ["ACKNOWLEDGED_FOR_S", "acknowledged", "closed", "following"]

ACKNOWLEDGED_FOR_S: Final = HOUR_S
"""How long the acknowledgement of a non-negotiable alert lasts: each page is acknowledged until the alert is closed."""

_NEXT: Final[dict[tuple[AlertPhase, Verdict], AlertPhase]] = {
    ("quiet", "firing"): "pending",
    ("quiet", "quiet"): "quiet",
    ("quiet", "no_data"): "quiet",
    ("pending", "firing"): "pending",
    ("pending", "quiet"): "quiet",
    ("pending", "no_data"): "quiet",
    ("firing", "firing"): "firing",
    ("firing", "quiet"): "quiet",
    ("firing", "no_data"): "quiet",
}


def following(state: AlertState, rule: AlertRule, judgement: Judgement, now_s: int) -> AlertState:
    """The state after the judgement. It is the same value when nothing changed that is worth keeping."""
    if judgement.mark is not None and judgement.mark != state.mark:
        state = msgspec.structs.replace(state, mark=judgement.mark)
    if state.phase == "firing" and rule.is_non_negotiable:
        return _still_latched(state, judgement, now_s)
    phase = _NEXT[state.phase, judgement.verdict]
    since_s = min(state.since_s, now_s) if phase == state.phase else now_s
    if phase == "pending" and now_s - since_s >= rule.hold_s:
        return msgspec.structs.replace(state, phase="firing", since_s=now_s, detail=judgement.detail, firings=state.firings + 1)
    if phase == state.phase:
        return state if since_s == state.since_s else msgspec.structs.replace(state, since_s=since_s)
    return closed(state, now_s) if state.phase == "firing" else msgspec.structs.replace(state, phase=phase, since_s=now_s)


def acknowledged(state: AlertState, by: Acknowledgement) -> AlertState:
    """The firing alert, seen by a person."""
    answered_at_s = by.at_s if state.answered_at_s is None else state.answered_at_s
    return msgspec.structs.replace(state, acknowledged=by, answered_at_s=answered_at_s)


def closed(state: AlertState, now_s: int) -> AlertState:
    """The firing alert, resolved. What people said of this time goes with it, a known issue does not."""
    forgotten = {"phase": "quiet", "since_s": now_s, "detail": "", "acknowledged": None, "answered_at_s": None}
    return msgspec.structs.replace(state, **forgotten, resolved_at_s=now_s)


def _still_latched(state: AlertState, judgement: Judgement, now_s: int) -> AlertState:
    if judgement.verdict == "firing":
        return msgspec.structs.replace(state, detail=judgement.detail, acknowledged=None)
    if state.acknowledged is not None and elapsed_s(state.acknowledged.at_s, now_s) >= ACKNOWLEDGED_FOR_S:
        return msgspec.structs.replace(state, acknowledged=None)
    return state
