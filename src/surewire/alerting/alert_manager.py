"""All alerts of this installation: what they are judged to be, what people do to them, and what is told about both.

Every step is worked out first, kept in the store together with what is to be told, and only then believed. So a step that could not be
kept is made again at the next look, and a crash loses no notification; one may be sent twice, under the same dedup key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NoReturn, Self

import msgspec

from surewire.alerting.advance import AlertMove, Step, judged, told
from surewire.alerting.alert_event import alert_event
from surewire.alerting.audit import REPORTED, Audit, week_before, weekly_report
from surewire.alerting.definitions import Definitions
from surewire.alerting.kept_silences import check_room, kept
from surewire.alerting.known_issue import check_due
from surewire.alerting.new_silence import check_patterns, check_silence, demand
from surewire.alerting.non_negotiable import would_be_muted
from surewire.alerting.states import acknowledged, closed
from surewire.contract.selector import Matcher
from surewire.domain.event import Event
from surewire.errors import ClientError
from surewire.ports.alert_store import Acknowledgement, AlertBook, AlertState, AlertStore, KnownIssue, Silence
from surewire.ports.idempotency import Claim
from surewire.slo.alert_rule import AlertRule
from surewire.slo.judgement import Judgement, LatchMark

__all__ = ["AlertListing", "AlertManager", "OnEvents"]

OnEvents = Callable[[Sequence[Event]], Awaitable[None]]
"""Publishes events. What it raises goes to whoever made the step, which is done all the same."""


class AlertListing(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as a person looks at it. `judgement` is the newest; None before the first look."""

    rule: AlertRule
    state: AlertState
    judgement: Judgement | None
    silence: Silence | None


class AlertManager:
    """Operations run one at a time. Each raises ClientError when it is refused, and leaves an entry in the audit either way.
    A `claim` is to the state or the silence that the operation returns.

    `on_told` is called after something was put into the outbox; `on_events` gets every beginning and end of an alert, after it was kept.
    """

    def __init__(
        self,
        store: AlertStore,
        audit: Audit,
        definitions: Definitions,
        book: AlertBook,
        new_id: Callable[[str], str],
        on_told: Callable[[], None] = lambda: None,
        on_events: OnEvents | None = None,
    ) -> None:
        self._store, self._audit, self._definitions, self._book = store, audit, definitions, book
        self._new_id, self._on_told, self._on_events = new_id, on_told, on_events
        self._judgements: dict[str, Judgement] = {}
        self._turn = asyncio.Lock()
        self._reported_week_s = -1

    @classmethod
    async def open(
        cls,
        store: AlertStore,
        audit: Audit,
        definitions: Definitions,
        new_id: Callable[[str], str],
        on_told: Callable[[], None] = lambda: None,
        on_events: OnEvents | None = None,
    ) -> Self:
        """The alerts as the last life of the process left them."""
        return cls(store, audit, definitions, await store.load(), new_id, on_told, on_events)

    # ---- what is known

    @property
    def marks(self) -> Mapping[str, LatchMark]:
        """How far the counters of latched alerts were looked at, for the next judgement."""
        return {name: state.mark for name, state in self._book.alerts.items() if state.mark is not None}

    @property
    def latched(self) -> dict[str, bool]:
        """Every non-negotiable alert, and whether it waits for a person to close it."""
        return {rule.name: self._state(rule.name).phase == "firing" for rule in self._rules if rule.is_non_negotiable}

    @property
    def firing(self) -> frozenset[str]:
        """The names of the alerts that fire now."""
        return frozenset(name for name, state in self._book.alerts.items() if state.phase == "firing")

    def listing(self, now_s: int) -> tuple[AlertListing, ...]:
        """Every alert, in the order of the definitions."""
        silences = self._definitions.silencing.in_force(self._book.silences.values(), now_s)
        return tuple(
            AlertListing(
                rule=rule,
                state=self._state(rule.name),
                judgement=self._judgements.get(rule.name),
                silence=silences.get(rule.name),
            )
            for rule in self._rules
        )

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Every silence, by when they end; also the newest of those that ended within a week."""
        return tuple(sorted(self._book.silences.values(), key=lambda silence: (silence.ends_at_s, silence.id)))

    def define(self, definitions: Definitions) -> None:
        """From the next step on other definitions hold. What they no longer have is resolved by that step."""
        self._definitions = definitions

    # ---- what happens

    async def advance(self, judgements: Iterable[Judgement], now_s: int) -> tuple[AlertMove, ...]:
        """Goes on from what the conditions are judged to be: the alerts that began or ceased to fire.

        To be called at every look, also when nothing was judged: escalations and pages that were not answered go on by it.
        Raises: BackendUnavailableError, and then nothing happened.
        """
        async with self._turn:
            found = list(judgements)
            self._judgements.update((judgement.name, judgement) for judgement in found)
            step = judged(self._book, found, self._definitions, now_s)
            await self._keep(step)
            return step.moves

    async def report_weekly(self, now_s: int) -> bool:
        """Puts the audit of the last whole week into the outbox for `leadership`, once a week; whether it did so now."""
        week, plans = week_before(now_s), self._definitions.plans.values()
        if week.start_s == self._reported_week_s or not any(REPORTED in plan.configured for plan in plans):
            return False
        done = await self._audit.was_reported(week)
        if not done:
            names = [rule.name for rule in self._rules if rule.is_non_negotiable]
            await self._store.put([weekly_report(await self._audit.entries(week), names, week, now_s)], now_s)
            await self._audit.reported(week, now_s)
            self._on_told()
        self._reported_week_s = week.start_s
        return not done

    # ---- what people do

    async def acknowledge(self, name: str, *, actor: str, note: str = "", now_s: int, claim: Claim | None = None) -> AlertState:
        """A person works on the firing alert: pages and escalations end, until it wants to be acknowledged anew."""
        async with self._turn:
            await self._store.refuse_repeated(claim, now_s)
            state = self._firing(name)
            demand(actor, "actor", "say who acknowledges it")
            await self._audit.allowed("acknowledge", name, actor, note, now_s)
            return await self._put(acknowledged(state, Acknowledgement(actor, now_s, note)), now_s, claim)

    async def close(self, name: str, *, actor: str, reason: str, now_s: int, claim: Claim | None = None) -> AlertState:
        """A person ends a non-negotiable alert. Every other alert ends when its condition does, and by nobody's word."""
        async with self._turn:
            await self._store.refuse_repeated(claim, now_s)
            state, rule = self._firing(name), self._definitions.rules[name]
            if not (actor.strip() and reason.strip()):
                await self._refuse("close", name, actor, reason, "a person closes it, and says why", now_s)
            if not rule.is_non_negotiable:
                await self._refuse("close", name, actor, reason, "it ends when its condition does; acknowledge or silence it", now_s)
            await self._audit.allowed("close", name, actor, reason, now_s)
            answered = acknowledged(state, Acknowledgement(actor, now_s, reason))
            return await self._put(msgspec.structs.replace(closed(answered, now_s), known_issue=None), now_s, claim)

    async def note_known_issue(self, name: str, *, ticket: str, due: str, actor: str, now_s: int, claim: Claim | None = None) -> AlertState:
        """Says beside the alert that its cause is known, which ticket mends it and by when. It mutes nothing."""
        async with self._turn:
            await self._store.refuse_repeated(claim, now_s)
            if name not in self._definitions.rules:
                raise ClientError("NOT_FOUND", f"there is no alert {name}")
            for value, path in ((ticket, "ticket"), (due, "due"), (actor, "actor")):
                demand(value, path, "name the ticket, the day it is due and who says so")
            check_due(due, now_s)
            await self._audit.allowed("known issue", name, actor, f"{ticket}, due {due}", now_s)
            issue = KnownIssue(ticket=ticket, due=due, actor=actor, at_s=now_s)
            return await self._put(msgspec.structs.replace(self._state(name), known_issue=issue), now_s, claim)

    async def silence(
        self,
        matchers: Sequence[Matcher],
        *,
        owner: str,
        reason: str,
        starts_at_s: int,
        ends_at_s: int,
        actor: str,
        now_s: int,
        claim: Claim | None = None,
    ) -> Silence:
        """Mutes what satisfies all matchers until `ends_at_s`. Refused when a non-negotiable alert would, or when there are too many."""
        async with self._turn:
            await self._store.refuse_repeated(claim, now_s)
            check_patterns(matchers)
            subject = ", ".join(would_be_muted(matchers, self._rules))
            if subject:
                await self._refuse("silence", subject, actor, reason, "it cannot be silenced; name other alerts only", now_s)
            check_silence(matchers, owner, reason, starts_at_s, ends_at_s, now_s)
            check_room(self._book.silences.values(), matchers, now_s)
            written = ", ".join(f"{one.label}{one.operator}{one.value}" for one in matchers)
            await self._audit.allowed("silence", written, actor or owner, reason, now_s)
            silence = Silence(
                id=self._new_id("sil_"),
                owner=owner,
                reason=reason,
                matchers=tuple(matchers),
                starts_at_s=starts_at_s,
                ends_at_s=ends_at_s,
                created_by=actor,
                created_at_s=now_s,
            )
            await self._put_silence(silence, now_s, claim)
            return silence

    def muted_by(self, silence: Silence) -> int:
        """How many alerts a silence is about; none when nothing is called so, as after a slip of the pen."""
        return len(self._definitions.silencing.muted_by(silence.matchers))

    async def unsilence(self, silence_id: str, *, actor: str, now_s: int) -> Silence:
        """Ends a silence now. What still fires is told at once."""
        async with self._turn:
            silence = self._book.silences.get(silence_id)
            if silence is None or silence.ends_at_s <= now_s:
                raise ClientError("NOT_FOUND", "there is no such silence, or it is over")
            await self._audit.allowed("unsilence", silence_id, actor, silence.reason, now_s)
            ended = msgspec.structs.replace(silence, ends_at_s=now_s, starts_at_s=min(silence.starts_at_s, now_s))
            await self._put_silence(ended, now_s)
            return ended

    # ---- within

    @property
    def _rules(self) -> Iterable[AlertRule]:
        return self._definitions.rules.values()

    def _state(self, name: str) -> AlertState:
        return self._book.alerts.get(name) or AlertState(name=name)

    def _firing(self, name: str) -> AlertState:
        if name not in self._definitions.rules:
            raise ClientError("NOT_FOUND", f"there is no alert {name}")
        if (state := self._state(name)).phase != "firing":
            raise ClientError("CONFLICT", f"{name} is not firing")
        return state

    async def _refuse(self, what: str, subject: str, actor: str, reason: str, why: str, now_s: int) -> NoReturn:
        await self._audit.refused(what, subject, actor, reason, why, now_s)
        raise ClientError("FORBIDDEN", f"{subject}: {why}")

    async def _put(self, state: AlertState, now_s: int, claim: Claim | None) -> AlertState:
        alerts = {**self._book.alerts, state.name: state}
        step = told(self._book, AlertBook(alerts, self._book.groups, self._book.silences), self._definitions, now_s)
        await self._keep(step, claim, state)
        return state

    async def _put_silence(self, silence: Silence, now_s: int, claim: Claim | None = None) -> None:
        silences = kept({**self._book.silences, silence.id: silence}, now_s)
        step = told(self._book, AlertBook(self._book.alerts, self._book.groups, silences), self._definitions, now_s)
        await self._keep(step, claim, silence)

    async def _keep(self, step: Step, claim: Claim | None = None, result: object = None) -> None:
        if claim is not None or not step.change.is_empty:
            await self._store.commit(step.change, claim, result)
        self._book = step.book
        if step.change.notifications:
            self._on_told()
        if step.moves and self._on_events is not None:
            await self._on_events([alert_event(move, self._definitions.rules.get(move.name)) for move in step.moves])
