"""One connection of a client: what goes out keeps to the server's rate, what comes in is decoded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from surewire.client.incoming import Incoming, Unknown, decode
from surewire.domain.rate import TokenBucket
from surewire.errors import ClientError
from surewire.protocol.server_messages import Closing, Welcome

__all__ = ["Session"]


class Session:
    """A connection that was welcomed. After `read` returned, `closing` and `close_code` say how it ended."""

    def __init__(self, connection: ClientConnection, welcome: Welcome) -> None:
        self.welcome = welcome
        self.closing: Closing | None = None
        self.opened_at = asyncio.get_running_loop().time()
        self._connection = connection
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._bucket = TokenBucket(welcome.limits.messages_per_s, welcome.limits.burst, self.opened_at)

    @property
    def close_code(self) -> int | None:
        """The code of the close frame, None when the connection broke without one."""
        code = self._connection.close_code
        return None if code == 1006 else code

    @property
    def close_reason(self) -> str:
        """What the close frame says."""
        return self._connection.close_reason or ""

    def say(self, frame: bytes) -> None:
        """Puts the text of a frame at the end of the line. Raises: ClientError `TOO_LARGE` for one that would end the connection."""
        most = self.welcome.limits.max_message_bytes
        if len(frame) > most:
            problem = f"this takes {len(frame):,} bytes to say, and the server takes at most {most:,} at once"
            raise ClientError("TOO_LARGE", problem, details={"max_bytes": most})
        self._outgoing.put_nowait(frame)

    async def write(self) -> None:
        """Sends what is in line, no faster than the server takes it, until the connection ends or this is cancelled."""
        try:
            while True:
                frame = await self._outgoing.get()
                await self._turn()
                await self._connection.send(frame, text=True)
                self._outgoing.task_done()
        except ConnectionClosed:
            return

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time
        while (wait_s := self._bucket.take(now())) > 0:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(wait_s)

    async def read(self, receive: Callable[[Incoming | Unknown], None]) -> None:
        """Gives every message to `receive` until the connection ends. Raises: ValueError when the other end does not speak the protocol."""
        try:
            async for frame in self._connection:
                message = decode(frame)
                if isinstance(message, Closing):
                    self.closing = message
                receive(message)
        except ConnectionClosed:
            return

    async def finish(self, timeout_s: float) -> None:
        """Sends what is in line, then closes; gives up on the line after `timeout_s`."""
        waits = [asyncio.ensure_future(waiting) for waiting in (self._outgoing.join(), self._connection.wait_closed())]
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for waiting in waits:
            waiting.cancel()
        await self.close()

    async def close(self) -> None:
        """Ends the connection. Idempotent."""
        await self._connection.close()
