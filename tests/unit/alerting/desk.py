"""An alert manager in memory, moved by hand: time goes on only when a test says so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from surewire.adapters.memory.alert_store import MemoryAlertStore
from surewire.adapters.memory.ledger import MemoryLedger
from surewire.alerting.advance import AlertMove
from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.alerting.definitions import definitions
from surewire.contract.catalogue import load_alerts, load_slos
from surewire.ports.notifier import Notification
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_rules import alert_rules
from surewire.slo.judgement import Judgement

__all__ = ["ALL_TARGETS", "MINUTE_S", "RULES", "START_S", "Desk"]

ALL_TARGETS = ("pagerduty-high", "pagerduty-low", "slack", "jira", "executive")
RULES = alert_rules(load_slos(), load_alerts())
MINUTE_S = 60
START_S = 1_800_000_000


class Desk:
    """`fire` and `calm` say what conditions hold from now on; `tick` lets time pass and looks at them."""

    def __init__(self, targets: Sequence[str] = ALL_TARGETS, tick_s: int = 15, rules: Sequence[AlertRule] = RULES) -> None:
        self.store, self.ledger, self.now_s, self.tick_s = MemoryAlertStore(), MemoryLedger(), START_S, tick_s
        self.rules, self.definitions = rules, definitions(rules, load_alerts(), targets)
        self._numbers = count(1)
        self._holding: dict[str, str] = {}
        self.manager: AlertManager

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"

    async def open(self) -> Desk:
        """Also: opens it again, as after a restart."""
        self.manager = await AlertManager.open(self.store, Audit(self.ledger, self.new_id), self.definitions, self.new_id)
        return self

    def fire(self, *names: str, detail: str = "") -> None:
        self._holding.update(dict.fromkeys(names, detail))

    def calm(self, *names: str) -> None:
        for name in names:
            self._holding.pop(name, None)

    async def look(self) -> tuple[AlertMove, ...]:
        judgements = [
            Judgement(name=rule.name, verdict="firing" if rule.name in self._holding else "quiet", detail=self._holding.get(rule.name, ""))
            for rule in self.rules
        ]
        return await self.manager.advance(judgements, self.now_s)

    async def tick(self, seconds: int = 0) -> list[AlertMove]:
        """Looks after every tick of the given time; with no time, once and now."""
        moves = list(await self.look()) if not seconds else []
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += self.tick_s
            moves += await self.look()
        return moves

    async def sent(self, target: str = "") -> list[Notification]:
        """What was put into the outbox since this was last asked, to one target. All of it counts as delivered."""
        new = [one.notification for one in await self.store.pending(1_000_000)]
        for one in new:
            await self.store.delivered(one.id)
        return [one for one in new if not target or one.target == target]

    def phase(self, name: str) -> str:
        return next(one.state.phase for one in self.manager.listing(self.now_s) if one.rule.name == name)
