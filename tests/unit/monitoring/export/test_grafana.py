"""Dashboards that Grafana can show, of series that the server has, for those the documents name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import promql_parser
import pytest
import yaml
from msgspec import structs

from surewire.contract.selector import Matcher
from surewire.contract.series import format_bound, series_id
from surewire.errors import ConfigError
from surewire.monitoring.export import grafana
from surewire.monitoring.export.catalogues import built_in_catalogues, catalogues_of
from surewire.monitoring.export.exported_series import labels_of_metric
from surewire.monitoring.export.grafana.incident import IncidentScope
from surewire.monitoring.export.grafana.model import Dashboard
from surewire.monitoring.export.grafana.rendering import TAGS
from surewire.slo.known_series import family_of
from tests.unit.monitoring.export.grafana_schema import DASHBOARD

ROOT = Path(__file__).parents[4]
CATALOGUES = built_in_catalogues()
FILES = grafana.files(CATALOGUES)
PAGES: dict[str, dict[str, Any]] = {Path(path).stem: json.loads(text) for path, text in FILES.items() if path.endswith(".json")}
VALUES = grafana.dashboards(CATALOGUES)
OUTSIDE = {"ALERTS": {"alertname", "alertstate", "severity", "slo", "service", "owner"}, "up": {"job"}}
SCRAPED = {"instance", "job"}


def panels(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in page["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def titles(page: dict[str, Any]) -> set[str]:
    return {panel["title"] for panel in panels(page)}


def rows(page: dict[str, Any]) -> list[str]:
    return [panel["title"] for panel in page["panels"] if panel["type"] == "row"]


def plain(expression: str) -> str:
    """The expression as Prometheus gets it from Grafana."""
    return expression.replace("$__rate_interval", "1m").replace("$instance", ".*")


def every_expression() -> set[str]:
    return {plain(expression) for dashboard in VALUES for expression in grafana.expressions(dashboard)}


def selectors(expression: str) -> Iterator[Any]:
    """Every selector of series in an expression."""
    found: list[Any] = []

    def walk(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        for name in ("expr", "lhs", "rhs", "args", "vector_selector", "vs", "param"):
            for child in _children(getattr(node, name, None)):
                walk(child)

    walk(promql_parser.parse(expression))
    yield from found


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        yield from value
    elif value is not None and not isinstance(value, str | int | float):
        yield value


# ---- the model


@pytest.mark.parametrize("name", PAGES)
def test_a_dashboard_is_valid_by_the_schema_of_what_grafana_reads(name: str) -> None:
    errors = [f"{error.json_path}: {error.message[:300]}" for error in jsonschema.Draft202012Validator(DASHBOARD).iter_errors(PAGES[name])]
    assert errors == []


@pytest.fixture(scope="module")
def grafanas_own() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What Grafana's own model of a dashboard, its panels and their queries keeps of one."""
    with warnings.catch_warnings():
        # It would rather see the newer model of dashboards, which Grafana 11 does not read.
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog import plugins
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.models.dashboard import Dashboard as GrafanaDashboard

        plugins.register_default_plugins()

    def kept(page: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(JSONEncoder().encode(GrafanaDashboard.from_json(page)))
        return found

    return kept


@pytest.mark.parametrize("name", PAGES)
def test_grafanas_own_model_keeps_every_field_of_a_dashboard(name: str, grafanas_own: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    page = PAGES[name]
    assert list(dropped(page, grafanas_own(page))) == [".id"], "only the number, which Grafana gives"


def dropped(written: Any, kept: Any, path: str = "") -> Iterator[str]:
    """The paths of what was written and not kept as it was."""
    if isinstance(written, dict) and isinstance(kept, dict):
        for key, value in written.items():
            yield from dropped(value, kept[key], f"{path}.{key}") if key in kept else (f"{path}.{key}",)
    elif isinstance(written, list) and isinstance(kept, list) and len(written) == len(kept):
        for number, (one, other) in enumerate(zip(written, kept, strict=True)):
            yield from dropped(one, other, f"{path}[{number}]")
    elif written != kept:
        yield path


def test_grafanas_own_model_drops_a_field_that_it_does_not_know(grafanas_own: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    page = json.loads(json.dumps(PAGES["phase-0"]))
    next(panel for panel in panels(page) if panel["type"] == "timeseries")["options"]["legend"]["colour"] = "red"
    assert [path for path in dropped(page, grafanas_own(page)) if path.endswith(".colour")]


def test_the_schema_finds_a_field_that_grafana_does_not_know() -> None:
    page = json.loads(json.dumps(PAGES["phase-0"]))
    next(panels(page))["refreshRate"] = "30s"
    assert list(jsonschema.Draft202012Validator(DASHBOARD).iter_errors(page))


@pytest.mark.parametrize("name", PAGES)
def test_no_panel_covers_another_and_every_one_has_a_number_of_its_own(name: str) -> None:
    page = PAGES[name]
    open_ones = [panel["gridPos"] for panel in page["panels"]]
    folded = [[inner["gridPos"] for inner in panel["panels"]] for panel in page["panels"] if panel["type"] == "row"]
    for group in (open_ones, *folded):
        assert [(one, other) for one, other in combinations(group, 2) if overlap(one, other)] == []
        assert all(place["x"] + place["w"] <= 24 for place in group)
    numbers = [panel["id"] for panel in (*page["panels"], *(inner for panel in page["panels"] for inner in panel.get("panels", ())))]
    assert len(numbers) == len(set(numbers))


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def test_it_is_written_the_same_every_time_and_opens_with_the_hash_of_the_definitions() -> None:
    assert grafana.files(built_in_catalogues()) == FILES
    assert all(CATALOGUES.digest in text[:200] for text in FILES.values())


def test_grafana_is_told_where_they_are() -> None:
    (provider,) = yaml.safe_load(FILES["provisioning.yaml"])["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"]


def test_the_checked_in_dashboard_of_the_first_phase_is_current() -> None:
    checked_in = (ROOT / "docs" / "dashboards" / "phase-0.json").read_text()
    assert checked_in == FILES["dashboards/phase-0.json"], "run `make docs`"


# ---- who they are for


@pytest.mark.parametrize(
    ("name", "audience", "refresh"),
    [
        ("executive-summary", "Leadership", "5m"),
        ("on-call-overview", "On-call engineer", "30s"),
        ("connection-plane", "Platform team", "30s"),
        ("durability-plane", "Platform team", "30s"),
        ("fanout-plane", "Platform team", "30s"),
        ("capacity-planning", "Capacity team", "1h"),
        ("incident-investigation", "Incident commander", "10s"),
    ],
)
def test_each_of_the_seven_has_its_audience_and_its_refresh(name: str, audience: str, refresh: str) -> None:
    page = PAGES[name]
    assert page["refresh"] == refresh
    assert refresh in page["timepicker"]["refresh_intervals"]
    assert page["description"].endswith(f"For: {audience}.")


def test_the_first_phase_has_the_uid_that_its_objectives_name() -> None:
    assert PAGES["phase-0"]["uid"] == "chat-phase-0"


def test_uids_are_unique_and_every_link_leads_to_one_of_them_or_to_explore() -> None:
    uids = [page["uid"] for page in PAGES.values()]
    assert len(uids) == len(set(uids))
    for page in PAGES.values():
        for link in page["links"]:
            assert link["url"].removeprefix("/d/") in uids or link["url"].startswith("/explore?")


def test_links_to_logs_and_traces_carry_a_query_and_the_time_of_the_dashboard() -> None:
    links = {link["title"]: link["url"] for link in PAGES["incident-investigation"]["links"]}
    for title, query in (("Logs", "| json"), ("Traces", "status=error")):
        pane = json.loads(unquote(links[title].partition("panes=")[2]))["a"]
        assert query in json.dumps(pane["queries"])
        assert pane["range"] == {"from": "${__from}", "to": "${__to}"}


def test_every_dashboard_marks_deployments_maintenance_and_incidents() -> None:
    for page in PAGES.values():
        assert [annotation["name"] for annotation in page["annotations"]["list"]] == list(TAGS)


# ---- what they show


@pytest.mark.parametrize("plane", ["connection", "durability", "fanout"])
def test_a_plane_shows_golden_signals_objectives_dependencies_events_and_ways_further(plane: str) -> None:
    page = PAGES[f"{plane}-plane"]
    assert [row.partition(":")[0] for row in rows(page)[:4]] == ["Golden signals", "Objectives", "Dependencies", "Recent events"]
    golden = [panel["title"].partition(":")[0] for panel in page["panels"][1:5]]
    assert golden == ["Latency", "Traffic", "Errors", "Saturation"]
    assert {link["title"] for link in page["links"]} >= {"Logs", "Traces", "surewire-slo"}


def test_the_connection_plane_shows_what_the_agreement_asks_for() -> None:
    shown = {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in panels(PAGES["connection-plane"])}
    assert all("[5m]" in text for text in shown["Connection success rate over 5 minutes"])
    by_endpoint, by_type = shown["HTTP by endpoint"], shown["Events by type, created to socket"]
    assert [re.findall(r"histogram_quantile\(([\d.]+)", text) for text in by_endpoint] == [["0.50"], ["0.95"], ["0.99"]]
    assert [re.findall(r"histogram_quantile\(([\d.]+)", text) for text in by_type] == [["0.95"], ["0.99"]]
    assert all("by (endpoint, le)" in text for text in by_endpoint)
    assert "Uptime: sla-001-http-availability" in shown


def test_leaders_see_service_levels_budgets_traffic_and_incidents() -> None:
    assert {
        "Durability",
        "Availability",
        "Send p99",
        "Delivery p99",
        "What remains",
        "Messages",
        "Peak per second",
        "Connections",
    } <= titles(PAGES["executive-summary"])
    assert "Incidents" in titles(PAGES["executive-summary"])


def test_whoever_is_on_call_sees_alerts_health_changes_and_key_metrics() -> None:
    wanted = {"Active alerts", "Alerts over time", "Health", "Deployments", "Persist p99", "Consumer lag", "Error rate", "Connections"}
    assert wanted <= titles(PAGES["on-call-overview"])


def test_every_objective_has_its_row_in_the_detail() -> None:
    assert rows(PAGES["slo-detail"])[1:] == [objective.id for objective in CATALOGUES.objectives]


def test_thresholds_of_the_first_phase_are_those_of_its_objectives() -> None:
    steps = {
        panel["title"]: [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        for panel in panels(PAGES["phase-0"])
        if "fieldConfig" in panel
    }
    assert steps["Send latency"] == [None, 250, 300]
    assert steps["History latency"] == [None, 350, 400]
    assert steps["Error rate"] == [None, 0.0008, 0.001]
    assert steps["Burn rate: phase0-availability"] == [None, 2, 5]


def incident_page(**changes: Any) -> dict[str, Any]:
    scope = IncidentScope(**{"id": "INC-7", "since": "2026-11-21T10:00:00Z", "planes": ("fanout",)} | changes)
    ((_, text),) = grafana.incident_files(CATALOGUES, scope).items()
    page: dict[str, Any] = json.loads(text)
    return page


def test_an_incident_gets_a_page_of_its_time_its_planes_and_its_deployments() -> None:
    page = incident_page()
    assert list(jsonschema.Draft202012Validator(DASHBOARD).iter_errors(page)) == []
    assert (page["uid"], page["title"], page["refresh"]) == ("surewire-incident-inc-7", "Incident INC-7", "10s")
    assert page["time"] == {"from": "2026-11-21T10:00:00Z", "to": "now"}
    assert [row for row in rows(page) if row.endswith("plane")] == ["Fanout plane"]
    assert "deployment" in [annotation["name"] for annotation in page["annotations"]["list"]]
    assert {"Logs", "Traces", "surewire-fanout"} <= {link["title"] for link in page["links"]}


def test_an_incident_that_is_over_stays_as_it_was() -> None:
    page = incident_page(until="2026-11-21T11:00:00Z")
    assert (page["time"]["to"], page["refresh"]) == ("2026-11-21T11:00:00Z", "")
    assert list(jsonschema.Draft202012Validator(DASHBOARD).iter_errors(page)) == []


@pytest.mark.parametrize("changes", [{"planes": ("moon",)}, {"planes": ()}, {"id": "…"}])
def test_an_incident_of_no_plane_or_no_name_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Planes are connection, durability, fanout"):
        incident_page(**changes)


# ---- what they ask


def labels_of(name: str) -> set[str] | None:
    """The labels that a series of this name has; None when there is none."""
    if name in OUTSIDE:
        return OUTSIDE[name]
    labels = labels_of_metric(name, CATALOGUES.metrics)
    return None if labels is None else {*labels, *(["le"] if name.endswith("_bucket") else [])}


@pytest.mark.parametrize("dashboard", VALUES, ids=lambda dashboard: dashboard.file)
def test_every_series_in_a_panel_is_one_that_the_server_has(dashboard: Dashboard) -> None:
    for expression in grafana.expressions(dashboard):
        found = list(selectors(plain(expression)))
        assert found, expression
        for selector in found:
            known = labels_of(selector.name)
            assert known is not None, expression
            assert {matcher.name for matcher in selector.matchers.matchers} <= known | SCRAPED, expression


def test_every_value_of_a_label_that_is_asked_for_exists() -> None:
    for expression in every_expression():
        for name, label, operator, value in re.findall(r'([a-z_]+)\{[^{}]*?(\w+)(=~|!~|!=|=)"([^"]*)"', expression):
            metric = CATALOGUES.metrics.canonical.get(re.sub(r"_(bucket|count|sum)$", "", name)) or CATALOGUES.metrics.canonical.get(name)
            values = metric.labels.get(label) if metric else None
            if isinstance(values, tuple):
                assert any(Matcher(label, operator, value).accepts(one) for one in values), expression


def test_every_bucket_that_is_asked_for_exists() -> None:
    asked = {match for expression in every_expression() for match in re.findall(r'([a-z_0-9]+)_bucket\{[^{}]*le="([^"]+)"', expression)}
    assert asked
    for name, bound in asked:
        metric = CATALOGUES.metrics.canonical[name]
        assert bound in {format_bound(one) for one in metric.buckets}


def test_no_expression_divides_by_traffic_that_may_be_none() -> None:
    for expression in every_expression():
        for divisor in re.findall(r" / (.)", expression):
            assert divisor in "(0123456789s", expression
        assert " / sum" not in expression.replace(" / sum(count_over_time", ""), expression


def test_percentiles_come_from_rates_of_buckets_and_are_silent_without_traffic() -> None:
    for expression in every_expression():
        if "histogram_quantile" in expression:
            assert re.search(r"histogram_quantile\(0\.\d+, sum by \([a-z_, ]*le\) \(rate\(.*\) and \(sum.* > 0\)", expression), expression


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_itself_understands_every_expression(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{index}", "expr": text} for index, text in enumerate(sorted(every_expression()))]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run = subprocess.run(["promtool", "check", "rules", str(path)], check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


# ---- what they answer


def idle_series() -> list[dict[str, str]]:
    """Every counter, histogram and gauge, at zero for two hours."""
    found: list[dict[str, str]] = []
    for name in (*CATALOGUES.metrics.canonical, *CATALOGUES.metrics.aliases):
        family = family_of(name, CATALOGUES.metrics)
        assert family is not None
        choices = {label: ("any",) if isinstance(values, str) else values for label, values in family.labels.items()} | {
            "instance": ("one",)
        }
        for values in product(*choices.values()):
            labels = dict(zip(choices, values, strict=True))
            found += [{"series": series, "values": "0x120"} for series in series_of(family.name, labels, family.buckets)]
    return found


def series_of(name: str, labels: dict[str, str], buckets: tuple[float, ...]) -> list[str]:
    if not buckets:
        return [series_id(name, labels)]
    bounds = [*(format_bound(bound) for bound in buckets), "+Inf"]
    return [series_id(f"{name}_count", labels), *(series_id(f"{name}_bucket", labels | {"le": bound}) for bound in bounds)]


def promtool_answers(folder: Path, series: list[dict[str, str]], answers: dict[str, list[dict[str, Any]]]) -> None:
    """Has the real PromQL answer each expression after two hours, and compares."""
    cases = [{"expr": text, "eval_time": "2h", "exp_samples": samples} for text, samples in answers.items()]
    test = {"evaluation_interval": "1m", "rule_files": [], "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": cases}]}
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump(test, width=10_000))
    run = subprocess.run(["promtool", "test", "rules", str(path)], check=False, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, (run.stdout + run.stderr)[:3_000]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_a_share_or_a_percentile_of_an_idle_server_is_no_sample_and_never_nan(tmp_path: Path) -> None:
    judged = sorted(text for text in every_expression() if "> 0)" in text)
    assert len(judged) > 100
    promtool_answers(tmp_path, idle_series(), {text: [] for text in judged})


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_shares_weigh_events_and_not_instances(tmp_path: Path) -> None:
    """A busy instance without an error beside an idle one that fails half the time: 1 of 200, not 25 %."""
    sends = {"busy": ("0+198x120", "0x120"), "idle": ("0+1x120", "0+1x120")}
    series = [
        {"series": f'gateway_send_total{{status="{status}",instance="{instance}"}}', "values": values}
        for instance, both in sends.items()
        for status, values in zip(("success", "error"), both, strict=True)
    ]
    (errors,) = [
        target["expr"] for panel in panels(PAGES["on-call-overview"]) if panel["title"] == "Error rate" for target in panel["targets"]
    ]
    promtool_answers(tmp_path, series, {errors: [{"labels": "{}", "value": 0.005}]})


def test_definitions_with_one_objective_only_have_dashboards_too() -> None:
    sole = tuple(slo for slo in CATALOGUES.slos.slos if slo.id == "sync-success")
    few = catalogues_of(structs.replace(CATALOGUES.slos, slos=sole), CATALOGUES.alerts, CATALOGUES.metrics)
    for text in grafana.files(few).values():
        if text.startswith("{"):
            assert list(jsonschema.Draft202012Validator(DASHBOARD).iter_errors(json.loads(text))) == []
    assert "dashboards/phase-0.json" not in grafana.files(few)
