"""Tables that operators name, `[notify.NAME]`: what each takes depends on its `type`, which any layer may give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NoReturn

import msgspec

from surewire.config.given import Given, checked
from surewire.config.settings import Path, Section, is_named, nearest, sections, setting_at, write_path
from surewire.errors import ConfigError

__all__ = ["settled"]


def settled(values: Mapping[Path, Given]) -> Iterator[Given]:
    """Every value, those of named tables as their type has them.

    Raises: ConfigError for a table without a type or with one that there is not, a setting that its type has not or that is missing, and a
    value that does not fit.
    """
    places = dict.fromkeys(path[:2] for path in values if is_named(path))
    yield from (given for path, given in values.items() if not is_named(path))
    for place in places:
        yield from _table(place, {path: given for path, given in values.items() if path[:2] == place and path != place})


def _table(place: Path, values: Mapping[Path, Given]) -> Iterator[Given]:
    section = _section(place, values.get((*place, "type")))
    for path, given in values.items():
        if setting_at(path, section.kind) is None:
            _refuse_name(path, given.source, section)
        yield checked(given, section.kind)
    for setting in section.settings:
        if setting.default is msgspec.NODEFAULT and (path := (*place, setting.path[-1])) not in values:
            problem = f"a target of type {section.kind} needs it."
            raise ConfigError(problem, path=write_path(path), mend=f"It takes {setting.allowed}.")


def _section(place: Path, given: Given | None) -> Section:
    kinds = {section.kind: section for section in sections() if section.kind and section.path[:-1] == place[:-1]}
    names = _listed(kinds)
    if given is None:
        raise ConfigError("it has no type.", path=write_path(place), mend=f"Set type to {names}.")
    if given.value not in list(kinds):
        problem = f"this version has no {given.value!r}, asked for in {given.source}."
        raise ConfigError(problem, path=write_path(given.path), mend=f"It takes {names}.")
    return kinds[given.value]


def _refuse_name(path: Path, source: str, section: Section) -> NoReturn:
    guess = nearest(str(path[-1]), [str(setting.path[-1]) for setting in section.settings])
    problem = f"{source} sets it, but a target of type {section.kind} has no such setting."
    raise ConfigError(problem, path=write_path(path), mend=f"Did you mean {guess}?" if guess else "")


def _listed(kinds: Iterable[str]) -> str:
    return " or ".join(f"`{kind}`" for kind in kinds)
