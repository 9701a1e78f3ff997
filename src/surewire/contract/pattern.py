"""Patterns of labels' values, matched in time that grows with the length of the value and no faster, whatever the pattern is.

They are read as Prometheus and Alertmanager read them, by RE2: no look-around and no references to groups. Python's own engine would
think about `([a-z ]+)+!` for years, and one silence with it would stop the server for as long as it is kept.
Source: RE2, https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from surewire.errors import ConfigError

__all__ = ["Pattern", "pattern_of"]

_MAX_CHARACTERS: Final = 2_000
_MAX_MEMORY_BYTES: Final = 1 << 20
_KEPT: Final = 256
_ONLY_NAMES: Final = re.compile(r"[\w|/:@ -]*", re.ASCII)


class Pattern:
    """One pattern. Values are matched whole."""

    __slots__ = ("_compiled", "_names", "problem")

    def __init__(self, text: str) -> None:
        self.problem = ""
        """Why it is no pattern, as a part of a sentence; empty when it is one."""
        self._names = frozenset(text.split("|")) if _ONLY_NAMES.fullmatch(text) else None
        self._compiled: Any = None
        if len(text) > _MAX_CHARACTERS:
            self.problem = f"it has more than {_MAX_CHARACTERS:,} characters"
        elif self._names is None:
            self._compile(text)

    def matches(self, value: str) -> bool:
        """Whether the whole value is one that the pattern describes. Raises: ConfigError when it is no pattern."""
        if self.problem:
            raise ConfigError(f"the pattern cannot be used: {self.problem}.", mend="Write it in a simpler way.")
        if self._names is not None:
            return value in self._names
        return self._compiled.fullmatch(value.encode("utf-8", "replace")) is not None

    def _compile(self, text: str) -> None:
        # Alternatives without any special character, which are most patterns, do without it.
        engine: Any = import_module("re2")
        options = engine.Options()
        options.log_errors, options.max_mem = False, _MAX_MEMORY_BYTES
        try:
            self._compiled = engine.compile(text.encode(), options)
        except UnicodeEncodeError:
            self.problem = "it is no Unicode text"
        except engine.error as error:
            self.problem = _said(error)


@lru_cache(maxsize=_KEPT)
def pattern_of(text: str) -> Pattern:
    """The pattern that the text writes; one that cannot be read has a `problem`."""
    return Pattern(text)


def _said(error: Exception) -> str:
    reason: object = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
