"""Who is in which chat, remembered for as long as it is true and there is room."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.adapters.memory.store import MemoryStore, memory_store
from surewire.contract.catalogue import load_metrics
from surewire.fanout.membership import MembershipCache
from surewire.telemetry.instruments import FanoutInstruments
from surewire.telemetry.registry import Registry
from tests.fakes.clock import SettableClock


def cache(store: MemoryStore, max_members: int = 100) -> tuple[MembershipCache, FanoutInstruments]:
    instruments = FanoutInstruments(Registry(load_metrics()))
    return MembershipCache(store.messages, instruments, max_members), instruments


@pytest.fixture
async def store() -> MemoryStore:
    return memory_store(SettableClock())


async def chat_of(store: MemoryStore, size: int) -> str:
    members = [f"user{number}" for number in range(size)]
    return (await store.messages.create_chat(members[0], members, None)).chat_id


async def test_members_are_read_once_and_then_known(store: MemoryStore) -> None:
    members, instruments = cache(store)
    chat_id = await chat_of(store, 3)
    assert members.known(chat_id) is None
    assert await members.load(chat_id) == {"user0", "user1", "user2"}
    assert members.known(chat_id) == {"user0", "user1", "user2"}
    assert (instruments.membership_cache_hits.n, instruments.membership_cache_misses.n) == (1, 1)


async def test_what_is_void_is_read_again(store: MemoryStore) -> None:
    members, _ = cache(store)
    chat_id = await chat_of(store, 2)
    await members.load(chat_id)
    await store.messages.remove_member(chat_id, "user0", "user1")
    members.drop(chat_id)
    assert members.known(chat_id) is None
    assert await members.load(chat_id) == {"user0"}


async def test_a_chat_that_does_not_exist_is_not_remembered(store: MemoryStore) -> None:
    members, _ = cache(store)
    assert await members.load("chat_none") is None
    assert members.known("chat_none") is None
    members.drop("chat_none")


async def test_the_chat_used_longest_ago_goes_first(store: MemoryStore) -> None:
    members, _ = cache(store, max_members=9)
    one, two, three, four = [await chat_of(store, 3) for _ in range(4)]
    for chat_id in (one, two, three):
        await members.load(chat_id)
    members.known(one)
    await members.load(four)
    assert [members.known(chat_id) is not None for chat_id in (one, two, three, four)] == [True, False, True, True]


async def test_a_chat_larger_than_all_room_is_still_remembered(store: MemoryStore) -> None:
    members, _ = cache(store, max_members=5)
    small, large = await chat_of(store, 2), await chat_of(store, 9)
    await members.load(small)
    await members.load(large)
    assert members.known(small) is None
    assert len(members.known(large) or ()) == 9


@given(st.lists(st.tuples(st.sampled_from(["load", "drop", "known"]), st.integers(0, 5)), max_size=60))
def test_the_size_is_that_of_what_is_remembered_and_bounded(steps: list[tuple[str, int]]) -> None:
    async def scenario() -> None:
        store = memory_store(SettableClock())
        members, _ = cache(store, max_members=10)
        chats = [await chat_of(store, size) for size in (1, 2, 3, 4, 5, 12)]
        for action, number in steps:
            if action == "load":
                await members.load(chats[number])
            else:
                getattr(members, action)(chats[number])
            assert members._size == sum(map(len, members._chats.values()))
            assert members._size <= 10 or len(members._chats) == 1

    asyncio.run(scenario())
