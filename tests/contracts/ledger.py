"""What every `Ledger` promises. An adapter's test class inherits this and says how it is opened."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from surewire.errors import ClientError
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim
from surewire.ports.ledger import Entry, Ledger

__all__ = ["LedgerContract", "decision"]


def claim_of(key: str, *, body: bytes) -> Claim:
    return Claim("ann", "POST", "/v1/corrections", key, body, lambda entry: Answer(201, entry.id.encode()))


def decision(id_: str, kind: str = "deployment", at_s: int = 100, **body: Any) -> Entry:
    return Entry(id=id_, kind=kind, at_s=at_s, actor="ann", body=body)


class LedgerContract:
    """Order, kinds, and that nothing is ever written over."""

    def open(self) -> AbstractAsyncContextManager[Ledger]:
        raise NotImplementedError

    async def test_a_new_ledger_is_empty(self) -> None:
        async with self.open() as ledger:
            assert list(await ledger.entries()) == []

    async def test_what_is_read_is_what_was_appended_in_that_order(self) -> None:
        entries = [
            decision("dep_2", at_s=300, version="2.0", nested={"a": [1, 2.5, None, "é"]}),
            decision("dep_1", at_s=200),
            decision("cor_1", "correction", at_s=250, reason='it said "planned"'),
        ]
        async with self.open() as ledger:
            for entry in entries:
                await ledger.append(entry)
            assert list(await ledger.entries()) == entries

    async def test_entries_are_found_by_kind_and_time(self) -> None:
        async with self.open() as ledger:
            for number, kind in enumerate(["deployment", "correction", "deployment", "override"]):
                await ledger.append(decision(f"id_{number}", kind, at_s=number))
            assert [entry.id for entry in await ledger.entries({"deployment"})] == ["id_0", "id_2"]
            assert [entry.id for entry in await ledger.entries(("deployment", "override"), since_s=1)] == ["id_2", "id_3"]
            assert [entry.id for entry in await ledger.entries(since_s=3)] == ["id_3"]
            assert list(await ledger.entries({"nothing of that kind"})) == []

    async def test_a_claim_is_answered_once_and_repeated(self) -> None:
        async with self.open() as ledger:
            await ledger.append(decision("id_1"), claim_of("k", body=b"1"))
            with pytest.raises(AlreadyAnsweredError) as again:
                await ledger.append(decision("id_2"), claim_of("k", body=b"1"))
            assert again.value.answer == Answer(201, b"id_1")
            with pytest.raises(ClientError, match="another body"):
                await ledger.append(decision("id_3"), claim_of("k", body=b"2"))
            assert [entry.id for entry in await ledger.entries()] == ["id_1"]

    async def test_a_second_entry_of_the_same_id_is_refused_and_the_first_stays(self) -> None:
        async with self.open() as ledger:
            await ledger.append(decision("id_1", version="1.0"))
            with pytest.raises(ValueError, match="id_1"):
                await ledger.append(decision("id_1", version="2.0"))
            assert list(await ledger.entries()) == [decision("id_1", version="1.0")]
