"""A connection without a network: a transport in memory, on a loop whose time passes when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

__all__ = ["Pipe", "StillLoop", "cut"]

_TURNS = 12


class StillLoop(asyncio.SelectorEventLoop):
    """An event loop that keeps its timers until `pass_time`."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[asyncio.TimerHandle] = []

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._waiting.append(handle)
        return handle

    async def turns(self) -> None:
        """Lets everything happen that needs no time."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def pass_time(self) -> None:
        """Lets every deadline pass, in order, those that the others set included."""
        while self._waiting:
            waiting, self._waiting = sorted(self._waiting, key=lambda handle: handle.when()), []
            for handle in waiting:
                if not handle.cancelled():
                    handle._run()
            await self.turns()


class _Socket:
    """What is asked of a socket that has no file descriptor."""

    def setsockopt(self, *_: object) -> None: ...
    def getsockopt(self, *_: object) -> int:
        return 1

    def fileno(self) -> int:
        return -1

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 8080

    def getpeername(self) -> tuple[str, int]:
        return "127.0.0.1", 50_000


# A parser that saw no TLS would write to the file descriptor itself.
_EXTRA: Final = {"socket": _Socket(), "ssl_object": object()}


class Pipe(asyncio.Transport):
    """The server's side of a connection. What it writes gathers in `written`; nothing comes in once it is closed."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._protocol = protocol
        self.written = bytearray()
        self.is_closed = self.wrote_eof = False

    def feed(self, segments: Iterable[bytes]) -> None:
        """What the client sends, as the loop would hand it over; whoever the protocol is by then."""
        for segment in segments:
            if self.is_closed or not segment:
                continue
            protocol: Any = self._protocol
            if isinstance(protocol, asyncio.BufferedProtocol):
                buffer = protocol.get_buffer(len(segment))
                buffer[: len(segment)] = segment
                protocol.buffer_updated(len(segment))
            else:
                protocol.data_received(segment)

    def lose(self) -> None:
        """The end of the connection."""
        self.is_closed = True
        self._protocol.connection_lost(None)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return _EXTRA.get(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.wrote_eof, "written after the end"
        if not self.is_closed:
            self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.wrote_eof = True

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def is_reading(self) -> bool:
        return not self.is_closed

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The data in segments of these sizes, again and again from the first."""
    segments: list[bytes] = []
    at = number = 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        segments.append(data[at : at + size])
        at, number = at + size, number + 1
    return segments
