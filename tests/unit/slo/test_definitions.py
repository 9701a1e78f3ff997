"""Reading and linting a file of definitions: the built-in one is right, and whatever is wrong has its line, its path and its mend."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_metrics, load_slos
from surewire.errors import ConfigError
from surewire.slo.change_control import changed_fields
from surewire.slo.definitions import Definitions, digest_of, read_definitions
from surewire.slo.lint import InForce, lint_definitions, load_definitions, unagreed_changes
from surewire.slo.problem import Problem, errors_of
from surewire.slo.yaml_document import read_yaml

TEXT = resources.files("surewire.contract").joinpath("slos.yaml").read_text("utf-8")
METRICS = load_metrics()
RUNBOOKS = {"RB-050", "RB-006", "RB-007"}
AGREED = "{rfc: RFC-7, data: a year of them, risk: none, approved_by: [Reliability Lead, Product Owner]}"


def lint(text: str, **more: object) -> tuple[Definitions | None, tuple[Problem, ...]]:
    return lint_definitions(text, "slos.yaml", METRICS, RUNBOOKS, **more)  # type: ignore[arg-type]


def edited(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1, old
    return TEXT.replace(old, new, 1)


def line_of(fragment: str) -> int:
    return TEXT[: TEXT.index(fragment)].count("\n") + 1


def test_the_built_in_definitions_are_right_and_are_what_the_contract_reads() -> None:
    definitions, problems = lint(TEXT, in_force=InForce(load_slos()), today=date(2026, 11, 21))
    assert problems == ()
    assert definitions is not None
    assert definitions.catalogue == load_slos()
    assert definitions.digest == digest_of(load_slos())


def test_layout_and_comments_do_not_change_the_digest_and_content_does() -> None:
    same = load_definitions("# another comment\n" + TEXT.replace("  - {id", "  -   {id"), "a.yaml", METRICS, RUNBOOKS)
    other = load_definitions(edited("min_events: 100", "min_events: 101"), "a.yaml", METRICS, RUNBOOKS)
    assert same.digest == digest_of(load_slos()) != other.digest


# ---- one thing wrong: (text that is replaced, by what, path, what is wrong, the mend)

SHAPE = [
    (
        "objective: 0.999,",
        "objective: 99.9,",
        "slos[1].objective",
        "availability: expected",
        "It is a share, not a percentage: write 0.999.",
    ),
    ("objective: 0.999,", "objective: 1,", "slos[1].objective", "availability: expected", "An objective of 100 % leaves no budget"),
    ("objective: 0.999,", "objective: 0,", "slos[1].objective", "availability: expected", "Write a share above 0 and below 1"),
    ("objective: 0.999,", 'objective: "0.999",', "slos[1].objective", "got `str`", "without quotation marks"),
    ("id: availability,", "id: availability, gates: x,", "slos[1].gates", "unknown field `gates`", "Did you mean gate?"),
    ("id: availability,", "id: availability, zebra: x,", "slos[1].zebra", "unknown field `zebra`", "Remove zebra, or write one of"),
    ("id: availability,", "id: Availability,", "slos[1].id", "not written as it must be", "small letters"),
    ("kind: ratio", "kind: ration", "slos[0].kind", "invalid value 'ration'", "Write one of ratio, latency"),
    ("owners: platform,", "", "slos[1]", "missing required field `owners`", "Add owners:"),
    ("owners: platform,", "owners: nobody,", "slos[1].owners", "availability has no owner", "Write one of durability, send"),
    ("window: 30d, owners: platform", "window: 30 days, owners: platform", "slos[1].window", "not written", "such as 30d"),
    ("runbook: RB-007", "runbook: seven", "slos[1].runbook", "not written", "RB- and three digits"),
    ("policy: budget, runbook: RB-007", "policy: bugdet", "slos[1].policy", "no policy is called bugdet", "Write one of budget, phase0"),
    ("id: availability,", "id: message-durability,", "slos[1].id", "is defined twice", "the other is slos[0]"),
    ("good: 'gateway_send", "bad: x, good: 'gateway_send", "slos[1]", "a ratio names two of good, bad, total", "Give two of the three"),
    ("like: budget", "like: bugdet", "policies.phase0.like", "no policy is called bugdet", "Write one of budget, phase0"),
    ("rate: 14.4", "rate: fast", "policies.budget.burn_tiers[0].rate", "expected `float`", "without quotation marks"),
    ("backup: Platform Engineering Manager, ", "", "owners.durability", "missing required field `backup`", "one person stands in"),
    ("runbook: RB-050}", "}", "defaults", "missing required field `runbook`", "the number of its page"),
    ("defaults:", "default:", "default", "there is no section 'default'", "Did you mean defaults?"),
    ("slos:\n", "next_review: soon\nslos:\n", "next_review", "expected `date`", "Write a date such as"),
    ("slos:\n", "change: {rfc: RFC-7}\nslos:\n", "change", "missing required field", "Add "),
    ("id: availability,", "id: availability, id: availability,", "slos[1].id", "id is given twice", "remove one of them"),
]
SENSE = [
    (
        "good: 'gateway_send_total{status=\"success\"}', total: gateway_send_total,",
        "good: gateway_send_total, total: 'gateway_send_total{}',",
        "slos[1].total",
        "good and total are the same series, so it is always 100 %",
        "Narrow good",
    ),
    (
        "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total",
        "good: gateway_heartbeat_timeouts_total, bad: gateway_heartbeat_timeouts_total",
        "slos[27].bad",
        "good and bad are the same series, so it is always 50 %",
        "Narrow good",
    ),
    (
        "total: 'gateway_connections_total{status=~\"accepted|queue_full|timeout|error\"}'",
        "total: 'gateway_connections_total{status=~\"queue_full|timeout|error\"}'",
        "slos[18].good",
        'good is no part of total, which leaves out status="accepted"',
        "Let total select",
    ),
    (
        "good: 'gateway_send_total{status=\"success\"}', total: gateway_send_total,",
        "good: 'gateway_send_total{status=\"success\"}', bad: gateway_send_total,",
        "slos[1].bad",
        'availability: good and bad both count status="success": such an event would be good and bad at once.',
        "Write total in place of bad, or let bad leave out what good selects",
    ),
    (
        "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total",
        "good: gateway_heartbeat_timeouts_total, bad: 'gateway_heartbeat_timeouts_total{cause=\"server\"}'",
        "slos[27].bad",
        'good and bad both count cause="server"',
        "Write total in place of good, or let good leave out what bad selects",
    ),
    (
        "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total",
        "good: 'gateway_sync_total{status=~\"success|gap\"}', bad: 'gateway_sync_total{status=~\"gap|error\"}'",
        "slos[27].bad",
        'good and bad both count status="gap"',
        "Let only one of the two select it",
    ),
    (
        "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total",
        "good: 'gateway_messages_sent_total{type=~\"pong|welcome\"}', bad: 'gateway_messages_sent_total{type!~\"pong|error\"}'",
        "slos[27].bad",
        'good and bad both count type="welcome"',
        "Let only one of the two select it",
    ),
    (
        "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total",
        "good: ws_connection_success_total, bad: ws_connection_attempts_total",
        "slos[27].bad",
        'good and bad both count status="accepted"',
        "Write total in place of bad",
    ),
    (
        "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total",
        "bad: ws_unstable_disconnections_total, total: 'ws_disconnections_total{reason=\"client_closed\"}'",
        "slos[27].bad",
        "bad is no part of total, which leaves out reason=",
        "Let total select all",
    ),
    (
        "id: availability,",
        "id: availability, min_bad: 1000000,",
        "slos[1].min_bad",
        "no tier fires before 1000000 events were bad",
        "Write 1 to 1000",
    ),
    ("min_bad: {fast: 5,", "min_bad: {fast: 0,", "defaults.min_bad.fast", "no tier fires before 0 events", "Write 1 to 1000"),
    (
        "gateway_send_total{status",
        "gateway_sent_total{status",
        "slos[1].good",
        "no metric is called gateway_sent_total",
        "Did you mean gateway_send",
    ),
    ('gateway_send_total{status="', 'gateway_send_total{state="', "slos[1].good", "has no label state", "It has "),
    (
        '{status="success"}\', total: gateway_send',
        '{status="sucess"}\', total: gateway_send',
        "slos[1].good",
        "never 'sucess'",
        "Did you mean success?",
    ),
    ("accepted|queue_full|timeout", "accepted|queue_ful|timeout", "slos[18].total", "never 'queue_ful'", "Did you mean queue_full?"),
    (
        "total: gateway_send_total,",
        "total: gateway_send_latency_seconds,",
        "slos[1].total",
        "is a histogram, and ratio counts a counter",
        "Name another",
    ),
    ("total: gateway_send_total,", "total: 'gateway_send_total{',", "slos[1].total", "selects no series", "Write a metric name"),
    (
        "threshold_s: 2,",
        "threshold_s: 1.9,",
        "slos[3].threshold_s",
        "is no bucket bound of fanout_delivery_latency_seconds",
        "Near it are ",
    ),
    ("hard_fail_s: 0.3", "hard_fail_s: 0.31", "slos[33].hard_fail_s", "is no bucket bound", "Near it are "),
    ("hard_fail_s: 0.3", "hard_fail_s: 0.25", "slos[33].hard_fail_s", "not above the threshold", "more than 0.25"),
    ("per: endpoint", "per: endpoints", "slos[20].per", "has no label endpoints", "It has "),
    ("at_least: 100000", "at_least: 1, at_least_per_s: 1", "slos[12].at_least", "a capacity has one target", "Write at_least:"),
    (
        "objective: 0.99999,",
        "objective: 0.93,",
        "slos[0].objective",
        "14.4x tier can never fire: where everything is bad",
        "Raise it above 0.9306",
    ),
    ("objective: 0.99999,", "objective: 0.9,", "slos[0].objective", "the budget burns 10x.", "Raise it above 0.9306"),
    ("window: 30d, owners: platform", "window: 7d, owners: platform", "slos[1].policy", "too short for burn tiers", "policy: breach"),
    ("window: 1h, owners: send", "window: 30d, owners: send", "slos[2].policy", "has a budget", "policy: budget"),
    ("runbook: RB-007", "runbook: RB-999", "slos[1].runbook", "there is no page RB-999", "Name one that comes with surewire"),
    ("id: sla-007-data-retention,", "id: sla-007-data-retention, gate: true,", "slos[28].gate", "it cannot gate", "Leave `gate` out"),
    (
        "slo_name: durability",
        "slo_name: availability",
        "slos[0].slo_name",
        "another objective is called availability too",
        "its own slo_name",
    ),
    ("state: healthy", "state: fine", "policies.budget.remaining_states[0].state", "no state 'fine'", "Write one of healthy"),
    ("alert: slack", "alert: chat", "policies.budget.remaining_states[1].alert", "no level 'chat'", "Write one of none, slack"),
    ("above: 0.50", "above: 0.20", "policies.budget.remaining_states", "do not cover every budget", "Let `above` fall"),
    ("above: null", "above: 0.0", "policies.budget.remaining_states", "do not cover every budget", "null in the last"),
    ("state: caution", "state: critical", "policies.budget.remaining_states", "do not get worse", "Their order is"),
    (
        "state: critical, severity",
        "state: awful, severity",
        "policies.phase0.burn_tiers[2].state",
        "no state 'awful'",
        "Write one of normal",
    ),
    (
        "rate: 14.4, long: 1h, severity: SEV-1",
        "rate: 14.4, long: 1h",
        "policies.budget.burn_tiers[0].severity",
        "needs a severity",
        "SEV-1",
    ),
    (
        "- {rate: 6, long: 6h, severity: SEV-2}",
        "- {rate: 14.4, long: 60m, severity: SEV-2}",
        "policies.budget.burn_tiers[1]",
        "budget: 14.4x over 1h is a tier already, burn_tiers[0], and what fires could be of either.",
        "Remove one of the two, or give it another rate or another window",
    ),
    (
        "- {rate: 1, state: normal}",
        "- {rate: 5, long: 10m, severity: SEV-4}",
        "policies.phase0.burn_tiers[5]",
        "phase0: 5x over 10m is a tier already, burn_tiers[2]",
        "Remove one",
    ),
    (
        "rate: 6, long: 6h, severity: SEV-2",
        "rate: 6, long: 1m, severity: SEV-2",
        "policies.budget.burn_tiers[1].long",
        "1m is also the least short window: the tier would have one window and end with every lull.",
        "Write 2m or more",
    ),
    (
        "rate: 6, long: 6h, severity: SEV-2",
        "rate: 6, long: 30s, severity: SEV-2",
        "policies.budget.burn_tiers[1].long",
        "30s is shorter than the least short window, 1m",
        "Write 2m or more",
    ),
    (
        "- {rate: 1, long: 3d, severity: SEV-4}",
        "- {rate: 1, long: 40d, severity: SEV-4}",
        "policies.budget.burn_tiers[3].long",
        "budget: 40d looks back further than the window of message-durability, 30d.",
        "Write 30d or less, or give message-durability another policy",
    ),
    (
        "- {rate: 3, long: 1d, severity: SEV-3}\n      - {rate: 2",
        "- {rate: 3, long: 29d, severity: SEV-3}\n      - {rate: 2",
        "policies.phase0.burn_tiers[3].long",
        "phase0: 29d looks back further than the window of phase0-availability, 28d.",
        "Write 28d or less",
    ),
    ("freeze: {at: breached", "freeze: {at: broken", "policies.budget.freeze.at", "no state 'broken'", "Write one of"),
    (
        "backup: Platform Engineering Manager",
        "backup: Durability Plane Team Lead",
        "owners.durability.backup",
        "in for themselves",
        "Name another",
    ),
    ("owner: Tech Lead, backup", 'owner: " ", backup', "owners.sla.owner", "nobody is named as owner", "Name one person or role"),
]


@pytest.mark.parametrize(("old", "new", "path", "what", "mend"), [*SHAPE, *SENSE])
def test_whatever_is_wrong_has_its_line_its_path_and_its_mend(old: str, new: str, path: str, what: str, mend: str) -> None:
    _, problems = lint(edited(old, new))
    found = next((problem for problem in problems if problem.path == path), None)
    assert found is not None, problems
    assert what in found.what
    assert mend in found.mend
    assert found.level == "error"
    assert 0 <= line_of(old) - found.line <= 5, "the line of the value, or of the list around it"
    assert str(found).startswith(f"slos.yaml:{found.line}: {path}: ")


@pytest.mark.parametrize(("old", "new", "path", "what", "mend"), SHAPE[:3] + SENSE[:3])
def test_loading_stops_with_the_first_thing_that_is_wrong(old: str, new: str, path: str, what: str, mend: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(what)) as refused:
        load_definitions(edited(old, new), "slos.yaml", METRICS, RUNBOOKS)
    assert refused.value.path.endswith(path)
    assert mend in refused.value.mend


def test_every_piece_that_is_wrong_is_named_and_loading_says_how_many() -> None:
    text = edited("objective: 0.99999,", "objective: 2,").replace("kind: probe", "kind: prob").replace("rate: 14.4", "rate: x")
    _, problems = read_definitions(text, "slos.yaml")
    assert len(problems) == 5
    with pytest.raises(ConfigError, match=r"4 more: surewire slo lint slos\.yaml"):
        load_definitions(text, "slos.yaml", METRICS, RUNBOOKS)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it is empty"),
        ("- 1\n", "no table of definitions"),
        ("slos: [", "this is not YAML"),
        ("a: 1\n---\nb: 1\n", "this is not YAML"),
        ("a: !!python/name:os.system\n", "this is not YAML"),
        ("a: &a [*a]\n", "it contains itself"),
        ("a: 2026-13-45\n", "a value is no date"),
        ("slos: 3\n", "slos is no list"),
        ("owners: 3\n", "owners is no table"),
        ("slos:\n  - 3\n", "expected `object`"),
    ],
)
def test_a_text_that_is_no_such_file_is_refused_in_a_sentence(text: str, what: str) -> None:
    definitions, problems = read_definitions(text, "f.yaml")
    assert definitions is None
    assert any(what in problem.what for problem in problems), problems
    assert all(problem.mend for problem in problems if "expected" not in problem.what)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("ab:-", max_size=5),
        lambda some: st.lists(some) | st.dictionaries(st.sampled_from(["slos", "owners", "policies", "id", "kind", "like"]), some),
        max_leaves=12,
    )
)
def test_no_value_whatsoever_breaks_the_reader(value: object) -> None:
    definitions, problems = read_definitions(yaml.safe_dump(value), "f.yaml")
    assert definitions is None
    assert errors_of(problems)


def test_the_line_of_a_value_is_the_line_it_stands_on() -> None:
    document = read_yaml("a:\n  b: 1\n  c:\n    - x\n    - y: 2\n", "f")
    assert document.lines == {"a": 1, "a.b": 2, "a.c": 3, "a.c[0]": 4, "a.c[1]": 5, "a.c[1].y": 5}
    assert document.problem("a.c[7].z", "").line == 3
    assert document.problem("q", "").line == 0


@pytest.mark.parametrize(
    "counts",
    [
        "good: 'gateway_sync_total{status=\"success\"}', bad: 'gateway_sync_total{status!=\"success\"}'",
        "good: 'gateway_messages_sent_total{type=~\"pong|welcome\"}', bad: 'gateway_messages_sent_total{type=\"error\"}'",
        "good: ws_connection_success_total, total: ws_connection_attempts_total",
        "good: ws_connection_success_total, bad: ws_connection_rejected_total",
        "good: 'handshake_total{event=\"handshake.accepted\"}', bad: 'handshake_total{event=\"handshake.rejected\"}'",
        "bad: 'ws_disconnections_total{reason=\"backpressure_overflow\"}', total: gateway_disconnections_total",
    ],
)
def test_sides_that_have_no_event_in_common_and_parts_of_a_total_are_fine(counts: str) -> None:
    old = "good: gateway_heartbeat_pongs_received_total, bad: gateway_heartbeat_timeouts_total"
    assert lint(edited(old, counts))[1] == ()


def test_a_tier_may_look_back_as_far_as_every_window_of_its_policy() -> None:
    assert lint(edited("rate: 1, long: 3d", "rate: 1, long: 30d"))[1] == ()


# ---- change control


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("objective: 0.999,", "objective: 0.99,", "objective"),
        ("window: 30d, owners: platform", "window: 28d, owners: platform", "window"),
        ("owners: platform,", "owners: sla,", "owner"),
        ("backup: VP Engineering", "backup: CEO", "backup"),
        ("threshold_s: 0.5, objective: 0.99,", "threshold_s: 1, objective: 0.99,", "threshold_s"),
        ("id: availability, gate: true,", "id: availability,", "gate"),
        ("good: 'gateway_send_total{status=\"success\"}'", "good: 'gateway_send_total{status=\"error\"}'", "good"),
        ("exclude: {", "hard_fail_s: 5, exclude: {", "hard_fail_s"),
        ("id: availability, gate: true,", "id: availability, gate: true, min_bad: 900,", "min_bad"),
        (
            "objective: 0.999, window: 30d, owners: platform, policy: budget,",
            "objective: 0.999, window: 30d, owners: platform, policy: phase0,",
            "policy",
        ),
    ],
)
def test_a_changed_objective_window_or_owner_needs_to_be_agreed_on(old: str, new: str, field: str) -> None:
    text = edited(old, new)
    definitions, problems = lint(text, in_force=InForce(load_slos()))
    assert definitions is not None
    assert field in {one for fields in changed_fields(load_slos(), definitions.catalogue).values() for one in fields}
    assert any(
        "and nobody agreed to it" in problem.what and "approved_by: [Reliability Lead, Product Owner]" in problem.mend
        for problem in problems
    )
    assert lint(text)[1] == ()
    assert lint(text.replace("slos:\n", f"change: {AGREED}\nslos:\n", 1), in_force=InForce(load_slos()))[1] == ()


def test_one_objective_may_have_its_own_reasons() -> None:
    text = edited("objective: 0.999,", f"objective: 0.99, change: {AGREED},")
    assert lint(text, in_force=InForce(load_slos()))[1] == ()


def test_both_must_have_approved() -> None:
    text = edited("objective: 0.999,", f"objective: 0.99, change: {AGREED.replace(', Product Owner', '')},")
    (problem,) = lint(text, in_force=InForce(load_slos()))[1]
    assert problem.path == "slos[1].change.approved_by"
    assert problem.what == "availability: objective changed without the approval of Product Owner."


def test_the_reasons_of_one_version_do_not_hold_for_the_next() -> None:
    first = edited("objective: 0.999,", f"objective: 0.99, change: {AGREED},")
    in_force = InForce.of(load_definitions(first, "slos.yaml", METRICS, RUNBOOKS))
    assert lint(first, in_force=in_force)[1] == ()
    (problem,) = lint(first.replace("objective: 0.99,", "objective: 0.995,", 1), in_force=in_force)[1]
    assert "this `change` approved the version that is in force" in problem.what


def test_what_a_file_changes_of_the_one_before_can_be_asked_for_without_linting_it() -> None:
    changed = edited("objective: 0.999,", "objective: 0.99,")
    (problem,) = unagreed_changes(changed, "slos.yaml", TEXT)
    assert str(problem).startswith("slos.yaml:55: slos[1].objective: availability: objective changed, and nobody agreed to it.")
    assert unagreed_changes(changed.replace("slos:\n", f"change: {AGREED}\nslos:\n", 1), "slos.yaml", TEXT) == ()
    assert unagreed_changes(TEXT, "slos.yaml", TEXT) == unagreed_changes(changed, "slos.yaml", "") == ()


@pytest.mark.parametrize(
    ("old", "new", "path", "what"),
    [
        ("id: availability,", "id: my-availability,", "slos", "availability removed"),
        (
            "{rate: 14.4, long: 1h, severity: SEV-1}",
            "{rate: 28, long: 1h, severity: SEV-1}",
            "policies.budget",
            "the policy budget changed",
        ),
        ("min_bad: {fast: 5, slow: 2}", "min_bad: {fast: 500, slow: 2}", "defaults.min_bad", "min_bad changed for every objective"),
    ],
)
def test_what_is_removed_or_changed_for_all_needs_to_be_agreed_on_for_the_whole_file(old: str, new: str, path: str, what: str) -> None:
    text = edited(old, new)
    (problem,) = lint(text, in_force=InForce(load_slos()))[1]
    assert problem.path == path
    assert what in problem.what
    assert problem.what.endswith("and nobody agreed to it.")
    assert lint(text.replace("slos:\n", f"change: {AGREED}\nslos:\n", 1), in_force=InForce(load_slos()))[1] == ()


def test_what_is_new_or_gates_from_now_on_needs_no_agreement() -> None:
    text = (
        edited("  - {id: send-latency,", "  - {id: send-latency-copy, gate: true,")
        + TEXT[TEXT.index("  - {id: send-latency,") :].splitlines()[0]
    )
    assert lint(text, in_force=InForce(load_slos()))[1] == ()
    assert lint(edited("id: send-latency,", "id: send-latency, gate: true,"), in_force=InForce(load_slos()))[1] == ()


def test_a_ratio_that_counts_what_is_bad_as_good_as_well_is_refused_even_when_it_was_agreed_on() -> None:
    wider = TEXT.replace('gateway_send_total{status="success"}', 'gateway_send_total{status=~"success|error"}', 1)
    assert "always 100 %" in lint(wider.replace("slos:\n", f"change: {AGREED}\nslos:\n", 1))[1][0].what


# ---- reviews


def test_an_overdue_review_is_a_warning_that_stops_nobody() -> None:
    text = edited("slos:\n", "next_review: 2026-01-15\nslos:\n").replace(
        "id: availability,", "id: availability, next_review: 2026-12-01,", 1
    )
    definitions, problems = lint(text, today=date(2026, 11, 21))
    assert definitions is not None
    assert [(problem.level, problem.path, problem.what) for problem in problems] == [
        ("warning", "next_review", "the review was due on 2026-01-15.")
    ]
    assert load_definitions(text, "slos.yaml", METRICS, RUNBOOKS).next_review == date(2026, 1, 15)
    assert [problem.path for problem in lint(text, today=date(2026, 12, 2))[1]] == ["next_review", "slos[1].next_review"]
    assert lint(text, today=date(2026, 1, 15))[1] == ()
