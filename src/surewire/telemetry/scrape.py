"""What a server shows at `/metrics`, read back: families under the names that the catalogue has, their series and label values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from surewire.slo.invariants import Exposed

__all__ = ["read_exposition"]


def read_exposition(text: str) -> Mapping[str, Exposed]:
    """The families of a text in the Prometheus format 0.0.4, by name; those without a series too. Raises: ValueError when it is none."""
    families = (_exposed(family) for family in text_string_to_metric_families(text))
    return {family.name: family for family in families}


def _exposed(family: Metric) -> Exposed:
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for sample in family.samples:
        for label, value in sample.labels.items():
            if label != "le":
                labels[label].add(value)
    return Exposed(
        # The parser takes `_total` from the names of counters, as OpenMetrics does.
        name=f"{family.name}_total" if family.type == "counter" else family.name,
        type=family.type,
        series=len(family.samples),
        events=sum(sample.value for sample in family.samples if sample.name.endswith(("_total", "_count"))),
        labels={label: frozenset(values) for label, values in labels.items()},
    )
