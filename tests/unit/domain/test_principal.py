"""Which names a user may have."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.ids import UlidGenerator
from surewire.domain.principal import ANONYMOUS_PREFIX, Principal, UserId, check_user_id
from surewire.errors import ClientError

USER_ID = r"(?!\.+\Z)[A-Za-z0-9_.@-]{1,128}"


@given(st.from_regex(USER_ID, fullmatch=True))
def test_a_user_id_is_itself(user_id: str) -> None:
    assert check_user_id(user_id) == user_id


@given(st.text(max_size=140))
def test_nothing_else_is_one(text: str) -> None:
    if re.fullmatch(USER_ID, text):
        return
    with pytest.raises(ClientError) as refused:
        check_user_id(text, "members[3]")
    assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", "members[3]")


@pytest.mark.parametrize("text", ["", "a b", "a\n", "ü", "a/b", "a" * 129, "\x00", ".", "..", "...", "." * 128, ".\n"])
def test_near_misses(text: str) -> None:
    with pytest.raises(ClientError):
        check_user_id(text)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, UserId)


@pytest.mark.parametrize("text", [".a", "a.", "..a", ".-", "@..", "-", "a..b"])
def test_dots_beside_anything_else_are_as_good_as_letters(text: str) -> None:
    assert check_user_id(text) == msgspec.convert(text, UserId) == text


def test_an_anonymous_name_is_a_user_id() -> None:
    name = ANONYMOUS_PREFIX + UlidGenerator(lambda bits: 7).next(1)
    assert check_user_id(name) == name
    assert Principal(name, anonymous=True) != Principal(name)
