"""kill -9 and SIGTERM while people talk: nothing acknowledged is lost, nothing comes twice, everyone has the same order."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.crash.chat_user import ChatUser
from tests.crash.history import History, Logged, violations
from tests.server_process import ServerProcess, running_server

ROUNDS = int(os.environ.get("SUREWIRE_CRASH_ROUNDS", "6"))
CHATS, MEMBERS = 4, 3
_RAISED = {
    "SUREWIRE_LIMITS__ACCEPT_RATE_PER_S": "100000",
    "SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "100000",
    "SUREWIRE_LIMITS__CHAT_BURST": "100000",
    "SUREWIRE_LIMITS__MESSAGES_PER_S": "100000",
    "SUREWIRE_LIMITS__BURST": "100000",
    "SUREWIRE_DRAIN__TIMEOUT_S": "10",
}

Fault = Callable[[ServerProcess], Awaitable[None]]


async def kill(server: ServerProcess) -> None:
    await server.kill()


async def drain(server: ServerProcess) -> None:
    assert await server.terminate() == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", [kill, drain], ids=["kill -9", "SIGTERM"])
async def test_no_fault_loses_repeats_or_reorders_messages(fault: Fault, tmp_path: Path) -> None:
    seed = int(os.environ.get("SUREWIRE_CRASH_SEED", "20261121"))
    history = History()
    stop, finished = asyncio.Event(), asyncio.Event()
    async with running_server(tmp_path / "data", **_RAISED) as server, asyncio.TaskGroup() as tasks:
        users = await _users(server, history, stop, finished)
        for user in users:
            tasks.create_task(user.run(), name=user.name)
        await _repeat(fault, server, random.Random(seed))
        stop.set()
        await _settle(server, history, users)
        finished.set()
    assert sum(bool(send.sequences) for send in history.sends.values()) > 10 * ROUNDS
    assert violations(history) == [], f"seed {seed}, {len(history.sends)} sends"
    if fault is drain:
        assert {closing["code"] for user in users for closing in user.closings} == {1012}


async def _users(server: ServerProcess, history: History, stop: asyncio.Event, finished: asyncio.Event) -> list[ChatUser]:
    users: list[ChatUser] = []
    async with httpx.AsyncClient(base_url=server.http) as http:
        for number in range(CHATS):
            names = [f"user{number}-{member}" for member in range(MEMBERS)]
            answer = await http.post("/v1/chats", params={"user_id": names[0]}, json={"members": names})
            chat = answer.raise_for_status().json()["chat_id"]
            history.members[chat] = set(names)
            users += [ChatUser(server.ws, name, chat, history, stop, finished) for name in names]
    return users


async def _repeat(fault: Fault, server: ServerProcess, chance: random.Random) -> None:
    for _ in range(ROUNDS):
        await asyncio.sleep(chance.uniform(0.1, 0.8))
        await fault(server)
        await server.start()
    await asyncio.sleep(0.5)


async def _settle(server: ServerProcess, history: History, users: list[ChatUser]) -> None:
    """Waits until every send is answered and everyone has everything, then reads the logs."""
    await _eventually(lambda: all(user.has_answer for user in users))
    for chat, members in history.members.items():
        history.logs[chat] = await _log(server, chat, min(members))
    await _eventually(lambda: all(user.has_all(len(history.logs[user.chat])) for user in users))


async def _eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what happens outside tells no event
            await asyncio.sleep(0.05)


async def _log(server: ServerProcess, chat: str, member: str) -> list[Logged]:
    log: list[Logged] = []
    async with httpx.AsyncClient(base_url=server.http) as http:
        while True:
            answer = await http.get(f"/v1/chats/{chat}/messages", params={"user_id": member, "after_sequence": len(log), "limit": 200})
            page = answer.raise_for_status().json()
            log += [Logged(message["sequence"], message["sender_id"], message["content"]) for message in page["messages"]]
            if not page["has_more"]:
                return log
