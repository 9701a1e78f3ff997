"""Conditions and counts in PromQL."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.errors import ConfigError
from surewire.monitoring.export.catalogues import built_in_catalogues, catalogues_of
from surewire.monitoring.export.dead_alerts import dead_reads, refuse_dead_rules
from surewire.monitoring.export.exported_series import labels_of_metric, series_read
from surewire.monitoring.export.promql import expression, number, range_of
from surewire.monitoring.export.recorded_counts import Record, budget_records, slot_records
from surewire.slo.alert_rule import AlertRule
from surewire.slo.window import DAY_S

CATALOGUES = built_in_catalogues()


def rule(name: str) -> AlertRule:
    return next(rule for rule in CATALOGUES.rules if rule.name == name)


def written(name: str) -> str:
    return expression(rule(name), CATALOGUES)


def records(slo: str) -> list[Record]:
    objective = next(one for one in CATALOGUES.objectives if one.id == slo)
    return [*slot_records(objective, CATALOGUES), *budget_records(objective)]


def record(slo: str, name: str) -> str:
    return next(record.expression for record in records(slo) if record.name == name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "ErrorBudgetBurnHigh",
            (
                'slo:events_bad:increase1h{slo="availability"} / slo:events_total:increase1h{slo="availability"} > 0.0144\n'
                'and slo:events_bad:increase5m{slo="availability"} / slo:events_total:increase5m{slo="availability"} > 0.0144\n'
                'and slo:events_bad:increase1h{slo="availability"} >= 5'
            ),
        ),
        ("SLOBreachDurability", 'min(messaging_slo_error_budget_remaining{slo_name="durability"}) <= 0'),
        (
            "AvailabilityBudgetCaution",
            (
                'min(messaging_slo_error_budget_remaining{slo_name="availability"}) <= 0.5\n'
                'and min(messaging_slo_error_budget_remaining{slo_name="availability"}) > 0.25'
            ),
        ),
        (
            "HighPersistLatency",
            (
                '1 - sum(increase(durability_persist_duration_seconds_bucket{le="0.5"}[5m]))'
                " / (sum(increase(durability_persist_duration_seconds_count[5m])) > 0) > 0.01"
            ),
        ),
        ("HighSlowConsumerRate", "sum(increase(gateway_slow_consumer_disconnects_total[5m])) / 5 > 50"),
        ("CircuitBreakerOpen", "max by (dependency) (durability_circuit_breaker_state == 1)"),
        ("HighConsumerLag", "sum(fanout_consumer_lag) > 10000"),
        ("ConnectionCapacityWarning", "max(gateway_connections_active / gateway_connections_limit) > 0.9"),
        (
            "MessageLoss",
            (
                'sum(increase(durability_ack_sent_total{persisted="false"}[5m])) > 0\n'
                'or max(messaging_alert_latched{alertname="MessageLoss"}) == 1'
            ),
        ),
    ],
)
def test_a_condition_is_written_as_it_is_meant(name: str, words: str) -> None:
    assert written(name) == words


def test_a_strict_objective_that_is_only_reached_is_breached() -> None:
    assert ">= 0.05" in written("SLOBreachLiveMessageLoss")
    assert "> 0.001" in written("SLOBreachFanoutProcessing")


def test_numbers_are_the_decimals_that_people_wrote() -> None:
    assert number(Decimal("14.4") * (1 - Decimal("0.99999"))) == "0.000144"
    assert number(Decimal("1E+4")) == "10000"
    floats = re.compile(r"\d\.\d{8,}|\de-\d")
    assert [one.name for one in CATALOGUES.rules if floats.search(expression(one, CATALOGUES))] == []


def test_the_bound_of_a_bucket_is_written_as_version_3_keeps_it() -> None:
    assert 'le="2.0"' in record("delivery-within-2s", "slo:events_bad_gross:increase15s")


def test_a_range_is_a_millisecond_short_of_one_sample_more() -> None:
    assert range_of(300) == "4m59s999ms"
    assert range_of(3 * DAY_S) == "2d23h59m59s999ms"


def test_events_are_counted_by_slot_and_windows_are_sums_of_slots() -> None:
    counter = "gateway_heartbeat_timeouts_total"
    bad = record("sla-006-heartbeat", "slo:events_bad_gross:increase15s")
    assert bad.startswith(f"(round(15 * sum(irate({counter}[45s]) and {counter}))) and on () slo:events_total_gross:increase15s")
    assert record("sla-006-heartbeat", "slo:events_total_gross:increase15s").endswith(" > 0")
    hour = record("sla-006-heartbeat", "slo:events_bad:increase1h")
    assert hour == 'sum_over_time(slo:events_bad:increase15s{slo="sla-006-heartbeat"}[59m59s999ms])'


def test_maintenance_takes_a_slot_from_both_sides_and_the_gross_counts_stay() -> None:
    for what in ("bad", "total"):
        assert record("availability", f"slo:events_{what}:increase15s") == (
            f'slo:events_{what}_gross:increase15s{{slo="availability"}}'
            ' unless on () (max(messaging_slo_maintenance_active{slo_name="availability"}) == 1)'
        )


def test_a_budget_is_that_of_the_objectives_own_window() -> None:
    assert record("phase0-availability", "slo:events_bad:increase28d").endswith("[28d:5m])")
    assert record("phase0-availability", "slo:error_budget_remaining:ratio") == (
        '1 - slo:events_bad:increase28d{slo="phase0-availability"} / (0.001 * slo:events_total:increase28d{slo="phase0-availability"})'
    )
    assert "month()" in record("sla-002-upgrade-success", "slo:events_bad:increase_month")


def test_upstream_errors_the_metrics_page_and_upgrades_are_left_out_of_http_latency() -> None:
    assert 'endpoint!="/metrics",endpoint!="/ws",status!~"502|504"' in record(
        "sla-004-http-latency-p95", "slo:events_total_gross:increase15s"
    )


def test_only_the_alert_for_a_server_that_is_down_selects_on_the_job() -> None:
    assert [one.name for one in CATALOGUES.rules if re.search(r"\bjob\b", expression(one, CATALOGUES))] == ["WebSocketServerDown"]


def test_every_series_that_a_rule_reads_is_exported_or_recorded() -> None:
    assert [*dead_reads(CATALOGUES)] == []


def test_a_rule_that_reads_what_nothing_exports_is_refused() -> None:
    metrics = load_metrics()
    less = type(metrics)({name: one for name, one in metrics.canonical.items() if name != "fanout_consumer_lag"}, metrics.aliases)
    catalogues = catalogues_of(load_slos(), load_alerts(), less)
    assert [*dead_reads(catalogues)] == [("HighConsumerLag", "fanout_consumer_lag")]
    with pytest.raises(ConfigError, match="HighConsumerLag reads fanout_consumer_lag, which nothing exports"):
        refuse_dead_rules(catalogues)


def test_the_series_that_an_expression_reads_are_found_among_its_words() -> None:
    text = 'sum by (le) (rate(a_bucket{le="b"}[5m])) / on () group_left (month) count_values("c", month()) > bool d:e offset 15s unless f'
    assert series_read(text) == {"a_bucket", "d:e", "f"}


def test_histograms_and_aliases_are_exported_as_prometheus_sees_them() -> None:
    metrics = CATALOGUES.metrics
    assert labels_of_metric("gateway_send_latency_seconds_bucket", metrics) == {}
    assert labels_of_metric("gateway_send_latency_seconds", metrics) is None
    assert labels_of_metric("delivery_latency_ms_count", metrics) == {"event": ("send", "history")}
    assert labels_of_metric("ws_connection_attempts_total", metrics) == {}
    assert "rate_limit" in (labels_of_metric("ws_connection_rejected_total", metrics) or {})["reason"]
