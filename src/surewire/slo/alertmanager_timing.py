"""When Alertmanager tells people of an alert, by a route's settings: of the first one, of more of them, and again.

Each setting that a route does not make is that of the route it grows from, in the end Alertmanager's own
(https://prometheus.io/docs/alerting/latest/configuration/#route).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from surewire.errors import ConfigError

__all__ = ["TIMINGS", "Timing", "read_timing"]

_UNITS_MS: Final = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART: Final = re.compile(r"(\d{1,9})(ms|[ywdhms])")


class Timing(NamedTuple):
    """`written` is as it stands in the configuration; `path` is where: `route.routes[2]`, or the root's where nothing is written."""

    written: str
    length_ms: int
    path: str


TIMINGS: Final[Mapping[str, Timing]] = MappingProxyType(
    {
        "group_wait": Timing("30s", 30_000, "route"),
        "group_interval": Timing("5m", 300_000, "route"),
        "repeat_interval": Timing("4h", 14_400_000, "route"),
    }
)
"""Alertmanager's own, by the name of the setting."""


def read_timing(setting: str, written: str, path: str) -> Timing:
    """What `1h30m` or `0` is. Raises: ConfigError when it is no span of time."""
    parts = _PART.findall(written)
    if written != "0" and (not parts or "".join(map("".join, parts)) != written):
        raise ConfigError(f"{written!r} is no span of time.", path=f"{path}.{setting}", mend="Write it like 30s, 5m or 1h30m.")
    return Timing(written, sum(int(number) * _UNITS_MS[unit] for number, unit in parts), path)
