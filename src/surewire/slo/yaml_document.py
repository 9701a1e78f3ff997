"""A YAML text as plain values, with the line on which each of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import yaml

from surewire.slo.problem import Problem
from surewire.slo.yaml_bounds import beyond_bounds

__all__ = ["Document", "read_yaml"]

# libyaml parses ten times as fast; a PyYAML built without it still works.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LAST_STEP: Final = re.compile(r"(\.[^.\[]+|\[\d+\]|[^.\[]+)$")


class Document(msgspec.Struct, frozen=True):
    """What a file says. `lines` has the line of each value by its path (`slos[3].objective`), counted from 1."""

    file: str
    data: dict[str, Any]
    lines: dict[str, int]
    problems: tuple[Problem, ...] = ()
    """Of the text itself; `data` is empty when it could not be read at all."""

    def problem(self, path: str, what: str, mend: str = "", *, is_warning: bool = False) -> Problem:
        """A problem at this path, or with the nearest thing around it that stands in the file."""
        return Problem(file=self.file, line=self._line(path), path=path, what=what, mend=mend, level="warning" if is_warning else "error")

    def _line(self, path: str) -> int:
        while path and path not in self.lines:
            path = _LAST_STEP.sub("", path)
        return self.lines.get(path, 0)


def read_yaml(text: str, file: str) -> Document:
    """The document, with problems instead of exceptions: no YAML, no table at its top, a key that stands twice,
    more values or levels than definitions have."""
    try:
        if wrong := beyond_bounds(text):
            return Document(file, {}, {}, (Problem(file=file, what=wrong, mend="Write less, or fewer aliases."),))
    except yaml.YAMLError as error:
        return Document(file, {}, {}, (_unreadable(error, file),))
    return _read(text, file)


def _read(text: str, file: str) -> Document:
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        twice = tuple(_twice(node, "", file)) if node else ()
        data: object = loader.construct_document(node) if node else {}
        lines = dict(_lines(node, "")) if node else {}
    except yaml.YAMLError as error:
        return Document(file, {}, {}, (_unreadable(error, file),))
    except ValueError as error:
        return Document(file, {}, {}, (Problem(file=file, what=f"a value is no date: {error}.", mend="Write it like 2027-01-15."),))
    except RecursionError:
        return Document(file, {}, {}, (Problem(file=file, what="it contains itself, or is nested too deeply.", mend="Write it out."),))
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        wrong = Problem(file=file, line=1, what="this is no table of definitions.", mend="Write it with `slos:`, `policies:`, `owners:` …")
        return Document(file, {}, {}, (wrong,))
    table: dict[str, Any] = data  # pyright: ignore[reportUnknownVariableType] - whatever it holds is checked against shapes
    return Document(file, table, lines, twice)


def _lines(node: yaml.Node, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            step = f"{path}.{key.value}" if path else str(key.value)
            yield step, key.start_mark.line + 1
            yield from _lines(value, step)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield f"{path}[{number}]", value.start_mark.line + 1
            yield from _lines(value, f"{path}[{number}]")


def _twice(node: yaml.Node, path: str, file: str) -> Iterator[Problem]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            step = f"{path}.{key.value}" if path else str(key.value)
            if str(key.value) in seen:
                mend = "Only the last one would count: remove one of them."
                yield Problem(file=file, line=key.start_mark.line + 1, path=step, what=f"{key.value} is given twice.", mend=mend)
            seen.add(str(key.value))
            yield from _twice(value, step, file)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _twice(value, f"{path}[{number}]", file)


def _unreadable(error: yaml.YAMLError, file: str) -> Problem:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    what = error.problem if isinstance(error, yaml.MarkedYAMLError) and error.problem else str(error).splitlines()[0]
    return Problem(file=file, line=mark.line + 1 if mark else 0, what=f"this is not YAML: {what}.", mend="Mend the text there.")
