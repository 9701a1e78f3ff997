"""Decisions in memory: what they add up to, worked out on from each to the next, and what only the ledger keeps."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from surewire.adapters.memory.ledger import MemoryLedger
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.monitoring.decisions import KINDS, Decisions, load_decisions
from surewire.ports.ledger import Entry
from surewire.slo.correction import read_plan
from surewire.slo.freeze import read_freezes
from tests.fakes.clock import SettableClock

NOW_S = 1_800_000_000
WINDOW = {"id": "m1", "title": "new disks", "start_s": NOW_S + 9, "duration_s": 60, "time_zone": "UTC"}
FIX = {"id": "c1", "start_s": 1, "end_s": 2, "category": "other", "reason": "a test", "approver": "bob", "slos": []}
HISTORY: list[tuple[str, str, dict[str, Any]]] = [
    ("m1", "maintenance", {"window": WINDOW}),
    ("m2", "maintenance", {"window": {**WINDOW, "id": "m2"}}),
    ("1", "deployment", {"service": "surewire", "version": "1"}),
    ("2", "freeze_opened", {"slo": "availability", "cause": "the budget is breached"}),
    ("a1", "action", {"slo": "availability", "what": "more memory"}),
    ("a2", "action", {"slo": "send", "what": "nothing is frozen there"}),
    ("3", "maintenance_cancelled", {"id": "m1", "reason": "no need"}),
    ("c1", "correction", FIX),
    ("c2", "correction", {**FIX, "id": "c2"}),
    ("a3", "action", {"slo": "availability", "what": "fewer requests"}),
    ("4", "freeze_opened", {"slo": "send", "cause": "the budget burns faster than 5x"}),
    ("5", "action_validated", {"id": "a1", "evidence": "https://example.org/run/7"}),
    ("6", "correction_withdrawn", {"id": "c1", "reason": "wrong day"}),
    ("7", "freeze_ended", {"slo": "availability"}),
    ("8", "freeze_cleared", {"slo": "send"}),
]


class Memory:
    """Decisions over a ledger that can be opened again."""

    def __init__(self) -> None:
        self.ledger, self._ids = MemoryLedger(), count(1)
        self.decisions: Decisions

    async def open(self) -> Decisions:
        clock = SettableClock(NOW_S * MICROS_PER_SECOND)
        self.decisions = await load_decisions(self.ledger, clock, lambda: f"{next(self._ids):026}")
        return self.decisions

    async def record(self, id_: str, kind: str, body: dict[str, Any]) -> None:
        await self.decisions.record(Entry(id=id_, kind=kind, at_s=NOW_S, actor="ann", body=body))


@pytest.fixture
async def memory() -> Memory:
    memory = Memory()
    await memory.open()
    return memory


async def test_after_every_decision_plan_and_freezes_are_what_the_whole_ledger_adds_up_to(memory: Memory) -> None:
    for id_, kind, body in HISTORY:
        await memory.record(id_, kind, body)
        kept = await memory.ledger.entries()
        assert memory.decisions.plan == read_plan(kept)
        assert memory.decisions.freezes == read_freezes(kept)
    plan, freezes = memory.decisions.plan, memory.decisions.freezes
    reopened = await memory.open()
    assert (reopened.plan, reopened.freezes) == (plan, freezes)


async def test_a_decision_about_something_else_leaves_plan_and_freezes_the_very_same(memory: Memory) -> None:
    for id_, kind, body in HISTORY:
        await memory.record(id_, kind, body)
    plan, freezes = memory.decisions.plan, memory.decisions.freezes
    await memory.record("9", "deployment", {"service": "surewire", "version": "2"})
    await memory.record("10", "slo_state", {"slo": "availability"})
    assert memory.decisions.plan is plan
    assert memory.decisions.freezes is freezes


async def test_what_was_planned_and_done_before_is_not_read_again(memory: Memory) -> None:
    for id_, kind, body in HISTORY[:5]:
        await memory.record(id_, kind, body)
    plan, freezes = memory.decisions.plan, memory.decisions.freezes
    await memory.record("m3", "maintenance", {"window": {**WINDOW, "id": "m3"}})
    await memory.record("a9", "action", {"slo": "availability", "what": "fewer requests"})
    assert [now is then for now, then in zip(memory.decisions.plan.windows, plan.windows, strict=False)] == [True, True]
    (first, second) = memory.decisions.freezes["availability"].actions
    assert first is freezes["availability"].actions[0]
    assert second.id == "a9"
    assert len(freezes["availability"].actions) == 1


@pytest.mark.parametrize("kind", ["audit", "other"])
async def test_what_nobody_reads_again_is_on_record_and_not_in_memory(memory: Memory, kind: str) -> None:
    await memory.record("aud_1", kind, {"what": "silence"})
    for decisions in (memory.decisions, await memory.open()):
        with pytest.raises(KeyError):
            decisions.of(kind)
    assert [entry.id for entry in await memory.ledger.entries({kind})] == ["aud_1"]


async def test_decisions_of_several_kinds_come_in_the_order_in_which_they_were_made(memory: Memory) -> None:
    for id_, kind, body in HISTORY:
        await memory.record(id_, kind, body)
    for decisions in (memory.decisions, await memory.open()):
        assert [entry.id for entry in decisions.of(*KINDS)] == [id_ for id_, _, _ in HISTORY]
