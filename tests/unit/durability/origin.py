"""Who sends messages in tests and notes the answers."""

from __future__ import annotations

from surewire.domain.message import Message
from surewire.errors import SurewireError
from surewire.ports.ingest import SendRequest

__all__ = ["Origin"]


class Origin:
    def __init__(self) -> None:
        self.answers: list[tuple[Message, bool] | SurewireError] = []
        self.answered: list[str] = []

    def send_committed(self, request: SendRequest, message: Message, duplicate: bool) -> None:
        self.answered.append(request.client_message_id)
        self.answers.append((message, duplicate))

    def send_refused(self, request: SendRequest, error: SurewireError) -> None:
        self.answered.append(request.client_message_id)
        self.answers.append(error)
