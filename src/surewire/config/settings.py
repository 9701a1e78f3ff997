"""The settings of the model one by one: where each stands, what it takes, and which known name an unknown one resembles."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from surewire.config.model import Config
from surewire.config.wording import allowed

__all__ = ["ANY_ITEM", "Path", "Section", "Setting", "nearest", "sections", "setting_at", "write_path"]

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: names of tables and settings, and the index in a list of tables."""

ANY_ITEM: Final = "*"
"""Stands for every index in the path of a setting."""


class Setting(Struct, frozen=True):
    """One thing that can be set. `annotation` is its complete type, `allowed` the same in words."""

    path: Path
    annotation: Any
    allowed: str
    description: str
    unit: str
    default: Any
    is_secret: bool

    @property
    def is_list(self) -> bool:
        """Whether its value is a list."""
        return get_origin(_bare(self.annotation)) is tuple


class Section(Struct, frozen=True):
    """A table of settings. `is_list`: there may be several, written `[[name]]`."""

    path: Path
    about: str
    settings: tuple[Setting, ...]
    is_list: bool


@cache
def sections(model: type[Struct] = Config) -> tuple[Section, ...]:
    """Every section in the order of the model, that of the top level first."""
    return tuple(_walk(model, ()))


@cache
def setting_at(path: Path) -> Setting | None:
    """The setting that a path means, with any index, or None."""
    general = tuple(ANY_ITEM if isinstance(step, int) else step for step in path)
    return next((setting for section in sections() for setting in section.settings if setting.path == general), None)


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of the known names that `name` resembles most, or an empty string."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def write_path(path: Path) -> str:
    """The path as people write it: `listeners[0].port`."""
    text = "".join(f"[{step}]" if isinstance(step, int) or step == ANY_ITEM else f".{step}" for step in path)
    return text.removeprefix(".")


def _walk(model: type[Struct], path: Path, *, is_list: bool = False) -> Iterator[Section]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(model)}
    hints = get_type_hints(model, include_extras=True)
    inner = {name: _table(hints[field.name]) for name, field in fields.items()}
    own = [_setting((*path, name), hints[field.name], field.default) for name, field in fields.items() if inner[name] is None]
    yield Section(path, inspect.getdoc(model) or "", (*_type_setting(model, path), *own), is_list)
    for name, table in inner.items():
        if table is not None:
            struct, repeated = table
            yield from _walk(struct, (*path, name, ANY_ITEM) if repeated else (*path, name), is_list=repeated)


def _type_setting(model: type[Struct], path: Path) -> tuple[Setting, ...]:
    """The tag of a back end, which the struct itself does not list."""
    tag = model.__struct_config__.tag
    return (_setting((*path, "type"), Annotated[Literal[tag], Meta(description="Which back end it is.")], tag),) if tag else ()


def _setting(path: Path, annotation: Any, default: Any) -> Setting:
    metas = [meta for meta in _metas(annotation) if isinstance(meta, Meta)]
    extra: dict[str, Any] = {}
    for meta in metas:
        extra |= meta.extra or {}
    description = next((meta.description for meta in reversed(metas) if meta.description), "")
    return Setting(path, annotation, allowed(annotation), description, extra.get("unit", ""), default, bool(extra.get("secret")))


def _table(annotation: Any) -> tuple[type[Struct], bool] | None:
    """The struct of a section and whether it is a list of them; None for a plain setting."""
    bare = _bare(annotation)
    if isinstance(bare, type) and issubclass(bare, Struct):
        return bare, False
    item = _bare(get_args(bare)[0]) if get_origin(bare) is tuple else None
    return (item, True) if isinstance(item, type) and issubclass(item, Struct) else None


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _metas(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
