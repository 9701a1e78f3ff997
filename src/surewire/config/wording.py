"""What a setting takes, in words: one sentence part for errors and for the reference page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import inspect

__all__ = ["allowed"]


def allowed(annotation: Any) -> str:
    """What a value of the type is: `a whole number from 1 to 100`. A type's own words, its `takes`, go first."""
    return _words(msgspec.inspect.type_info(annotation))


def _words(kind: Any) -> str:
    return _WORDS[type(kind)](kind)


def _annotated(kind: inspect.Metadata) -> str:
    extra: dict[str, str] = getattr(kind, "extra", None) or {}
    return extra.get("takes") or _words(kind.type)


def _number(kind: inspect.IntType | inspect.FloatType) -> str:
    noun = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
    least = f" from {kind.ge:,}" if kind.ge is not None else f" above {kind.gt:,}" if kind.gt is not None else ""
    most = f" to {kind.le:,}" if kind.le is not None else ""
    return noun + least + most


def _text(kind: inspect.StrType) -> str:
    return f"text of {kind.min_length or 0:,} to {kind.max_length:,} characters" if kind.max_length else "text"


def _one_of(kind: inspect.LiteralType) -> str:
    return " or ".join(f"`{value}`" for value in kind.values)


def _list(kind: inspect.VarTupleType) -> str:
    return f"a list of: {_words(kind.item_type)}"


def _union(kind: inspect.UnionType) -> str:
    return " or ".join(_words(option) for option in kind.types if not isinstance(option, inspect.NoneType))


_WORDS: Final[dict[type, Callable[[Any], str]]] = {
    inspect.Metadata: _annotated,
    inspect.BoolType: lambda _: "`true` or `false`",
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.LiteralType: _one_of,
    inspect.VarTupleType: _list,
    inspect.UnionType: _union,
}
