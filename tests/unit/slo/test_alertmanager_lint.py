"""Configurations of Alertmanager that would swallow an alert that nothing may swallow, and their innocent neighbours."""

from __future__ import annotations

from typing import Final

import pytest

from surewire.errors import ConfigError
from surewire.monitoring.export import alertmanager
from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.prometheus import alert_labels
from surewire.slo.alertmanager_lint import in_words, lint_alertmanager
from surewire.slo.label_matching import labels_assumed, parse_matchers
from surewire.slo.problem import Problem

CATALOGUES: Final = built_in_catalogues()
PROTECTED: Final = {rule.name: {"alertname": rule.name, **alert_labels(rule)} for rule in CATALOGUES.rules if rule.is_non_negotiable}
ALL: Final = "MessageLoss, DuplicateSequence and CounterCorruption"
IN_TIME: Final = "group_interval: 1m, repeat_interval: 5m"
RECEIVERS: Final = """
receivers:
  - name: pager
    pagerduty_configs: [{routing_key: x}]
  - name: "null"
  - name: empty
    slack_configs: []
"""


def lint(text: str) -> list[Problem]:
    return list(lint_alertmanager(text + RECEIVERS, "alertmanager.yml", PROTECTED))


def one(text: str) -> Problem:
    (problem,) = lint(text)
    return problem


def routes(*branches: str) -> str:
    return "route:\n  receiver: pager\n  group_interval: 1m\n  repeat_interval: 5m\n  routes:\n" + "".join(
        f"    - {branch}\n" for branch in branches
    )


def inhibition(target: str, source: str = "source_matchers: [severity = critical]", equal: str = "[cluster]") -> str:
    return f"route: {{receiver: pager, {IN_TIME}}}\ninhibit_rules:\n  - {source}\n    {target}\n    equal: {equal}\n"


# ---- what is innocent


def test_what_surewire_generates_swallows_nothing() -> None:
    (text,) = alertmanager.files(CATALOGUES).values()
    assert lint_alertmanager(text, "alertmanager.yml", PROTECTED) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"route: {{receiver: pager, {IN_TIME}}}\n",
        f"route: {{receiver: pager, group_wait: 0, {IN_TIME}}}\n",
        f"route: {{receiver: pager, group_wait: 4m59s999ms, {IN_TIME}}}\n",
        routes("{matchers: [severity=SEV-3], group_wait: 10h, repeat_interval: 365d}"),
        routes("{group_wait: 10h, repeat_interval: 365d, continue: true}", "{receiver: pager}"),
        routes('{receiver: "null", continue: true, repeat_interval: 1m}', "{receiver: pager}"),
        routes('{matchers: ["alertname=Watchdog"], receiver: "null"}'),
        routes("{matchers: [severity=~info|warning], mute_time_intervals: [nights]}"),
        routes('{match: {severity: SEV-3}, receiver: "null"}'),
        routes('{match_re: {alertname: "Message"}, receiver: "null"}'),
        routes('{matchers: ["alertname=~\\"MessageLoss|.*\\""]}', '{receiver: "null"}'),
        routes("{matchers: [severity=SEV-1], receiver: pager}", "{mute_time_intervals: [nights]}"),
        routes('{receiver: "null", continue: true}', "{receiver: pager}"),
        inhibition("target_matchers: [severity=~warning|info]"),
        inhibition("target_match: {severity: warning}"),
        inhibition('target_matchers: ["alertname!~MessageLoss|DuplicateSequence|CounterCorruption"]'),
        # The source would have to be of the same name, and has another.
        inhibition("target_matchers: [severity=SEV-1]", "source_matchers: [alertname=InfoInhibitor]", "[alertname]"),
    ],
)
def test_a_configuration_that_swallows_none_of_them_is_left_in_peace(text: str) -> None:
    assert lint(text) == []


# ---- what swallows


@pytest.mark.parametrize(
    "target", ["target_matchers: [severity=SEV-1]", "target_match: {service: surewire}", "target_match_re: {alertname: '.+'}", ""]
)
def test_an_inhibition_that_has_them_as_a_target_is_found(target: str) -> None:
    problem = one(inhibition(target))
    assert (problem.level, problem.path) == ("error", "inhibit_rules[0].target_matchers")
    assert problem.what == f"{ALL} would be kept quiet by this while another alert fires."
    assert problem.mend == 'Add alertname!~"MessageLoss|DuplicateSequence|CounterCorruption" to target_matchers.'


def test_the_mend_of_an_inhibition_mends_it() -> None:
    target = "target_matchers: ['severity=SEV-1', 'alertname!~\"MessageLoss|DuplicateSequence|CounterCorruption\"']"
    assert lint(inhibition(target)) == []


@pytest.mark.parametrize("setting", ["mute_time_intervals", "active_time_intervals"])
def test_a_route_that_is_muted_is_found_with_its_line(setting: str) -> None:
    problem = one(routes("{matchers: [severity=SEV-3]}", f"{{matchers: [severity=~SEV-.], {setting}: [nights]}}"))
    assert (problem.line, problem.path) == (7, f"route.routes[1].{setting}")
    assert "would be muted at" in problem.what
    assert problem.mend.startswith("Put a route for them before it")


def test_the_mend_of_a_route_mends_it() -> None:
    ahead = "matchers: ['alertname=~\"MessageLoss|DuplicateSequence|CounterCorruption\"']\n      receiver: pager"
    assert lint(routes(ahead, "{matchers: [severity=SEV-1], mute_time_intervals: [nights]}")) == []


def test_a_muted_route_is_found_though_another_goes_on() -> None:
    assert one(routes("{mute_time_intervals: [nights], continue: true}", "{receiver: pager}")).path == "route.routes[0].mute_time_intervals"


@pytest.mark.parametrize("receiver", ["null", "empty", "nowhere"])
def test_a_receiver_that_reaches_nobody_is_found(receiver: str) -> None:
    problem = one(routes(f'{{matchers: [service=surewire], receiver: "{receiver}"}}'))
    assert problem.what == f"{ALL} would reach nobody: no way to tell anybody is configured for the receiver {receiver}."


def test_a_branch_has_the_receiver_of_the_one_it_grows_from() -> None:
    problem = one(routes('{receiver: "null", matchers: [alertname=MessageLoss], routes: [{matchers: [severity=SEV-1]}]}'))
    assert problem.what == "MessageLoss would reach nobody: no way to tell anybody is configured for the receiver null."
    assert problem.path == "route.routes[0].routes[0].receiver"


def test_only_the_alerts_that_are_swallowed_are_named() -> None:
    assert one(routes('{match: {alertname: MessageLoss}, receiver: "null"}')).what.startswith("MessageLoss would reach nobody")


def test_a_root_without_a_receiver_is_found() -> None:
    assert "the receiver none at all" in one("route: {}\n").what


# ---- what tells too late


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("group_wait: 10h", "would be told only after 10h."),
        ("group_interval: 1h30m", "would be told only after 1h30m when something else of their group has been told."),
        ("repeat_interval: 365d", "would be told again only after 365d, though nobody may have noticed."),
    ],
)
def test_a_route_that_waits_too_long_is_found_where_it_says_so(setting: str, what: str) -> None:
    problem = one(routes("{matchers: [severity=SEV-3]}", f"{{matchers: [severity=SEV-1], {setting}, routes: [{{}}]}}"))
    assert (problem.level, problem.line) == ("error", 7)
    assert problem.path == f"route.routes[1].{setting.partition(':')[0]}"
    assert problem.what == f"{ALL} {what}"
    assert problem.mend.startswith("Put a route for them before all others")


def test_where_nothing_is_written_alertmanagers_own_four_hours_are_too_long() -> None:
    problem = one("route: {receiver: pager}\n")
    assert problem.path == "route.repeat_interval"
    assert problem.what == f"{ALL} would be told again only after 4h, though nobody may have noticed."


def test_the_mend_of_what_is_too_late_mends_it() -> None:
    ahead = "matchers: ['alertname=~\"MessageLoss|DuplicateSequence|CounterCorruption\"']"
    times = "\n      group_wait: 0s\n      group_interval: 1m\n      repeat_interval: 5m"
    late = "{matchers: [severity=SEV-1], group_wait: 10h, group_interval: 10h, repeat_interval: 365d}"
    assert len(lint(routes(late))) == 3
    assert lint(routes(ahead + times, late)) == []


def test_a_route_that_reaches_nobody_is_not_quick() -> None:
    problem = one(routes('{receiver: "null", continue: true, repeat_interval: 1m}', "{receiver: pager, repeat_interval: 1d}"))
    assert problem.path == "route.routes[1].repeat_interval"


# ---- what depends on labels that are not known


def test_a_label_of_which_nothing_is_known_makes_a_warning() -> None:
    problem = one(routes('{matchers: [cluster=dev], receiver: "null"}'))
    assert problem.level == "warning"
    assert problem.what.startswith(f"If they have the label cluster, {ALL} would reach nobody")
    assert "--label" in problem.mend


@pytest.mark.parametrize(("cluster", "level"), [("dev", ["error"]), ("production", [])])
def test_a_label_that_is_said_decides(cluster: str, level: list[str]) -> None:
    known = {name: {**labels, "cluster": cluster} for name, labels in PROTECTED.items()}
    text = routes('{matchers: [cluster=dev], receiver: "null"}') + RECEIVERS
    assert [problem.level for problem in lint_alertmanager(text, "a.yml", known)] == level


def test_a_branch_behind_one_that_may_take_it_is_looked_at_too() -> None:
    problems = lint(routes("{matchers: [cluster=dev], receiver: pager}", '{matchers: [service=surewire], receiver: "null"}'))
    assert [(problem.level, problem.path) for problem in problems] == [("error", "route.routes[1].receiver")]


# ---- what cannot be read


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("groups: []\n", "this is no configuration of Alertmanager"),
        ("route: [x]\n", "this is no configuration of Alertmanager"),
        ("route: {receiver: pager\n", "this is not YAML"),
        (routes("{group_wait: soon}"), "'soon' is no span of time"),
        (routes("{matchers: [severity]}"), "'severity' is no matcher"),
        (routes("{matchers: ['a=~\"(\"']}"), "has a pattern that cannot be read"),
    ],
)
def test_what_cannot_be_understood_is_said(text: str, what: str) -> None:
    assert any(what in problem.what and problem.level == "error" for problem in lint(text))


# ---- matchers


@pytest.mark.parametrize(
    "text",
    ['a="b",c!~"d|e"', '{a="b", c!~"d|e"}', "a=b,c!~d|e", ' a = "b" , c !~ "d|e" ', '{"a"="b","c"!~"d|e",}'],
)
def test_the_ways_to_write_matchers_are_the_same(text: str) -> None:
    assert [(one.label, one.operator, one.value) for one in parse_matchers(text)] == [("a", "=", "b"), ("c", "!~", "d|e")]


def test_a_quoted_value_may_have_commas_braces_and_escapes() -> None:
    (matcher,) = parse_matchers(r'a=~"x,{2}\\d\"\n"')
    assert matcher.value == 'x,{2}\\d"\n'


@pytest.mark.parametrize("text", ["a", "=b", 'a="b" c="d"', 'a="b', "{a=b"])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_matchers(text)


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("alertname=MessageLoss", frozenset[str]()),
        ("alertname=Other", None),
        ("alertname=~Message", None),
        ("team=core", frozenset({"team"})),
        ("team!=core", frozenset[str]()),
        ("team=", frozenset[str]()),
        ("team=core,alertname=Other", None),
        ("team=core,site=~.+", frozenset({"team", "site"})),
        ("", frozenset[str]()),
    ],
)
def test_what_a_matcher_must_assume(text: str, assumed: frozenset[str] | None) -> None:
    assert labels_assumed(parse_matchers(text), {"alertname": "MessageLoss"}) == assumed


def test_names_are_listed_as_people_do() -> None:
    assert [in_words(names) for names in (["a"], ["a", "b"], ["a", "b", "c"], [])] == ["a", "a and b", "a, b and c", ""]
