"""A file of definitions, read strictly: the shape of the built-in one, and beside it who approved what it changes.

The text becomes values piece by piece, so that every piece that is wrong is named, not only the first. Whether the pieces make sense
together and with what the server measures is looked at by `lint`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar, cast, get_args

import msgspec
from msgspec import Meta

from surewire.contract.slos import Defaults, Owners, Policy, Sla, Slo, SloCatalogue
from surewire.slo.definition_durations import too_long
from surewire.slo.definition_mends import in_words, instead_of, mend_of, place_of
from surewire.slo.problem import Problem, errors_of
from surewire.slo.yaml_document import Document, read_yaml

__all__ = ["APPROVERS", "Change", "Definitions", "digest_of", "read_definitions"]

T = TypeVar("T")
Said = Annotated[str, Meta(min_length=1)]

APPROVERS: Final = ("Reliability Lead", "Product Owner")
"""Who approves a changed objective, window or owner."""

_SECTIONS: Final = ("sla", "policies", "defaults", "owners", "slos")
_BESIDE: Final = ("change", "next_review")


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an objective, a window or an owner is changed, and who agreed."""

    rfc: Said
    """Where it was proposed."""
    data: Said
    """The history that it rests on."""
    risk: Said
    """What it may cost."""
    approved_by: tuple[str, ...]


class Definitions(msgspec.Struct, frozen=True, kw_only=True):
    """A file of definitions that has the right shape."""

    catalogue: SloCatalogue
    document: Document
    change: Change | None = None
    """For everything that this version changes."""
    changes: dict[str, Change] = {}
    """For one objective, by its id."""
    next_review: date | None = None
    reviews: dict[str, date] = {}
    """For one objective, by its id."""

    @property
    def digest(self) -> str:
        """SHA-256 of what is defined, whatever the layout and the comments of the file."""
        return digest_of(self.catalogue)


def digest_of(catalogue: SloCatalogue) -> str:
    """SHA-256 of the definitions' content."""
    return sha256(msgspec.json.encode(catalogue, order="deterministic")).hexdigest()


def read_definitions(text: str, file: str) -> tuple[Definitions | None, tuple[Problem, ...]]:
    """The definitions that the text writes, None when it has not their shape; and everything that is wrong with the shape."""
    document = read_yaml(text, file)
    reader = _Reader(document)
    definitions = reader.definitions() if document.data else None
    if not document.data and not document.problems:
        reader.problems.append(
            Problem(file=file, what="it is empty.", mend="Start from the built-in set: surewire slo show --source > slos.yaml.")
        )
    problems = (*document.problems, *reader.problems)
    return (None if errors_of(problems) else definitions), problems


class _Reader:
    """Makes values of one document and notes what is wrong with it."""

    __slots__ = ("_document", "problems")

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def definitions(self) -> Definitions | None:
        data = self._document.data
        self._note_unknown(data)
        rows, changes, reviews = self._rows(self._list("slos"))
        sla, defaults = self._piece("sla", data.get("sla"), Sla), self._piece("defaults", data.get("defaults"), Defaults)
        policies = self._policies(self._table("policies"))
        owners = {name: self._piece(f"owners.{name}", one, Owners) for name, one in self._table("owners").items()}
        change = self._piece("change", data["change"], Change) if "change" in data else None
        review = self._piece("next_review", data["next_review"], date) if "next_review" in data else None
        self._note_dangling(rows, policies, owners)
        self._note_too_long(rows, policies)
        if self.problems:
            return None
        parts: dict[str, Any] = {"sla": sla, "policies": policies, "defaults": defaults, "owners": owners, "slos": tuple(rows.values())}
        return Definitions(
            catalogue=SloCatalogue(**parts),
            document=self._document,
            change=change,
            changes={one.id: change for number, one in rows.items() if one and (change := changes.get(number))},
            next_review=review,
            reviews={one.id: review for number, one in rows.items() if one and (review := reviews.get(number))},
        )

    def _rows(self, raw: list[Any]) -> tuple[dict[int, Slo | None], dict[int, Change | None], dict[int, date | None]]:
        """The objectives by their number in the file, with what stands beside their definition."""
        rows: dict[int, Slo | None] = {}
        changes: dict[int, Change | None] = {}
        reviews: dict[int, date | None] = {}
        for number, row in enumerate(raw):
            path, beside = f"slos[{number}]", _table_of(row)
            if "change" in beside:
                changes[number] = self._piece(f"{path}.change", beside["change"], Change)
            if "next_review" in beside:
                reviews[number] = self._piece(f"{path}.next_review", beside["next_review"], date)
            own = {name: value for name, value in beside.items() if name not in _BESIDE} if beside else row
            rows[number] = self._piece(path, own, cast("type[Slo]", Slo))
        return rows, changes, reviews

    def _policies(self, raw: Mapping[str, Any]) -> dict[str, Policy | None]:
        found: dict[str, Policy | None] = {}
        for name, policy in raw.items():
            like = _table_of(policy).get("like")
            if like is not None and like not in raw:
                self._note(f"policies.{name}.like", f"no policy is called {like}.", f"Write one of {', '.join(raw)}.")
            inherited = _table_of(raw.get(like)) if isinstance(like, str) else {}
            found[name] = self._piece(f"policies.{name}", {**inherited, **_table_of(policy)} if inherited else policy, Policy)
        return found

    def _note_unknown(self, data: Mapping[str, Any]) -> None:
        for name in data:
            if name not in {*_SECTIONS, *_BESIDE}:
                self._note(str(name), f"there is no section {name!r}.", instead_of(str(name), (*_SECTIONS, *_BESIDE)))
        for name in _SECTIONS:
            if name not in data:
                self._note("", f"the section {name} is missing.", f"Add {name}: as the built-in set has it.")

    def _note_dangling(self, rows: Mapping[int, Slo | None], policies: Mapping[str, object], owners: Mapping[str, object]) -> None:
        first: dict[str, int] = {}
        for number, slo in rows.items():
            if slo is None:
                continue
            path = f"slos[{number}]"
            if slo.owners not in owners:
                self._note(
                    f"{path}.owners", f"{slo.id} has no owner: nobody is listed as {slo.owners}.", f"Write one of {', '.join(owners)}."
                )
            if slo.policy not in policies:
                self._note(f"{path}.policy", f"{slo.id}: no policy is called {slo.policy}.", f"Write one of {', '.join(policies)}.")
            if slo.id in first:
                self._note(f"{path}.id", f"{slo.id} is defined twice.", f"Rename or remove one; the other is slos[{first[slo.id]}].")
            first.setdefault(slo.id, number)

    def _note_too_long(self, rows: Mapping[int, Slo | None], policies: Mapping[str, Policy | None]) -> None:
        places: dict[str, tuple[str, Slo | Policy]] = {f"policies.{name}": (name, policy) for name, policy in policies.items() if policy}
        places |= {f"slos[{number}]": (slo.id, slo) for number, slo in rows.items() if slo}
        for place, (name, piece) in places.items():
            for field, what, mend in too_long(piece):
                self._note(f"{place}.{field}", f"{name}: {what}", mend)

    def _list(self, name: str) -> list[Any]:
        found = self._document.data.get(name, [])
        if not isinstance(found, list):
            self._note(name, f"{name} is no list.", "Write one row for each objective, each with a dash.")
            return []
        rows: list[Any] = found  # pyright: ignore[reportUnknownVariableType] - whatever it holds is checked against shapes
        return rows

    def _table(self, name: str) -> dict[str, Any]:
        found: object = self._document.data.get(name, {})
        table = _table_of(found)
        if not table and found != {}:
            self._note(name, f"{name} is no table.", f"Write {name}: with one name and its fields in each row.")
        return table

    def _piece(self, path: str, raw: object, shape: type[T]) -> T | None:
        """`raw` as a `shape`; None, and noted, when it has not that shape."""
        if raw is None:
            return None  # a missing section is noted once, by its name
        try:
            return msgspec.convert(raw, shape, builtin_types=(date,))
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            inner = where.rstrip("`")
            whole = f"{path}{inner}"
            mend = mend_of(what, whole, _value(raw, inner), tuple(_fields_of(shape, raw)) if not inner else ())
            self._note(place_of(what, whole), f"{_named(raw)}{in_words(what)}", mend)
            return None

    def _note(self, path: str, what: str, mend: str) -> None:
        self.problems.append(self._document.problem(path, what, mend))


def _table_of(raw: object) -> dict[str, Any]:
    """What is a table; an empty one in place of anything else."""
    return cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}


def _fields_of(shape: object, raw: object) -> Iterator[str]:
    """The names that a table of this shape may have; for an objective, those of its kind."""
    kind = _table_of(raw).get("kind")
    for one in get_args(shape) or (shape,):
        config = getattr(one, "__struct_config__", None)
        if config is not None and (config.tag is None or config.tag == kind):
            yield from getattr(one, "__struct_encode_fields__", ())


def _named(raw: object) -> str:
    name = _table_of(raw).get("id")
    return f"{name}: " if isinstance(name, str) else ""


def _value(raw: object, path: str) -> object:
    """What stands directly in a table, as `.objective` of a row; None for everything deeper."""
    return _table_of(raw).get(path.removeprefix("."))
