"""Who a caller is where identities are open."""

from __future__ import annotations

import pytest

from surewire.domain.principal import Principal
from surewire.errors import ClientError
from surewire.gateway.identity import identify_open

ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ"


def new_ulid() -> str:
    return ULID


def test_the_query_names_the_caller() -> None:
    assert identify_open("alice", None, new_ulid) == Principal("alice")


def test_the_header_names_the_caller_when_the_query_does_not() -> None:
    assert identify_open(None, "bob@example.org", new_ulid) == Principal("bob@example.org")


def test_query_and_header_may_only_say_the_same() -> None:
    assert identify_open("alice", "alice", new_ulid) == Principal("alice")
    with pytest.raises(ClientError, match="different users"):
        identify_open("alice", "bob", new_ulid)


def test_nobody_is_anonymous_under_a_new_name() -> None:
    assert identify_open(None, None, new_ulid) == Principal(f"user_{ULID}", anonymous=True)


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "a\n", "x" * 129, "a/b", "<script>", "user\u0000", ".", ".."])
@pytest.mark.parametrize("place", ["user_id", "X-User-Id"])
def test_what_is_no_user_id_is_refused_by_the_name_of_its_place(name: str, place: str) -> None:
    query, header = (name, None) if place == "user_id" else (None, name)
    with pytest.raises(ClientError) as refusal:
        identify_open(query, header, new_ulid)
    assert (refusal.value.code, refusal.value.path) == ("INVALID_MESSAGE", place)


def test_a_wrong_name_is_refused_even_where_another_goes_before() -> None:
    with pytest.raises(ClientError, match="a user id is"):
        identify_open("alice", "not a name", new_ulid)


@pytest.mark.parametrize("name", ["a", "x" * 128, "A-Z_a.z@0-9"])
def test_every_allowed_character_and_length_passes(name: str) -> None:
    assert identify_open(name, None, new_ulid).user_id == name
