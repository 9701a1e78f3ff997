"""uvicorn's HTTP protocol with the two clocks it lacks: for a client that does not finish sending, and for one that does not read."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

__all__ = ["TimedHttpProtocol"]


class TimedHttpProtocol(HttpToolsProtocol):
    """One connection. A subclass arms its deadline and says in `_expired` what then; an answer left unread resets it by itself."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        write_timeout_s: float,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._write_timeout_s = write_timeout_s
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and its clocks stop."""
        self._disarm()
        self._stop_watching()
        super().connection_lost(exc)

    # What the client still has to send

    def _arm(self, delay_s: float) -> None:
        """Sets the deadline, unless one is set."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(delay_s, self._fire)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _fire(self) -> None:
        self._deadline = None
        self._expired()

    def _expired(self) -> None:
        """The deadline has passed."""
        self.transport.close()

    # What the client still has to read

    def pause_writing(self) -> None:
        """The send buffer is full."""
        super().pause_writing()
        self._watch_unread()

    def resume_writing(self) -> None:
        """The send buffer has emptied."""
        super().resume_writing()
        self._stop_watching()

    def timeout_keep_alive_handler(self) -> None:
        """The connection was idle for long: it is closed, and reset when its last answer is still unread."""
        super().timeout_keep_alive_handler()
        self._watch_unread()

    def _watch_unread(self) -> None:
        if self._unread is None and self.transport.get_write_buffer_size():
            self._unread = self.loop.call_later(self._write_timeout_s, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
