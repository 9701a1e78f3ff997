"""`surewire slo status`: what is promised and what is left of it, now or as it changes."""

from __future__ import annotations

import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile
from surewire.cli.console_output import print_error, print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.cli.slo_gaps import gap_sentences
from surewire.client.one_answer import one_answer
from surewire.errors import ConfigError, SurewireError
from surewire.monitoring.slo_view import SloList, SloView, slo_list
from surewire.slo.status import SloState

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["status"]

_HEAD: Final = ("objective", "SLI", "target", "budget left", "bad left", "outage left", "burn", "state", "note")
_BAR_CELLS: Final = 10
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_SPARK_CELLS: Final = 16
_STYLES: Final = {"healthy": "green", "caution": "yellow", "warning": "dark_orange", "critical": "red", "breached": "bold red"}
_EVERY_S: Final = 5.0
_UNKNOWN: Final = 11
"""The exit status without an answer, as `surewire slo gate` has it."""

History = dict[str, deque[float]]


def status(
    *ids: Annotated[str, Parameter(help="Only these objectives.")],
    bad: Annotated[bool, Parameter(help="Only what is neither healthy nor without data.")] = False,
    with_data: Annotated[bool, Parameter(help="Only what has data.")] = False,
    watch: Annotated[bool, Parameter(help="Go on, and show what changes.")] = False,
    url: Url = DEFAULT_URL,
    prometheus: Annotated[str | None, Parameter(help="Judge what the Prometheus at this address has scraped.")] = None,
    job: Annotated[str, Parameter(help="What that Prometheus calls the server.")] = "websocket",
    config: ConfigFile = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """Show every objective: what was measured, what is left of its budget, and how fast that burns.

    No data is neither met nor breached. Exit 0 when none is breached, 1 when one is, 11 when there is no answer. From a Prometheus nothing
    is taken out for maintenance and corrections.
    """
    if watch and (json or prometheus):
        raise ConfigError("--watch shows a server to people.", mend="Leave --json and --prometheus out.")
    left_out = _left_out(bad=bad, with_data=with_data)
    try:
        with reaching():
            if watch:
                return _watched(ids, url, left_out)
            found = _measured(prometheus, job, config) if prometheus else one_answer(url, "/v1/slos", SloList)
    except ConfigError:
        raise
    except SurewireError as error:
        # A script must not read "no answer" as "breached", which would be 1 as well.
        print_error(error)
        return _UNKNOWN
    found = _chosen(found, ids)
    shown = _without(left_out, found)
    if json:
        print_json(shown)
    else:
        _print(shown.slos)
        for sentence in gap_sentences(shown.slos):
            print(sentence)
    return _exit_status(found)


def _left_out(*, bad: bool, with_data: bool) -> frozenset[SloState]:
    """The states that are not shown."""
    return frozenset({"healthy", "no_data"}) if bad else frozenset({"no_data"}) if with_data else frozenset()


def _without(states: frozenset[SloState], found: SloList) -> SloList:
    return SloList(found.at, tuple(slo for slo in found.slos if slo.state not in states))


def _measured(prometheus: str, job: str, config: Path | None) -> SloList:
    """The same from what a Prometheus has."""
    # Whoever asks a server does not wait for what judges objectives.
    import asyncio

    from surewire.adapters.prometheus.sli_source import prometheus_sli_source
    from surewire.cli.slo_definitions import the_definitions
    from surewire.monitoring.elsewhere import statuses_from
    from surewire.slo.needs import needs
    from surewire.slo.objective import objectives

    known = objectives(the_definitions(None, config).catalogue)
    now_s = int(time.time())

    async def judged() -> SloList:
        async with prometheus_sli_source(prometheus, needs(known), job=job) as source:
            return slo_list(await statuses_from(source, known, now_s), now_s)

    return asyncio.run(judged())


def _chosen(found: SloList, ids: Sequence[str]) -> SloList:
    """All objectives, or those that are named. Raises: ConfigError for one that does not exist."""
    known = {slo.id for slo in found.slos}
    if missing := [id_ for id_ in ids if id_ not in known]:
        raise ConfigError(f"there is no objective {missing[0]!r}.", mend="`surewire slo list` names them.")
    return SloList(found.at, tuple(slo for slo in found.slos if not ids or slo.id in ids))


def _exit_status(found: SloList) -> int:
    return int(any(slo.state == "breached" for slo in found.slos))


def _print(slos: Iterable[SloView]) -> None:
    if not sys.stdout.isatty():
        print_table(_HEAD, map(_cells, slos), always_headed=True)
        return
    from rich.console import Console

    Console().print(_table(slos, {}))


def _watched(ids: Sequence[str], url: str, left_out: frozenset[SloState]) -> int:
    """Redraws until it is interrupted."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    seen: History = defaultdict(lambda: deque(maxlen=_SPARK_CELLS))
    with Live(console=Console(), screen=sys.stdout.isatty(), auto_refresh=False) as live:
        while True:
            found = _without(left_out, _chosen(one_answer(url, "/v1/slos", SloList, patience_s=60.0), ids))
            for slo in found.slos:
                if slo.budget_remaining is not None:
                    seen[slo.id].append(slo.budget_remaining)
            # Gaps first: a table that is longer than the screen loses its end.
            live.update(Group(*map(Text, gap_sentences(found.slos)), _table(found.slos, seen)), refresh=True)
            time.sleep(_EVERY_S)


def _table(slos: Iterable[SloView], seen: History) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(*(*_HEAD[:3], "", *_HEAD[3:]), box=None, pad_edge=False, header_style="bold")
    for slo in slos:
        cells, style = _cells(slo), _STYLES.get(slo.state, "dim")
        drawn = _sparkline(seen[slo.id]) if slo.id in seen else bar(slo.budget_remaining)
        texts = [Text(cell) for cell in (*cells[:3], drawn, *cells[3:])]
        texts[3].stylize(style)
        texts[8].stylize(style)
        table.add_row(*texts)
    return table


def _cells(slo: SloView) -> tuple[str, ...]:
    left, minutes = slo.budget_remaining, slo.outage_minutes_left
    return (
        slo.id,
        _percent(slo.sli),
        "" if slo.objective is None else f"{slo.objective * 100:.10g} % in {slo.window}",
        "" if left is None else f"{left * 100:.1f} %",
        "" if slo.events_left is None else f"{slo.events_left:,}",
        "" if minutes is None else f"{minutes:,.1f} min",
        _fastest(slo.burn_rates),
        slo.state.replace("_", " "),
        slo.note,
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.4f} %"


def _fastest(rates: dict[str, float | None]) -> str:
    """The greatest burn rate and its window, where anything burns at all."""
    known = {window: rate for window, rate in rates.items() if rate}
    if not known:
        return ""
    window = max(known, key=lambda one: known[one])
    return f"{known[window]:.1f}x in {window}"


def bar(left: float | None) -> str:
    """What is left of a budget as ten cells; empty cells when it is overspent, nothing when there are no data."""
    if left is None:
        return ""
    eighths = round(min(1.0, max(0.0, left)) * _BAR_CELLS * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(_BAR_CELLS, "·")


def _sparkline(values: Iterable[float]) -> str:
    """Shares from 0 to 1 as bars of eight heights."""
    return "".join(_SPARKS[round(min(1.0, max(0.0, value)) * (len(_SPARKS) - 1))] for value in values)
