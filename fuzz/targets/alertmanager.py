"""Somebody's `alertmanager.yml`.

Holds: what is wrong with it is said, with a line that it has, and nothing is raised; it is the same when it is asked again.
"""

from __future__ import annotations

from fuzz.target import Target
from surewire.slo.alertmanager_lint import lint_alertmanager

PROTECTED = {name: {"alertname": name, "severity": "SEV-1"} for name in ("MessageLoss", "CounterCorruption")}


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    problems = lint_alertmanager(text, "alertmanager.yml", PROTECTED)
    assert problems == lint_alertmanager(text, "alertmanager.yml", PROTECTED)
    assert all(str(problem) and 0 <= problem.line <= text.count("\n") + text.count("\r") + 2 for problem in problems)


TARGET = Target(
    check,
    seeds=(
        (
            b"route:\n  receiver: a\n  routes:\n    - matchers: ['severity=\"SEV-1\"', team=~x|y]\n      continue: true\n"
            b"      mute_time_intervals: [n]\n"
        ),
        (
            b"route: {receiver: a, routes: [{match: {alertname: MessageLoss}, receiver: b, routes: [{match_re: {x: 'a.*'}}]}]}\n"
            b"receivers: [{name: a, x_configs: [1]}]"
        ),
        (
            b'route: {}\ninhibit_rules:\n  - {source_matchers: [a=b], target_matchers: [\'{c!~"d", e="f\\n"}\'], equal: [alertname]}\n'
            b"  - target_match: {a: 1}\n"
        ),
        b"route: &a {routes: [*a]}\n",
        b"route: {routes: [{matchers: ['a=~\"(\"']}]}",
        b"route: {receiver: null, routes: }\nreceivers: [{name: 5}]\nroute: 2026-11-21",
        b"[" * 2_000,
    ),
)
