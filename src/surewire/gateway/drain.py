"""Ending without harm: refuse, stop listening, finish, tell, wait, force."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from surewire.errors import BackendError
from surewire.protocol.codes import CloseCode

if TYPE_CHECKING:
    from surewire.gateway.hub import Hub

__all__ = ["drain"]

_MIN_SPREAD_S: Final = 1.0
_MAX_SPREAD_S: Final = 30.0
_SLICE: Final = 500
_FINISH_SHARE: Final = 0.5
"""How much of the time finishing may take: a disk that does not answer must not keep clients from being told."""

_log = logging.getLogger(__name__)


async def drain(
    hub: Hub, *, timeout_s: float, accept_rate_per_s: float, random_unit: Callable[[], float], finish: Callable[[], Awaitable[None]]
) -> None:
    """Closes every connection with 1012 once `finish` has answered what is in flight, or could not; returns when all are gone, and cuts off
    those that are not after `timeout_s`.

    Clients are told to come back at random moments over the time that the server needs to accept them all again, so that a restart
    brings no herd. Upgrades must already be refused. What clients say from now on stays in their sockets: a flood of it must not put off
    the end, and what is not taken need not be answered.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    for connection in hub:
        connection.stop_listening()
    try:
        async with asyncio.timeout_at(deadline):
            await _finished(finish, timeout_s * _FINISH_SHARE)
            await _tell(hub, min(_MAX_SPREAD_S, max(_MIN_SPREAD_S, len(hub) / accept_rate_per_s)), random_unit)
            await hub.is_empty.wait()
    except TimeoutError:
        for connection in hub:
            connection.abort(CloseCode.RESTART)


async def _finished(finish: Callable[[], Awaitable[None]], timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await finish()
    except TimeoutError:
        _log.warning("not everything in flight was finished in time")
    except BackendError as error:
        _log.warning("not everything in flight was finished: %s", error)


async def _tell(hub: Hub, spread_s: float, random_unit: Callable[[], float]) -> None:
    for told, connection in enumerate(hub, 1):
        connection.end(CloseCode.RESTART, "the server restarts", round(random_unit() * spread_s * 1000))
        connection.listen_again()
        if told % _SLICE == 0:
            await asyncio.sleep(0)
