"""The metric, objective and alert catalogues as frozen values: the one reader of the YAML files beside it.

Reading is strict: a field or a value that the structs do not know is an error, so a catalogue cannot say what nobody obeys.
Each file is read once per process, and every caller gets the same value; its dictionaries are for reading only.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final, TypeVar

import msgspec
import yaml

from surewire.contract.alerts import Alert, AlertCatalogue
from surewire.contract.metrics import Alias, Labels, Metric, MetricsCatalogue, Relabel
from surewire.contract.slos import BurnTier, Slo, SloCatalogue

__all__ = [
    "Alert",
    "AlertCatalogue",
    "Alias",
    "BurnTier",
    "Labels",
    "Metric",
    "MetricsCatalogue",
    "Relabel",
    "Slo",
    "SloCatalogue",
    "load_alerts",
    "load_metrics",
    "load_slos",
]

T = TypeVar("T")

# libyaml parses ten times as fast; a PyYAML built without it still works.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_metrics() -> MetricsCatalogue:
    """Every metric and alias, by name. One value for `where` or `sum` in the file is a tuple of one here."""
    raw = _read("metrics.yaml")
    canonical = {name: {"name": name, **fields} for name, fields in raw.pop("canonical").items()}
    aliases = {name: _with_tuples({"name": name, **fields}) for name, fields in raw.pop("aliases").items()}
    return _convert({"canonical": canonical, "aliases": aliases, **raw}, MetricsCatalogue)


@cache
def load_slos() -> SloCatalogue:
    """Every objective, with policies whose `like` has been applied (a list is replaced, never merged)."""
    raw = _read("slos.yaml")
    policies = raw["policies"]
    raw["policies"] = {name: {**policies.get(policy.get("like"), {}), **policy} for name, policy in policies.items()}
    return _convert(raw, SloCatalogue)


@cache
def load_alerts() -> AlertCatalogue:
    """Every alert that is not made from an objective, and the rules of the severities."""
    raw = _read("alerts.yaml")
    mapping = raw["severities"].pop("mapping")
    return _convert({"mapping": mapping, **raw}, AlertCatalogue)


def _read(name: str) -> dict[str, Any]:
    text = resources.files("surewire.contract").joinpath(name).read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    return loaded


def _convert(raw: dict[str, Any], shape: type[T]) -> T:
    """`raw` as a `shape`. Raises: msgspec.ValidationError that names the path of what is wrong."""
    return msgspec.convert(raw, shape)


def _with_tuples(alias: dict[str, Any]) -> dict[str, Any]:
    if "sum" in alias:
        alias["sum"] = _as_tuple(alias["sum"])
    if "where" in alias:
        alias["where"] = {label: _as_tuple(values) for label, values in alias["where"].items()}
    return alias


def _as_tuple(values: str | list[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)
