"""The writer thread: what it does together, what it keeps apart, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.file import locked_file
from surewire.adapters.sqlite.work import Commit
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.errors import BackendError, BackendUnavailableError, ClientError, SurewireError
from tests.fakes.clock import SettableClock

INSERT = "INSERT INTO consumers (consumer, position) VALUES (?, 0)"


class Names:
    """A lane that stores names, each once. `x…` is refused by the lane itself, a repeated one by the database."""

    def __init__(self) -> None:
        self.settled: list[str] = []
        self.failed: list[str] = []
        self.commits: list[Commit] = []
        self.applied: list[int] = []
        self.calls: list[str] = []
        self.settled_some = asyncio.Event()

    def apply(self, connection: Connection, items: Sequence[str]) -> Sequence[str]:
        self.applied.append(len(items))
        for item in items:
            if item.startswith("x"):
                raise ClientError("CONFLICT", "no x")
            connection.execute(INSERT, (item,))
        return [item.upper() for item in items]

    def rolled_back(self) -> None:
        self.calls.append("rolled back")

    def reopened(self, connection: Connection) -> None:
        self.calls.append("reopened")

    def settle(self, items: Sequence[str], outcomes: Sequence[str], commit: Commit) -> None:
        assert [item.upper() for item in items] == list(outcomes)
        self.settled += items
        self.commits.append(commit)
        self.settled_some.set()

    def fail(self, items: Sequence[str], error: SurewireError) -> None:
        self.failed += items

    def resumed(self) -> None:
        self.calls.append("resumed")


def names_in(connection: Connection) -> list[str]:
    return [name for (name,) in rows(connection, "SELECT consumer FROM consumers ORDER BY consumer")]


@asynccontextmanager
async def writing(folder: Path, limit: int = 1_000) -> AsyncGenerator[tuple[GroupCommitWriter, Names]]:
    with locked_file(folder / "surewire.db", "messages") as file:
        writer, names = GroupCommitWriter(file, SettableClock(), limit=limit), Names()
        writer.add_lane(names)
        async with writer:
            yield writer, names


async def test_what_waits_is_one_commit(tmp_path: Path) -> None:
    async with writing(tmp_path) as (writer, names):
        blocked = asyncio.get_running_loop().create_future()
        first = asyncio.ensure_future(writer.run(lambda connection: connection.execute(INSERT, ("first",)), blocked.set_result))
        given = [["a"], ["b", "c"], ["d"]]
        await asyncio.sleep(0)
        for items in given:
            assert writer.put(names, items)
        await first
        assert await writer.run(names_in) == ["a", "b", "c", "d", "first"]
        assert names.settled == ["a", "b", "c", "d"]
        assert sum(names.applied) == 4
        assert given == [["a"], ["b", "c"], ["d"]], "a given list is not changed"
        assert writer.waiting == 0


async def test_a_job_that_fails_spoils_nothing_else(tmp_path: Path) -> None:
    async with writing(tmp_path) as (writer, names):

        def fail(connection: Connection) -> None:
            connection.execute(INSERT, ("undone",))
            raise ClientError("FORBIDDEN", "no")

        writer.put(names, ["a"])
        failing = asyncio.ensure_future(writer.run(fail))
        wrong = asyncio.ensure_future(writer.run(lambda connection: connection.execute("SELECT nonsense")))
        twice = asyncio.ensure_future(writer.run(lambda connection: connection.execute(INSERT, ("a",))))
        await asyncio.sleep(0)
        writer.put(names, ["b"])
        assert await writer.run(names_in) == ["a", "b"]
        with pytest.raises(ClientError, match="no"):
            await failing
        for refused in (wrong, twice):
            with pytest.raises(BackendError) as caught:
                await refused
            assert not isinstance(caught.value, BackendUnavailableError)
        assert writer.problem is None


async def test_an_item_that_fails_spoils_no_other(tmp_path: Path) -> None:
    async with writing(tmp_path) as (writer, names):
        writer.put(names, ["a", "x1", "b", "a", "c"])
        assert await writer.run(names_in) == ["a", "b", "c"]
        assert (names.settled, names.failed) == (["a", "b", "c"], ["x1", "a"])
        assert names.applied[:2] == [5, 1]
        assert "rolled back" in names.calls
        assert writer.waiting == 0


async def test_results_come_in_the_order_of_the_work(tmp_path: Path) -> None:
    async with writing(tmp_path) as (writer, names):
        order: list[str] = []
        names.settle = lambda items, outcomes, commit: order.extend(items)  # type: ignore[method-assign]
        jobs = []
        for number in range(5):
            writer.put(names, [f"item {number}"])
            jobs.append(asyncio.ensure_future(writer.run(lambda _, n=number: n, lambda n: order.append(f"job {n}"))))  # type: ignore[misc]
            await asyncio.sleep(0)
        assert await asyncio.gather(*jobs) == [0, 1, 2, 3, 4]
        assert order == [f"{kind} {number}" for number in range(5) for kind in ("item", "job")]


async def test_too_much_is_not_taken(tmp_path: Path) -> None:
    async with writing(tmp_path, limit=3) as (writer, names):
        assert not writer.put(names, ["a", "b", "c", "d"])
        assert writer.put(names, ["a", "b", "c"])
        assert not writer.put(names, ["d"])
        with pytest.raises(BackendUnavailableError, match="too many writes wait"):
            await writer.run(names_in)
        await names.settled_some.wait()
        assert await writer.run(names_in) == ["a", "b", "c"]


async def test_a_caller_that_leaves_does_not_stop_its_job(tmp_path: Path) -> None:
    async with writing(tmp_path) as (writer, _):
        job = asyncio.ensure_future(writer.run(lambda connection: connection.execute(INSERT, ("a",))))
        await asyncio.sleep(0)
        job.cancel()
        assert await writer.run(names_in) == ["a"]


async def test_leaving_commits_what_waits_and_then_nothing_is_taken(tmp_path: Path) -> None:
    async with writing(tmp_path) as (writer, names):
        for number in range(100):
            writer.put(names, [f"{number:03}"])
    assert len(names.settled) == 100
    assert not writer.put(names, ["late"])
    with pytest.raises(BackendUnavailableError, match="has ended"):
        await writer.run(names_in)
    assert (tmp_path / "surewire.db-wal").stat().st_size == 0
    async with writing(tmp_path) as (again, _):
        assert len(await again.run(names_in)) == 100


async def test_a_receiver_that_fails_keeps_nothing_from_the_others(tmp_path: Path) -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with writing(tmp_path) as (writer, names):

        def confused(_: object) -> None:
            raise ValueError("mine")

        lost = asyncio.ensure_future(writer.run(lambda _: 1, confused))
        await asyncio.sleep(0)
        writer.put(names, ["a"])
        assert await writer.run(names_in) == ["a"]
        assert names.settled == ["a"]
        assert [str(context["exception"]) for context in reported] == ["mine"]
        lost.cancel()


async def test_lanes_hear_of_the_opening(tmp_path: Path) -> None:
    async with writing(tmp_path) as (_, names):
        assert names.calls == ["reopened", "resumed"]
