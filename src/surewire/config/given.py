"""Values as operators give them, in a file, the environment or flags: each at a known path, checked, and with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, NoReturn, cast

import msgspec
from msgspec import Meta, Struct

from surewire.config.kinds import TargetName
from surewire.config.settings import ANY_ITEM, Path, Setting, is_named, nearest_path, sections, setting_at, write_path
from surewire.config.wording import allowed
from surewire.errors import ConfigError

__all__ = ["WHERE_ALL_ARE", "Given", "checked", "flattened"]


class Given(Struct, frozen=True):
    """One value at one path. `source` says where an operator finds it: `surewire.toml`, `SUREWIRE_DRAIN__TIMEOUT_S`, `--data`.
    `is_text`: numbers and truth values came as text."""

    path: Path
    value: Any
    source: str
    is_text: bool = False


def flattened(table: Mapping[str, Any], source: str, path: Path = ()) -> Iterator[Given]:
    """Every value of nested tables by its path, each checked; but those of named tables, whose `type` may stand in another layer.

    Raises: ConfigError for a name that no setting has, naming the nearest one that there is, and for a value that does not fit.
    """
    # A back end that there is not explains its unknown settings, so `type` goes first.
    for name, value in sorted(table.items(), key=lambda item: item[0] != "type"):
        place = (*path, name)
        if setting_at(place):
            given = Given(place, value, source)
            yield given if is_named(place) else checked(given)
        elif place in _NAMED_SECTIONS:
            yield from _named(value, source, place)
        elif place in _SINGLE_SECTIONS:
            yield from flattened(_table(value, source, place), source, place)
        elif (*place, ANY_ITEM) in _LIST_SECTIONS:
            yield from _items(value, source, place)
        else:
            _refuse_name(place, source)


def checked(given: Given, kind: str = "") -> Given:
    """The value as the setting's own type; `kind` is that of the named table it stands in. Raises: ConfigError when it does not fit."""
    setting = cast("Setting", setting_at(given.path, kind))
    try:
        value = msgspec.convert(given.value, setting.annotation, strict=not given.is_text)
    except msgspec.ValidationError:
        shown = "the value" if setting.is_secret else repr(given.value)
        problem = (
            f"{shown} in {given.source} does not fit."
            if given.path[-1] != "type"
            else f"this version has no {shown}, asked for in {given.source}."
        )
        raise ConfigError(problem, path=write_path(given.path), mend=f"It takes {setting.allowed}.") from None
    return Given(given.path, value, given.source)


WHERE_ALL_ARE: Final = "`surewire config --reference` explains every setting."
_Tables = Annotated[list[dict[str, Any]], Meta(min_length=1)]
_SINGLE_SECTIONS = frozenset(section.path for section in sections() if not section.is_list and not section.kind)
_NAMED_SECTIONS = frozenset(section.path[:-1] for section in sections() if section.kind)
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


def _named(value: Any, source: str, path: Path) -> Iterator[Given]:
    for name, item in _table(value, source, path, f"{write_path(path)}.NAME").items():
        place = (*path, name)
        try:
            msgspec.convert(name, TargetName)
        except msgspec.ValidationError:
            problem = f"{source} names a table so."
            raise ConfigError(problem, path=write_path(place), mend=f"It takes {allowed(TargetName)}.") from None
        # An empty table is one that lacks its type.
        yield from list(flattened(_table(item, source, place), source, place)) or [Given(place, {}, source)]


def _table(value: Any, source: str, path: Path, head: str = "") -> dict[str, Any]:
    try:
        return msgspec.convert(value, dict[str, Any])
    except msgspec.ValidationError:
        name = write_path(path)
        raise ConfigError(
            f"{source} gives a value, but this is a section.", path=name, mend=f"Write [{head or name}] and settings below it."
        ) from None


def _refuse_name(path: Path, source: str) -> NoReturn:
    guess = nearest_path(path)
    mend = f"Did you mean {write_path(guess)}?" if guess else WHERE_ALL_ARE
    raise ConfigError(f"{source} sets it, but there is no such setting.", path=write_path(path), mend=mend)
