"""Objectives as OpenSLO v1: every one that it has words for, valid by its rules, and read back as what it was."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
import yaml

from surewire.contract.runbooks import runbook_numbers
from surewire.monitoring.export import openslo
from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.slo.lint import lint_definitions
from surewire.slo.objective import Objective, objectives
from surewire.slo.openslo import OpenSlo
from surewire.slo.openslo_import import import_openslo
from surewire.slo.problem import errors_of

CATALOGUES = built_in_catalogues()
TEXT = openslo.files(CATALOGUES)["openslo.yaml"]
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(TEXT))
SAID = [one for one in CATALOGUES.objectives if one.counted is not None]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] == kind}


def test_every_object_has_the_shape_that_openslo_asks_for() -> None:
    for one in OBJECTS:
        msgspec.convert(one, OpenSlo)


def test_every_objective_is_there_or_named_as_left_out() -> None:
    assert list(of_kind("SLO")) == [one.id for one in SAID]
    head = TEXT.partition("---")[0]
    assert [one.id for one in CATALOGUES.objectives if one.counted is None and one.id not in head] == []


def test_names_are_unique_and_every_reference_leads_somewhere() -> None:
    keys = [(one["kind"], one["metadata"]["name"]) for one in OBJECTS]
    assert len(keys) == len(set(keys))
    kinds = {
        "conditionRef": "AlertCondition",
        "targetRef": "AlertNotificationTarget",
        "alertPolicyRef": "AlertPolicy",
        "indicatorRef": "SLI",
    }
    kinds |= {"metricSourceRef": "DataSource", "service": "Service"}
    references = re.findall(rf"\b({'|'.join(kinds)}): (\S+)", TEXT)
    assert len(references) > 100
    assert [one for one in references if (kinds[one[0]], one[1]) not in keys] == []


def test_a_description_and_an_annotation_are_within_openslos_limits() -> None:
    for one in OBJECTS:
        assert len(one["spec"].get("description", "")) <= 1050
        assert [name for name in one["metadata"].get("annotations", {}) if name.startswith("openslo.com/")] == []


def test_targets_are_the_decimals_of_the_definitions() -> None:
    for one in SAID:
        (target,) = of_kind("SLO")[one.id]["spec"]["objectives"]
        assert str(target["target"]) == str(one.target)


def test_a_tier_keeps_its_short_window_beside_the_only_one_that_openslo_has() -> None:
    condition = of_kind("AlertCondition")["burn-14-4x-1h-sev-1"]
    assert condition["spec"]["condition"] == {"kind": "burnrate", "op": "gt", "threshold": 14.4, "lookbackWindow": "1h"}
    assert condition["metadata"]["annotations"]["surewire/short-window"] == "5m"


def test_the_agreements_month_is_a_month_of_the_calendar() -> None:
    (window,) = of_kind("SLO")["sla-002-upgrade-success"]["spec"]["timeWindow"]
    assert (window["duration"], window["isRolling"], window["calendar"]["timeZone"]) == ("1M", False, "UTC")


FACTS = ("kind", "name", "target", "window", "runbook", "tiers", "counted", "per", "is_strict", "owners", "min_events")


@pytest.fixture(scope="module")
def again() -> dict[str, Objective]:
    """What an import makes of the export."""
    imported = import_openslo(TEXT, "openslo.yaml", CATALOGUES.slos, CATALOGUES.alerts.mapping)
    assert imported.text is not None, imported.problems
    definitions, problems = lint_definitions(imported.text, "slos.yaml", CATALOGUES.metrics, runbook_numbers())
    assert definitions is not None
    assert errors_of(problems) == ()
    return {one.id: one for one in objectives(definitions.catalogue)}


@pytest.mark.parametrize("objective", SAID, ids=lambda one: one.id)
def test_an_import_of_the_export_is_the_objective_that_it_was(objective: Objective, again: dict[str, Objective]) -> None:
    read = again[objective.id]
    assert {fact: getattr(read, fact) for fact in FACTS} == {fact: getattr(objective, fact) for fact in FACTS}
    assert (read.slo.gate, read.slo.user_facing, read.slo.policy) == (objective.slo.gate, objective.slo.user_facing, objective.slo.policy)
    extras = ("warn_at", "hard_fail_s", "interval_s", "timeout_s", "down_after_failures", "maintenance_notice_h")
    assert [getattr(read.slo, name, None) for name in extras] == [getattr(objective.slo, name, None) for name in extras]


def test_it_is_written_the_same_every_time() -> None:
    assert openslo.files(built_in_catalogues())["openslo.yaml"] == TEXT
