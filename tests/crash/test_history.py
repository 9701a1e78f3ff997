"""The checker is only worth something if it turns red: one planted bug per promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.history import History, Logged, Send, Shown, violations


def sound_history() -> History:
    """Two members, three messages, all acknowledged, shown and stored."""
    history = History(members={"chat": {"alice", "bob"}})
    for sequence in (1, 2, 3):
        name = f"m{sequence}"
        history.sends["chat", "alice", name] = Send("chat", "alice", name, sequence * 10.0, sequence * 10.0 + 1, [sequence])
        history.shown.append(Shown("bob", "bob-1", "chat", sequence, name, live=True))
    history.logs["chat"] = [Logged(sequence, "alice", f"m{sequence}") for sequence in (1, 2, 3)]
    return history


def lose_an_acknowledged_message(history: History) -> None:
    history.logs["chat"].pop()
    history.shown.pop()


def leave_a_gap(history: History) -> None:
    history.logs["chat"][2] = Logged(4, "alice", "m3")


def store_twice(history: History) -> None:
    history.logs["chat"].append(Logged(4, "alice", "m3"))


def acknowledge_twice_differently(history: History) -> None:
    history.sends["chat", "alice", "m3"].sequences.append(4)


def invent_a_message(history: History) -> None:
    history.logs["chat"].append(Logged(4, "bob", "never sent"))


def reuse_a_sequence(history: History) -> None:
    history.shown[2] = Shown("bob", "bob-1", "chat", 3, "what was there before the crash", live=True)


def reorder(history: History) -> None:
    history.sends["chat", "alice", "m3"].began, history.sends["chat", "alice", "m3"].acked = 1.0, 2.0


def deliver_twice(history: History) -> None:
    history.shown.append(history.shown[-1])


def never_deliver(history: History) -> None:
    history.shown.pop()


PLANTED = (
    *(lose_an_acknowledged_message, leave_a_gap, store_twice, acknowledge_twice_differently, invent_a_message),
    *(reuse_a_sequence, reorder, deliver_twice, never_deliver),
)


def test_a_sound_history_breaks_no_promise() -> None:
    assert violations(sound_history()) == []


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_every_planted_bug_is_found(plant: Callable[[History], None]) -> None:
    history = sound_history()
    plant(history)
    assert violations(history)


def test_a_message_without_an_answer_may_be_there_or_not() -> None:
    history = sound_history()
    history.sends["chat", "alice", "m4"] = Send("chat", "alice", "m4", 50.0)
    assert violations(history) == []
    history.logs["chat"].append(Logged(4, "alice", "m4"))
    history.shown.append(Shown("bob", "bob-1", "chat", 4, "m4", live=False))
    assert violations(history) == []
