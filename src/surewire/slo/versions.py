"""Versions of the definitions: each holds from the time at which it was first used until the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from surewire.slo.correction import Decision
from surewire.slo.window import Interval

__all__ = ["KIND", "Version", "in_force", "read_versions", "versions_of"]

KIND: Final = "definition"
"""The ledger's kind of entry that a version is read from."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What was promised from `from_s` on."""

    from_s: int
    digest: str
    text: str
    """The file as it was."""
    actor: str


def read_versions(entries: Iterable[Decision]) -> tuple[Version, ...]:
    """Every version, oldest first; entries of other kinds are passed over."""
    return tuple(
        Version(from_s=entry.at_s, digest=str(entry.body["digest"]), text=str(entry.body["text"]), actor=entry.actor)
        for entry in entries
        if entry.kind == KIND
    )


def in_force(versions: Sequence[Version], at_s: int) -> Version | None:
    """The version that held at that time; the first one before it began, as nothing else is known; None when there is none at all."""
    earlier = [version for version in versions if version.from_s <= at_s]
    return earlier[-1] if earlier else next(iter(versions), None)


def versions_of(versions: Sequence[Version], interval: Interval) -> tuple[Version, ...]:
    """Every version that held at any time of the interval, oldest first: the ones a report about it names."""
    first = in_force(versions, interval.start_s)
    later = tuple(version for version in versions if interval.start_s < version.from_s < interval.end_s)
    return later if first is None or first in later else (first, *later)
