"""Every alert has a name of its own: definitions that would give two alerts one name are refused."""

from __future__ import annotations

from importlib import resources

import pytest

from surewire.contract.catalogue import load_alerts, load_metrics
from surewire.errors import ConfigError
from surewire.slo.alert_rules import alert_rules
from surewire.slo.lint import lint_definitions, load_definitions
from surewire.slo.problem import Problem

TEXT = resources.files("surewire.contract").joinpath("slos.yaml").read_text("utf-8")
METRICS = load_metrics()
RUNBOOKS = {"RB-050", "RB-006", "RB-007"}
HOURLY = "window: 1h, policy: breach"
MONTHLY = "window: 30d, policy: budget"


def row(id_: str, policy: str = HOURLY, more: str = "") -> str:
    counts = "good: 'gateway_send_total{status=\"success\"}', total: gateway_send_total"
    return f"  - {{id: {id_}, kind: ratio, {counts}, objective: 0.999, owners: send, {policy}{more}}}\n"


def problems_of(*rows: str) -> tuple[Problem, ...]:
    return lint_definitions(TEXT + "".join(rows), "slos.yaml", METRICS, RUNBOOKS)[1]


@pytest.mark.parametrize(
    ("first", "second", "policy", "alert"),
    [
        ("a-b1", "a-b-1", HOURLY, "SLOBreachAB1"),
        ("x-v12", "x-v1-2", HOURLY, "SLOBreachXV12"),
        ("x-v12", "x-v1-2", MONTHLY, "XV12Burn14.4x1h"),
    ],
)
def test_two_objectives_whose_alerts_have_one_name_are_refused(first: str, second: str, policy: str, alert: str) -> None:
    (problem,) = problems_of(row(first, policy), row(second, policy))
    assert problem.path == "slos[43].id"
    assert problem.line == TEXT.count("\n") + 2
    assert problem.what == f"{second}: its alert {alert} would have the name of one of {first}, and one of the two would be lost."
    assert problem.mend.startswith("Write another id: ")


def test_an_alert_that_the_server_has_of_its_own_keeps_its_name() -> None:
    (problem,) = problems_of(row("durability", HOURLY, ", slo_name: durable-sends"))
    assert problem.path == "slos[42].id"
    assert "its alert SLOBreachDurability would have the name of one of the built-in ones" in problem.what


def test_ids_that_look_alike_are_fine_where_their_alerts_do_not() -> None:
    assert problems_of(row("a-b1", HOURLY), row("a-b-1", MONTHLY)) == ()
    assert problems_of(row("a-b1"), row("a-b-2")) == ()


def test_such_definitions_are_not_started_with() -> None:
    with pytest.raises(ConfigError, match="would have the name of one of a-b1"):
        load_definitions(TEXT + row("a-b1") + row("a-b-1"), "slos.yaml", METRICS, RUNBOOKS)


def test_a_selector_that_is_wrong_does_not_hide_it() -> None:
    broken = row("broken").replace("total: gateway_send_total", "total: 'gateway_send_total{'")
    assert {problem.path for problem in problems_of(broken, row("a-b1"), row("a-b-1"))} == {"slos[42].total", "slos[44].id"}


def test_what_lint_lets_through_has_as_many_names_as_alerts() -> None:
    catalogue = load_definitions(TEXT + row("a-b1") + row("a-b-2", MONTHLY), "slos.yaml", METRICS, RUNBOOKS).catalogue
    names = [rule.name for rule in alert_rules(catalogue, load_alerts(), METRICS)]
    assert len(names) == len(set(names))
