"""Reviews of service levels: what is looked at each day, week, month and quarter, who meets, and what was ticked off.

The words of tasks, attendees and agendas are those of the requirements, to the letter. Each task names the evidence that the server has
for it; where it has none, a person looks by hand. Ticks are kept for a period: the day, the week from Monday, the month, the quarter,
each in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from surewire.errors import ClientError
from surewire.slo.correction import Decision
from surewire.slo.window import CalendarMonth, Interval

__all__ = [
    "CADENCES",
    "KIND",
    "MEETINGS",
    "TASKS",
    "Cadence",
    "EvidenceKey",
    "Meeting",
    "Review",
    "ReviewItem",
    "Task",
    "Tick",
    "make_review",
    "period_of",
    "task_of",
]

Cadence = Literal["daily", "weekly", "monthly", "quarterly"]
CADENCES: Final[tuple[Cadence, ...]] = get_args(Cadence)
EvidenceKey = Literal[
    "", "alerts", "breaches", "budgets", "burns", "capacity", "heartbeats", "recording", "slow_endpoints", "trends", "unstable"
]

KIND: Final = "review_tick"
"""The ledger's kind of entry that a tick is read from."""

_QUARTER_MONTHS: Final = 3


class Task(msgspec.Struct, frozen=True):
    """One thing to look at. `evidence` is what the server can show for it; empty: by hand."""

    id: str
    text: str
    evidence: EvidenceKey = ""


class Meeting(msgspec.Struct, frozen=True):
    """Who meets, and about what."""

    attendees: str
    agenda: tuple[Task, ...]


TASKS: Final[dict[Cadence, tuple[Task, ...]]] = {
    "daily": (
        Task("dashboard", "Review Grafana dashboard for anomalies", "burns"),
        Task("alert-queue", "Check alert queue in PagerDuty", "alerts"),
        Task("metrics", "Verify all metrics are reporting", "recording"),
        Task("error-logs", "Review error logs for patterns"),
    ),
    "weekly": (
        Task("slow-endpoints", "Analyze slow HTTP endpoints (>200ms p95)", "slow_endpoints"),
        Task("unstable-disconnects", "Review unstable disconnection reasons", "unstable"),
        Task("heartbeats", "Check heartbeat timeout trends", "heartbeats"),
        Task("backups", "Verify backup completion (if applicable)"),
        Task("burn-rates", "Review burn-rate dashboard & annotate notable spikes.", "burns"),
    ),
    "monthly": (
        Task("sla-report", "Generate SLA compliance report", "budgets"),
        Task("postmortems", "Conduct SLA breach postmortems", "breaches"),
        Task("runbooks", "Review and update runbooks"),
        Task("restore", "Test restore procedures"),
        Task("on-call", "Update on-call schedule"),
        Task("slo-review", "Formal SLO review; adjust targets if service posture changes.", "budgets"),
    ),
    "quarterly": (
        Task("sla-targets", "Review SLA targets with stakeholders", "budgets"),
        Task("load-test", "Load test with 2x peak traffic", "capacity"),
        Task("dependencies", "Audit security dependencies (`cargo audit`)"),
        Task("incident-procedures", "Update incident response procedures"),
    ),
}

MEETINGS: Final[dict[Cadence, Meeting]] = {
    "weekly": Meeting(
        "SLO owners + on-call",
        (
            Task("budget-status", "Budget status", "budgets"),
            Task("recent-incidents", "recent incidents", "breaches"),
            Task("alert-tuning", "alert tuning", "alerts"),
        ),
    ),
    "monthly": Meeting(
        "SLO owners + engineering leadership",
        (
            Task("trend-analysis", "Trend analysis", "trends"),
            Task("capacity-planning", "capacity planning", "capacity"),
            Task("roadmap-impact", "roadmap impact"),
        ),
    ),
    "quarterly": Meeting(
        "Engineering + product leadership",
        (Task("slo-targets", "SLO target review", "budgets"), Task("trade-offs", "trade-off decisions")),
    ),
}


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """That a task was done: by whom, when, and what was found."""

    cadence: Cadence
    item: str
    actor: str
    at_s: int
    note: str = ""


class ReviewItem(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a review. `evidence` is empty where a person looks by hand."""

    id: str
    text: str
    evidence: tuple[str, ...] = ()
    tick: Tick | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A whole review at one moment of its period."""

    cadence: Cadence
    period: Interval
    tasks: tuple[ReviewItem, ...]
    attendees: str
    """Empty where nobody meets."""
    agenda: tuple[ReviewItem, ...]


def period_of(cadence: Cadence, at_s: int) -> Interval:
    """The whole day, week from Monday, month or quarter that holds `at_s`, in UTC."""
    midnight = datetime.fromtimestamp(at_s, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match cadence:
        case "daily":
            return _between(midnight, midnight + timedelta(days=1))
        case "weekly":
            monday = midnight - timedelta(days=midnight.weekday())
            return _between(monday, monday + timedelta(days=7))
        case "monthly":
            return CalendarMonth().of(at_s)
        case "quarterly":
            first = midnight.replace(month=(midnight.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, day=1)
            months = first.month - 1 + _QUARTER_MONTHS
            return _between(first, first.replace(year=first.year + months // 12, month=months % 12 + 1))


def task_of(cadence: Cadence, item: str) -> Task:
    """The task or point of the agenda of that id. Raises: ClientError `NOT_FOUND` with the ids that there are."""
    tasks = _tasks(cadence)
    for task in tasks:
        if task.id == item:
            return task
    raise ClientError("NOT_FOUND", f"the {cadence} review has no {item!r}; it has {', '.join(task.id for task in tasks)}", path="item")


def make_review(cadence: Cadence, entries: Iterable[Decision], evidence: Mapping[str, tuple[str, ...]], at_s: int) -> Review:
    """The review at that time. The ticks of its period are the ledger's; of two for one task the later counts."""
    period, meeting = period_of(cadence, at_s), MEETINGS.get(cadence)
    ticks = _ticks(cadence, entries, period)

    def items(tasks: tuple[Task, ...]) -> tuple[ReviewItem, ...]:
        return tuple(ReviewItem(id=one.id, text=one.text, evidence=evidence.get(one.evidence, ()), tick=ticks.get(one.id)) for one in tasks)

    return Review(
        cadence=cadence,
        period=period,
        tasks=items(TASKS[cadence]),
        attendees=meeting.attendees if meeting else "",
        agenda=items(meeting.agenda) if meeting else (),
    )


def _tasks(cadence: Cadence) -> tuple[Task, ...]:
    meeting = MEETINGS.get(cadence)
    return (*TASKS[cadence], *(meeting.agenda if meeting else ()))


def _ticks(cadence: Cadence, entries: Iterable[Decision], period: Interval) -> dict[str, Tick]:
    ticks: dict[str, Tick] = {}
    for entry in entries:
        if entry.kind == KIND and entry.body["cadence"] == cadence and period.start_s <= entry.at_s < period.end_s:
            tick = msgspec.convert({**entry.body, "actor": entry.actor, "at_s": entry.at_s}, Tick)
            ticks[tick.item] = tick
    return ticks


def _between(start: datetime, end: datetime) -> Interval:
    return Interval(int(start.timestamp()), int(end.timestamp()))
