"""`surewire alerts`: alerts, and what may keep them from people; each command in a file of its own beside this one."""

from __future__ import annotations

from cyclopts import App

__all__ = ["alerts"]

alerts = App(
    name="alerts",
    help="Look at alerts, and at what may keep them from people.",
    help_epilogue="Example: `surewire alerts list`",
)

_COMMANDS = {
    "ack": ("Say that somebody works on an alert.", "surewire alerts ack HighConsumerLag --actor alice"),
    "silence": (
        "Tell nobody of some alerts for a while; list silences; end one.",
        """surewire alerts silence 'alertname="HighConsumerLag"' --for 2h --owner alice --reason 'load test'""",
    ),
    "lint": ("Find what in a configuration of Alertmanager swallows alerts.", "surewire alerts lint /etc/prometheus/alertmanager.yml"),
    "audit": (
        "Find live silences over alerts that cannot be silenced, and end them.",
        "surewire alerts audit --alertmanager http://127.0.0.1:9093 --actor alice",
    ),
}
for _name, (_summary, _example) in _COMMANDS.items():
    alerts.command(f"surewire.cli.alerts_{_name}:{_name}", name=_name, help=_summary, help_epilogue=f"Example: `{_example}`")
alerts.command(
    "surewire.cli.alerts_list:list_", name="list", help="List the alerts that fire.", help_epilogue="Example: `surewire alerts list --all`"
)
alerts.command(
    "surewire.cli.alerts_known_issue:known_issue",
    name="known-issue",
    help="Name the ticket that mends an alert's cause.",
    help_epilogue="Example: `surewire alerts known-issue MessageLoss --ticket OPS-12 --due 2026-12-01 --actor alice`",
)
alerts.command(
    "surewire.cli.alerts_trial:trial",
    name="test",
    help="Tell each target that this is a test.",
    help_epilogue="Example: `surewire alerts test pagerduty-high --config surewire.toml`",
)
alerts.command(
    "surewire.cli.alerts_undelivered:undelivered",
    name="undelivered",
    help="List what people could not be told.",
    help_epilogue="Example: `surewire alerts undelivered --retry ntf_01KAJ5R0K6T1B8D3F5H7J9M2PQ`",
)
