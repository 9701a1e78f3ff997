"""How it stands with reaching people, as JSON shows it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from surewire.alerting.lane import TargetState
from surewire.contract.slos import Severity
from surewire.domain.instant import format_seconds
from surewire.ports.outbox import Outgoing

__all__ = ["DeadLetterView", "DeliveryView", "TargetView", "delivery_view"]


class TargetView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to reach people, in the life of this process."""

    name: str
    waiting: int
    failures: int = 0
    """Attempts in a row that failed."""
    problem: str = ""
    """Why the last attempt failed."""
    taken_at: str | None = None
    """When it last took something."""


class DeadLetterView(Struct, frozen=True, kw_only=True):
    """A notification that was refused for good, or not taken in time."""

    id: str
    target: str
    severity: Severity
    status: str
    alerts: tuple[str, ...]
    queued_at: str
    given_up_at: str
    attempts: int
    problem: str


class DeliveryView(Struct, frozen=True):
    """The targets, and the newest dead letters."""

    targets: tuple[TargetView, ...]
    dead_letters: tuple[DeadLetterView, ...]


def delivery_view(targets: Iterable[TargetState], dead: Iterable[Outgoing]) -> DeliveryView:
    """All of it, as it is now."""
    return DeliveryView(tuple(map(_target, targets)), tuple(map(_dead_letter, dead)))


def _target(state: TargetState) -> TargetView:
    taken_at = None if state.taken_at_s is None else format_seconds(state.taken_at_s)
    return TargetView(name=state.name, waiting=state.waiting, failures=state.failures, problem=state.problem, taken_at=taken_at)


def _dead_letter(letter: Outgoing) -> DeadLetterView:
    notification = letter.notification
    return DeadLetterView(
        id=notification.id,
        target=notification.target,
        severity=notification.severity,
        status=notification.status,
        alerts=tuple(alert.name for alert in notification.alerts),
        queued_at=format_seconds(letter.queued_at_s),
        given_up_at=format_seconds(letter.next_attempt_s),
        attempts=letter.attempts,
        problem=letter.problem,
    )
