"""Publishes how full a disk is. Run: python examples/report_disk.py [URL] [PATH]"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys

from surewire.client import HttpApi


async def main(url: str, path: str) -> None:
    usage = shutil.disk_usage(path)
    used = usage.used / usage.total
    async with HttpApi(url, user_id="disk_reporter") as api:
        published = await api.publish(
            "metric_update",
            {"path": path, "used": round(used, 3)},
            severity="P1" if used > 0.95 else "P4",
            source=socket.gethostname(),
            labels={"kind": "disk"},
        )
    print(published.message_id, published.position)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080", sys.argv[2] if len(sys.argv) > 2 else "/"))
