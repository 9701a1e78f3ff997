"""Prefixed ULIDs: sortable, unguessable names for messages, chats, connections, sessions and requests.

A ULID is 48 bits of Unix milliseconds and 80 random bits in 26 characters of Crockford's base 32
(https://github.com/ulid/spec). Within one millisecond the generator counts upwards, so ids of one generator sort in the order
they were made, also when the clock goes back.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["ULID_LENGTH", "UlidGenerator", "encode_ulid", "is_prefixed_ulid"]

ULID_LENGTH = 26
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TAIL_BITS = 30
_TAIL_MASK = (1 << _TAIL_BITS) - 1
_VALID = frozenset(_ALPHABET)


def encode_ulid(value: int) -> str:
    """The 26 characters of a 128-bit number."""
    return "".join(_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10))


def is_prefixed_ulid(text: str, prefix: str) -> bool:
    """Whether `text` is `prefix` followed by a ULID in upper case."""
    body = text[len(prefix) :]
    return text.startswith(prefix) and len(body) == ULID_LENGTH and body[0] <= "7" and _VALID.issuperset(body)


class UlidGenerator:
    """Makes ULIDs in strictly rising order. Not thread-safe: each thread owns one.

    `random_bits(n)` must give `n` unpredictable bits; the time comes with each call, as Unix milliseconds.
    """

    __slots__ = ("_head", "_millis", "_random_bits", "_tail", "_value")

    def __init__(self, random_bits: Callable[[int], int]) -> None:
        self._random_bits = random_bits
        self._millis = -1
        self._value = self._tail = 0
        self._head = ""

    def start_after(self, ulid: str) -> None:
        """Makes every later id sort after `ulid`, which an earlier life of the process may have made under a faster clock."""
        value = 0
        for character in ulid:
            value = value << 5 | _ALPHABET.index(character)
        if value > self._value & ~_TAIL_MASK | self._tail:
            self._millis = value >> 80
            self._take(value)

    def next(self, now_millis: int) -> str:
        """A new ULID. Costs well under a microsecond: only the last 30 bits are encoded each time."""
        if now_millis > self._millis:
            self._millis = now_millis
            self._take(now_millis << 80 | self._random_bits(79))
        elif self._tail == _TAIL_MASK:
            self._take((self._value | _TAIL_MASK) + 1)
        else:
            self._tail += 1
        tail = self._tail
        return self._head + _PAIRS[tail >> 20] + _PAIRS[tail >> 10 & 1023] + _PAIRS[tail & 1023]

    def _take(self, value: int) -> None:
        self._value, self._tail = value, value & _TAIL_MASK
        self._head = encode_ulid(value)[: ULID_LENGTH - _TAIL_BITS // 5]
