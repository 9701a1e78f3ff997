"""Rules that could never say anything: they read a series that nobody exports and no rule records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.errors import ConfigError
from surewire.monitoring.export.catalogues import Catalogues
from surewire.monitoring.export.exported_series import labels_of_metric, series_read
from surewire.monitoring.export.promql import expression
from surewire.monitoring.export.recorded_counts import budget_records, slot_records
from surewire.monitoring.export.views import view_records

__all__ = ["FROM_OUTSIDE", "dead_reads", "refuse_dead_rules"]

FROM_OUTSIDE: Final = frozenset({"up", "probe_success"})
"""What alerts read that comes from Prometheus and the blackbox exporter."""


def refuse_dead_rules(catalogues: Catalogues) -> None:
    """Raises: ConfigError that names the first rule which reads what is not there."""
    for rule, series in dead_reads(catalogues):
        raise ConfigError(f"{rule} reads {series}, which nothing exports.", mend="Name a metric of the catalogue: docs/metrics.md.")


def dead_reads(catalogues: Catalogues) -> Iterator[tuple[str, str]]:
    """Each rule's name with each series that it reads in vain."""
    records = [record for one in catalogues.objectives for record in (*slot_records(one, catalogues), *budget_records(one))]
    records.extend(view_records(catalogues))
    rules = [(record.name, record.expression) for record in records]
    rules += [(rule.name, expression(rule, catalogues)) for rule in catalogues.rules]
    recorded = {record.name for record in records}
    for name, text in rules:
        for series in sorted(series_read(text) - recorded - FROM_OUTSIDE):
            if labels_of_metric(series, catalogues.metrics) is None:
                yield name, series
