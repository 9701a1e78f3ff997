"""Alerts that an Alertmanager sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from surewire.alerting.incoming import parse_incoming
from surewire.contract.catalogue import load_alerts
from surewire.errors import ClientError

MAPPING = load_alerts().mapping


def webhook(**alert: Any) -> dict[str, Any]:
    given = {
        "status": "firing",
        "labels": {"alertname": "HostDown", "severity": "critical"},
        "annotations": {"summary": "A host is down.", "description": "host 7", "runbook_url": "https://runbooks/7"},
        "startsAt": "2027-01-15T08:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "f00",
    }
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HostDown"}',
        "truncatedAlerts": 2,
        "status": "firing",
        "receiver": "surewire",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "alerts": [given | alert],
    }


def parsed(**alert: Any):
    return parse_incoming(json.dumps(webhook(**alert)).encode(), MAPPING)


def test_a_delivery_is_read_as_alertmanager_writes_it() -> None:
    incoming = parsed()
    assert (incoming.dedup_key, incoming.receiver, incoming.left_out) == ('{}:{alertname="HostDown"}', "surewire", 2)
    (view,) = incoming.alerts
    assert (view.name, view.severity, view.status) == ("HostDown", "SEV-1", "firing")
    assert (view.summary, view.detail, view.runbook_url) == ("A host is down.", "host 7", "https://runbooks/7")
    assert (view.starts_at_s, view.ends_at_s) == (1_800_000_000, None)


def test_the_end_of_an_alert_has_its_time() -> None:
    (view,) = parsed(status="resolved", endsAt="2027-01-15T09:00:00+01:00").alerts
    assert (view.status, view.ends_at_s) == ("resolved", 1_800_000_000)


@pytest.mark.parametrize(
    ("given", "severity"),
    [("critical", "SEV-1"), ("warning", "SEV-3"), ("P2", "SEV-2"), ("SEV-4", "SEV-4"), ("odd", "SEV-3"), ("", "SEV-3")],
)
def test_other_scales_of_severity_are_translated(given: str, severity: str) -> None:
    labels = {"alertname": "HostDown"} | ({"severity": given} if given else {})
    assert parsed(labels=labels).alerts[0].severity == severity


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        json.dumps(webhook() | {"version": "3"}).encode(),
        json.dumps(webhook() | {"alerts": []}).encode(),
        json.dumps(webhook(startsAt="yesterday")).encode(),
        json.dumps(webhook(startsAt="2027-01-15T08:00:00")).encode(),
        json.dumps(webhook(status="odd")).encode(),
        b'{"version":"4","groupKey":"\xff"}',
    ],
)
def test_what_is_no_delivery_is_refused(wrong: bytes) -> None:
    with pytest.raises(ClientError, match="no webhook of an Alertmanager"):
        parse_incoming(wrong, MAPPING)
