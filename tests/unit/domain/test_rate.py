"""Token buckets against the definition: at most burst + rate · t in any span, and nothing withheld that is due."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.rate import BucketTable, TokenBucket

RATES = st.floats(0.01, 10_000)
BURSTS = st.integers(1, 1_000)
STEPS = st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 1)), max_size=200)


def slack(burst: float, rate: float, elapsed: float) -> float:
    return 1e-6 * (1 + burst + rate * elapsed)


def test_a_new_bucket_grants_its_burst_and_then_names_the_wait() -> None:
    bucket = TokenBucket(8, 20, now=100.0)
    assert [bucket.take(100.0) for _ in range(20)] == [0.0] * 20
    assert bucket.take(100.0) == 0.125
    assert bucket.take(100.125) == 0.0


def test_a_refusal_takes_nothing() -> None:
    bucket = TokenBucket(1, 1, now=0.0)
    bucket.take(0.0)
    waits = [bucket.take(0.5) for _ in range(100)]
    assert waits == [0.5] * 100
    assert bucket.take(1.0) == 0.0


def test_time_that_goes_back_gives_no_tokens() -> None:
    bucket = TokenBucket(1, 1, now=10.0)
    assert bucket.take(10.0) == 0.0
    assert bucket.take(3.0) == 1.0
    assert bucket.take(10.5) == 0.5


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0), (1, 0.5)])
def test_a_bucket_that_never_grants_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="needs a rate"):
        TokenBucket(rate, burst, now=0.0)


@given(RATES, BURSTS, STEPS)
def test_never_more_than_burst_plus_rate_times_time_in_any_span(rate: float, burst: int, steps: list[tuple[float, float]]) -> None:
    bucket, now, granted = TokenBucket(rate, burst, now=0.0), 0.0, list[tuple[float, float]]()
    for pause, cost in steps:
        now += pause
        if bucket.take(now, cost) == 0.0:
            granted.append((now, cost))
    for first in range(len(granted)):
        total, start = 0.0, granted[first][0]
        for at, cost in granted[first:]:
            total += cost
            assert total <= burst + rate * (at - start) + slack(burst, rate, at)


@given(RATES, BURSTS, STEPS)
def test_the_named_wait_is_enough_and_half_of_it_is_not(rate: float, burst: int, steps: list[tuple[float, float]]) -> None:
    bucket, now = TokenBucket(rate, burst, now=0.0), 0.0
    for pause, cost in steps:
        now += pause
        wait = bucket.take(now, cost)
        if wait > 1e-3:
            assert bucket.take(now + wait / 2, cost) > 0.0
            now += wait * (1 + 1e-6) + 1e-9
            assert bucket.take(now, cost) == 0.0


@given(RATES, BURSTS, STEPS, st.floats(0, 1_000))
def test_a_bucket_said_to_be_full_behaves_as_a_new_one(rate: float, burst: int, steps: list[tuple[float, float]], rest: float) -> None:
    bucket, now = TokenBucket(rate, burst, now=0.0), 0.0
    for pause, cost in steps:
        now += pause
        bucket.take(now, cost)
    now += rest
    if bucket.is_full(now):
        assert bucket.take(now, burst) == 0.0


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 3)), max_size=100))
def test_a_table_behaves_as_one_bucket_a_key(calls: list[tuple[int, float]]) -> None:
    table, buckets, now = BucketTable[int](2, 3), dict[int, TokenBucket](), 0.0
    for key, pause in calls:
        now += pause
        bucket = buckets.setdefault(key, TokenBucket(2, 3, now))
        assert math.isclose(table.take(key, now), bucket.take(now), abs_tol=1e-9)


def test_keys_that_rest_are_forgotten() -> None:
    table = BucketTable[int](rate_per_s=1, burst=2)
    for key in range(1_000):
        table.take(key, now=0.0)
    assert len(table) == 1_000
    for key in range(1_000, 2_000):
        table.take(key, now=10.0)
    assert len(table) < 1_100


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 0.1)), max_size=200))
def test_a_table_never_holds_more_than_it_may(calls: list[tuple[int, float]]) -> None:
    table, now = BucketTable[int](1, 5, max_keys=10), 0.0
    for key, pause in calls:
        now += pause
        table.take(key, now)
        assert len(table) <= 10


def test_a_full_table_still_serves_new_keys() -> None:
    table = BucketTable[int](1, 1, max_keys=10)
    assert [table.take(key, now=0.0) for key in range(100)] == [0.0] * 100
