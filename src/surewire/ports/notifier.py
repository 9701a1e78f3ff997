"""A way to reach people."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from surewire.contract.slos import Severity
from surewire.errors import SurewireError

__all__ = ["AlertView", "Notification", "Notifier", "NotifyError"]


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as a notification shows it."""

    name: str
    severity: Severity
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    summary: str
    detail: str
    """The numbers behind it, in words."""
    runbook_url: str
    starts_at_s: int
    ends_at_s: int | None = None


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to one target about one group of alerts. The same `dedup_key` means the same trouble, however often it is sent."""

    id: str
    target: str
    dedup_key: str
    status: Literal["firing", "resolved", "acknowledged"]
    severity: Severity
    alerts: tuple[AlertView, ...]
    at_s: int
    escalation: str = ""
    """Whom it goes to beyond the on-call: `backup on-call`."""


class NotifyError(SurewireError):
    """A notification was not taken. `is_temporary` says whether sending it again may help; `retry_after_s` when, if known."""

    def __init__(self, problem: str, *, is_temporary: bool, retry_after_s: float | None = None) -> None:
        self.problem, self.is_temporary, self.retry_after_s = problem, is_temporary, retry_after_s
        super().__init__(problem)


class Notifier(Protocol):
    """Sends notifications to one target: a pager, a chat, a ticket queue, a mailbox, a webhook."""

    @property
    def name(self) -> str:
        """The target's name in the configuration."""
        ...

    async def send(self, notification: Notification) -> None:
        """Returns when the receiver has taken it. Safe to repeat: receivers tell repetitions by the `dedup_key`. Raises: NotifyError."""
        ...
