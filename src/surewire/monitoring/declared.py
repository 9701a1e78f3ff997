"""Everything that is declared of service levels, put together for the checks of invariants."""

from __future__ import annotations

from collections.abc import Iterator

from surewire.contract.runbooks import runbook_numbers
from surewire.monitoring.export import grafana
from surewire.monitoring.export.catalogues import Catalogues
from surewire.monitoring.export.exported_series import series_read
from surewire.slo.invariants import Definitions
from surewire.slo.known_series import family_of

__all__ = ["declared"]

_PARTS = ("", "_bucket", "_count", "_sum")


def declared(catalogues: Catalogues) -> Definitions:
    """The definitions with the runbooks that ship with the server and what its dashboards show."""
    return Definitions(
        slos=catalogues.slos,
        alerts=catalogues.alerts,
        metrics=catalogues.metrics,
        objectives=catalogues.objectives,
        rules=catalogues.rules,
        runbooks=runbook_numbers(),
        dashboards={one.file: frozenset(_shown(grafana.expressions(one), catalogues)) for one in grafana.dashboards(catalogues)},
    )


def _shown(expressions: tuple[str, ...], catalogues: Catalogues) -> Iterator[str]:
    """The metrics of the catalogue that the expressions read, a histogram by its own name."""
    for series in frozenset[str]().union(*map(series_read, expressions)):
        names = (series.removesuffix(part) for part in _PARTS if series.endswith(part))
        yield from (name for name in names if family_of(name, catalogues.metrics))
