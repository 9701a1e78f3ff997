"""Every invariant holds, and every break of one that we could think of is found: in the definitions, and on a server."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from surewire.monitoring.declared import declared
from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Increase, Latched
from surewire.slo.invariants import INVARIANTS, Definitions, Exposed, Live, Ownership, still_signals, unmeasured, violations
from surewire.slo.invariants.label_policy import MOST_SERIES
from surewire.slo.known_series import family_of

SOUND = declared(built_in_catalogues())
BY_NAME = {invariant.name: invariant for invariant in INVARIANTS}
NAMES = (*SOUND.metrics.canonical, *SOUND.metrics.aliases)


def exposed(name: str) -> Exposed:
    family = family_of(name, SOUND.metrics)
    assert family is not None
    labels = {label: frozenset(values) for label, values in family.labels.items() if not isinstance(values, str)}
    return Exposed(name=name, type=family.type, series=1, events=1.0, labels=labels)


WHOLE = Live(
    families={name: exposed(name) for name in NAMES},
    objectives=tuple(Ownership(one.id, one.owners.owner, one.owners.backup) for one in SOUND.objectives),
)


def problems(name: str, definitions: Definitions, live: Live | None = None) -> str:
    return "\n".join(map(str, violations(BY_NAME[name], definitions, live)))


# ---- what holds


@pytest.mark.parametrize("name", BY_NAME)
def test_it_holds_for_the_definitions_and_for_a_server_that_exports_everything(name: str) -> None:
    assert problems(name, SOUND, WHOLE) == ""


def test_what_is_not_configured_is_no_data_and_no_violation() -> None:
    bare = replace(WHOLE, families={name: one for name, one in WHOLE.families.items() if not name.startswith(("probe_", "router_redis_"))})
    assert [problems(name, SOUND, bare) for name in BY_NAME] == [""] * len(BY_NAME)
    assert unmeasured(SOUND, bare) == ("redis-available", "sla-001-http-availability", "system-uptime")


# ---- broken in the definitions


def with_slo(slo: str, **changes: Any) -> Definitions:
    slos = tuple(replace(one, **changes) if one.id == slo else one for one in SOUND.slos.slos)
    return replace(SOUND, slos=replace(SOUND.slos, slos=slos))


def with_rule(name: str, **changes: Any) -> Definitions:
    return replace(SOUND, rules=tuple(replace(rule, **changes) if rule.name == name else rule for rule in SOUND.rules))


def without_rules(is_gone: Callable[[AlertRule], bool]) -> Definitions:
    return replace(SOUND, rules=tuple(rule for rule in SOUND.rules if not is_gone(rule)))


def with_owner(**changes: str) -> Definitions:
    first, *others = SOUND.objectives
    return replace(SOUND, objectives=(replace(first, owners=replace(first.owners, **changes)), *others))


def with_metric(name: str, **changes: Any) -> Definitions:
    canonical = SOUND.metrics.canonical | {name: replace(SOUND.metrics.canonical[name], **changes)}
    return replace(SOUND, metrics=replace(SOUND.metrics, canonical=canonical))


def without_panel(dashboard: str, metric: str) -> Definitions:
    shown = set(SOUND.dashboards[dashboard]) - {metric}
    # The page for incidents shows something of every plane.
    rest = {name: shown_there for name, shown_there in SOUND.dashboards.items() if name != "incident-investigation"}
    return replace(SOUND, dashboards={**rest, dashboard: shown})


LOSS = 'durability_ack_sent_total{persisted="false"}'
NOT_LATCHED = Increase(counters=(), window_s=300, comparison=">", than=Decimal(0))


@pytest.mark.parametrize(
    ("name", "broken", "said"),
    [
        (
            "slo_coverage",
            with_slo("availability", good="gateway_sends_total"),
            "no metric is called gateway_sends_total",
        ),
        ("slo_coverage", with_slo("availability", good='gateway_send_total{status="fine"}'), "never 'fine'"),
        ("slo_coverage", with_slo("send-latency", threshold_s=0.42), "0.42 s is no bucket bound"),
        ("slo_coverage", without_rules(lambda rule: rule.slo == "availability"), "availability: no alert fires"),
        ("slo_coverage", without_rules(lambda rule: rule.name == "WebSocketServerDown"), "system-uptime: no alert fires"),
        ("slo_ownership_single", with_owner(owner=""), "it has no owner"),
        ("slo_ownership_single", with_owner(backup="  "), "it has no backup"),
        ("slo_ownership_single", with_owner(owner="Ann, Bob"), "its owner is more than one"),
        ("slo_ownership_single", with_owner(backup="Ann and Bob"), "its backup is more than one"),
        ("slo_ownership_single", with_owner(owner="Ann", backup="ann"), "cannot stand in for itself"),
        ("signal_authority", with_slo("availability", good="log_lines_total"), "log_lines_total is no metric"),
        ("signal_authority", with_slo("availability", good="gateway_connections_active"), "is a gauge, not a counter"),
        ("signal_authority", with_slo("send-latency", metric="gateway_send_total"), "is a counter, not a histogram"),
        ("alert_runbook", with_rule("HighConsumerLag", runbook=""), "HighConsumerLag: a SEV-3 without a runbook"),
        ("alert_runbook", with_rule("HighConsumerLag", runbook="RB-999"), "RB-999 does not exist"),
        ("alert_runbook", replace(SOUND, runbooks=set(SOUND.runbooks) - {"RB-011"}), "HighConsumerLag: its runbook RB-011"),
        ("non_negotiable_immutable", without_rules(lambda rule: rule.name == "MessageLoss"), "MessageLoss: there is no such alert"),
        ("non_negotiable_immutable", with_rule("MessageLoss", severity="SEV-2"), "it is a SEV-2"),
        ("non_negotiable_immutable", with_rule("CounterCorruption", hold_s=60), "it waits 60 s"),
        ("non_negotiable_immutable", with_rule("DuplicateSequence", is_non_negotiable=False), "it may be silenced"),
        ("non_negotiable_immutable", with_rule("DuplicateSequence", condition=NOT_LATCHED), "it would resolve by itself"),
        ("non_negotiable_immutable", with_rule("MessageLoss", condition=Latched(counters=())), f"does not watch {LOSS}"),
        (
            "non_negotiable_immutable",
            replace(SOUND, alerts=replace(SOUND.alerts, non_negotiable=("MessageLoss", "DuplicateSequence"))),
            "CounterCorruption: these are non-negotiable",
        ),
        ("dashboard_coverage", without_panel("durability-plane", "durability_persist_duration_seconds"), "durability: no dashboard shows"),
        ("dashboard_coverage", without_panel("fanout-plane", "fanout_consumer_lag"), "fanout: no dashboard shows"),
        ("no_high_cardinality_metrics", with_metric("gateway_send_total", labels={"chat_id": "chats"}), "chat_id is an identifier"),
        ("no_high_cardinality_metrics", with_metric("gateway_send_total", labels={"word": "anything"}), "nobody says how many values"),
        (
            "no_high_cardinality_metrics",
            with_metric("gateway_send_total", labels={f"label_{number}": ("one",) for number in range(5)}),
            "it has 5 labels",
        ),
        (
            "no_high_cardinality_metrics",
            with_metric("gateway_send_total", labels={"a": "event types", "b": "route templates", "c": "partitions"}),
            "it could have 262,144 series",
        ),
    ],
)
def test_a_break_in_the_definitions_is_found(name: str, broken: Definitions, said: str) -> None:
    assert said in problems(name, broken)


# ---- broken on a server


def showing(name: str, **changes: Any) -> Live:
    return replace(WHOLE, families={**WHOLE.families, name: replace(WHOLE.families[name], **changes)})


def hiding(*names: str) -> Live:
    return replace(WHOLE, families={name: one for name, one in WHOLE.families.items() if name not in names})


def owned_by(owner: str) -> Live:
    first, *others = WHOLE.objectives
    return replace(WHOLE, objectives=(replace(first, owner=owner), *others))


@pytest.mark.parametrize(
    ("name", "live", "said"),
    [
        ("slo_coverage", hiding("gateway_send_total"), "availability: the server does not export gateway_send_total"),
        ("slo_ownership_single", owned_by("Nobody"), "the server shows 'Nobody'"),
        ("slo_ownership_single", replace(WHOLE, objectives=WHOLE.objectives[1:]), "the server does not show it"),
        ("signal_authority", showing("gateway_send_total", type="gauge"), "exports gateway_send_total as gauge"),
        ("non_negotiable_immutable", hiding("messaging_alert_latched"), "the server does not export it"),
        ("non_negotiable_immutable", hiding("durability_counter_missing_total"), "CounterCorruption: the server does not export"),
        (
            "non_negotiable_immutable",
            showing("messaging_alert_latched", labels={"alertname": frozenset({"MessageLoss", "Noise"})}),
            "it latches others too: Noise",
        ),
        ("dashboard_coverage", hiding("fanout_consumer_lag"), "fanout-plane: it shows fanout_consumer_lag"),
        (
            "no_high_cardinality_metrics",
            showing("gateway_send_total", labels={"user_id": frozenset({"alice"})}),
            "user_id is an",
        ),
        (
            "no_high_cardinality_metrics",
            showing("gateway_send_total", labels={"shard": frozenset({"1"})}),
            "it has no label shard",
        ),
        ("no_high_cardinality_metrics", showing("gateway_send_total", labels={"status": frozenset({"odd"})}), "does not: odd"),
        (
            "no_high_cardinality_metrics",
            showing("gateway_events_broadcast_total", labels={"event_type": frozenset(map(str, range(65)))}),
            "event_type has 65 values; 64 are the most",
        ),
        ("no_high_cardinality_metrics", showing("gateway_send_total", series=3), "it has 3 series; 2 are the most"),
        ("no_high_cardinality_metrics", showing("gateway_connections_active", series=MOST_SERIES), "/metrics"),
        (
            "no_high_cardinality_metrics",
            replace(WHOLE, families={**WHOLE.families, "new_total": Exposed(name="new_total", type="counter", series=1, labels={})}),
            "new_total: it is not in the catalogue",
        ),
    ],
)
def test_a_break_on_a_server_is_found(name: str, live: Live, said: str) -> None:
    assert said in problems(name, SOUND, live)


def test_a_used_server_on_which_a_plane_counts_nothing_is_found() -> None:
    assert list(still_signals(WHOLE)) == []
    (found,) = still_signals(showing("fanout_events_consumed_total", events=0.0))
    assert found.subject == "fanout"


def test_every_invariant_has_a_break_for_each_of_its_checks() -> None:
    statics = {parameters[0] for parameters in _parameters(test_a_break_in_the_definitions_is_found)}
    lives = {parameters[0] for parameters in _parameters(test_a_break_on_a_server_is_found)}
    assert statics == set(BY_NAME)
    assert lives == {name for name, invariant in BY_NAME.items() if invariant.live}


def _parameters(test: Any) -> list[tuple[Any, ...]]:
    (mark,) = (mark for mark in test.pytestmark if mark.name == "parametrize")
    cases: list[tuple[Any, ...]] = mark.args[1]
    return cases
