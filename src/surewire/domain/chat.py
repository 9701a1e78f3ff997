"""A chat and its members: an ordered log of messages that exactly its members may read and write."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["LOBBY", "Chat", "Member", "Role", "Watermarks"]

LOBBY = "chat_lobby"
"""The one chat whose id is no ULID: an open server makes it at first use, without an owner, and any user may join it."""

Role = Literal["owner", "member"]


class Member(Struct, frozen=True, gc=False):
    """One member of a chat. The creator is the owner: adds, edits, removes. A member may leave."""

    user_id: str
    role: Role
    joined_at: str


class Chat(Struct, frozen=True):
    """A chat as its members see it. `latest_sequence` is 0 before the first message."""

    chat_id: str
    name: str | None
    owner: str | None
    created_at: str
    latest_sequence: int
    members: tuple[Member, ...] = ()


class Watermarks(Struct, frozen=True, gc=False):
    """How far one member has got: every sequence up to `delivered_sequence` reached it, up to `read_sequence` was read."""

    user_id: str
    delivered_sequence: int
    read_sequence: int
