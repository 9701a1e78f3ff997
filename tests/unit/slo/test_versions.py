"""Versions of the definitions: which one held when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from surewire.slo.versions import Version, in_force, read_versions, versions_of
from surewire.slo.window import Interval


class Row(msgspec.Struct, frozen=True):
    """An entry of a ledger."""

    id: str
    kind: str
    at_s: int
    actor: str
    body: dict[str, Any]


def version(from_s: int) -> Version:
    return Version(from_s=from_s, digest=f"digest of {from_s}", text="", actor="alice")


VERSIONS = (version(100), version(200), version(300))


def test_versions_are_read_from_the_ledger() -> None:
    entries = [
        Row("1", "definition", 100, "alice", {"digest": "digest of 100", "text": ""}),
        Row("2", "deployment", 150, "bob", {}),
        Row("3", "definition", 200, "alice", {"digest": "digest of 200", "text": ""}),
    ]
    assert read_versions(entries) == VERSIONS[:2]


@pytest.mark.parametrize(("at_s", "from_s"), [(0, 100), (100, 100), (199, 100), (200, 200), (9_999, 300)])
def test_the_version_in_force_is_the_last_that_began(at_s: int, from_s: int) -> None:
    found = in_force(VERSIONS, at_s)
    assert found is not None
    assert found.from_s == from_s


def test_without_versions_none_is_in_force() -> None:
    assert in_force((), 5) is None
    assert versions_of((), Interval(0, 5)) == ()


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [(0, 50, [100]), (0, 101, [100]), (100, 200, [100]), (150, 201, [100, 200]), (150, 900, [100, 200, 300]), (300, 900, [300])],
)
def test_a_report_names_every_version_of_its_time(start_s: int, end_s: int, expected: list[int]) -> None:
    assert [found.from_s for found in versions_of(VERSIONS, Interval(start_s, end_s))] == expected
