"""Every alert of the catalogue with a past that makes it fire and one beside it that does not; and with none at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from surewire.contract.catalogue import Alert, load_alerts
from surewire.slo.alert_evaluation import judge
from surewire.slo.timeline import Timeline
from surewire.slo.window import Interval
from tests.unit.slo.recorded import NOW_S, RULES, recorded, scene, steady

MINUTE_S, HOUR_S = 60, 3_600


class Past(NamedTuple):
    """What each slot of 15 s of the last so many seconds counted, and the gauges."""

    counts: Mapping[str, int]
    gauges: Mapping[str, float] = {}
    seconds: int = 15 * MINUTE_S


def shares(part: str, rest: str, bad: int, quiet: int, of: int = 1_000) -> tuple[Past, Past]:
    return Past({part: bad, rest: of - bad}), Past({part: quiet, rest: of - quiet})


def slow(histogram: str, threshold: str, bad: int, quiet: int) -> tuple[Past, Past]:
    """Of 1,000 values in a slot, so many above the threshold. The histogram may have labels."""
    metric, _, labels = histogram.partition("{")
    inside = labels.rstrip("}") + "," if labels else ""
    count = f"{metric}_count{{{inside[:-1]}}}" if inside else f"{metric}_count"
    bucket = f'{metric}_bucket{{{inside}le="{threshold}"}}'
    return Past({count: 1_000, bucket: 1_000 - bad}), Past({count: 1_000, bucket: 1_000 - quiet})


def gauge(series: str, fires: float, quiet: float) -> tuple[Past, Past]:
    return Past({}, {series: fires}), Past({}, {series: quiet})


UPGRADES = 'gateway_connections_total{status="%s"}'
SENDS = 'gateway_send_total{status="%s"}'
ENDPOINT = 'gateway_http_request_duration_seconds{endpoint="/v1/chats",status="200"}'
EVENTS = 'gateway_message_latency_seconds{event_type="incident_created",mode="broadcast"}'
LEFT = 'gateway_disconnections_total{reason="%s"}'
PONGS, TIMEOUTS = "gateway_heartbeat_pongs_received_total", 'gateway_heartbeat_timeouts_total{cause="client"}'

# By alert: a past that makes it fire, and its neighbour. The counts of a slot are just beyond the threshold, or just at it.
PASTS: dict[str, tuple[Past, Past]] = {
    "MessageLoss": (Past({'durability_ack_sent_total{persisted="false"}': 1}), Past({'durability_ack_sent_total{persisted="true"}': 1})),
    "DuplicateSequence": (Past({"durability_duplicate_sequence_total": 1}), Past({"durability_counter_missing_total": 1})),
    "CounterCorruption": (Past({"durability_counter_missing_total": 1}), Past({"durability_duplicate_sequence_total": 1})),
    "DynamoDBUnavailable": gauge("durability_dynamodb_available", 0, 1),
    "KafkaUnavailable": gauge("durability_kafka_available", 0, 1),
    # 60 slots of a million: 0.001 % of them are 600, of which 10 a slot are all.
    "SLOBreachDurability": shares(
        'durability_ack_sent_total{persisted="false"}', 'durability_ack_sent_total{persisted="true"}', 10, 9, 1_000_000
    ),
    "SLOBreachAvailability": shares(SENDS % "error", SENDS % "success", 10, 9, 10_000),
    "HighPersistLatency": slow("durability_persist_duration_seconds", "0.5", 11, 10),
    "HighConsumerLag": gauge('fanout_consumer_lag{partition="0"}', 10_001, 10_000),
    "CircuitBreakerOpen": gauge('durability_circuit_breaker_state{dependency="kafka"}', 1, 0.5),
    "HighSlowConsumerRate": (
        Past({"gateway_slow_consumer_disconnects_total": 13}),
        Past({"gateway_slow_consumer_disconnects_total": 12}),
    ),
    "ConnectionCapacityWarning": (
        Past({}, {"gateway_connections_active": 901, "gateway_connections_limit": 1_000}),
        Past({}, {"gateway_connections_active": 900, "gateway_connections_limit": 1_000}),
    ),
    "ErrorBudgetBurnHigh": shares(SENDS % "error", SENDS % "success", 145, 144, 10_000),
    "DynamoDBThrottling": (
        Past({'durability_dynamodb_errors_total{error_type="ThrottlingException"}': 1}),
        Past({'durability_dynamodb_errors_total{error_type="ValidationException"}': 1}),
    ),
    "HighIdempotencyHitRate": (
        Past({"durability_idempotency_hits_total": 101, 'durability_persist_total{status="success"}': 1_000}),
        Past({"durability_idempotency_hits_total": 100, 'durability_persist_total{status="success"}': 1_000}),
    ),
    "ElevatedTransactionConflicts": (
        Past({"durability_transaction_conflicts_total": 51, 'durability_persist_total{status="success"}': 1_000}),
        Past({"durability_transaction_conflicts_total": 50, 'durability_persist_total{status="success"}': 1_000}),
    ),
    # 60 slots: 120 and 60 in the hour.
    "DLQAccumulating": (
        Past({'fanout_dlq_events_total{reason="undecodable"}': 2}),
        Past({'fanout_dlq_events_total{reason="undecodable"}': 1}),
    ),
    "CacheMissRateHigh": shares("fanout_membership_cache_misses_total", "fanout_membership_cache_hits_total", 501, 500),
    "RedisMemoryWarning": (
        Past({}, {"router_redis_memory_used_bytes": 801, "router_redis_memory_max_bytes": 1_000}),
        Past({}, {"router_redis_memory_used_bytes": 800, "router_redis_memory_max_bytes": 1_000}),
    ),
    "ClockSkewElevated": (
        Past(
            {
                'messaging_clock_skew_samples_total{dest_plane="fanout",source_plane="durability"}': 11,
                'fanout_delivery_total{status="delivered"}': 1_000,
            }
        ),
        Past(
            {
                'messaging_clock_skew_samples_total{dest_plane="fanout",source_plane="durability"}': 10,
                'fanout_delivery_total{status="delivered"}': 1_000,
            }
        ),
    ),
    "ConnectionSuccessRateLow": shares(UPGRADES % "queue_full", UPGRADES % "accepted", 11, 10),
    "HTTPLatencyHigh": slow(ENDPOINT, "0.2", 51, 50),
    "UnstableDisconnectsHigh": shares(LEFT % "slow_consumer", LEFT % "client_closed", 11, 10),
    "MessageLatencyHigh": slow(EVENTS, "0.1", 51, 50),
    "HeartbeatSuccessWarning": shares(TIMEOUTS, PONGS, 11, 10),
    "HeartbeatSuccessLow": shares(TIMEOUTS, PONGS, 51, 50),
    "Phase0ErrorRateWarn": (
        Past({'error_total{event="send_message"}': 9, 'message_throughput_total{type="send"}': 10_000}),
        Past({'error_total{event="send_message"}': 8, 'message_throughput_total{type="send"}': 10_000}),
    ),
    "Phase0SendLatencyHardFail": slow("gateway_send_latency_seconds", "0.3", 51, 50),
    "Phase0HistoryLatencyHardFail": slow("gateway_history_latency_seconds", "0.4", 51, 50),
}


def past(given: Past) -> Timeline:
    return recorded(steady(given.counts, given.seconds, gauges=given.gauges))


def test_every_alert_of_the_catalogue_has_its_two_pasts() -> None:
    assert PASTS.keys() | {"WebSocketServerDown"} == {alert.name for alert in load_alerts().alerts}


@pytest.mark.parametrize("name", PASTS)
def test_an_alert_fires_by_its_past(name: str) -> None:
    judgement = judge(RULES[name], scene(past(PASTS[name][0])))
    assert judgement.verdict == "firing", judgement.detail
    assert judgement.detail


@pytest.mark.parametrize("name", PASTS)
def test_an_alert_is_quiet_by_the_past_beside_it(name: str) -> None:
    judgement = judge(RULES[name], scene(past(PASTS[name][1])))
    assert judgement.verdict == "quiet", judgement.detail


@pytest.mark.parametrize("alert", load_alerts().alerts, ids=lambda alert: alert.name)
def test_without_a_past_there_are_no_data(alert: Alert) -> None:
    judgement = judge(RULES[alert.name], scene(Timeline()))
    assert judgement.verdict == "no_data"
    assert judgement.detail


@pytest.mark.parametrize("alert", [alert for alert in load_alerts().alerts if alert.needs], ids=lambda alert: alert.name)
def test_without_its_back_end_an_alert_has_no_data_whatever_is_recorded(alert: Alert) -> None:
    judgement = judge(RULES[alert.name], scene(past(PASTS[alert.name][0]), backends=()))
    assert (judgement.verdict, judgement.detail) == ("no_data", f"{alert.needs} is not configured")


def probed(*results: str) -> Timeline:
    """One probe a minute, the last in the newest slot."""
    slots = []
    for age, result in enumerate(reversed(results)):
        series = f'probe_attempts_total{{probe="tcp",result="{result}",target="here"}}'
        slots += steady({series: 1}, 15, until_s=NOW_S - age * MINUTE_S)
    return recorded(sorted(slots, key=lambda slot: slot.start_s))


def test_three_probes_in_a_row_that_fail_mean_down() -> None:
    judgement = judge(RULES["WebSocketServerDown"], scene(probed("up", "down", "down", "down")))
    assert judgement.verdict == "firing"
    assert judgement.detail == "3 tcp probes of here in a row failed"


@pytest.mark.parametrize("results", [("up", "down", "down"), ("down", "down", "down", "up"), ("down", "up", "down", "down"), ("up",) * 5])
def test_fewer_probes_that_fail_do_not(results: tuple[str, ...]) -> None:
    assert judge(RULES["WebSocketServerDown"], scene(probed(*results))).verdict == "quiet"


def test_probes_that_could_not_run_count_for_neither_side() -> None:
    assert judge(RULES["WebSocketServerDown"], scene(probed("up", "down", "unknown", "down"))).verdict == "quiet"
    assert judge(RULES["WebSocketServerDown"], scene(probed("up", "down", "unknown", "down", "down"))).verdict == "firing"


def test_probes_that_stopped_say_nothing() -> None:
    stopped = scene(probed("down", "down", "down"), now_s=NOW_S + 10 * MINUTE_S)
    assert judge(RULES["WebSocketServerDown"], stopped).verdict == "no_data"


def test_a_share_of_nothing_is_no_data_and_not_zero() -> None:
    idle = recorded(steady({"fanout_membership_cache_hits_total": 5}, 300, until_s=NOW_S - 2 * HOUR_S) + steady({}, 900))
    assert judge(RULES["CacheMissRateHigh"], scene(idle)).verdict == "no_data"


def test_too_few_events_are_no_breach() -> None:
    few = recorded(steady({name: count // 1_000 for name, count in PASTS["MessageLatencyHigh"][0].counts.items()}, 60))
    judgement = judge(RULES["MessageLatencyHigh"], scene(few))
    assert (judgement.verdict, judgement.detail) == ("no_data", "4 events in 5m")


def test_each_endpoint_is_judged_apart() -> None:
    fast = {'gateway_http_request_duration_seconds_count{endpoint="/health",status="200"}': 90_000}
    fast['gateway_http_request_duration_seconds_bucket{endpoint="/health",le="0.2",status="200"}'] = 90_000
    slow_one = dict(PASTS["HTTPLatencyHigh"][0].counts)
    assert judge(RULES["HTTPLatencyHigh"], scene(recorded(steady(fast | slow_one, 300)))).verdict == "firing"


def test_what_maintenance_takes_out_of_an_objective_does_not_fire_its_alerts() -> None:
    timeline = past(PASTS["ConnectionSuccessRateLow"][0])
    out = {"sla-002-upgrade-success": (Interval(NOW_S - 15 * MINUTE_S, NOW_S),)}
    assert judge(RULES["ConnectionSuccessRateLow"], scene(timeline, excluded=out)).verdict == "no_data"


def test_a_gauge_of_several_series_fires_by_any_of_them() -> None:
    series = 'durability_circuit_breaker_state{dependency="%s"}'
    timeline = recorded(steady({}, 60, gauges={series % "kafka": 0, series % "redis": 1}))
    judgement = judge(RULES["CircuitBreakerOpen"], scene(timeline))
    assert (judgement.verdict, judgement.detail) == ("firing", 'durability_circuit_breaker_state{dependency="redis"} is 1')


def test_lag_is_summed_over_partitions() -> None:
    series = 'fanout_consumer_lag{partition="%s"}'
    assert (
        judge(RULES["HighConsumerLag"], scene(recorded(steady({}, 60, gauges={series % 0: 6_000, series % 1: 6_000})))).verdict == "firing"
    )


def test_every_process_is_held_to_its_own_limit() -> None:
    gauges = {
        'gateway_connections_active{instance="a"}': 95,
        'gateway_connections_limit{instance="a"}': 100,
        'gateway_connections_active{instance="b"}': 1,
        'gateway_connections_limit{instance="b"}': 900,
    }
    judgement = judge(RULES["ConnectionCapacityWarning"], scene(recorded(steady({}, 60, gauges=gauges))))
    assert (judgement.verdict, judgement.detail) == ("firing", "95 of 100: 95 % (> 90 %)")
