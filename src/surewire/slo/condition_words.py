"""Conditions as the alert catalogue writes them, in words of the metrics: `gateway_connections_active / gateway_connections_limit > 0.9`.

Theory of operation. Each way of saying something is one line of a table: a pattern of the whole sentence, and what it means. Patterns
do not overlap, so their order does not matter. Names of objectives are looked up, and so is the label whose values a sentence lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, cast

import msgspec

from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.contract.slos import ProbeSlo
from surewire.errors import ConfigError
from surewire.slo.condition import (
    Budget,
    Burn,
    Comparison,
    Condition,
    Down,
    Gauge,
    GaugeShare,
    Increase,
    Latched,
    Share,
    SlowShare,
    WindowBelow,
)
from surewire.slo.objective import Objective
from surewire.slo.window import Rolling, parse_duration

__all__ = ["Vocabulary", "parse_condition"]

_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_SELECTOR: Final = r"[a-z][a-z0-9_]*(?:\{[^}]*\})?"
_SLO: Final = r"(?P<slo>[a-z][a-z0-9-]*)"
_OVER: Final = r"over (?P<window>[0-9]+[smhd])"
_THAN: Final = rf"(?P<comparison>>=|<=|==|>|<) (?P<than>{_NUMBER})"
_COUNTS: Final = {"two": 2, "three": 3, "four": 4, "five": 5}


class Vocabulary(msgspec.Struct, frozen=True):
    """What names in a condition mean: objectives by id, and the labels of metrics. `min_events` is the catalogue's default."""

    objectives: Mapping[str, Objective]
    metrics: MetricsCatalogue
    min_events: int

    def by_name(self, slo_name: str) -> Objective | None:
        """The objective whose gauges carry that name."""
        return next((objective for objective in self.objectives.values() if objective.name == slo_name), None)

    def label_with(self, metric: str, values: tuple[str, ...]) -> str:
        """The label of `metric` that has all these values. Raises: ConfigError when none has."""
        found = self.metrics.canonical.get(metric)
        for label, known in found.labels.items() if found else ():
            if not isinstance(known, str) and set(values) <= set(known):
                return label
        raise ConfigError(f"{metric} has no label with the values {', '.join(values)}.")


def parse_condition(text: str, vocabulary: Vocabulary) -> Condition | None:
    """What the sentence says; None when it speaks of an objective that the definitions do not have.

    Raises: ConfigError when it is none of the sentences that are understood.
    """
    for pattern, meaning in _SENTENCES:
        if found := pattern.fullmatch(text):
            return meaning(found, vocabulary)
    raise ConfigError(f"{text!r} is no condition.", mend="Write one as the alert catalogue does: NAME / NAME over 15m > 0.1.")


def _comparison(found: re.Match[str]) -> Comparison:
    return cast("Comparison", found["comparison"])


def _than(found: re.Match[str]) -> Decimal:
    return Decimal(found["than"])


def _window_s(found: re.Match[str]) -> int:
    return parse_duration(found["window"])


def _latched(found: re.Match[str], _: Vocabulary) -> Condition:
    return Latched((parse_selector(found["counter"]),))


def _increase(found: re.Match[str], _: Vocabulary) -> Condition:
    return Increase((parse_selector(found["counter"]),), _window_s(found), _comparison(found), _than(found))


def _per_minute(found: re.Match[str], _: Vocabulary) -> Condition:
    return Increase((parse_selector(found["counter"]),), _window_s(found), _comparison(found), _than(found), per_s=60)


def _gauge(found: re.Match[str], _: Vocabulary) -> Condition:
    return Gauge(parse_selector(found["gauge"]), _comparison(found), _than(found), "sum" if found["sum"] else "any")


def _gauge_share(found: re.Match[str], _: Vocabulary) -> Condition:
    return GaugeShare(parse_selector(found["gauge"]), parse_selector(found["limit"]), _comparison(found), _than(found))


def _share(found: re.Match[str], _: Vocabulary) -> Condition:
    part, whole = parse_selector(found["part"]), parse_selector(found["whole"])
    return Share((part,), (whole,), (), _window_s(found), _comparison(found), _than(found))


def _misses(found: re.Match[str], _: Vocabulary) -> Condition:
    part, rest = parse_selector(f"{found['stem']}_misses_total"), parse_selector(f"{found['stem']}_hits_total")
    return Share((part,), (), (rest,), _window_s(found), _comparison(found), _than(found))


def _share_of_values(found: re.Match[str], vocabulary: Vocabulary) -> Condition:
    values = tuple(found["values"].split(", "))
    whole = parse_selector(found["whole"])
    named = Matcher(vocabulary.label_with(whole.metric, values), "=~", "|".join(values))
    part = Selector(whole.metric, (*whole.matchers, named))
    return Share((part,), (whole,), (), _window_s(found), _comparison(found), _than(found))


def _slow_share(found: re.Match[str], _: Vocabulary) -> Condition:
    histogram, threshold_s = parse_selector(found["histogram"]), Decimal(found["threshold"])
    return SlowShare(histogram, threshold_s, _window_s(found), _comparison(found), _than(found))


def _budget(found: re.Match[str], vocabulary: Vocabulary) -> Condition | None:
    objective = vocabulary.by_name(found["name"])
    return Budget(objective.id, "breached", _than(found)) if objective else None


def _burn(found: re.Match[str], vocabulary: Vocabulary) -> Condition | None:
    objective, rate = vocabulary.objectives.get(found["slo"]), Decimal(found["rate"])
    for tier in objective.tiers if objective else ():
        if tier.rate == rate:
            return Burn(found["slo"], tier.rate, tier.long_s, tier.short_s, tier.min_bad)
    return None


def _below(found: re.Match[str], vocabulary: Vocabulary) -> Condition | None:
    return WindowBelow(found["slo"], _window_s(found), 0, _than(found)) if found["slo"] in vocabulary.objectives else None


def _above_bad_share(found: re.Match[str], vocabulary: Vocabulary) -> Condition | None:
    return WindowBelow(found["slo"], _window_s(found), 0, 1 - _than(found)) if found["slo"] in vocabulary.objectives else None


def _below_objective(found: re.Match[str], vocabulary: Vocabulary) -> Condition | None:
    """Over the objective's own window this is its breach, with the breach's number of events."""
    objective, window_s = vocabulary.objectives.get(found["slo"]), _window_s(found)
    if objective is None:
        return None
    return WindowBelow(objective.id, window_s, vocabulary.min_events if objective.window == Rolling(window_s) else 0)


def _down(found: re.Match[str], vocabulary: Vocabulary) -> Condition:
    probed = (objective.slo for objective in vocabulary.objectives.values())
    intervals_s = [slo.interval_s for slo in probed if isinstance(slo, ProbeSlo)]
    return Down(found["job"], _COUNTS[found["failures"]], max(intervals_s, default=60))


_Meaning = Callable[[re.Match[str], Vocabulary], Condition | None]

_SENTENCES: Final[tuple[tuple[re.Pattern[str], _Meaning], ...]] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (rf"increase of (?P<counter>{_SELECTOR}) > 0, or latched", _latched),
        (rf"increase of (?P<counter>{_SELECTOR}) {_OVER} {_THAN}", _increase),
        (rf"(?P<counter>{_SELECTOR}) per minute {_OVER} {_THAN}", _per_minute),
        (rf'messaging_slo_error_budget_remaining\{{slo_name="(?P<name>[^"]+)"\}} <= (?P<than>{_NUMBER})', _budget),
        (rf"(?P<sum>sum of )?(?P<gauge>(?!messaging_slo_){_SELECTOR}) {_THAN}", _gauge),
        (rf"(?P<gauge>{_SELECTOR}) / (?P<limit>{_SELECTOR}) {_THAN}", _gauge_share),
        (rf"(?P<part>{_SELECTOR}) / (?P<whole>{_SELECTOR}) {_OVER} {_THAN}", _share),
        (rf"(?P<stem>[a-z][a-z0-9_]*)_misses_total / \(hits \+ misses\) {_OVER} {_THAN}", _misses),
        (rf"share of (?P<values>[a-z_]+(?:, [a-z_]+)*) in (?P<whole>{_SELECTOR}) {_OVER} {_THAN}", _share_of_values),
        (rf"share of (?P<histogram>{_SELECTOR}) over (?P<threshold>{_NUMBER}) s in (?P<window>[0-9]+[smhd]) {_THAN}", _slow_share),
        (rf"the (?P<rate>{_NUMBER})x tier of {_SLO}", _burn),
        (rf"{_SLO} {_OVER} < (?P<than>{_NUMBER})", _below),
        (rf"{_SLO} bad share {_OVER} > (?P<than>{_NUMBER})", _above_bad_share),
        (rf"{_SLO} {_OVER} below objective(?:, any endpoint)?", _below_objective),
        (
            rf"up == 0 for the scrape job \(label job, default (?P<job>\w+)\), or (?P<failures>{'|'.join(_COUNTS)}) probes in a row failed",
            _down,
        ),
    )
)
