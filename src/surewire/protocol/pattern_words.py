"""What a text must look like, in words where msgspec quotes a regular expression."""

from __future__ import annotations

from typing import Any, Final

from surewire.domain.event import EventType
from surewire.domain.principal import UserId
from surewire.domain.stream import Epoch
from surewire.protocol.client_messages import ContentType

__all__ = ["in_words"]


def in_words(problem: str) -> str:
    """A sentence of msgspec; of one about a pattern, what the type takes instead."""
    return _SENTENCES.get(problem, problem)


def _sentences(annotated: Any) -> tuple[str, str]:
    meta = annotated.__metadata__[0]
    return f"Expected `str` matching regex {meta.pattern!r}", f"Expected {meta.extra['takes']}"


_SENTENCES: Final = dict(map(_sentences, (EventType, UserId, Epoch, ContentType)))
