"""What every `AlertStore` promises. An adapter's test class inherits this and says how it is opened."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from surewire.contract.selector import Matcher
from surewire.ports.alert_store import (
    Acknowledgement,
    AlertBook,
    AlertChange,
    AlertState,
    AlertStore,
    Episode,
    GroupState,
    KnownIssue,
    Silence,
)
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim
from surewire.ports.notifier import AlertView, Notification
from surewire.slo.judgement import LatchMark
from surewire.slo.window import Interval

__all__ = ["AlertStoreContract", "notification"]


def notification(id_: str, target: str = "pagerduty-high") -> Notification:
    view = AlertView(
        name="MessageLoss",
        severity="SEV-1",
        status="firing",
        labels={"alertname": "MessageLoss"},
        summary="A message that was acknowledged is not in the store.",
        detail="grew by 1",
        runbook_url="/runbooks/RB-001",
        starts_at_s=100,
    )
    return Notification(id=id_, target=target, dedup_key="k", status="firing", severity="SEV-1", alerts=(view,), at_s=100)


def episode(name: str, fired_at_s: int, resolved_at_s: int) -> Episode:
    return Episode(name=name, severity="SEV-2", slo="availability", fired_at_s=fired_at_s, answered_at_s=None, resolved_at_s=resolved_at_s)


STATE = AlertState(
    name="MessageLoss",
    phase="firing",
    since_s=100,
    detail="grew by 1",
    acknowledged=Acknowledgement("ann", 110, "on it"),
    answered_at_s=105,
    resolved_at_s=50,
    mark=LatchMark(90, 3),
    known_issue=KnownIssue(ticket="https://tickets/1", due="2026-12-01", actor="ann", at_s=120),
)
GROUP = GroupState(key="SEV-1/MessageLoss", severity="SEV-1", told=("MessageLoss",), pages=2, open_keys=("a", "b"))
SILENCE = Silence(
    id="sil_1", owner="ann", reason="load test", matchers=(Matcher("alertname", "=~", "High.*"),), starts_at_s=1, ends_at_s=900
)


class AlertStoreContract:
    """Changes are whole, and the outbox keeps order until something is delivered or given up."""

    def open(self) -> AbstractAsyncContextManager[AlertStore]:
        raise NotImplementedError

    async def test_a_new_store_knows_no_alert(self) -> None:
        async with self.open() as store:
            assert await store.load() == AlertBook({}, {}, {})
            assert list(await store.pending()) == list(await store.dead_letters()) == []

    async def test_a_claim_is_answered_once_and_repeated(self) -> None:
        claim = Claim("ann", "POST", "/v1/silences", "k", b"body", lambda silence: Answer(201, silence.id.encode()))
        async with self.open() as store:
            await store.refuse_repeated(claim, 1)
            await store.commit(AlertChange(at_s=1, silences=(SILENCE,)), claim, SILENCE)
            with pytest.raises(AlreadyAnsweredError) as again:
                await store.refuse_repeated(claim, 2)
            assert again.value.answer == Answer(201, b"sil_1")
            with pytest.raises(AlreadyAnsweredError):
                await store.commit(AlertChange(at_s=2, removed_silences=(SILENCE.id,)), claim, SILENCE)
            assert (await store.load()).silences == {SILENCE.id: SILENCE}

    async def test_a_change_is_read_as_it_was_made(self) -> None:
        async with self.open() as store:
            await store.commit(AlertChange(at_s=1, alerts=(STATE,), groups=(GROUP,), silences=(SILENCE,)))
            assert await store.load() == AlertBook({STATE.name: STATE}, {GROUP.key: GROUP}, {SILENCE.id: SILENCE})

    async def test_a_newer_state_takes_the_place_of_the_older(self) -> None:
        async with self.open() as store:
            await store.commit(AlertChange(at_s=1, alerts=(STATE,)))
            await store.commit(AlertChange(at_s=2, alerts=(AlertState(name=STATE.name),)))
            assert (await store.load()).alerts == {STATE.name: AlertState(name=STATE.name)}

    async def test_groups_and_silences_go_when_a_change_says_so(self) -> None:
        async with self.open() as store:
            await store.commit(AlertChange(at_s=1, groups=(GROUP,), silences=(SILENCE,)))
            await store.commit(AlertChange(at_s=2, closed_groups=(GROUP.key, "never there"), removed_silences=(SILENCE.id,)))
            assert await store.load() == AlertBook({}, {}, {})

    async def test_episodes_are_found_by_the_time_they_reach_into(self) -> None:
        first, second, third = episode("A", 100, 200), episode("B", 150, 300), episode("C", 400, 500)
        async with self.open() as store:
            await store.commit(AlertChange(at_s=300, episodes=(first, second)))
            await store.commit(AlertChange(at_s=500, episodes=(third,)))
            assert list(await store.episodes(Interval(0, 1_000))) == [first, second, third]
            assert list(await store.episodes(Interval(201, 400))) == [second]

    async def test_notifications_wait_in_the_order_of_their_coming(self) -> None:
        async with self.open() as store:
            await store.commit(AlertChange(at_s=7, notifications=(notification("b"), notification("a"))))
            await store.put([notification("c", "slack")], 8)
            waiting = await store.pending()
            assert [one.notification for one in waiting] == [notification("b"), notification("a"), notification("c", "slack")]
            assert [one.queued_at_s for one in waiting] == [7, 7, 8]
            assert sorted(one.position for one in waiting) == [one.position for one in waiting]
            assert len(await store.pending(limit=2)) == 2

    async def test_a_notification_that_waits_already_is_not_added_again(self) -> None:
        async with self.open() as store:
            await store.put([notification("a")], 7)
            await store.put([notification("a")], 8)
            assert [one.queued_at_s for one in await store.pending()] == [7]

    async def test_what_was_delivered_waits_no_more(self) -> None:
        async with self.open() as store:
            await store.put([notification("a"), notification("b")], 7)
            await store.delivered("a")
            await store.delivered("never there")
            assert [one.notification.id for one in await store.pending()] == ["b"]

    async def test_a_failed_attempt_keeps_its_place_and_says_why(self) -> None:
        async with self.open() as store:
            await store.put([notification("a"), notification("b")], 7)
            await store.failed("a", "503", 20)
            await store.failed("a", "timed out", 40)
            await store.failed("never there", "503", 40)
            first: Any = (await store.pending())[0]
            assert (first.notification.id, first.attempts, first.problem, first.next_attempt_s) == ("a", 2, "timed out", 40)

    async def test_what_was_given_up_is_a_dead_letter_until_it_is_revived(self) -> None:
        async with self.open() as store:
            await store.put([notification("a"), notification("b"), notification("c")], 7)
            await store.given_up("a", "400", 50)
            await store.given_up("b", "404", 60)
            dead = await store.dead_letters()
            assert [(one.notification.id, one.attempts, one.problem, one.next_attempt_s) for one in dead] == [
                ("b", 1, "404", 60),
                ("a", 1, "400", 50),
            ]
            claim = Claim("ann", "POST", "/v1/notifications/retry", "k", b"body", lambda id_: Answer(202, id_.encode()))
            assert await store.revive("a", 70, claim)
            with pytest.raises(AlreadyAnsweredError) as earlier:
                await store.revive("a", 70, claim)
            assert earlier.value.answer == Answer(202, b"a")
            assert not await store.revive("a", 70)
            assert [(one.notification.id, one.attempts, one.queued_at_s) for one in await store.pending()] == [("c", 0, 7), ("a", 0, 70)]
            assert [one.notification.id for one in await store.dead_letters()] == ["b"]
