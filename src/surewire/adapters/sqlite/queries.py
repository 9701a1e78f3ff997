"""SQL as SQL: statements by name from the `.sql` files beside this one."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import TYPE_CHECKING

__all__ = ["Queries", "load_queries"]

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)

if TYPE_CHECKING:

    class Queries:
        """The statements of one file, each an attribute."""

        def __getattr__(self, name: str) -> str: ...

else:
    Queries = SimpleNamespace


@cache
def load_queries(file: str) -> Queries:
    """The statements of `sql/FILE.sql`. Each stands under a line `-- name: …`, and a comment that says what it is for."""
    text = resources.files("surewire.adapters.sqlite").joinpath("sql", f"{file}.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    return Queries(**dict(zip(parts[::2], map(_without_comments, parts[1::2]), strict=True)))


def _without_comments(statement: str) -> str:
    # The driver finds a prepared statement by its text, so short texts are found faster.
    lines = (line.strip() for line in statement.splitlines())
    return " ".join(line for line in lines if line and not line.startswith("--")).removesuffix(";")
