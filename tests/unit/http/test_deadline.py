"""Waiting for a commit, but not for ever; what is waited for goes on."""

from __future__ import annotations

import asyncio
import gc
import io
import json
from pathlib import Path
from typing import Any

import pytest

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.errors import BackendUnavailableError, ClientError
from surewire.http import deadline
from surewire.http.deadline import in_time
from surewire.monitoring.decisions import load_decisions
from surewire.ports.idempotency import AlreadyAnsweredError, Answer
from surewire.telemetry.logging import configure


class Effect:
    """Something that is done in two steps, with a wait between them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.commit = asyncio.get_running_loop().create_future()
        self.is_in_force = False
        self._error = error

    async def run(self) -> str:
        await self.commit
        if self._error is not None:
            raise self._error
        self.is_in_force = True
        return "done"


async def end_of_what_was_left_alone() -> None:
    await asyncio.gather(*left_alone(), return_exceptions=True)


def left_alone() -> set[asyncio.Future[Any]]:
    return set(deadline._left_alone)  # pyright: ignore[reportPrivateUsage]


async def test_what_is_done_in_time_is_the_answer() -> None:
    async def effect() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await in_time(effect(), timeout_s=60) == "done"
    assert not left_alone()


async def test_what_takes_too_long_is_told_apart_from_what_failed() -> None:
    answer = asyncio.get_running_loop().create_future()
    with pytest.raises(ClientError, match="not known") as raised:
        await in_time(answer, timeout_s=0)
    assert (raised.value.code, raised.value.temporary) == ("TIMEOUT", True)
    answer.set_result(None)
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(ClientError("CONFLICT", "no"))
    with pytest.raises(ClientError, match="no"):
        await in_time(failed, timeout_s=60)


async def test_what_takes_too_long_goes_on_to_its_end() -> None:
    effect = Effect()
    with pytest.raises(ClientError, match="takes too long"):
        await in_time(effect.run(), timeout_s=0)
    gc.collect()
    effect.commit.set_result(None)
    await end_of_what_was_left_alone()
    assert effect.is_in_force


async def test_what_is_waited_for_goes_on_when_who_waits_is_cancelled() -> None:
    effect = Effect()
    requester = asyncio.create_task(in_time(effect.run(), timeout_s=60))
    await asyncio.sleep(0)
    requester.cancel()
    with pytest.raises(asyncio.CancelledError):
        await requester
    effect.commit.set_result(None)
    await end_of_what_was_left_alone()
    assert effect.is_in_force


async def test_a_decision_whose_commit_takes_too_long_comes_into_force(tmp_path: Path) -> None:
    async with open_slo_file(tmp_path, SystemClock()) as file:
        decisions = await load_decisions(file.ledger, SystemClock(), iter("ab").__next__)
        late = decisions.entry("deployment", "ann", {})
        with pytest.raises(ClientError, match="takes too long"):
            await in_time(decisions.record(late), timeout_s=0)
        await decisions.record(decisions.entry("deployment", "ann", {}))
        assert [entry.id for entry in decisions.of("deployment")] == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (BackendUnavailableError("sqlite", "no disk"), ["BackendUnavailableError"]),
        (ClientError("UNAVAILABLE", "not now", temporary=True), ["ClientError"]),
        (ClientError("CONFLICT", "no"), []),
        (AlreadyAnsweredError(Answer(201, b"")), []),
    ],
    ids=["the disk fails", "a part is not available", "it is refused", "it was done before"],
)
async def test_what_fails_after_its_requester_was_answered_is_logged_by_kind_and_place_unless_it_is_a_refusal(
    error: Exception, logged: list[str]
) -> None:
    stream, effect = io.StringIO(), Effect(error)
    with configure("error", "json", stream):
        with pytest.raises(ClientError, match="takes too long"):
            await in_time(effect.run(), timeout_s=0)
        effect.commit.set_result(None)
        await end_of_what_was_left_alone()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["error_type"] for line in lines] == logged
    assert all(line["place"].endswith(" in run") for line in lines)
    assert str(error) not in stream.getvalue()


def test_what_was_left_alone_ends_without_a_word_when_the_loop_ends() -> None:
    complaints, stream = list[object](), io.StringIO()

    async def leave() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        with pytest.raises(ClientError, match="takes too long"):
            await in_time(Effect().run(), timeout_s=0)

    with configure("error", "json", stream):
        asyncio.run(leave())
        gc.collect()
    assert (complaints, stream.getvalue(), left_alone()) == ([], "", set())
