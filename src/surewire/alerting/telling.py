"""What is told of one group now: changes, pages, pages again, escalations, acknowledgements, the end.

Theory of operation. A group opens with its first alert and closes when all of them are resolved and that was told. Readers (chats, tickets,
mail) get every change, at the pace of the severity's plan. Pagers get the same, and two things more while somebody must answer: the page
again when nobody acknowledged the last one in time, and the next person of the escalation, who is woken after a while or after two missed
pages. An acknowledgement of everything that fires ends both; what fires anew begins again at the first page. The pages of a non-negotiable
alert have no end but a person.

Nothing here waits: the plan's times are compared with `now_s`, so an hour without a look is made up for at the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from surewire.alerting.elapsed import elapsed_s
from surewire.alerting.grouping import Member
from surewire.alerting.letters import Letters, Status
from surewire.alerting.plans import MISSED_PAGES, Plan, Step
from surewire.ports.alert_store import AlertState, GroupState
from surewire.ports.notifier import AlertView, Notification

__all__ = ["Outcome", "tell"]

_OPEN_KEYS: Final = 100


class Outcome(NamedTuple):
    """The group after it was told about, None when it is over; and what is to be sent."""

    group: GroupState | None
    notifications: tuple[Notification, ...]


def tell(
    group: GroupState, firing: Sequence[Member], plan: Plan, states: Mapping[str, AlertState], letters: Letters, now_s: int
) -> Outcome:
    """What follows for the group from what fires in it. `states` are of all alerts."""
    telling = _Telling(group, firing, plan, states, letters, now_s)
    telling.run()
    return Outcome(telling.group if telling.is_open else None, tuple(telling.sent))


class _Telling:
    """One group at one moment."""

    def __init__(
        self,
        group: GroupState,
        firing: Sequence[Member],
        plan: Plan,
        states: Mapping[str, AlertState],
        letters: Letters,
        now_s: int,
    ) -> None:
        self.group, self.sent, self.is_open = group, list[Notification](), True
        self._firing = {member.rule.name: member for member in firing}
        self._plan, self._states, self._letters, self._now_s = plan, states, letters, now_s
        self._new = self._firing.keys() - set(group.told)
        self._gone = {name for name in group.told if not self._still_fires(name)}
        self._unseen = {name for name, member in self._firing.items() if member.is_unseen}

    def run(self) -> None:
        if self._is_over():
            self.is_open = False
            return
        self._tell_acknowledged()
        if self._is_due():
            self._tell_change()
        elif self._wakes() or self._is_time_to_repeat():
            self._tell_all()
        if self.is_open and self.group.opened_at_s is not None:
            self._go_on_paging()

    # ---- what is so

    def _still_fires(self, name: str) -> bool:
        """Also while it is silenced: then nothing is told of it, its end least of all."""
        state = self._states.get(name)
        return state is not None and state.phase == "firing" and self._letters.is_of(name, self.group)

    def _is_over(self) -> bool:
        """Nothing fires, and nobody was ever told that something did."""
        return not self._firing and self.group.opened_at_s is None

    def _is_due(self) -> bool:
        if not self._new and not self._gone:
            self._set(waiting_since_s=None)
            return False
        if self.group.waiting_since_s is None:
            self._set(waiting_since_s=self._now_s)
        if self.group.opened_at_s is None:
            return elapsed_s(self.group.waiting_since_s or 0, self._now_s) >= self._plan.wait_s
        return elapsed_s(self.group.told_at_s, self._now_s) >= self._plan.interval_s

    def _wakes(self) -> bool:
        """What was told and seen, or silenced for a while, is to be acknowledged again."""
        return self.group.unseen_since_s is None and bool(self._unseen - self._new)

    def _is_time_to_repeat(self) -> bool:
        is_open = bool(self._firing) and self.group.opened_at_s is not None
        return is_open and elapsed_s(self.group.told_at_s, self._now_s) >= self._plan.repeat_s

    # ---- what is told

    def _tell_change(self) -> None:
        names = [*self._firing, *sorted(self._gone)]
        is_resolved = not self._firing and not self._silent()
        self._to_extra_targets(names, self._new | self._gone)
        if is_resolved:
            self._end(names)
        else:
            self._tell_all(names)

    def _tell_all(self, names: Sequence[str] = ()) -> None:
        names = names or list(self._firing)
        told = (*sorted(self._silent()), *self._firing)
        opened_at_s = self._now_s if self.group.opened_at_s is None else self.group.opened_at_s
        self._set(told=told, told_at_s=self._now_s, waiting_since_s=None, opened_at_s=opened_at_s)
        self._to_readers("firing", names)
        if self._unseen and self.group.unseen_since_s is None:
            self._set(unseen_since_s=self._now_s)
            self._page(names, pages=1)
        else:
            self._to_pagers([self._page_key()], "firing", names)

    def _end(self, names: Sequence[str]) -> None:
        self._to_readers("resolved", names)
        self._to_pagers(self.group.open_keys, "resolved", names)
        self.is_open = False

    def _tell_acknowledged(self) -> None:
        """Once, when the last alert of those that fire was acknowledged. A silence ends the pages too, and acknowledges nothing."""
        if self.group.unseen_since_s is None or self._unseen:
            return
        if self._firing:
            self._to_readers("acknowledged", list(self._firing))
            self._to_pagers(self.group.open_keys, "acknowledged", list(self._firing))
        self._set(unseen_since_s=None, pages=0, escalated=0)

    # ---- who is woken

    def _go_on_paging(self) -> None:
        if not self._unseen or self._plan.answer_s is None or self.group.unseen_since_s is None:
            return
        self._set(unseen_since_s=min(self.group.unseen_since_s, self._now_s))
        is_overdue = elapsed_s(self.group.paged_at_s, self._now_s) >= self._plan.answer_s
        missed = self.group.pages if is_overdue else self.group.pages - 1
        while (step := self._next_step(missed)) is not None:
            self._escalate(step)
        if is_overdue and (self._is_endless() or self.group.pages < MISSED_PAGES):
            self._page(list(self._firing), pages=self.group.pages + 1)

    def _next_step(self, missed: int) -> Step | None:
        done = self.group.escalated
        if done >= len(self._plan.steps):
            return None
        step = self._plan.steps[done]
        unseen_s = self._now_s - (self.group.unseen_since_s or self._now_s)
        is_time = step.after_s is not None and unseen_s >= step.after_s
        return step if is_time or (done == 0 and missed >= MISSED_PAGES) else None

    def _is_endless(self) -> bool:
        return any(member.rule.is_non_negotiable for member in self._firing.values())

    def _page(self, names: Sequence[str], *, pages: int) -> None:
        self._set(pages=pages, last_page=self.group.last_page + 1, paged_at_s=self._now_s)
        self._to_pagers([key := self._page_key()], "firing", names)
        self._keep_open(key)

    def _escalate(self, step: Step) -> None:
        names, key = list(self._firing), self._page_key(step.to)
        self._to_pagers([key], "firing", names, step.to)
        self._to_readers("firing", names, step.to)
        self._set(escalated=self.group.escalated + 1)
        self._keep_open(key)

    def _page_key(self, escalation: str = "") -> str:
        return self._letters.page_key(self.group, escalation) if self._plan.has_pager else self._letters.key(self.group)

    # ---- how it is sent

    def _readers(self) -> list[str]:
        return [target for target in self._plan.targets if target not in self._plan.pagers]

    def _to_readers(self, status: Status, names: Sequence[str], escalation: str = "") -> None:
        for target in self._readers():
            self._send(target, self._letters.key(self.group), status, names, escalation)

    def _to_pagers(self, keys: Iterable[str], status: Status, names: Sequence[str], escalation: str = "") -> None:
        for key in keys:
            for target in self._plan.pagers:
                self._send(target, key, status, names, escalation)

    def _to_extra_targets(self, names: Sequence[str], changed: set[str]) -> None:
        for target in self._letters.extra_targets(changed):
            own = [name for name in names if self._letters.is_for(name, target)]
            if target in self._plan.configured:
                status: Status = "firing" if any(name in self._firing for name in own) else "resolved"
                self._send(target, self._letters.key(self.group), status, own)

    def _send(self, target: str, key: str, status: Status, names: Sequence[str], escalation: str = "") -> None:
        views = [self._view(name) for name in names]
        occasion = sum(self._states[name].firings for name in names if name in self._states)
        self.sent.append(self._letters.letter(target, key, status, self.group, views, self._now_s, escalation, occasion=occasion))

    def _view(self, name: str) -> AlertView:
        state = self._states.get(name, AlertState(name=name))
        ends_at_s = (state.resolved_at_s or self._now_s) if name in self._gone else None
        return self._letters.view(name, state, self.group, ends_at_s)

    def _silent(self) -> set[str]:
        """What was told as firing, and still fires under a silence."""
        return set(self.group.told) - self._gone - self._firing.keys()

    def _keep_open(self, key: str) -> None:
        if key not in self.group.open_keys:
            self._set(open_keys=(*self.group.open_keys, key)[-_OPEN_KEYS:])

    def _set(self, **fields: Any) -> None:
        self.group = msgspec.structs.replace(self.group, **fields)
