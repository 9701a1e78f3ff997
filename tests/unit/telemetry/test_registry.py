"""Counters, gauges and histograms are exact, cheap, and impossible outside the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.registry import Counter, Gauge, Histogram, Registry


@pytest.fixture
def registry() -> Registry:
    return Registry(load_metrics(), event_types=["door_opened"])


def test_the_same_labels_always_lead_to_the_same_instrument(registry: Registry) -> None:
    counter = registry.counter("gateway_connections_total", status="accepted")
    counter.n += 2
    assert registry.family("gateway_connections_total")["accepted"] is counter
    assert registry.counter("gateway_connections_total", status="accepted").n == 2


def test_an_open_family_without_a_child_is_made_once(registry: Registry) -> None:
    assert registry.family("gateway_messages_sent_total") is registry.family("gateway_messages_sent_total")


def test_every_combination_of_fixed_values_exists_at_zero(registry: Registry) -> None:
    assert set(registry.family("gateway_send_total")) == {"success", "error"}
    planes = ("connection", "durability", "fanout")
    skew = registry.family("messaging_clock_skew_samples_total")
    assert set(skew) == {(source, dest) for source in planes for dest in planes}
    assert all(child.n == 0 for child in skew.values())


def test_a_back_end_that_nobody_configured_has_no_gauge(registry: Registry) -> None:
    available = registry.family("durability_store_available")
    assert not available
    available["sqlite"].value = 1
    assert list(available) == ["sqlite"]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("gateway_made_up_total", {}),
        ("gateway_connections_total", {}),
        ("gateway_connections_total", {"status": "lucky"}),
        ("gateway_connections_total", {"status": "accepted", "user": "alice"}),
        ("gateway_protocol_errors_total", {"error_code": "OOPS"}),
        ("gateway_http_request_duration_seconds", {"endpoint": "/health", "status": "2000"}),
        ("fanout_consumer_lag", {"partition": "alice"}),
    ],
)
def test_a_name_label_or_value_outside_the_contract_raises(registry: Registry, name: str, labels: dict[str, str]) -> None:
    kinds = {"counter": registry.counter, "gauge": registry.gauge, "histogram": registry.histogram}
    metric = registry.catalogue.canonical.get(name)
    with pytest.raises(ValueError, match=r".+"):
        kinds[metric.type if metric else "counter"](name, **labels)


def test_a_metric_of_another_type_raises(registry: Registry) -> None:
    with pytest.raises(TypeError, match="is a counter"):
        registry.gauge("gateway_events_matched_total")


def test_a_label_whose_values_nothing_knows_yet_cannot_be_made(registry: Registry) -> None:
    with pytest.raises(ValueError, match="configured names"):
        registry.family("gateway_upstream_requests_total")


def test_values_that_input_could_choose_share_one_instrument(registry: Registry) -> None:
    latency = registry.family("gateway_message_latency_seconds")
    assert latency["door_opened", "direct"] is not latency["other", "direct"]
    assert latency["made_by_a_stranger", "direct"] is latency["other", "direct"]
    received = registry.family("gateway_messages_received_total")
    assert received["' or 1=1"] is received["unknown"]
    assert received["send_message"] is not received["unknown"]
    assert set(received) == {"unknown", "send_message"}


def test_a_route_is_a_value_once_it_is_allowed(registry: Registry) -> None:
    requests = registry.family("gateway_http_request_duration_seconds")
    assert requests["/health", "200"] is requests["unmatched", "200"]
    registry.allow_routes(["/health"])
    assert requests["/health", "200"] is not requests["unmatched", "200"]


def test_a_tuple_of_the_wrong_length_raises(registry: Registry) -> None:
    with pytest.raises(ValueError, match="has the labels"):
        registry.family("gateway_message_latency_seconds")["direct"]


def test_a_gauge_reads_when_it_is_told_where_from() -> None:
    gauge = Gauge()
    gauge.value = 3
    assert gauge.current() == 3
    gauge.read = [1, 2].__len__
    assert gauge.current() == 2


@given(st.lists(st.tuples(st.floats(-1, 20, width=32), st.integers(1, 50))))
def test_a_histogram_counts_each_value_in_the_bucket_whose_bound_it_does_not_exceed(observed: list[tuple[float, int]]) -> None:
    bounds = (0.5, 1.0, 10.0)
    one_by_one, at_once = Histogram(bounds), Histogram(bounds)
    for value, count in observed:
        at_once.observe_many(value, count)
        for _ in range(count):
            one_by_one.observe(value)
    assert one_by_one.counts == at_once.counts
    assert one_by_one.sum == pytest.approx(at_once.sum)
    for index, bound in enumerate(bounds):
        assert sum(at_once.counts[: index + 1]) == sum(count for value, count in observed if value <= bound)


def test_instruments_have_no_dictionary() -> None:
    assert not any(hasattr(instrument, "__dict__") for instrument in (Counter(), Gauge(), Histogram((1.0,))))
