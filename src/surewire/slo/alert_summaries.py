"""What each alert of the catalogue tells the person who is paged, in one sentence."""

from __future__ import annotations

from typing import Final

__all__ = ["SUMMARIES"]

SUMMARIES: Final[dict[str, str]] = {
    "MessageLoss": "A message that was acknowledged is not in the store.",
    "DuplicateSequence": "Two messages of one chat have the same sequence.",
    "CounterCorruption": "A chat's counter is missing or below its highest sequence.",
    "DynamoDBUnavailable": "DynamoDB does not answer: messages cannot be stored.",
    "KafkaUnavailable": "Kafka does not answer: committed messages are not delivered.",
    "SLOBreachDurability": "The error budget of message-durability is used up.",
    "SLOBreachAvailability": "The error budget of availability is used up.",
    "HighPersistLatency": "More than 1 % of commits take longer than 0.5 s.",
    "HighConsumerLag": "Delivery is more than 10,000 committed messages behind.",
    "CircuitBreakerOpen": "The circuit breaker of a dependency is open: calls to it are refused at once.",
    "HighSlowConsumerRate": "More than 50 connections a minute are closed because their clients read too slowly.",
    "ConnectionCapacityWarning": "More than 90 % of the connections that this server accepts are in use.",
    "ErrorBudgetBurnHigh": "availability burns its error budget at more than 14.4x over 1h; at that rate a whole one lasts about two days.",
    "DynamoDBThrottling": "DynamoDB refuses requests because its provisioned throughput is exceeded.",
    "HighIdempotencyHitRate": "More than one send in ten repeats an earlier one: clients retry a lot.",
    "ElevatedTransactionConflicts": "More than 5 % of commits fail because another writer was first.",
    "DLQAccumulating": "More than 100 log entries became dead letters within an hour.",
    "CacheMissRateHigh": "More than half of the lookups of members go to the store.",
    "RedisMemoryWarning": "Redis uses more than 80 % of its memory.",
    "ClockSkewElevated": "More than 1 % of deliveries show a negative latency: clocks disagree.",
    "WebSocketServerDown": "The server does not answer.",
    "ConnectionSuccessRateLow": "Fewer than 99 % of upgrades succeed.",
    "HTTPLatencyHigh": "At an endpoint, fewer than 95 % of HTTP requests are answered within 0.2 s.",
    "UnstableDisconnectsHigh": "More than 1 % of connections end because of the server or a slow consumer.",
    "MessageLatencyHigh": "Fewer than 95 % of events reach the socket within 0.1 s.",
    "HeartbeatSuccessWarning": "Fewer than 99 % of heartbeats are answered in time.",
    "HeartbeatSuccessLow": "Fewer than 95 % of heartbeats are answered in time.",
    "Phase0ErrorRateWarn": "More than 0.08 % of sends, history reads and deliveries fail.",
    "Phase0SendLatencyHardFail": "The 95th percentile of send latency is above 0.3 s, where deployments stop.",
    "Phase0HistoryLatencyHardFail": "The 95th percentile of history latency is above 0.4 s, where deployments stop.",
}
