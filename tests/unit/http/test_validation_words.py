"""What a validator says reaches nobody as it is: every refusal of a field is a sentence that names the mend."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from surewire.errors import ClientError
from surewire.http.body import decode_body
from surewire.http.query import read_query


class Part(msgspec.Struct, forbid_unknown_fields=True):
    span_s: Annotated[int, Meta(ge=60, le=604_800)] = 60
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    at: Annotated[str, Meta(min_length=20, max_length=40)] | None = None
    severity: Literal["P0", "P1", "P2"] = "P0"
    name: Annotated[str, Meta(pattern="^a", extra={"takes": "a name that begins with a"})] | None = None
    code: Annotated[str, Meta(pattern="^a")] = "a"
    tags: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1, max_length=2)] = ("a",)
    labels: dict[str, Literal["x"]] = {}
    is_on: bool = True
    since: datetime | None = None
    after: Annotated[int, Meta(ge=0, le=9_007_199_254_740_991)] | None = None


class Whole(msgspec.Struct):
    parts: tuple[Part, ...]


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("span_s", 604_801, "must be at most 604,800"),
        ("after", 9_007_199_254_740_992, "must be at most 9,007,199,254,740,991"),
        ("span_s", 59, "must be at least 60"),
        ("span_s", "x", "must be a whole number, not text"),
        ("span_s", None, "must be a whole number, not null"),
        ("share", 0, "must be greater than 0"),
        ("share", 1.0, "must be less than 1"),
        ("at", "now", "must be at least 20 characters long"),
        ("at", "n" * 41, "must be at most 40 characters long"),
        ("at", 5, "must be text, not a whole number"),
        ("severity", "SEV1", "must be `P0`, `P1` or `P2`"),
        ("name", "b", "must be a name that begins with a"),
        ("code", "b", "is not written in the form that it must have"),
        ("tags", [], "must not be empty"),
        ("tags", ["a", "b", "c"], "must have at most 2 items"),
        ("is_on", "yes", "must be `true` or `false`, not text"),
        ("since", "yesterday", "must be a time as RFC 3339 writes it, such as `2026-12-01T10:00:00Z`"),
    ],
)
def test_what_is_wrong_with_a_field_of_a_body_is_a_sentence(field: str, given: object, message: str) -> None:
    with pytest.raises(ClientError) as refusal:
        decode_body(msgspec.json.encode({"parts": [{}, {field: given}]}), Whole)
    assert (refusal.value.path, refusal.value.problem) == (f"parts[1].{field}", message)


def test_values_of_an_object_and_items_of_a_list_are_told_too() -> None:
    with pytest.raises(ClientError) as refusal:
        decode_body(b'{"parts":[{"labels":{"k":"y"}}]}', Whole)
    assert (refusal.value.path, refusal.value.problem) == ("parts[0].labels[...]", "must be `x`")
    with pytest.raises(ClientError) as refusal:
        decode_body(b'{"parts":[{"tags":[""]}]}', Whole)
    assert (refusal.value.path, refusal.value.problem) == ("parts[0].tags[0]", "must not be empty")


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        (b"span_s=1h", "span_s", "must be a whole number, written in digits"),
        (b"span_s=6e1", "span_s", "must be a whole number, written in digits"),
        (b"span_s=60.0", "span_s", "must be a whole number, written in digits"),
        (b"after=null", "after", "must be a whole number, written in digits"),
        (b"after=9223372036854775807", "after", "must be at most 9,007,199,254,740,991"),
        (b"share=1.5", "share", "must be less than 1"),
        (b"span_s=7", "span_s", "must be at least 60"),
        (b"severity=P9", "severity", "must be `P0`, `P1` or `P2`"),
        (b"at=now", "at", "must be at least 20 characters long"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_a_sentence(query: bytes, path: str, message: str) -> None:
    with pytest.raises(ClientError) as refusal:
        read_query(query, Part)
    assert (refusal.value.path, refusal.value.problem) == (path, message)
