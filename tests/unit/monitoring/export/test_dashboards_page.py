"""The page about dashboards and invariants says what there is."""

from __future__ import annotations

from surewire.monitoring.export import grafana
from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.grafana.rendering import TAGS
from surewire.slo.invariants import INVARIANTS
from surewire.slo.invariants.label_policy import MOST_LABELS, MOST_SERIES
from tests.documentation import read, section, table

PAGE = "docs/dashboards.md"


def test_every_dashboard_is_in_the_table_with_its_uid_its_audience_and_its_refresh() -> None:
    there = [[one.title, f"`{one.uid}`", one.audience, one.refresh] for one in grafana.dashboards(built_in_catalogues())]
    assert table(section(PAGE, "Dashboards")) == there


def test_every_tag_of_an_annotation_is_named() -> None:
    assert [tag for tag in TAGS if f"`{tag}`" not in section(PAGE, "Dashboards")] == []


def test_every_invariant_is_in_the_table_in_its_own_words() -> None:
    there = [[f"`{invariant.name}`", invariant.promise] for invariant in INVARIANTS]
    assert table(section(PAGE, "What must always hold")) == there


def test_limits_of_labels_and_series_are_those_that_are_checked() -> None:
    assert f"at most {MOST_LABELS} labels" in read(PAGE)
    assert f"at most {MOST_SERIES:,} series" in read(PAGE)
