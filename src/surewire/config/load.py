"""The effective configuration: file < environment < flags, each value with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import msgspec
from msgspec import Struct

from surewire.config.environment import from_environment
from surewire.config.given import Given, flattened
from surewire.config.model import Config
from surewire.config.named_tables import settled
from surewire.config.rules import check
from surewire.config.settings import ANY_ITEM, Path, Section, sections, write_path
from surewire.errors import ConfigError

__all__ = ["DEFAULT_SOURCE", "Effective", "Loaded", "load"]

DEFAULT_SOURCE = "default"


class Effective(Struct, frozen=True):
    """One value that holds, as people read it, and where it came from: a file, a variable, a flag or `default`. Secrets are masked."""

    name: str
    value: Any
    source: str


class Loaded(Struct, frozen=True):
    """A configuration that is right, and the sources of those values that were given."""

    config: Config
    sources: dict[Path, str]

    def effective(self) -> Iterator[Effective]:
        """Every value in the order of the model."""
        for section in sections():
            for place in self._places(section):
                for setting in section.settings:
                    path = (*place, setting.path[-1])
                    value = _value_at(self.config, path)
                    shown = "***" if setting.is_secret and value else value
                    yield Effective(write_path(path), shown, self.sources.get(path, DEFAULT_SOURCE))

    def _places(self, section: Section) -> Iterable[Path]:
        above = section.path[:-1]
        if section.kind:
            tables: dict[str, Struct] = _value_at(self.config, above)
            return [(*above, name) for name, table in tables.items() if table.__struct_config__.tag == section.kind]
        if ANY_ITEM not in section.path:
            return [section.path]
        return [(*above, index) for index in range(len(_value_at(self.config, above)))]


def load(
    file: FilePath | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    insecure: bool = False,
) -> Loaded:
    """The configuration that the layers make together; with none of them, the defaults.

    `flags` maps a flag's name to the (nested) settings it gives. A list is replaced by a later layer, never merged. Paths in a
    configuration are relative to the working directory. Raises: ConfigError.
    """
    values: dict[Path, Given] = {}
    for layer in (_from_file(file), from_environment(environment or {}), _from_flags(flags or {})):
        _override(values, list(layer))
    values = {one.path: one for one in settled(values)}
    config = msgspec.convert(_tree(list(values.values())), Config)
    check(config, insecure=insecure)
    return Loaded(config, {path: one.source for path, one in values.items()})


def _from_file(file: FilePath | None) -> Iterator[Given]:
    if file is None:
        return iter(())
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.", mend="Name the configuration file with --config.") from error
    except ValueError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error
    except RecursionError:
        raise ConfigError(f"{file} is nested too deep.") from None
    return flattened(table, str(file))


def _from_flags(flags: Mapping[str, Mapping[str, Any]]) -> Iterator[Given]:
    for flag, table in flags.items():
        yield from flattened(table, flag)


def _override(values: dict[Path, Given], layer: list[Given]) -> None:
    replaced = {one.path[0] for one in layer if _is_item(one.path)}
    for path in [path for path in values if path[0] in replaced]:
        del values[path]
    values.update({one.path: one for one in layer})


def _is_item(path: Path) -> bool:
    return any(isinstance(step, int) for step in path)


def _tree(given: Sequence[Given]) -> dict[str, Any]:
    root: dict[Any, Any] = {}
    for one in given:
        node = root
        for step in one.path[:-1]:
            node = node.setdefault(step, {})
        node[one.path[-1]] = one.value
    lists = {str(one.path[0]) for one in given if _is_item(one.path)}
    return root | {name: list(root[name].values()) for name in lists}


def _value_at(value: Any, path: Path) -> Any:
    for step in path:
        value = _inner(value, step)
    return value


def _inner(value: Any, step: str | int) -> Any:
    if not isinstance(value, Struct):
        return value[step]
    return value.__struct_config__.tag if step == "type" else getattr(value, str(step))
