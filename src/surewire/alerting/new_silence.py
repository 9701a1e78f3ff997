"""What a silence must be before it holds: it can be read, says what it is about, whose it is and why, and it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from surewire.slo.window import DAY_S

__all__ = ["check_patterns", "check_silence", "demand"]

# Longer than that is no work in progress, but an alert that nobody wants.
_MAX_SILENCE_S: Final = 30 * DAY_S


def check_patterns(matchers: Sequence[Matcher]) -> None:
    """Raises: ClientError that says which pattern cannot be read, and why."""
    for matcher in matchers:
        if matcher.problem:
            raise ClientError("INVALID_MESSAGE", f"the pattern of {matcher.label} cannot be read: {matcher.problem}", path="matchers")


def check_silence(matchers: Sequence[Matcher], owner: str, reason: str, starts_at_s: int, ends_at_s: int, now_s: int) -> None:
    """Raises: ClientError that names the field and the mend, when such a silence cannot be made now."""
    demand(owner, "owner", "say who answers for it")
    demand(reason, "reason", "say why")
    if not any(matcher.operator in {"=", "=~"} and not matcher.accepts("") for matcher in matchers):
        raise ClientError("INVALID_MESSAGE", "a silence needs a matcher that says which alerts it is about", path="matchers")
    if ends_at_s <= max(starts_at_s, now_s):
        raise ClientError("INVALID_MESSAGE", "a silence ends after it starts, and not in the past", path="ends_at")
    if ends_at_s - max(starts_at_s, now_s) > _MAX_SILENCE_S:
        problem = f"a silence lasts {_MAX_SILENCE_S // DAY_S} days at most; mend the cause, or change the alert"
        raise ClientError("INVALID_MESSAGE", problem, path="ends_at")


def demand(value: str, path: str, problem: str) -> None:
    """Raises: ClientError that names the field when nothing is said in it."""
    if not value.strip():
        raise ClientError("INVALID_MESSAGE", problem, path=path)
