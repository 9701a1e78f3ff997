"""What every `MessageWriter` promises: durable, ordered, each message once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager

import pytest

from surewire.domain.ids import is_prefixed_ulid
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import ClientError
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.ports.message_writer import Stored
from tests.contracts.open_store import OpenStore, Sender, claim_of
from tests.fakes.clock import SettableClock

__all__ = ["MessageWriterContract"]


class MessageWriterContract:
    def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AbstractAsyncContextManager[OpenStore]:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> SettableClock:
        return SettableClock()

    @pytest.fixture
    async def opened(self, clock: SettableClock) -> AsyncGenerator[OpenStore]:
        async with self.open(clock) as opened:
            yield opened

    @pytest.fixture
    def sender(self, opened: OpenStore) -> Sender:
        return Sender(opened.message_writer)

    @pytest.fixture
    async def chat_id(self, opened: OpenStore) -> str:
        return (await opened.messages.create_chat("alice", ["bob"], None)).chat_id

    async def test_a_message_gets_the_next_sequence_and_an_id_and_an_instant(
        self, sender: Sender, clock: SettableClock, chat_id: str
    ) -> None:
        first = await sender.send(chat_id, "alice", "a", "hello")
        clock.advance(1)
        second = await sender.send(chat_id, "bob", "a", "hi", content_type="text/markdown")
        assert is_prefixed_ulid(first.message_id, "msg_")
        assert first.message_id < second.message_id
        assert (first.sequence, first.sender_id, first.content, first.content_type) == (1, "alice", "hello", "text/plain")
        assert (second.sequence, second.sender_id, second.content_type) == (2, "bob", "text/markdown")
        assert second.created_at == format_instant(clock.now_micros())

    async def test_each_chat_counts_for_itself_within_one_batch(self, opened: OpenStore, sender: Sender, chat_id: str) -> None:
        other = (await opened.messages.create_chat("alice", [], None)).chat_id
        requests = [sender.request(chat, "alice", f"{chat}{i}") for i in range(20) for chat in (chat_id, other)]
        outcomes = await sender.send_all(requests)
        for chat in (chat_id, other):
            mine = [m for m in outcomes if isinstance(m, Message) and m.chat_id == chat]
            assert [m.sequence for m in mine] == list(range(1, 21))
        assert sender.told == requests

    async def test_the_same_message_again_is_answered_with_the_first(self, sender: Sender, chat_id: str) -> None:
        first = await sender.send(chat_id, "alice", "a")
        assert await sender.send(chat_id, "alice", "a") == first
        twice = [sender.request(chat_id, "bob", "b"), sender.request(chat_id, "alice", "a"), sender.request(chat_id, "bob", "b")]
        new, known, again = await sender.send_all(twice)
        assert (new, known) == (again, first)
        assert (await sender.send(chat_id, "alice", "c")).sequence == 3

    async def test_the_same_id_with_other_content_is_a_conflict_that_names_the_first(self, sender: Sender, chat_id: str) -> None:
        first = await sender.send(chat_id, "alice", "a", "one")
        for content, content_type in (("two", "text/plain"), ("one", "text/markdown")):
            with pytest.raises(ClientError) as caught:
                await sender.send(chat_id, "alice", "a", content, content_type=content_type)
            assert (caught.value.code, caught.value.details) == ("CONFLICT", {"message_id": first.message_id})
        new, conflict = await sender.send_all([sender.request(chat_id, "bob", "b", "x"), sender.request(chat_id, "bob", "b", "y")])
        assert isinstance(new, Message)
        assert isinstance(conflict, ClientError)
        assert (conflict.code, new.sequence) == ("CONFLICT", 2)

    async def test_the_same_id_of_another_sender_or_in_another_chat_is_another_message(
        self, opened: OpenStore, sender: Sender, chat_id: str
    ) -> None:
        other = (await opened.messages.create_chat("alice", [], None)).chat_id
        sent = [await sender.send(chat_id, "alice", "a"), await sender.send(chat_id, "bob", "a"), await sender.send(other, "alice", "a")]
        assert len({message.message_id for message in sent}) == 3

    async def test_outsiders_and_unknown_chats_are_refused_alike_and_take_no_sequence(self, sender: Sender, chat_id: str) -> None:
        for chat, user in ((chat_id, "mallory"), ("chat_x", "alice"), ("\0", "alice"), ("", "alice")):
            with pytest.raises(ClientError) as caught:
                await sender.send(chat, user, "a")
            assert (caught.value.code, caught.value.path) == ("NOT_FOUND", "chat_id")
        assert (await sender.send(chat_id, "alice", "a")).sequence == 1

    async def test_the_right_to_write_follows_the_membership_at_once(self, opened: OpenStore, sender: Sender, chat_id: str) -> None:
        with pytest.raises(ClientError):
            await sender.send(chat_id, "carol", "a")
        await opened.messages.add_member(chat_id, "alice", "carol")
        assert (await sender.send(chat_id, "carol", "a")).sequence == 1
        await opened.messages.remove_member(chat_id, "carol", "carol")
        with pytest.raises(ClientError):
            await sender.send(chat_id, "carol", "b")

    async def test_instants_never_go_back_within_a_chat(
        self, opened: OpenStore, sender: Sender, clock: SettableClock, chat_id: str
    ) -> None:
        first = await sender.send(chat_id, "alice", "a")
        clock.wall_micros -= 3_600_000_000
        second = await sender.send(chat_id, "alice", "b")
        other = (await opened.messages.create_chat("alice", [], None)).chat_id
        assert second.created_at == first.created_at
        assert second.message_id > first.message_id
        assert (await sender.send(other, "alice", "a")).created_at == format_instant(clock.now_micros())
        clock.wall_micros += 7_200_000_000
        assert (await sender.send(chat_id, "alice", "c")).created_at == format_instant(clock.now_micros())

    async def test_a_claimed_request_is_answered_as_the_first_time(self, sender: Sender, chat_id: str) -> None:
        message = await sender.send(chat_id, "alice", "a", claim=claim_of("k"))
        for _ in range(2):
            with pytest.raises(AlreadyAnsweredError) as caught:
                await sender.send(chat_id, "alice", "ignored", claim=claim_of("k"))
            assert caught.value.answer.body == repr(Stored(message, duplicate=False)).encode()
        with pytest.raises(ClientError) as conflict:
            await sender.send(chat_id, "alice", "b", claim=claim_of("k", b"other"))
        assert conflict.value.code == "CONFLICT"
        assert await sender.send(chat_id, "alice", "a", claim=claim_of("second key")) == message
        assert (await sender.send(chat_id, "alice", "b")).sequence == 2

    async def test_a_repeated_claim_is_found_within_one_batch(self, sender: Sender, chat_id: str) -> None:
        first, again = await sender.send_all([sender.request(chat_id, "alice", str(i), claim=claim_of("k")) for i in range(2)])
        assert isinstance(first, Message)
        assert isinstance(again, AlreadyAnsweredError)

    async def test_a_refused_claim_leaves_its_key_free(self, sender: Sender, chat_id: str) -> None:
        with pytest.raises(ClientError):
            await sender.send("chat_x", "alice", "a", claim=claim_of("k"))
        assert (await sender.send(chat_id, "alice", "a", claim=claim_of("k"))).sequence == 1

    async def test_too_many_waiting_requests_are_not_taken(self, opened: OpenStore, sender: Sender, chat_id: str) -> None:
        assert opened.message_writer.write([sender.request(chat_id, "alice", str(i)) for i in range(1_000_000 // 40)]) is False
        assert sender.told == []
        assert (await sender.send(chat_id, "alice", "a")).sequence == 1
