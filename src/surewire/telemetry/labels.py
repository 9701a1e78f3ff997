"""Which values a label may take, so that no input can make a new series.

The contract gives a label's values as a list, or as a sentence that names a kind of value; the kinds that are measured are known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, cast

from surewire.contract.catalogue import load_alerts
from surewire.domain.event import BUILT_IN_TYPES, OTHER_TYPES
from surewire.protocol.client_messages import ClientMessage
from surewire.protocol.codec import NOT_BUILT_YET
from surewire.protocol.codes import ERROR_CODES
from surewire.protocol.server_messages import ServerMessage

__all__ = ["MESSAGE_TYPES", "UNKNOWN_TYPE", "UNMATCHED_ROUTE", "Bound", "fixed", "open_kinds"]

Bound = Callable[[str], str]
"""The label for a value: the value itself, or the one that stands for all others. Raises: ValueError for one outside the contract."""

UNKNOWN_TYPE: Final = "unknown"
UNMATCHED_ROUTE: Final = "unmatched"
NON_NEGOTIABLE: Final = load_alerts().non_negotiable
TOPICS: Final = ("messages.persisted", "memberships.changed", "chats.created", "dead_letters")
MESSAGE_TYPES: Final = NOT_BUILT_YET.union(
    cast("str", struct.__struct_config__.tag) for union in (ClientMessage, ServerMessage) for struct in union.__args__
)


def fixed(values: Collection[str]) -> Bound:
    """Exactly these values."""
    allowed = frozenset(values)

    def bound(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {', '.join(sorted(allowed))}")
        return value

    return bound


def known(values: Collection[str], otherwise: str) -> Bound:
    """These values, read at each call; `otherwise` for every other."""

    def bound(value: str) -> str:
        return value if value in values else otherwise

    return bound


def matching(pattern: str) -> Bound:
    """Values of one form, of which there are few."""
    compiled = re.compile(pattern)

    def bound(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"{value!r} is not of the form {pattern}")
        return value

    return bound


def open_kinds(event_types: Collection[str], routes: Collection[str]) -> Mapping[str, Bound]:
    """The bound of each kind of value that the contract names by a sentence. `routes` may grow later."""
    return {
        "event types": known(frozenset(BUILT_IN_TYPES).union(event_types), OTHER_TYPES),
        "message types of the protocol": known(MESSAGE_TYPES, UNKNOWN_TYPE),
        "error codes of the protocol": fixed(ERROR_CODES),
        "route templates": known(routes, UNMATCHED_ROUTE),
        "status codes": matching(r"[1-5][0-9]{2}"),
        "topics": fixed(TOPICS),
        "SLO names": matching(r"[a-z0-9]+(-[a-z0-9]+)*"),
        "non-negotiable alerts": fixed(NON_NEGOTIABLE),
        "partitions": matching(r"0|[1-9][0-9]{0,3}"),
    }
