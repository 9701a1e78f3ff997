"""`python -m benchmarks.spine [NAME…]`: measures and records; all of them without a name."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from benchmarks.spine.broadcast import broadcast
from benchmarks.spine.chat import chat
from benchmarks.spine.connections import connections
from benchmarks.spine.events import events
from benchmarks.spine.measure import record
from benchmarks.spine.start import start

_BENCHMARKS: Final[dict[str, Callable[[], Awaitable[dict[str, Any]]]]] = {
    "broadcast": broadcast,
    "chat": chat,
    "events": events,
    "connections": connections,
    "start": start,
}


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all. Exit 2 for a name that is none."""
    if unknown := set(names) - set(_BENCHMARKS):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(_BENCHMARKS)}", file=sys.stderr)
        return 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for name in names or _BENCHMARKS:
        record(name, asyncio.run(_run(name)))
    return 0


async def _run(name: str) -> dict[str, Any]:
    return await _BENCHMARKS[name]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
