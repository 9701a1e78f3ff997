"""How many silences there may be. Each is held against every alert whenever somebody looks, and each pattern takes memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from surewire.ports.alert_store import Silence
from surewire.slo.window import DAY_S

__all__ = ["MAX_PATTERNS", "MAX_SILENCES", "check_room", "kept"]

MAX_SILENCES: Final = 200
"""Of those that are not over; and as many again that are, for whoever looks back."""
MAX_PATTERNS: Final = 200
"""In the matchers of as many silences, all together. One that is made to be large takes 250 kB and 6 ms."""

_SHOWN_S: Final = 7 * DAY_S
"""How long a silence that is over can still be looked at, unless too many have ended since."""


def check_room(silences: Iterable[Silence], matchers: Sequence[Matcher], now_s: int) -> None:
    """Raises: ClientError `LIMIT_EXCEEDED` when one more silence, with these matchers, is more than there may be."""
    held = [one for one in silences if now_s < one.ends_at_s]
    if len(held) >= MAX_SILENCES:
        problem = f"there are {MAX_SILENCES} silences that are not over, and may not be more; end some, or let one silence match more"
        raise ClientError("LIMIT_EXCEEDED", problem)
    wanted, taken = _patterns(matchers), sum(_patterns(one.matchers) for one in held)
    if wanted and wanted + taken > MAX_PATTERNS:
        problem = f"silences may have {MAX_PATTERNS} patterns in all, and {taken} are taken; end some, or name alerts with = instead"
        raise ClientError("LIMIT_EXCEEDED", problem, path="matchers")


def kept(silences: Mapping[str, Silence], now_s: int) -> dict[str, Silence]:
    """The silences that are not over, and those of the last week that are: the newest, as many as may be."""
    over = sorted((one for one in silences.values() if one.ends_at_s <= now_s < one.ends_at_s + _SHOWN_S), key=_newest_first)
    shown = {one.id for one in _within_limits(over)}
    return {id_: one for id_, one in silences.items() if now_s < one.ends_at_s or id_ in shown}


def _within_limits(silences: Sequence[Silence]) -> Iterator[Silence]:
    patterns = 0
    for silence in silences[:MAX_SILENCES]:
        patterns += _patterns(silence.matchers)
        if patterns > MAX_PATTERNS:
            return
        yield silence


def _newest_first(silence: Silence) -> tuple[int, int]:
    return -silence.ends_at_s, -silence.created_at_s


def _patterns(matchers: Iterable[Matcher]) -> int:
    return sum(matcher.operator in {"=~", "!~"} for matcher in matchers)
