"""The fanout plane: how far delivery is behind, how long it takes, and what was not delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.monitoring.export.grafana.model import Dashboard, Row
from surewire.monitoring.export.grafana.panels import gauges, percentiles, rates, share
from surewire.monitoring.export.grafana.plane import plane_dashboard
from surewire.monitoring.export.grafana.queries import CHOSEN
from surewire.slo.objective import Objective

__all__ = ["fanout"]

_PROCESSED: Final = "fanout_events_processed_total"
_MISSES: Final = "fanout_membership_cache_misses_total"

_GOLDEN: Final = (
    percentiles("Latency: persisted to socket", CHOSEN, 'fanout_delivery_latency_seconds{recipient_online="true"}', threshold=2),
    rates("Traffic: log entries", CHOSEN, [("fanout_events_consumed_total", "consumed"), (_PROCESSED, "{{status}}")]),
    share("Errors: share not processed", CHOSEN, f'{_PROCESSED}{{status!="success"}}', [_PROCESSED]),
    gauges("Saturation: entries behind", CHOSEN, [("fanout_consumer_lag", "{{partition}}")]),
)
_DEPENDENCIES: Final = (
    ("Store", CHOSEN.value("durability_store_available", how="min")),
    ("Redis", CHOSEN.value("router_redis_available", how="min")),
    ("Kafka", CHOSEN.value("durability_kafka_available", how="min")),
)
_DETAIL: Final = (
    Row(
        title="Deliveries",
        panels=(
            rates("To members", CHOSEN, [("fanout_delivery_total", "{{status}}")], is_stacked=True),
            rates("Messages that reached somebody", CHOSEN, [("fanout_messages_delivered_total", "messages")]),
            rates("Dead letters", CHOSEN, [("fanout_dlq_events_total", "{{reason}}")]),
        ),
    ),
    Row(
        title="The worker",
        panels=(
            percentiles("Entries taken at once", CHOSEN, "fanout_batch_size", ("50", "99"), unit="short"),
            share("Members looked up in the store", CHOSEN, _MISSES, ["fanout_membership_cache_hits_total", _MISSES]),
            gauges("Messages in the plane", CHOSEN, [('messaging_messages_in_flight{plane="fanout"}', "in flight")]),
            percentiles("End to end, across gateways", CHOSEN, "messaging_e2e_latency_seconds"),
            rates("Clock skew: latencies below zero", CHOSEN, [("messaging_clock_skew_samples_total", "{{source_plane}}")]),
        ),
    ),
)


def fanout(objectives: Sequence[Objective]) -> Dashboard:
    """The dashboard of delivery."""
    purpose = "How far delivery is behind, deliveries, dead letters."
    return plane_dashboard("fanout", purpose, objectives, golden=_GOLDEN, dependencies=_DEPENDENCIES, detail=_DETAIL)
