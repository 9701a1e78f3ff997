"""Waiting for a commit, but not for ever."""

from __future__ import annotations

import asyncio

import pytest

from surewire.errors import ClientError
from surewire.http.deadline import in_time


async def test_what_is_done_in_time_is_the_answer() -> None:
    async def effect() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await in_time(effect(), timeout_s=60) == "done"


async def test_what_takes_too_long_is_told_apart_from_what_failed() -> None:
    answer = asyncio.get_running_loop().create_future()
    with pytest.raises(ClientError, match="not known") as raised:
        await in_time(answer, timeout_s=0)
    assert (raised.value.code, raised.value.temporary) == ("TIMEOUT", True)
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(ClientError("CONFLICT", "no"))
    with pytest.raises(ClientError, match="no"):
        await in_time(failed, timeout_s=60)
