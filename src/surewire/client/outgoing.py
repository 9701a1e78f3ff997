"""What the client says, as it goes out: held here to the rules that a server holds it to.

A request that no server would take fails where it is asked. On its way it would count as a mistake of this client, of which a server
takes a few and then ends the connection for good; one that cannot even be written as text would break it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from surewire.errors import ClientError
from surewire.protocol.client_messages import ClientMessage
from surewire.protocol.codec import client_decoder

__all__ = ["frame_of", "json_of"]

_encode: Final = msgspec.json.Encoder().encode
_judge: Final = client_decoder()


def json_of(value: Any) -> bytes:
    """A value as JSON. Raises: ClientError `INVALID_MESSAGE` for text that UTF-8 does not know: half of a surrogate pair."""
    try:
        return _encode(value)
    except UnicodeEncodeError as error:
        character = error.object[error.start : error.end].encode("unicode_escape").decode("ascii")
        raise ClientError("INVALID_MESSAGE", f"{character} is half of a character and cannot be sent") from error


def frame_of(message: ClientMessage) -> bytes:
    """A message as the text of a frame. Raises: ClientError `INVALID_MESSAGE`, with the path of the field that is wrong."""
    frame = json_of(message)
    try:
        _judge(frame.decode())
    except ClientError as refused:
        where = f"{refused.path}: " if refused.path else ""
        raise ClientError(refused.code, f"{where}{refused.problem}", details={"path": refused.path}, path=refused.path) from None
    return frame
