"""A member who never gives up: sends, waits for the answer, comes back after every cut, asks for what it missed, sends again."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.crash.history import History, Send, Shown

__all__ = ["ChatUser"]

_GONE = (OSError, websockets.WebSocketException, TimeoutError)
_RETRY_S = 0.02


class ChatUser:
    """One member of one chat on one connection at a time; independent of surewire's own client."""

    def __init__(self, url: str, name: str, chat: str, history: History, stop: asyncio.Event, finished: asyncio.Event) -> None:
        self._url, self.name, self.chat, self._history = f"{url}?user_id={name}", name, chat, history
        self._stop, self._finished = stop, finished
        self._number = self._lives = 0
        self._have = 0
        self._pending: Send | None = None
        self.closings: list[dict[str, Any]] = []

    async def run(self) -> None:
        """Talks until `stop`, then only until its last message is answered; listens until `finished`."""
        while not self._finished.is_set():
            try:
                async with connect(self._url, open_timeout=5, close_timeout=1, ping_interval=None) as socket:
                    await self._live(socket)
            except _GONE:
                await asyncio.sleep(_RETRY_S)

    @property
    def has_answer(self) -> bool:
        return self._pending is None

    def has_all(self, latest: int) -> bool:
        return self._have >= latest

    async def _live(self, socket: ClientConnection) -> None:
        self._lives += 1
        session = f"{self.name}-{self._lives}"
        await self._ask(socket)
        await self._say(socket)
        while not self._finished.is_set():
            try:
                message = json.loads(await asyncio.wait_for(socket.recv(), 0.25))
            except TimeoutError:
                await self._ask(socket)
                continue
            await self._take(socket, session, message)

    async def _take(self, socket: ClientConnection, session: str, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "message_ack":
            self._answered(message)
            await self._say(socket)
        elif kind == "message":
            self._show(session, message, live=True)
        elif kind == "sync_response":
            for one in message["chats"][0]["messages"]:
                self._show(session, one, live=False)
            if message["chats"][0]["has_more"]:
                await self._ask(socket)
        elif kind == "closing":
            self.closings.append(message)
        elif kind == "error":
            await asyncio.sleep(_RETRY_S)
            await self._say(socket)

    def _answered(self, ack: dict[str, Any]) -> None:
        send = self._history.sends[self.chat, self.name, ack["client_message_id"]]
        send.sequences.append(ack["sequence"])
        if send is self._pending:
            send.acked = time.monotonic()
            self._pending = None

    def _show(self, session: str, message: dict[str, Any], *, live: bool) -> None:
        sequence = message["sequence"]
        self._history.shown.append(Shown(self.name, session, self.chat, sequence, message["content"], live))
        # Live messages may be ahead of what is still to be asked for, so only the next one extends what is had without a gap.
        if not live or sequence == self._have + 1:
            self._have = max(self._have, sequence)

    async def _ask(self, socket: ClientConnection) -> None:
        wanted = {"chat_id": self.chat, "after_sequence": self._have}
        await socket.send(json.dumps({"type": "sync_request", "chats": [wanted], "limit": 500}))

    async def _say(self, socket: ClientConnection) -> None:
        if self._pending is None:
            if self._stop.is_set():
                return
            self._number += 1
            name = f"{self.name}-m{self._number}"
            self._pending = self._history.sends[self.chat, self.name, name] = Send(self.chat, self.name, name, time.monotonic())
        words = {"chat_id": self.chat, "client_message_id": self._pending.client_id, "content": self._pending.client_id}
        await socket.send(json.dumps({"type": "send_message", **words}))
