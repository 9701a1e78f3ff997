"""How reads of a chat's history are counted, over WebSocket and HTTP alike."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from surewire.errors import ClientError
from surewire.ports.clock import Clock
from surewire.telemetry.instruments import ConnectionInstruments

__all__ = ["counted_history"]


@contextmanager
def counted_history(instruments: ConnectionInstruments, clock: Clock, started_s: float) -> Generator[None]:
    """Counts the read inside as a success with its latency, or as an error; what the caller got wrong counts as neither."""
    try:
        yield
    except ClientError as error:
        if error.temporary:
            instruments.history["error"].n += 1
        raise
    except Exception:
        instruments.history["error"].n += 1
        raise
    instruments.history["success"].n += 1
    instruments.history_latency.observe(clock.monotonic() - started_s)
