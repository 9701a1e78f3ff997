"""A simulation says what a running server would: the same counts, the same alert times, the same gate."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime

import pytest

from surewire.contract.catalogue import load_alerts, load_slos
from surewire.errors import ConfigError
from surewire.ports.sli_store import Slot
from surewire.slo.alert_rules import alert_rules
from surewire.slo.evaluation import evaluate, firing_tiers, tally_of
from surewire.slo.objective import Objective, objectives
from surewire.slo.scenario import Deployment, Fault, Maintenance, Mend, Scenario, Traffic, parse_offset
from surewire.slo.simulated_load import Amounts, Load, sides
from surewire.slo.simulated_timeline import SimulatedTimeline
from surewire.slo.simulation import Simulation, simulate
from surewire.slo.simulation_picture import picture
from surewire.slo.simulation_view import simulation_view
from surewire.slo.status import Tally
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

OBJECTIVES = {objective.id: objective for objective in objectives(load_slos())}
RULES = alert_rules(load_slos(), load_alerts())
STEADY = Traffic(per_minute=1_200)
COUNTED = [objective for objective in OBJECTIVES.values() if objective.counted]


def scenario(*faults: Fault, days: int = 30, slos: tuple[str, ...] = ("availability",), **more: object) -> Scenario:
    return Scenario(**{"starts": date(2026, 1, 1), "days": days, "slos": slos, "traffic": STEADY, "faults": faults, **more})  # type: ignore[arg-type]


def run(told: Scenario) -> Simulation:
    return simulate(told, OBJECTIVES.values(), RULES)


def times(simulation: Simulation, kind: str) -> list[tuple[int, str]]:
    return [(one.at_s - simulation.span.start_s, one.what) for one in simulation.happenings if one.kind == kind]


@pytest.mark.parametrize("objective", COUNTED, ids=lambda objective: objective.id)
def test_good_and_bad_events_count_where_the_objective_looks(objective: Objective) -> None:
    timeline, start_s = Timeline(), 1_800_000_000
    there = Amounts(200, 100, SLOT_S, 0)
    timeline.add(Slot(start_s=start_s, length_s=SLOT_S, seen_s=SLOT_S, counts=sides(objective)(there)))
    tally = tally_of(objective, timeline, Interval(start_s, start_s + SLOT_S))
    assert tally == (Tally(200, 100) if objective.kind in {"ratio", "latency"} else Tally(SLOT_S, 0))


@pytest.mark.parametrize("slo", ["availability", "phase0-availability", "send-latency", "sla-001-http-availability", "redis-available"])
def test_worked_out_counts_are_those_of_recorded_slots(slo: str) -> None:
    told = scenario(
        Fault(at="1h 7m", lasts="20m", bad=0.3),
        Fault(at="2h", lasts="10m 30s", stopped=True),
        Fault(at="3h 15s", lasts="4m"),
        Fault(at="4h", lasts="2m"),
        days=1,
        history_days=0,
        traffic=Traffic(per_minute=700, night=0.1, bad=0.001),
    )
    objective, load = OBJECTIVES[slo], Load(told)
    worked_out, recorded = SimulatedTimeline(load, sides(objective)), Timeline()
    gone = (Interval(told.at_s("1h 10m"), told.at_s("1h 20m")),)
    for start_s in range(load.first_s, load.first_s + 5 * HOUR_S, SLOT_S):
        if not any(stop.start_s <= start_s < stop.end_s for stop in load.stops):
            counts = sides(objective)(load.between(start_s, start_s + SLOT_S))
            recorded.add(Slot(start_s=start_s, length_s=SLOT_S, seen_s=SLOT_S, counts={name: n for name, n in counts.items() if n}))
        now_s = start_s + SLOT_S
        if now_s % 285 == 0:
            assert evaluate(objective, worked_out, gone, now_s, load.stops) == evaluate(objective, recorded, gone, now_s, load.stops)


def test_alert_times_are_those_of_looking_at_every_slot() -> None:
    told = scenario(
        Fault(at="1h", lasts="20m", bad=0.05), Fault(at="3h", lasts="1m"), days=1, traffic=Traffic(per_minute=900, night=0.3, bad=0.0005)
    )
    objective, load = OBJECTIVES["phase0-availability"], Load(told)
    timeline, before, changes = SimulatedTimeline(load, sides(objective)), frozenset[str](), list[tuple[int, str]]()
    for now_s in range(told.span.start_s, told.span.start_s + 5 * HOUR_S, SLOT_S):
        now = frozenset(f"{tier.rate}x" for tier in firing_tiers(objective, timeline, (), now_s))
        changes += [(now_s, f"{rate} {'fires' if rate in now else 'is over'}") for rate in sorted(now ^ before)]
        before = now
    simulation = run(Scenario(slos=("phase0-availability",), days=1, traffic=told.traffic, faults=told.faults, starts=told.starts))
    spans = [span for span in simulation.alerts if "Burn" in span.name and span.start_s < told.span.start_s + 5 * HOUR_S]
    edges = [(span.start_s, f"{span.name.split('Burn')[1].split('x')[0]}x fires") for span in spans]
    edges += [(span.end_s, f"{span.name.split('Burn')[1].split('x')[0]}x is over") for span in spans if span.end_s is not None]
    assert sorted(edges) == sorted(changes)
    assert len(edges) > 6


def test_a_budget_burned_14_4_times_too_fast_is_gone_after_50_hours() -> None:
    """30 days / 14.4 are 2.08 days."""
    states = times(run(scenario(Fault(at="0s", lasts="30d", bad=0.0145), days=4)), "state")
    breached = next(at_s for at_s, what in states if what.startswith("critical → breached"))
    assert breached == pytest.approx(30 * DAY_S / 14.5, abs=60)


def test_a_minute_of_full_outage_fires_the_fastest_tier() -> None:
    alerts = times(run(scenario(Fault(at="1d", lasts="60s"), days=2)), "alert")
    assert (DAY_S + 60, "ErrorBudgetBurnHigh (SEV-1) fires") in alerts
    assert (DAY_S + 60 + 300, "ErrorBudgetBurnHigh (SEV-1) is over") in alerts


def test_less_than_a_minute_of_it_does_not() -> None:
    assert times(run(scenario(Fault(at="1d", lasts="45s"), days=2)), "alert") == []


def test_maintenance_gives_the_budget_back_and_gross_stays() -> None:
    told = scenario(Fault(at="1d", lasts="10m"), days=2, maintenance=(Maintenance(at="1d", lasts="30m"),))
    (curve,) = run(told).curves
    assert curve.status.budget_remaining == 1
    assert curve.status.budget_remaining_gross is not None
    assert curve.status.budget_remaining_gross < 0.8
    assert run(told).alerts == ()


def test_a_server_that_is_stopped_is_down_time_of_the_agreement() -> None:
    (curve,) = run(scenario(Fault(at="1d", lasts="10m", stopped=True), days=2, slos=("sla-001-http-availability",))).curves
    assert (curve.status.bad, curve.status.total) == (600, 2 * DAY_S)


def test_a_freeze_refuses_features_until_an_action_is_validated_and_a_day_was_calm() -> None:
    told = scenario(
        Fault(at="1d", lasts="10m", bad=0.2),
        days=4,
        slos=("availability", "phase0-availability"),
        deployments=(Deployment(at="1d 1h"), Deployment(at="1d 1h", change="emergency"), Deployment(at="3d 12h")),
        actions=(Mend(at="2d", slo="phase0-availability", what="mended"),),
    )
    simulation = run(told)
    assert [what for _, what in times(simulation, "freeze")] == [
        "deployments freeze: the budget burns faster than 5x",
        "the freeze ends",
    ]
    asked = [what for _, what in times(simulation, "deployment")]
    assert asked[0].startswith("a feature change is refused: phase0-availability")
    assert asked[1:] == ["an emergency change is allowed by availability", "a feature change is allowed by availability"]


def test_happenings_are_in_order_and_the_same_every_time() -> None:
    told = scenario(Fault(at="1d", lasts="10m", bad=0.2), Fault(at="2d", lasts="1h", traffic=3, bad=0.01), days=5)
    first, second = run(told), run(told)
    assert first == second
    assert [one.at_s for one in first.happenings] == sorted(one.at_s for one in first.happenings)
    assert picture(first) == picture(second)


def test_the_picture_is_well_formed_and_quotes_what_was_said() -> None:
    simulation = run(scenario(Fault(at="1d", lasts="3h"), days=3, title="<b>&", maintenance=(Maintenance(at="2d", lasts="1h"),)))
    root = ET.fromstring(picture(simulation))
    shapes = [element.get("class") for element in root.iter() if element.get("class")]
    assert {"fault", "maintenance", "left", "gross", "SEV-1"} <= set(shapes)
    assert "<b>&" in "".join(root.itertext())


def test_programs_see_numbers_and_instants() -> None:
    view = simulation_view(run(scenario(Fault(at="1d", lasts="10m"), days=2)))
    assert (view.start, view.end) == ("2026-01-01T00:00:00.000000Z", "2026-01-03T00:00:00.000000Z")
    (curve,) = view.slos
    assert curve.budget_remaining == pytest.approx(0.76852, abs=1e-4)
    assert len(curve.points) >= 48


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (scenario(slos=("nothing",)), "there is no objective 'nothing'"),
        (scenario(slos=("connection-capacity",)), "counts no events"),
        (scenario(maintenance=(Maintenance(at="1d", lasts="1h", repeat="FREQ=OFTEN"),)), "maintenance[0]"),
        (scenario(actions=(Mend(at="1d", slo="nobody"),)), "there is no objective 'nobody'"),
        (scenario(Fault(at="2d", lasts="1h"), days=2), "faults[0].at: 2d is after its 2 days."),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_in_words(told: Scenario, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        run(told)
    assert message in str(refused.value)


def test_times_since_the_start_are_whole_slots() -> None:
    assert parse_offset("3d 10h 30m") == 3 * DAY_S + 10 * HOUR_S + 1_800
    assert parse_offset("1d2h") == DAY_S + 2 * HOUR_S
    assert (parse_offset("0s"), parse_offset("44s")) == (0, 30)


def test_traffic_follows_the_hours_and_the_weekend() -> None:
    load = Load(scenario(traffic=Traffic(per_minute=600, night=0.5, weekend=0.1), days=7))
    monday = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())

    def hourly(start_s: int) -> int:
        return load.between(start_s, start_s + HOUR_S).good

    assert (hourly(monday + 15 * HOUR_S), hourly(monday + 3 * HOUR_S)) == (36_000, 18_000)
    assert hourly(monday - DAY_S + 15 * HOUR_S) == 3_600
