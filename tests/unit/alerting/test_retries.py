"""When something that failed is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.adapters.memory.alert_store import MemoryAlertStore
from surewire.alerting.retries import Retries
from surewire.config.model import Alerting
from surewire.errors import BackendUnavailableError
from surewire.ports.notifier import NotifyError
from surewire.ports.outbox import Outgoing
from tests.fakes.notifications import AT_S, notification

SETTINGS = Alerting(retry_first_s=2, retry_most_s=300, give_up_after_s=3_600)
LONGEST = Retries(SETTINGS, lambda: 1.0)


def letter(attempts: int = 0) -> Outgoing:
    return Outgoing(position=1, notification=notification(), queued_at_s=AT_S, attempts=attempts)


def failed(retry_after_s: float | None = None, *, is_temporary: bool = True) -> NotifyError:
    return NotifyError("no", is_temporary=is_temporary, retry_after_s=retry_after_s)


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 2), (1, 4), (2, 8), (7, 256), (8, 300), (10_000, 300)])
def test_waits_double_up_to_the_longest(failures: int, wait_s: float) -> None:
    assert LONGEST.wait_s(failures) == wait_s
    assert LONGEST.next_attempt_s(letter(failures), failed(), AT_S) == AT_S + wait_s


@given(st.integers(0, 100))
def test_a_wait_is_anywhere_up_to_its_ceiling(failures: int) -> None:
    assert 0 <= Retries(SETTINGS).wait_s(failures) <= LONGEST.wait_s(failures) <= 300
    assert Retries(SETTINGS, lambda: 0.0).wait_s(failures) == 0


def test_a_receiver_is_not_asked_before_the_time_that_it_names() -> None:
    assert LONGEST.next_attempt_s(letter(), failed(1_000), AT_S) == AT_S + 1_000
    assert LONGEST.next_attempt_s(letter(20), failed(1), AT_S) == AT_S + 1


def test_the_last_attempt_is_at_the_end_of_the_time_there_is() -> None:
    assert LONGEST.next_attempt_s(letter(20), failed(), AT_S + 3_599) == AT_S + 3_600
    assert LONGEST.next_attempt_s(letter(20), failed(), AT_S + 3_600) is None


def test_who_asks_for_more_time_than_there_is_is_not_asked_again() -> None:
    assert LONGEST.next_attempt_s(letter(), failed(3_601), AT_S) is None


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    assert LONGEST.next_attempt_s(letter(), failed(is_temporary=False), AT_S) is None


async def test_an_outbox_that_cannot_be_used_is_waited_for() -> None:
    store, failures = MemoryAlertStore(), [1, 2, 3]

    async def work() -> int:
        if failures:
            failures.pop()
            raise BackendUnavailableError("sqlite", "disk full")
        return len(await store.pending())

    assert await Retries(SETTINGS, lambda: 0.0).until_kept(work) == 0
    assert failures == []
