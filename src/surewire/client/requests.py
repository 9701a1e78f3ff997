"""Questions that have one answer: asked again after every reconnect and every temporary refusal, until they have it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias, cast

from surewire.client.backoff import Backoff, BackoffPolicy
from surewire.client.incoming import IncomingError
from surewire.client.subscription import Say
from surewire.errors import ClientError
from surewire.protocol.client_messages import History, SendMessage, SyncRequest
from surewire.protocol.server_messages import HistoryResult, MessageAck, SyncResponse

__all__ = ["Answer", "Ask", "Requests", "refusal"]

Ask: TypeAlias = SendMessage | SyncRequest | History
Answer: TypeAlias = MessageAck | SyncResponse | HistoryResult


class _Pending:
    __slots__ = ("ask", "backoff", "future")

    def __init__(self, ask: Ask, policy: BackoffPolicy) -> None:
        self.ask = ask
        self.backoff = Backoff(policy)
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()


class Requests:
    """All questions without an answer, in the order they were asked. They are safe to ask twice, which is what makes this right."""

    def __init__(self, say: Say, policy: BackoffPolicy) -> None:
        self._say, self._policy = say, policy
        self._pending: dict[str, _Pending] = {}
        self._numbers = count(1)
        self._end: ClientError | None = None

    async def ask(self, question: Callable[[str], Ask]) -> Answer:
        """The answer to `question(request_id)`. Raises: ClientError when the server refuses it for good, or the client ends."""
        self.check_open()
        request_id = f"r{next(self._numbers)}"
        pending = self._pending[request_id] = _Pending(_asked(question, request_id), self._policy)
        try:
            self._put(pending)
            return await pending.future
        finally:
            del self._pending[request_id]

    def reconnected(self) -> None:
        """Asks everything again."""
        for pending in self._pending.values():
            self._put(pending)

    def answered(self, answer: Answer) -> bool:
        """Whether the answer was waited for."""
        pending = self._pending.get(answer.request_id or "")
        if pending is None or pending.future.done():
            return False
        pending.future.set_result(answer)
        return True

    def refused(self, error: IncomingError) -> None:
        """A temporary refusal is followed by another attempt, any other one is the answer."""
        pending = self._pending.get(error.request_id or "")
        if pending is None or pending.future.done() or _is_partial(pending.ask, error):
            return
        if error.temporary or error.code == "RATE_LIMITED":
            wait_s = pending.backoff.next_s() if error.retry_after_ms is None else error.retry_after_ms / 1000
            asyncio.get_running_loop().call_later(wait_s, self._again, pending)
        else:
            pending.future.set_exception(refusal(error))

    def end(self, error: ClientError) -> None:
        """Nothing will be answered any more."""
        self._end = error
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(error)

    def check_open(self) -> None:
        """Raises: ClientError, why nothing can be asked any more, when that is so."""
        if self._end is not None:
            raise self._end

    def _again(self, pending: _Pending) -> None:
        if (pending.ask.request_id or "") in self._pending:
            self._put(pending)

    def _put(self, pending: _Pending) -> None:
        """Says it. What cannot be said fails alone, also when only a later server takes less at once than the one before."""
        try:
            self._say(pending.ask)
        except ClientError as unsaid:
            if not pending.future.done():
                pending.future.set_exception(unsaid)


def refusal(error: IncomingError) -> ClientError:
    """The server's refusal as an exception."""
    retry_after_s = None if error.retry_after_ms is None else error.retry_after_ms / 1000
    return ClientError(error.code, error.message, temporary=error.temporary, retry_after_s=retry_after_s, details=error.details)


def _asked(question: Callable[[str], Ask], request_id: str) -> Ask:
    try:
        return question(request_id)
    except ValueError as error:
        raise ClientError("INVALID_MESSAGE", str(error)) from error


def _is_partial(ask: Ask, error: IncomingError) -> bool:
    """Some chats of a sync are not the user's; the answer with the others follows."""
    if not isinstance(ask, SyncRequest) or error.code != "NOT_FOUND":
        return False
    return len(cast("list[Any]", error.details.get("chat_ids", ()))) < len(ask.chats)
