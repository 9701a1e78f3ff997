"""The reference page of the metrics, made from the contract: `python -m surewire.telemetry.reference > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.aliases import View, profile_of, views
from surewire.telemetry.instruments import PLANES
from surewire.telemetry.registry import Registry

__all__ = ["reference_page"]

_INTRODUCTION: Final = """\
# Metrics

<!-- Made by `python -m surewire.telemetry.reference`; edit src/surewire/contract/metrics.yaml instead. -->

`GET /metrics` answers in the Prometheus text format 0.0.4, or in OpenMetrics 1.0 when `Accept` asks for it. The numbers of one answer are
of one moment. Counters start at zero with the process. The scraper adds `instance`; the server does not.

A label that input could choose has few values: event types that are neither built in nor in `[events] types` are `other`, message types
that the protocol does not have are `unknown`, paths without a route are `unmatched`. Ids, user names and raw paths are never labels.
A label whose values are listed exists with each of them from the start, at zero; others appear when they first happen.
"""
_ALIASES: Final = """\

## Other names

The same numbers under the names that other dashboards and objectives use. They are computed when `/metrics` is read, and cost nothing
otherwise. `[telemetry] profiles` chooses which are shown.

| name | profile | type | labels | what it is |
|---|---|---|---|---|
"""
_TITLES: Final = {
    "gateway": "Connection plane",
    "durability": "Durability plane",
    "fanout": "Fanout plane",
    "messaging": "Across planes",
}


def reference_page() -> str:
    """`docs/metrics.md`: every metric that the server exposes, with type, labels, meaning and aliases."""
    registry = Registry(load_metrics())
    for plane in PLANES:
        plane(registry)
    exposed = views(registry)
    measured = [view for view in exposed if view.name in registry.catalogue.canonical]
    aliases = [view for view in exposed if view.name in registry.catalogue.aliases]
    return _INTRODUCTION + "".join(_sections(measured, aliases)) + _ALIASES + _rows(map(_alias_cells, aliases))


def _sections(measured: list[View], aliases: list[View]) -> Iterator[str]:
    for plane, title in _TITLES.items():
        mine = [view for view in measured if view.name.startswith(f"{plane}_")]
        yield f"\n## {title}\n\n| name | type | labels | what it is | also shown as |\n|---|---|---|---|---|\n"
        yield _rows(_measured_cells(view, aliases) for view in mine)
        yield from _bounds(mine)


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def _measured_cells(view: View, aliases: list[View]) -> tuple[str, ...]:
    family = view.sources[0].family
    labels = "<br>".join(f"`{label}`: {_values(values)}" for label, values in family.metric.labels.items())
    others = [alias.name for alias in aliases if any(source.family is family for source in alias.sources)]
    return f"`{view.name}`", view.type, labels, view.meaning, ", ".join(f"`{name}`" for name in others)


def _alias_cells(view: View) -> tuple[str, ...]:
    labels = ", ".join(f"`{label}`" for label in view.labels)
    return f"`{view.name}`", f"`{profile_of(view.name)}`", view.type, labels, view.meaning


def _values(values: tuple[str, ...] | str) -> str:
    return values if isinstance(values, str) else ", ".join(f"`{value}`" for value in values)


def _bounds(measured: list[View]) -> Iterator[str]:
    yield "\nUpper bounds of the histograms, besides `+Inf`:\n\n"
    for view in (view for view in measured if view.type == "histogram"):
        yield f"- `{view.name}`: {', '.join(f'{bound:.10g}' for bound in view.sources[0].bounds)}\n"


if __name__ == "__main__":
    sys.stdout.write(reference_page())
