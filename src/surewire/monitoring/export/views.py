"""The six recorded names that the observability document gives, as views over what the objectives count.

Its own expressions for them are not taken over: a budget is that of the objective's own window, and there is no sample without traffic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.monitoring.export.catalogues import Catalogues
from surewire.monitoring.export.recorded_counts import SERVICE, Record

__all__ = ["view_records"]

_RATIO: Final = '1 - slo:events_bad:increase{window}{{slo="{slo}"}} / slo:events_total:increase{window}{{slo="{slo}"}}'
_REMAINING: Final = 'slo:error_budget_remaining:ratio{{slo="{slo}"}}'
# `>= 0` leaves out what is no number: the percentile of nothing. What is left is an estimate, interpolated within a bucket.
_P99: Final = "histogram_quantile(0.99, sum by (le) (rate({buckets}[1h]))) >= 0"
_ONLINE: Final = 'fanout_delivery_latency_seconds_bucket{recipient_online="true"}'

_VIEWS: Final[tuple[tuple[str, str, str], ...]] = (
    ("messaging:availability:ratio_1h", "availability", _RATIO.format(window="1h", slo="availability")),
    ("messaging:availability:error_budget_remaining", "availability", _REMAINING.format(slo="availability")),
    ("messaging:durability:ratio_30d", "message-durability", _RATIO.format(window="30d", slo="message-durability")),
    ("messaging:durability:error_budget_remaining", "message-durability", _REMAINING.format(slo="message-durability")),
    ("messaging:send_latency:p99_1h", "send-latency", _P99.format(buckets="gateway_send_latency_seconds_bucket")),
    ("messaging:delivery_latency:p99_1h", "delivery-latency", _P99.format(buckets=_ONLINE)),
)


def view_records(catalogues: Catalogues) -> Iterator[Record]:
    """Those whose objectives there are."""
    known = {objective.id for objective in catalogues.objectives}
    for name, slo, expression in _VIEWS:
        if slo in known:
            yield Record(name, expression, {"service": SERVICE, "slo": slo})
