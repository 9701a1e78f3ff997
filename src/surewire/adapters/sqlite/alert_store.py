"""Alerts and their outbox, in the file of service levels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one, rows
from surewire.adapters.sqlite.idempotency import refuse_repeated, remember
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.alert_store import AlertBook, AlertChange, AlertState, Episode, GroupState, Silence
from surewire.ports.idempotency import Claim
from surewire.ports.notifier import Notification
from surewire.ports.outbox import Outgoing
from surewire.slo.window import DAY_S, Interval

__all__ = ["SqliteAlertStore"]

_SQL: Final = load_queries("alerts")
_EPISODES_KEPT_S: Final = 400 * DAY_S
_DEAD_LETTERS: Final = 10_000

_encode: Final = msgspec.json.Encoder().encode
_alert: Final = msgspec.json.Decoder(AlertState).decode
_group: Final = msgspec.json.Decoder(GroupState).decode
_silence: Final = msgspec.json.Decoder(Silence).decode
_episode: Final = msgspec.json.Decoder(Episode).decode
_notification: Final = msgspec.json.Decoder(Notification).decode


class SqliteAlertStore:
    """The `AlertStore` of one file, all through its one writer: there is little of it. Episodes are kept for 400 days."""

    __slots__ = ("_writer",)

    def __init__(self, writer: GroupCommitWriter) -> None:
        self._writer = writer

    async def load(self) -> AlertBook:
        return await self._writer.run(_load)

    async def commit(self, change: AlertChange, claim: Claim | None = None, result: object = None) -> None:
        await self._writer.run(partial(_claimed, change=change, claim=claim, result=result))

    async def refuse_repeated(self, claim: Claim | None, at_s: int) -> None:
        if claim is not None:
            await self._writer.run(lambda connection: refuse_repeated(connection, claim, at_s * MICROS_PER_SECOND))

    async def episodes(self, interval: Interval) -> Sequence[Episode]:
        found = await self._writer.run(lambda connection: rows(connection, _SQL.episodes, interval.start_s, interval.end_s))
        return [_episode(body) for (body,) in found]

    async def put(self, notifications: Sequence[Notification], at_s: int) -> None:
        await self._writer.run(lambda connection: _put(connection, notifications, at_s))

    async def pending(self, limit: int = 1_000) -> Sequence[Outgoing]:
        return [_outgoing(row) for row in await self._writer.run(lambda connection: rows(connection, _SQL.pending, limit))]

    async def delivered(self, notification_id: str) -> None:
        await self._writer.run(lambda connection: rows(connection, _SQL.delivered, notification_id))

    async def failed(self, notification_id: str, problem: str, next_attempt_s: int) -> None:
        await self._writer.run(lambda connection: rows(connection, _SQL.failed, problem, next_attempt_s, 0, notification_id))

    async def given_up(self, notification_id: str, problem: str, at_s: int) -> None:
        await self._writer.run(lambda connection: _give_up(connection, notification_id, problem, at_s))

    async def dead_letters(self, limit: int = 1_000) -> Sequence[Outgoing]:
        return [_outgoing(row) for row in await self._writer.run(lambda connection: rows(connection, _SQL.dead_letters, limit))]

    async def revive(self, notification_id: str, at_s: int, claim: Claim | None = None) -> bool:
        return await self._writer.run(lambda connection: _revive(connection, notification_id, at_s, claim))


def _load(connection: Connection) -> AlertBook:
    alerts = [_alert(body) for (body,) in rows(connection, _SQL.alerts)]
    groups = [_group(body) for (body,) in rows(connection, _SQL.groups)]
    silences = [_silence(body) for (body,) in rows(connection, _SQL.silences)]
    return AlertBook({one.name: one for one in alerts}, {one.key: one for one in groups}, {one.id: one for one in silences})


def _claimed(connection: Connection, change: AlertChange, claim: Claim | None, result: object) -> None:
    now_micros = change.at_s * MICROS_PER_SECOND
    refuse_repeated(connection, claim, now_micros)
    _commit(connection, change)
    remember(connection, claim, result, now_micros)


def _commit(connection: Connection, change: AlertChange) -> None:
    for state in change.alerts:
        connection.execute(_SQL.keep_alert, (state.name, _text(state)))
    for group in change.groups:
        connection.execute(_SQL.keep_group, (group.key, _text(group)))
    for silence in change.silences:
        connection.execute(_SQL.keep_silence, (silence.id, _text(silence)))
    for key in change.closed_groups:
        connection.execute(_SQL.remove_group, (key,))
    for id_ in change.removed_silences:
        connection.execute(_SQL.remove_silence, (id_,))
    _keep_episodes(connection, change)
    _put(connection, change.notifications, change.at_s)


def _keep_episodes(connection: Connection, change: AlertChange) -> None:
    for episode in change.episodes:
        connection.execute(_SQL.keep_episode, (episode.fired_at_s, episode.resolved_at_s, _text(episode)))
    if change.episodes:
        connection.execute(_SQL.remove_episodes, (change.at_s - _EPISODES_KEPT_S,))


def _put(connection: Connection, notifications: Sequence[Notification], at_s: int) -> None:
    for notification in notifications:
        connection.execute(_SQL.put, (notification.id, _text(notification), at_s))


def _give_up(connection: Connection, notification_id: str, problem: str, at_s: int) -> None:
    connection.execute(_SQL.failed, (problem, at_s, 1, notification_id))
    connection.execute(_SQL.trim_dead_letters, (_DEAD_LETTERS,))


def _revive(connection: Connection, notification_id: str, at_s: int, claim: Claim | None) -> bool:
    refuse_repeated(connection, claim, at_s * MICROS_PER_SECOND)
    found = one(connection, _SQL.take_dead_letter, notification_id)
    if found is not None:
        connection.execute(_SQL.put, (notification_id, found[0], at_s))
        remember(connection, claim, notification_id, at_s * MICROS_PER_SECOND)
    return found is not None


def _outgoing(row: tuple[Any, ...]) -> Outgoing:
    position, body, queued_at_s, attempts, next_attempt_s, problem = row
    return Outgoing(
        position=position,
        notification=_notification(body),
        queued_at_s=queued_at_s,
        attempts=attempts,
        next_attempt_s=next_attempt_s,
        problem=problem,
    )


def _text(value: msgspec.Struct) -> str:
    return _encode(value).decode()
