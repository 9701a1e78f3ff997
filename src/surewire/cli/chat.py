"""`surewire chat`: talking in one chat from a terminal, or from a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Annotated

from cyclopts import Parameter

from surewire.cli.remote import DEFAULT_URL, SOMEBODY_WAITS, Url, check_user, reaching
from surewire.cli.talk_screen import TalkScreen
from surewire.client import LOBBY, Chat, Client, connect
from surewire.errors import ClientError, ConfigError

__all__ = ["chat"]

_SHOWN_BEFORE = 20
_LONGEST_NAME = 200


def chat(
    user: Annotated[str, Parameter(help="Who you are.")],
    /,
    *,
    with_: Annotated[list[str] | None, Parameter(name="--with", consume_multiple=True, help="Who to talk to; may be repeated.")] = None,
    chat: Annotated[str | None, Parameter(help="Id of the chat to talk in.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Talk in a chat: the one with those people, the one with that id, or the lobby, which everyone may join.

    From a pipe, every line is sent, and the command ends when all of them are stored.
    """
    if with_ and chat:
        raise ConfigError("--with and --chat name different chats.", mend="Give only one of them.")
    for name in (user, *(with_ or ())):
        check_user(name)
    with reaching():
        asyncio.run(_chat(url, user, with_ or [], chat))


async def _chat(url: str, user: str, others: list[str], chat_id: str | None) -> None:
    screen = TalkScreen(user)
    async with connect(url, user_id=user, on_notice=screen.notice, reconnect=SOMEBODY_WAITS) as client:
        await _converse(client, await _enter(client, others, chat_id), screen)


async def _enter(client: Client, others: list[str], chat_id: str | None) -> Chat:
    """The chat, which exists and has the user in it from now on."""
    if chat_id == LOBBY or (chat_id is None and not others):
        return await client.join(LOBBY)
    if chat_id is not None:
        return await _known(client, chat_id)
    # Two who name each other must meet, so the chat of the same people is used again.
    people = sorted({client.user_id, *others})
    name = _name(people)
    for known in await client.chats():
        if known.name == name:
            found = await client.chat(known.chat_id)
            if sorted(member.user_id for member in found.members) == people:
                return found
    return await client.create_chat(others, name)


def _name(people: Sequence[str]) -> str:
    """The same name for the same people, and one that a server takes; those of whom it has the same beginning are told apart by members."""
    name = ", ".join(people)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


async def _known(client: Client, chat_id: str) -> Chat:
    try:
        return await client.chat(chat_id)
    except ClientError as error:
        if error.code != "NOT_FOUND":
            raise
        problem = f"{error.problem} that you are in. Name people instead, --with NAME, or leave --chat out for the lobby."
        raise ClientError(error.code, problem, path="--chat", details=error.details) from error


async def _converse(client: Client, chat: Chat, screen: TalkScreen) -> None:
    chat_id, latest = chat.chat_id, chat.latest_sequence
    messages = client.messages(after={chat_id: latest})
    earlier = await client.history(chat_id, before=latest + 1, limit=_SHOWN_BEFORE)
    screen.start(chat_id, earlier.messages)

    async def show() -> None:
        async for message in messages:
            if message.chat_id == chat_id:
                screen.message(message)
                client.ack(chat_id, message.sequence)

    showing = asyncio.create_task(show(), name="incoming messages")
    sending = asyncio.create_task(_send(client, chat_id, screen), name="outgoing messages")
    try:
        done, _ = await asyncio.wait((showing, sending), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (showing, sending):
            task.cancel()
            with suppress(asyncio.CancelledError, ClientError):
                await task


async def _send(client: Client, chat_id: str, screen: TalkScreen) -> None:
    """Sends every line. People read of one that is refused and go on; a pipe ends there, with the number of that line."""
    number = 0
    async for line in _lines(screen):
        number += 1
        if not line.strip():
            continue
        try:
            await client.send(chat_id, line)
        except ClientError as error:
            if not screen.is_terminal:
                raise _at_line(number, error) from error
            screen.refused(error)
        except asyncio.CancelledError:
            screen.unsent(line)
            raise


def _at_line(number: int, error: ClientError) -> ClientError:
    return ClientError(error.code, f"line {number}: {error.problem}", temporary=error.temporary, details=error.details, path=error.path)


async def _lines(screen: TalkScreen) -> AsyncGenerator[str]:
    """What is typed or piped in, line by line, until its end."""
    while (line := await screen.read_line()) is not None:
        yield line
