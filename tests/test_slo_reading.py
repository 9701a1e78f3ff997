"""The page on reading the numbers: every figure on it is computed here again, and what it says of Prometheus is asked of Prometheus."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_slos
from surewire.monitoring.slo_view import SloView
from surewire.slo.budget import budget_remaining, outage_budget_s
from surewire.slo.burn_rate import budget_spent, exhausted_after_s, highest_rate
from surewire.slo.objective import objectives, short_window_s
from surewire.slo.status import Tally
from surewire.slo.window import DAY_S, HOUR_S, Rolling, parse_duration
from tests.documentation import read, section, table

PAGE: Final = "docs/slo-reading.md"
SCRAPE_S: Final = 15
RANGE_S: Final = 300
MONTH_S: Final = 30 * DAY_S


def rows(title: str, number: int = 0) -> list[list[str]]:
    return table(section(PAGE, title), number)


def figure(text: str) -> Decimal:
    """The number of a cell, without its unit and the commas of thousands."""
    return Decimal(text.replace(",", "").replace("−", "-").split(" ")[0])


def shown(value: Decimal, like: str) -> Decimal:
    """The value with as many decimal places as the cell has."""
    return round(value, -int(figure(like).as_tuple().exponent))


# ---- the fields and the tables


def test_every_field_that_is_explained_is_one_that_is_shown() -> None:
    named = {name for row in rows("Good, bad, total") for name in re.findall(r"`(\w+)`", row[0])}
    assert named <= set(SloView.__struct_fields__)
    left = {name for name in SloView.__struct_fields__ if not name.endswith("_gross")} - named
    assert left <= {"id", "kind", "window", "since", "owner", "backup"}


def test_gross_and_adjusted_values_are_as_computed() -> None:
    gross, hour, adjusted = ([figure(cell) for cell in row[1:] if cell] for row in rows("Gross and adjusted"))
    assert [one - other for one, other in zip(gross[:3], hour[:3], strict=True)] == adjusted[:3]
    for good, bad, total, *derived in (gross, adjusted):
        tally = Tally(int(good), int(bad))
        left = budget_remaining(tally, Decimal("0.999"))
        assert tally.total == total
        assert left is not None
        assert tally.sli is not None
        assert [round(tally.sli, 6), round(left, 4)] == [round(one, 6) for one in derived]


@pytest.mark.parametrize("row", rows("The budget"), ids=lambda row: " of ".join(row[:2]))
def test_the_minutes_of_a_budget_are_as_computed(row: list[str]) -> None:
    target, window, minutes = row
    assert outage_budget_s(Decimal(target), parse_duration(window.replace(" ", ""))) / 60 == figure(minutes)


@pytest.mark.parametrize("row", rows("Burn rates"), ids=lambda row: row[0])
def test_a_row_of_burn_rates_is_a_tier_with_its_arithmetic(row: list[str]) -> None:
    rate, windows, severity, of_30, of_28, spent = row
    long_s, short_s = map(parse_duration, windows.split(" and "))
    tiers = {(tier.rate, tier.long_s, tier.short_s, tier.severity) for objective in objectives(load_slos()) for tier in objective.tiers}
    assert (Decimal(rate), long_s, short_s, severity) in tiers
    assert short_window_s(long_s) == short_s
    assert shown(exhausted_after_s(Decimal(rate), MONTH_S) / DAY_S, of_30) == figure(of_30)
    assert shown(exhausted_after_s(Decimal(rate), 28 * DAY_S) / DAY_S, of_28) == figure(of_28)
    assert shown(100 * budget_spent(Decimal(rate), long_s, MONTH_S), spent) == figure(spent)


def test_every_tier_has_its_row() -> None:
    tiers = {tier.rate for objective in objectives(load_slos()) for tier in objective.tiers}
    assert {Decimal(row[0]) for row in rows("Burn rates")} == tiers


def test_the_times_until_an_alert_fires_are_as_computed() -> None:
    share = Decimal("14.4") * Decimal("0.001")
    for failing, after, spent in rows("Burn rates", 1)[:3]:
        part = {"everything": Decimal(1), "one in ten": Decimal("0.1"), "one in fifty": Decimal("0.02")}[failing]
        seconds = sum(int(number) * {"min": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+) (min|s)", after))
        assert seconds == round(share * HOUR_S / part)
        assert share * HOUR_S / (Decimal("0.001") * MONTH_S) * 100 == figure(spent)
    assert share * RANGE_S == Decimal("4.32")
    assert highest_rate(Decimal("0.9")) == 10


# ---- what Prometheus makes of it


class Case(NamedTuple):
    """What a counter showed at each scrape, 15 s apart; None while it did not exist."""

    counted: int
    scrapes: Sequence[int | None]


def _steps(**at: int) -> list[int | None]:
    """A counter that stands at 100 for ten minutes and a bit, and grows by so much at these scrapes."""
    value, values = 100, list[int | None]()
    for number in range(50):
        value += at.get(f"n{number}", 0)
        values.append(value)
    return values


# The range ends 7 s after the scrape number 40, so that its first sample is number 21.
END_S: Final = 40 * SCRAPE_S + 7
CASES: Final = {
    "10 more at each scrape": Case(200, list(range(100, 600, 10))),
    "30 at once, in the middle": Case(30, _steps(n30=30)),
    "30 at once, before the first scrape of the range": Case(30, _steps(n21=30)),
    "12 not yet scraped, then killed; 5 after the restart": Case(17, [100] * 30 + [5] * 20),
    "the first 3 of a label that did not exist": Case(3, [None] * 30 + [3] * 20),
}


def increase(scrapes: Sequence[int | None], end_s: float, range_s: int = RANGE_S) -> float:
    """What `increase()` answers. Source: Prometheus, promql/functions.go, extrapolatedRate."""
    samples = [(number * SCRAPE_S, value) for number, value in enumerate(scrapes) if value is not None]
    samples = [(at_s, value) for at_s, value in samples if end_s - range_s < at_s <= end_s]
    if len(samples) < 2:
        return 0
    growth = sum(value - before if value >= before else value for (_, before), (_, value) in pairwise(samples))
    sampled_s = samples[-1][0] - samples[0][0]
    average_s = sampled_s / (len(samples) - 1)
    to_start_s, to_end_s = samples[0][0] - (end_s - range_s), end_s - samples[-1][0]
    to_start_s = average_s / 2 if to_start_s >= 1.1 * average_s else to_start_s
    to_end_s = average_s / 2 if to_end_s >= 1.1 * average_s else to_end_s
    if growth > 0:
        to_start_s = min(to_start_s, sampled_s * samples[0][1] / growth)
    return growth * (sampled_s + to_start_s + to_end_s) / sampled_s


@pytest.mark.parametrize("row", rows("Prometheus shows another number"), ids=lambda row: row[0])
def test_a_row_of_increases_is_as_computed(row: list[str]) -> None:
    what, counted, answered, _ = row
    assert int(counted) == CASES[what].counted
    assert round(increase(CASES[what].scrapes, END_S), 1) == float(answered)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_computes_the_same(tmp_path: Path) -> None:
    series = [
        {"series": f"case{number}_total", "values": " ".join("_" if value is None else str(value) for value in case.scrapes)}
        for number, case in enumerate(CASES.values())
    ]
    asked = [
        {
            "expr": f"round(increase(case{number}_total[5m]), 0.1)",
            "eval_time": f"{END_S}s",
            "exp_samples": [{"labels": "{}", "value": float(round(increase(case.scrapes, END_S), 1))}],
        }
        for number, case in enumerate(CASES.values())
    ]
    test = {
        "rule_files": [],
        "evaluation_interval": "1m",
        "tests": [{"interval": "15s", "input_series": series, "promql_expr_test": asked}],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(test))
    run = subprocess.run(["promtool", "test", "rules", str(file)], check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


@given(
    grown=st.lists(st.integers(0, 50), min_size=30, max_size=60),
    restarts=st.sets(st.integers(5, 55), max_size=3),
    range_s=st.sampled_from([60, 300, 450]),
    phase_s=st.integers(0, 14),
)
def test_the_difference_is_within_the_bound(grown: list[int], restarts: set[int], range_s: int, phase_s: int) -> None:
    """Events fall right after a scrape, all at once. A process that ends takes those since its last scrape with it."""
    value, values = 1_000, list[int | None]()
    for number, count in enumerate(grown):
        values.append(value)
        value = 0 if number in restarts else value + count
    end_s = (len(grown) - 2) * SCRAPE_S + phase_s
    happened = [(number * SCRAPE_S + 0.5, count) for number, count in enumerate(grown)]
    counted = sum(count for at_s, count in happened if end_s - range_s < at_s <= end_s)
    lost = sum(end_s - range_s < number * SCRAPE_S + 0.5 <= end_s + SCRAPE_S for number in restarts)
    difference = increase(values, end_s, range_s) - counted
    assert -(2 + lost) * max(grown) - 1e-9 <= difference <= counted * SCRAPE_S / (range_s - SCRAPE_S) + 1e-9


def test_the_upper_bounds_are_as_computed() -> None:
    for row in rows("Prometheus shows another number", 1):
        range_s, percent = parse_duration(row[0]), row[1]
        assert shown(Decimal(100 * SCRAPE_S) / (range_s - SCRAPE_S), percent) == figure(percent)
    text = read(PAGE)
    for target, differs in (("0.999", "0.0058"), ("0.99999", "0.58")):
        assert shown(Decimal(SCRAPE_S) / MONTH_S / (1 - Decimal(target)), differs) == Decimal(differs)
        assert f"{differs} of its budget" in text or f"by {differs}" in text


def test_what_is_said_of_coverage_is_as_computed() -> None:
    assert "0.98 of 30 days means that 14.4 hours" in read(PAGE)
    assert Decimal("0.02") * MONTH_S / HOUR_S == Decimal("14.4")
    assert str(Rolling(MONTH_S)) == "30d"
