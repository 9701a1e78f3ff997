"""A client's side of the conversation: rate, errors, what it has had, and how its recoveries go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.protocol.client_messages import Ping
from surewire.protocol.codec import RequestError, client_decoder
from surewire.protocol.session import PHASES, Phase, Progress, RecoveryState, Session, Turn

decode = client_decoder()
PING = '{"type":"ping"}'
SEND = '{"type":"send_message","chat_id":"c","client_message_id":"m","content":"x","request_id":"r1"}'
SUBSCRIBE = '{"type":"subscribe","subscription_id":"s1","filters":{}}'


def refused(session: Session, text: str, now: float = 0.0, rate: float = 10.0, burst: float = 1) -> RequestError:
    with pytest.raises(RequestError) as error:
        session.receive(text, now, rate, burst)
    return error.value


# Rate


@given(st.integers(1, 50))
def test_a_burst_is_understood_and_no_more(burst: int) -> None:
    session = Session(decode)
    for _ in range(burst):
        assert isinstance(session.receive(PING, 5.0, 10.0, burst), Ping)
    error = refused(session, PING, 5.0, 10.0, burst)
    assert (error.code, error.temporary, error.retry_after_s) == ("RATE_LIMITED", True, pytest.approx(0.1))


def test_a_token_comes_back_with_time() -> None:
    session = Session(decode)
    session.receive(PING, 0.0, 10.0, 1)
    assert refused(session, PING, 0.05).code == "RATE_LIMITED"
    assert session.receive(PING, 0.1, 10.0, 1)


@pytest.mark.parametrize(("text", "kind", "names"), [(SEND, "send_message", ("r1", None)), (SUBSCRIBE, "subscribe", (None, "s1"))])
def test_over_the_rate_the_refusal_names_what_was_asked(text: str, kind: str, names: tuple[str | None, str | None]) -> None:
    session = Session(decode)
    session.receive(PING, 0.0, 10.0, 1)
    error = refused(session, text)
    assert (error.kind, (error.request_id, error.subscription_id)) == (kind, names)


@pytest.mark.parametrize("text", ["{", "{}", '{"type":"dance"}', '{"type":"ping","x":1}', '{"type":"ack"}'])
def test_what_is_not_understood_costs_nothing(text: str) -> None:
    session = Session(decode)
    for _ in range(20):
        assert refused(session, text).code in ("INVALID_MESSAGE", "UNSUPPORTED")
    session.receive(PING, 0.0, 10.0, 1)
    assert refused(session, text).code in ("INVALID_MESSAGE", "UNSUPPORTED")


# Errors of form


def test_the_tenth_error_in_a_minute_is_too_many() -> None:
    session = Session(decode)
    assert [session.tolerates(float(second)) for second in range(10)] == [True] * 9 + [False]


def test_errors_are_forgiven_after_a_minute() -> None:
    session = Session(decode)
    for second in range(9):
        assert session.tolerates(float(second))
    assert session.tolerates(60.0)
    assert not session.tolerates(60.5)


@given(st.lists(st.floats(0.0, 30.0), max_size=60))
def test_it_is_too_many_when_ten_lie_within_a_minute(pauses: list[float]) -> None:
    session = Session(decode)
    times: list[float] = []
    for pause in pauses:
        now = (times[-1] if times else 0.0) + pause
        times.append(now)
        assert session.tolerates(now) == (len([at for at in times if at > now - 60.0]) < 10)


def test_every_hundredth_refusal_is_insisting() -> None:
    session = Session(decode)
    assert [number for number in range(1, 301) if session.insists()] == [100, 200, 300]


def test_a_thousand_frames_within_a_second_that_are_no_messages_are_a_flood() -> None:
    session = Session(decode)
    assert not any(session.floods(0.9) for _ in range(999))
    assert session.floods(0.99)
    assert not any(session.floods(1.95) for _ in range(999)), "the count began anew with this second"


# Phases


def test_every_turn_has_a_phase_to_go_to_but_after_the_end() -> None:
    assert set(PHASES) == {(phase, turn) for phase in Phase if phase is not Phase.CLOSED for turn in Turn}


@given(st.lists(st.sampled_from(Turn), max_size=6))
def test_a_session_says_farewell_once_and_ends_once(turns: list[Turn]) -> None:
    session = Session(decode)
    moved = [turn for turn in turns if session.advance(turn)]
    assert moved.count(Turn.CLOSING_SENT) <= 1
    assert moved.count(Turn.ENDED) == (Turn.ENDED in turns)
    assert (session.phase is Phase.CLOSED) == (Turn.ENDED in turns)
    assert not session.advance(Turn.CLOSING_SENT) or session.phase is Phase.CLOSING


# What it has had


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 20)), max_size=60))
def test_a_sequence_of_a_chat_is_had_once_and_only_rising(arrivals: list[tuple[str, int]]) -> None:
    session = Session(decode)
    had: dict[str, list[int]] = {}
    for chat_id, sequence in arrivals:
        if session.has_not_had(chat_id, sequence):
            had.setdefault(chat_id, []).append(sequence)
    for chat_id, sequences in had.items():
        assert sequences == sorted(set(sequences))
        assert sequences[-1] == max(sequence for chat, sequence in arrivals if chat == chat_id)


# Recoveries

S = RecoveryState


def test_a_recovery_ends_live_or_behind() -> None:
    session = Session(decode)
    first = session.recovering("s")
    assert first.state is S.RECOVERING
    assert session.recovered("s", first, has_more=True)
    assert first.state is S.BEHIND
    second = session.recovering("s")
    assert first.state is S.VOID
    assert session.recovered("s", second, has_more=False)
    assert second.state is S.CAUGHT_UP
    assert session._behind is None


def test_a_recovery_that_fails_ends_the_subscription() -> None:
    session = Session(decode)
    progress = session.recovering("s")
    assert session.recovery_failed("s", progress)
    assert progress.state is S.FAILED
    assert session._behind is None


@pytest.mark.parametrize("meanwhile", ["replaced", "removed"])
def test_a_page_that_comes_too_late_is_void(meanwhile: str) -> None:
    session = Session(decode)
    stale = session.recovering("s")
    if meanwhile == "replaced":
        session.recovering("s")
    else:
        session.forget("s")
    assert not stale.is_recovering
    assert not session.recovered("s", stale, has_more=False)
    assert not session.recovery_failed("s", stale)
    assert stale.state is S.VOID


@pytest.mark.parametrize("has_more", [True, False])
def test_a_recovery_has_one_page(has_more: bool) -> None:
    session = Session(decode)
    progress = session.recovering("s")
    assert session.recovered("s", progress, has_more)
    assert not session.recovered("s", progress, has_more=False)
    assert not session.recovery_failed("s", progress)
    assert (session._behind is not None) == has_more


@given(st.lists(st.tuples(st.sampled_from(["since", "live", "gone", "page", "last", "failed"]), st.integers(0, 2)), max_size=40))
def test_nothing_is_kept_of_subscriptions_that_are_live_or_gone(steps: list[tuple[str, int]]) -> None:
    session = Session(decode)
    open_pages: list[tuple[str, Progress]] = []
    model: dict[str, Progress] = {}
    for action, number in steps:
        name = f"s{number}"
        if action == "since":
            model[name] = session.recovering(name)
            open_pages.append((name, model[name]))
        elif action in ("live", "gone"):
            session.forget(name)
            model.pop(name, None)
        elif open_pages:
            name, progress = open_pages.pop(number % len(open_pages))
            is_current = model.get(name) is progress
            if action == "failed":
                assert session.recovery_failed(name, progress) == is_current
            else:
                assert session.recovered(name, progress, has_more=action == "page") == is_current
            if is_current and action != "page":
                del model[name]
        assert (session._behind or {}) == model
