"""The depth of JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.json_depth import is_deeper

VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(alphabet='[]{}"\\,: a', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[]{}"', max_size=3), inner, max_size=3),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(VALUES, st.integers(0, 6))
def test_it_is_the_longest_way_through_arrays_and_objects(value: Any, most: int) -> None:
    assert is_deeper(msgspec.json.encode(value), most) == (depth_of(value) > most)


@pytest.mark.parametrize("one", ["[%s]", '{"a":%s}', '[{"a":%s}]'])
def test_the_last_allowed_depth_is_allowed_and_the_next_is_not(one: str) -> None:
    json = "1"
    for _ in range(16):
        json = one.replace("%s", json)
    depth = 16 * (one.count("[") + one.count("{"))
    assert not is_deeper(json.encode(), depth)
    assert is_deeper(json.encode(), depth - 1)


def test_brackets_in_strings_and_neighbours_are_no_depth() -> None:
    assert not is_deeper(b'["[[[[","\\"{{{","\\\\",[],[],[[]]]', 3)
