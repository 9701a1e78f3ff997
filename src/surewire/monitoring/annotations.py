"""What happened, as it is drawn over graphs: deployments, maintenance that began, freezes of deployments, and notes of people.

Everything is read from the ledger, so that what is drawn and what counted are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from surewire.domain.deployment import Deployment
from surewire.domain.instant import format_seconds
from surewire.errors import ClientError
from surewire.monitoring.decisions import Decisions
from surewire.ports.annotator import Annotation, AnnotationKind
from surewire.ports.ledger import Entry
from surewire.slo.correction import Plan
from surewire.slo.maintenance import occurrences
from surewire.slo.window import Interval

__all__ = [
    "DRAWN",
    "NOTE",
    "AnnotationList",
    "AnnotationView",
    "annotation_view",
    "check_note",
    "drawn_at_s",
    "known_annotations",
    "note_entry",
    "read_note",
]

NOTE: Final = "annotation"
"""The ledger's kind of a note that somebody made."""
DRAWN: Final = "annotation_drawn"
"""The ledger's kind of the mark that an annotation was drawn, and needs not be drawn again."""

_FREEZES: Final = ("freeze_opened", "freeze_ended")


class AnnotationView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened. `drawn_at` is when Grafana took it; left out while it has not."""

    id: str
    kind: AnnotationKind
    text: str
    start: str
    end: str | None = None
    slo: str = ""
    actor: str = ""
    drawn_at: str | None = None


class AnnotationList(Struct, frozen=True):
    """What happened, newest first."""

    items: tuple[AnnotationView, ...]


def known_annotations(decisions: Decisions, since_s: int) -> list[Annotation]:
    """What is known since then, in the order in which it became known. Maintenance is known when it begins, each time that it does."""
    recent = [entry for entry in decisions.of("deployment", NOTE) if entry.at_s >= since_s]
    known = (
        *(_deployed(entry) if entry.kind == "deployment" else read_note(entry) for entry in recent),
        *_frozen(decisions.of(*_FREEZES)),
        *_maintained(decisions.plan, Interval(since_s, decisions.now_s + 1)),
    )
    return sorted((one for one in known if one.known_s >= since_s), key=lambda one: (one.known_s, one.id))


def check_note(note: Annotation, known_slos: Collection[str]) -> None:
    """Raises: ClientError that names the field and the mend, when the note cannot be kept as it is."""
    problems = {
        "text": "" if note.text.strip() else "say what happened",
        "slo": "" if not note.slo or note.slo in known_slos else f"no objective is called {note.slo}",
        "end": "" if note.end_s is None or note.end_s > note.start_s else "it ends before it starts",
    }
    for path, problem in problems.items():
        if problem:
            raise ClientError("INVALID_MESSAGE", problem, path=path)


def note_entry(note: Annotation) -> Entry:
    """The note as the ledger keeps it."""
    body = {"text": note.text, "slo": note.slo, "start_s": note.start_s, "end_s": note.end_s}
    return Entry(id=note.id, kind=NOTE, at_s=note.known_s, actor=note.actor, body=body)


def read_note(entry: Entry) -> Annotation:
    """The note that the entry of the ledger holds."""
    fields: dict[str, Any] = {**entry.body, "id": entry.id, "kind": "spike", "known_s": entry.at_s, "actor": entry.actor}
    return msgspec.convert(fields, Annotation)


def drawn_at_s(decisions: Decisions) -> dict[str, int]:
    """When each annotation was drawn that was."""
    return {entry.body["id"]: entry.at_s for entry in decisions.of(DRAWN)}


def annotation_view(annotation: Annotation, drawn_s: int | None = None) -> AnnotationView:
    """The annotation as it is shown."""
    return AnnotationView(
        id=annotation.id,
        kind=annotation.kind,
        text=annotation.text,
        start=format_seconds(annotation.start_s),
        end=None if annotation.end_s is None else format_seconds(annotation.end_s),
        slo=annotation.slo,
        actor=annotation.actor,
        drawn_at=None if drawn_s is None else format_seconds(drawn_s),
    )


def _deployed(entry: Entry) -> Annotation:
    made = msgspec.convert({**entry.body, "actor": entry.actor}, Deployment)
    what = f"{made.service} {made.version} deployed" if made.kind == "deploy" else f"Configuration {made.version} of {made.service}"
    text = f"{what} by {made.actor}" + (f": {made.note}" if made.note else "")
    return Annotation(id=entry.id, kind="deployment", text=text, start_s=entry.at_s, known_s=entry.at_s, actor=made.actor)


def _frozen(entries: Iterable[Entry]) -> Iterator[Annotation]:
    """A mark where each freeze opened, and its whole span once it ended."""
    opened: dict[str, Entry] = {}
    for entry in entries:
        slo = entry.body["slo"]
        if entry.kind == "freeze_opened":
            opened[slo] = entry
            text, start_s, end_s = f"Deployments frozen: {slo}, {entry.body['cause']}", entry.at_s, None
        else:
            begun = opened.get(slo, entry)
            text, start_s, end_s = f"Freeze of deployments for {slo} ended", begun.at_s, entry.at_s
        yield Annotation(id=entry.id, kind="freeze", text=text, start_s=start_s, end_s=end_s, known_s=entry.at_s, slo=slo)


def _maintained(plan: Plan, interval: Interval) -> Iterator[Annotation]:
    for window in plan.windows:
        cancellation = plan.cancelled.get(window.id)
        for held in occurrences(window, interval, cancellation.at_s if cancellation else None):
            yield Annotation(
                id=f"{window.id}@{held.start_s}",
                kind="maintenance",
                text=f"Maintenance: {window.title}",
                start_s=held.start_s,
                end_s=held.end_s,
                known_s=held.start_s,
                actor=window.actor,
            )
