"""What an alias of the metrics contract must be, worked out anew from the series that it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import surewire
from tests.acceptance.protocol.scrape import Labels, Metrics

__all__ = ["ALIASES", "CANONICAL", "expected", "exposed_as", "family_of"]

_CONTRACT = yaml.safe_load((Path(surewire.__file__).parent / "contract" / "metrics.yaml").read_text())
CANONICAL: dict[str, Any] = _CONTRACT["canonical"]
ALIASES: dict[str, Any] = _CONTRACT["aliases"]
_ENDINGS = ("_bucket", "_sum", "_count")
_MATCHER = re.compile(r'(\w+)(=~?)"([^"]*)"')

Series = dict[frozenset[tuple[str, str]], float]


def family_of(sample: str) -> str:
    """The metric that a sample belongs to: itself, or the histogram that it is a part of."""
    parts = (sample.removesuffix(ending) for ending in _ENDINGS if sample.endswith(ending))
    return next((part for part in parts if part in CANONICAL or part in ALIASES), sample)


def exposed_as(metrics: Metrics, sample: str) -> Series:
    """The series of one sample name, by their labels."""
    return {frozenset(labels.items()): value for labels, value in metrics.series(sample)}


def expected(metrics: Metrics, alias: str, ending: str = "") -> Series:
    """What the alias must show, from its sources."""
    spec = ALIASES[alias]
    found: Series = {}
    for labels, value in _from_many(metrics, spec, ending) if "as_label" in spec else _from_one(metrics, spec, ending):
        key = frozenset(labels.items())
        found[key] = found.get(key, 0) + value
    return found


def _from_one(metrics: Metrics, spec: dict[str, Any], ending: str) -> Iterator[tuple[Labels, float]]:
    summed = _listed(spec.get("sum", []))
    for labels, value in metrics.series(spec["of"] + ending):
        if all(labels[name] in _listed(wanted) for name, wanted in spec.get("where", {}).items()):
            kept = {name: its for name, its in labels.items() if name not in summed}
            if "relabel" in spec:
                its = spec["relabel"]["map"].get(kept.pop(spec["relabel"]["from"]))
                if its is None:
                    continue
                kept[spec["relabel"]["to"]] = its
            yield kept, value


def _from_many(metrics: Metrics, spec: dict[str, Any], ending: str) -> Iterator[tuple[Labels, float]]:
    scale = spec.get("scale", 1)
    for name, source in spec["of"].items():
        metric, _, condition = source.partition("{")
        for labels, value in metrics.series(metric + ending):
            if all(re.fullmatch(wanted, labels[label]) for label, _, wanted in _MATCHER.findall(condition)):
                kept = {"le": _bound(float(labels["le"]) * scale)} if "le" in labels else {}
                yield {spec["as_label"]: name} | kept, value * scale if ending == "_sum" else value


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _bound(value: float) -> str:
    return "+Inf" if value == float("inf") else str(value)
