"""What silences mute, and that they are held against each alert only once."""

from __future__ import annotations

import pytest

from surewire.alerting import silencing
from surewire.alerting.silencing import Silencing, alert_labels, matches
from surewire.contract.selector import Matcher
from surewire.monitoring.export import prometheus
from surewire.ports.alert_store import AlertState, GroupState, Silence
from tests.unit.alerting.desk import RULES, Desk

NOW_S = 1_800_000_000
ALL = Matcher("alertname", "=~", ".+")


def silence(id_: str, *matchers: Matcher, starts_at_s: int = NOW_S, ends_at_s: int = NOW_S + 1) -> Silence:
    return Silence(id=id_, owner="a", reason="b", matchers=matchers, starts_at_s=starts_at_s, ends_at_s=ends_at_s)


def test_the_first_silence_in_force_is_named_and_never_for_what_cannot_be_muted() -> None:
    lag = silence("lag", Matcher("alertname", "=", "HighConsumerLag"))
    found = Silencing(RULES).in_force([lag, silence("all", ALL)], NOW_S)
    assert found["HighConsumerLag"].id == "lag"
    assert found.keys() == {rule.name for rule in RULES if not rule.is_non_negotiable}
    assert {one.id for one in found.values()} == {"lag", "all"}


def test_what_is_over_or_still_to_come_or_cannot_be_read_mutes_nothing() -> None:
    over, coming = silence("over", ALL, ends_at_s=NOW_S), silence("coming", ALL, starts_at_s=NOW_S + 1)
    unreadable = silence("unreadable", ALL, Matcher("slo", "=~", "(?=a)availability"))
    assert Silencing(RULES).in_force([over, coming, unreadable], NOW_S) == {}


def test_matchers_are_held_against_each_alert_once_however_often_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(matchers: list[Matcher], labels: dict[str, str]) -> bool:
        asked.append(labels["alertname"])
        return matches(matchers, labels)

    monkeypatch.setattr(silencing, "matches", counted)
    found = Silencing(RULES)
    for _ in range(3):
        found.in_force([silence("one", ALL), silence("same", ALL)], NOW_S)
    assert sorted(asked) == sorted(rule.name for rule in RULES if not rule.is_non_negotiable)


def test_an_alert_may_be_silenced_by_every_label_that_it_is_told_with_here_and_by_prometheus() -> None:
    letters = Desk().definitions.letters
    for rule in RULES:
        told = letters.view(rule.name, AlertState(name=rule.name), GroupState(key="any", severity=rule.severity)).labels
        assert told == alert_labels(rule) == {"alertname": rule.name, **prometheus.alert_labels(rule)}


def test_a_silence_made_from_the_labels_of_a_page_mutes_it() -> None:
    matchers = (Matcher("service", "=", "surewire"), Matcher("slo", "=", "sla-002-upgrade-success"))
    found = Silencing(RULES).in_force([silence("page", *matchers)], NOW_S)
    assert found.keys() == {rule.name for rule in RULES if rule.slo == "sla-002-upgrade-success"}
    assert "ConnectionSuccessRateLow" in found
