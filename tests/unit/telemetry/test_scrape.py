"""What is written at /metrics is read back as what it was."""

from __future__ import annotations

import pytest

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.exposition import Exposition
from surewire.telemetry.registry import Registry
from surewire.telemetry.scrape import read_exposition


async def scraped(registry: Registry) -> str:
    body, _ = await Exposition(registry).render()
    return body.decode()


async def test_families_come_back_under_their_names_with_series_events_and_values() -> None:
    registry = Registry(load_metrics())
    registry.counter("gateway_send_total", status="success").n += 3
    registry.histogram("gateway_send_latency_seconds").observe(0.02)
    registry.gauge("gateway_connections_active").value = 7
    families = read_exposition(await scraped(registry))
    sends, latency = families["gateway_send_total"], families["gateway_send_latency_seconds"]
    assert (sends.type, sends.series, sends.events) == ("counter", 2, 3)
    assert sends.labels == {"status": {"success", "error"}}
    assert (latency.type, latency.events, latency.labels) == ("histogram", 1, {})
    assert latency.series == len(load_metrics().canonical["gateway_send_latency_seconds"].buckets) + 3
    assert families["gateway_connections_active"].type == "gauge"


async def test_a_family_without_series_is_there() -> None:
    registry = Registry(load_metrics())
    registry.family("gateway_protocol_errors_total")
    assert read_exposition(await scraped(registry))["gateway_protocol_errors_total"].series == 0


def test_what_is_not_in_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_exposition("gateway_send_total{status=\n")
