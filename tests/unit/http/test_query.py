"""Query strings: what can be written is read back, and nothing else gets through."""

from __future__ import annotations

import re
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.event import SEVERITIES, STATES
from surewire.errors import ClientError
from surewire.http.query import DEEP, LIST, SCALAR, identities, parameter_kinds, read_query
from surewire.http.routes.events import EventsQuery

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=12)
QUERIES = st.builds(
    EventsQuery,
    severities=st.lists(st.sampled_from(SEVERITIES), max_size=3).map(tuple),
    states=st.lists(st.sampled_from(STATES), max_size=3).map(tuple),
    sources=st.lists(TEXTS, max_size=3).map(tuple),
    affected_resources=st.lists(TEXTS, max_size=3).map(tuple),
    labels=st.dictionaries(NAMES, TEXTS, max_size=3),
    limit=st.integers(1, 500),
)


def written(query: EventsQuery, *, with_commas: bool) -> bytes:
    pairs = [("limit", str(query.limit))]
    for name, kind in parameter_kinds(EventsQuery).items():
        values = [quote(value, safe="") for value in getattr(query, name)] if kind == LIST else []
        pairs += [(name, ",".join(values))] if with_commas and values else [(name, value) for value in values]
    pairs += [(quote(f"labels[{key}]", safe=""), quote(value, safe="")) for key, value in query.labels.items()]
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


def test_lists_repeat_objects_have_members_and_the_rest_comes_once() -> None:
    kinds = parameter_kinds(EventsQuery)
    assert (kinds["sources"], kinds["labels"], kinds["since"], kinds["limit"]) == (LIST, DEEP, SCALAR, SCALAR)


@given(QUERIES, st.booleans())
def test_whatever_is_written_is_read_back(query: EventsQuery, with_commas: bool) -> None:
    assert read_query(written(query, with_commas=with_commas), EventsQuery) == query


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_anything_else_is_refused_in_words(text: str) -> None:
    try:
        query = read_query(text.encode(), EventsQuery)
    except ClientError as error:
        refusal, query = error, EventsQuery()
    else:
        refusal = None
    assert refusal is None or (refusal.code == "INVALID_MESSAGE" and str(refusal))
    assert msgspec.convert(msgspec.to_builtins(query), EventsQuery) == query


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (b"", []),
        (b"limit=1", []),
        (b"user_id=alice", ["alice"]),
        (b"user_id=bob%40example.org&limit=1", ["bob@example.org"]),
        (b"user%5Fid=alice", ["alice"]),
        (b"user_id=a&user_id=b", ["a", "b"]),
        (b"user_id", [""]),
        (b"xuser_id=a", []),
    ],
)
def test_every_name_that_a_caller_gives_is_found(query: bytes, names: list[str]) -> None:
    assert identities(query) == names


@pytest.mark.parametrize(
    ("query", "sentence"), [(b"labels.a=c", "is written labels[a]=VALUE"), (b"labels=c", "is written labels[NAME]=VALUE")]
)
def test_a_label_written_otherwise_is_told_how(query: bytes, sentence: str) -> None:
    with pytest.raises(ClientError, match=re.escape(sentence)):
        read_query(query, EventsQuery)
