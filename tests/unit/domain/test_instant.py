"""Instants go out as RFC 3339 and come back the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.instant import format_instant, parse_instant

FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
micros = st.integers(FIRST, LAST)


@given(micros)
def test_an_instant_comes_back_the_same(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(micros)
def test_an_instant_has_one_form(instant: int) -> None:
    assert FORM.fullmatch(format_instant(instant))


@given(micros, micros)
def test_instants_sort_as_text(one: int, other: int) -> None:
    assert (format_instant(one) < format_instant(other)) == (one < other)


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_text_is_what_the_library_says(moment: datetime) -> None:
    assert datetime.fromisoformat(format_instant(parse_instant(moment.isoformat()))) == moment


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T19:00:00.5-05:00", 500_000),
        ("2026-11-21T10:00:00.123456Z", 1_795_255_200_123_456),
    ],
)
def test_known_instants(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


NONE = [
    *("", "yesterday", "2026-11-21", "2026-11-21T10:00:00", "2026-13-01T00:00:00Z", "2026-11-21T25:00:00Z", "2026-11-21T10:00:00Z\n"),
    *(
        "20261121T100000Z",
        "2026-W47-6T10:00:00Z",
        "2026-11-21T10:00Z",
        "2026-11-21T10:00:00,5Z",
        "2026-11-21T10:00:00+01",
        "２026-11-21T10:00:00Z",
    ),
]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)
