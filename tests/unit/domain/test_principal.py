"""Which names a user may have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.ids import UlidGenerator
from surewire.domain.principal import ANONYMOUS_PREFIX, Principal, check_user_id
from surewire.errors import ClientError


@given(st.from_regex(r"[A-Za-z0-9_.@-]{1,128}", fullmatch=True))
def test_a_user_id_is_itself(user_id: str) -> None:
    assert check_user_id(user_id) == user_id


@given(st.text(max_size=140))
def test_nothing_else_is_one(text: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_.@-]{1,128}", text):
        return
    with pytest.raises(ClientError) as refused:
        check_user_id(text, "members[3]")
    assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", "members[3]")


@pytest.mark.parametrize("text", ["", "a b", "a\n", "ü", "a/b", "a" * 129, "\x00"])
def test_near_misses(text: str) -> None:
    with pytest.raises(ClientError):
        check_user_id(text)


def test_an_anonymous_name_is_a_user_id() -> None:
    name = ANONYMOUS_PREFIX + UlidGenerator(lambda bits: 7).next(1)
    assert check_user_id(name) == name
    assert Principal(name, anonymous=True) != Principal(name)
