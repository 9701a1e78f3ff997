"""An objective in plain words: what is counted, from which metric, what is left out, what its budget means, and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from surewire.contract.alerts import AlertCatalogue
from surewire.contract.slos import LatencySlo, ProbeSlo
from surewire.slo.amounts import percent, plain, span, window_in_words
from surewire.slo.budget import allowed, outage_budget_s
from surewire.slo.burn_rate import budget_spent, exhausted_after_s
from surewire.slo.counting_words import counting, reads
from surewire.slo.objective import Objective, Tier, exact
from surewire.slo.window import SLOT_S, Window, parse_duration

__all__ = ["Explanation", "Section", "explain"]

_EXAMPLE_EVENTS: Final = (1_000, 1_000_000)
_OTHER_KINDS: Final = {
    "capacity": "how much it must be able to carry",
    "check": "what a check must find",
    "response": "how soon people must answer",
}


class Section(msgspec.Struct, frozen=True):
    """One heading with its sentences."""

    title: str
    sentences: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True):
    """An objective in words."""

    id: str
    summary: str
    sections: tuple[Section, ...]


def explain(objective: Objective, alerts: AlertCatalogue) -> Explanation:
    """The explanation. Every number in it is computed from the definition; `alerts` says how soon a severity is answered."""
    sections = {
        "Counted": tuple(counting(objective.slo)),
        "Read from": tuple(reads(objective.slo)),
        "Left out": tuple(_left_out(objective)),
        "Budget": tuple(_budget(objective)),
        "Alerts": tuple(_alerts(objective, alerts)),
        "States": tuple(_states(objective)),
        "Deployments": tuple(_deployments(objective)),
        "Who": tuple(_people(objective)),
    }
    return Explanation(objective.id, _summary(objective), tuple(Section(title, said) for title, said in sections.items() if said))


def _summary(objective: Objective) -> str:
    if objective.target is None or objective.window is None:
        return f"{objective.id}: {_OTHER_KINDS[objective.kind]}."
    at_least = "more than" if objective.is_strict else "at least"
    return f"{objective.id}: {at_least} {percent(objective.target)} good over {window_in_words(objective.window)}."


# ---- what is left out


def _left_out(objective: Objective) -> Iterator[str]:
    slo = objective.slo
    if objective.target is None:
        return
    if isinstance(slo, LatencySlo) and slo.exclude:
        if slo.exclude.endpoint:
            yield f"Requests to {', '.join(slo.exclude.endpoint)}."
        if slo.exclude.upstream_errors:
            yield "Errors of an upstream (status 502 and 504)."
    if objective.excludes_maintenance:
        notice_h = slo.maintenance_notice_h if isinstance(slo, ProbeSlo) else None
        early = f"at least {notice_h} h before it starts" if notice_h else "before it starts"
        yield f"Maintenance that was announced {early}, from the adjusted value."
    proof = ", with evidence," if isinstance(slo, ProbeSlo) else ""
    yield f"Times that a correction{proof} takes out, from the adjusted value. The gross value keeps everything."
    yield f"Both leave good and bad events alike, in whole slots of {SLOT_S} s, rounded outward."


# ---- the budget


def _budget(objective: Objective) -> Iterator[str]:
    target, window = objective.target, objective.window
    if target is None or window is None:
        return
    unit = "seconds" if objective.kind in {"availability", "probe"} else "events"
    total = next((total for total in _EXAMPLE_EVENTS if allowed(total, target) >= 1), 10 * _EXAMPLE_EVENTS[-1])
    yield f"{percent(1 - target)} may be bad: {plain(allowed(total, target).quantize(Decimal(1)))} of {total:,} {unit}."
    outage = span(outage_budget_s(target, window.length_s))
    month = " of 30 d" if str(window) == "calendar month" else ""
    yield f"Under steady traffic that is {outage} of full outage in {_whole(window)}{month}."
    yield "Without traffic there are no data: that is neither good nor bad, and it neither spends nor refills the budget."


def _whole(window: Window) -> str:
    return "a calendar month" if str(window) == "calendar month" else span(window.length_s)


# ---- alerts


def _alerts(objective: Objective, alerts: AlertCatalogue) -> Iterator[str]:
    policy = objective.policy
    if objective.tiers and objective.window is not None:
        for tier in objective.tiers:
            yield _tier(tier, objective.window, alerts)
    elif policy.breach_for and policy.severity and objective.window is not None:
        held, enough = span(parse_duration(policy.breach_for)), f"at least {objective.min_events} events"
        yield f"{policy.severity} when it is below its objective for {held}, with {enough} in {window_in_words(objective.window)}."
    else:
        yield "None of its own: it is judged in reports."
    if isinstance(objective.slo, LatencySlo) and objective.slo.hard_fail_s is not None:
        share = percent(1 - exact(objective.slo.objective))
        yield f"A hard limit: an alert when more than {share} take longer than {plain(exact(objective.slo.hard_fail_s))} s."


def _tier(tier: Tier, window: Window, alerts: AlertCatalogue) -> str:
    severity = tier.severity or "SEV-4"
    spent, lasts = budget_spent(tier.rate, tier.long_s, window.length_s), exhausted_after_s(tier.rate, window.length_s)
    effect = ", stops deployments" if tier.freezes else ""
    return (
        f"{severity} (answered {_soon(alerts.severities[severity].respond_within)}{effect}) when the budget burns faster than"
        f" {plain(tier.rate)}x over {span(tier.long_s)} and over {span(tier.short_s)}, with at least {_count(tier.min_bad)} in the longer:"
        f" by then {plain(Decimal(f'{spent * 100:.3g}'))} % of the budget can be gone, and at this rate all of it lasts {span(lasts)}."
    )


def _soon(within: str) -> str:
    return f"within {span(parse_duration(within))}" if within[:1].isdecimal() else f"by the {within}"


def _count(min_bad: int) -> str:
    return "one bad event" if min_bad == 1 else f"{min_bad} bad events"


# ---- what follows


def _states(objective: Objective) -> Iterator[str]:
    if not objective.tiers:
        return
    for row in objective.policy.remaining_states:
        more_than = "otherwise" if row.above is None else f"more than {percent(exact(row.above))} of the budget left"
        told = "" if row.alert == "none" else f"; told to {row.alert}"
        yield f"{row.state}: {more_than} ({row.deployments}{told})."
    named = [f"{tier.state} while it burns faster than {plain(tier.rate)}x" for tier in objective.tiers if tier.state]
    if named:
        yield f"The state is the worse of that and of the burn: {', '.join(named)}."


def _deployments(objective: Objective) -> Iterator[str]:
    freeze = objective.policy.freeze
    if objective.slo.gate:
        yield "`surewire slo gate` asks it."
        if freeze and objective.tiers:
            yield f"When it is {freeze.at}, deployments freeze; that ends with {freeze.ends}."
        elif not objective.tiers:
            yield "While it is below its objective it refuses every change."
    if any(tier.freezes for tier in objective.tiers):
        rates = ", ".join(f"{plain(tier.rate)}x" for tier in objective.tiers if tier.freezes)
        ends = freeze.ends if freeze else "a corrective action"
        yield f"A burn faster than {rates} freezes deployments; that ends with {ends}."
    if isinstance(objective.slo, LatencySlo) and objective.slo.hard_fail_s is not None:
        yield "While its hard limit is broken, only emergency changes are let through."
    if isinstance(objective.slo, ProbeSlo):
        yield from (f"Below {percent(exact(one.below))}: {one.do}." for one in objective.slo.consequences)


def _people(objective: Objective) -> Iterator[str]:
    owners = objective.owners
    yield f"Owner {owners.owner}; backup {owners.backup}; a breach goes up to {owners.escalation}."
    yield f"Runbook {objective.runbook}."
    if objective.slo.ours:
        yield f"Chosen by us, not by the requirements: {', '.join(objective.slo.ours)}."
    if objective.slo.note and objective.target is not None:
        yield f"Note: {objective.slo.note}."
