"""Prints urgent events, also those that happened while this was not running: its position is kept in a file."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from surewire.client import Disconnected, EventsLost, Filters, Notice, Position, connect
from surewire.domain.stream import parse_position

KEPT = Path("incident_watch.position")


def say(notice: Notice) -> None:
    if isinstance(notice, EventsLost):
        print(f"some events are lost ({notice.reason}): look at the incidents themselves", file=sys.stderr)
    elif isinstance(notice, Disconnected):
        print(f"disconnected: {notice.reason}; trying again", file=sys.stderr)


def kept() -> Position | None:
    return parse_position(KEPT.read_text()) if KEPT.exists() else None


def keep(position: Position | None) -> None:
    # Replaced as a whole: whoever is stopped in the midst still has the position before.
    new = KEPT.with_suffix(".new")
    new.write_text(str(position))
    new.replace(KEPT)


async def main(url: str) -> None:
    urgent = Filters(severities=("P0", "P1"))
    async with connect(url, user_id="incident-watch", on_notice=say) as client, client.subscribe(urgent, since=kept()) as events:
        async for received in events:
            event = received.event
            print(received.timestamp, event.severity, event.event_type, event.data, flush=True)
            # Only now: whoever is stopped in between sees the event again and misses none.
            keep(received.position)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"))
