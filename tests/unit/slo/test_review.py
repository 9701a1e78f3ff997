"""Reviews: the words of the requirements, the periods that ticks hold for, and what the server knows of each task."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from surewire.contract.catalogue import load_slos
from surewire.errors import ClientError
from surewire.ports.sli_store import Slot
from surewire.slo.evaluation import evaluate
from surewire.slo.freeze import Freeze
from surewire.slo.objective import objectives
from surewire.slo.review import CADENCES, MEETINGS, TASKS, Cadence, EvidenceKey, make_review, period_of, task_of
from surewire.slo.review_evidence import LOOK_BACK_S, Known, evidence, projected_breach
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, SLOT_S

OBJECTIVES = {objective.id: objective for objective in objectives(load_slos())}
NOW_S = 1_800_000_000
HTTP = "gateway_http_request_duration_seconds"
DOCUMENTS: dict[Cadence, list[str]] = {
    "daily": [
        "Review Grafana dashboard for anomalies",
        "Check alert queue in PagerDuty",
        "Verify all metrics are reporting",
        "Review error logs for patterns",
    ],
    "weekly": [
        "Analyze slow HTTP endpoints (>200ms p95)",
        "Review unstable disconnection reasons",
        "Check heartbeat timeout trends",
        "Verify backup completion (if applicable)",
        "Review burn-rate dashboard & annotate notable spikes.",
    ],
    "monthly": [
        "Generate SLA compliance report",
        "Conduct SLA breach postmortems",
        "Review and update runbooks",
        "Test restore procedures",
        "Update on-call schedule",
        "Formal SLO review; adjust targets if service posture changes.",
    ],
    "quarterly": [
        "Review SLA targets with stakeholders",
        "Load test with 2x peak traffic",
        "Audit security dependencies (`cargo audit`)",
        "Update incident response procedures",
    ],
}
AGENDAS = {
    "weekly": ("SLO owners + on-call", "Budget status, recent incidents, alert tuning"),
    "monthly": ("SLO owners + engineering leadership", "Trend analysis, capacity planning, roadmap impact"),
    "quarterly": ("Engineering + product leadership", "SLO target review, trade-off decisions"),
}


class Row(msgspec.Struct, frozen=True):
    """An entry of a ledger."""

    id: str
    kind: str
    at_s: int
    actor: str
    body: dict[str, Any]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def tick(at_s: int, item: str, cadence: str = "weekly", actor: str = "alice", note: str = "") -> Row:
    return Row(str(at_s), "review_tick", at_s, actor, {"cadence": cadence, "item": item, "note": note})


# ---- the words


@pytest.mark.parametrize("cadence", CADENCES)
def test_the_tasks_are_those_of_the_requirements_to_the_letter(cadence: Cadence) -> None:
    assert [task.text for task in TASKS[cadence]] == DOCUMENTS[cadence]


def test_attendees_and_agendas_are_those_of_the_requirements_to_the_letter() -> None:
    said = {cadence: (meeting.attendees, ", ".join(task.text for task in meeting.agenda)) for cadence, meeting in MEETINGS.items()}
    assert said == AGENDAS


def test_every_task_has_its_own_name_and_evidence_that_there_is() -> None:
    for cadence in CADENCES:
        review = make_review(cadence, [], {}, NOW_S)
        ids = [item.id for item in (*review.tasks, *review.agenda)]
        assert len(set(ids)) == len(ids)
        assert [task_of(cadence, id_).id for id_ in ids] == ids
    named = {
        task.evidence for cadence in CADENCES for task in (*TASKS[cadence], *(MEETINGS[cadence].agenda if cadence in MEETINGS else ()))
    }
    assert named == set(get_args(EvidenceKey))


def test_a_task_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ClientError, match="the weekly review has no 'dashboard'; it has slow-endpoints, unstable-disconnects"):
        task_of("weekly", "dashboard")


# ---- periods and ticks


@pytest.mark.parametrize(
    ("cadence", "start", "end"),
    [
        ("daily", "2026-11-21", "2026-11-22"),
        ("weekly", "2026-11-16", "2026-11-23"),
        ("monthly", "2026-11-01", "2026-12-01"),
        ("quarterly", "2026-10-01", "2027-01-01"),
    ],
)
def test_a_period_is_a_whole_day_week_month_or_quarter_in_utc(cadence: Cadence, start: str, end: str) -> None:
    for moment in ("2026-11-21T00:00:00", "2026-11-21T23:59:59"):
        period = period_of(cadence, at(moment))
        assert (period.start_s, period.end_s) == (at(start), at(end))


@pytest.mark.parametrize("cadence", CADENCES)
def test_periods_follow_each_other_without_a_gap(cadence: Cadence) -> None:
    period = period_of(cadence, at("2023-12-31"))
    for _ in range(20):
        following = period_of(cadence, period.end_s)
        assert following.start_s == period.end_s
        assert period_of(cadence, period.end_s - 1) == period
        period = following


def test_a_tick_holds_for_its_task_in_its_period() -> None:
    now = at("2026-11-21T12:00:00")
    entries = [
        tick(at("2026-11-15T23:59:59"), "unstable-disconnects"),
        tick(at("2026-11-16T00:00:00"), "heartbeats", note="first"),
        tick(at("2026-11-17T00:00:00"), "heartbeats", actor="bob", note="second"),
        tick(at("2026-11-18T00:00:00"), "slow-endpoints", cadence="daily"),
        tick(at("2026-11-18T00:00:00"), "alert-tuning"),
        Row("9", "deployment", now, "bob", {}),
    ]
    review = make_review("weekly", entries, {"burns": ("nothing",)}, now)
    done = {item.id: item.tick for item in (*review.tasks, *review.agenda) if item.tick}
    assert set(done) == {"heartbeats", "alert-tuning"}
    assert (done["heartbeats"].actor, done["heartbeats"].note) == ("bob", "second")
    assert {item.id: item.evidence for item in review.tasks if item.evidence} == {"burn-rates": ("nothing",)}


# ---- evidence


def known(slots: list[Slot], look_back_s: int = 7 * DAY_S, **more: Any) -> Known:
    timeline = Timeline()
    timeline.load(sorted(slots, key=lambda slot: slot.start_s))
    statuses = [evaluate(objective, timeline, (), NOW_S) for objective in OBJECTIVES.values()]
    fields: dict[str, Any] = {"freezes": {}, "overrides": (), "fired": {}, "firing": (), **more}
    return Known(objectives=OBJECTIVES, statuses=statuses, timeline=timeline, now_s=NOW_S, look_back_s=look_back_s, **fields)


def slot(ago_s: int, **counts: int) -> Slot:
    series = {name.replace("__", "{").replace("_is_", '="') + ('"}' if "__" in name else ""): count for name, count in counts.items()}
    return Slot(start_s=NOW_S - ago_s, length_s=SLOT_S, seen_s=SLOT_S, counts=series)


def ended(ago_s: int, reason: str, count: int) -> Slot:
    return Slot(start_s=NOW_S - ago_s, length_s=SLOT_S, seen_s=SLOT_S, counts={f'gateway_disconnections_total{{reason="{reason}"}}': count})


def test_without_any_data_the_evidence_says_so() -> None:
    said = evidence(known([]))
    assert said["recording"][0] == "Something recorded in 0 % of the last 7 d."
    assert said["recording"][1].startswith(f"0 of {len(OBJECTIVES)} objectives have data; without: message-durability")
    assert said["heartbeats"][0] == "No pings in the last 7 d."
    assert said["alerts"] == ("Fired in the last 7 d: nothing.", "Firing now: nothing.")
    assert said["burns"] == ("Burning faster than 1x: nothing.",)
    assert "budgets" not in said
    assert "trends" not in said


def test_changes_that_were_let_through_stand_beside_the_breaches() -> None:
    def override(ago_s: int, *refusing: str) -> Row:
        body = {"change": "feature", "verdict": "refused" if refusing else "unknown", "override": {"reason": "the fix", "actor": "alice"}}
        return Row("1", "override", NOW_S - ago_s, "alice", {**body, "refusing": [{"slo": slo, "why": "is breached"} for slo in refusing]})

    said = evidence(known([], overrides=[override(8 * DAY_S), override(60, "availability", "message-durability"), override(30)]))
    day = f"{datetime.fromtimestamp(NOW_S - 60, UTC):%Y-%m-%d}"
    assert said["breaches"][1:] == (
        f"A feature change was let through on {day} by alice (the fix); refused by availability, message-durability.",
        f"A feature change was let through on {day} by alice (the fix); the gate: unknown.",
    )


def test_budgets_stand_by_owner_with_their_state() -> None:
    said = evidence(
        known(
            [
                Slot(
                    start_s=NOW_S - 60,
                    length_s=15,
                    seen_s=15,
                    counts={'gateway_send_total{status="success"}': 9_999, 'gateway_send_total{status="error"}': 1},
                )
            ]
        )
    )
    assert "Platform Engineering Manager: availability 90.0 % left (healthy)." in said["budgets"]
    assert any(line.startswith("Reliability Engineering: phase0-availability 90.0 % left") for line in said["budgets"])


def test_reasons_of_unstable_connections_stand_beside_those_of_the_time_before() -> None:
    said = evidence(known([ended(60, "slow_consumer", 3), ended(75, "client_closed", 97), ended(8 * DAY_S, "slow_consumer", 12)]))
    assert said["unstable"] == (
        "slow_consumer: 3 of 100 closed connections in the last 7 d; 12 in as long before.",
        "server_error: 0 of 100 closed connections in the last 7 d; 0 in as long before.",
        "task_panic: 0 of 100 closed connections in the last 7 d; 0 in as long before.",
    )


def test_heartbeats_are_compared_with_the_time_before() -> None:
    slots = [
        slot(8 * DAY_S, gateway_heartbeat_pongs_received_total=1_000, gateway_heartbeat_timeouts_total=10),
        slot(60, gateway_heartbeat_pongs_received_total=999, gateway_heartbeat_timeouts_total=1),
    ]
    assert evidence(known(slots))["heartbeats"] == (
        "0.100 % of 1,000 pings unanswered in the last 7 d.",
        "0.990 % of 1,010 pings unanswered before that, in 7 d.",
    )


def test_slow_endpoints_are_named_worst_first() -> None:
    def answered(endpoint: str, within: int, total: int) -> dict[str, int]:
        labels = f'endpoint="{endpoint}"'
        tail = 'status="200"'
        return {f'{HTTP}_bucket{{{labels},le="0.2",{tail}}}': within, f"{HTTP}_count{{{labels},{tail}}}": total}

    counts = {**answered("/a", 90, 100), **answered("/b", 1_000, 1_000), **answered("/c", 1, 2)}
    said = evidence(known([Slot(start_s=NOW_S - 60, length_s=15, seen_s=15, counts=counts)]))["slow_endpoints"]
    assert said == ("/c: 50.0 % of 2 within 200 ms in the last 7 d.", "/a: 90.0 % of 100 within 200 ms in the last 7 d.")


def test_where_no_endpoint_is_slow_that_is_said() -> None:
    assert evidence(known([]))["slow_endpoints"] == ("None of 0 endpoints in the last 7 d.",)


def test_alerts_are_counted_and_open_freezes_named() -> None:
    freeze = Freeze(slo="availability", cause="the budget is breached", opened_at_s=NOW_S)
    said = evidence(
        known([], fired={"HTTPLatencyHigh": 3, "CircuitBreakerOpen": 1}, firing=["HTTPLatencyHigh"], freezes={"availability": freeze})
    )
    assert said["alerts"] == (
        "Fired in the last 7 d: 4 times, most often HTTPLatencyHigh 3x, CircuitBreakerOpen 1x.",
        "Firing now: HTTPLatencyHigh.",
    )
    assert said["breaches"][1] == "Deployments are frozen for availability since 2027-01-15: the budget is breached."
    assert evidence(known([], fired=None))["alerts"] == ("Firing now: nothing.",)
    assert evidence(known([], fired={"HTTPLatencyHigh": 1}))["alerts"][0] == "Fired in the last 7 d: once, HTTPLatencyHigh."
    assert evidence(known([], fired={}))["alerts"][0] == "Fired in the last 7 d: nothing."


# ---- trends


def test_a_budget_that_burns_has_a_date_at_which_it_is_spent() -> None:
    """One in 500 bad over three days burns a budget of one in 1,000 at 2x: half of it is gone after 10 % of traffic of that kind."""
    older = [Slot(start_s=NOW_S - 20 * DAY_S, length_s=15, seen_s=15, counts={'gateway_send_total{status="success"}': 1_000_000})]
    now = [
        Slot(
            start_s=NOW_S - DAY_S,
            length_s=15,
            seen_s=15,
            counts={'gateway_send_total{status="success"}': 99_800, 'gateway_send_total{status="error"}': 200},
        )
    ]
    found = known([*older, *now])
    status = next(status for status in found.statuses if status.id == "availability")
    assert status.burn_rates["3d"] == Decimal(2)
    left = 1 - Decimal(200) / Decimal(1100)
    assert status.budget_remaining == left
    assert projected_breach(OBJECTIVES["availability"], status) == int(left * 30 * DAY_S / 2)
    assert any(line.startswith("availability: at the burn of the last days its budget is spent on ") for line in evidence(found)["trends"])


def test_a_budget_that_burns_slowly_or_is_spent_has_no_such_date() -> None:
    slow = known([Slot(start_s=NOW_S - DAY_S, length_s=15, seen_s=15, counts={'gateway_send_total{status="success"}': 1_000})])
    assert "No breach in sight: " in evidence(slow)["trends"][0]
    spent = known([Slot(start_s=NOW_S - DAY_S, length_s=15, seen_s=15, counts={'gateway_send_total{status="error"}': 1_000})])
    for found in (slow, spent):
        assert all(projected_breach(OBJECTIVES[status.id], status) is None for status in found.statuses)
    assert "availability," not in " ".join(evidence(spent).get("trends", ()))


def test_each_review_looks_back_as_long_as_it_is_apart() -> None:
    assert [LOOK_BACK_S[cadence] // DAY_S for cadence in CADENCES] == [1, 7, 30, 90]
