"""One client's side of the conversation, sans-I/O: what it may say now, what it has had, and how its recoveries go on.

Theory of operation. The owner feeds text frames to `receive` and gets client messages, or a `RequestError` to answer with; after an
error of form it asks `tolerates` whether the client has made too many. What the owner does to the connection it tells `advance`.
Nothing here knows sockets or clocks: `now` is monotonic seconds.

A session goes through phases:

    OPEN ──(closing was sent)──▶ CLOSING ──(connection ended)──▶ CLOSED

A subscription that was made live, or is gone, is nothing to a session: the gateway's index knows it. One that is to recover what it
missed first gets no live events meanwhile, and its recovery goes through states:

    RECOVERING ──last page──▶ CAUGHT_UP           (live from here on)
    RECOVERING ──more to come──▶ BEHIND           (the client subscribes again from there)
    RECOVERING ──page failed──▶ FAILED            (gone; the client hears an error)
    RECOVERING, BEHIND ──forgotten──▶ VOID        (subscribed again, with or without a recovery, or unsubscribed)
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from surewire.domain.rate import TokenBucket
from surewire.protocol.client_messages import ClientMessage
from surewire.protocol.codec import RequestError

__all__ = ["Phase", "Progress", "RecoveryState", "Session", "Step", "Turn"]

MAX_ERRORS: Final = 10
ERROR_WINDOW_S: Final = 60.0
PATIENCE: Final = 100
FRAMES_PER_S: Final = 1_000


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


class RecoveryState(Enum):
    """How far a recovery has got."""

    RECOVERING = auto()
    BEHIND = auto()
    CAUGHT_UP = auto()
    FAILED = auto()
    VOID = auto()


class Step(Enum):
    """What happened to a recovery."""

    LAST_PAGE = auto()
    MORE_PAGES = auto()
    PAGE_FAILED = auto()
    FORGOTTEN = auto()


_R = RecoveryState
RECOVERIES: Final[dict[tuple[RecoveryState, Step], RecoveryState]] = {
    (_R.RECOVERING, Step.LAST_PAGE): _R.CAUGHT_UP,
    (_R.RECOVERING, Step.MORE_PAGES): _R.BEHIND,
    (_R.RECOVERING, Step.PAGE_FAILED): _R.FAILED,
    (_R.RECOVERING, Step.FORGOTTEN): _R.VOID,
    (_R.BEHIND, Step.FORGOTTEN): _R.VOID,
}


class Progress:
    """One recovery's state. A new subscribe makes a new one, and the old one void: a page that was read for it is stale."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = RecoveryState.RECOVERING

    @property
    def is_recovering(self) -> bool:
        """Whether its page is still wanted."""
        return self.state is RecoveryState.RECOVERING


class Session:
    """One client. Small on purpose: there are as many as connections, and most never use more than two of its fields."""

    __slots__ = ("_behind", "_bucket", "_decode", "_delivered", "_errors", "_frames", "_frames_since_s", "_refused", "_synced", "phase")

    def __init__(self, decode: Callable[[str], ClientMessage]) -> None:
        self._decode = decode
        self.phase = Phase.OPEN
        self._bucket: TokenBucket | None = None
        self._errors: list[float] | None = None
        self._refused = self._frames = 0
        self._frames_since_s = 0.0
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

    def floods(self, now: float) -> bool:
        """Counts a frame that is no message and can be refused by no answer. True at every thousandth within a second."""
        if now - self._frames_since_s >= 1.0:
            self._frames, self._frames_since_s = 0, now
        self._frames = (self._frames + 1) % FRAMES_PER_S
        return not self._frames

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
        self.forget(subscription_id)
        progress = Progress()
        if self._behind is None:
            self._behind = {}
        self._behind[subscription_id] = progress
        return progress

    def recovered(self, subscription_id: str, progress: Progress, has_more: bool) -> bool:
        """Ends a recovery page. False when the subscription was replaced or removed meanwhile: the page is void."""
        return self._step(subscription_id, progress, Step.MORE_PAGES if has_more else Step.LAST_PAGE)

    def recovery_failed(self, subscription_id: str, progress: Progress) -> bool:
        """The page could not be read, so the subscription is gone. False when it was replaced or removed meanwhile: nobody waits for it."""
        return self._step(subscription_id, progress, Step.PAGE_FAILED)

    def forget(self, subscription_id: str) -> None:
        """The subscription begins anew, or is gone: what it was to recover is void."""
        progress = self._behind.get(subscription_id) if self._behind is not None else None
        if progress is not None:
            self._step(subscription_id, progress, Step.FORGOTTEN)

    def _step(self, subscription_id: str, progress: Progress, step: Step) -> bool:
        """Moves a recovery on, and keeps it no longer than it is behind. False when it is over: the step comes too late."""
        after = RECOVERIES.get((progress.state, step))
        if after is None:
            return False
        progress.state = after
        if after is not RecoveryState.BEHIND and self._behind is not None:
            del self._behind[subscription_id]
            self._behind = self._behind or None
        return True


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
