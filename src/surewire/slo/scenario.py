"""What a simulation is told: traffic, faults, maintenance, releases and mends, over days that never were."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.slo.gate import ChangeKind
from surewire.slo.window import DAY_S, SLOT_S, Interval, parse_duration

__all__ = ["Deployment", "Fault", "Maintenance", "Mend", "Scenario", "Traffic", "parse_offset"]

Share = Annotated[float, Meta(ge=0, le=1)]
_PART: Final = r"([0-9]{1,8}s|[0-9]{1,6}m|[0-9]{1,5}h|[0-9]{1,4}d)"
Offset = Annotated[str, Meta(pattern=rf"^{_PART}( ?{_PART}){{0,3}}$", description="time since the start: 3d 10h 30m")]

_PARTS: Final = re.compile(r"[0-9]+[smhd]")


class Traffic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events a minute at the busiest hour, 15:00 UTC, and how it differs from that."""

    per_minute: Annotated[float, Meta(gt=0)]
    night: Share = 1.0
    """The share of it at 03:00 UTC; between the two it follows a cosine."""
    weekend: Share = 1.0
    """The share of it on Saturdays and Sundays."""
    bad: Share = 0.0
    """The share of events that are bad at all times."""


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """While it lasts, so many events are bad, there is more or less traffic, or the server does not run at all.

    A gauge or a probe is down while half of the events or more are bad.
    """

    at: Offset
    lasts: Offset
    bad: Share = 1.0
    traffic: Annotated[float, Meta(ge=0)] = 1.0
    stopped: bool = False
    what: str = ""

    @property
    def name(self) -> str:
        """What it is called where nothing was said."""
        return self.what or ("the server is stopped" if self.stopped else f"{self.bad:.3%} of events are bad")


class Maintenance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Announced long enough before; `repeat` is an RFC 5545 rule: FREQ=WEEKLY."""

    at: Offset
    lasts: Offset
    repeat: str = ""
    title: str = "maintenance"


class Deployment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gate is asked for this change."""

    at: Offset
    change: ChangeKind = "feature"


class Mend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A corrective action for an objective is recorded and validated."""

    at: Offset
    slo: str
    what: str = "corrective action"


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many days from `starts` on, after `history_days` of the same traffic without faults."""

    title: str = ""
    starts: date = date(2026, 1, 1)
    days: Annotated[int, Meta(ge=1, le=366)] = 30
    history_days: Annotated[int, Meta(ge=0, le=60)] = 30
    slos: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Ids of the objectives to look at. All of them see the same traffic and the same faults."""
    traffic: Traffic
    faults: tuple[Fault, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    actions: tuple[Mend, ...] = ()

    @property
    def span(self) -> Interval:
        """The days that are looked at."""
        start_s = int(datetime.combine(self.starts, time(), UTC).timestamp())
        return Interval(start_s, start_s + self.days * DAY_S)

    @property
    def history_start_s(self) -> int:
        """When its traffic begins."""
        return self.span.start_s - self.history_days * DAY_S

    def at_s(self, offset: str) -> int:
        """Seconds since the epoch of a time since the start."""
        return self.span.start_s + parse_offset(offset)

    def interval(self, told: Fault | Maintenance) -> Interval:
        """When a fault or a maintenance holds, the first time."""
        return Interval(self.at_s(told.at), self.at_s(told.at) + max(SLOT_S, parse_offset(told.lasts)))


def parse_offset(text: str) -> int:
    """Whole slots of `3d 10h`, in seconds; `0s` is the start itself."""
    seconds = sum(0 if int(part[:-1]) == 0 else parse_duration(part) for part in _PARTS.findall(text))
    return seconds // SLOT_S * SLOT_S
