from __future__ import annotations

from surewire.adapters.memory.sli_store import MemorySliStore
from surewire.contract.catalogue import load_slos
from surewire.monitoring.elsewhere import statuses_from
from surewire.ports.sli_store import Slot
from surewire.slo.objective import objectives
from surewire.slo.window import DAY_S, HOUR_S
from tests.contracts.sli_store import NOON_S, life

KNOWN = objectives(load_slos())
SENT, FAILED = (f'gateway_send_total{{status="{status}"}}' for status in ("success", "error"))


def slot(start_s: int, sent: int, failed: int = 0) -> Slot:
    return Slot(start_s=start_s, length_s=15, seen_s=15, counts={SENT: sent, FAILED: failed})


async def test_an_objective_is_judged_by_its_whole_window_and_no_more() -> None:
    source = MemorySliStore()
    ages_s = [31 * DAY_S, 29 * DAY_S, 9 * DAY_S, 26 * HOUR_S, HOUR_S, 15]
    await source.write([slot(NOON_S - age_s, 100, 1) for age_s in ages_s], life())
    statuses = {status.id: status for status in await statuses_from(source, KNOWN, NOON_S)}
    assert (statuses["availability"].good, statuses["availability"].bad) == (500, 5)
    assert (statuses["phase0-availability"].good, statuses["phase0-availability"].bad) == (400, 4)
    assert statuses["sync-success"].state == "no_data"
    assert list(statuses) == [objective.id for objective in KNOWN]


async def test_a_source_that_has_nothing_gives_no_data() -> None:
    counted = [status for status in await statuses_from(MemorySliStore(), KNOWN, NOON_S) if status.kind == "ratio"]
    assert counted
    assert {status.verdict for status in counted} == {"no_data"}
