"""Three hours in the life of a server, second by second: as the slots that its recorder keeps, and as the scrapes that Prometheus takes.

Traffic, an outburst of errors and slowness, refusals, a crash with four minutes until it is up again, maintenance, an idle night, traffic.
The scrapes come 7 s after the slots end, as nobody aligns them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from surewire.contract.series import series_id
from surewire.ports.sli_store import Slot
from surewire.slo.window import SLOT_S, Interval

__all__ = ["DOWN", "END_S", "MAINTENANCE", "NIGHT", "OBJECTIVES", "SCRAPE_AFTER_S", "SENDS_PER_S", "promtool_series", "slots"]

END_S = 10_800
SCRAPE_AFTER_S = 7
SENDS_PER_S = 40
DOWN = Interval(5_400, 5_640)
MAINTENANCE = Interval(6_000, 6_900)
NIGHT = Interval(7_200, 9_000)

OBJECTIVES = (
    "availability",
    "ack-within-500ms",
    "sla-001-http-availability",
    "sla-002-upgrade-success",
    "sla-004-http-latency-p95",
    "sla-006-heartbeat",
    "redis-available",
)

_ERRORS = Interval(900, 1_100)
_REFUSALS = Interval(4_500, 4_740)
_BROKEN_IN_MAINTENANCE = Interval(6_300, 6_500)
_REDIS_AWAY = Interval(3_000, 3_060)
# The probe runs every minute, half a minute past it; two failures in a row are no outage.
_PROBE_FAILS = (Interval(2_010, 2_130), Interval(5_430, 5_670))
_SLOW_CLIENTS = Interval(9_600, 10_200)

_SENT = series_id("gateway_send_total", {"status": "success"})
_FAILED = series_id("gateway_send_total", {"status": "error"})
_FAST = series_id("gateway_send_latency_seconds_bucket", {"le": "0.5"})
_TIMED = "gateway_send_latency_seconds_count"
_ACCEPTED = series_id("gateway_connections_total", {"status": "accepted"})
_REFUSED = series_id("gateway_connections_total", {"status": "queue_full"})
_PONGS = "gateway_heartbeat_pongs_received_total"
_SILENT = series_id("gateway_heartbeat_timeouts_total", {"cause": "client"})
_HTTP = {"endpoint": "/v1/chats", "status": "200"}
_HTTP_FAST = series_id("gateway_http_request_duration_seconds_bucket", {**_HTTP, "le": "0.2"})
_HTTP_TIMED = series_id("gateway_http_request_duration_seconds_count", _HTTP)
_SLOW_CONSUMERS = "gateway_slow_consumer_disconnects_total"
_HITS, _MISSES = "fanout_membership_cache_hits_total", "fanout_membership_cache_misses_total"
_COUNTERS = (_SENT, _FAILED, _FAST, _TIMED, _ACCEPTED, _REFUSED, _PONGS, _SILENT, _HTTP_FAST, _HTTP_TIMED, _SLOW_CONSUMERS, _HITS, _MISSES)

_REDIS = "router_redis_available"
_PROBE = series_id("probe_up", {"probe": "tcp", "target": "web"})


def slots() -> Iterator[Slot]:
    """What the server's own recorder keeps."""
    for start_s in range(0, END_S, SLOT_S):
        seconds = range(start_s, start_s + SLOT_S)
        counts: Counter[str] = Counter()
        for second in seconds:
            counts += _grown(second)
            counts += Counter({f"{series}:known_seconds": 1 for series in _gauges(second)})
            counts += Counter({f"{series}:good_seconds": 1 for series, value in _gauges(second).items() if value})
        yield Slot(start_s=start_s, length_s=SLOT_S, seen_s=sum(not _in(second, DOWN) for second in seconds), counts=dict(counts))


def promtool_series(maintained: tuple[str, ...]) -> dict[str, str]:
    """What Prometheus scrapes, in promtool's notation: one value every 15 s. `maintained` are objectives, as the metrics name them."""
    values: dict[str, list[str]] = {series: [] for series in (*_COUNTERS, _REDIS, _PROBE)}
    windows = [series_id("messaging_slo_maintenance_active", {"slo_name": name}) for name in maintained]
    values |= {series: [] for series in windows}
    totals: Counter[str] = Counter()
    for second in range(END_S):
        if second == DOWN.end_s:
            totals.clear()
        if second % SLOT_S == SCRAPE_AFTER_S:
            gauges = _gauges(second)
            is_away, was_away = _in(second, DOWN), _in(second - SLOT_S, DOWN)
            for series in _COUNTERS:
                values[series].append(("_" if was_away else "stale") if is_away else str(totals[series]))
            for series in (_REDIS, _PROBE):
                values[series].append(str(gauges[series]) if series in gauges else "_" if was_away else "stale")
            for series in windows:
                values[series].append("_" if is_away else str(int(_in(second, MAINTENANCE))))
        totals += _grown(second)
    return {series: " ".join(samples) for series, samples in values.items()}


def _grown(second: int) -> Counter[str]:
    """The events of one second."""
    if _in(second, DOWN) or _in(second, NIGHT):
        return Counter()
    is_bad = _in(second, _ERRORS) or _in(second, _BROKEN_IN_MAINTENANCE)
    failed = 4 if is_bad else int(second % 100 == 0)
    slow = 5 if is_bad else int(second % 50 == 0)
    refused = 5 if _in(second, _REFUSALS) else int(second % 200 == 0)
    silent = 4 if is_bad else int(second % 300 == 0)
    slow_http = 6 if is_bad else int(second % 5 == 0)
    misses = 9 if _in(second, _ERRORS) or _in(second, Interval(9_000, 10_800)) else 1
    return Counter(
        {
            _SENT: SENDS_PER_S - failed,
            _FAILED: failed,
            _FAST: SENDS_PER_S - slow,
            _TIMED: SENDS_PER_S,
            _ACCEPTED: 10 - refused,
            _REFUSED: refused,
            _PONGS: 30 - silent,
            _SILENT: silent,
            _HTTP_FAST: 20 - slow_http,
            _HTTP_TIMED: 20,
            _SLOW_CONSUMERS: 2 if _in(second, _SLOW_CLIENTS) else 0,
            _HITS: 10 - misses,
            _MISSES: misses,
        }
    )


def _gauges(second: int) -> dict[str, int]:
    """Redis as the server sees it, and the server as a probe elsewhere sees it."""
    seen = {_PROBE: int(not any(_in(second, failing) for failing in _PROBE_FAILS))}
    return seen if _in(second, DOWN) else {**seen, _REDIS: int(not _in(second, _REDIS_AWAY))}


def _in(second: int, interval: Interval) -> bool:
    return interval.start_s <= second < interval.end_s
