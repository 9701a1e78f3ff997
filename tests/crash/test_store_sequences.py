"""Whatever happens in whatever order, sequences are gapless and unique and every message is there once: a state machine against a model.

Sends in batches with repetitions, conflicts and outsiders; members come and go; chats are deleted; old messages go; the store restarts
and its clock jumps.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.domain.message import Message
from surewire.errors import ClientError
from surewire.ports.event_log import CommittedMessage
from tests.contracts.event_log import take
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock

USERS = st.sampled_from(["alice", "bob", "carol"])
SENDS = st.lists(st.tuples(USERS, st.sampled_from("abcdef"), st.sampled_from(["one", "two"])), min_size=1, max_size=12)


class ChatModel:
    """What a chat must look like."""

    def __init__(self) -> None:
        self.members = {"alice"}
        self.kept: dict[int, Message] = {}
        self.first: dict[tuple[str, str], Message] = {}
        self.latest = 0

    def expect(self, sender: str, client_id: str, content: str, outcome: Message | Exception) -> None:
        first = self.first.get((sender, client_id))
        if sender not in self.members:
            assert isinstance(outcome, ClientError)
            assert outcome.code == "NOT_FOUND"
        elif first is not None and first.content != content:
            assert isinstance(outcome, ClientError)
            assert (outcome.code, outcome.details) == ("CONFLICT", {"message_id": first.message_id})
        elif first is not None:
            assert outcome == first
        else:
            assert isinstance(outcome, Message)
            self._take(sender, client_id, content, outcome)

    def _take(self, sender: str, client_id: str, content: str, message: Message) -> None:
        assert (message.sequence, message.sender_id, message.content) == (self.latest + 1, sender, content)
        before = self.kept.get(self.latest)
        assert before is None or (before.created_at <= message.created_at and before.message_id < message.message_id)
        self.latest = message.sequence
        self.kept[self.latest] = self.first[sender, client_id] = message

    def prune(self, count: int) -> None:
        for sequence in sorted(self.kept)[:count]:
            gone = self.kept.pop(sequence)
            self.first = {key: message for key, message in self.first.items() if message is not gone}


class StoreMachine(RuleBasedStateMachine):
    chats = Bundle("chats")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.clock = SettableClock()
        self.models: dict[str, ChatModel] = {}
        self.logged: list[Message] = []
        self.acknowledged: list[Message] = []
        self.stack = AsyncExitStack()
        self.store: OpenSqliteStore
        self.sender: Sender

    @initialize(target=chats)
    def begin(self) -> str:
        self._open()
        return self._create()

    def _open(self) -> None:
        self.store = self.runner.run(self.stack.enter_async_context(open_sqlite_store(self.folder, SqliteStore(), self.clock)))
        self.sender = Sender(self.store.message_writer)

    def _create(self) -> str:
        chat_id: str = self._do(self.store.messages.create_chat("alice", [], None)).chat_id
        self.models[chat_id] = ChatModel()
        return chat_id

    def _do(self, coroutine: Any) -> Any:
        async def run() -> Any:
            return await coroutine

        return self.runner.run(run())

    @rule(target=chats)
    def create(self) -> str:
        return self._create() if len(self.models) < 4 else multiple()  # type: ignore[return-value]

    @rule(sends=st.lists(st.tuples(chats, SENDS), min_size=1, max_size=3))
    def send(self, sends: list[tuple[str, list[tuple[str, str, str]]]]) -> None:
        given = [(chat_id, *send) for chat_id, batch in sends for send in batch]
        outcomes = self._do(
            self.sender.send_all([self.sender.request(chat, user, client, content) for chat, user, client, content in given])
        )
        for (chat_id, user, client_id, content), outcome in zip(given, outcomes, strict=True):
            model = self.models[chat_id]
            latest = model.latest
            model.expect(user, client_id, content, outcome)
            self.acknowledged += [outcome] * (model.latest > latest)

    @rule(chat_id=chats, user=st.sampled_from(["bob", "carol"]))
    def change_member(self, chat_id: str, user: str) -> None:
        members = self.models[chat_id].members
        if not members:
            return
        change = self.store.messages.remove_member if user in members else self.store.messages.add_member
        self._do(change(chat_id, "alice", user))
        members ^= {user}

    @rule(chat_id=chats)
    def delete(self, chat_id: str) -> None:
        model = self.models[chat_id]
        if model.members and len(self.models) > 2:
            self._do(self.store.messages.delete_chat(chat_id, "alice"))
            model.members, model.kept, model.first = set(), {}, {}
            while self._do(self.store.messages.prune(0, 5)):
                pass

    @rule(count=st.integers(1, 6))
    def prune_everything_so_many_at_a_time(self, count: int) -> None:
        while self._do(self.store.messages.prune(2**61, count)):
            pass
        for model in self.models.values():
            model.prune(len(model.kept))

    @rule(seconds=st.sampled_from([-3_600, -0.001, 0.001, 3_600]))
    def clock_jumps(self, seconds: float) -> None:
        self.clock.wall_micros += int(seconds * 1_000_000)

    @rule()
    def restart(self) -> None:
        self._do(self.stack.aclose())
        self._open()

    @invariant()
    def the_store_is_what_the_model_says(self) -> None:
        for chat_id, model in self.models.items():
            if model.members:
                page = self._do(self.store.messages.history(chat_id, "alice", before=None, after=0, limit=10_000))
                assert {message.sequence: message for message in page.messages} == model.kept
                assert page.latest_sequence == model.latest

    def teardown(self) -> None:
        if self.models:
            assert self._do(self.store.messages.check()).problems == ()
            kept = [message for model in self.models.values() for message in model.kept.values()]
            entries = self._do(take(self.store.event_log.batches(0), len(kept)))
            logged = [entry.message for entry in entries if isinstance(entry, CommittedMessage)]
            assert logged == [message for message in self.acknowledged if message in kept]
            self._do(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=40, stateful_step_count=15)
