"""`surewire slo`: service levels, each command in a file of its own beside this one."""

from __future__ import annotations

from cyclopts import App

__all__ = ["slo"]

slo = App(
    name="slo",
    help="Look at, judge and try service levels.",
    help_epilogue="Example: `surewire slo status --watch`",
)

_COMMANDS = {
    "show": ("Show an objective as it is defined.", "surewire slo show availability"),
    "explain": ("Explain an objective in plain words.", "surewire slo explain sla-001-http-availability"),
    "lint": ("Find everything that is wrong with definitions.", "surewire slo lint slos.yaml"),
    "status": ("Show every objective and what is left of its budget.", "surewire slo status --watch"),
    "gate": ("Ask whether a change may be deployed.", "surewire slo gate --change feature"),
    "review": ("Print the checklist of a review, with evidence, or tick tasks off.", "surewire slo review --weekly --tick heartbeats"),
    "exclusions": ("List what is taken out of an objective, or why it is not.", "surewire slo exclusions sla-001-http-availability"),
    "correct": (
        "Take a span of time out of what counts.",
        (
            "surewire slo correct --start 2026-11-20T22:00:00Z --end 2026-11-20T22:30:00Z --category other --reason '…'"
            " --slo availability --actor alice --approver bob"
        ),
    ),
    "annotate": (
        "Note what happened, such as the cause of a spike.",
        "surewire slo annotate 'advertisement on television' --start 2026-11-21T09:58:00Z --end 2026-11-21T10:10:00Z --actor alice",
    ),
    "simulate": (
        "Try a policy with traffic and faults that are only thought of.",
        "surewire slo simulate bad_release.yaml --svg month.svg",
    ),
}
_EXITS = {
    "lint": "0 nothing is wrong (warnings aside), 1 something is.",
    "status": "0 no objective is breached, 1 one is, 11 there is no answer.",
    "gate": "0 allowed, 10 refused, 11 unknown, which is not allowed either.",
}
"""Those of commands that scripts go by; 2 is always wrong use."""

slo.command(
    "surewire.cli.slo_list:list_objectives",
    name="list",
    help="List every objective that is defined.",
    help_epilogue="Example: `surewire slo list --json`",
)
for _name, (_summary, _example) in _COMMANDS.items():
    _exits = f"\n\nExit status: {_EXITS[_name]}" if _name in _EXITS else ""
    slo.command(f"surewire.cli.slo_{_name}:{_name}", name=_name, help=_summary, help_epilogue=f"Example: `{_example}`{_exits}")
slo.command("surewire.cli.slo_action:action", name="action", help="Record what is mended so that a freeze of deployments ends.")
slo.command("surewire.cli.slo_import:import_", name="import", help="Make definitions from objectives that were written for another tool.")
