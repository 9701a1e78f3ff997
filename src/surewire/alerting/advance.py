"""One step of all alerts: new judgements in, new states and what is to be told out. Pure: the same book and time give the same step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from surewire.alerting.definitions import Definitions
from surewire.alerting.grouping import members
from surewire.alerting.kept_silences import kept
from surewire.alerting.states import closed, following
from surewire.alerting.telling import tell
from surewire.contract.slos import Severity
from surewire.ports.alert_store import AlertBook, AlertChange, AlertState, Episode, GroupState
from surewire.ports.notifier import Notification
from surewire.slo.judgement import Judgement

__all__ = ["AlertMove", "Step", "judged", "told"]


class AlertMove(msgspec.Struct, frozen=True, kw_only=True):
    """An alert began or ceased to fire."""

    name: str
    severity: Severity
    slo: str
    status: Literal["firing", "resolved"]
    at_s: int
    detail: str


class Step(msgspec.Struct, frozen=True):
    """The book after a step, what changed in it and what is to be told, and the alerts that began or ceased to fire."""

    book: AlertBook
    change: AlertChange
    moves: tuple[AlertMove, ...] = ()


def judged(book: AlertBook, judgements: Iterable[Judgement], definitions: Definitions, now_s: int) -> Step:
    """The step that follows from judgements. An alert without one stays as it is; one that is no longer defined is resolved."""
    after = dict(book.alerts)
    for judgement in judgements:
        if (rule := definitions.rules.get(judgement.name)) is not None:
            before = after.get(rule.name, AlertState(name=rule.name))
            after[rule.name] = following(before, rule, judgement, now_s)
    for name in after.keys() - definitions.rules.keys():
        after[name] = closed(after[name], now_s) if after[name].phase == "firing" else after[name]
    return told(book, AlertBook(after, book.groups, kept(book.silences, now_s)), definitions, now_s)


def told(before: AlertBook, after: AlertBook, definitions: Definitions, now_s: int) -> Step:
    """The step from one book to another whose alerts or silences differ: every group is told about what is so now."""
    groups, notifications = _groups(after, definitions, now_s)
    book = AlertBook(after.alerts, groups, after.silences)
    changed = [state for name, state in book.alerts.items() if state != before.alerts.get(name, AlertState(name=name))]
    moves = [move for state in changed if (move := _move(before.alerts.get(state.name), state, definitions, now_s))]
    change = AlertChange(
        at_s=now_s,
        alerts=tuple(changed),
        groups=tuple(group for key, group in groups.items() if group != before.groups.get(key)),
        closed_groups=tuple(before.groups.keys() - groups.keys()),
        silences=tuple(silence for id_, silence in book.silences.items() if silence != before.silences.get(id_)),
        removed_silences=tuple(before.silences.keys() - book.silences.keys()),
        episodes=tuple(_episode(before.alerts[move.name], move) for move in moves if move.status == "resolved"),
        notifications=tuple(notifications),
    )
    return Step(book, change, tuple(moves))


def _groups(book: AlertBook, definitions: Definitions, now_s: int) -> tuple[dict[str, GroupState], list[Notification]]:
    groups: dict[str, GroupState] = {}
    notifications: list[Notification] = []
    for key, firing in members(definitions.rules.values(), definitions.silencing, book, now_s).items():
        group = book.groups.get(key) or GroupState(key=key, severity=firing[0].rule.severity)
        outcome = tell(group, firing, definitions.plans[group.severity], book.alerts, definitions.letters, now_s)
        notifications += outcome.notifications
        if outcome.group is not None:
            groups[key] = outcome.group
    return groups, notifications


def _move(before: AlertState | None, after: AlertState, definitions: Definitions, now_s: int) -> AlertMove | None:
    did_fire, fires = before is not None and before.phase == "firing", after.phase == "firing"
    if did_fire == fires:
        return None
    rule = definitions.rules.get(after.name)
    return AlertMove(
        name=after.name,
        severity=rule.severity if rule else "SEV-4",
        slo=rule.slo if rule else "",
        status="firing" if fires else "resolved",
        at_s=now_s,
        detail=after.detail,
    )


def _episode(before: AlertState, move: AlertMove) -> Episode:
    return Episode(
        name=move.name,
        severity=move.severity,
        slo=move.slo,
        fired_at_s=before.since_s,
        answered_at_s=before.answered_at_s,
        resolved_at_s=move.at_s,
    )
