"""The catalogues agree with each other: what one names, another defines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from surewire.contract.catalogue import Alert, Alias, BurnTier, Labels, Slo, load_alerts, load_metrics, load_slos
from surewire.contract.selector import Selector, parse_selector
from surewire.contract.slos import LatencySlo, RatioSlo

METRICS = load_metrics()
SLOS = load_slos()
ALERTS = load_alerts()

ALL_SLOS = [pytest.param(slo, id=slo.id) for slo in SLOS.slos]
ALL_ALERTS = [pytest.param(alert, id=alert.name) for alert in ALERTS.alerts]
ALL_ALIASES = [pytest.param(alias, id=name) for name, alias in METRICS.aliases.items()]
MEASURED_WORD = re.compile(r"\b(?:gateway|durability|fanout|messaging|signals|probe|router)_[a-z_]+")
SLO_WORD = re.compile(r"\b(?:sla-\d{3}|phase0)-[a-z0-9-]+")


def labels_of(name: str) -> Labels:
    """The labels that a measured family or an alias shows."""
    if name in METRICS.canonical:
        return METRICS.canonical[name].labels
    alias = METRICS.aliases[name]
    if isinstance(alias.of, dict):
        return {alias.as_label: tuple(alias.of)}
    labels = dict(METRICS.canonical[alias.of].labels)
    if alias.relabel:
        del labels[alias.relabel.source]
        labels[alias.relabel.to] = tuple(sorted(set(alias.relabel.map.values())))
    return {label: values for label, values in labels.items() if label not in alias.sum}


def sources_of(alias: Alias) -> list[Selector]:
    return [parse_selector(text) for text in (alias.of.values() if isinstance(alias.of, dict) else [alias.of])]


def selectors_of(slo: Slo) -> Iterator[Selector]:
    for field in ("good", "bad", "total", "metric"):
        if text := getattr(slo, field, None):
            yield parse_selector(text)


def burn_tiers_of(slo: Slo) -> tuple[BurnTier, ...]:
    return SLOS.policies[slo.policy].burn_tiers


def assert_selects_something(selector: Selector) -> None:
    known = labels_of(selector.metric)
    for matcher in selector.matchers:
        assert matcher.label in known
        values = known[matcher.label]
        named = matcher.value.split("|")
        assert isinstance(values, str) or set(named) <= set(values)


@pytest.mark.parametrize("alias", ALL_ALIASES)
def test_an_alias_is_made_from_measured_series(alias: Alias) -> None:
    for selector in sources_of(alias):
        assert selector.metric in METRICS.canonical
        assert_selects_something(selector)


@pytest.mark.parametrize("alias", [alias for alias in ALL_ALIASES if METRICS.aliases[str(alias.id)].relabel])
def test_an_alias_translates_only_values_that_exist(alias: Alias) -> None:
    assert alias.relabel
    assert isinstance(alias.of, str)
    assert set(alias.relabel.map) <= set(METRICS.canonical[alias.of].labels[alias.relabel.source])


@pytest.mark.parametrize("alias", ALL_ALIASES)
def test_an_alias_filters_and_sums_labels_that_its_source_has(alias: Alias) -> None:
    source = METRICS.canonical[alias.of].labels if isinstance(alias.of, str) else {}
    assert {*alias.where, *alias.sum} <= set(source)
    for label, values in alias.where.items():
        assert set(values) <= set(source[label])


@pytest.mark.parametrize("alias", [alias for alias in ALL_ALIASES if METRICS.aliases[str(alias.id)].as_label])
def test_an_alias_gathers_families_of_one_type(alias: Alias) -> None:
    types = {METRICS.canonical[selector.metric].type for selector in sources_of(alias)}
    assert types == {alias.type or "counter"}


@pytest.mark.parametrize("slo", ALL_SLOS)
def test_an_objective_reads_series_that_exist(slo: Slo) -> None:
    for selector in selectors_of(slo):
        assert selector.metric in METRICS.canonical or selector.metric in METRICS.aliases
        assert_selects_something(selector)


@pytest.mark.parametrize("slo", [slo for slo in SLOS.slos if isinstance(slo, LatencySlo)], ids=lambda slo: slo.id)
def test_a_latency_threshold_is_a_bucket_bound(slo: LatencySlo) -> None:
    buckets = METRICS.canonical[parse_selector(slo.metric).metric].buckets
    assert slo.threshold_s in buckets
    assert slo.hard_fail_s is None or slo.hard_fail_s in buckets


@pytest.mark.parametrize("slo", [slo for slo in SLOS.slos if burn_tiers_of(slo)], ids=lambda slo: slo.id)
def test_every_burn_tier_can_fire(slo: Slo) -> None:
    objective = getattr(slo, "objective", None)
    assert isinstance(objective, float)
    assert all(tier.rate < 1 / (1 - objective) for tier in burn_tiers_of(slo))


@pytest.mark.parametrize("slo", [slo for slo in SLOS.slos if isinstance(slo, RatioSlo)], ids=lambda slo: slo.id)
def test_the_parts_of_a_ratio_are_counted(slo: RatioSlo) -> None:
    """A gauge or a histogram is no count of events; the sum of a histogram's buckets is one, but no ratio here reads it."""
    for selector in selectors_of(slo):
        family = METRICS.canonical.get(selector.metric) or METRICS.aliases[selector.metric]
        assert family.type in {"counter", None}


@pytest.mark.parametrize("alert", ALL_ALERTS)
def test_an_alert_reads_what_exists(alert: Alert) -> None:
    ids = {slo.id for slo in SLOS.slos}
    assert set(MEASURED_WORD.findall(alert.expr)) <= set(METRICS.canonical)
    assert set(SLO_WORD.findall(alert.expr)) <= ids


@pytest.mark.parametrize("alert", ALL_ALERTS)
def test_an_alert_has_a_severity_that_says_what_to_do(alert: Alert) -> None:
    assert alert.severity in ALERTS.severities


def test_every_alert_has_its_own_runbook() -> None:
    uses = Counter(alert.runbook for alert in ALERTS.alerts)
    assert [runbook for runbook, count in uses.items() if count > 1] == []
