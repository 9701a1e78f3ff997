"""Every sentence of the alert catalogue is understood as what it says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from surewire.contract.catalogue import Alert, load_alerts, load_metrics, load_slos
from surewire.contract.selector import parse_selector
from surewire.errors import ConfigError
from surewire.slo.condition import Budget, Burn, Condition, Down, Gauge, GaugeShare, Increase, Latched, Share, SlowShare, WindowBelow
from surewire.slo.condition_words import Vocabulary, parse_condition
from surewire.slo.objective import objectives

SLOS = load_slos()
VOCABULARY = Vocabulary({objective.id: objective for objective in objectives(SLOS)}, load_metrics(), SLOS.defaults.min_events)


def series(text: str) -> tuple[object, ...]:
    return (parse_selector(text),)


@pytest.mark.parametrize("alert", load_alerts().alerts, ids=lambda alert: alert.name)
def test_every_condition_of_the_catalogue_is_understood(alert: Alert) -> None:
    assert parse_condition(alert.expr, VOCABULARY) is not None


UNSTABLE = parse_selector('gateway_disconnections_total{reason=~"slow_consumer|server_error|task_panic"}')


@pytest.mark.parametrize(
    ("sentence", "meaning"),
    [
        ("increase of a_total > 0, or latched", Latched((parse_selector("a_total"),))),
        ("increase of a_total over 1h > 100", Increase((parse_selector("a_total"),), 3_600, ">", Decimal(100))),
        ("a_total per minute over 5m > 50", Increase((parse_selector("a_total"),), 300, ">", Decimal(50), per_s=60)),
        ("sum of a > 10000", Gauge(parse_selector("a"), ">", Decimal(10_000), "sum")),
        ("a == 0", Gauge(parse_selector("a"), "==", Decimal(0))),
        ("a / b > 0.9", GaugeShare(parse_selector("a"), parse_selector("b"), ">", Decimal("0.9"))),
        ("a / b over 15m > 0.1", Share((parse_selector("a"),), (parse_selector("b"),), (), 900, ">", Decimal("0.1"))),
        (
            "c_misses_total / (hits + misses) over 15m > 0.5",
            Share((parse_selector("c_misses_total"),), (), (parse_selector("c_hits_total"),), 900, ">", Decimal("0.5")),
        ),
        (
            "share of slow_consumer, server_error, task_panic in gateway_disconnections_total over 5m > 0.01",
            Share((UNSTABLE,), (parse_selector("gateway_disconnections_total"),), (), 300, ">", Decimal("0.01")),
        ),
        ("share of h_seconds over 0.3 s in 5m > 0.05", SlowShare(parse_selector("h_seconds"), Decimal("0.3"), 300, ">", Decimal("0.05"))),
        ('messaging_slo_error_budget_remaining{slo_name="durability"} <= 0', Budget("message-durability", "breached", Decimal(0))),
        ("the 14.4x tier of availability", Burn("availability", Decimal("14.4"), 3_600, 300, 5)),
        ("sla-006-heartbeat over 5m < 0.95", WindowBelow("sla-006-heartbeat", 300, 0, Decimal("0.95"))),
        ("phase0-message-errors bad share over 5m > 0.0008", WindowBelow("phase0-message-errors", 300, 0, Decimal("0.9992"))),
        ("sla-005-message-latency-p95 over 5m below objective", WindowBelow("sla-005-message-latency-p95", 300, 100)),
        ("sla-006-heartbeat over 5m below objective", WindowBelow("sla-006-heartbeat", 300, 0)),
        ("up == 0 for the scrape job (label job, default web), or two probes in a row failed", Down("web", 2, 60)),
    ],
)
def test_a_sentence_means_what_it_says(sentence: str, meaning: Condition) -> None:
    assert parse_condition(sentence, VOCABULARY) == meaning


@pytest.mark.parametrize(
    "sentence",
    [
        "the 14.4x tier of nothing",
        "the 99x tier of availability",
        "no-such-slo over 5m < 0.9",
        "no-such-slo over 5m below objective",
        "no-such-slo bad share over 5m > 0.1",
        'messaging_slo_error_budget_remaining{slo_name="nothing"} <= 0',
    ],
)
def test_a_sentence_about_an_objective_that_is_not_defined_has_no_meaning(sentence: str) -> None:
    assert parse_condition(sentence, VOCABULARY) is None


@pytest.mark.parametrize("sentence", ["", "rate(a_total[5m]) > 1", "a_total over 5 > 1", "a > many", "share of h over 0.3 s > 0.05"])
def test_what_is_no_sentence_is_refused_with_an_example(sentence: str) -> None:
    with pytest.raises(ConfigError, match="Write one as the alert catalogue does"):
        parse_condition(sentence, VOCABULARY)


def test_values_that_no_label_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="no label with the values boredom"):
        parse_condition("share of boredom in gateway_disconnections_total over 5m > 0.01", VOCABULARY)
