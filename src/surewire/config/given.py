"""Values as operators give them, in a file, the environment or flags: each at a known path, checked, and with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NoReturn, cast

import msgspec
from msgspec import Meta, Struct

from surewire.config.settings import ANY_ITEM, Path, Setting, nearest, sections, setting_at, write_path
from surewire.errors import ConfigError

__all__ = ["Given", "checked", "flattened"]


class Given(Struct, frozen=True):
    """One value at one path. `source` says where an operator finds it: `surewire.toml`, `SUREWIRE_DRAIN__TIMEOUT_S`, `--data`."""

    path: Path
    value: Any
    source: str


def flattened(table: Mapping[str, Any], source: str, path: Path = ()) -> Iterator[Given]:
    """Every value of nested tables by its path, each checked.

    Raises: ConfigError for a name that no setting has, naming the nearest one that there is, and for a value that does not fit.
    """
    # A back end that there is not explains its unknown settings, so `type` goes first.
    for name, value in sorted(table.items(), key=lambda item: item[0] != "type"):
        place = (*path, name)
        if setting_at(place):
            yield checked(Given(place, value, source))
        elif place in _SINGLE_SECTIONS:
            yield from flattened(_table(value, source, place), source, place)
        elif (*place, ANY_ITEM) in _LIST_SECTIONS:
            yield from _items(value, source, place)
        else:
            _refuse_name(place, source)


def checked(given: Given, *, strict: bool = True) -> Given:
    """The value as the setting's own type. Not `strict`: numbers and truth values may come as text.

    Raises: ConfigError when it does not fit.
    """
    setting = cast("Setting", setting_at(given.path))
    try:
        value = msgspec.convert(given.value, setting.annotation, strict=strict)
    except msgspec.ValidationError:
        shown = "the value" if setting.is_secret else repr(given.value)
        problem = (
            f"{shown} in {given.source} does not fit."
            if given.path[-1] != "type"
            else f"this version has no {shown}, asked for in {given.source}."
        )
        raise ConfigError(problem, path=write_path(given.path), mend=f"It takes {setting.allowed}.") from None
    return Given(given.path, value, given.source)


_Tables = Annotated[list[dict[str, Any]], Meta(min_length=1)]
_SINGLE_SECTIONS = frozenset(section.path for section in sections() if not section.is_list)
_LIST_SECTIONS = frozenset(section.path for section in sections() if section.is_list)


def _items(value: Any, source: str, path: Path) -> Iterator[Given]:
    try:
        items = msgspec.convert(value, _Tables)
    except msgspec.ValidationError:
        name = write_path(path)
        raise ConfigError(f"{source} must give it as a list of tables.", path=name, mend=f"Write [[{name}]].") from None
    for index, item in enumerate(items):
        place = (*path, index)
        # An empty table is an item too, one made of defaults.
        yield from list(flattened(item, source, place)) or [Given(place, {}, source)]


def _table(value: Any, source: str, path: Path) -> dict[str, Any]:
    try:
        return msgspec.convert(value, dict[str, Any])
    except msgspec.ValidationError:
        name = write_path(path)
        raise ConfigError(
            f"{source} gives a value, but this is a section.", path=name, mend=f"Write [{name}] and settings below it."
        ) from None


def _refuse_name(path: Path, source: str) -> NoReturn:
    name = write_path(path)
    known = [write_path(setting.path) for section in sections() for setting in section.settings]
    known += [write_path(section.path) for section in sections() if section.path]
    guess = nearest(name, known)
    raise ConfigError(f"{source} sets it, but there is no such setting.", path=name, mend=f"Did you mean {guess}?" if guess else "")
