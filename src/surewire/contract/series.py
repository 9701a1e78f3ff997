"""The name of one series as text: `gateway_send_total{status="success"}`, labels in alphabetical order, as Prometheus writes them.

A histogram gives the series that Prometheus makes of it: `NAME_bucket{…,le="0.5"}` (cumulative), `NAME_count` and `NAME_sum`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from surewire.contract.selector import Selector

__all__ = ["format_bound", "labels_of", "metric_of", "select", "series_id"]

_LABEL: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPES: Final = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def series_id(metric: str, labels: Mapping[str, str]) -> str:
    """The series' name. Equal label sets give equal names, whatever order they come in."""
    if not labels:
        return metric
    return metric + "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}"


def metric_of(series: str) -> str:
    """The metric of a series' name."""
    return series.partition("{")[0]


@lru_cache(maxsize=65_536)
def labels_of(series: str) -> Mapping[str, str]:
    """The labels of a series' name; one dictionary per name, for reading only."""
    inside = series.partition("{")[2]
    return {name: _unescaped(value) for name, value in _LABEL.findall(inside)}


def select(selector: Selector, series: str) -> bool:
    """Whether the selector names this series."""
    return metric_of(series) == selector.metric and selector.accepts(labels_of(series))


def format_bound(bound: float) -> str:
    """A bucket's bound as the label `le` has it, in `/metrics` and since Prometheus 3 everywhere: `0.5`, `2.0`, `+Inf`."""
    return "+Inf" if bound == float("inf") else repr(float(bound))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescaped(value: str) -> str:
    return re.sub(r'\\[\\"n]', lambda escape: _ESCAPES[escape[0]], value) if "\\" in value else value
