"""The fuzz targets themselves: what must hold holds for their seeds and for a few changes to them. `python -m fuzz` looks longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.mutation import mutated
from fuzz.target import NAMES, load_target

TARGETS = Path(__file__).parents[1] / "fuzz" / "targets"


def test_every_target_has_its_name() -> None:
    assert sorted(NAMES) == sorted(module.stem for module in TARGETS.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_what_is_documented_comes_of_seeds(name: str) -> None:
    target = load_target(name)
    for seed in target.seeds:
        target.check(seed)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(data=st.data())
def test_nothing_but_what_is_documented_comes_of_changed_seeds(name: str, data: st.DataObject) -> None:
    target = load_target(name)
    target.check(data.draw(mutated(target)))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_target_holds_for_is_within_what_engines_try(name: str) -> None:
    target = load_target(name)
    assert max(map(len, target.seeds)) <= target.max_bytes
