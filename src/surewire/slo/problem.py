"""What is wrong with a definition: where it stands, what it is, how to mend it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Problem", "errors_of"]


class Problem(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong. An `error` refuses the definitions, a `warning` only asks for somebody's attention."""

    file: str = ""
    line: int = 0
    """Counted from 1; 0 when it is about the file as a whole."""
    path: str = ""
    """The way to the value: `slos[3].objective`."""
    what: str
    mend: str = ""
    level: Literal["error", "warning"] = "error"

    @property
    def where(self) -> str:
        """`FILE:LINE: PATH`, as much of it as is known."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return ": ".join(part for part in (place, self.path) if part)

    def __str__(self) -> str:
        sentences = f"{self.what} {self.mend}".rstrip()
        return f"{self.where}: {sentences}" if self.where else sentences


def errors_of(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that refuse the definitions."""
    return tuple(problem for problem in problems if problem.level == "error")
