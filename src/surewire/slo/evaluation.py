"""An objective judged at one moment: what it counted, gross and adjusted, what is left of its budget, how fast that burns, its state.

Pure: definitions, counts, what was taken out and the time go in, a status comes out. The simulation, the server's own tick and a
Prometheus as the source of counts go through these same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from surewire.contract.slos import CapacitySlo
from surewire.slo.budget import budget_remaining, events_left, outage_minutes_left, verdict
from surewire.slo.burn_rate import burn_rate, fires
from surewire.slo.capacity import judge_capacity
from surewire.slo.evidence import NO_EVIDENCE, Evidence, judge_evidence
from surewire.slo.measured import Measured, adjusted, gaps_of, measured, taken_out
from surewire.slo.objective import Objective, Tier
from surewire.slo.policy import breach_state, budget_state, burn_state, worst
from surewire.slo.spans import covered_s
from surewire.slo.status import Part, SloState, SloStatus, Tally, Verdict
from surewire.slo.timeline import Timeline
from surewire.slo.window import Interval, Rolling

__all__ = ["empty_status", "evaluate", "firing_tiers", "tally_of"]

_NOTHING: Final = Tally(0, 0)
_TIME_KINDS: Final = frozenset({"availability", "probe"})


class _Judged(Struct, frozen=True):
    """One part with its tallies of the window."""

    part: Measured
    tally: Tally
    gross: Tally


def evaluate(
    objective: Objective,
    timeline: Timeline,
    excluded: Sequence[Interval],
    now_s: int,
    downs: Sequence[Interval] = (),
    evidence: Evidence = NO_EVIDENCE,
) -> SloStatus:
    """The objective's status at `now_s`.

    `excluded` are the spans that maintenance and corrections take out of it, in any order, overlapping or not. `downs` are the times
    in which the process did not run, which only a probed objective looks at and shows. `evidence` is what a capacity, a check or a response
    goes by beside the counts.
    """
    if objective.window is None or objective.target is None:
        status = empty_status(objective, Interval(timeline.first_s or now_s, now_s))
        if isinstance(objective.slo, CapacitySlo):
            return judge_capacity(objective.slo, status, timeline, evidence)
        return judge_evidence(status, evidence)
    window = objective.window.at(now_s)
    out = taken_out(excluded, timeline, window)
    parts = [_judged(part, window, out) for part in measured(objective, timeline, window, downs)]
    seen = replace(_seen(empty_status(objective, window), timeline, out), gaps=gaps_of(objective, downs, window))
    return _with_numbers(seen, objective, objective.target, parts, out, timeline)


def tally_of(
    objective: Objective, timeline: Timeline, span: Interval, excluded: Sequence[Interval] = (), downs: Sequence[Interval] = ()
) -> Tally:
    """What the objective counted in a span, without what is taken out. Of several parts it is the worst, as in its status."""
    out = taken_out(excluded, timeline, span)
    worst_one = _worst([_judged(part, span, out) for part in measured(objective, timeline, span, downs)], objective)
    return worst_one.tally if worst_one else _NOTHING


def firing_tiers(
    objective: Objective, timeline: Timeline, excluded: Sequence[Interval], now_s: int, downs: Sequence[Interval] = ()
) -> tuple[Tier, ...]:
    """The tiers that fire at `now_s`, in the policy's order."""
    if objective.target is None or not objective.tiers:
        return ()
    longest = Interval(now_s - max(tier.long_s for tier in objective.tiers), now_s)
    out = taken_out(excluded, timeline, longest)
    one = _worst([_judged(part, longest, out) for part in measured(objective, timeline, longest, downs)], objective)
    return tuple(_firing(objective.tiers, objective.target, _tallies(objective.tiers, one.part, now_s, out))) if one else ()


def empty_status(objective: Objective, span: Interval) -> SloStatus:
    """The status of an objective of which nothing is known: no data, which is neither good nor bad."""
    return SloStatus(
        id=objective.id,
        kind=objective.kind,
        objective=objective.target,
        window=str(objective.window or ""),
        start_s=span.start_s,
        at_s=span.end_s,
        good=None,
        bad=None,
        total=None,
        sli=None,
        good_gross=None,
        bad_gross=None,
        total_gross=None,
        sli_gross=None,
        budget_remaining=None,
        budget_remaining_gross=None,
        events_left=None,
        outage_minutes_left=None,
        burn_rates={name: None for tier in objective.tiers for name in (_window_name(tier.long_s), _window_name(tier.short_s))},
        coverage=Decimal(0),
        excluded_s=0,
        state="no_data",
        verdict="no_data",
        owner=objective.owners.owner,
        backup=objective.owners.backup,
    )


# ---- steps of an evaluation


def _judged(part: Measured, window: Interval, out: Sequence[Interval]) -> _Judged:
    gross = part.tally(window.start_s, window.end_s)
    return _Judged(part, adjusted(part, window.start_s, window.end_s, out) if out else gross, gross)


def _seen(status: SloStatus, timeline: Timeline, out: Sequence[Interval]) -> SloStatus:
    expected_s = max(1, status.at_s - status.start_s)
    seen_s = min(expected_s, timeline.seen_s(status.start_s, status.at_s))
    return replace(status, coverage=Decimal(seen_s) / expected_s, excluded_s=covered_s(out, status.start_s, status.at_s))


def _with_numbers(
    status: SloStatus, objective: Objective, target: Decimal, parts: Sequence[_Judged], out: Sequence[Interval], timeline: Timeline
) -> SloStatus:
    shown = _worst(parts, objective)
    if shown is None or not shown.gross.total:
        return replace(status, note=_why_nothing(parts, objective), parts=_parts(parts, objective, target))
    tallies = _tallies(objective.tiers, shown.part, status.at_s, out)
    left = budget_remaining(shown.tally, target)
    return replace(
        _counted(status, shown, target),
        budget_remaining=left,
        events_left=events_left(shown.tally, target),
        outage_minutes_left=outage_minutes_left(shown.tally, target, _time_s(objective, shown.tally, status, timeline, out)),
        burn_rates={_window_name(span_s): burn_rate(tally, target) for span_s, tally in tallies.items()},
        state=_state(objective, target, shown.tally, left, tallies),
        verdict=verdict(shown.tally, target, is_strict=objective.is_strict),
        note=_note(shown, parts) or _contradiction(objective, timeline, status),
        parts=_parts(parts, objective, target),
    )


def _counted(status: SloStatus, shown: _Judged, target: Decimal) -> SloStatus:
    gross = replace(
        status,
        good_gross=shown.gross.good,
        bad_gross=shown.gross.bad,
        total_gross=shown.gross.total,
        sli_gross=shown.gross.sli,
        budget_remaining_gross=budget_remaining(shown.gross, target),
    )
    return replace(gross, good=shown.tally.good, bad=shown.tally.bad, total=shown.tally.total, sli=shown.tally.sli)


def _time_s(objective: Objective, tally: Tally, status: SloStatus, timeline: Timeline, out: Sequence[Interval]) -> int:
    """The time in which the tally was counted; where seconds are counted, they are the time."""
    if objective.kind in _TIME_KINDS:
        return tally.total
    gone_s = sum(timeline.seen_s(one.start_s, one.end_s) for one in out)
    return min(status.at_s - status.start_s, timeline.seen_s(status.start_s, status.at_s)) - gone_s


def _state(objective: Objective, target: Decimal, tally: Tally, left: Decimal | None, tallies: dict[int, Tally]) -> SloState:
    """By the budget; where the policy's tiers name states, the worse of that and of the tiers that fire. Without a budget, by breach."""
    if not objective.policy.remaining_states:
        return breach_state(tally, target, min_events=objective.min_events, is_strict=objective.is_strict)
    burning = burn_state(tier.state for tier in _firing(objective.tiers, target, tallies))
    state = budget_state(objective.policy, left)
    return state if state == "no_data" else worst((state, burning))


def _tallies(tiers: Iterable[Tier], part: Measured, now_s: int, out: Sequence[Interval]) -> dict[int, Tally]:
    """The adjusted tally of every tier's long and short window, by its length; two tiers share one that both have."""
    spans_s = dict.fromkeys(span_s for tier in tiers for span_s in (tier.long_s, tier.short_s))
    return {span_s: adjusted(part, now_s - span_s, now_s, out) for span_s in spans_s}


def _firing(tiers: Iterable[Tier], target: Decimal, tallies: dict[int, Tally]) -> Iterable[Tier]:
    return (tier for tier in tiers if fires(tier, target, tallies[tier.long_s], tallies[tier.short_s]))


def _worst(parts: Sequence[_Judged], objective: Objective) -> _Judged | None:
    """The part with the least share of good ones, of those with enough events; the only one where there are no others."""
    if len(parts) == 1 and not objective.per:
        return parts[0]
    least = objective.min_events if objective.per else 1
    enough = [one for one in parts if one.tally.total >= least]
    return min(enough, key=lambda one: one.tally.sli or Decimal(0), default=None)


def _parts(parts: Sequence[_Judged], objective: Objective, target: Decimal) -> tuple[Part, ...]:
    if not objective.per and len(parts) < 2:
        return ()
    return tuple(
        Part(one.part.name, one.tally.good, one.tally.bad, one.tally.sli, _part_verdict(one, objective, target))
        for one in parts
        if one.tally.total
    )


def _part_verdict(one: _Judged, objective: Objective, target: Decimal) -> Verdict:
    enough = not objective.per or one.tally.total >= objective.min_events
    return verdict(one.tally, target, is_strict=objective.is_strict) if enough else "no_data"


def _why_nothing(parts: Sequence[_Judged], objective: Objective) -> str:
    if objective.per and any(one.tally.total for one in parts):
        return f"no {objective.per} had {objective.min_events} events in the window"
    return "nothing was known in the window" if objective.kind in _TIME_KINDS else "no events in the window"


def _note(shown: _Judged, parts: Sequence[_Judged]) -> str:
    if shown.part.note:
        return shown.part.note
    if not shown.tally.total:
        return "all of it was taken out by maintenance or corrections"
    return f"worst of {len(parts)}: {shown.part.name}" if len(parts) > 1 else ""


def _contradiction(objective: Objective, timeline: Timeline, status: SloStatus) -> str:
    """What is wrong with a ratio of which more is good than there is; lint cannot know of two families whether one is in the other."""
    counted = objective.counted
    if objective.kind != "ratio" or counted is None or counted.good is None or counted.total is None:
        return ""
    good, total = (timeline.total(one, status.start_s, status.at_s) for one in (counted.good, counted.total))
    if good <= total:
        return ""
    return f"good counted {good:,} and total {total:,}: they are not the same events, so the share says nothing"


@cache
def _window_name(span_s: int) -> str:
    return str(Rolling(span_s))
