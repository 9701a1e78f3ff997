"""kill -9 and SIGTERM while events flow: each answered event reaches everyone once, in one order; repeating a request changes nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.server_process import ServerProcess, running_server

ROUNDS = int(os.environ.get("SUREWIRE_CRASH_ROUNDS", "6"))
SEED = int(os.environ.get("SUREWIRE_CRASH_SEED", "20261121"))
SUBSCRIBERS, PUBLISHERS = 4, 3
RAISED = {"SUREWIRE_LIMITS__ACCEPT_RATE_PER_S": "100000", "SUREWIRE_DRAIN__TIMEOUT_S": "10", "SUREWIRE_EVENTS__HISTORY_EVENTS": "100000"}
RETRY_S = 0.02

Fault = Callable[[ServerProcess], Awaitable[None]]


class Publisher:
    """Publishes batches under idempotency keys, each again and again until it is answered."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self._address = name, address
        self.answered: dict[str, tuple[int, str]] = {}
        """The offset and id that each title was answered with."""

    async def run(self, stop: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=self._address, timeout=5) as http:
            for number in itertools.count():
                if stop.is_set():
                    return
                await self._publish(http, number)

    async def _publish(self, http: httpx.AsyncClient, number: int) -> None:
        titles = [f"{self.name}.{number}.{index}" for index in range(1 + number % 5)]
        body = {"events": [{"event_type": "deployment", "data": title} for title in titles]}
        while True:
            try:
                answer = await http.post("/v1/events", json=body, headers={"Idempotency-Key": f"{self.name}-{number}"})
            except httpx.TransportError:
                await asyncio.sleep(RETRY_S)
                continue
            if answer.status_code == 202:
                break
            assert answer.status_code in {409, 503}, answer.text
            await asyncio.sleep(RETRY_S)
        for title, event in zip(titles, answer.json()["events"], strict=True):
            self.answered[title] = event["position"]["offset"], event["message_id"]


class Subscriber:
    """Comes back after every cut with its position, as the protocol asks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.position: dict[str, Any] | None = None
        self.epochs: set[str] = set()
        self.seen: list[tuple[int, str, str]] = []

    async def run(self, finished: asyncio.Event) -> None:
        while not finished.is_set():
            try:
                async with connect(self._url, open_timeout=5, close_timeout=1, ping_interval=None) as socket:
                    await self._follow(socket, finished)
            except (OSError, websockets.WebSocketException, TimeoutError):
                await asyncio.sleep(RETRY_S)

    async def _follow(self, socket: ClientConnection, finished: asyncio.Event) -> None:
        await self._subscribe(socket)
        while not finished.is_set():
            try:
                message = json.loads(await asyncio.wait_for(socket.recv(), 0.25))
            except TimeoutError:
                continue
            if message["type"] == "event":
                self._take(message)
            elif message["type"] == "subscribed" and "recovery" in message:
                await self._recovered(socket, message)
            elif message["type"] == "subscribed" and self.position is None:
                self.position = message["position"]

    async def _recovered(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        recovery = message["recovery"]
        assert recovery["complete"], recovery
        for _ in range(recovery["count"]):
            self._take(json.loads(await socket.recv()))
        if recovery["has_more"]:
            await self._subscribe(socket)

    async def _subscribe(self, socket: ClientConnection) -> None:
        since = {"since": self.position} if self.position else {}
        await socket.send(json.dumps({"type": "subscribe", "subscription_id": "s", "filters": {}, **since}))

    def _take(self, message: dict[str, Any]) -> None:
        self.position = message["position"]
        self.epochs.add(message["position"]["epoch"])
        self.seen.append((message["position"]["offset"], message["message_id"], message["event"]["data"]))


async def kill(server: ServerProcess) -> None:
    await server.kill()


async def drain(server: ServerProcess) -> None:
    assert await server.terminate() == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", [kill, drain], ids=["kill -9", "SIGTERM"])
async def test_no_fault_loses_repeats_or_moves_an_event(fault: Fault, tmp_path: Path) -> None:
    stop, finished = asyncio.Event(), asyncio.Event()
    async with running_server(tmp_path / "data", **RAISED) as server, asyncio.TaskGroup() as tasks:
        subscribers = [Subscriber(server.ws) for _ in range(SUBSCRIBERS)]
        listening = [tasks.create_task(subscriber.run(finished)) for subscriber in subscribers]
        await _until(lambda: all(subscriber.position for subscriber in subscribers))
        publishers = [Publisher(f"p{number}", server.http) for number in range(PUBLISHERS)]
        publishing = [tasks.create_task(publisher.run(stop)) for publisher in publishers]
        await _repeat(fault, server, Random(SEED))
        stop.set()
        await asyncio.wait(publishing)
        head = max(offset for publisher in publishers for offset, _ in publisher.answered.values())
        await _until(lambda: all(subscriber.seen and subscriber.seen[-1][0] >= head for subscriber in subscribers))
        finished.set()
        await asyncio.wait(listening)
    _check(subscribers, {title: place for publisher in publishers for title, place in publisher.answered.items()})


def _check(subscribers: list[Subscriber], answered: dict[str, tuple[int, str]]) -> None:
    seen = subscribers[0].seen
    assert all(subscriber.seen == seen for subscriber in subscribers), "everyone has the same events in the same order"
    assert [offset for offset, _, _ in seen] == list(range(1, len(seen) + 1)), "none is missing and none comes twice"
    assert {title: (offset, message_id) for offset, message_id, title in seen} == answered, "what was answered is what came"
    assert len(answered) == len(seen) > 10 * ROUNDS, "a request that was repeated had one effect"
    assert len({epoch for subscriber in subscribers for epoch in subscriber.epochs}) == 1


async def _repeat(fault: Fault, server: ServerProcess, chance: Random) -> None:
    for _ in range(ROUNDS):
        await asyncio.sleep(chance.uniform(0.1, 0.8))
        await fault(server)
        await server.start()
    await asyncio.sleep(0.5)


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for is the work of other processes
            await asyncio.sleep(0.05)
