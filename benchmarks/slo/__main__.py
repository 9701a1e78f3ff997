"""`python -m benchmarks.slo`: milliseconds for a tick's judgement of everything, for loading a month, for simulating one."""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.contract.selector import Selector
from surewire.contract.series import labels_of, series_id
from surewire.domain.event import BUILT_IN_TYPES
from surewire.ports.sli_store import Slot
from surewire.slo.alert_evaluation import judge_all
from surewire.slo.alert_rules import alert_rules
from surewire.slo.evaluation import evaluate
from surewire.slo.known_series import family_of
from surewire.slo.needs import needs
from surewire.slo.objective import objectives
from surewire.slo.scenario import Scenario
from surewire.slo.scene import Scene
from surewire.slo.simulation import simulate
from surewire.slo.status import SloStatus
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

RESULTS: Final = Path(__file__).parent / "results.json"
EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "bad_release.yaml"
NOW_S: Final = 1_800_000_000
RUNS: Final = 50
SUFFIXES: Final = ("_bucket", "_count", ":good_seconds", ":known_seconds")
FREE: Final = {
    "endpoint": tuple(f"/v1/route-{number}" for number in range(25)),
    "status": ("200", "404", "503"),
    "event_type": BUILT_IN_TYPES,
    "target": ("here",),
}
"""Values of labels that are not fixed; others have one."""

OBJECTIVES = objectives(load_slos())
RULES = alert_rules(load_slos(), load_alerts())


def series() -> list[str]:
    """Every series that the recorder would keep, of a server whose every label value is in use."""
    names: dict[str, None] = {}
    for selector in needs(OBJECTIVES, RULES).counts:
        names |= dict.fromkeys(name for name in named(selector) if selector.accepts(labels_of(name)))
    return list(names)


def named(selector: Selector) -> Iterator[str]:
    suffix = next((suffix for suffix in SUFFIXES if selector.metric.endswith(suffix)), "")
    family = family_of(selector.metric.removesuffix(suffix), load_metrics())
    assert family is not None, selector.metric
    bounds = {"le": tuple(matcher.value for matcher in selector.matchers if matcher.label == "le")} if suffix == "_bucket" else {}
    values = {label: known if isinstance(known, tuple) else FREE.get(label, ("any",)) for label, known in family.labels.items()} | bounds
    for choice in product(*values.values()):
        labels = dict(zip(values, choice, strict=True))
        yield series_id(family.name, labels) + suffix if ":" in suffix else series_id(family.name + suffix, labels)


def month(names: list[str]) -> Iterator[Slot]:
    """30 days in which every series counts something in every slot: by 5 minutes, the last 25 hours by 15 s."""
    chance, fine_s = random.Random(1), NOW_S - 25 * HOUR_S
    for start_s, length_s in [(at, 300) for at in range(NOW_S - 30 * DAY_S, fine_s, 300)] + [
        (at, SLOT_S) for at in range(fine_s, NOW_S, SLOT_S)
    ]:
        count = chance.randint(1, 9)
        yield slot(names, start_s, length_s, count)


def slot(names: list[str], start_s: int, length_s: int = SLOT_S, count: int = 3) -> Slot:
    counts = {name: length_s if ":" in name else count for name in names}
    return Slot(start_s=start_s, length_s=length_s, seen_s=length_s, counts=counts)


def cpu_ms(action: Callable[[], Any], runs: int = RUNS, before: Callable[[], Any] = int) -> dict[str, float]:
    """Processor time of one call: the median of several, with the least and the greatest. What is done `before` each is not timed."""
    times: list[float] = []
    for _ in range(runs):
        before()
        begun = time.process_time()
        action()
        times.append((time.process_time() - begun) * 1e3)
    return {"ms": round(statistics.median(times), 2), "least_ms": round(min(times), 2), "most_ms": round(max(times), 2)}


def measure() -> dict[str, Any]:
    names = series()
    tracemalloc.start()
    timeline = Timeline()
    timeline.load(month(names))
    memory_mb = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    weekly = [Interval(NOW_S - 7 * DAY_S * week, NOW_S - 7 * DAY_S * week + HOUR_S) for week in range(1, 5)]
    now = slot(names, NOW_S - SLOT_S)

    def tick() -> None:
        # Every slot that comes in makes the timeline forget what it had added up.
        timeline.add(now)

    def judged(excluded: list[Interval]) -> dict[str, SloStatus]:
        return {one.id: evaluate(one, timeline, excluded, NOW_S) for one in OBJECTIVES}

    scene = Scene(timeline=timeline, objectives={one.id: one for one in OBJECTIVES}, statuses=judged([]), now_s=NOW_S)
    told = msgspec.convert(yaml.safe_load(EXAMPLE.read_text()), Scenario)
    alone = msgspec.structs.replace(told, slos=("availability",), actions=())
    return {
        "objectives": len(OBJECTIVES),
        "alerts": len(RULES),
        "series": len(names),
        "memory_mb": round(memory_mb, 1),
        "the open slot again": cpu_ms(tick),
        "all objectives": cpu_ms(lambda: judged([]), before=tick),
        "all objectives, weekly maintenance": cpu_ms(lambda: judged(weekly), before=tick),
        "then all alerts": cpu_ms(lambda: judge_all(RULES, scene), before=lambda: (tick(), judged([]))),
        "loading the month": cpu_ms(lambda: Timeline().load(month(names)), 3),
        "simulating 30 days, one objective": cpu_ms(lambda: simulate(alone, OBJECTIVES, RULES), 7),
        "simulating 30 days, two objectives": cpu_ms(lambda: simulate(told, OBJECTIVES, RULES), 7),
    }


def main() -> None:
    """Measures everything and keeps it with what it depends on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    result = {
        "command": "python -m benchmarks.slo",
        "commit": commit,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version(), "shared": True},
        "figures": measure(),
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
