"""What is wrong with a field as a sentence that names the mend, where msgspec names its types, lengths and expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

from msgspec import inspect

from surewire.protocol.pattern_words import in_words

__all__ = ["in_sentence"]

_NOUNS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "datetime": "a time as RFC 3339 writes it, such as `2026-12-01T10:00:00Z`",
}
_UNITS: Final = {"str": "character", "array": "item", "object": "member"}
_BOUNDS: Final = {">=": "at least", "<=": "at most", ">": "greater than", "<": "less than"}
_WHOLE_NUMBER: Final = re.compile(r"-?\d+")
_STEP: Final = re.compile(r"\.?(?P<field>[A-Za-z_]\w*)|\[(?P<index>\d+|\.\.\.)\]")


def in_sentence(problem: str, shape: Any = None, place: str = "") -> str:
    """`must be at least 20 characters long` for what msgspec says of the field at `place` (`events[3].severity`) of the `shape`.

    With the shape, values and forms that are allowed are told too. What is not known is passed on as it is.
    """
    if allowed := _allowed(problem, shape, place):
        return f"must be {allowed}"
    for pattern, words in _WORDS:
        if said := pattern.fullmatch(problem):
            return words(said)
    if problem.startswith("Expected `str` matching regex"):
        problem = in_words(problem)
        return "is not written in the form that it must have" if "regex" in problem else f"must be {problem.removeprefix('Expected ')}"
    return problem.replace("Invalid enum value", "is none of the values it can have:")


def _length(said: re.Match[str]) -> str:
    limit, unit = int(said["limit"]), _UNITS[said["type"]]
    if said["bound"] == ">=" and limit == 1:
        return "must not be empty"
    counted = f"{_BOUNDS[said['bound']]} {limit:,} {unit}{'' if limit == 1 else 's'}"
    return f"must be {counted} long" if said["type"] == "str" else f"must have {counted}"


def _number(said: re.Match[str]) -> str:
    limit = said["limit"]
    shown = f"{int(limit):,}" if _WHOLE_NUMBER.fullmatch(limit) else f"{float(limit):,.10g}"
    return f"must be {_BOUNDS[said['bound']]} {shown}"


def _type(said: re.Match[str]) -> str:
    wanted = [_NOUNS.get(name, name) for name in said["types"].split(" | ") if name != "null"]
    return f"must be {' or '.join(wanted)}, not {_NOUNS.get(said['got'], said['got'])}"


def _allowed(problem: str, shape: Any, place: str) -> str:
    """What the shape itself says is allowed at the place; nothing where it does not say."""
    if shape is None or not problem.startswith(("Invalid enum value", "Expected `str` matching regex")):
        return ""
    kinds = [_known(shape)]
    for step in _STEP.finditer(place):
        kinds = [inner for kind in kinds for option in _options(kind) for inner in _inner(option, step["field"])]
    return next((words for kind in kinds if (words := _told(kind))), "")


@cache
def _known(shape: Any) -> inspect.Type:
    return inspect.type_info(shape)


def _options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """The types that a value may have, bare."""
    if isinstance(kind, inspect.Metadata):
        return _options(kind.type)
    return tuple(bare for one in kind.types for bare in _options(one)) if isinstance(kind, inspect.UnionType) else (kind,)


def _inner(kind: inspect.Type, field: str | None) -> tuple[inspect.Type, ...]:
    """The types of a field, or of an item when no field is named."""
    if field is not None:
        fields = kind.fields if isinstance(kind, inspect.StructType) else ()
        return tuple(one.type for one in fields if one.encode_name == field)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return (kind.item_type,)
    return (kind.value_type,) if isinstance(kind, inspect.DictType) else ()


def _told(kind: inspect.Type) -> str:
    """The values or the form in words: a type's own `takes`, or the values of a choice."""
    extra = cast("dict[str, str]", getattr(kind, "extra", None) or {})
    if "takes" in extra:
        return extra["takes"]
    if isinstance(kind, inspect.Metadata | inspect.UnionType):
        inner = (kind.type,) if isinstance(kind, inspect.Metadata) else kind.types
        return next((words for one in inner if (words := _told(one))), "")
    values = [f"`{value}`" for value in kind.values] if isinstance(kind, inspect.LiteralType) else []
    return " or ".join(filter(None, (", ".join(values[:-1]), *values[-1:])))


_WORDS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Expected `(?P<type>str|array|object)` of length (?P<bound>[<>]=) (?P<limit>\d+)"), _length),
    (re.compile(r"Expected `(?:int|float)` (?P<bound>[<>]=?) (?P<limit>\S+)"), _number),
    (re.compile(r"Expected `(?P<types>[a-z]+(?: \| [a-z]+)*)`, got `(?P<got>[a-z]+)`"), _type),
    (re.compile(r"Invalid RFC3339 encoded datetime"), lambda _: f"must be {_NOUNS['datetime']}"),
)
