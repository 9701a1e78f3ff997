"""Selectors of series, as the catalogues write them: `error_total{event=~"send_message|history"}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final, Literal, cast

import msgspec

from surewire.contract.pattern import Pattern, pattern_of
from surewire.errors import ConfigError

__all__ = ["Matcher", "Operator", "Selector", "parse_selector"]

Operator = Literal["=", "!=", "=~", "!~"]

_NAME: Final = r"[a-zA-Z_][a-zA-Z0-9_]*"
_MATCHER: Final = re.compile(rf'\s*({_NAME})\s*(=~|!~|!=|=)\s*"([^"\\]*)"\s*')
_SELECTOR: Final = re.compile(rf"({_NAME})(?:\{{(.*)\}})?")


class Matcher(msgspec.Struct, frozen=True, dict=True):
    """One condition on one label. A pattern matches the whole value, as in Prometheus; an absent label is the empty string."""

    label: str
    operator: Operator
    value: str

    @cached_property
    def _pattern(self) -> Pattern | None:
        return pattern_of(self.value) if self.operator in {"=~", "!~"} else None

    @property
    def problem(self) -> str:
        """Why its pattern is none, as a part of a sentence; empty when nothing is wrong."""
        return self._pattern.problem if self._pattern is not None else ""

    def accepts(self, value: str) -> bool:
        """True when a series with this value of the label is selected. Raises: ConfigError when its pattern is none."""
        matches = value == self.value if self._pattern is None else self._pattern.matches(value)
        return matches == (self.operator in {"=", "=~"})


class Selector(msgspec.Struct, frozen=True):
    """The series of one family that satisfy every matcher."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """True when a series of the family with these labels is selected."""
        return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in self.matchers)


def parse_selector(text: str) -> Selector:
    """The selector that `text` writes. Values have no escapes and no quotation marks.

    Raises: ConfigError when it is none, or when a pattern is no regular expression.
    """
    whole = _SELECTOR.fullmatch(text.strip())
    if whole is None:
        raise ConfigError(f"{text!r} selects no series.", mend='Write a metric name, then matchers in braces: name{label="value"}.')
    return Selector(whole[1], _matchers(text, whole[2] or ""))


def _matchers(text: str, inside: str) -> tuple[Matcher, ...]:
    found: list[Matcher] = []
    position = 0
    while position < len(inside):
        match = _MATCHER.match(inside, position)
        if match is None or inside[match.end() : match.end() + 1] not in {"", ","}:
            raise ConfigError(f"{text!r} is wrong after {inside[:position]!r}.", mend='Write label="value", separated by commas.')
        found.append(_matcher(text, match))
        position = match.end() + 1
    return tuple(found)


def _matcher(text: str, match: re.Match[str]) -> Matcher:
    matcher = Matcher(match[1], cast("Operator", match[2]), match[3])
    if matcher.problem:
        raise ConfigError(f"{text!r} has a wrong pattern: {matcher.problem}.", mend="Write it in a simpler way.")
    return matcher
