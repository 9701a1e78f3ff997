"""What is written for Kubernetes is what Kubernetes takes, by its own schema, and what the server does."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from surewire.cli import application
from surewire.config.model import Config
from surewire.monitoring.export import kubernetes
from surewire.monitoring.export.catalogues import built_in_catalogues

CATALOGUES = built_in_catalogues()
SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "kubernetes-1.37.json").read_text())
FILES = kubernetes.files(CATALOGUES)
MANIFESTS: list[dict[str, Any]] = [
    manifest for name in ("hpa.yaml", "surewire.yaml") for manifest in yaml.safe_load_all(FILES[name]) if manifest
]


def of_kind(kind: str) -> dict[str, Any]:
    return next(manifest["spec"] for manifest in MANIFESTS if manifest["kind"] == kind)


def container() -> dict[str, Any]:
    found: dict[str, Any] = of_kind("StatefulSet")["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_every_manifest_is_valid_by_the_official_schema(manifest: dict[str, Any]) -> None:
    schema = {"$ref": f"#/$defs/{manifest['kind']}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(manifest)


def test_the_schema_would_find_a_wrong_field() -> None:
    wrong = {**MANIFESTS[0], "spec": {**MANIFESTS[0]["spec"], "maxPods": 3}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, {"$ref": f"#/$defs/{wrong['kind']}", "$defs": SCHEMA["$defs"]})


def test_three_to_ten_pods_have_eight_thousand_connections_each() -> None:
    spec = of_kind("HorizontalPodAutoscaler")
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 10)
    (metric,) = spec["metrics"]
    assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "8000"}
    assert metric["pods"]["metric"]["name"] in CATALOGUES.metrics.aliases
    assert Config().limits.max_connections > 8_000


def test_the_metric_that_is_scaled_by_is_the_one_that_the_adapter_gives_by_pod() -> None:
    (rule,) = yaml.safe_load(FILES["prometheus-adapter.yaml"])["rules"]["custom"]
    (metric,) = of_kind("HorizontalPodAutoscaler")["metrics"]
    assert re.fullmatch(rule["name"]["matches"], metric["pods"]["metric"]["name"])
    assert "pod" in rule["resources"]["overrides"]


def test_what_is_scaled_is_what_is_written() -> None:
    target = of_kind("HorizontalPodAutoscaler")["scaleTargetRef"]
    assert [manifest["metadata"]["name"] for manifest in MANIFESTS if manifest["kind"] == target["kind"]] == [target["name"]]


def test_a_pod_is_restarted_by_health_and_gets_traffic_by_ready() -> None:
    paths = {name: container()[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}


def test_a_pod_is_given_longer_than_its_drain() -> None:
    assert of_kind("StatefulSet")["template"]["spec"]["terminationGracePeriodSeconds"] > Config().drain.timeout_s


def test_the_pods_command_is_one_that_surewire_takes() -> None:
    application().parse_args(shlex.join(container()["args"]), print_error=False, exit_on_error=False)


def test_it_is_written_the_same_every_time() -> None:
    assert kubernetes.files(CATALOGUES) == kubernetes.files(built_in_catalogues())
