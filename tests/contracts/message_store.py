"""What every `MessageStore` promises. An adapter's test class inherits this and says how it is opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager

import pytest

from surewire.domain.chat import LOBBY
from surewire.domain.ids import is_prefixed_ulid
from surewire.domain.instant import format_instant
from surewire.errors import ClientError
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.ports.message_store import PAGE_BYTES, MessageStore, SyncRequest, WatermarkState, WatermarkUpdate
from tests.contracts.open_store import OpenStore, Sender, claim_of
from tests.fakes.clock import SettableClock

__all__ = ["MessageStoreContract"]


def delivered(user: str, chat_id: str, sequence: int, state: WatermarkState = "delivered") -> WatermarkUpdate:
    return WatermarkUpdate(user, state, chat_id, sequence)


class MessageStoreContract:
    def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AbstractAsyncContextManager[OpenStore]:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> SettableClock:
        return SettableClock()

    @pytest.fixture
    async def opened(self, clock: SettableClock) -> AsyncGenerator[OpenStore]:
        async with self.open(clock, max_members=5) as opened:
            yield opened

    @pytest.fixture
    def store(self, opened: OpenStore) -> MessageStore:
        return opened.messages

    @pytest.fixture
    def sender(self, opened: OpenStore) -> Sender:
        return Sender(opened.message_writer)

    @pytest.fixture
    async def chat_id(self, store: MessageStore) -> str:
        return (await store.create_chat("alice", ["bob"], "team")).chat_id

    # ---- chats

    async def test_a_new_chat_belongs_to_its_creator_who_is_a_member(self, store: MessageStore, clock: SettableClock) -> None:
        chat = await store.create_chat("alice", ["bob", "bob", "alice"], "team")
        assert is_prefixed_ulid(chat.chat_id, "chat_")
        assert (chat.name, chat.owner, chat.latest_sequence) == ("team", "alice", 0)
        assert chat.created_at == format_instant(clock.now_micros())
        assert {(member.user_id, member.role) for member in chat.members} == {("alice", "owner"), ("bob", "member")}
        assert await store.chat(chat.chat_id, "bob") == chat

    async def test_an_outsider_cannot_tell_a_chat_from_none(self, store: MessageStore, chat_id: str) -> None:
        errors: list[ClientError] = []
        for asked in (chat_id, "chat_01JAAAAAAAAAAAAAAAAAAAAAAA", "", "\0"):
            with pytest.raises(ClientError) as caught:
                await store.chat(asked, "mallory")
            errors.append(caught.value)
        assert {(error.code, error.problem, error.path) for error in errors} == {(errors[0].code, errors[0].problem, errors[0].path)}
        assert errors[0].code == "NOT_FOUND"

    async def test_a_member_without_the_right_is_told_so(self, store: MessageStore, chat_id: str) -> None:
        for attempt in (
            store.rename_chat(chat_id, "bob", "x"),
            store.delete_chat(chat_id, "bob"),
            store.add_member(chat_id, "bob", "carol"),
            store.remove_member(chat_id, "bob", "alice"),
        ):
            with pytest.raises(ClientError) as caught:
                await attempt
            assert caught.value.code == "FORBIDDEN"

    async def test_an_outsider_can_do_nothing(self, store: MessageStore, chat_id: str) -> None:
        for attempt in (
            store.rename_chat(chat_id, "mallory", "x"),
            store.delete_chat(chat_id, "mallory"),
            store.add_member(chat_id, "mallory", "mallory"),
            store.remove_member(chat_id, "mallory", "alice"),
            store.history(chat_id, "mallory", before=None, after=None, limit=10),
            store.delivery(chat_id, "mallory"),
        ):
            with pytest.raises(ClientError) as caught:
                await attempt
            assert caught.value.code == "NOT_FOUND"

    async def test_the_owner_renames(self, store: MessageStore, chat_id: str) -> None:
        assert (await store.rename_chat(chat_id, "alice", "new")).name == "new"
        assert (await store.rename_chat(chat_id, "alice", None)).name is None
        assert (await store.chat(chat_id, "bob")).name is None

    async def test_a_deleted_chat_is_gone_with_everything(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        await sender.send(chat_id, "alice", "1")
        await store.delete_chat(chat_id, "alice")
        assert await store.members(chat_id) is None
        assert (await store.chats_of("alice", 10, None)).items == ()
        with pytest.raises(ClientError, match="no such chat"):
            await store.chat(chat_id, "alice")
        with pytest.raises(ClientError, match="no such chat"):
            await sender.send(chat_id, "alice", "2")
        assert (await store.stats()).chats == 0

    async def test_what_a_deleted_chat_left_behind_is_pruned(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        for number in range(5):
            await sender.send(chat_id, "alice", str(number))
        await store.delete_chat(chat_id, "alice")
        assert [await store.prune(0, 3), await store.prune(0, 3), await store.prune(0, 3)] == [3, 2, 0]
        assert (await store.check()).problems == ()

    async def test_chats_of_a_user_come_by_id_in_pages(self, store: MessageStore, clock: SettableClock) -> None:
        ids = []
        for _ in range(5):
            clock.advance(0.002)
            ids.append((await store.create_chat("alice", ["bob"], None)).chat_id)
        await store.create_chat("carol", [], None)
        await store.add_member(LOBBY, "bob", "bob")
        first = await store.chats_of("bob", 2, None)
        assert [chat.chat_id for chat in first.items] == ids[:2]
        assert all(chat.members == () for chat in first.items)
        second = await store.chats_of("bob", 3, first.next)
        assert [chat.chat_id for chat in second.items] == ids[2:]
        last = await store.chats_of("bob", 3, second.next)
        assert ([chat.chat_id for chat in last.items], last.next) == ([LOBBY], None)

    # ---- members

    async def test_the_owner_adds_and_removes(self, store: MessageStore, chat_id: str) -> None:
        chat = await store.add_member(chat_id, "alice", "carol")
        assert {member.user_id for member in chat.members} == {"alice", "bob", "carol"}
        assert await store.add_member(chat_id, "alice", "carol") == chat
        await store.remove_member(chat_id, "alice", "bob")
        assert await store.members(chat_id) == {"alice", "carol"}
        with pytest.raises(ClientError) as caught:
            await store.remove_member(chat_id, "alice", "bob")
        assert caught.value.code == "NOT_FOUND"

    async def test_a_member_may_leave_but_the_owner_deletes_instead(self, store: MessageStore, chat_id: str) -> None:
        await store.remove_member(chat_id, "bob", "bob")
        with pytest.raises(ClientError) as caught:
            await store.chat(chat_id, "bob")
        assert caught.value.code == "NOT_FOUND"
        with pytest.raises(ClientError) as caught:
            await store.remove_member(chat_id, "alice", "alice")
        assert caught.value.code == "CONFLICT"

    async def test_a_chat_holds_so_many_members_and_no_more(self, store: MessageStore) -> None:
        with pytest.raises(ClientError) as caught:
            await store.create_chat("alice", ["b", "c", "d", "e", "f"], None)
        assert caught.value.code == "LIMIT_EXCEEDED"
        chat = await store.create_chat("alice", ["b", "c", "d", "e"], None)
        with pytest.raises(ClientError) as caught:
            await store.add_member(chat.chat_id, "alice", "f")
        assert caught.value.code == "LIMIT_EXCEEDED"
        assert len((await store.add_member(chat.chat_id, "alice", "e")).members) == 5

    async def test_members_of_no_chat_are_none(self, store: MessageStore, chat_id: str) -> None:
        assert await store.members(chat_id) == {"alice", "bob"}
        assert await store.members("chat_x") is None

    async def test_the_lobby_is_made_at_first_use_and_anyone_joins_itself(self, store: MessageStore, sender: Sender) -> None:
        lobby = await store.add_member(LOBBY, "alice", "alice")
        assert (lobby.chat_id, lobby.owner, [(m.user_id, m.role) for m in lobby.members]) == (LOBBY, None, [("alice", "member")])
        assert {member.user_id for member in (await store.add_member(LOBBY, "bob", "bob")).members} == {"alice", "bob"}
        assert (await sender.send(LOBBY, "bob", "1")).sequence == 1
        for attempt in (store.delete_chat(LOBBY, "alice"), store.add_member(LOBBY, "alice", "carol")):
            with pytest.raises(ClientError) as caught:
                await attempt
            assert caught.value.code == "FORBIDDEN"
        await store.remove_member(LOBBY, "alice", "alice")
        assert await store.members(LOBBY) == {"bob"}

    async def test_without_open_doors_there_is_no_lobby(self, clock: SettableClock) -> None:
        async with self.open(clock, lobby=False) as opened:
            with pytest.raises(ClientError) as caught:
                await opened.messages.add_member(LOBBY, "alice", "alice")
            assert caught.value.code == "NOT_FOUND"

    # ---- reading

    async def test_history_is_the_newest_page_or_the_one_before_or_after(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        sent = [await sender.send(chat_id, "alice", str(number), f"text {number}") for number in range(10)]

        async def page(before: int | None, after: int | None, limit: int) -> tuple[list[int], bool]:
            found = await store.history(chat_id, "bob", before=before, after=after, limit=limit)
            assert found.latest_sequence == 10
            assert list(found.messages) == [sent[message.sequence - 1] for message in found.messages]
            return [message.sequence for message in found.messages], found.has_more

        assert await page(None, None, 3) == ([8, 9, 10], True)
        assert await page(8, None, 5) == ([3, 4, 5, 6, 7], True)
        assert await page(3, None, 5) == ([1, 2], False)
        assert await page(1, None, 5) == ([], False)
        assert await page(None, 0, 4) == ([1, 2, 3, 4], True)
        assert await page(None, 6, 4) == ([7, 8, 9, 10], False)
        assert await page(None, 10, 4) == ([], False)
        assert await page(None, 99, 4) == ([], False)
        assert await page(99, None, 1) == ([10], True)

    async def test_new_members_see_all_history(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        await sender.send(chat_id, "alice", "1")
        await store.add_member(chat_id, "alice", "carol")
        assert len((await store.history(chat_id, "carol", before=None, after=None, limit=10)).messages) == 1

    async def test_texts_come_back_as_they_were(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        text = 'a\0b "quotes" \'single\' \\ \x01 \u2028 \U0001f980 é {"json": [1]}'
        await sender.send(chat_id, "alice", 'id "\0" \\', text, content_type="text/x-\0")
        (message,) = (await store.history(chat_id, "bob", before=None, after=None, limit=10)).messages
        assert (message.content, message.content_type) == (text, "text/x-\0")
        assert (await sender.send(chat_id, "alice", 'id "\0" \\', text, content_type="text/x-\0")) == message

    async def test_a_page_ends_before_it_gets_too_large_but_has_one_message(
        self, store: MessageStore, sender: Sender, chat_id: str
    ) -> None:
        large = PAGE_BYTES // 3
        for number in range(6):
            await sender.send(chat_id, "alice", str(number), "x" * large)
        await sender.send(chat_id, "alice", "huge", "x" * (PAGE_BYTES + 1))
        newest = await store.history(chat_id, "bob", before=None, after=None, limit=50)
        assert ([m.sequence for m in newest.messages], newest.has_more) == ([7], True)
        older = await store.history(chat_id, "bob", before=7, after=None, limit=50)
        assert ([m.sequence for m in older.messages], older.has_more) == ([5, 6], True)
        first = await store.history(chat_id, "bob", before=None, after=0, limit=50)
        assert ([m.sequence for m in first.messages], first.has_more) == ([1, 2], True)

    async def test_sync_answers_for_each_chat_in_the_order_asked(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        other = (await store.create_chat("bob", [], None)).chat_id
        foreign = (await store.create_chat("carol", [], None)).chat_id
        for number in range(3):
            await sender.send(chat_id, "alice", str(number))
            await sender.send(other, "bob", str(number))
        asked = [SyncRequest(other, 1), SyncRequest(foreign, 0), SyncRequest(chat_id, 3), SyncRequest("chat_x", 0)]
        pages, outside = await store.sync("bob", asked, 1)
        assert outside == [foreign, "chat_x"]
        assert [(page.chat_id, [m.sequence for m in page.messages], page.has_more) for page in pages] == [
            (other, [2], True),
            (chat_id, [], False),
        ]

    async def test_a_page_of_what_follows_says_how_far_the_member_had_got(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        for number in range(3):
            await sender.send(chat_id, "alice", str(number))
        await store.acknowledge([WatermarkUpdate("bob", "delivered", chat_id, 2)])
        for user_id, delivered in (("alice", 0), ("bob", 2)):
            ((page,), _) = await store.sync(user_id, [SyncRequest(chat_id, 0)], 10)
            assert page.delivered_sequence == delivered

    async def test_sync_has_one_budget_for_all_chats(self, store: MessageStore, sender: Sender) -> None:
        ids = [(await store.create_chat("alice", [], None)).chat_id for _ in range(4)]
        for chat_id in ids:
            for number in range(2):
                await sender.send(chat_id, "alice", str(number), "x" * (PAGE_BYTES // 3))
        pages, _ = await store.sync("alice", [SyncRequest(chat_id, 0) for chat_id in ids], 100)
        assert [(len(page.messages), page.has_more, page.latest_sequence) for page in pages] == [(2, False, 2), *[(0, True, 2)] * 3]

    # ---- watermarks

    async def test_the_highest_watermark_wins_and_is_never_above_the_latest(
        self, store: MessageStore, sender: Sender, chat_id: str
    ) -> None:
        for number in range(5):
            await sender.send(chat_id, "alice", str(number))
        updates = [delivered("bob", chat_id, 4), delivered("bob", chat_id, 2), delivered("bob", chat_id, 3, "read")]
        assert await store.acknowledge([*updates, delivered("alice", chat_id, 999)]) == []
        marks = await store.delivery(chat_id, "bob")
        assert [(m.user_id, m.delivered_sequence, m.read_sequence) for m in marks.members] == [("alice", 5, 0), ("bob", 4, 3)]
        assert await store.acknowledge([delivered("bob", chat_id, 1, "read")]) == []
        assert (await store.delivery(chat_id, "bob")).members == marks.members

    async def test_read_implies_delivered(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        await sender.send(chat_id, "alice", "1")
        await store.acknowledge([delivered("bob", chat_id, 1, "read")])
        bob = (await store.delivery(chat_id, "alice")).members[1]
        assert (bob.delivered_sequence, bob.read_sequence) == (1, 1)

    async def test_a_message_id_stands_for_its_chat_and_sequence(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        await sender.send(chat_id, "alice", "1")
        second = await sender.send(chat_id, "alice", "2")
        by_id = [WatermarkUpdate("bob", "delivered", message_id=second.message_id)]
        assert await store.acknowledge([*by_id, WatermarkUpdate("bob", "delivered", message_id="msg_of_an_event")]) == []
        assert (await store.delivery(chat_id, "bob")).members[1].delivered_sequence == 2

    async def test_updates_of_outsiders_come_back(self, store: MessageStore, sender: Sender, chat_id: str) -> None:
        message = await sender.send(chat_id, "alice", "1")
        outside = [
            delivered("mallory", chat_id, 1),
            delivered("bob", "chat_x", 1),
            WatermarkUpdate("mallory", "read", message_id=message.message_id),
        ]
        assert await store.acknowledge([outside[0], delivered("bob", chat_id, 1), *outside[1:]]) == outside
        assert await store.acknowledge([]) == []

    # ---- retention

    async def test_pruning_takes_the_oldest_first_and_says_so(
        self, store: MessageStore, sender: Sender, clock: SettableClock, chat_id: str
    ) -> None:
        for number in range(6):
            await sender.send(chat_id, "alice", str(number))
            clock.advance(10)
        old = clock.now_micros() - 25_000_000
        assert await store.prune(old, 3) == 3
        assert await store.prune(old, 3) == 1
        assert await store.prune(old, 3) == 0
        page = await store.history(chat_id, "bob", before=None, after=1, limit=10)
        assert [m.sequence for m in page.messages] == [5, 6]
        assert page.gap is not None
        assert (page.gap.first, page.gap.last, page.latest_sequence) == (2, 4, 6)
        assert (await store.history(chat_id, "bob", before=None, after=4, limit=10)).gap is None
        newest = await store.history(chat_id, "bob", before=None, after=None, limit=10)
        assert ([m.sequence for m in newest.messages], newest.has_more) == ([5, 6], False)
        assert (await store.check()).problems == ()

    async def test_sequences_go_on_after_everything_was_pruned(
        self, store: MessageStore, sender: Sender, clock: SettableClock, chat_id: str
    ) -> None:
        for number in range(3):
            await sender.send(chat_id, "alice", str(number))
        clock.advance(1)
        assert await store.prune(clock.now_micros(), 100) == 3
        assert (await sender.send(chat_id, "alice", "0", "anew")).sequence == 4
        pages, _ = await store.sync("bob", [SyncRequest(chat_id, 0)], 100)
        assert pages[0].gap is not None
        assert ([m.sequence for m in pages[0].messages], pages[0].gap.first, pages[0].gap.last) == ([4], 1, 3)
        assert (await store.check()).problems == ()

    # ---- idempotency

    async def test_a_repeated_claim_gets_the_first_answer_for_a_day(self, store: MessageStore, clock: SettableClock) -> None:
        chat = await store.create_chat("alice", [], None, claim_of("k"))
        with pytest.raises(AlreadyAnsweredError) as caught:
            await store.create_chat("alice", [], None, claim_of("k"))
        assert caught.value.answer.body == repr(chat).encode()
        with pytest.raises(ClientError) as conflict:
            await store.create_chat("alice", [], None, claim_of("k", b"other"))
        assert conflict.value.code == "CONFLICT"
        assert (await store.create_chat("bob", [], None, claim_of("k", owner="bob"))).owner == "bob"
        clock.advance(24 * 3600 - 1)
        with pytest.raises(AlreadyAnsweredError):
            await store.create_chat("alice", [], None, claim_of("k"))
        clock.advance(2)
        assert (await store.create_chat("alice", [], None, claim_of("k"))).chat_id != chat.chat_id

    async def test_a_refused_request_leaves_its_key_free(self, store: MessageStore) -> None:
        with pytest.raises(ClientError):
            await store.create_chat("alice", list("bcdefgh"), None, claim_of("k"))
        assert await store.create_chat("alice", [], None, claim_of("k"))

    # ---- sizes

    async def test_stats_and_check_of_a_sound_store(self, store: MessageStore, sender: Sender, clock: SettableClock, chat_id: str) -> None:
        empty = await store.stats()
        assert (empty.chats, empty.messages, empty.members, empty.oldest_message_at) == (1, 0, 2, None)
        first = await sender.send(chat_id, "alice", "1")
        clock.advance(1)
        last = await sender.send(chat_id, "alice", "2")
        stats = await store.stats()
        assert (stats.messages, stats.oldest_message_at, stats.newest_message_at) == (2, first.created_at, last.created_at)
        assert stats.size_bytes > 0
        check = await store.check()
        assert (check.chats, check.messages, check.problems) == (1, 2, ())
