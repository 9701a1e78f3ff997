"""What a recorder must keep is what objectives and alerts look at, and the server measures all of it."""

from __future__ import annotations

import re

from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.contract.selector import parse_selector
from surewire.contract.series import format_bound
from surewire.slo.alert_rules import alert_rules
from surewire.slo.needs import needs
from surewire.slo.objective import objectives

OBJECTIVES = objectives(load_slos())
NEEDED = needs(OBJECTIVES, alert_rules(load_slos(), load_alerts()))
SUFFIX = re.compile(r":(good|known)_seconds$|:per_second$|_bucket$|_count$")


def test_every_metric_that_is_needed_is_measured() -> None:
    metrics = load_metrics()
    known = metrics.canonical.keys() | metrics.aliases.keys()
    assert {name for name in NEEDED.metrics if name not in known and SUFFIX.sub("", name) not in known} == set()


def test_every_bucket_that_is_needed_is_one_of_its_histogram() -> None:
    metrics = load_metrics().canonical
    for selector in NEEDED.counts:
        if selector.metric.endswith("_bucket"):
            (bound,) = (matcher.value for matcher in selector.matchers if matcher.label == "le")
            assert bound in map(format_bound, metrics[selector.metric.removesuffix("_bucket")].buckets)


def test_everything_an_objective_counts_is_kept() -> None:
    counted = {selector for objective in OBJECTIVES if objective.counted for selector in objective.counted.selectors}
    assert counted <= set(NEEDED.counts)


def test_what_alerts_read_beside_objectives_is_kept() -> None:
    assert parse_selector("durability_idempotency_hits_total") in NEEDED.counts
    assert parse_selector('durability_persist_duration_seconds_bucket{le="0.5"}') in NEEDED.counts
    assert parse_selector("probe_attempts_total") in NEEDED.counts
    assert parse_selector("fanout_consumer_lag") in NEEDED.gauges


def test_capacities_are_judged_by_peaks() -> None:
    assert set(NEEDED.peaks) == {
        parse_selector("gateway_connections_active"),
        type(NEEDED.peaks[0])("fanout_events_processed_total:per_second"),
    }


def test_nothing_is_kept_twice() -> None:
    for selectors in (NEEDED.counts, NEEDED.gauges, NEEDED.peaks):
        assert len(set(selectors)) == len(selectors)
