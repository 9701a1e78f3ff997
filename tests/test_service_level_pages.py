"""The pages on service levels say what the definitions and the code say: objectives, states, the gate, categories, alerts, runbooks."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast, get_args

import pytest
import yaml

from surewire.adapters.webhook.signed import sign
from surewire.alerting.plans import MISSED_PAGES, plans
from surewire.cli import application
from surewire.config.load import load
from surewire.config.notify import NotifyTarget
from surewire.contract import slos as shapes
from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.contract.runbooks import SECTIONS, load_runbook, runbook_numbers
from surewire.ports.alert_store import AlertPhase
from surewire.slo.alerts_page import alerts_page
from surewire.slo.correction import NEED_EVIDENCE, Category
from surewire.slo.gate import CHANGES, EXIT_CODES, LETS_THROUGH
from surewire.slo.lint import InForce, lint_definitions, load_definitions
from surewire.slo.objective import objectives
from surewire.slo.policy import STATES
from surewire.slo.window import parse_duration
from tests.documentation import ROOT, blocks, read, section, table
from tests.runbook_pages import resolves, surewire_commands

PAGE: Final = "docs/service-levels.md"
BUILT_IN: Final = resources.files("surewire.contract").joinpath("slos.yaml").read_text("utf-8")


def rows(title: str, number: int = 0) -> list[list[str]]:
    return [[cell.strip("`") for cell in row] for row in table(section(PAGE, title), number)]


def example(number: int) -> str:
    return blocks("yaml", pages=[ROOT / PAGE])[number].text


# ---- service levels


def test_the_table_of_promises_is_the_definitions() -> None:
    def row(one: Any) -> list[str]:
        gates = "yes" if one.slo.gate else ""
        return [one.id, "" if one.target is None else str(one.target), str(one.window or ""), one.slo.policy, gates]

    assert [[first, *rest] for first, _, *rest in rows("What is promised")] == [row(one) for one in objectives(load_slos())]


def test_every_kind_of_objective_is_explained() -> None:
    kinds = [shape.__struct_config__.tag for shape in shapes.Slo.__args__]
    assert [row[0] for row in rows("What an objective is")] == kinds


def test_the_table_of_states_is_the_policy() -> None:
    policy = load_slos().policies["budget"]
    expected = [
        [row.state, "" if row.above is None else f"{Decimal(str(row.above)) * 100:.0f} %", row.deployments, row.alert.replace("none", "")]
        for row in policy.remaining_states
    ]
    assert rows("States") == expected


def test_the_tables_of_the_gate_are_its_rules() -> None:
    codes = {row[0]: row[1].partition(":")[0] for row in rows("The gate")}
    assert codes == {str(code): verdict for verdict, code in EXIT_CODES.items()}
    assert rows("The gate", 1) == [[state, *("yes" if change in LETS_THROUGH[state] else "no" for change in CHANGES)] for state in STATES]


def test_the_table_of_categories_says_which_need_evidence() -> None:
    categories = {row[0]: row[1] == "yes" for row in rows("Corrections")}
    assert categories == {category: category in NEED_EVIDENCE for category in Category.__args__}


def test_the_objective_that_is_shown_can_be_added_to_the_built_in_ones() -> None:
    (row,) = yaml.safe_load(example(0))
    text = f"{BUILT_IN}\n" + "".join(f"  {line}\n" for line in example(0).splitlines())
    definitions = load_definitions(text, "slos.yaml", load_metrics(), runbook_numbers())
    assert definitions.catalogue.slos[-1].id == row["id"]


def test_the_change_that_is_shown_lets_an_objective_be_changed() -> None:
    in_force = InForce(load_slos())
    changed = BUILT_IN.replace("objective: 0.99999,", "objective: 0.9999,")
    assert changed != BUILT_IN

    def refused(text: str) -> list[str]:
        return [str(one) for one in lint_definitions(text, "slos.yaml", load_metrics(), runbook_numbers(), in_force=in_force)[1]]

    assert any("nobody agreed" in problem for problem in refused(changed))
    assert refused(f"{example(1)}{changed}") == []


# ---- alerts and runbooks


def test_the_page_of_alerts_is_up_to_date() -> None:
    assert read("docs/alerts.md") == alerts_page(), "write it anew: python -m surewire.slo.alerts_page > docs/alerts.md"


def test_the_index_of_runbooks_has_every_page_with_its_title_alert_and_severity() -> None:
    index = table(read("docs/runbooks.md"), 1)
    assert [re.findall(r"\[(RB-\d{3})\]", row[0])[0] for row in index] == list(runbook_numbers())
    for (_, title, names, severity), number in zip(index, runbook_numbers(), strict=True):
        alerts = [alert for alert in load_alerts().alerts if alert.runbook == number]
        assert title == load_runbook(number).title
        assert names == (", ".join(f"`{alert.name}`" for alert in alerts) or "those of objectives")
        assert severity == (", ".join(alert.severity for alert in alerts) or "SEV-1 to SEV-4")


def test_the_index_of_runbooks_explains_every_section() -> None:
    assert [row[0] for row in table(read("docs/runbooks.md"), 0)] == list(SECTIONS)


# ---- alerting


def alerting(title: str) -> list[list[str]]:
    return table(section("docs/alerting.md", title))


def test_the_targets_that_are_shown_are_a_configuration_that_is_right(tmp_path: Path) -> None:
    (block,) = blocks("toml", pages=[ROOT / "docs" / "alerting.md"])
    file = tmp_path / "surewire.toml"
    file.write_text(block.text)
    targets = load(file).config.notify
    assert {type(target) for target in targets.values()} == set(NotifyTarget.__args__)
    assert {name for rule in load_alerts().severities.values() for name in rule.notify} <= targets.keys()


def test_the_table_of_severities_is_how_they_are_told() -> None:
    named = {name for rule in load_alerts().severities.values() for name in rule.notify}
    told = plans(load_alerts(), named)
    for severity, to, first, change, again in alerting("Who is told"):
        plan = told[cast("shapes.Severity", severity)]
        assert set(plan.targets) == set(to.split(", "))
        assert [seconds(first), seconds(change), seconds(again)] == [plan.wait_s, plan.interval_s, plan.repeat_s]


def seconds(words: str) -> int:
    return 0 if words == "at once" else int(words.split(maxsplit=1)[0]) * {"s": 1, "min": 60, "h": 3_600, "d": 86_400}[words.split()[1]]


def test_the_table_of_escalation_is_that_of_the_first_severity() -> None:
    steps = load_alerts().severities["SEV-1"].escalate
    rows_shown = [(seconds(" ".join(row[0].split(",")[0].split()[:2])), row[1]) for row in alerting("When nobody answers")]
    assert rows_shown == [(parse_duration(step.after), step.to) for step in steps]
    assert MISSED_PAGES == 2


def test_every_state_of_an_alert_is_explained() -> None:
    assert [row[0] for row in alerting("From a number to a page")] == list(get_args(AlertPhase))


def test_the_signature_that_is_shown_how_to_check_is_the_one_that_is_sent() -> None:
    (block,) = blocks("python", pages=[ROOT / "docs" / "alerting.md"])
    names: dict[str, Any] = {}
    exec(block.text, names)
    secret, other, now = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw", str(int(time.time()))
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": now,
        "webhook-signature": f"{sign(other, '1', now, b'x')} {sign(secret, '1', now, b'x')}",
    }
    assert names["is_from_surewire"](secret, headers, b"x")
    assert not names["is_from_surewire"](secret, headers, b"y")
    assert not names["is_from_surewire"](secret, {**headers, "webhook-timestamp": "1"}, b"x")


@pytest.mark.parametrize("page", ["alerting", "service-levels", "slo-reading", "alerts", "runbooks"])
def test_every_command_that_a_page_names_exists(page: str) -> None:
    app = application()
    named = surewire_commands(ROOT / "docs" / f"{page}.md")
    assert named
    assert {name for name in named if not resolves(app, name)} == set()
