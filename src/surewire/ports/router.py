"""The way from fanout to connections, wherever they are."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from surewire.domain.message import Message

__all__ = ["Routed", "Router"]


class Routed(NamedTuple):
    """What became of one message: recipients reached by at least one session, without any session, and those whose every session had it
    before."""

    delivered: int
    offline: int
    duplicate: int


class Router(Protocol):
    """Hands messages to every session of their recipients. A session gets one sequence of a chat at most once, in rising order."""

    def route(self, message: Message, recipients: Collection[str], origin: object | None) -> Routed:
        """Hands the message to every session of the recipients but `origin`, the session that sent it. The sender is a recipient like
        others (its other sessions get it) but is not counted. Never blocks."""
        ...
