"""Durable chat: messages acknowledged per second with their deliveries, and latencies at a fixed offered rate."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Any

from benchmarks.spine.client import Client, close_all, http_post, open_all
from benchmarks.spine.measure import percentile, spread
from benchmarks.spine.server import ServerProcess, surewire

__all__ = ["chat"]

CONTENT = "x" * 240
ROUNDS = 5
ROUND_S = 4.0
_ACK = b'{"type":"message_ack"'
_MESSAGE = b'{"type":"message"'
_CHATS_AT_ONCE = 32


class _Pair:
    """A two-member chat whose first member keeps so many messages in flight, or sends when it is told to."""

    def __init__(self, chat_id: str, in_flight: int) -> None:
        self.chat_id, self.in_flight = chat_id, in_flight
        self.acked = self.delivered = self.sent = self.errors = 0
        self.running = True
        self.sender: Any = None
        self.due: deque[float] = deque()
        self.latencies_s: list[float] = []
        self._frame = json.dumps({"type": "send_message", "chat_id": chat_id, "client_message_id": "%d", "content": CONTENT})

    def send(self, due_s: float | None = None) -> None:
        self.sent += 1
        if due_s is not None:
            self.due.append(due_s)
        self.sender.transport.send(1, (self._frame % self.sent).encode())

    def on_sender(self, _: Client, payload: memoryview) -> None:
        if payload[:21] != _ACK:
            self.errors += payload[:15] == b'{"type":"error"'
            return
        self.acked += 1
        if self.due:
            self.latencies_s.append(time.monotonic() - self.due.popleft())
        elif self.running:
            self.send()

    def on_receiver(self, _: Client, payload: memoryview) -> None:
        self.delivered += payload[:17] == _MESSAGE


async def _pairs(server: ServerProcess, count: int, in_flight: int) -> tuple[list[_Pair], list[Client]]:
    base = f"{server.host}:{server.port}"
    gate = asyncio.Semaphore(_CHATS_AT_ONCE)

    async def make(number: int) -> _Pair:
        async with gate:
            chat = await http_post(f"http://{base}/v1/chats?user_id=s{number}", {"members": [f"s{number}", f"r{number}"]})
            return _Pair(chat["chat_id"], in_flight)

    pairs = list(await asyncio.gather(*(make(number) for number in range(count))))
    clients: list[Client] = []
    for role, take in (("s", _Pair.on_sender), ("r", _Pair.on_receiver)):
        bound = iter(pairs)
        # open_all keeps the order of its URLs, so the n-th client belongs to the n-th pair.
        opened = await open_all((f"ws://{base}/ws?user_id={role}{number}" for number in range(count)), _ignore)
        for client in opened:
            pair = next(bound)
            client.received = take.__get__(pair)
            if role == "s":
                pair.sender = client
        clients += opened
    return pairs, clients


def _ignore(_: Client, __: memoryview) -> None:
    """Until its pair is known a client has nothing to look at."""


async def _throughput(chats: int, in_flight: int) -> dict[str, Any]:
    async with surewire() as server:
        pairs, clients = await _pairs(server, chats, in_flight)
        for pair in pairs:
            for _ in range(in_flight):
                pair.send()
        await asyncio.sleep(1)
        rates, cpu = [], []
        for _ in range(ROUNDS):
            acked, before, started = sum(pair.acked for pair in pairs), server.usage(), time.monotonic()
            await asyncio.sleep(ROUND_S)
            count, after = sum(pair.acked for pair in pairs) - acked, server.usage()
            rates.append(count / (time.monotonic() - started))
            cpu.append((after.user_s + after.system_s - before.user_s - before.system_s) / count * 1e6)
        lost = await _finish(pairs)
        await close_all(clients)
    return {"acked_per_s": spread(rates), "server_cpu_us_per_message": spread(cpu), **lost}


async def _finish(pairs: list[_Pair]) -> dict[str, int]:
    """Stops sending, waits for everything that is due, and says what is missing."""
    for pair in pairs:
        pair.running = False
    for _ in range(100):
        await asyncio.sleep(0.1)
        if all(pair.sent == pair.acked == pair.delivered for pair in pairs):
            break
    return {
        "sent": sum(pair.sent for pair in pairs),
        "unacknowledged": sum(pair.sent - pair.acked for pair in pairs),
        "undelivered": sum(pair.acked - pair.delivered for pair in pairs),
        "errors": sum(pair.errors for pair in pairs),
    }


async def _offered(rate_per_s: float, chats: int = 50) -> dict[str, Any]:
    """Acknowledgement latencies from the moment a message was due, so that a stall is not omitted."""
    async with surewire() as server:
        pairs, clients = await _pairs(server, chats, 1)
        for pair in pairs:
            pair.running = False
        started, number = time.monotonic(), 0
        while (due := started + number / rate_per_s) < started + ROUNDS * ROUND_S:
            wait_s = due - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            pairs[number % chats].send(due)
            number += 1
        lost = await _finish(pairs)
        latencies = sorted(latency for pair in pairs for latency in pair.latencies_s)
        await close_all(clients)
    return {"p50_ms": percentile(latencies, 0.5) * 1e3, "p99_ms": percentile(latencies, 0.99) * 1e3, "max_ms": latencies[-1] * 1e3, **lost}


async def chat() -> dict[str, Any]:
    """50 chats with 40 in flight, 1,000 with 1, and 2,000 messages/s offered."""
    return {
        "50_chats_x_40_in_flight": await _throughput(50, 40),
        "1000_chats_x_1_in_flight": await _throughput(1000, 1),
        "2000_per_s_offered": await _offered(2000),
    }
