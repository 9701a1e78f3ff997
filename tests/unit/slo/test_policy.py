"""States, their order, and what a change of them sets off."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_slos
from surewire.contract.slos import Policy, RemainingState
from surewire.slo.policy import (
    STATES,
    UNSEEN,
    Standing,
    breach_state,
    budget_state,
    burn_state,
    consequence,
    is_worse,
    transition,
    worst,
)
from surewire.slo.status import SloState, Tally

POLICIES = load_slos().policies
BUDGET, PHASE0, BREACH = POLICIES["budget"], POLICIES["phase0"], POLICIES["breach"]
ANY_STATE = st.sampled_from([*STATES, "no_data"])


@pytest.mark.parametrize(
    ("remaining", "state"),
    [
        ("1", "healthy"),
        ("0.5000001", "healthy"),
        ("0.5", "caution"),
        ("0.2500001", "caution"),
        ("0.25", "warning"),
        ("0.1000001", "warning"),
        ("0.1", "critical"),
        ("0.0000001", "critical"),
        ("0", "breached"),
        ("-7", "breached"),
    ],
)
@pytest.mark.parametrize("policy", [BUDGET, PHASE0], ids=["budget", "phase0"])
def test_a_budget_has_the_state_of_the_table_and_a_bound_belongs_to_the_worse_side(policy: Policy, remaining: str, state: SloState) -> None:
    assert budget_state(policy, Decimal(remaining)) == state


def test_no_budget_is_no_data() -> None:
    assert budget_state(BUDGET, None) == "no_data"


def test_a_policy_without_states_has_only_healthy_objectives() -> None:
    assert budget_state(BREACH, Decimal(-1)) == "healthy"


def test_a_policy_with_a_state_that_no_objective_can_be_in_is_refused() -> None:
    with pytest.raises(ValueError, match="'doomed' is no state; write one of normal, healthy"):
        budget_state(Policy(remaining_states=(RemainingState(None, "doomed", "", ""),)), Decimal(1))


@given(st.decimals("-5", "1"), st.decimals("-5", "1"))
def test_less_budget_is_never_a_better_state(one: Decimal, other: Decimal) -> None:
    assert not is_worse(budget_state(BUDGET, max(one, other)), budget_state(BUDGET, min(one, other)))


@pytest.mark.parametrize(
    ("firing", "state"), [([], "healthy"), (["normal", ""], "healthy"), (["warning", ""], "warning"), (["warning", "critical"], "critical")]
)
def test_the_state_of_the_burn_is_the_worst_that_a_firing_tier_names(firing: list[str], state: SloState) -> None:
    assert burn_state(firing) == state


def test_every_state_that_the_built_in_tiers_name_is_one() -> None:
    assert [burn_state([tier.state]) for tier in PHASE0.burn_tiers if tier.state] == ["critical", "warning", "healthy"]


@given(st.lists(ANY_STATE))
def test_the_worst_state_is_one_of_them_and_none_is_worse(states: list[SloState]) -> None:
    found = worst(states)
    assert found in [*states, "no_data"]
    assert not any(is_worse(state, found) for state in states)
    assert found != "no_data" or set(states) <= {"no_data"}


@given(ANY_STATE, ANY_STATE)
def test_of_two_states_at_most_one_is_worse(one: SloState, other: SloState) -> None:
    assert not (is_worse(one, other) and is_worse(other, one))
    assert is_worse(one, other) or is_worse(other, one) or one == other or "no_data" in {one, other}


# ---- without a budget


@pytest.mark.parametrize(
    ("good", "bad", "is_strict", "state"),
    [
        (0, 0, False, "no_data"),
        (0, 99, False, "healthy"),
        (98, 2, False, "breached"),
        (99, 1, False, "healthy"),
        (99, 1, True, "breached"),
        (100, 0, True, "healthy"),
    ],
)
def test_an_objective_without_a_budget_is_breached_when_enough_events_are_below_it(
    good: int, bad: int, is_strict: bool, state: SloState
) -> None:
    assert breach_state(Tally(good, bad), Decimal("0.99"), min_events=100, is_strict=is_strict) == state


# ---- transitions


def test_nothing_follows_while_the_state_stays() -> None:
    assert transition("a", BUDGET, Standing("caution", "caution"), "caution", 5) is None


@pytest.mark.parametrize(
    ("state", "level", "deployments"),
    [
        ("caution", "slack", "feature freeze; reliability only"),
        ("warning", "pagerduty-low", "change freeze; incident response"),
        ("critical", "pagerduty-high", "emergency changes only"),
        ("breached", "executive", "full freeze and postmortem"),
    ],
)
def test_each_worsening_sends_its_level_and_only_a_breach_opens_a_postmortem(state: SloState, level: str, deployments: str) -> None:
    change = transition("a", BUDGET, UNSEEN, state, 5)
    assert change is not None
    assert (change.level, change.deployments, change.is_worse, change.at_s) == (level, deployments, True, 5)
    assert change.opens_postmortem == (state == "breached")


def test_getting_better_is_told_to_nobody() -> None:
    change = transition("a", BUDGET, Standing("breached", "breached"), "caution", 5)
    assert change is not None
    assert (change.level, change.is_worse, change.opens_postmortem) == ("none", False, False)
    assert change.standing == Standing("caution", "caution")


def test_the_first_data_of_all_are_no_worsening_when_they_are_healthy() -> None:
    change = transition("a", BUDGET, UNSEEN, "healthy", 5)
    assert change is not None
    assert (change.before, change.after, change.is_worse) == ("no_data", "healthy", False)


def test_an_objective_that_comes_back_from_no_data_is_compared_with_what_was_known() -> None:
    gone = transition("a", BUDGET, Standing("critical", "critical"), "no_data", 5)
    assert gone is not None
    assert (gone.level, gone.standing) == ("none", Standing("no_data", "critical"))
    back = transition("a", BUDGET, gone.standing, "critical", 6)
    assert back is not None
    assert (back.is_worse, back.level) == (False, "none")
    worse = transition("a", BUDGET, gone.standing, "breached", 6)
    assert worse is not None
    assert (worse.is_worse, worse.level) == (True, "executive")


def test_a_breach_without_a_budget_is_a_change_that_sends_no_level_and_opens_nothing() -> None:
    change = transition("a", BREACH, Standing("healthy", "healthy"), "breached", 5)
    assert change is not None
    assert (change.is_worse, change.level, change.opens_postmortem) == (True, "none", False)


@given(st.lists(ANY_STATE, min_size=1))
def test_following_every_change_ends_in_the_last_state_and_the_last_known_one(states: list[SloState]) -> None:
    standing = UNSEEN
    for at_s, state in enumerate(states):
        change = transition("a", BUDGET, standing, state, at_s)
        standing = change.standing if change else standing
    known = [state for state in states if state != "no_data"]
    assert standing == Standing(states[-1], known[-1] if known else "healthy")


def test_a_policy_says_what_follows_from_its_states() -> None:
    found = consequence(BUDGET, "critical")
    assert found is not None
    assert found.deployments == "emergency changes only"
    assert consequence(BREACH, "breached") is None
