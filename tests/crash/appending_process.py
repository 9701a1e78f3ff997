"""`python -m tests.crash.appending_process FOLDER SEED`: appends to a history for ever, and prints what was answered.

A line is the epoch, the offset, the id and the title of one event, written after its answer.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from random import Random

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.adapters.system.clock import SystemClock
from tests.contracts.event_history import append, events, titles

PUBLISHERS = 8
HISTORY_EVENTS = 2_000


async def publish_for_ever(history: SqliteEventHistory, name: str, random: Random) -> None:
    for number in itertools.count():
        batch = events(*(f"{name}.{number}.{index}" for index in range(random.choice([1, 1, 3, 50]))))
        answered = await append(history, batch)
        lines = zip(answered, titles(answered), strict=True)
        sys.stdout.write("".join(f"{history.epoch} {event.offset} {event.message_id} {title}\n" for event, title in lines))
        sys.stdout.flush()


async def main(folder: Path, seed: int) -> None:
    bounds = {"history_events": HISTORY_EVENTS, "queue_events": 10_000}
    async with sqlite_event_history(folder, SystemClock(), history_s=3_600.0, **bounds) as history:
        await asyncio.gather(*(publish_for_ever(history, f"{seed}.{name}", Random(seed)) for name in range(PUBLISHERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
