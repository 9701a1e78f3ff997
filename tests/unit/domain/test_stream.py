"""Places in the stream: as text, in messages, and in order."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.stream import Position, parse_position
from surewire.errors import ClientError

epochs = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
offsets = st.integers(0, 2**63 - 1)


@given(epochs, offsets)
def test_a_position_comes_back_from_its_text(epoch: str, offset: int) -> None:
    position = Position(epoch, offset)
    assert parse_position(str(position)) == position
    assert msgspec.json.decode(msgspec.json.encode(position), type=Position) == position


NONE = [
    *("", ":", "e:", ":1", "e:-1", "e:01", "e:+1", "e:1.0", "e: 1", "e:1\n", "e:1:2", "e f:1", "ü:1", "e:١"),
    *("x" * 65 + ":1", f"e:{2**63}", "e:" + "9" * 20),
]


@pytest.mark.parametrize("text", NONE)
def test_other_text_is_none(text: str) -> None:
    with pytest.raises(ClientError) as refused:
        parse_position(text)
    assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", "since")


@given(epochs, offsets, offsets)
def test_places_of_one_epoch_are_in_the_order_of_their_offsets(epoch: str, one: int, other: int) -> None:
    assert (Position(epoch, one) < Position(epoch, other)) == (one < other)


@pytest.mark.parametrize(
    "sent",
    [
        b'{"epoch":"e","offset":-1}',
        b'{"epoch":"","offset":1}',
        b'{"epoch":"a b","offset":1}',
        b'{"epoch":"e\\n","offset":1}',
        b'{"epoch":"e","offset":1.5}',
        b'{"epoch":"e","offset":"1"}',
        b'{"epoch":"e","offset":9223372036854775808}',
        b'{"epoch":"e","offset":1,"extra":0}',
        b'{"epoch":"e"}',
    ],
)
def test_a_place_that_cannot_be_is_refused_when_it_is_read(sent: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(sent, type=Position)
