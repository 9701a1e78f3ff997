"""The reader of the catalogues: strict, shared, and faithful to its files."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from surewire.contract.catalogue import Alias, Metric, load_alerts, load_metrics, load_slos
from surewire.contract.slos import RatioSlo


def test_a_catalogue_is_read_once() -> None:
    assert load_metrics() is load_metrics()
    assert load_slos() is load_slos()
    assert load_alerts() is load_alerts()


def test_a_metric_knows_its_name_its_labels_and_its_bounds() -> None:
    metric = load_metrics().canonical["gateway_message_latency_seconds"]
    assert metric.name == "gateway_message_latency_seconds"
    assert metric.labels == {"event_type": "event types", "mode": ("broadcast", "direct")}
    assert metric.buckets[0] == 0.001


def test_one_value_and_a_list_of_values_read_alike() -> None:
    aliases = load_metrics().aliases
    assert aliases["ws_message_latency_seconds"].sum == ("mode",)
    assert aliases["websocket_message_latency_seconds"].sum == ("event_type", "mode")
    assert aliases["ws_connection_success_total"].where == {"status": ("accepted",)}


def test_a_policy_takes_what_it_does_not_say_from_the_policy_that_it_is_like() -> None:
    policies = load_slos().policies
    assert policies["phase0"].remaining_states == policies["budget"].remaining_states
    assert policies["phase0"].burn_tiers != policies["budget"].burn_tiers


@pytest.mark.parametrize(
    ("shape", "raw", "complaint"),
    [
        (Metric, {"name": "a_total", "type": "counter", "unit": "s"}, "unknown field `unit`"),
        (Metric, {"name": "a_seconds", "type": "histogram"}, "a histogram has buckets"),
        (Metric, {"name": "a_total", "type": "counter", "buckets": [1]}, "nothing else has"),
        (Metric, {"name": "a_seconds", "type": "histogram", "buckets": [2, 1]}, "buckets ascend"),
        (Alias, {"name": "a", "of": {"x": "b_total"}}, "as_label"),
        (Alias, {"name": "a", "of": "b_total", "as_label": "x"}, "as_label"),
        (RatioSlo, {"kind": "ratio", "id": "a", "owners": "o", "policy": "p", "objective": 0.9, "window": "1h", "good": "g"}, "two of"),
        (RatioSlo, {"kind": "ratio", "id": "a", "owners": "o", "policy": "p", "objective": 1.0, "window": "1h", "good": "g"}, "< 1"),
        (RatioSlo, {"kind": "ratio", "id": "a", "owners": "o", "policy": "p", "objective": 0.9, "window": "month", "good": "g"}, "regex"),
    ],
)
def test_what_no_reader_would_obey_is_refused(shape: type[msgspec.Struct], raw: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert(raw, shape)
