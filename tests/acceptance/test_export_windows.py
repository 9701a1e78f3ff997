"""A real Prometheus sums budgets over an objective's whole own window: thirty days of steps, and a month that has just begun."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.recorded_counts import budget_records
from tests.acceptance.monitoring_tools import run
from tests.acceptance.prometheus_process import answer, running_prometheus

STEP_S = 300
DAY_S = 86_400
FEBRUARY_S = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())


def budget_of(slo: str) -> str:
    """The recorded budget, in terms of the steps of 5 minutes that it is summed from."""
    objective = next(one for one in built_in_catalogues().objectives if one.id == slo)
    expressions: dict[str, str] = {}
    for record in budget_records(objective):
        text = record.expression
        for name, inner in expressions.items():
            text = text.replace(f'{name}{{slo="{slo}"}}', f"({inner})")
        expressions[record.name] = text
    return expressions["slo:error_budget_remaining:ratio"]


def history(folder: Path, slo: str, steps: Iterable[tuple[int, int, int]]) -> Path:
    """Blocks of Prometheus with those steps: when each ended, how many events it had, how many bad ones."""
    found = list(steps)
    lines: list[str] = []
    for what, column in (("total", 1), ("bad", 2)):
        lines.append(f"# TYPE slo:events_{what}:increase5m gauge")
        lines += [f'slo:events_{what}:increase5m{{service="surewire",slo="{slo}"}} {step[column]} {step[0]}' for step in found]
    (folder / "history.txt").write_text("\n".join([*lines, "# EOF", ""]))
    run("promtool", "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics", folder / "history.txt", folder / "data")
    return folder / "data"


async def remaining(folder: Path, data: Path, slo: str, moments: list[int]) -> list[float]:
    """What is left of the budget at each moment, as Prometheus says."""
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    found: list[float] = []
    async with running_prometheus(folder / "prometheus.yml", data) as prometheus:
        for at_s in moments:
            said = await answer(prometheus, "/query", query=budget_of(slo), time=str(at_s))
            found += [float(series["value"][1]) for series in said["result"]]
    return found


async def test_a_rolling_budget_sums_each_step_of_its_window_once(tmp_path: Path) -> None:
    end_s = FEBRUARY_S + 30
    steps = [(FEBRUARY_S - 30 * DAY_S + number * STEP_S, 1000, int(number % 4 == 0)) for number in range(1, 8641)]
    assert sum(bad for _, _, bad in steps) == 2160
    data = history(tmp_path, "availability", steps)
    assert await remaining(tmp_path, data, "availability", [end_s]) == [pytest.approx(1 - 2160 / 8640, abs=1e-9)]


async def test_a_month_has_its_own_events_and_none_of_the_month_before(tmp_path: Path) -> None:
    begin_s = FEBRUARY_S - 3_600
    steps = [(begin_s + number * STEP_S, 1000, 5 if number <= 12 else 2) for number in range(1, 25)]
    data = history(tmp_path, "sla-002-upgrade-success", steps)
    moments = [FEBRUARY_S - 1, FEBRUARY_S + 30, FEBRUARY_S + STEP_S + 30, FEBRUARY_S + 3_600 + 30]
    # At midnight the month that begins has no events yet, so nothing is said of its budget.
    expected = [pytest.approx(0.5, abs=1e-9), pytest.approx(0.8, abs=1e-9), pytest.approx(0.8, abs=1e-9)]
    assert await remaining(tmp_path, data, "sla-002-upgrade-success", moments) == expected
