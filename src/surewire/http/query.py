"""Query strings, read into structs by the same rules as bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, TypeVar, cast
from urllib.parse import unquote_plus

import msgspec
from msgspec import inspect

from surewire.errors import ClientError
from surewire.http.problem import field_error

__all__ = ["DEEP", "IDENTITY", "LIST", "SCALAR", "identities", "parameter_kinds", "read_query"]

IDENTITY: Final = "user_id"
"""The parameter that every resource knows: who asks."""
SCALAR, LIST, DEEP = "scalar", "list", "deep"
_T = TypeVar("_T")
_WHOLE_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DEEP_NAME: Final = re.compile(r"([a-z_]+)\[([^\[\]]*)\]")


def identities(query: bytes) -> list[str]:
    """Every `user_id` in the query. Raises: ClientError `INVALID_MESSAGE` when the query is not UTF-8."""
    if b"user_id" not in query and b"%" not in query:
        return []
    try:
        return [_decoded(value) for name, value in _pairs(query) if name == IDENTITY]
    except UnicodeDecodeError:
        raise _not_utf8() from None


def read_query(query: bytes, shape: type[_T]) -> _T:
    """The query as a struct. A list's parameter is repeated, or has values between commas (a comma in a value is written `%2C`); an
    object's member is `name[key]=value`; anything else comes once.

    Raises: ClientError `INVALID_MESSAGE` with the parameter's name when it is unknown, comes twice or has a wrong value.
    """
    kinds = parameter_kinds(cast("Any", shape))
    found: dict[str, Any] = {}
    try:
        for name, value in _pairs(query):
            if name != IDENTITY:
                _take(found, kinds, name, value)
        _check_whole_numbers(found, cast("Any", shape))
        return msgspec.convert(found, shape, strict=False)
    except msgspec.ValidationError as error:
        wrong = field_error(str(error), shape)
        raise ClientError("INVALID_MESSAGE", wrong.message.replace("field", "parameter"), path=wrong.path or "query") from None
    except UnicodeDecodeError:
        raise _not_utf8() from None


@cache
def parameter_kinds(shape: Any) -> dict[str, str]:
    """How each field of a query's struct is written."""
    info = inspect.type_info(shape)
    return {field.encode_name: _kind(field.type) for field in cast("inspect.StructType", info).fields}


def _kind(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return _kind(kind.type)
    return LIST if isinstance(kind, inspect.VarTupleType) else DEEP if isinstance(kind, inspect.DictType) else SCALAR


def _take(found: dict[str, Any], kinds: dict[str, str], name: str, value: str) -> None:
    deep = _DEEP_NAME.fullmatch(name)
    if deep and kinds.get(deep[1]) == DEEP:
        _once(found.setdefault(deep[1], {}), deep[2], value, name)
    elif kinds.get(name) == LIST:
        found.setdefault(name, []).extend(_decoded(item) for item in value.split(","))
    elif kinds.get(name) == DEEP:
        raise ClientError("INVALID_MESSAGE", f"is written {name}[NAME]=VALUE", path=name)
    elif name not in kinds and kinds.get(name.partition(".")[0]) == DEEP:
        parent, _, key = name.partition(".")
        raise ClientError("INVALID_MESSAGE", f"is written {parent}[{key or 'NAME'}]=VALUE", path=name)
    else:
        _once(found, name, value, name)


@cache
def _whole_numbers(shape: Any) -> frozenset[str]:
    fields = cast("inspect.StructType", inspect.type_info(shape)).fields
    return frozenset(field.encode_name for field in fields if _is_whole_number(field.type))


def _is_whole_number(kind: inspect.Type) -> bool:
    """Whether a type takes whole numbers, or nothing, and nothing else."""
    if isinstance(kind, inspect.Metadata):
        return _is_whole_number(kind.type)
    if isinstance(kind, inspect.UnionType):
        return all(_is_whole_number(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    return isinstance(kind, inspect.IntType)


def _check_whole_numbers(found: dict[str, Any], shape: Any) -> None:
    # msgspec reads any JSON number that happens to be whole, such as 5.0 or 1e3, and `null` as if the parameter were absent.
    for name in _whole_numbers(shape).intersection(found):
        if not _WHOLE_NUMBER.fullmatch(found[name]):
            raise ClientError("INVALID_MESSAGE", "must be a whole number, written in digits", path=name)


def _once(values: dict[str, Any], key: str, value: str, name: str) -> None:
    if key in values:
        raise ClientError("INVALID_MESSAGE", "is given more than once", path=name)
    values[key] = _decoded(value)


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict")


def _pairs(query: bytes) -> Iterable[tuple[str, str]]:
    """Names, decoded, with their values, which are not: a list's commas stand out only now."""
    for pair in query.decode("ascii").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            yield _decoded(name), value


def _not_utf8() -> ClientError:
    return ClientError("INVALID_MESSAGE", "the query is not UTF-8, percent-encoded")
