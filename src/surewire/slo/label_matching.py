"""Matchers as Alertmanager writes them, and which alerts they are about when not every label is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from surewire.contract.selector import Matcher, Operator
from surewire.errors import ConfigError

__all__ = ["Labels", "labels_assumed", "parse_matchers"]

Labels = Mapping[str, str]

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
# Nothing is tried a second time, so a long run of blanks costs no more than its length.
_MATCHER: Final = re.compile(rf'\s*+({_QUOTED}|[^\s"=!~,{{}}]++)\s*+(=~|!~|!=|=)\s*+({_QUOTED}|[^",{{}}]*+)\s*+(?:,|$)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """What `severity="SEV-1"`, `team=~a|b` or `{a="b", c!="d"}` says. Raises: ConfigError when it says nothing that can be understood."""
    return tuple(_parsed(text, _inside(text)))


def labels_assumed(matchers: Iterable[Matcher], labels: Labels) -> frozenset[str] | None:
    """The labels that an alert must have, beside those that are known, for all matchers to accept it; None when they cannot.

    Empty: they do accept it as it is known. An absent label is the empty string.
    """
    assumed: set[str] = set()
    for matcher in matchers:
        if not matcher.accepts(labels.get(matcher.label, "")):
            if matcher.label in labels:
                return None
            assumed.add(matcher.label)
    return frozenset(assumed)


def _inside(text: str) -> str:
    bare = text.strip()
    return bare[1:-1].strip() if bare.startswith("{") and bare.endswith("}") else bare


def _parsed(text: str, inside: str) -> Iterator[Matcher]:
    position = 0
    while position < len(inside):
        match = _MATCHER.match(inside, position)
        if match is None:
            raise ConfigError(f"{text!r} is no matcher.", mend='Write it like severity="SEV-1".')
        yield _tried(text, Matcher(_plain(match[1]), cast("Operator", match[2]), _plain(match[3])))
        position = match.end()


def _tried(text: str, matcher: Matcher) -> Matcher:
    if matcher.problem:
        raise ConfigError(f"{text!r} has a pattern that cannot be read: {matcher.problem}.", mend="Write it in a simpler way.")
    return matcher


def _plain(text: str) -> str:
    if not text.startswith('"'):
        return text.rstrip()
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1] if match[1] in '\\"' else match[0], text[1:-1])
