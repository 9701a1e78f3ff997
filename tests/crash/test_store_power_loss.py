"""The power is cut before every single write and fsync of the product's own store: nothing acknowledged is lost.

`SUREWIRE_CRASH_SEEDS=100` runs longer.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from surewire.adapters.sqlite import checkpoint, file
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.domain.message import Message
from tests.contracts.open_store import Sender
from tests.crash.store_disk import FaultyDisk
from tests.crash.store_history import problems_of
from tests.fakes.clock import SettableClock

SEEDS = range(int(os.environ.get("SUREWIRE_CRASH_SEEDS", "2")))
CHATS = 3


class Cuts:
    """Cuts the power before every operation and judges what is left; the store goes on undisturbed."""

    def __init__(self, disk: FaultyDisk, folder: Path, random_: random.Random, acknowledged: Callable[[], list[Message]]) -> None:
        self._disk, self._source, self._copy = disk, folder / "surewire.db", folder / "cut.db"
        self._random, self._acknowledged = random_, acknowledged
        self.count = 0
        self.problems: list[str] = []
        disk.before = self._cut

    def _cut(self, path: str) -> None:
        if not path.startswith(str(self._source)):
            return
        acknowledged = self._acknowledged()
        self._disk.cut_power(self._source, self._copy, self._random)
        self.count += 1
        try:
            found = problems_of(self._copy, acknowledged)
        except Exception as error:
            found = [repr(error)]
        self.problems += [f"cut {self.count}: {problem}" for problem in found]


async def talk(store: OpenSqliteStore, sender: Sender, random_: random.Random, rounds: int) -> None:
    """Several chats, batches of all sizes, repetitions, changes of members, and a removal now and then."""
    chats = [(await store.messages.create_chat("alice", ["bob"], None)).chat_id for _ in range(CHATS)]
    for turn in range(rounds):
        size = random_.choice((1, 1, 2, 5, 30))
        requests = [
            sender.request(
                random_.choice(chats),
                random_.choice(("alice", "bob")),
                f"{turn}-{number}",
                random_.choice("xyz") * random_.randrange(2_000),
            )
            for number in range(size)
        ]
        first = requests[0]
        again = sender.request(first.chat_id, first.sender_id, first.client_message_id, first.content)
        jobs = [store.messages.add_member(chats[0], "alice", f"user{turn}")] if turn % 5 == 0 else []
        outcomes, *_ = await asyncio.gather(sender.send_all([*requests, again]), *jobs)
        assert all(isinstance(outcome, Message) for outcome in outcomes)


async def run(folder: Path, seed: int, rounds: int = 10) -> tuple[Cuts, list[Message]]:
    random_ = random.Random(seed)
    disk = FaultyDisk()
    sender: list[Sender] = []
    cuts = Cuts(disk, folder, random_, lambda: list(sender[0].acknowledged) if sender else [])
    async with open_sqlite_store(folder, SqliteStore(), SettableClock(), vfs=disk.name) as store:
        sender.append(Sender(store.message_writer))
        await talk(store, sender[0], random_, rounds)
    return cuts, sender[0].acknowledged


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_acknowledged_is_lost_wherever_the_power_is_cut(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_DUE_PAGES", 40)  # so that cuts fall into checkpoints too
    cuts, acknowledged = await run(tmp_path, seed)
    assert cuts.problems == []
    assert cuts.count > 150
    assert problems_of(tmp_path / "surewire.db", acknowledged) == []


async def test_the_model_finds_the_losses_of_a_store_that_does_not_synchronise_its_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(file._WRITER, "synchronous", 1)
    cuts, _ = await run(tmp_path, 0, rounds=5)
    assert any("is not there" in problem for problem in cuts.problems)
