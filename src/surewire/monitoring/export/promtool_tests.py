"""Unit tests for promtool: every alert fires where it must and stays quiet beside that. The rules that they test stand with them."""

from __future__ import annotations

import json
from typing import Final

from surewire.monitoring.export.catalogues import Catalogues, Files, header
from surewire.monitoring.export.prometheus import alert_annotations, alert_labels, alerts_of_file, rule_files
from surewire.monitoring.export.scenarios import Scenario, scenarios
from surewire.slo.alert_rule import AlertRule
from surewire.slo.window import SLOT_S, Rolling

__all__ = ["files"]

_FOLDER: Final = "tests"
_SLOT: Final = str(Rolling(SLOT_S))


def files(catalogues: Catalogues) -> Files:
    """The rule files, and in `tests` one file for each that has alerts: `promtool test rules tests/*.yml`."""
    tests = {f"{_FOLDER}/{path.rpartition('/')[2]}": _tests(path, rules, catalogues) for path, rules in alerts_of_file(catalogues).items()}
    return {**rule_files(catalogues), **tests}


def _tests(path: str, rules: list[AlertRule], catalogues: Catalogues) -> str:
    cases = (_case(rule, scenario, catalogues) for rule in rules for scenario in scenarios(rule, catalogues))
    return (
        header(catalogues, f"Every alert of {path}, where it fires and where it does not.")
        + f'\nrule_files: ["../{path}"]\nevaluation_interval: {_SLOT}\n\ntests:\n'
        + "\n".join(cases)
    )


def _case(rule: AlertRule, scenario: Scenario, catalogues: Catalogues) -> str:
    series = "".join(f"      - {_mapping({'series': name, 'values': values})}\n" for name, values in scenario.series.items())
    labels = {**scenario.labels, **alert_labels(rule)}
    alert = f"{{exp_labels: {_mapping(labels)}, exp_annotations: {_mapping(alert_annotations(rule, catalogues))}}}"
    return (
        f"  - name: {_text(scenario.name)}\n"
        f"    interval: {_SLOT}\n"
        f"    input_series:\n{series}"
        f"    alert_rule_test:\n"
        f"      - eval_time: {Rolling(scenario.judged_after_s)}\n"
        f"        alertname: {_text(rule.name)}\n"
        f"        exp_alerts: [{alert if scenario.fires else ''}]\n"
    )


def _mapping(values: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {_text(value)}" for name, value in values.items()) + "}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
