"""Where what happened is drawn over graphs, so that a bend in a line has its cause beside it."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

__all__ = ["Annotation", "AnnotationKind", "Annotator"]

AnnotationKind = Literal["deployment", "maintenance", "freeze", "spike"]


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at a time, or over a span of it."""

    id: str
    """The same for the same happening, in every life of the process."""
    kind: AnnotationKind
    text: str
    start_s: int
    end_s: int | None = None
    known_s: int
    """When it was put on record; of maintenance, when it began."""
    slo: str = ""
    """The objective that it is about, if it is about one."""
    actor: str = ""


class Annotator(Protocol):
    """Draws over one place's graphs."""

    async def draw(self, annotation: Annotation) -> None:
        """Returns when it is drawn. Not safe to repeat: the receiver draws again.

        Raises: NotifyError, which says whether a later attempt may help.
        """
        ...
