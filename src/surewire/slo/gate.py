"""Whether a change may be deployed now: allowed, refused, or unknown, with a reason that names every objective that refuses.

Theory of operation. Each objective that gates lets some changes through, by its state (`LETS_THROUGH`). Beside the states stand freezes
and hard fails, which let only emergencies through, whatever the state is. One refusal is enough to refuse. Where nobody refuses, what is
not known decides: a recorder that went silent, an objective that was fed once and has no data now, no data at all. An objective
that was never fed in this installation is not used here and is skipped. So the gate fails closed, and a person may override it by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, get_args

import msgspec

from surewire.slo.policy import worst
from surewire.slo.status import SloState

__all__ = [
    "CHANGES",
    "EXIT_CODES",
    "LETS_THROUGH",
    "OVERRIDE",
    "STALE_TICKS",
    "ChangeKind",
    "FreezeState",
    "GateResult",
    "GateVerdict",
    "Gated",
    "Override",
    "Recorder",
    "Refusal",
    "judge_gate",
]

ChangeKind = Literal["feature", "reliability", "emergency"]
GateVerdict = Literal["allowed", "refused", "unknown"]
FreezeState = Literal["none", "open", "ended"]

CHANGES: Final[tuple[ChangeKind, ...]] = get_args(ChangeKind)
OVERRIDE: Final = "override"
"""The ledger's kind of entry in which a change was let through; its body is a `GateResult`."""
EXIT_CODES: Final[dict[GateVerdict, int]] = {"allowed": 0, "refused": 10, "unknown": 11}
STALE_TICKS: Final = 3

LETS_THROUGH: Final[dict[SloState, frozenset[ChangeKind]]] = {
    "healthy": frozenset({"feature", "reliability", "emergency"}),
    "caution": frozenset({"reliability", "emergency"}),
    "warning": frozenset({"emergency"}),
    "critical": frozenset({"emergency"}),
    "breached": frozenset(),
}
_EMERGENCY_ONLY: Final = LETS_THROUGH["critical"]


class Gated(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate knows of one objective. `state` is that of the adjusted budget."""

    slo: str
    state: SloState
    burn_state: SloState = "healthy"
    """What firing tiers say, where the policy's tiers name states; healthy elsewhere."""
    budget_remaining: Decimal | None = None
    is_gating: bool = True
    """Its state counts. Freezes and hard fails stand by themselves."""
    is_named: bool = False
    """The question names it: though its state may not count, it lets through what neither a freeze nor a hard fail refuses."""
    has_budget: bool = True
    """False for an objective that is only healthy or breached: while it is idle it is healthy."""
    is_fed: bool = True
    """It had data at any time in this installation."""
    freeze: FreezeState = "none"
    """`ended`: since it was breached, a corrective action was validated and the budget burned slowly for a day."""
    hard_fail: str = ""
    """The firing alert of its hard limit."""


class Recorder(msgspec.Struct, frozen=True):
    """How long ago the last tick was recorded (None: never), and how long a tick is."""

    age_s: int | None
    tick_s: float

    @property
    def is_stale(self) -> bool:
        """Nothing was recorded for more than three ticks."""
        return self.age_s is None or self.age_s > STALE_TICKS * self.tick_s


class Override(msgspec.Struct, frozen=True):
    """Who lets a change through in spite of the gate, and why. It is recorded."""

    reason: str
    actor: str


class Refusal(msgspec.Struct, frozen=True):
    """One objective that does not let the change through."""

    slo: str
    why: str


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's answer. `verdict` is the gate's own; an override changes only whether the change `is_allowed`."""

    verdict: GateVerdict
    change: ChangeKind
    is_allowed: bool
    exit_code: int
    reason: str
    """One line, which names every refusing objective by its id."""
    refusing: tuple[Refusal, ...]
    unknown: tuple[str, ...]
    """Objectives that were fed once and have no data now."""
    skipped: tuple[str, ...]
    """Objectives that were never fed here."""
    override: Override | None


def judge_gate(gated: Sequence[Gated], change: ChangeKind, recorder: Recorder, override: Override | None = None) -> GateResult:
    """The answer for this change. The order of `gated` is the order of the reason."""
    refusing = tuple(refusal for one in gated if (refusal := _refusal(one, change)) is not None)
    unknown = tuple(one.slo for one in gated if one.is_gating and one.is_fed and _effective(one) == "no_data")
    skipped = tuple(one.slo for one in gated if one.is_gating and not one.is_fed)
    verdict, reason = _verdict(gated, change, recorder, refusing, unknown, skipped)
    return GateResult(
        verdict=verdict,
        change=change,
        is_allowed=verdict == "allowed" or override is not None,
        exit_code=EXIT_CODES["allowed" if override else verdict],
        reason=_overridden(reason, override) if override and verdict != "allowed" else reason,
        refusing=refusing,
        unknown=unknown,
        skipped=skipped,
        override=override,
    )


def _effective(one: Gated) -> SloState:
    """The state that gates. An ended freeze makes a breach count as caution until the budget is positive."""
    if one.state == "no_data":
        return "no_data" if one.has_budget else "healthy"
    state: SloState = "caution" if one.state == "breached" and one.freeze == "ended" else one.state
    return worst((state, one.burn_state))


def _refusal(one: Gated, change: ChangeKind) -> Refusal | None:
    reasons: list[str] = []
    if one.hard_fail and change not in _EMERGENCY_ONLY:
        reasons.append(f"fails hard ({one.hard_fail} fires)")
    if one.freeze == "open" and change not in _EMERGENCY_ONLY:
        reasons.append("has an open freeze")
    state = _effective(one) if one.is_gating and one.is_fed else "no_data"
    if state != "no_data" and change not in LETS_THROUGH[state]:
        reasons.append(_state_in_words(one, state))
    return Refusal(one.slo, " and ".join(reasons)) if reasons else None


def _state_in_words(one: Gated, state: SloState) -> str:
    words = f"is {state}" if one.state == state else f"is {one.state} and counts as {state}"
    if one.budget_remaining is None or not one.has_budget:
        return words
    return f"{words} ({_percent(one.budget_remaining)} of its budget left)"


def _percent(share: Decimal) -> str:
    return f"{share * 100:.1f} %"


def _verdict(
    gated: Sequence[Gated],
    change: ChangeKind,
    recorder: Recorder,
    refusing: tuple[Refusal, ...],
    unknown: tuple[str, ...],
    skipped: tuple[str, ...],
) -> tuple[GateVerdict, str]:
    if refusing:
        return "refused", f"{_change_in_words(change)} is refused: " + "; ".join(f"{one.slo} {one.why}" for one in refusing)
    if recorder.is_stale:
        return "unknown", _stale_in_words(recorder)
    if unknown:
        return "unknown", f"unknown: no data of {', '.join(unknown)}"
    asked = [one for one in gated if one.is_gating or one.is_named]
    judged = [one for one in asked if one.is_fed]
    if all(one.state == "no_data" for one in judged):
        return "unknown", _unfed_in_words([one.slo for one in asked])
    return "allowed", _allowed_in_words(change, judged, skipped)


def _change_in_words(change: ChangeKind) -> str:
    return f"{'an' if change == 'emergency' else 'a'} {change} change"


def _unfed_in_words(asked: Sequence[str]) -> str:
    if not asked:
        return "unknown: no objective gates; write gate: true in the definition of one"
    return f"unknown: no objective that is asked has data yet ({', '.join(asked)}); use the server until one has"


def _stale_in_words(recorder: Recorder) -> str:
    if recorder.age_s is None:
        return f"unknown: nothing was recorded yet; the first tick comes within {recorder.tick_s:g} s of the start"
    return f"unknown: nothing was recorded for {recorder.age_s} s, more than {STALE_TICKS} ticks of {recorder.tick_s:g} s"


def _allowed_in_words(change: ChangeKind, judged: Sequence[Gated], skipped: tuple[str, ...]) -> str:
    unused = f"; never fed here and skipped: {', '.join(skipped)}" if skipped else ""
    return f"{_change_in_words(change)} is allowed by {', '.join(one.slo for one in judged)}{unused}"


def _overridden(reason: str, override: Override) -> str:
    return f"overridden by {override.actor} ({override.reason}): {reason}"
