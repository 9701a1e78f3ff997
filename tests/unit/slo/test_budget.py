"""The arithmetic of budgets and burn rates: the documents' examples, computed, and what holds for every number."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.slo.budget import budget_remaining, events_left, outage_budget_s, outage_minutes_left, verdict
from surewire.slo.burn_rate import budget_spent, burn_rate, can_fire, exceeds, exhausted_after_s, fires, highest_rate
from surewire.slo.objective import Tier, short_window_s
from surewire.slo.status import Tally
from surewire.slo.window import DAY_S, HOUR_S

THREE_NINES = Decimal("0.999")
TARGETS = st.decimals("0.01", "0.99999", places=5)
TALLIES = st.builds(Tally, st.integers(0, 10**12), st.integers(0, 10**9))


def minutes(seconds: Decimal) -> Decimal:
    return (seconds / 60).quantize(Decimal("0.1"))


@pytest.mark.parametrize(
    ("target", "days", "expected"),
    [
        ("0.999", 28, "40.3"),
        ("0.999", 30, "43.2"),
        ("0.99", 30, "432.0"),
        ("0.9999", 30, "4.3"),
        ("0.99999", 30, "0.4"),
        ("0.95", 30, "2160.0"),
    ],
)
def test_the_minutes_of_full_outage_that_a_window_allows(target: str, days: int, expected: str) -> None:
    assert minutes(outage_budget_s(Decimal(target), days * DAY_S)) == Decimal(expected)


@pytest.mark.parametrize(
    ("rate", "days", "expected"),
    [
        ("14.4", 30, "2.08"),
        ("6", 30, "5.00"),
        ("3", 30, "10.00"),
        ("1", 30, "30.00"),
        ("14.4", 28, "1.94"),
        ("5", 28, "5.60"),
        ("2", 28, "14.00"),
    ],
)
def test_the_days_after_which_a_budget_is_gone(rate: str, days: int, expected: str) -> None:
    assert (exhausted_after_s(Decimal(rate), days * DAY_S) / DAY_S).quantize(Decimal("0.01")) == Decimal(expected)


@pytest.mark.parametrize(
    ("rate", "long_s", "days", "percent"),
    [
        *(("14.4", HOUR_S, 30, "2.000"), ("6", 6 * HOUR_S, 30, "5.000"), ("3", DAY_S, 30, "10.000"), ("1", 3 * DAY_S, 30, "10.000")),
        *(("14.4", HOUR_S, 28, "2.143"), ("6", 6 * HOUR_S, 28, "5.357"), ("5", 600, 28, "0.124"), ("2", 1_800, 28, "0.149")),
    ],
)
def test_the_share_of_a_budget_that_is_gone_when_a_tier_fires(rate: str, long_s: int, days: int, percent: str) -> None:
    assert (budget_spent(Decimal(rate), long_s, days * DAY_S) * 100).quantize(Decimal("0.001")) == Decimal(percent)


@pytest.mark.parametrize(
    ("long_s", "short_s"), [(HOUR_S, 300), (6 * HOUR_S, 1_800), (DAY_S, 7_200), (3 * DAY_S, 21_600), (600, 60), (1_800, 150), (2_000, 180)]
)
def test_a_short_window_is_a_twelfth_in_whole_slots_and_at_least_a_minute(long_s: int, short_s: int) -> None:
    assert short_window_s(long_s) == short_s


def test_the_agreements_example_follows_its_own_rule() -> None:
    """2,491 were rejected for load and 12 failed, of 1,245,332 attempts."""
    rejected_too = Tally(1_245_332 - 2_491 - 12, 2_491 + 12)
    assert rejected_too.sli is not None
    assert rejected_too.sli.quantize(Decimal("0.001")) == Decimal("0.998")
    assert verdict(rejected_too, Decimal("0.99")) == "met"


def test_a_thousandth_of_ten_thousand_is_ten() -> None:
    tally = Tally(9_996, 4)
    assert budget_remaining(tally, THREE_NINES) == Decimal("0.6")
    assert events_left(tally, THREE_NINES) == 6
    assert outage_minutes_left(tally, THREE_NINES, 30 * DAY_S) == Decimal("25.92")
    assert burn_rate(tally, THREE_NINES) == Decimal("0.4")


def test_an_overspent_budget_is_negative_everywhere() -> None:
    tally = Tally(980, 20)
    assert budget_remaining(tally, THREE_NINES) == -19
    assert events_left(tally, THREE_NINES) == -19
    assert outage_minutes_left(tally, THREE_NINES, 60_000) == -19


def test_part_of_an_event_is_none() -> None:
    assert events_left(Tally(1_999, 0), THREE_NINES) == 1
    assert events_left(Tally(1_499, 2), THREE_NINES) == -1


def test_no_events_are_no_data() -> None:
    nothing = Tally(0, 0)
    answers = [budget_remaining(nothing, THREE_NINES), events_left(nothing, THREE_NINES), burn_rate(nothing, THREE_NINES)]
    assert [*answers, outage_minutes_left(nothing, THREE_NINES, 60), nothing.sli] == [None] * 5
    assert verdict(nothing, THREE_NINES) == "no_data"


def test_exactly_the_target_is_met_unless_it_must_be_exceeded() -> None:
    assert verdict(Tally(999, 1), THREE_NINES) == "met"
    assert verdict(Tally(999, 1), THREE_NINES, is_strict=True) == "breached"
    assert verdict(Tally(9_991, 9), THREE_NINES, is_strict=True) == "met"


def test_exactly_the_rate_is_not_above_it() -> None:
    """144 of 10,000 is 14.4 times a thousandth; binary fractions would not agree."""
    at_rate = Tally(9_856, 144)
    assert burn_rate(at_rate, THREE_NINES) == Decimal("14.4")
    assert not exceeds(at_rate, THREE_NINES, Decimal("14.4"))
    assert exceeds(Tally(9_855, 145), THREE_NINES, Decimal("14.4"))


def test_a_tier_needs_both_windows_and_bad_events_enough() -> None:
    tier = Tier(rate=Decimal("14.4"), long_s=HOUR_S, short_s=300, min_bad=5)
    burning, calm, few = Tally(90, 10), Tally(100, 0), Tally(10, 4)
    assert fires(tier, THREE_NINES, burning, burning)
    assert not fires(tier, THREE_NINES, burning, calm)
    assert not fires(tier, THREE_NINES, calm, burning)
    assert not fires(tier, THREE_NINES, few, few)
    assert not fires(tier, THREE_NINES, burning, Tally(0, 0))


def test_a_rate_that_nothing_can_reach_is_known() -> None:
    assert highest_rate(Decimal("0.95")) == 20
    assert not can_fire(Decimal(20), Decimal("0.95"))
    assert can_fire(Decimal("14.4"), Decimal("0.95"))
    assert not can_fire(Decimal("14.4"), Decimal("0.93"))


@given(TALLIES, TARGETS)
def test_budget_burn_and_verdict_agree(tally: Tally, target: Decimal) -> None:
    left, burned = budget_remaining(tally, target), burn_rate(tally, target)
    if left is None or burned is None:
        assert tally.total == 0
        return
    exact = Fraction(tally.bad, tally.total) / (1 - Fraction(target))
    assert abs(Fraction(burned) - exact) <= exact / 10**25
    assert left == pytest.approx(1 - burned)
    assert (verdict(tally, target) == "met") == (exact <= 1)
    assert exceeds(tally, target, Decimal("14.4")) == (exact > Fraction(144, 10))
    spare = events_left(tally, target)
    assert spare == (1 - Fraction(target)) * tally.total // 1 - tally.bad
