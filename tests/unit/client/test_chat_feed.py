"""One chat across connections: everything of others once, in order, nothing of one's own sends."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from surewire.client.chat_feed import MAX_HELD, ChatFeed
from surewire.domain.message import Message


def message(sequence: int, sender: str = "bob") -> Message:
    return Message(f"msg_{sequence}", "chat_x", sequence, sender, f"text {sequence}", "text/plain", "2026-11-21T10:00:00.000000Z")


def sequences(messages: list[Message]) -> list[int]:
    return [message.sequence for message in messages]


def test_live_messages_come_as_they_are() -> None:
    feed = ChatFeed("alice", 0)
    assert [sequences(feed.live(message(n))) for n in (1, 2, 3)] == [[1], [2], [3]]
    assert feed.position == 3


def test_what_came_before_is_dropped() -> None:
    feed = ChatFeed("alice", 5)
    assert feed.live(message(5)) == []
    assert sequences(feed.page([message(4), message(5), message(6)], has_more=False)) == [6]


def test_own_sends_are_stepped_over_and_never_shown() -> None:
    feed = ChatFeed("alice", 0)
    feed.sent()
    assert feed.answered(1) == []
    assert feed.position == 1
    assert sequences(feed.live(message(2))) == [2]


def test_an_own_send_does_not_hide_what_is_still_on_its_way() -> None:
    feed = ChatFeed("alice", 0)
    feed.sent()
    feed.answered(2)
    assert feed.position == 0, "message 1 of bob has not come yet"
    assert sequences(feed.live(message(1))) == [1]
    assert feed.position == 2


def test_after_a_reconnect_pages_come_first_and_live_messages_are_left_to_them() -> None:
    feed = ChatFeed("alice", 3)
    feed.disconnected()
    assert feed.wants_page
    assert feed.live(message(7)) == []
    assert sequences(feed.page([message(4), message(5)], has_more=True)) == [4, 5]
    assert sequences(feed.page([message(6)], has_more=False)) == [6]
    assert feed.wants_page, "7 came live beyond the last page"
    assert sequences(feed.page([message(7)], has_more=False)) == [7]
    assert not feed.wants_page


def test_a_message_of_the_own_user_waits_until_it_is_known_not_to_be_the_own_send() -> None:
    feed = ChatFeed("alice", 0)
    feed.sent()
    feed.disconnected()
    assert feed.page([message(1, "alice"), message(2)], has_more=False) == []
    assert sequences(feed.answered(1)) == [2], "the first was this client's own send, stored before the connection broke"


def test_a_message_of_another_session_of_the_same_user_is_shown() -> None:
    feed = ChatFeed("alice", 0)
    feed.sent()
    assert feed.live(message(1, "alice")) == []
    assert sequences(feed.answered(2)) == [1]
    assert feed.position == 2


def test_a_send_that_is_refused_holds_nothing_back() -> None:
    feed = ChatFeed("alice", 0)
    feed.sent()
    assert feed.live(message(1, "alice")) == []
    assert sequences(feed.answered(None)) == [1]


def test_a_slow_reader_gets_the_rest_in_pages() -> None:
    feed = ChatFeed("alice", 0)
    assert feed.live(message(1), has_room=False) == []
    assert feed.wants_page
    assert sequences(feed.page([message(1), message(2)], has_more=False)) == [1, 2]


def test_what_is_held_back_is_bounded() -> None:
    feed = ChatFeed("alice", 0)
    feed.sent()
    for sequence in range(1, MAX_HELD + 100):
        assert feed.live(message(sequence, "alice")) == []
    assert not feed.wants_page, "a page would not help while the send is unanswered"
    assert len(feed.answered(None)) == MAX_HELD
    assert feed.wants_page


def test_a_chat_read_from_now_on_takes_what_was_on_its_way_when_it_was_listed() -> None:
    feed = ChatFeed("alice", 7, is_fresh=True)
    assert sequences(feed.live(message(6))) == [6]
    assert sequences(feed.live(message(7))) == [7]


def test_an_own_send_into_a_fresh_chat_is_not_shown_after_a_reconnect() -> None:
    feed = ChatFeed("alice", 7, is_fresh=True)
    feed.sent()
    feed.answered(8)
    feed.disconnected()
    assert feed.position == 8


def test_sequences_removed_by_retention_are_skipped() -> None:
    feed = ChatFeed("alice", 2)
    feed.disconnected()
    feed.skip_to(10)
    assert sequences(feed.page([message(11)], has_more=False)) == [11]


@dataclass
class Conversation:
    """A chat that alice (this client, and another session of hers) and bob write in, over a connection that may break at any moment."""

    dice: random.Random
    feed: ChatFeed = field(default_factory=lambda: ChatFeed("alice", 0))
    log: list[Message] = field(default_factory=list)
    own: set[int] = field(default_factory=set)
    in_flight: list[Message] = field(default_factory=list)
    unanswered: list[int | None] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)

    def bob_writes(self) -> None:
        self._store("bob")
        self.in_flight.append(self.log[-1])

    def other_session_writes(self) -> None:
        self._store("alice")
        self.in_flight.append(self.log[-1])

    def alice_sends(self) -> None:
        self.feed.sent()
        # Some sends are stored at once and only their answer is late; others reach the server when they are sent again.
        self.unanswered.append(self._store_own() if self.dice.random() < 0.8 else None)

    def answer_comes(self) -> None:
        if self.unanswered:
            self._show(self.feed.answered(self.unanswered.pop(0) or self._store_own()))

    def message_comes(self) -> None:
        if self.in_flight:
            self._show(self.feed.live(self.in_flight.pop(0), has_room=self.dice.random() < 0.8))

    def page_comes(self) -> None:
        if self.feed.wants_page:
            rest = [message for message in self.log if message.sequence > self.feed.cursor]
            self._show(self.feed.page(rest[:2], has_more=len(rest) > 2))

    def connection_breaks(self) -> None:
        self.in_flight.clear()
        self.feed.disconnected()

    def settle(self) -> None:
        self.connection_breaks()
        while self.unanswered:
            self.answer_comes()
        while self.feed.wants_page:
            self.page_comes()

    def _store(self, sender: str) -> int:
        self.log.append(message(len(self.log) + 1, sender))
        return len(self.log)

    def _store_own(self) -> int:
        self.own.add(sequence := self._store("alice"))
        return sequence

    def _show(self, messages: list[Message]) -> None:
        self.shown += sequences(messages)


STEPS = st.lists(
    st.sampled_from(
        [
            Conversation.bob_writes,
            Conversation.other_session_writes,
            Conversation.alice_sends,
            Conversation.answer_comes,
            Conversation.message_comes,
            Conversation.page_comes,
            Conversation.connection_breaks,
        ]
    ),
    max_size=60,
)


@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_happens_all_of_others_is_shown_once_in_order_and_nothing_own(
    steps: list[Callable[[Conversation], None]], dice: random.Random
) -> None:
    conversation = Conversation(dice)
    for step in steps:
        step(conversation)
    conversation.settle()
    assert conversation.shown == [message.sequence for message in conversation.log if message.sequence not in conversation.own]
