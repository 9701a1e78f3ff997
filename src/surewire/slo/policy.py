"""What a policy says of an objective: the state that its budget puts it in, and what follows when that changes.

States get worse in one order: healthy, caution, warning, critical, breached. No data is none of them: it neither worsens nor mends, so
an objective that comes back from it is compared with the last state that was known.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from surewire.contract.slos import Policy, RemainingState
from surewire.slo.status import SloState, Tally

__all__ = [
    "STATES",
    "UNSEEN",
    "Standing",
    "Transition",
    "breach_state",
    "budget_state",
    "burn_state",
    "consequence",
    "is_worse",
    "transition",
    "worst",
]

STATES: Final[tuple[SloState, ...]] = ("healthy", "caution", "warning", "critical", "breached")
"""From best to worst."""

_TIER_STATES: Final[dict[str, SloState]] = {"normal": "healthy", **{state: state for state in STATES}}


class Standing(msgspec.Struct, frozen=True):
    """The state of an objective and, while that is no data, the last one that was known."""

    shown: SloState
    known: SloState


UNSEEN: Final = Standing("no_data", "healthy")
"""Before the first evaluation of all: whatever is then worse than healthy has worsened."""


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """An objective went from one state to another."""

    slo: str
    before: SloState
    after: SloState
    at_s: int
    is_worse: bool
    level: str
    """Whom it is told to: `none` unless it got worse."""
    deployments: str
    """Which changes the new state lets through, in the policy's words; empty when it says nothing."""
    opens_postmortem: bool
    standing: Standing
    """What the next evaluation is compared with."""


def worst(states: Iterable[SloState]) -> SloState:
    """The worst of what is known; no data only when nothing is."""
    known = [state for state in states if state != "no_data"]
    return STATES[max(map(STATES.index, known))] if known else "no_data"


def is_worse(state: SloState, than: SloState) -> bool:
    """Whether one state is worse than another; no data is worse than nothing and better than nothing."""
    return "no_data" not in {state, than} and STATES.index(state) > STATES.index(than)


def budget_state(policy: Policy, remaining: Decimal | None) -> SloState:
    """The state of an objective with this share of its budget left. A bound belongs to the worse side: healthy is more than 50 %."""
    if remaining is None:
        return "no_data"
    row = next((row for row in policy.remaining_states if _holds(row, remaining)), None)
    return _known(row.state) if row else "healthy"


def burn_state(tier_states: Iterable[str]) -> SloState:
    """The worst state that a firing tier names; healthy when none fires. A tier that names no state (an empty one) says nothing."""
    return worst(["healthy", *(_known(state) for state in tier_states if state)])


def breach_state(tally: Tally, objective: Decimal, *, min_events: int, is_strict: bool = False) -> SloState:
    """The state of an objective without a budget: breached when its window has enough events and is below the objective.

    A strict one must be exceeded. With fewer events than `min_events` it is healthy, with none at all it has no data.
    """
    if tally.total == 0:
        return "no_data"
    needed = objective * tally.total
    is_below = tally.good <= needed if is_strict else tally.good < needed
    return "breached" if is_below and tally.total >= min_events else "healthy"


def consequence(policy: Policy, state: SloState) -> RemainingState | None:
    """What the policy says of this state; None when it has no such state."""
    return next((row for row in policy.remaining_states if row.state == state), None)


def transition(slo: str, policy: Policy, standing: Standing, state: SloState, at_s: int) -> Transition | None:
    """What changed since `standing`; None when nothing did."""
    if state == standing.shown:
        return None
    row, got_worse = consequence(policy, state), is_worse(state, standing.known)
    return Transition(
        slo=slo,
        before=standing.shown,
        after=state,
        at_s=at_s,
        is_worse=got_worse,
        level=row.alert if row and got_worse else "none",
        deployments=row.deployments if row else "",
        opens_postmortem=got_worse and state == "breached" and row is not None,
        standing=Standing(state, standing.known if state == "no_data" else state),
    )


def _holds(row: RemainingState, remaining: Decimal) -> bool:
    return row.above is None or remaining > Decimal(str(row.above))


def _known(state: str) -> SloState:
    """Raises: ValueError for a state that no objective can be in; lint refuses such a policy."""
    if state not in _TIER_STATES:
        raise ValueError(f"{state!r} is no state; write one of {', '.join(_TIER_STATES)}")
    return _TIER_STATES[state]
