"""Alertmanager: who hears of which alert, by its severity, and what keeps quiet beside something worse.

The non-negotiable alerts come first, wait for nothing, and are matched by no inhibition and no mute interval. Alertmanager cannot escalate:
the pager's own policy does, with the steps that stand beside its route. Keys are read from files, so the configuration holds no secret.
"""

from __future__ import annotations

from typing import Final

from surewire.contract.alerts import SeverityRule
from surewire.contract.slos import Severity
from surewire.errors import ConfigError
from surewire.monitoring.export.catalogues import Catalogues, Files, header

__all__ = ["NON_NEGOTIABLE", "files"]

NON_NEGOTIABLE: Final = "non-negotiable"

_PAGER: Final = """\
    pagerduty_configs:
      - routing_key_file: secrets/{name}
        severity: {urgency}
        client: surewire
        details: {{runbook: '{{{{ .CommonAnnotations.runbook_url }}}}', owner: '{{{{ .CommonLabels.owner }}}}'}}
"""
_CHAT: Final = """\
    slack_configs:
      - api_url_file: secrets/slack
        channel: '#alerts'
        send_resolved: true
        title: '{{ .CommonLabels.severity }} {{ .CommonLabels.alertname }}'
        text: '{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.runbook_url }}{{ "\\n" }}{{ end }}'
"""
# JIRAlert, the bridge of the Prometheus community: Alertmanager speaks to Jira by itself only since version 0.28.
_TICKET: Final = """\
    webhook_configs:
      - url: http://localhost:9097/alert
"""
_MAIL: Final = """\
    email_configs:
      - to: executive@example.com
        send_resolved: true
"""
_WAYS: Final = {
    "pagerduty-high": _PAGER.format(name="pagerduty-high", urgency="critical"),
    "pagerduty-low": _PAGER.format(name="pagerduty-low", urgency="warning"),
    "slack": _CHAT,
    "jira": _TICKET,
    "executive": _MAIL,
}
_REPEAT: Final[dict[Severity, str]] = {"SEV-1": "1h", "SEV-2": "4h", "SEV-3": "1d", "SEV-4": "1d"}
_OF_LITTLE_HASTE: Final = "SEV-3"


def files(catalogues: Catalogues) -> Files:
    """`alertmanager.yml`. Raises: ConfigError when a severity is announced in a way that there is no template for."""
    parts = (_top(), _route(catalogues), _inhibition(catalogues), _receivers(catalogues))
    return {"alertmanager.yml": header(catalogues, "Tells people about alerts, by severity.") + "\n" + "\n".join(parts)}


def _top() -> str:
    return "global:\n  smtp_smarthost: localhost:25\n  smtp_from: surewire@example.com\n"


def _route(catalogues: Catalogues) -> str:
    severities = sorted(catalogues.alerts.severities)
    return (
        f"route:\n  receiver: {_OF_LITTLE_HASTE}\n  group_by: [alertname, slo]\n"
        "  group_wait: 30s\n  group_interval: 5m\n  repeat_interval: 4h\n  routes:\n"
        + _non_negotiable_route(catalogues)
        + _route_of_targets(catalogues)
        + "".join(_route_of_severity(severity, catalogues.alerts.severities[severity]) for severity in severities)
    )


def _non_negotiable_route(catalogues: Catalogues) -> str:
    """They page again after 5 minutes until somebody closes them."""
    return (
        f"    - matchers: ['alertname=~\"{_non_negotiable(catalogues)}\"']\n"
        f"      receiver: {NON_NEGOTIABLE}\n      group_by: [alertname]\n"
        "      group_wait: 0s\n      group_interval: 1m\n      repeat_interval: 5m\n"
    )


def _route_of_targets(catalogues: Catalogues) -> str:
    """Beside its severity's receiver, an alert goes to the targets of its own."""
    by_target: dict[str, list[str]] = {}
    for rule in catalogues.rules:
        for target in rule.targets:
            by_target.setdefault(target, []).append(rule.name)
    return "".join(
        f"    - matchers: ['alertname=~\"{'|'.join(sorted(names))}\"']\n      receiver: {target}\n      continue: true\n"
        for target, names in sorted(by_target.items())
    )


def _route_of_severity(severity: Severity, rule: SeverityRule) -> str:
    steps = ", ".join(f"after {step.after} {step.to}" for step in rule.escalate)
    escalation = f"; escalation: {steps}" if steps else ""
    return (
        f"    # Answered within: {rule.respond_within}{escalation}.\n"
        f"    - matchers: ['severity=\"{severity}\"']\n      receiver: {severity}\n      repeat_interval: {_REPEAT[severity]}\n"
    )


def _inhibition(catalogues: Catalogues) -> str:
    """Of one objective, the worst is enough to hear of. Without an objective nothing is kept quiet: two absent labels would be equal."""
    return (
        "inhibit_rules:\n"
        "  - source_matchers: ['severity=\"SEV-1\"', 'slo=~\".+\"']\n"
        f"    target_matchers: ['severity=~\"SEV-3|SEV-4\"', 'slo=~\".+\"', 'alertname!~\"{_non_negotiable(catalogues)}\"']\n"
        "    equal: [slo, service]\n"
    )


def _receivers(catalogues: Catalogues) -> str:
    severities = catalogues.alerts.severities
    announced: dict[str, tuple[str, ...]] = {severity: severities[severity].notify for severity in sorted(severities)}
    targets = sorted({target for rule in catalogues.rules for target in rule.targets})
    worst = min(severities)
    receivers: dict[str, tuple[str, ...]] = {NON_NEGOTIABLE: severities[worst].notify}
    receivers |= announced | {target: (target,) for target in targets}
    return "receivers:\n" + "".join(f"  - name: {name}\n{''.join(map(_way, ways))}" for name, ways in receivers.items())


def _way(name: str) -> str:
    if name not in _WAYS:
        raise ConfigError(f"no receiver of Alertmanager can be made for {name!r}.", mend=f"Announce alerts by {', '.join(_WAYS)}.")
    return _WAYS[name]


def _non_negotiable(catalogues: Catalogues) -> str:
    return "|".join(catalogues.alerts.non_negotiable)
