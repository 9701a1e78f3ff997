"""What the ledger holds, as it is drawn over graphs."""

from __future__ import annotations

from itertools import count
from typing import Any

from surewire.adapters.memory.ledger import MemoryLedger
from surewire.contract.catalogue import load_slos
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.monitoring.annotations import known_annotations
from surewire.monitoring.decisions import Decisions, load_decisions
from surewire.monitoring.planning import Planning
from surewire.ports.annotator import Annotation
from surewire.slo.maintenance import MaintenanceWindow
from surewire.slo.window import DAY_S, HOUR_S
from tests.fakes.clock import SettableClock

START_S = 1_790_000_000


class Past:
    """A ledger whose clock goes on as told."""

    def __init__(self, decisions: Decisions, clock: SettableClock) -> None:
        self.decisions, self.clock = decisions, clock
        self.planning = Planning(decisions, load_slos().slos)

    async def add(self, kind: str, who: str = "surewire", /, **body: Any) -> None:
        await self.decisions.record(self.decisions.entry(kind, who, body))
        self.clock.advance(60)

    async def announce(self, recurrence: str = "") -> None:
        window = MaintenanceWindow(
            id="mnt_1",
            title="new disks",
            start_s=START_S + HOUR_S,
            duration_s=HOUR_S,
            recurrence=recurrence,
            announced_at_s=START_S,
            actor="alice",
        )
        await self.planning.announce(window)

    def since(self, since_s: int = 0) -> list[Annotation]:
        return known_annotations(self.decisions, since_s)


async def past() -> Past:
    numbers, clock = count(1), SettableClock(START_S * MICROS_PER_SECOND)
    return Past(await load_decisions(MemoryLedger(), clock, lambda: f"{next(numbers):026}"), clock)


async def test_a_deployment_says_what_was_deployed_by_whom() -> None:
    known = await past()
    await known.add("deployment", "alice", service="checkout", version="2026.11.3", actor="", note="retries")
    await known.add("deployment", "bob", service="checkout", version="rev7", kind="config", actor="bob")
    first, second = known.since()
    assert (first.kind, first.text, first.start_s, first.end_s) == (
        "deployment",
        "checkout 2026.11.3 deployed by alice: retries",
        START_S,
        None,
    )
    assert second.text == "Configuration rev7 of checkout by bob"


async def test_maintenance_is_known_when_it_begins_each_time() -> None:
    known = await past()
    await known.announce(recurrence="FREQ=DAILY")
    known.clock.advance(HOUR_S - 1)
    assert known.since() == []
    known.clock.advance(1)
    (first,) = known.since()
    assert (first.id, first.kind, first.text) == (f"mnt_1@{START_S + HOUR_S}", "maintenance", "Maintenance: new disks")
    assert (first.start_s, first.end_s) == (START_S + HOUR_S, START_S + 2 * HOUR_S)
    known.clock.advance(2 * DAY_S)
    assert [one.start_s for one in known.since()] == [START_S + HOUR_S + days * DAY_S for days in range(3)]


async def test_maintenance_that_was_called_off_before_it_began_is_never_drawn() -> None:
    known = await past()
    await known.announce()
    await known.planning.call_off("mnt_1", "alice", "no disks")
    known.clock.advance(DAY_S)
    assert known.since() == []


async def test_a_freeze_is_a_mark_when_it_opens_and_a_span_when_it_ended() -> None:
    known = await past()
    await known.add("freeze_opened", slo="availability", cause="the budget is breached")
    await known.add("freeze_opened", slo="durability", cause="the budget is critical")
    await known.add("freeze_ended", slo="availability", cause="")
    opened, _, ended = known.since()
    assert (opened.text, opened.start_s, opened.end_s) == ("Deployments frozen: availability, the budget is breached", START_S, None)
    assert (ended.text, ended.start_s, ended.end_s) == ("Freeze of deployments for availability ended", START_S, START_S + 120)
    assert opened.id != ended.id


async def test_what_has_been_known_for_longer_is_left_out_however_late_it_reaches() -> None:
    known = await past()
    await known.add("freeze_opened", slo="availability", cause="the budget is breached")
    await known.add("freeze_ended", slo="availability", cause="")
    (ended,) = known.since(START_S + 1)
    assert ended.start_s == START_S
