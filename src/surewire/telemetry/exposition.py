"""`/metrics`: every exposed family in the Prometheus text format 0.0.4 or in OpenMetrics 1.0, as the scraper asks.

The process adds no `instance` label: the scraper knows where it scraped.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from functools import cache
from itertools import accumulate
from typing import Final, cast

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric, UnknownMetricFamily
from prometheus_client.utils import floatToGoString  # pyright: ignore[reportUnknownVariableType]

from surewire.telemetry.aliases import PROFILES, View, views
from surewire.telemetry.registry import Registry

__all__ = ["Exposition"]

_UNITS: Final = ("seconds", "bytes")
_OPENMETRICS: Final = "application/openmetrics-text"
_TEXT: Final = "text/plain"
_VERSIONS: Final = {"1.0.0", "0.0.1"}
_PARAMETER: Final = re.compile(r"([a-z]+)\s*=\s*\"?([^\s;\"]*)")
_QVALUE: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_go_string: Final = cast("Callable[[float], str]", floatToGoString)
_NUMBERS: Final[dict[str, type[CounterMetricFamily | GaugeMetricFamily | UnknownMetricFamily]]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "unknown": UnknownMetricFamily,
}


class Exposition:
    """The families that a registry holds when this is made. `profiles` chooses whose aliases are shown beside them."""

    def __init__(self, registry: Registry, profiles: Collection[str] = tuple(PROFILES)) -> None:
        self._views = views(registry, profiles)

    async def render(self, accept: str = "") -> tuple[bytes, str]:
        """The answer to a scrape with this `Accept` header: its body and its `Content-Type`.

        All numbers are of one moment. They are written out one family after the other, and the loop goes on with its work between.
        """
        # prometheus_client's own reading of the header ignores weights and stumbles over versions that are no numbers.
        encode, content_type = choose_encoder(_OPENMETRICS if _prefers_openmetrics(accept) else _TEXT)
        end = encode(_Families([]))
        parts: list[bytes] = []
        for family in self.collect():
            parts.append(encode(_Families([family])).removesuffix(end))
            await asyncio.sleep(0)
        return b"".join(parts) + end, content_type

    def collect(self) -> list[Metric]:
        """Every family with its samples, now."""
        return [_family(view) for view in self._views]


class _Families(list[Metric]):
    """Families as prometheus_client's encoders want them."""

    def collect(self) -> list[Metric]:
        return self


def _family(view: View) -> Metric:
    unit = next((unit for unit in _UNITS if view.name.endswith(f"_{unit}")), "")
    return _histogram_family(view, unit) if view.type == "histogram" else _number_family(view, unit)


def _number_family(view: View, unit: str) -> Metric:
    family = _NUMBERS[view.type](view.name, view.meaning, labels=view.labels, unit=unit)
    for values, number in view.numbers().items():
        family.add_metric(values, number)
    return family


def _histogram_family(view: View, unit: str) -> Metric:
    family = HistogramMetricFamily(view.name, view.meaning, labels=view.labels, unit=unit)
    for values, histogram in view.histograms().items():
        buckets = list(zip(_le(histogram.bounds), accumulate(histogram.counts), strict=True))
        family.add_metric(values, buckets, histogram.sum)
    return family


@cache
def _le(bounds: tuple[float, ...]) -> list[str]:
    """Bounds as Prometheus 3 writes them: 2.0, never 2."""
    return [*map(_go_string, bounds), "+Inf"]


def _prefers_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics in a version we speak weighs more than text (RFC 9110 §12.5.1); at equal weight it wins, being the newer."""
    weights = {_OPENMETRICS: 0.0, _TEXT: 0.0}
    for entry in accept.lower().split(","):
        media_type, _, parameters = entry.partition(";")
        given = dict(_PARAMETER.findall(parameters))
        name = media_type.strip()
        if name == _TEXT or (name == _OPENMETRICS and given.get("version", "1.0.0") in _VERSIONS):
            weights[name] = max(weights[name], _weight(given.get("q", "1")))
    return weights[_OPENMETRICS] > 0 and weights[_OPENMETRICS] >= weights[_TEXT]


def _weight(text: str) -> float:
    return float(text) if _QVALUE.fullmatch(text) else 0.0
