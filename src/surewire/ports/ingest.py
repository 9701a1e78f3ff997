"""The way into the durability plane: one message at a time in, an answer after its commit."""

from __future__ import annotations

from typing import Protocol

from surewire.domain.message import Message
from surewire.errors import SurewireError
from surewire.ports.idempotency import Claim

__all__ = ["Ingest", "SendOrigin", "SendRequest"]


class SendOrigin(Protocol):
    """Whoever sent a message and waits for the answer. Both methods are called on the event loop and must not block or raise."""

    def send_committed(self, request: SendRequest, message: Message, duplicate: bool) -> None:
        """The message is on disk. `duplicate`: it was there before, and `message` is the first one."""
        ...

    def send_refused(self, request: SendRequest, error: SurewireError) -> None:
        """The message was not stored, or (a temporary `UNAVAILABLE`) nobody knows; sending it again is safe."""
        ...


class SendRequest:
    """A checked request to store one message; made once per message, so it is small and plain."""

    __slots__ = ("chat_id", "claim", "client_message_id", "content", "content_type", "origin", "received_at", "request_id", "sender_id")

    def __init__(
        self,
        origin: SendOrigin,
        sender_id: str,
        chat_id: str,
        client_message_id: str,
        content: str,
        content_type: str,
        received_at: float,
        request_id: str | None = None,
        claim: Claim | None = None,
    ) -> None:
        self.origin = origin
        self.sender_id = sender_id
        self.chat_id = chat_id
        self.client_message_id = client_message_id
        self.content = content
        self.content_type = content_type
        self.received_at = received_at
        self.request_id = request_id
        self.claim = claim


class Ingest(Protocol):
    """Stores messages durably, in order, each once.

    - Durable: `send_committed` is called only after the commit that holds the message reached the disk.
    - Ordered: sequences of a chat start at 1, without gaps or duplicates; a failed commit consumes none.
    - Idempotent: the same (chat, sender, client_message_id) answers with the first message and `duplicate`, for as long as it is kept;
      with other content the answer is `CONFLICT`.
    - Private: a chat that does not exist and one that the sender is no member of are both `NOT_FOUND`.
    - Bounded: when too much waits, the answer is `UNAVAILABLE` with `retry_after_s`.
    Requests of one origin are answered in the order of their submission, but refusals that need no disk may come earlier.
    """

    def submit(self, request: SendRequest) -> None:
        """Takes the request; returns at once. Loop thread only."""
        ...
