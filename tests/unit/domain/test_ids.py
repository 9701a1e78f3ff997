"""ULIDs: valid, and always rising."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.ids import ULID_LENGTH, UlidGenerator, encode_ulid, is_prefixed_ulid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LARGEST = 2**128 - 1
TAIL = 2**30 - 1

numbers = st.integers(0, LARGEST)
millis = st.integers(0, 2**42)


def value_of(ulid: str) -> int:
    value = 0
    for character in ulid:
        value = value * 32 + ALPHABET.index(character)
    return value


@given(numbers)
def test_a_number_and_its_characters_are_the_same(number: int) -> None:
    assert value_of(encode_ulid(number)) == number
    assert len(encode_ulid(number)) == ULID_LENGTH


@given(numbers, numbers)
def test_characters_sort_as_numbers_do(one: int, other: int) -> None:
    assert (encode_ulid(one) < encode_ulid(other)) == (one < other)


def test_the_time_stands_first_as_the_specification_shows() -> None:
    assert encode_ulid(1_469_918_176_385 << 80).startswith("01ARYZ6S41")


@given(st.lists(millis, min_size=1, max_size=50))
def test_ids_rise_strictly_whatever_the_clock_does(times: list[int]) -> None:
    generator = UlidGenerator(secrets.randbits)
    made = [generator.next(now) for now in times]
    assert made == sorted(set(made))
    assert all(is_prefixed_ulid(ulid, "") for ulid in made)


@given(millis, st.integers(0, 2**79 - 1))
def test_the_time_of_a_new_millisecond_is_in_the_id(now: int, bits: int) -> None:
    generator = UlidGenerator(lambda count: bits)
    assert value_of(generator.next(now)) >> 80 == now


@given(millis, st.integers(0, 2**49 - 1), st.integers(1, 4))
def test_a_full_tail_carries_over(now: int, head: int, room: int) -> None:
    generator = UlidGenerator(lambda count: head << 30 | (TAIL - room))
    made = [generator.next(now) for _ in range(10)]
    first = value_of(made[0])
    assert [value_of(ulid) for ulid in made] == list(range(first, first + 10))


def test_the_random_part_leaves_room_for_a_millisecond_of_ids() -> None:
    asked: list[int] = []
    generator = UlidGenerator(lambda count: asked.append(count) or (2**count - 1))  # type: ignore[func-returns-value]
    first, second = generator.next(5), generator.next(5)
    assert asked == [79]
    assert value_of(second) >> 80 == 5
    assert second > first


@given(millis, st.lists(st.one_of(millis, numbers.map(encode_ulid)), min_size=1, max_size=20))
def test_ids_rise_strictly_also_after_those_of_an_earlier_life(now: int, steps: list[int | str]) -> None:
    generator = UlidGenerator(secrets.randbits)
    last = generator.next(now)
    for step in steps:
        if isinstance(step, str):
            if value_of(step) >= LARGEST - 1000:
                continue
            generator.start_after(step)
            last = max(last, step)
        else:
            made = generator.next(step)
            assert made > last
            last = made


@pytest.mark.parametrize(
    ("text", "prefix", "is_one"),
    [
        ("chat_01ARYZ6S410000000000000000", "chat_", True),
        ("chat_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "chat_", True),
        ("chat_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "chat_", False),
        ("chat_01aryz6s410000000000000000", "chat_", False),
        ("chat_01ARYZ6S41000000000000000U", "chat_", False),
        ("chat_01ARYZ6S41000000000000000", "chat_", False),
        ("chat_01ARYZ6S4100000000000000000", "chat_", False),
        ("01ARYZ6S410000000000000000", "chat_", False),
        ("chat_", "chat_", False),
        ("", "chat_", False),
        ("chat_lobby", "chat_", False),
        ("msg_01ARYZ6S410000000000000000", "chat_", False),
        ("chat_01ARYZ6S41000000000000000\n", "chat_", False),
    ],
)
def test_what_is_a_prefixed_ulid(text: str, prefix: str, is_one: bool) -> None:
    assert is_prefixed_ulid(text, prefix) is is_one


@given(st.text(max_size=40))
def test_anything_may_be_asked(text: str) -> None:
    assert is_prefixed_ulid(text, "chat_") in (True, False)
