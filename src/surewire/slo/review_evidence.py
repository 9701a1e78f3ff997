"""What the server knows of the points of a review, in sentences: budgets by owner, trends, slow endpoints, why connections ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from surewire.contract.selector import Matcher, Selector
from surewire.contract.slos import CapacitySlo, LatencySlo
from surewire.slo.amounts import percent, span
from surewire.slo.correction import Decision
from surewire.slo.freeze import Freeze
from surewire.slo.measured import measured
from surewire.slo.objective import Objective
from surewire.slo.review import Cadence
from surewire.slo.status import SloStatus, Tally
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, Interval, Rolling

__all__ = ["LOOK_BACK_S", "Known", "evidence", "projected_breach"]

LOOK_BACK_S: Final[dict[Cadence, int]] = {"daily": DAY_S, "weekly": 7 * DAY_S, "monthly": 30 * DAY_S, "quarterly": 90 * DAY_S}
"""How far back a review looks."""

_ENDED: Final = Selector("gateway_disconnections_total")
_UNSTABLE: Final = ("slow_consumer", "server_error", "task_panic")
_PONGS: Final = Selector("gateway_heartbeat_pongs_received_total")
_TIMEOUTS: Final = Selector("gateway_heartbeat_timeouts_total")
_SLOW: Final = (0.2, 0.95)
"""The threshold and the share of what is called a slow endpoint: 200 ms at the 95th percentile."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What evidence is made from. `fired` counts how often each alert fired in the time that is looked back on."""

    objectives: Mapping[str, Objective]
    statuses: Sequence[SloStatus]
    timeline: Timeline
    freezes: Mapping[str, Freeze]
    overrides: Sequence[Decision]
    """Changes that were let through in spite of the gate, ever."""
    fired: Mapping[str, int] | None
    """None when nobody remembers alerts."""
    firing: Sequence[str]
    now_s: int
    look_back_s: int


def evidence(known: Known) -> dict[str, tuple[str, ...]]:
    """Sentences by the key that a review's tasks name; a key without any is left to a person."""
    found = {
        "alerts": _alerts(known),
        "breaches": _breaches(known),
        "budgets": _budgets(known),
        "burns": _burns(known),
        "capacity": _capacity(known),
        "heartbeats": _heartbeats(known),
        "recording": _recording(known),
        "slow_endpoints": _slow_endpoints(known),
        "trends": _trends(known),
        "unstable": _unstable(known),
    }
    return {key: said for key, sentences in found.items() if (said := tuple(sentences))}


def projected_breach(objective: Objective, status: SloStatus) -> int | None:
    """Seconds from now until the budget is spent when it goes on burning as in the longest window of the tiers; None when it does not.

    The earliest time: that old bad events leave a rolling window meanwhile is not counted on. A budget that burns at 1x or slower lasts.
    """
    left, window = status.budget_remaining, objective.window
    if left is None or left <= 0 or window is None or not objective.tiers:
        return None
    longest = max(objective.tiers, key=lambda tier: tier.long_s)
    rate = status.burn_rates.get(str(Rolling(longest.long_s)))
    return int(left * window.length_s / rate) if rate is not None and rate > 1 else None


# ---- sentences


def _alerts(known: Known) -> Iterator[str]:
    if known.fired is not None:
        often = Counter(known.fired).most_common()
        names = ", ".join(f"{name} {count}x" for name, count in often[:5])
        total = sum(known.fired.values())
        yield f"Fired in the last {span(known.look_back_s)}: {_often(total, names)}."
    yield f"Firing now: {', '.join(known.firing) or 'nothing'}."


def _often(total: int, names: str) -> str:
    if total < 2:
        return f"once, {names.removesuffix(' 1x')}" if total else "nothing"
    return f"{total} times, most often {names}"


def _breaches(known: Known) -> Iterator[str]:
    breached = [status.id for status in known.statuses if status.verdict == "breached"]
    yield f"Below their objective now: {', '.join(breached) or 'none'}."
    for freeze in known.freezes.values():
        if freeze.state == "open":
            yield f"Deployments are frozen for {freeze.slo} since {_day(freeze.opened_at_s)}: {freeze.cause}."
    yield from (_let_through(entry) for entry in known.overrides if entry.at_s >= _past(known).start_s)


def _let_through(override: Decision) -> str:
    body = override.body
    refusing = ", ".join(one["slo"] for one in body["refusing"])
    gate = f"refused by {refusing}" if refusing else f"the gate: {body['verdict']}"
    return f"A {body['change']} change was let through on {_day(override.at_s)} by {override.actor} ({body['override']['reason']}); {gate}."


def _budgets(known: Known) -> Iterator[str]:
    owners: dict[str, list[str]] = {}
    for status in known.statuses:
        if status.budget_remaining is not None and known.objectives[status.id].tiers:
            left = f"{status.id} {status.budget_remaining * 100:.1f} % left ({status.state})"
            owners.setdefault(status.owner, []).append(left)
    for owner, budgets in owners.items():
        yield f"{owner}: {', '.join(budgets)}."


def _burns(known: Known) -> Iterator[str]:
    burning = [(rate, status.id, name) for status in known.statuses for name, rate in status.burn_rates.items() if rate and rate > 1]
    fastest: dict[str, str] = {}
    for rate, slo, name in sorted(burning, reverse=True):
        fastest.setdefault(slo, f"{slo} at {rate:.1f}x over {name}")
    yield f"Burning faster than 1x: {', '.join(fastest.values()) or 'nothing'}."


def _trends(known: Known) -> Iterator[str]:
    lasting: list[str] = []
    for status in known.statuses:
        in_s = projected_breach(known.objectives[status.id], status)
        if in_s is not None:
            yield f"{status.id}: at the burn of the last days its budget is spent on {_day(known.now_s + in_s)} at the earliest."
        elif status.budget_remaining is not None and status.budget_remaining > 0 and known.objectives[status.id].tiers:
            lasting.append(status.id)
    if lasting:
        yield f"No breach in sight: {', '.join(lasting)}."


def _recording(known: Known) -> Iterator[str]:
    if not known.statuses:
        return
    silent = [status.id for status in known.statuses if status.verdict == "no_data"]
    seen = Decimal(min(known.look_back_s, known.timeline.seen_s(known.now_s - known.look_back_s, known.now_s))) / known.look_back_s
    yield f"Something recorded in {percent(seen.quantize(Decimal('0.0001')))} of the last {span(known.look_back_s)}."
    yield f"{len(known.statuses) - len(silent)} of {len(known.statuses)} objectives have data; without: {', '.join(silent) or 'none'}."


def _slow_endpoints(known: Known) -> Iterator[str]:
    past = _past(known)
    for objective in known.objectives.values():
        slo = objective.slo
        if isinstance(slo, LatencySlo) and slo.per and (slo.threshold_s, slo.objective) == _SLOW and objective.target is not None:
            parts = [(part.name, part.tally(past.start_s, past.end_s)) for part in measured(objective, known.timeline, past)]
            slow = [(name, tally) for name, tally in parts if tally.total and tally.good < objective.target * tally.total]
            yield from (_slow(name, tally, past.length_s) for name, tally in sorted(slow, key=lambda one: one[1].good / one[1].total))
            if not slow:
                yield f"None of {len(parts)} endpoints in the last {span(past.length_s)}."


def _slow(name: str, tally: Tally, over_s: int) -> str:
    return f"{name}: {100 * tally.good / tally.total:.1f} % of {tally.total:,} within 200 ms in the last {span(over_s)}."


def _unstable(known: Known) -> Iterator[str]:
    past, before = _past(known), _before(known)
    total = known.timeline.total(_ENDED, past.start_s, past.end_s)
    for reason in _UNSTABLE:
        selector = Selector(_ENDED.metric, (Matcher("reason", "=", reason),))
        now, then = (known.timeline.total(selector, one.start_s, one.end_s) for one in (past, before))
        yield f"{reason}: {now:,} of {total:,} closed connections in the last {span(past.length_s)}; {then:,} in as long before."


def _heartbeats(known: Known) -> Iterator[str]:
    for one, words in ((_past(known), "in the last"), (_before(known), "before that, in")):
        late, answered = (known.timeline.total(selector, one.start_s, one.end_s) for selector in (_TIMEOUTS, _PONGS))
        total = late + answered
        share = f"{100 * late / total:.3f} % of {total:,} pings unanswered" if total else "No pings"
        yield f"{share} {words} {span(one.length_s)}."


def _capacity(known: Known) -> Iterator[str]:
    for status in known.statuses:
        slo = known.objectives[status.id].slo
        if isinstance(slo, CapacitySlo):
            yield f"{status.id}: {status.verdict.replace('_', ' ')}{f' ({status.note})' if status.note else ''}."


def _past(known: Known) -> Interval:
    return Interval(known.now_s - known.look_back_s, known.now_s)


def _before(known: Known) -> Interval:
    return Interval(known.now_s - 2 * known.look_back_s, known.now_s - known.look_back_s)


def _day(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d}"
