"""OpenSLO v1 in, definitions out: nothing is lost between surewire and itself, and what others write is understood or refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.contract.runbooks import runbook_numbers
from surewire.contract.slos import Owners
from surewire.slo.lint import lint_definitions
from surewire.slo.objective import Objective, objectives
from surewire.slo.openslo_import import Imported, import_openslo
from surewire.slo.problem import errors_of

OWNERS = Owners(owner="Chat", backup="Platform", escalation="CTO")
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: sends}
spec:
  service: chat
  indicator:
    metadata: {name: sends}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(gateway_send_total{status="success"}[5m]))'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(gateway_send_total[5m]))'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: good, targetPercent: 99.9}]
  alertPolicies:
    - kind: AlertPolicy
      metadata: {name: fast}
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: {name: fast}
            spec: {severity: page, condition: {kind: burnrate, op: lte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 2m}}
        notificationTargets: [{targetRef: pager}]
"""


def imported(text: str, owners: Owners | None = OWNERS) -> Imported:
    return import_openslo(text, "objectives.yaml", load_slos(), load_alerts().mapping, owners)


def sole(text: str) -> Objective:
    found = imported(text)
    assert found.text is not None, found.problems
    definitions, problems = lint_definitions(found.text, "slos.yaml", load_metrics(), runbook_numbers())
    assert definitions is not None
    assert errors_of(problems) == ()
    (objective,) = objectives(definitions.catalogue)
    return objective


def refusal(text: str, owners: Owners | None = OWNERS) -> str:
    found = imported(text, owners)
    assert found.text is None
    return "\n".join(map(str, errors_of(found.problems)))


def test_an_objective_of_another_tool_becomes_one_of_ours() -> None:
    objective = sole(SLO)
    assert (objective.id, objective.kind, objective.target, str(objective.window)) == ("sends", "ratio", Decimal("0.999"), "28d")
    assert objective.counted is not None
    assert [one.metric for one in objective.counted.selectors] == ["gateway_send_total"] * 2
    assert (objective.owners.owner, objective.owners.backup) == ("Chat", "Platform")
    (tier,) = objective.tiers
    assert (tier.rate, tier.long_s, tier.short_s, tier.severity) == (Decimal("14.4"), 3600, 300, "SEV-1")


def test_an_operator_that_says_less_than_for_a_burn_rate_is_not_believed() -> None:
    assert any("lte" in problem.what for problem in imported(SLO).problems)


def test_a_bucket_out_of_a_count_is_a_latency() -> None:
    text = SLO.replace('gateway_send_total{status="success"}', 'gateway_send_latency_seconds_bucket{le="0.5"}')
    objective = sole(text.replace("gateway_send_total", "gateway_send_latency_seconds_count"))
    assert objective.kind == "latency"
    assert objective.counted is not None
    assert objective.counted.good is not None
    assert objective.counted.good.metric == "gateway_send_latency_seconds_bucket"


def test_a_month_of_the_calendar_is_one() -> None:
    month = '{duration: 1M, isRolling: false, calendar: {startTime: "2026-03-01 00:00:00", timeZone: UTC}}'
    assert str(sole(SLO.replace("{duration: 28d, isRolling: true}", month)).window) == "calendar month"


def test_whoever_names_nobody_is_told_every_way_to() -> None:
    said = refusal(SLO, owners=None)
    assert "nobody answers for it" in said
    assert all(f"surewire/{role}" in said and f"--{role}" in said for role in ("owner", "backup", "escalation"))


def test_weeks_are_days() -> None:
    assert str(sole(SLO.replace("28d", "4w")).window) == "28d"


def test_a_short_window_gets_an_alert_for_a_breach() -> None:
    assert sole(SLO.replace("28d", "1h")).policy.breach_for == "5m"


def test_a_gauge_of_zero_and_one_is_an_availability() -> None:
    text = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: kafka}
spec:
  service: chat
  indicator:
    metadata: {name: kafka}
    spec: {thresholdMetric: {metricSource: {spec: {query: durability_kafka_available}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{op: gte, value: 1, target: 0.999, timeSliceTarget: 1, timeSliceWindow: 1m}]
"""
    assert sole(text).kind == "availability"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("openslo/v1", "openslo/v1alpha", "Only that version is read"),
        ("kind: SLO", "kind: Hope", "Hope"),
        ("targetPercent: 99.9", "target: 1", "target"),
        ("targetPercent: 99.9", "targetPercent: 99.9, target: 0.999", "either `target` or `targetPercent`"),
        ("isRolling: true", "isRolling: false", "`calendar`"),
        ("duration: 28d", "duration: 1Q", "its window of 1Q cannot be judged"),
        ("sum(rate(gateway_send_total[5m]))", "1 - avg(up)", "more than one counter"),
        ("budgetingMethod: Occurrences", "budgeting: Occurrences", "budgeting"),
        ("severity: page", "severity: loud", "severity 'loud'"),
        ("{name: sends}\nspec", "{name: Sends}\nspec", "name"),
        ("indicator:\n", "indicatorRef: other\n  unused:\n", "unused"),
        ("counter: true", "counter: true\n        raw: {metricSource: {spec: {query: x}}}", "either `total` or `raw`"),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(before: str, after: str, said: str) -> None:
    assert before in SLO
    assert said in refusal(SLO.replace(before, after))


def test_a_reference_to_nothing_is_named_with_its_line() -> None:
    text = yaml.safe_load(SLO)
    del text["spec"]["indicator"]
    text["spec"]["indicatorRef"] = "missing"
    said = refusal("---\n" + yaml.safe_dump(text))
    assert "names the SLI 'missing'" in said
    assert said.startswith("objectives.yaml:2: sends:")


def test_nobody_answering_for_it_is_refused() -> None:
    assert "nobody answers for it" in refusal(SLO, None)


def test_an_empty_file_and_one_that_is_no_yaml_are_refused() -> None:
    assert "no objective in it" in refusal("")
    assert "not YAML" in refusal("a: [")


def test_two_objectives_of_one_object_get_names_of_their_own() -> None:
    found = imported(
        SLO.replace("{displayName: good, targetPercent: 99.9}", "{displayName: Good, target: 0.99}, {displayName: Best, target: 0.999}")
    )
    assert found.text is not None
    assert [row["id"] for row in yaml.safe_load(found.text)["slos"]] == ["sends-good", "sends-best"]


WORDS = ("1M", "0d", "99999999999d", "a + b", "sum(", "x[5m]", 'x{le="y"}', "Timeslices", "RB-1", "SEV-9")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1, 10**20), st.floats(), st.text(max_size=6), st.sampled_from(WORDS))
ODD = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=3), SCALARS, max_size=2))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys, all the way down."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from places(inner)


@given(st.data())
def test_whatever_is_wrong_with_a_file_it_is_said_and_never_a_crash(data: st.DataObject) -> None:
    tree = yaml.safe_load(SLO)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(places(tree))))
        if data.draw(st.booleans()):
            container[key] = data.draw(ODD)
        else:
            del container[key]
        if not list(places(tree)):
            break
    found = imported(yaml.safe_dump(tree))
    assert (found.text is None) == bool(errors_of(found.problems))
    if found.text is not None:
        lint_definitions(found.text, "slos.yaml", load_metrics(), runbook_numbers())


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert imported(text).text is None


def test_a_file_that_contains_itself_is_refused() -> None:
    assert imported("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: &s {x: *s}").text is None
    assert imported("a: &a [*a]").text is None
    assert imported("[" * 5_000).text is None
