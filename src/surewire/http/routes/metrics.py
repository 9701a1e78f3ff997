"""`/metrics`: every measured number, for Prometheus."""

from __future__ import annotations

from typing import Final

from surewire.http.call import Call
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply

__all__ = ["ROUTES"]


@serves(
    "GET",
    "/metrics",
    Operation(
        summary="Read the metrics",
        tag="operation",
        description="Prometheus' text format, or OpenMetrics when `Accept` prefers it.",
        answers={200: Answered("All of them, as of one moment.", str, content_type="text/plain")},
        takes_caller=False,
    ),
)
async def read_metrics(request: Call) -> Reply:
    accept = b", ".join(value for name, value in request.scope["headers"] if name == b"accept")
    body, content_type = await request.services.exposition.render(accept.decode("latin-1"))
    return Reply(200, body, content_type.encode("latin-1"))


ROUTES: Final = (read_metrics,)
