"""surewire in a cluster: pods that keep their data, probes, a service that keeps a client on its pod, and scaling by connections."""

from __future__ import annotations

from typing import Any, Final

import yaml

from surewire.config.model import Config
from surewire.monitoring.export.catalogues import Catalogues, Files, header

__all__ = ["files"]

_Manifest = dict[str, Any]

_NAME: Final = "surewire"
_LABELS: Final = {"app.kubernetes.io/name": _NAME}
_PORT: Final = 8080
_MIN_PODS, _MAX_PODS, _CONNECTIONS_PER_POD = 3, 10, 8_000
_METRIC: Final = "websocket_active_connections"

_HPA: Final = f"Scales by open connections: Kubernetes asks its custom metrics API for {_METRIC}; see prometheus-adapter.yaml."
_ADAPTER: Final = "Values for the prometheus-adapter chart: gives Kubernetes the open connections of each pod, which hpa.yaml scales by."
_PODS: Final = (
    "Each pod keeps what it acknowledged on a volume of its own and shares nothing with the others: a chat, or a stream of events,\n"
    "# lives on the pod that its clients are connected to. Authentication is open: only pods of this namespace get in, and the proxy\n"
    "# among them has to say who is who. Put your image in place of `surewire`."
)


def files(catalogues: Catalogues) -> Files:
    """`hpa.yaml` with the scaling, `surewire.yaml` with what is scaled, and where the metric for it comes from."""
    pods = (_stateful_set(), _service(), _disruption_budget(), _network_policy())
    return {
        "hpa.yaml": header(catalogues, _HPA) + _text(_autoscaler()),
        "surewire.yaml": header(catalogues, _PODS) + _text(*pods),
        "prometheus-adapter.yaml": header(catalogues, _ADAPTER) + yaml.safe_dump(_adapter(), sort_keys=False, width=140),
    }


def _text(*manifests: _Manifest) -> str:
    return "".join(f"---\n{yaml.safe_dump(manifest, sort_keys=False)}" for manifest in manifests)


def _manifest(api_version: str, kind: str, spec: _Manifest) -> _Manifest:
    # A copy of the labels each time: shared ones would be written as YAML anchors.
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": _NAME, "labels": dict(_LABELS)}, "spec": spec}


def _autoscaler() -> _Manifest:
    metric = {"metric": {"name": _METRIC}, "target": {"type": "AverageValue", "averageValue": str(_CONNECTIONS_PER_POD)}}
    return _manifest(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": _NAME},
            "minReplicas": _MIN_PODS,
            "maxReplicas": _MAX_PODS,
            "metrics": [{"type": "Pods", "pods": metric}],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]},
                # A pod that goes sends its clients away, so one at a time, and only after half an hour without need.
                "scaleDown": {"stabilizationWindowSeconds": 1800, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}]},
            },
        },
    )


def _adapter() -> dict[str, Any]:
    """A rule of the adapter; what stands in `<<.…>>` it fills in itself."""
    resources = {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}}
    rule = {
        "seriesQuery": f'{_METRIC}{{namespace!="",pod!=""}}',
        "resources": resources,
        "name": {"matches": f"^{_METRIC}$"},
        "metricsQuery": "sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)",
    }
    return {"rules": {"default": False, "custom": [rule]}}


def _stateful_set() -> _Manifest:
    # `replicas` is left to the autoscaler, which an applied number would fight.
    return _manifest(
        "apps/v1",
        "StatefulSet",
        {
            "serviceName": _NAME,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": dict(_LABELS)},
            "template": {"metadata": {"labels": dict(_LABELS)}, "spec": _pod()},
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "data"},
                    "spec": {"accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "20Gi"}}},
                }
            ],
        },
    )


def _pod() -> _Manifest:
    drain_s = int(Config().drain.timeout_s)
    return {
        "terminationGracePeriodSeconds": drain_s + 15,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container()],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def _container() -> _Manifest:
    return {
        "name": _NAME,
        "image": _NAME,
        "args": ["serve", "--listen", f"0.0.0.0:{_PORT}", "--data", "/data", "--insecure"],
        "ports": [{"name": "http", "containerPort": _PORT}],
        "startupProbe": _probe("/health", period_s=2, failures=150),
        "livenessProbe": _probe("/health", period_s=10, failures=3),
        "readinessProbe": _probe("/ready", period_s=5, failures=2),
        "resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own
    }


def _probe(path: str, *, period_s: int, failures: int) -> _Manifest:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": period_s, "timeoutSeconds": 5, "failureThreshold": failures}


def _service() -> _Manifest:
    return _manifest(
        "v1",
        "Service",
        {
            "selector": dict(_LABELS),
            "sessionAffinity": "ClientIP",
            "ports": [{"name": "http", "port": _PORT, "targetPort": "http"}],
        },
    )


def _disruption_budget() -> _Manifest:
    return _manifest("policy/v1", "PodDisruptionBudget", {"maxUnavailable": 1, "selector": {"matchLabels": dict(_LABELS)}})


def _network_policy() -> _Manifest:
    return _manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        {
            "podSelector": {"matchLabels": dict(_LABELS)},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": "http"}]}],
        },
    )
