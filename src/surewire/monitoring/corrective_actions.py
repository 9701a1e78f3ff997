"""Corrective actions, which end freezes: recorded, validated by somebody, and shown with the freeze they belong to."""

from __future__ import annotations

from msgspec import Struct

from surewire.domain.instant import format_seconds
from surewire.errors import ClientError
from surewire.monitoring.decisions import Decisions
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry
from surewire.slo.freeze import Action, Freeze, Validation, check_action, check_validation
from surewire.slo.gate import FreezeState

__all__ = ["ActionView", "CorrectiveActions", "FreezeList", "FreezeView", "action_view", "freeze_view"]


class ActionView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is mended, by when, and what shows that it works."""

    id: str
    slo: str
    what: str
    actor: str
    at: str
    due: str | None = None
    evidence: str = ""
    validated_by: str = ""
    validated_at: str | None = None


class FreezeView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The freeze of one objective, and what still keeps it from ending. An ended one stays until the budget is positive again."""

    slo: str
    state: FreezeState
    cause: str
    opened_at: str
    ended_at: str | None = None
    actions: tuple[ActionView, ...] = ()
    obstacles: tuple[str, ...] = ()


class FreezeList(Struct, frozen=True):
    """Every freeze that is open, or ended and not cleared."""

    items: tuple[FreezeView, ...]


class CorrectiveActions:
    """What people do about freezes, over the ledger. Loop thread only."""

    def __init__(self, decisions: Decisions, known_slos: frozenset[str]) -> None:
        self._decisions, self._known_slos = decisions, known_slos

    @property
    def freezes(self) -> dict[str, Freeze]:
        """The freeze of every objective that has one, open or ended."""
        return self._decisions.freezes

    async def add(self, action: Action, claim: Claim | None = None) -> Entry:
        """The action, on record; it belongs to the objective's open freeze.

        Raises: ClientError that names the field, as `check_action`, and `CONFLICT` when nothing is frozen for it; as `Ledger.append`.
        """
        check_action(action, self._known_slos)
        freeze = self.freezes.get(action.slo)
        if freeze is None or freeze.state != "open":
            raise ClientError("CONFLICT", f"deployments are not frozen for {action.slo}; a corrective action belongs to a freeze")
        body = {"slo": action.slo, "what": action.what} | ({} if action.due_s is None else {"due_s": action.due_s})
        return await self._decisions.record(Entry(id=action.id, kind="action", at_s=action.at_s, actor=action.actor, body=body), claim)

    async def validate(self, action_id: str, evidence: str, actor: str, claim: Claim | None = None) -> Entry:
        """The action works, and that can be seen there. Raises: ClientError, as `check_validation`; as `Ledger.append`."""
        check_validation(Validation(action_id, evidence), actor, self.freezes.values())
        body = {"id": action_id, "evidence": evidence}
        return await self._decisions.record(self._decisions.entry("action_validated", actor, body), claim)


def action_view(action: Action) -> ActionView:
    """The action as it is shown."""
    return ActionView(
        id=action.id,
        slo=action.slo,
        what=action.what,
        actor=action.actor,
        at=format_seconds(action.at_s),
        due=None if action.due_s is None else format_seconds(action.due_s),
        evidence=action.evidence,
        validated_by=action.validated_by,
        validated_at=None if action.validated_at_s is None else format_seconds(action.validated_at_s),
    )


def freeze_view(freeze: Freeze, obstacles: tuple[str, ...]) -> FreezeView:
    """The freeze as it is shown."""
    return FreezeView(
        slo=freeze.slo,
        state=freeze.state,
        cause=freeze.cause,
        opened_at=format_seconds(freeze.opened_at_s),
        ended_at=None if freeze.ended_at_s is None else format_seconds(freeze.ended_at_s),
        actions=tuple(map(action_view, freeze.actions)),
        obstacles=obstacles,
    )
