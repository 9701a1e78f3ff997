"""Whether policies, owners and windows make sense: states in order, tiers that can fire, one owner and another backup."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Final

from surewire.contract.slos import BurnTier, Defaults, Owners, Policy, RatioSlo, Slo, SloCatalogue
from surewire.slo.amounts import plain
from surewire.slo.burn_rate import can_fire, highest_rate
from surewire.slo.objective import exact, short_window_s
from surewire.slo.policy import STATES
from surewire.slo.window import Rolling, parse_duration, parse_window

__all__ = ["LEVELS", "default_problems", "objective_problems", "owner_problems", "policy_problems", "reach_problems"]

Found = tuple[str, str, str]
"""The path, what is wrong there, and the mend."""

LEVELS: Final = ("none", "slack", "pagerduty-low", "pagerduty-high", "executive")
"""Whom a worsening may be told to."""

_MOST_MIN_BAD: Final = 1_000
"""`min_bad` keeps single events from paging where there are few. Above this it would be a second threshold that nobody promised."""
_TIER_STATES: Final = ("", "normal", *STATES)


def policy_problems(policy: Policy) -> Iterator[Found]:
    """What is wrong with one policy."""
    rows = policy.remaining_states
    for number, row in enumerate(rows):
        path = f"remaining_states[{number}]"
        if row.state not in STATES:
            yield f"{path}.state", f"there is no state {row.state!r}.", f"Write one of {', '.join(STATES)}."
        if row.alert not in LEVELS:
            yield f"{path}.alert", f"there is no level {row.alert!r}.", f"Write one of {', '.join(LEVELS)}."
    if rows and not _covers_all([row.above for row in rows]):
        yield "remaining_states", "the states do not cover every budget once.", "Let `above` fall from row to row, and be null in the last."
    order = [STATES.index(row.state) for row in rows if row.state in STATES]
    if order != sorted(set(order)):
        yield "remaining_states", "the states do not get worse from row to row.", f"Their order is {', '.join(STATES)}."
    for number, tier in enumerate(policy.burn_tiers):
        yield from ((f"burn_tiers[{number}]{field}", what, mend) for field, what, mend in _one_tier_problems(tier))
    yield from _same_tiers(policy.burn_tiers)
    if policy.freeze and policy.freeze.at not in STATES:
        yield "freeze.at", f"there is no state {policy.freeze.at!r}.", f"Write one of {', '.join(STATES)}."


def _one_tier_problems(tier: BurnTier) -> Iterator[Found]:
    if tier.state not in _TIER_STATES:
        yield ".state", f"there is no state {tier.state!r}.", f"Write one of {', '.join(_TIER_STATES[1:])}."
    if tier.long is None:
        return
    if tier.severity is None:
        yield ".severity", "a tier that fires needs a severity.", "Write one of SEV-1, SEV-2, SEV-3, SEV-4."
    long_s = parse_duration(tier.long)
    short_s = short_window_s(long_s)
    if long_s <= short_s:
        is_same = "is also the least short window: the tier would have one window and end with every lull"
        what = is_same if long_s == short_s else f"is shorter than the least short window, {Rolling(short_s)}"
        yield ".long", f"{Rolling(long_s)} {what}.", f"Write {Rolling(2 * short_s)} or more."


def _same_tiers(tiers: Sequence[BurnTier]) -> Iterator[Found]:
    """Two tiers with one rate and one window would be one alert, of either's severity."""
    first: dict[tuple[float, int | None], int] = {}
    for number, tier in enumerate(tiers):
        long_s = None if tier.long is None else parse_duration(tier.long)
        earlier = first.setdefault((tier.rate, long_s), number)
        if earlier != number:
            over = "" if long_s is None else f" over {Rolling(long_s)}"
            what = f"{plain(exact(tier.rate))}x{over} is a tier already, burn_tiers[{earlier}], and what fires could be of either."
            yield f"burn_tiers[{number}]", what, "Remove one of the two, or give it another rate or another window."


def _covers_all(bounds: Sequence[float | None]) -> bool:
    """Whether the rows' bounds fall, and the last row takes what is left."""
    *given, last = bounds
    known = {bound for bound in given if bound is not None}
    return last is None and given == sorted(known, reverse=True)


def owner_problems(owners: Owners) -> Iterator[Found]:
    """What is wrong with who answers for objectives: one owner, one backup, one way up."""
    for field in ("owner", "backup", "escalation"):
        if not getattr(owners, field).strip():
            yield field, f"nobody is named as {field}.", "Name one person or role."
    if owners.owner == owners.backup:
        yield "backup", f"{owners.owner} stands in for themselves.", "Name another person or role."


def default_problems(defaults: Defaults) -> Iterator[Found]:
    """What is wrong with what objectives have where they say nothing themselves."""
    for speed in ("fast", "slow"):
        yield from _min_bad_problems(f"min_bad.{speed}", getattr(defaults.min_bad, speed))


def _min_bad_problems(field: str, min_bad: int) -> Iterator[Found]:
    if not 1 <= min_bad <= _MOST_MIN_BAD:
        yield field, f"no tier fires before {min_bad} events were bad.", f"Write 1 to {_MOST_MIN_BAD}."


def objective_problems(slo: Slo, catalogue: SloCatalogue, runbooks: Collection[str]) -> Iterator[Found]:
    """What is wrong with an objective beside what it reads."""
    policy = catalogue.policies[slo.policy]
    window, objective = getattr(slo, "window", None), getattr(slo, "objective", None)
    if window is not None and objective is not None:
        yield from _window_problems(slo, policy, window)
        yield from _tier_problems(policy, exact(objective), window)
    if isinstance(slo, RatioSlo) and slo.min_bad is not None:
        yield from _min_bad_problems("min_bad", slo.min_bad)
    runbook = slo.runbook or catalogue.defaults.runbook
    if runbook not in runbooks and (slo.user_facing or slo.runbook):
        yield "runbook", f"there is no page {runbook}.", f"Name one that comes with surewire: {', '.join(runbooks)}."
    if slo.gate and (objective is None or policy.alerts == "none"):
        yield (
            "gate",
            "it cannot gate: nothing ever makes it worse than healthy.",
            "Leave `gate` out, or give it an objective and another policy.",
        )


def _window_problems(slo: Slo, policy: Policy, window: str) -> Iterator[Found]:
    has_budget = parse_window(window).has_tiers
    if has_budget and policy.breach_for is not None:
        yield "policy", f"a window of {window} has a budget, and {slo.policy} is for shorter ones.", "Write policy: budget."
    if not has_budget and policy.burn_tiers:
        yield "policy", f"a window of {window} is too short for burn tiers.", "Write policy: breach, or a window of 28d or more."


def _tier_problems(policy: Policy, objective: Decimal, window: str) -> Iterator[Found]:
    if not parse_window(window).has_tiers:
        return
    for tier in policy.burn_tiers:
        if tier.long is not None and not can_fire(exact(tier.rate), objective):
            most = plain(round(highest_rate(objective), 3))
            what = f"its {plain(exact(tier.rate))}x tier can never fire: where everything is bad, the budget burns {most}x."
            yield "objective", what, f"Raise it above {1 - 1 / exact(tier.rate):.4f}, or give it a policy with slower tiers."


def reach_problems(name: str, catalogue: SloCatalogue) -> Iterator[Found]:
    """Tiers of a policy that speak of events which the budget of an objective that follows it no longer has."""
    windows = {slo.id: parse_window(window) for slo in catalogue.slos if slo.policy == name and (window := getattr(slo, "window", None))}
    id_, shortest = min(windows.items(), key=lambda one: one[1].length_s, default=("", None))
    if shortest is None or not shortest.has_tiers:
        return
    for number, tier in enumerate(catalogue.policies[name].burn_tiers):
        if tier.long is not None and (long := Rolling(parse_duration(tier.long))).seconds > shortest.length_s:
            what = f"{long} looks back further than the window of {id_}, {shortest}."
            yield f"burn_tiers[{number}].long", what, f"Write {Rolling(shortest.length_s)} or less, or give {id_} another policy."
