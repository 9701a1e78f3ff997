"""Waits between attempts."""

from __future__ import annotations

from surewire.client.backoff import Backoff, BackoffPolicy


def test_the_ceiling_doubles_up_to_the_most() -> None:
    backoff = Backoff(BackoffPolicy(first_s=1, most_s=5), random_float=lambda: 1.0)
    assert [backoff.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]


def test_a_wait_is_anything_below_the_ceiling() -> None:
    assert Backoff(BackoffPolicy(first_s=1), random_float=lambda: 0.25).next_s() == 0.25


def test_success_starts_anew() -> None:
    backoff = Backoff(BackoffPolicy(first_s=1), random_float=lambda: 1.0)
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1


def test_no_number_of_failures_overflows() -> None:
    backoff = Backoff(BackoffPolicy(first_s=0.25, most_s=15), random_float=lambda: 1.0)
    assert {backoff.next_s() for _ in range(5_000)} >= {15}
