"""The three alerts that nobody weakens are what they were, or what an approved amendment made of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from surewire.contract.catalogue import load_alerts
from surewire.slo.amendments import APPROVERS, Amendment, definitions_digest, unapproved

CATALOGUE = load_alerts()


def changed(name: str, **fields: Any):
    return replace(CATALOGUE, alerts=tuple(replace(alert, **fields) if alert.name == name else alert for alert in CATALOGUE.alerts))


def amendment(**fields: Any) -> Amendment:
    given = {
        "digest": definitions_digest(changed("MessageLoss", severity="SEV-2")),
        "decided_on": "2027-01-15",
        "justification": "the auditor tells it another way",
        "approved_by": tuple(APPROVERS),
        "decision": "ADR-7",
    }
    return Amendment(**{**given, **fields})


def test_the_catalogue_is_what_was_approved() -> None:
    assert list(unapproved(CATALOGUE)) == []


@pytest.mark.parametrize("fields", [{"severity": "SEV-2"}, {"expr": "a == 0"}, {"hold": "5m"}, {"needs": "redis"}, {"runbook": "RB-050"}])
@pytest.mark.parametrize("name", CATALOGUE.non_negotiable)
def test_a_change_without_an_amendment_is_found(name: str, fields: dict[str, str]) -> None:
    assert list(unapproved(changed(name, **fields))) == ["their definition was changed without an amendment in surewire.slo.amendments."]


def test_one_that_is_no_longer_listed_is_found() -> None:
    assert list(unapproved(replace(CATALOGUE, non_negotiable=CATALOGUE.non_negotiable[1:])))


def test_other_alerts_and_notes_may_change() -> None:
    assert list(unapproved(changed("HighConsumerLag", severity="SEV-4"))) == []
    assert list(unapproved(changed("MessageLoss", note="see the runbook"))) == []


def test_an_approved_amendment_makes_the_change_good() -> None:
    assert list(unapproved(changed("MessageLoss", severity="SEV-2"), [amendment()])) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"justification": " "}, "no justification"),
        ({"approved_by": ("VP Engineering",)}, "not approved by Platform Engineering Manager"),
        ({"decision": ""}, "names no decision"),
        ({"digest": "0"}, "without an amendment"),
    ],
)
def test_an_amendment_is_justified_approved_by_both_and_decided(fields: dict[str, Any], problem: str) -> None:
    (found,) = unapproved(changed("MessageLoss", severity="SEV-2"), [amendment(**fields)])
    assert problem in found
