from __future__ import annotations

import pytest

from surewire.contract.catalogue import load_metrics
from surewire.contract.selector import Selector, parse_selector
from surewire.monitoring.instrument_reader import InstrumentReader
from surewire.monitoring.needed import GaugeUses, NeededSeries
from surewire.monitoring.reading import Reading, increments
from surewire.slo.needs import Needs
from surewire.telemetry.registry import Registry

START = Reading()
LATENCY = "gateway_http_request_duration_seconds"


@pytest.fixture
def registry() -> Registry:
    registry = Registry(load_metrics())
    registry.allow_routes(["/health", "/v1/slos"])
    return registry


def selector_of(text: str) -> Selector:
    return Selector(text) if ":" in text else parse_selector(text)


def reader(registry: Registry, *counts: str, gauges: tuple[str, ...] = (), peaks: tuple[str, ...] = ()) -> InstrumentReader:
    selectors = (tuple(map(selector_of, texts)) for texts in (counts, gauges, peaks))
    return InstrumentReader(registry, NeededSeries(Needs(*selectors)))


def test_what_was_counted_before_the_first_reading_is_an_increment(registry: Registry) -> None:
    registry.counter("gateway_send_total", status="success").n += 3
    assert increments(START, reader(registry, "gateway_send_total").read()) == {'gateway_send_total{status="success"}': 3}


def test_an_increment_is_the_difference_of_two_readings_and_zeros_are_left_out(registry: Registry) -> None:
    good, bad = (registry.counter("gateway_send_total", status=status) for status in ("success", "error"))
    good.n = bad.n = 5
    instruments = reader(registry, "gateway_send_total")
    before = instruments.read()
    good.n += 2
    assert increments(before, instruments.read()) == {'gateway_send_total{status="success"}': 2}


def test_only_series_that_are_selected_are_kept(registry: Registry) -> None:
    for status in ("success", "error"):
        registry.counter("gateway_send_total", status=status).n = 1
    registry.counter("gateway_history_total", status="success").n = 1
    assert increments(START, reader(registry, 'gateway_send_total{status!="success"}').read()) == {'gateway_send_total{status="error"}': 1}


def test_an_alias_is_kept_under_its_own_name_with_all_that_it_adds_up(registry: Registry) -> None:
    registry.counter("gateway_send_total", status="error").n = 1
    registry.counter("gateway_history_total", status="error").n = 10
    registry.counter("fanout_delivery_total", status="error").n = 100
    registry.counter("fanout_messages_delivered_total").n = 1
    for status in ("unauthorized", "timeout", "error", "accepted"):
        registry.counter("gateway_connections_total", status=status).n = 1_000
    found = increments(START, reader(registry, 'error_total{event=~"history|handshake"}', "gateway_send_total").read())
    assert found == {'error_total{event="handshake"}': 3_000, 'error_total{event="history"}': 10, 'gateway_send_total{status="error"}': 1}


def test_the_buckets_of_a_histogram_are_cumulative_and_its_count_has_them_all(registry: Registry) -> None:
    latency = registry.histogram("gateway_send_latency_seconds")
    instruments = reader(registry, 'gateway_send_latency_seconds_bucket{le=~"0.25|0.5"}', "gateway_send_latency_seconds_count")
    for seconds in (0.02, 0.25, 0.3, 0.5, 0.51, 60.0):
        latency.observe(seconds)
    first = instruments.read()
    expected = {
        'gateway_send_latency_seconds_bucket{le="0.25"}': 2,
        'gateway_send_latency_seconds_bucket{le="0.5"}': 4,
        "gateway_send_latency_seconds_count": 6,
    }
    assert increments(START, first) == expected
    latency.observe(0.4)
    expected = {'gateway_send_latency_seconds_bucket{le="0.5"}': 1, "gateway_send_latency_seconds_count": 1}
    assert increments(first, instruments.read()) == expected


def test_bounds_are_written_as_prometheus_writes_them(registry: Registry) -> None:
    registry.histogram("fanout_delivery_latency_seconds", recipient_online="true").observe(1.5)
    found = increments(START, reader(registry, "fanout_delivery_latency_seconds_bucket").read())
    assert list(found) == [
        f'fanout_delivery_latency_seconds_bucket{{le="{bound}",recipient_online="true"}}' for bound in ("2.0", "5.0", "10.0", "+Inf")
    ]


def test_a_histogram_under_an_alias_has_the_bounds_of_the_alias(registry: Registry) -> None:
    registry.histogram("gateway_send_latency_seconds").observe(0.02)
    registry.histogram("gateway_history_latency_seconds")
    found = increments(START, reader(registry, 'delivery_latency_ms_bucket{le="25.0"}').read())
    assert found == {'delivery_latency_ms_bucket{event="send",le="25.0"}': 1}


def test_series_and_families_that_come_later_count_from_zero(registry: Registry) -> None:
    instruments = reader(registry, f"{LATENCY}_count", "gateway_send_total")
    registry.histogram(LATENCY, endpoint="/health", status="200").observe(0.1)
    first = instruments.read()
    registry.histogram(LATENCY, endpoint="/v1/slos", status="200").observe_many(0.1, 2)
    registry.histogram(LATENCY, endpoint="/health", status="200").observe(0.1)
    registry.counter("gateway_send_total", status="success").n = 4
    assert increments(first, instruments.read()) == {
        f'{LATENCY}_count{{endpoint="/health",status="200"}}': 1,
        f'{LATENCY}_count{{endpoint="/v1/slos",status="200"}}': 2,
        'gateway_send_total{status="success"}': 4,
    }


def test_a_gauge_says_what_of_it_is_kept(registry: Registry) -> None:
    registry.gauge("durability_store_available", backend="sqlite").value = 1
    registry.gauge("gateway_connections_active").value = 7
    instruments = reader(
        registry,
        "durability_store_available:good_seconds",
        "durability_store_available:known_seconds",
        gauges=("gateway_connections_active",),
        peaks=("gateway_connections_active",),
    )
    found = {gauge.series: (gauge.value, gauge.uses) for gauge in instruments.gauges()}
    assert found == {
        "gateway_connections_active": (7, GaugeUses(last=True, peak=True, seconds=False)),
        'durability_store_available{backend="sqlite"}': (1, GaugeUses(last=False, peak=False, seconds=True)),
    }


def test_a_gauge_of_which_nothing_is_known_is_not_there(registry: Registry) -> None:
    gauge = registry.gauge("gateway_connections_active")
    instruments = reader(registry, gauges=("gateway_connections_active",))
    gauge.is_known = False
    assert instruments.gauges() == []
    gauge.is_known = True
    assert [found.value for found in instruments.gauges()] == [0]
