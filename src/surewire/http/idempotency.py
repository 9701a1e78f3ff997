"""`Idempotency-Key`: a POST that is sent again does nothing again and gets the same answer.

The first answer is stored in the commit of the effect, so it outlives a crash; a refusal is not stored, because nothing was done.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from surewire.domain.principal import Principal
from surewire.errors import ClientError
from surewire.http.call import Call
from surewire.http.deadline import in_time
from surewire.http.reply import JSON, Reply, replayed
from surewire.http.running_claims import HEADER
from surewire.ports.idempotency import ANONYMOUS, AlreadyAnsweredError, Answer, Claim

__all__ = ["answer_once"]

_KEY: Final = re.compile(r"[!-~]{1,255}")
_Result = TypeVar("_Result")


async def answer_once(
    call: Call,
    caller: Principal,
    body: bytes,
    effect: Callable[[Claim | None], Awaitable[_Result]],
    render: Callable[[_Result], Answer],
) -> Reply:
    """The answer of a POST. `effect` does it, handing the claim to the store that commits it; `render` makes the answer of its result,
    in the store's thread too. Without a key, or with a new one, the effect happens; else the first answer comes again.

    Raises: what `effect` raises; ClientError `CONFLICT` for a key that is running or was used with another body, `INVALID_MESSAGE`
    for one that is no key; `TIMEOUT` when the effect takes too long, and then it goes on.
    """
    key = call.header(b"idempotency-key", HEADER)
    if key is None:
        return _reply(render(await in_time(effect(None))))
    claim = _claim(call, caller, key, body, render)
    try:
        with call.running_claims.hold(claim):
            return _reply(render(await in_time(effect(claim))))
    except AlreadyAnsweredError as earlier:
        return replayed(earlier.answer)


def _claim(call: Call, caller: Principal, key: str, body: bytes, render: Callable[[_Result], Answer]) -> Claim:
    if not _KEY.fullmatch(key):
        raise ClientError("INVALID_MESSAGE", "a key is 1 to 255 visible ASCII characters", path=HEADER)
    owner = ANONYMOUS if caller.anonymous else caller.user_id
    return Claim(owner, call.method, call.scope["path"], key, hashlib.sha256(body).digest(), render)


def _reply(answer: Answer) -> Reply:
    return Reply(answer.status, answer.body, JSON)
