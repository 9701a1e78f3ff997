"""How much a YAML text makes of itself, known before anything is made: ten lines of aliases can stand for a billion values."""

from __future__ import annotations

from typing import Any, Final

import yaml

__all__ = ["beyond_bounds"]

# libyaml parses ten times as fast; a PyYAML built without it still works.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_VALUES: Final = 100_000
_MAX_DEPTH: Final = 100


def beyond_bounds(text: str) -> str:
    """Why the text is not read: too many values with its aliases written out, or too deep. Empty when neither.

    Nothing here is nested as the text is, so none of it can exhaust the stack. Raises: yaml.YAMLError when the text is not YAML.
    """
    count = _Count()
    for event in yaml.parse(text, Loader=_LOADER):
        count.add(event)
        if len(count.open) > _MAX_DEPTH:
            return f"it is nested more than {_MAX_DEPTH} levels deep."
        if count.values > _MAX_VALUES:
            return f"it has more than {_MAX_VALUES:,} values, those included that its aliases stand for."
    return ""


class _Count:
    """Values so far. `open` are the tables and lists that have begun: the anchor of each, and how many values were before it."""

    __slots__ = ("_sizes", "open", "values")

    def __init__(self) -> None:
        self.values = 0
        self.open: list[tuple[str | None, int]] = []
        self._sizes: dict[str | None, int] = {}

    def add(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self.open.pop()
            self._sizes[anchor] = self.values - before
        elif isinstance(event, yaml.AliasEvent):
            self.values += self._sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.CollectionStartEvent):
                self.open.append((event.anchor, self.values))
            else:
                self._sizes[event.anchor] = 1
            self.values += 1
