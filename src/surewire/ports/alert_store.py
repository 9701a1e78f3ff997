"""The state of alerts, kept over restarts, with the outbox of what is to be told about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from surewire.contract.selector import Matcher
from surewire.contract.slos import Severity
from surewire.ports.idempotency import Claim
from surewire.ports.notifier import Notification
from surewire.ports.outbox import Outbox, Outgoing
from surewire.slo.judgement import LatchMark
from surewire.slo.window import Interval

__all__ = [
    "Acknowledgement",
    "AlertBook",
    "AlertChange",
    "AlertPhase",
    "AlertState",
    "AlertStore",
    "Episode",
    "GroupState",
    "KnownIssue",
    "Outbox",
    "Outgoing",
    "Silence",
]

AlertPhase = Literal["quiet", "pending", "firing"]


class Acknowledgement(msgspec.Struct, frozen=True):
    """A person has seen the alert and works on it."""

    actor: str
    at_s: int
    note: str = ""


class KnownIssue(msgspec.Struct, frozen=True, kw_only=True):
    """Why an alert that cannot be silenced goes on: the ticket that mends it, and by which day (`2026-12-01`). It mutes nothing."""

    ticket: str
    due: str
    actor: str
    at_s: int


class AlertState(msgspec.Struct, frozen=True, kw_only=True):
    """Where one alert is. What was never seen is quiet."""

    name: str
    phase: AlertPhase = "quiet"
    since_s: int = 0
    """When it entered the phase."""
    detail: str = ""
    """The numbers that made it fire."""
    acknowledged: Acknowledgement | None = None
    answered_at_s: int | None = None
    """When it was acknowledged for the first time since it fires."""
    resolved_at_s: int | None = None
    """When it last stopped firing."""
    firings: int = 0
    """How many times it has begun to fire."""
    mark: LatchMark | None = None
    known_issue: KnownIssue | None = None


class GroupState(msgspec.Struct, frozen=True, kw_only=True):
    """What was told about the alerts of one group, and who was paged. A group is there from its first alert to its last resolution."""

    key: str
    severity: Severity
    told: tuple[str, ...] = ()
    """The alerts that the targets know to be firing."""
    opened_at_s: int | None = None
    """When it was first told; None while it was not."""
    told_at_s: int = 0
    waiting_since_s: int | None = None
    """Since when there is something that was not told."""
    unseen_since_s: int | None = None
    """Since when nobody has acknowledged what is firing; None while all is acknowledged."""
    pages: int = 0
    """Pages since then that nobody acknowledged; escalations are counted apart."""
    last_page: int = 0
    """The number of the newest page."""
    paged_at_s: int = 0
    escalated: int = 0
    """Steps of the escalation that were made."""
    open_keys: tuple[str, ...] = ()
    """Dedup keys that receivers hold open."""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts with labels that satisfy all matchers are not told about from `starts_at_s` on and before `ends_at_s`."""

    id: str
    owner: str
    reason: str
    matchers: tuple[Matcher, ...]
    starts_at_s: int
    ends_at_s: int
    created_by: str = ""
    created_at_s: int = 0


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One time that an alert fired, from beginning to end."""

    name: str
    severity: Severity
    slo: str
    fired_at_s: int
    answered_at_s: int | None
    """When it was acknowledged for the first time."""
    resolved_at_s: int


class AlertBook(msgspec.Struct, frozen=True):
    """Everything that is known of alerts: states by alert, groups by key, silences by id."""

    alerts: dict[str, AlertState] = {}
    groups: dict[str, GroupState] = {}
    silences: dict[str, Silence] = {}


class AlertChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changes together: states by their names, over those of before; groups and silences that go; episodes; what is to be told."""

    at_s: int
    alerts: tuple[AlertState, ...] = ()
    groups: tuple[GroupState, ...] = ()
    closed_groups: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()
    removed_silences: tuple[str, ...] = ()
    episodes: tuple[Episode, ...] = ()
    notifications: tuple[Notification, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing changes."""
        changed = self.alerts, self.groups, self.closed_groups, self.silences, self.removed_silences, self.episodes, self.notifications
        return not any(changed)


class AlertStore(Outbox, Protocol):
    """A state and what is to be told about it are kept together or not at all, so no crash loses a notification."""

    async def load(self) -> AlertBook:
        """Everything as the last change left it."""
        ...

    async def commit(self, change: AlertChange, claim: Claim | None = None, result: object = None) -> None:
        """Keeps all of the change, on disk when it returns. `claim` renders `result`.

        Raises: BackendUnavailableError, or what a claim asks for; then nothing of it is kept.
        """
        ...

    async def refuse_repeated(self, claim: Claim | None, at_s: int) -> None:
        """Returns when nobody was answered for the claim yet. Raises: what a claim asks for."""
        ...

    async def episodes(self, interval: Interval) -> Sequence[Episode]:
        """The times that alerts fired and that reach into the interval, in the order in which they ended."""
        ...
