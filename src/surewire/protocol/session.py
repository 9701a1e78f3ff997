"""One client's side of the conversation, sans-I/O: what it may say now, what it has had, and where its subscriptions stand.

Theory of operation. The owner feeds text frames to `receive` and gets client messages, or a `RequestError` to answer with; after an
error of form it asks `tolerates` whether the client has made too many. What the owner does to the connection it tells `advance`.
Nothing here knows sockets or clocks: `now` is monotonic seconds.

A session goes through phases:

    OPEN ──(closing was sent)──▶ CLOSING ──(connection ended)──▶ CLOSED

and each of its subscriptions through states. LIVE ones get events as they are committed; the others get none:

    ABSENT ──subscribe──▶ LIVE            (again: LIVE, with the new filters)
    any ──subscribe since──▶ RECOVERING ──last page──▶ LIVE
                             RECOVERING ──more to come──▶ BEHIND   (the client subscribes again from there)
                             RECOVERING ──page failed──▶ ABSENT    (the client hears an error)
    any ──unsubscribe──▶ ABSENT
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from surewire.domain.rate import TokenBucket
from surewire.protocol.client_messages import ClientMessage
from surewire.protocol.codec import RequestError

__all__ = ["Phase", "Progress", "Session", "Step", "SubscriptionState", "Turn"]

MAX_ERRORS: Final = 10
ERROR_WINDOW_S: Final = 60.0
PATIENCE: Final = 100


class Phase(Enum):
    """Where a session is in its life."""

    OPEN = auto()
    CLOSING = auto()
    CLOSED = auto()


class Turn(Enum):
    """What happened to a session."""

    CLOSING_SENT = auto()
    ENDED = auto()


PHASES: Final[dict[tuple[Phase, Turn], Phase]] = {
    (Phase.OPEN, Turn.CLOSING_SENT): Phase.CLOSING,
    (Phase.OPEN, Turn.ENDED): Phase.CLOSED,
    (Phase.CLOSING, Turn.CLOSING_SENT): Phase.CLOSING,
    (Phase.CLOSING, Turn.ENDED): Phase.CLOSED,
}


class SubscriptionState(Enum):
    """Where a subscription is on its way to live events."""

    ABSENT = auto()
    RECOVERING = auto()
    BEHIND = auto()
    LIVE = auto()


class Step(Enum):
    """What happened to a subscription."""

    SUBSCRIBE = auto()
    SUBSCRIBE_SINCE = auto()
    LAST_PAGE = auto()
    MORE_PAGES = auto()
    PAGE_FAILED = auto()
    UNSUBSCRIBE = auto()


_S = SubscriptionState
SUBSCRIPTIONS: Final[dict[tuple[SubscriptionState, Step], SubscriptionState]] = {
    **{(state, Step.SUBSCRIBE): _S.LIVE for state in _S},
    **{(state, Step.SUBSCRIBE_SINCE): _S.RECOVERING for state in _S},
    **{(state, Step.UNSUBSCRIBE): _S.ABSENT for state in (_S.RECOVERING, _S.BEHIND, _S.LIVE)},
    (_S.RECOVERING, Step.LAST_PAGE): _S.LIVE,
    (_S.RECOVERING, Step.MORE_PAGES): _S.BEHIND,
    (_S.RECOVERING, Step.PAGE_FAILED): _S.ABSENT,
}


class Progress:
    """One subscription's state while it is not LIVE. A new subscribe makes a new one, so a page that was read for the old one is
    recognised as stale."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = SubscriptionState.RECOVERING


class Session:
    """One client. Small on purpose: there are as many as connections, and most never use more than two of its fields."""

    __slots__ = ("_behind", "_bucket", "_decode", "_delivered", "_errors", "_refused", "_synced", "phase")

    def __init__(self, decode: Callable[[str], ClientMessage]) -> None:
        self._decode = decode
        self.phase = Phase.OPEN
        self._bucket: TokenBucket | None = None
        self._errors: list[float] | None = None
        self._refused = 0
        self._delivered: dict[str, int] | None = None
        self._synced: dict[str, int] | None = None
        self._behind: dict[str, Progress] | None = None

    def receive(self, text: str, now: float, rate_per_s: float, burst: float) -> ClientMessage:
        """The message in a text frame. What cannot be understood costs nothing, everything else one token of `burst`.

        Raises: RequestError `INVALID_MESSAGE`, `UNSUPPORTED`, or (temporary, with `retry_after_s`) `RATE_LIMITED`.
        """
        message = self._decode(text)
        bucket = self._bucket
        if bucket is None:
            bucket = self._bucket = TokenBucket(rate_per_s, burst, now)
        wait_s = bucket.take(now)
        if wait_s:
            raise _rate_limited(message, wait_s)
        return message

    def tolerates(self, now: float) -> bool:
        """Counts an error of form. False at the tenth within 60 s: the connection is to be closed with 4502."""
        errors = self._errors = [at for at in self._errors or () if at > now - ERROR_WINDOW_S]
        errors.append(now)
        return len(errors) < MAX_ERRORS

    def insists(self) -> bool:
        """Counts a message that came too fast. True at every hundredth: the client goes on in spite of all refusals."""
        self._refused = (self._refused + 1) % PATIENCE
        return not self._refused

    def advance(self, turn: Turn) -> bool:
        """Moves to the next phase. False when there is nothing to do: it was there before, or has ended."""
        before = self.phase
        self.phase = PHASES.get((before, turn), before)
        return self.phase is not before

    def has_not_had(self, chat_id: str, sequence: int) -> bool:
        """Whether a chat's message is new to this session; notes that it is now had. Sequences must come rising."""
        delivered = self._delivered
        if delivered is None:
            self._delivered = {chat_id: sequence}
            return True
        if delivered.get(chat_id, 0) >= sequence:
            return False
        delivered[chat_id] = sequence
        return True

    def synced(self, chat_id: str, sequence: int) -> int:
        """Up to where syncs have carried a chat to this session; notes that now they have up to `sequence`."""
        if self._synced is None:
            self._synced = {}
        before = self._synced.get(chat_id, 0)
        self._synced[chat_id] = max(before, sequence)
        return before

    def recovering(self, subscription_id: str) -> Progress:
        """The subscription gets no live events until `recovered` says so with what this returns."""
        progress = Progress()
        if self._behind is None:
            self._behind = {}
        self._behind[subscription_id] = progress
        return progress

    def is_recovering(self, subscription_id: str, progress: Progress) -> bool:
        """Whether a page is still wanted: the subscription was neither replaced nor removed."""
        return self._behind is not None and self._behind.get(subscription_id) is progress

    def recovered(self, subscription_id: str, progress: Progress, has_more: bool) -> bool:
        """Ends a recovery page. False when the subscription was replaced or removed meanwhile: the page is void."""
        return self._step(subscription_id, progress, Step.MORE_PAGES if has_more else Step.LAST_PAGE)

    def recovery_failed(self, subscription_id: str, progress: Progress) -> bool:
        """The page could not be read, so the subscription is gone. False when it was replaced or removed meanwhile: nobody waits for it."""
        return self._step(subscription_id, progress, Step.PAGE_FAILED)

    def _step(self, subscription_id: str, progress: Progress, step: Step) -> bool:
        if not self.is_recovering(subscription_id, progress):
            return False
        progress.state = SUBSCRIPTIONS[progress.state, step]
        if progress.state is not SubscriptionState.BEHIND:
            self.forget(subscription_id)
        return True

    def forget(self, subscription_id: str) -> None:
        """The subscription is live without recovery, or gone."""
        if self._behind is not None:
            self._behind.pop(subscription_id, None)
            self._behind = self._behind or None


def _rate_limited(message: ClientMessage, wait_s: float) -> RequestError:
    error = RequestError(
        "RATE_LIMITED",
        "too many messages; wait and send this one again",
        kind=str(message.__struct_config__.tag),
        request_id=getattr(message, "request_id", None),
        subscription_id=getattr(message, "subscription_id", None),
    )
    error.temporary, error.retry_after_s = True, wait_s
    return error
