"""Explanations: every objective has one, and every number in it is computed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from surewire.contract.catalogue import load_alerts, load_slos
from surewire.slo.amounts import percent, plain, span
from surewire.slo.counting_words import selection
from surewire.slo.explain import explain
from surewire.slo.objective import objectives

OBJECTIVES = {objective.id: objective for objective in objectives(load_slos())}


def said(slo: str) -> str:
    explanation = explain(OBJECTIVES[slo], load_alerts())
    return "\n".join([explanation.summary, *(sentence for section in explanation.sections for sentence in section.sentences)])


@pytest.mark.parametrize("slo", OBJECTIVES)
def test_every_objective_is_explained_in_whole_sentences(slo: str) -> None:
    explanation = explain(OBJECTIVES[slo], load_alerts())
    titles = [section.title for section in explanation.sections]
    assert titles == [
        title for title in ("Counted", "Read from", "Left out", "Budget", "Alerts", "States", "Deployments", "Who") if title in titles
    ]
    assert {"Counted", "Alerts", "Who"} <= set(titles)
    sentences = [sentence for section in explanation.sections if section.title != "Read from" for sentence in section.sentences]
    assert [sentence for sentence in [explanation.summary, *sentences] if not sentence.endswith(".")] == []


@pytest.mark.parametrize(
    ("slo", "sentence"),
    [
        ("availability", "availability: at least 99.9 % good over the last 30 d."),
        ("availability", "Good: gateway_send_total where status is success. Bad: the rest of gateway_send_total."),
        ("availability", "0.1 % may be bad: 1 of 1,000 events."),
        ("availability", "Under steady traffic that is 43.2 min of full outage in 30 d."),
        (
            "availability",
            "SEV-1 (answered within 5 min) when the budget burns faster than 14.4x over 1 h and over 5 min, with at least 5 bad events",
        ),
        ("availability", "by then 2 % of the budget can be gone, and at this rate all of it lasts 2.08 d."),
        ("availability", "by then 5 % of the budget can be gone, and at this rate all of it lasts 5 d."),
        ("availability", "SEV-4 (answered by the next business day)"),
        ("availability", "`surewire slo gate` asks it."),
        ("availability", "Owner Platform Engineering Manager; backup VP Engineering; a breach goes up to CTO."),
        ("message-durability", "0.001 % may be bad: 10 of 1,000,000 events."),
        ("message-durability", "Under steady traffic that is 25.9 s of full outage in 30 d."),
        ("message-durability", "with at least one bad event"),
        ("phase0-availability", "Under steady traffic that is 40.3 min of full outage in 28 d."),
        ("phase0-availability", "by then 2.14 % of the budget can be gone, and at this rate all of it lasts 1.94 d."),
        ("phase0-availability", "A burn faster than 5x freezes deployments; that ends with burn below 1x for 24 h"),
        ("phase0-availability", "critical while it burns faster than 5x, warning while it burns faster than 2x."),
        ("sla-001-http-availability", "Down: from the first of 3 failures in a row (3 min) to the next success."),
        ("sla-001-http-availability", "Maintenance that was announced at least 48 h before it starts"),
        ("sla-001-http-availability", "Times that a correction, with evidence, takes out"),
        ("sla-001-http-availability", "Under steady traffic that is 43.2 min of full outage in a calendar month of 30 d."),
        ("sla-001-http-availability", "Below 95 %: postmortem with stakeholders."),
        ("sla-002-upgrade-success", "the rest of gateway_connections_total where status is accepted, queue_full, timeout or error."),
        ("sla-003-connection-stability", "While it is below its objective it refuses every change."),
        ("sla-004-http-latency-p95", "Requests to /metrics, /ws."),
        ("sla-004-http-latency-p95", "Each endpoint is judged for itself"),
        ("sla-006-heartbeat", "Together they are all events."),
        ("phase0-send-latency", "A hard limit: an alert when more than 5 % take longer than 0.3 s."),
        ("phase0-send-latency", "While its hard limit is broken, only emergency changes are let through."),
        ("connection-capacity", "reached 100,000 per gateway."),
        ("fanout-throughput", "reached 10,000 per second per worker."),
        ("sla-007-data-retention", "Stored data are kept 30 d."),
        ("sla-008-incident-response", "SEV-1: answered within 15 min. Late while unanswered."),
        ("sla-009-security-patching", "critical_cve: answered within 7 d."),
        ("live-message-loss", "live-message-loss: more than 95 % good over the last 1 h."),
        ("kafka-available", "Good: seconds in which the gauge was 1."),
    ],
)
def test_an_explanation_says(slo: str, sentence: str) -> None:
    assert sentence in said(slo)


@pytest.mark.parametrize("slo", ["connection-capacity", "sla-007-data-retention", "sla-008-incident-response"])
def test_what_has_no_share_of_good_events_has_no_budget(slo: str) -> None:
    titles = {section.title for section in explain(OBJECTIVES[slo], load_alerts()).sections}
    assert titles & {"Budget", "Left out", "States"} == set()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (2592, "43.2 min"), (3600, "1 h"), (5400, "1.5 h"), (180_000, "2.08 d"), (2_592_000, "30 d")],
)
def test_a_span_of_time_has_three_digits_and_the_unit_that_a_person_would_choose(seconds: int, words: str) -> None:
    assert span(seconds) == words


def test_shares_are_said_exactly() -> None:
    assert percent(Decimal("0.99999")) == "99.999 %"
    assert percent(Decimal("0.5")) == "50 %"
    assert plain(Decimal("1E+3")) == "1000"


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("a_total", "a_total"),
        ('a_total{b="c"}', "a_total where b is c"),
        ('a_total{b!="c",d="e"}', "a_total where b is not c and d is e"),
        ('a_total{b=~"c|d|e"}', "a_total where b is c, d or e"),
        ('a_total{b!~"c|d"}', "a_total where b is not c nor d"),
    ],
)
def test_a_selector_is_said_in_words(selector: str, words: str) -> None:
    assert selection(selector) == words
