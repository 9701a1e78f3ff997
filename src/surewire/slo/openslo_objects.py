"""The objects of an OpenSLO file, each with the line it begins on, and what is wrong with those that could not be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast

import msgspec
import yaml

from surewire.slo.openslo import (
    API_VERSION,
    AlertCondition,
    AlertConditionSpec,
    AlertPolicy,
    AlertPolicySpec,
    ConditionChoice,
    OpenSlo,
    PolicyChoice,
    Sli,
    SliSpec,
    SloObject,
    Target,
)
from surewire.slo.problem import Problem
from surewire.slo.yaml_bounds import beyond_bounds

__all__ = ["Objects", "read_objects"]

T = TypeVar("T", bound=OpenSlo)

_AT: Final = re.compile(r"^(.*) - at `\$?\.?(.*)`$")
_ITEM: Final = re.compile(r"\[(\d+)\]")


class Objects:
    """What a file holds, found by the names that its objects refer to each other by. What is missing is noted in `problems`."""

    __slots__ = ("_found", "_lines", "file", "problems")

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._found: dict[tuple[type, str], OpenSlo] = {}
        self._lines: dict[str, int] = {}

    @property
    def objectives(self) -> tuple[SloObject, ...]:
        """Every objective, in the order of the file."""
        return tuple(one for one in self._found.values() if isinstance(one, SloObject))

    def add(self, found: OpenSlo, line: int) -> None:
        """Keeps an object; a second one of its kind and name is a problem."""
        key = (type(found), found.metadata.name)
        self._lines.setdefault(found.metadata.name, line)
        if key in self._found:
            self.note(found.metadata.name, f"a second {_kind(type(found))} has this name.", "Give each its own.")
        self._found[key] = found

    def note(self, name: str, what: str, mend: str = "", *, is_warning: bool = False) -> None:
        """Notes a problem with the object of that name."""
        line = self._lines.get(name, 0)
        self.problems.append(
            Problem(file=self.file, line=line, path=name, what=what, mend=mend, level="warning" if is_warning else "error")
        )

    def indicator(self, slo: SloObject, target: Target) -> SliSpec | None:
        """What the objective measures, its own or the one that it names."""
        if target.indicator is not None or target.indicator_ref is not None:
            self.note(
                slo.metadata.name, "it is made of several indicators.", "Write one objective for each; surewire has no composite ones."
            )
            return None
        if slo.spec.indicator is not None:
            return slo.spec.indicator.spec
        found = self._named(Sli, slo.spec.indicator_ref, slo.metadata.name)
        return found.spec if found else None

    def policy(self, choice: PolicyChoice, asker: str) -> AlertPolicySpec | None:
        """The policy that stands there, or the one that is named there."""
        if choice.spec is not None:
            return choice.spec
        found = self._named(AlertPolicy, choice.alert_policy_ref, asker)
        return found.spec if found else None

    def condition(self, choice: ConditionChoice, asker: str) -> tuple[AlertConditionSpec, dict[str, str]] | None:
        """The condition that stands there, or the one that is named there; and its annotations."""
        if choice.spec is not None:
            return choice.spec, choice.metadata.annotations if choice.metadata else {}
        found = self._named(AlertCondition, choice.condition_ref, asker)
        return (found.spec, found.metadata.annotations) if found else None

    def _named(self, kind: type[T], name: str | None, asker: str) -> T | None:
        found = self._found.get((kind, name or ""))
        if isinstance(found, kind):
            return found
        what = f"it names no {_kind(kind)}." if name is None else f"it names the {_kind(kind)} {name!r}, which is not in the file."
        self.note(asker, what, "Put it into the same file.")
        return None


def read_objects(text: str, file: str) -> Objects:
    """Every object of the file. A text that is not YAML, or objects of another version, are problems like any other."""
    objects = Objects(file)
    try:
        if wrong := beyond_bounds(text):
            objects.problems.append(Problem(file=file, what=wrong, mend="Write less, or fewer aliases."))
            return objects
        for line, raw in _documents(text):
            _read(objects, line, raw)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        what = (error.problem if isinstance(error, yaml.MarkedYAMLError) else None) or str(error).splitlines()[0]
        objects.problems.append(Problem(file=file, line=mark.line + 1 if mark else 0, what=f"this is not YAML: {what}."))
    except RecursionError:
        objects.problems.append(Problem(file=file, what="it contains itself, or is nested too deeply.", mend="Write it out."))
    return objects


def _documents(text: str) -> Iterator[tuple[int, Any]]:
    """Each document, and each item of a document that is a list, with its first line."""
    loader: Any = yaml.SafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            for part in node.value if isinstance(node, yaml.SequenceNode) else [node]:
                yield part.start_mark.line + 1, loader.construct_document(part)
    finally:
        loader.dispose()


def _read(objects: Objects, line: int, raw: Any) -> None:
    if raw is None:
        return
    fields = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    version = fields.get("apiVersion")
    if version != API_VERSION:
        what = f"this is no object of {API_VERSION}" + (f" but of {version}." if version else ".")
        objects.problems.append(Problem(file=objects.file, line=line, path="apiVersion", what=what, mend="Only that version is read."))
        return
    try:
        objects.add(msgspec.convert(fields, OpenSlo), line)
    except msgspec.ValidationError as error:
        objects.problems.append(_misshapen(objects.file, line, fields, str(error)))


def _misshapen(file: str, line: int, raw: dict[str, Any], message: str) -> Problem:
    found = _AT.match(message)
    what, path = (found[1], found[2]) if found else (message, "")
    metadata = raw.get("metadata")
    name = cast("dict[str, Any]", metadata).get("name", "") if isinstance(metadata, dict) else ""
    where = " ".join(part for part in (str(raw.get("kind", "")), str(name), path) if part)
    return Problem(file=file, line=line, path=where, what=f"{what.rstrip('.')}.", mend="See the OpenSLO specification, version 1.")


def _kind(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]
