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

__all__ = [
    "ANY_ITEM",
    "ANY_NAME",
    "Path",
    "Section",
    "Setting",
    "is_named",
    "nearest",
    "nearest_path",
    "sections",
    "setting_at",
    "write_path",
]

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: names of tables and settings, the index in a list of tables, and the name that an operator gave a table."""

ANY_ITEM: Final = "*"
"""Stands for every index in the path of a setting."""
ANY_NAME: Final = "NAME"
"""Stands for every name that operators give to tables of one sort."""


class Setting(Struct, frozen=True):
    """One thing that can be set. `annotation` is its complete type, `allowed` the same in words; one without a default must be set."""

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
    """A table of settings. `is_list`: there may be several, written `[[name]]`. `kind`: operators name such tables, and this is about
    those of that `type`."""

    path: Path
    about: str
    settings: tuple[Setting, ...]
    is_list: bool
    kind: str = ""


@cache
def sections(model: type[Struct] = Config) -> tuple[Section, ...]:
    """Every section in the order of the model, that of the top level first."""
    return tuple(_walk(model, ()))


@cache
def setting_at(path: Path, kind: str = "") -> Setting | None:
    """The setting that a path means, with any index and any name, or None. In a named table: that of the kind, or of any kind."""
    general = _general(path)
    there = [section for section in sections() if not kind or section.kind == kind]
    return next((setting for section in there for setting in section.settings if setting.path == general), None)


def is_named(path: Path) -> bool:
    """Whether it stands in a table that operators name, whose `type` says what it takes."""
    return ANY_NAME in _general(path)


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of the known names that `name` resembles most, or an empty string."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


def nearest_path(path: Path, others: Iterable[Path] = ()) -> Path | None:
    """The setting or section (or one of the `others`) that was probably meant by an unknown path: one beside it, else one anywhere, but
    never a section that it stands in."""
    known = [_beside(path, one) for one in (*_known_paths(), *others)]
    beside = {str(one[-1]): one for one in known if one[:-1] == path[:-1]}
    # Alone it may be a whole path, such as `drain_timeout_s`; in a section the same name elsewhere is what it resembles.
    elsewhere = {write_path(one if len(path) == 1 else one[-1:]): one for one in known if one != path[: len(one)]}
    name = str(path[-1])
    return beside.get(nearest(name, beside)) or elsewhere.get(nearest(name, elsewhere))


def write_path(path: Path) -> str:
    """The path as people write it: `listeners[0].port`."""
    text = "".join(f"[{step}]" if isinstance(step, int) or step == ANY_ITEM else f".{step}" for step in path)
    return text.removeprefix(".")


@cache
def _known_paths() -> tuple[Path, ...]:
    return tuple(path for section in sections() for path in (section.path, *(setting.path for setting in section.settings)) if path)


def _beside(path: Path, known: Path) -> Path:
    """A known path with the indexes and names of `path`, where it leads through the same tables."""
    if known[:1] != path[:1]:
        return known
    return tuple(path[at] if step in (ANY_ITEM, ANY_NAME) and at < len(path) else step for at, step in enumerate(known))


@cache
def _named_tables() -> frozenset[Path]:
    return frozenset(section.path[:-1] for section in sections() if section.kind)


def _general(path: Path) -> Path:
    steps = tuple(ANY_ITEM if isinstance(step, int) else step for step in path)
    return (steps[0], ANY_NAME, *steps[2:]) if len(steps) > 1 and steps[:1] in _named_tables() else steps


def _walk(model: type[Struct], path: Path) -> Iterator[Section]:
    yield from _section(model, path)
    hints = get_type_hints(model, include_extras=True)
    for field in msgspec.structs.fields(model):
        place = (*path, field.encode_name)
        match _tables(hints[field.name]):
            case _Shape("one", (struct,)):
                yield from _walk(struct, place)
            case _Shape("list", (struct,)):
                yield from _section(struct, (*place, ANY_ITEM), is_list=True)
            case _Shape("named", kinds):
                for struct in kinds:
                    yield from _section(struct, (*place, ANY_NAME), kind=str(struct.__struct_config__.tag))
            case _:
                pass


def _section(model: type[Struct], path: Path, *, is_list: bool = False, kind: str = "") -> Iterator[Section]:
    hints = get_type_hints(model, include_extras=True)
    fields = [field for field in msgspec.structs.fields(model) if _tables(hints[field.name]) is None]
    own = [_setting((*path, field.encode_name), hints[field.name], field.default) for field in fields]
    yield Section(path, inspect.getdoc(model) or "", (*_type_setting(model, path, is_needed=bool(kind)), *own), is_list, kind)


def _type_setting(model: type[Struct], path: Path, *, is_needed: bool) -> tuple[Setting, ...]:
    """The tag of a back end, which the struct itself does not list."""
    tag = model.__struct_config__.tag
    default = msgspec.NODEFAULT if is_needed else tag
    return (_setting((*path, "type"), Annotated[Literal[tag], Meta(description="Which back end it is.")], default),) if tag else ()


def _setting(path: Path, annotation: Any, default: Any) -> Setting:
    metas = [meta for meta in _metas(annotation) if isinstance(meta, Meta)]
    extra: dict[str, Any] = {}
    for meta in metas:
        extra |= meta.extra or {}
    description = next((meta.description for meta in reversed(metas) if meta.description), "")
    return Setting(path, annotation, allowed(annotation), description, extra.get("unit", ""), default, bool(extra.get("secret")))


class _Shape(Struct, frozen=True):
    """How a section is written: one table, a list of them, or tables that operators name, of several kinds."""

    written: Literal["one", "list", "named"]
    structs: tuple[type[Struct], ...]


def _tables(annotation: Any) -> _Shape | None:
    """None for a plain setting."""
    bare = _bare(annotation)
    if _is_struct(bare):
        return _Shape("one", (bare,))
    if get_origin(bare) is tuple and _is_struct(item := _bare(get_args(bare)[0])):
        return _Shape("list", (item,))
    return _Shape("named", get_args(get_args(bare)[1])) if get_origin(bare) is dict else None


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _metas(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
