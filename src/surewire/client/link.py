"""Keeping a connection: one session after the other, with waits between them that spread a herd of clients."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from surewire.client.address import Address
from surewire.client.backoff import Backoff, BackoffPolicy
from surewire.client.dial import dial, ended_for_good
from surewire.client.incoming import Incoming, Unknown
from surewire.client.notices import Disconnected, OnNotice
from surewire.client.session import Session
from surewire.errors import ClientError

__all__ = ["Link", "LinkOwner"]

_STABLE_S = 5.0
"""A connection that lived this long worked: the next failure is a new one."""


class LinkOwner(Protocol):
    """Whoever uses the connections."""

    @property
    def user_id(self) -> str:
        """Whom to connect as."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether no further connection is wanted."""
        ...

    def connected(self, session: Session) -> None:
        """A session begins."""
        ...

    def work(self, session: Session) -> list[Coroutine[Any, Any, None]]:
        """What is to run while the session lasts."""
        ...

    def receive(self, message: Incoming | Unknown) -> None:
        """A message came."""
        ...

    def disconnected(self) -> None:
        """The session ended."""
        ...

    def ended(self, error: ClientError | None) -> None:
        """No further session will begin, because of an error or because it was closed."""
        ...


class Link:
    """One owner's connection to one server."""

    def __init__(self, address: Address, owner: LinkOwner, notify: OnNotice, policy: BackoffPolicy) -> None:
        self._address, self._owner, self._notify = address, owner, notify
        self._backoff = Backoff(policy)

    async def keep(self, session: Session) -> None:
        """Converses on a session that has begun, then on further ones, until the owner is closed or must stay away."""
        error: ClientError | None = None
        try:
            while True:
                wait_s, reason = await self._converse(session)
                if self._owner.is_closed:
                    return
                session = await self._next_session(wait_s, reason)
                self._owner.connected(session)
        except ClientError as final:
            error = final
        finally:
            self._owner.ended(error)

    async def _next_session(self, wait_s: float, reason: str) -> Session:
        """A new session, after as many attempts as it takes. Raises: ClientError when the server will not have us."""
        while True:
            self._notify(Disconnected(reason, wait_s))
            await asyncio.sleep(wait_s)
            try:
                return await dial(self._address, self._owner.user_id)
            except ClientError as refused:
                if not refused.temporary:
                    raise
                reason = str(refused)
                wait_s = self._backoff.next_s() if refused.retry_after_s is None else refused.retry_after_s

    async def _converse(self, session: Session) -> tuple[float, str]:
        """One session to its end: how long to stay away then, and why it ended. Raises: ClientError to stay away for good."""
        try:
            await self._run(session)
        except ValueError as error:
            raise ClientError("UNSUPPORTED", f"{self._address.http} does not speak the surewire protocol: {error}") from error
        finally:
            self._owner.disconnected()
            await session.close()
        if asyncio.get_running_loop().time() - session.opened_at > _STABLE_S:
            self._backoff.reset()
        return self._after(session)

    async def _run(self, session: Session) -> None:
        failures: list[Exception] = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in (session.write(), *self._owner.work(session))]
                await session.read(self._owner.receive)
                for task in tasks:
                    task.cancel()
        except* (ClientError, ValueError) as errors:
            failures.extend(errors.exceptions)
        if failures:
            raise failures[0]

    def _after(self, session: Session) -> tuple[float, str]:
        closing, code = session.closing, session.close_code
        if code is not None and (error := ended_for_good(code, session.close_reason)):
            raise error
        if closing is None:
            return self._backoff.next_s(), f"close code {code}" if code else "the connection broke"
        if not closing.reconnect:
            raise ClientError("UNAVAILABLE", f"the server ended the connection for good: {closing.reason}")
        return closing.retry_after_ms / 1000, closing.reason
