"""Whatever people do, and whenever the server stops: nobody has acknowledged it, so somebody is paged."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from tests.unit.alerting.desk import ALL_TARGETS, RULES, Desk

NAMES = ("MessageLoss", "DuplicateSequence", "CounterCorruption")
OTHERS = ("ErrorBudgetBurnHigh", "SLOBreachDurability", "HighConsumerLag")
SOME_RULES = tuple(one for one in RULES if one.name in NAMES + OTHERS)
ANSWER_S, ANSWERED_FOR_S = 300, 3_600

names = st.sampled_from(NAMES)
target_sets = st.sets(st.sampled_from([*ALL_TARGETS, "mail"]), min_size=1).filter(lambda chosen: chosen != {"executive"})
matchers = st.builds(
    Matcher,
    st.sampled_from(["alertname", "severity", "slo", "owner", "nothing"]),
    st.sampled_from(["=", "!=", "=~", "!~"]),
    st.sampled_from([*NAMES, *OTHERS, ".*", ".+", "", "SEV-1", "Message.*", "availability"]),
)


def run(coroutine):
    """The memory adapters never wait, so a coroutine ends at its first step."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


class NeverQuiet(RuleBasedStateMachine):
    """Beside the manager stands the simplest account of the same: when did what grow, who acknowledged it, who closed it."""

    @initialize(told=target_sets, tick_s=st.sampled_from([30, 120]))
    def begin(self, told: set[str], tick_s: int) -> None:
        self.desk = Desk(sorted(told), tick_s, SOME_RULES)
        run(self.desk.open())
        self.answered_at_s: dict[str, int | None] = {}
        self.paged_at_s: dict[str, list[int]] = {}

    def look(self) -> None:
        run(self.desk.tick())
        self.desk.calm(*NAMES)
        for name, answered_at_s in self.answered_at_s.items():
            if answered_at_s is not None and self.desk.now_s - answered_at_s >= ANSWERED_FOR_S:
                self.answered_at_s[name] = None
        self.read()

    def read(self) -> None:
        for one in run(self.desk.sent()):
            for view in one.alerts:
                if view.name in NAMES:
                    assert one.status != "resolved" or view.name not in self.answered_at_s
                    if one.status == "firing":
                        self.paged_at_s[view.name].append(one.at_s)

    @rule(name=names)
    def counter_grows(self, name: str) -> None:
        self.desk.fire(name)
        # What waits for its acknowledgement already is paged at its pace.
        if name not in self.answered_at_s or self.answered_at_s[name] is not None:
            self.paged_at_s[name] = []
        self.answered_at_s[name] = None
        self.look()
        assert self.paged_at_s[name]

    @rule(minutes=st.integers(1, 70))
    def time_passes(self, minutes: int) -> None:
        for _ in range(minutes * 60 // self.desk.tick_s):
            self.desk.now_s += self.desk.tick_s
            self.look()
            self.somebody_is_paged()

    @rule(seconds=st.integers(1, 100_000))
    def server_stops_for_a_while(self, seconds: int) -> None:
        self.desk.now_s += seconds
        run(self.desk.open())
        self.look()

    @rule(seconds=st.integers(1, 100_000))
    def clock_is_set_back(self, seconds: int) -> None:
        self.desk.now_s = now_s = self.desk.now_s - seconds
        for name, answered_at_s in self.answered_at_s.items():
            self.answered_at_s[name] = None if answered_at_s is not None and answered_at_s > now_s else answered_at_s
            self.paged_at_s[name] = [paged_at_s for paged_at_s in self.paged_at_s[name] if paged_at_s <= now_s]
        self.look()

    @rule(name=names, actor=st.sampled_from(["ann", ""]))
    def somebody_acknowledges(self, name: str, actor: str) -> None:
        with suppress(ClientError):
            run(self.desk.manager.acknowledge(name, actor=actor, now_s=self.desk.now_s))
            assert actor
            assert name in self.answered_at_s
            self.answered_at_s[name] = self.desk.now_s

    @rule(name=names, actor=st.sampled_from(["ann", " "]), reason=st.sampled_from(["restored", "", " "]))
    def somebody_closes(self, name: str, actor: str, reason: str) -> None:
        with suppress(ClientError):
            run(self.desk.manager.close(name, actor=actor, reason=reason, now_s=self.desk.now_s))
            assert actor.strip()
            assert reason.strip()
            del self.answered_at_s[name]
            self.read()

    @rule(matchers=st.lists(matchers, max_size=3))
    def somebody_silences(self, matchers: list[Matcher]) -> None:
        now_s = self.desk.now_s
        with suppress(ClientError):
            run(
                self.desk.manager.silence(
                    matchers, owner="ann", reason="noise", starts_at_s=now_s, ends_at_s=now_s + 10**6, actor="ann", now_s=now_s
                )
            )

    @rule(name=names)
    def somebody_knows_the_issue(self, name: str) -> None:
        run(self.desk.manager.note_known_issue(name, ticket="t", due="2999-02-01", actor="ann", now_s=self.desk.now_s))

    @rule(name=st.sampled_from(OTHERS), fires=st.booleans())
    def another_alert_changes(self, name: str, fires: bool) -> None:
        (self.desk.fire if fires else self.desk.calm)(name)
        self.look()

    @invariant()
    def somebody_is_paged(self) -> None:
        for name, answered_at_s in getattr(self, "answered_at_s", {}).items():
            assert self.desk.manager.latched[name]
            if answered_at_s is None:
                assert self.desk.now_s - max(self.paged_at_s[name], default=-1) < ANSWER_S + self.desk.tick_s

    @invariant()
    def every_refusal_and_every_deed_is_in_the_audit(self) -> None:
        if hasattr(self, "desk"):
            assert all(entry.kind == "audit" and entry.body["outcome"] for entry in run(self.desk.ledger.entries()))


TestNeverQuiet = NeverQuiet.TestCase
TestNeverQuiet.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)


def test_a_page_that_a_small_step_back_takes_away_leaves_the_one_before() -> None:
    people = NeverQuiet()
    people.begin(told={"pagerduty-high"}, tick_s=120)
    people.counter_grows(name="MessageLoss")
    people.time_passes(minutes=52)
    people.clock_is_set_back(seconds=1_441)
    people.time_passes(minutes=34)
    people.clock_is_set_back(seconds=1)
    people.somebody_is_paged()
