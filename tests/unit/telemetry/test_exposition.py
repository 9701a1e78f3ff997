"""What `/metrics` shows is the contract's, parses everywhere, and every alias equals its source."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from surewire.contract.catalogue import load_metrics
from surewire.domain.event import BUILT_IN_TYPES
from surewire.protocol.codes import ERROR_CODES
from surewire.telemetry.aliases import PROFILES, profile_of
from surewire.telemetry.exposition import Exposition
from surewire.telemetry.labels import MESSAGE_TYPES
from surewire.telemetry.registry import Counter, Gauge, Histogram, Registry
from tests.unit.telemetry.planes import Planes, all_planes

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
CONTRACT: dict[str, Any] = yaml.safe_load(resources.files("surewire.contract").joinpath("metrics.yaml").read_text())
CANONICAL: dict[str, Any] = CONTRACT["canonical"]
ALIASES: dict[str, Any] = CONTRACT["aliases"]
OPEN_VALUES: dict[str, set[str]] = {
    "event types": {*BUILT_IN_TYPES, "door_opened", "other"},
    "message types of the protocol": {*MESSAGE_TYPES, "unknown"},
    "error codes of the protocol": set(ERROR_CODES),
    "route templates": {"/health", "/v1/chats/{chat_id}", "unmatched"},
    "status codes": {str(code) for code in range(100, 600)},
    "topics": {"messages.persisted"},
    "partitions": {"0"},
    "SLO names": {"availability", "sla-002-upgrade-success"},
    "non-negotiable alerts": {"MessageLoss", "DuplicateSequence", "CounterCorruption"},
}
CHOICES = {
    **{kind: sorted(values)[:3] for kind, values in OPEN_VALUES.items()},
    "event types": ["door_opened", "escalated", "from_a_stranger"],
    "message types of the protocol": ["ping", "from_a_stranger"],
    "route templates": ["/health", "/etc/passwd"],
    "status codes": ["200", "503"],
}

NUMBERS = st.integers(0, 1000)
QUARTERS = st.lists(st.integers(0, 400), max_size=2)

Labels = frozenset[tuple[str, str]]
Table = dict[str, dict[Labels, float]]
"""Samples by name (`x_total`, `x_bucket`, …), then by labels."""


def labels_of(**labels: str) -> Labels:
    return frozenset(labels.items())


def scrape(planes: Planes, accept: str = "") -> str:
    body, _ = asyncio.run(Exposition(planes.registry).render(accept))
    return body.decode()


def table(families: Iterable[Metric]) -> Table:
    found: Table = defaultdict(dict)
    for family in families:
        for sample in family.samples:
            assert labels_of(**sample.labels) not in found[sample.name], "a series comes once"
            found[sample.name][labels_of(**sample.labels)] = sample.value
    return found


def fill(planes: Planes, number: Callable[[], int], quarters: Callable[[], list[int]]) -> None:
    """Puts something into every family: `number` for counters and gauges, observed values for histograms, which add up exactly."""
    for family in list(planes.registry):
        values = [CHOICES[kind] if isinstance(kind, str) else kind for kind in CANONICAL[family.metric.name].get("labels", {}).values()]
        for key in product(*values):
            feed(family[key[0] if len(key) == 1 else key], number, quarters)


def feed(instrument: Counter | Gauge | Histogram, number: Callable[[], int], quarters: Callable[[], list[int]]) -> None:
    match instrument:
        case Counter():
            instrument.n += number()
        case Gauge():
            instrument.value = number()
        case Histogram():
            for value in quarters():
                instrument.observe_many(value / 4, 3)


# ---- the contract read a second time, on purpose without the code that is tested


def source_of(text: str) -> tuple[str, list[tuple[str, str]]]:
    name, _, inside = text.partition("{")
    return name, [(label, pattern) for label, pattern in re.findall(r'(\w+)=~?"([^"]*)"', inside)]


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def shown(alias: dict[str, Any], labels: dict[str, str]) -> dict[str, str] | None:
    for label, allowed in alias.get("where", {}).items():
        if labels[label] not in as_list(allowed):
            return None
    if relabel := alias.get("relabel"):
        value = labels.pop(relabel["from"])
        if value not in relabel["map"]:
            return None
        labels[relabel["to"]] = relabel["map"][value]
    return {label: value for label, value in labels.items() if label not in as_list(alias.get("sum", []))}


def expected(alias: dict[str, Any], measured: Table, ending: str) -> dict[Labels, float]:
    """An alias's samples that end in `_bucket`, `_sum` and so on, out of the canonical ones."""
    scale, found = alias.get("scale", 1), defaultdict[Labels, float](float)
    sources = alias["of"] if isinstance(alias["of"], dict) else {"": alias["of"]}
    for value, text in sources.items():
        name, matchers = source_of(text)
        for key, number in measured[name + ending].items():
            labels = dict(key)
            le = labels.pop("le", None)
            if "as_label" in alias:
                selected = all(re.fullmatch(pattern, labels[label]) for label, pattern in matchers)
                target = {alias["as_label"]: value} if selected else None
            else:
                target = shown(alias, labels)
            if target is None:
                continue
            if le is not None:
                target["le"] = le if le == "+Inf" else str(round(float(le) * scale, 9))
            found[labels_of(**target)] += number * (scale if ending == "_sum" else 1)
    return dict(found)


def endings(alias: dict[str, Any]) -> list[str]:
    first = next(iter(alias["of"].values())) if isinstance(alias["of"], dict) else alias["of"]
    return ["_bucket", "_sum", "_count"] if CANONICAL[source_of(first)[0]]["type"] == "histogram" else [""]


@settings(max_examples=25)
@given(st.data())
def test_every_alias_equals_its_source(data: st.DataObject) -> None:
    planes = all_planes()
    fill(planes, number=lambda: data.draw(NUMBERS), quarters=lambda: data.draw(QUARTERS))
    measured = table(parse_text(scrape(planes)))
    for name, alias in ALIASES.items():
        for ending in endings(alias):
            assert measured[name + ending] == pytest.approx(expected(alias, measured, ending)), name + ending


@settings(max_examples=10)
@given(st.data())
def test_both_formats_say_the_same_and_the_same_as_the_instruments(data: st.DataObject) -> None:
    planes = all_planes()
    fill(planes, number=lambda: data.draw(NUMBERS), quarters=lambda: data.draw(QUARTERS))
    text, openmetrics = table(parse_text(scrape(planes))), table(parse_openmetrics(scrape(planes, OPENMETRICS)))  # type: ignore[no-untyped-call]
    assert text == openmetrics
    for status, counter in planes.gateway.connections.items():
        assert text["gateway_connections_total"][labels_of(status=status)] == counter.n
    histogram = planes.gateway.send_latency
    assert text["gateway_send_latency_seconds_count"] == {labels_of(): sum(histogram.counts)}
    assert text["gateway_send_latency_seconds_bucket"][labels_of(le="0.3")] == sum(histogram.counts[:6])
    assert text["gateway_send_latency_seconds_sum"] == {labels_of(): histogram.sum}


# ---- nothing outside the contract


def allowed_labels(name: str) -> dict[str, set[str]]:
    """Label names of a family, with every value that each may take."""
    if name in CANONICAL:
        labels = CANONICAL[name].get("labels", {})
        return {label: OPEN_VALUES[values] if isinstance(values, str) else set(values) for label, values in labels.items()}
    alias = ALIASES[name]
    if "as_label" in alias:
        return {alias["as_label"]: set(alias["of"])}
    labels = allowed_labels(alias["of"])
    if relabel := alias.get("relabel"):
        del labels[relabel["from"]]
        labels[relabel["to"]] = set(relabel["map"].values())
    return {label: values for label, values in labels.items() if label not in as_list(alias.get("sum", []))}


def contract_name(sample: str) -> str:
    """The family that a sample belongs to."""
    names = CANONICAL.keys() | ALIASES.keys()
    return (
        sample
        if sample in names
        else next(sample.removesuffix(ending) for ending in ("_bucket", "_sum", "_count") if sample.endswith(ending))
    )


def wrong_labels(found: Table) -> Iterator[str]:
    for sample, series in found.items():
        allowed = allowed_labels(contract_name(sample))
        for labels in series:
            given_labels = {label: value for label, value in labels if label != "le"}
            if given_labels.keys() != allowed.keys() or any(value not in allowed[label] for label, value in given_labels.items()):
                yield f"{sample}{dict(labels)}"


def test_every_exposed_name_label_and_value_is_in_the_contract() -> None:
    planes = all_planes()
    fill(planes, number=lambda: 1, quarters=lambda: [4])
    found = table(parse_text(scrape(planes)))
    assert {contract_name(sample) for sample in found} <= CANONICAL.keys() | ALIASES.keys()
    assert list(wrong_labels(found)) == []


def test_bounds_are_those_of_the_contract_as_prometheus_3_writes_them() -> None:
    text = scrape(all_planes())
    assert 'gateway_upgrade_duration_seconds_bucket{le="0.185"} 0.0\n' in text
    assert 'fanout_delivery_latency_seconds_bucket{le="2.0",recipient_online="true"} 0.0\n' in text
    assert 'gateway_buffer_size_bytes_bucket{le="1.048576e+07"} 0.0\n' in text
    assert 'delivery_latency_ms_bucket{event="send",le="300.0"} 0.0\n' in text
    assert 'delivery_latency_ms_bucket{event="history",le="350.0"} 0.0\n' in text


def test_fixed_label_values_are_exposed_at_zero() -> None:
    found = table(parse_text(scrape(all_planes())))
    for name, metric in CANONICAL.items():
        lists = metric.get("labels", {})
        if name not in found or any(isinstance(values, str) for values in lists.values()) or "backend" in lists:
            continue
        assert found[name] == {frozenset(zip(lists, values, strict=True)): 0 for values in product(*lists.values())}, name
    assert found["error_total"] == {labels_of(event=event): 0 for event in ("send_message", "history", "delivery", "handshake")}


def test_a_family_that_nothing_feeds_is_absent() -> None:
    found = table(parse_text(scrape(all_planes())))
    for word in ("signals_", "probe_", "kafka", "dynamodb", "redis", "upstream", "slo_", "alert_latched", "traces", "auth_failures"):
        assert not [name for name in found if word in name]
    assert "durability_store_available" not in found


def test_every_alias_is_exposed_because_all_their_sources_are() -> None:
    families = {family.name for family in parse_text(scrape(all_planes()))}
    assert {name.removesuffix("_total") for name in ALIASES} <= families


def test_an_alias_of_a_family_that_is_not_measured_is_absent() -> None:
    registry = Registry(load_metrics())
    registry.counter("gateway_send_total", status="error").n += 1
    body, _ = asyncio.run(Exposition(registry).render())
    assert [family.name for family in parse_text(body.decode())] == ["gateway_send"]


def test_a_counter_without_total_is_untyped_in_text_and_unknown_in_openmetrics() -> None:
    planes = all_planes()
    planes.gateway.connections["accepted"].n += 7
    assert "# TYPE websocket_total_connections untyped\nwebsocket_total_connections 7.0\n" in scrape(planes)
    assert "# TYPE websocket_total_connections unknown\nwebsocket_total_connections 7.0\n" in scrape(planes, OPENMETRICS)


def test_nothing_carries_the_scrapers_instance_label() -> None:
    assert "instance=" not in scrape(all_planes())


# ---- profiles


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_shows_its_own_aliases_and_no_others(profile: str) -> None:
    planes = all_planes()
    body, _ = asyncio.run(Exposition(planes.registry, [profile]).render())
    names = {family.name for family in parse_text(body.decode())}
    for alias in ALIASES:
        assert (alias.removesuffix("_total") in names) == (profile_of(alias) == profile), alias
    assert "gateway_connections" in names


def test_every_alias_belongs_to_exactly_one_profile() -> None:
    for alias in ALIASES:
        assert sum(alias.startswith(beginnings) for beginnings in PROFILES.values()) == 1, alias


# ---- negotiation

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "is_openmetrics"),
    [
        ("", False),
        ("*/*", False),
        ("text/html, text/plain", False),
        ("text/plain; version=0.0.4", False),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", True),
        ('application/openmetrics-text; version="1.0.0"', True),
        (PROMETHEUS_3, True),
        ("application/openmetrics-text;q=0.3, text/plain;q=0.9", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text; version=2.0.0", False),
        ("application/openmetrics-text; version=nonsense", False),
        ("application/openmetrics-text;q=nan", False),
        (";;,=;q=,", False),
    ],
)
async def test_the_accept_header_chooses_the_format(accept: str, is_openmetrics: bool) -> None:
    body, content_type = await Exposition(all_planes().registry).render(accept)
    assert body.endswith(b"# EOF\n") == is_openmetrics
    assert body.count(b"# EOF") == is_openmetrics
    assert content_type == (
        "application/openmetrics-text; version=1.0.0; charset=utf-8" if is_openmetrics else "text/plain; version=0.0.4; charset=utf-8"
    )


async def test_other_work_goes_on_during_a_scrape_and_does_not_show_in_it() -> None:
    planes = all_planes()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            planes.gateway.events_delivered.n += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    body, _ = await Exposition(planes.registry).render()
    other.cancel()
    assert turns > 10
    measured = table(parse_text(body.decode()))
    assert measured["gateway_events_delivered_total"] == {labels_of(): 0}
    assert measured["websocket_events_delivered_total"] == {labels_of(): 0}


def test_a_gauge_that_is_not_known_is_not_shown() -> None:
    registry = Registry(load_metrics())
    left = registry.family("messaging_slo_error_budget_remaining")
    left["availability"].value, left["durability"].is_known = 0.5, False
    text = asyncio.run(Exposition(registry).render())[0].decode()
    assert 'remaining{slo_name="availability"} 0.5' in text
    assert "durability" not in text
