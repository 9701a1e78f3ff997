"""Which silences of an Alertmanager are about an alert that nobody may silence."""

from __future__ import annotations

from typing import Any

import pytest

from surewire.contract.selector import Matcher
from surewire.slo.silence_audit import KeptQuiet, LiveAlert, LiveSilence, kept_quiet, mutings

PROTECTED = {name: {"alertname": name, "severity": "SEV-1"} for name in ("MessageLoss", "DuplicateSequence")}


def silence(*matchers: Matcher) -> LiveSilence:
    times: dict[str, Any] = {"starts_at": "2026-11-21T10:00:00Z", "ends_at": "2026-11-21T12:00:00Z"}
    return LiveSilence(id="s1", matchers=matchers, created_by="bob", comment="too loud", **times)


@pytest.mark.parametrize(
    ("matchers", "alerts", "assumed"),
    [
        ([Matcher("alertname", "=", "MessageLoss")], ("MessageLoss",), set()),
        ([Matcher("alertname", "=~", ".+")], ("MessageLoss", "DuplicateSequence"), set()),
        # A matcher that only excludes is about everything else, and Alertmanager takes it.
        ([Matcher("severity", "!=", "info")], ("MessageLoss", "DuplicateSequence"), set()),
        ([Matcher("alertname", "!~", "Message.*"), Matcher("team", "!=", "core")], ("DuplicateSequence",), set()),
        ([Matcher("instance", "=", "gw-1")], ("MessageLoss", "DuplicateSequence"), {"instance"}),
        ([Matcher("instance", "=", "gw-1"), Matcher("alertname", "=~", "Dup.*")], ("DuplicateSequence",), {"instance"}),
    ],
)
def test_what_a_silence_is_about(matchers: list[Matcher], alerts: tuple[str, ...], assumed: set[str]) -> None:
    (muting,) = mutings([silence(*matchers)], PROTECTED, [])
    assert (muting.alerts, muting.assumed, muting.is_sure) == (alerts, assumed, not assumed)


def test_a_silence_over_other_alerts_is_none_of_them() -> None:
    assert mutings([silence(Matcher("alertname", "=", "Other")), silence(Matcher("severity", "=~", "SEV-[34]"))], PROTECTED, []) == []


def test_an_alert_that_fires_has_the_labels_that_it_has() -> None:
    live = [LiveAlert(labels={"alertname": "MessageLoss", "instance": "gw-1"}), LiveAlert(labels={"instance": "gw-1"})]
    (muting,) = mutings([silence(Matcher("instance", "=", "gw-1"))], PROTECTED, live)
    assert (muting.alerts, muting.is_sure) == (("MessageLoss",), True)


def test_a_pattern_is_read_as_alertmanager_reads_it() -> None:
    (muting,) = mutings([silence(Matcher("alertname", "=~", r"Message\pL+"))], PROTECTED, [])
    assert (muting.alerts, muting.is_sure) == (("MessageLoss",), True)


def test_a_pattern_that_cannot_be_read_is_for_a_person_to_look_at() -> None:
    (muting,) = mutings([silence(Matcher("alertname", "=~", "Message.{1,1000}" * 70))], PROTECTED, [])
    assert (muting.alerts, muting.is_sure, muting.is_readable) == (tuple(PROTECTED), False, False)


def test_what_the_configuration_keeps_quiet_is_told_apart_from_what_people_silence() -> None:
    live = [
        LiveAlert(labels={"alertname": "MessageLoss"}, inhibited_by=("f1",), muted_by=("nights",)),
        LiveAlert(labels={"alertname": "DuplicateSequence"}),
        LiveAlert(labels={"alertname": "Other"}, muted_by=("nights",)),
    ]
    assert kept_quiet(live, PROTECTED) == [KeptQuiet("MessageLoss", ("f1", "nights"))]
