"""Requests with long answers: one at a time, each once its client has read the answer before.

A client may ask for many pages at once, and every page may fill half its outbound buffer. Answered as fast as the store reads, they
would make a slow consumer of a client that reads as fast as its network lets it. So a connection with such requests has a line of
them, worked off in the order in which they came, each by a short task; no task ever waits for a client.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from surewire.errors import ClientError

if TYPE_CHECKING:
    from surewire.gateway.connection import Connection

__all__ = ["LongAnswers", "LongRequest"]

_MOST_WAITING: Final = 100
_RETRY_AFTER_S: Final = 1.0


class LongRequest(NamedTuple):
    """What is asked for: `answer` gets the monotonic time from which its latency counts."""

    answer: Callable[[float], Coroutine[Any, Any, None]]
    arrived_s: float
    request_id: str | None
    subscription_id: str | None


class LongAnswers:
    """The line of one connection, which forgets it when it is empty."""

    __slots__ = ("_connection", "_turn_s", "_waiting")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[LongRequest] = deque()
        self._turn_s = 0.0

    def check_room(self) -> None:
        """Raises: ClientError `RATE_LIMITED` when too many wait for another one to be taken."""
        if len(self._waiting) >= _MOST_WAITING:
            problem = "too many requests wait until you have read their answers"
            raise ClientError("RATE_LIMITED", problem, temporary=True, retry_after_s=_RETRY_AFTER_S)

    def add(self, request: LongRequest) -> None:
        """Takes a request. Raises: ClientError `RATE_LIMITED` when too many wait."""
        self.check_room()
        self._waiting.append(request)

    def go_on(self) -> None:
        """Starts on the next request, if there is one and its client is still there."""
        connection = self._connection
        if self._waiting and connection.is_open:
            connection.context.spawn(self._answer_next(), "long answer")
        else:
            connection.long_answers = None

    async def _answer_next(self) -> None:
        connection, request = self._connection, self._waiting.popleft()
        if connection.is_open:
            answer = request.answer(max(self._turn_s, request.arrived_s))
            await connection.guarded(answer, request.request_id, request.subscription_id)
        connection.when_flowing(self._next_turn)

    def _next_turn(self) -> None:
        self._turn_s = self._connection.context.clock.monotonic()
        self.go_on()
