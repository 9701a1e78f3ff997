"""The durability plane: how fast and how surely messages are persisted, and what that depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.monitoring.export.grafana.model import Dashboard, Row
from surewire.monitoring.export.grafana.panels import gauges, percentiles, rates, share
from surewire.monitoring.export.grafana.plane import plane_dashboard
from surewire.monitoring.export.grafana.queries import CHOSEN
from surewire.slo.objective import Objective

__all__ = ["durability"]

_PERSIST: Final = "durability_persist_total"

_GOLDEN: Final = (
    percentiles("Latency: persist", CHOSEN, "durability_persist_duration_seconds", threshold=0.5),
    rates("Traffic: messages persisted", CHOSEN, [(_PERSIST, "{{status}}")], is_stacked=True),
    share("Errors: share not persisted", CHOSEN, f'{_PERSIST}{{status!="success"}}', [_PERSIST]),
    gauges("Saturation: messages in the plane", CHOSEN, [('messaging_messages_in_flight{plane="durability"}', "in flight")]),
)
_DEPENDENCIES: Final = (
    ("Store", CHOSEN.value("durability_store_available", how="min")),
    ("DynamoDB", CHOSEN.value("durability_dynamodb_available", how="min")),
    ("Kafka", CHOSEN.value("durability_kafka_available", how="min")),
    ("Circuit breakers", f"1 - {CHOSEN.value('durability_circuit_breaker_state', how='max')}"),
)
_DETAIL: Final = (
    Row(
        title="Commits",
        panels=(
            percentiles("Messages in a commit", CHOSEN, "durability_commit_batch_size", ("50", "99"), unit="short"),
            percentiles("Sequence allocation", CHOSEN, "durability_sequence_allocation_duration_seconds", ("50", "99")),
            rates(
                "Retries and conflicts",
                CHOSEN,
                [
                    ("durability_idempotency_hits_total", "answered with an earlier result"),
                    ("durability_transaction_conflicts_total", "transaction conflicts"),
                ],
            ),
        ),
    ),
    Row(
        title="Correctness",
        panels=(
            rates("Acks", CHOSEN, [("durability_ack_sent_total", "{{persisted}}")]),
            rates(
                "Must be zero",
                CHOSEN,
                [
                    ('durability_ack_sent_total{persisted="false"}', "messages lost"),
                    ("durability_duplicate_sequence_total", "duplicate sequences"),
                    ("durability_counter_missing_total", "counters missing"),
                ],
            ),
        ),
    ),
    Row(
        title="DynamoDB and Kafka",
        panels=(
            rates("DynamoDB errors", CHOSEN, [("durability_dynamodb_errors_total", "{{error_type}}")]),
            percentiles("Kafka produce", CHOSEN, "durability_kafka_produce_duration_seconds", ("50", "99")),
        ),
    ),
)


def durability(objectives: Sequence[Objective]) -> Dashboard:
    """The dashboard of the store."""
    purpose = "Persist latency, the health of the store, DynamoDB and Kafka."
    return plane_dashboard("durability", purpose, objectives, golden=_GOLDEN, dependencies=_DEPENDENCIES, detail=_DETAIL)
