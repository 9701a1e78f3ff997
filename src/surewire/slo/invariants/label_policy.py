"""What labels may be and how many series may come of them: an identifier as a label would make a series of every message."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Final

from surewire.contract.metrics import Metric

__all__ = ["FORBIDDEN", "MOST_LABELS", "MOST_SERIES", "most_values", "series_budget"]

FORBIDDEN: Final = frozenset(
    {"chat_id", "user_id", "message_id", "connection_id", "request_id", "trace_id", "session_id", "client_message_id", "channel", "path"}
)
"""Labels whose values anybody can make."""

MOST_LABELS: Final = 4
"""Labels of a family, beside `le` and what the scraper adds."""

MOST_SERIES: Final = 4_000
"""Series of one process: 5,000 less a fifth for what is to come."""

_MOST_VALUES: Final[Mapping[str, int]] = {
    "DynamoDB error codes": 32,
    "SLO names": 64,
    "configured names": 16,
    "dependency names": 16,
    "error codes of the protocol": 64,
    "event types": 64,
    "message types of the protocol": 64,
    "non-negotiable alerts": 3,
    "partitions": 64,
    "route templates": 64,
    "signals": 32,
    "status codes": 16,
    "topics": 8,
}
"""By the words that the catalogue has for values which are not listed there."""

_BESIDE_BUCKETS: Final = 3
"""A histogram's `+Inf`, its count and its sum."""


def most_values(values: tuple[str, ...] | str) -> int | None:
    """How many values a label may have; None when nobody has said so."""
    return _MOST_VALUES.get(values) if isinstance(values, str) else len(values)


def series_budget(metric: Metric) -> int:
    """The most series that a family can have in one process."""
    each = len(metric.buckets) + _BESIDE_BUCKETS if metric.buckets else 1
    return each * prod(most_values(values) or 0 for values in metric.labels.values())
