"""Recording deployments, while the stream takes their events and while it does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.domain.event import Event
from surewire.errors import BackendUnavailableError
from surewire.ports.event_history import AppendDone
from surewire.ports.idempotency import Claim
from surewire.streams.events import event_stream
from tests.acceptance.http_api.running_api import RunningApi, running_api
from tests.acceptance.http_api.test_chats import ALICE
from tests.fakes.clock import SettableClock

NEW = {"service": "checkout", "version": "4.2.0"}


class Nobody:
    def event_committed(self, event: object, epoch: str) -> None: ...


class FailingHistory(MemoryEventHistory):
    """A history whose disk takes nothing."""

    def append(self, events: Sequence[Event], done: AppendDone, claim: Claim | None = None) -> None:
        done(BackendUnavailableError("sqlite", "the disk does not write"))


async def test_a_deployment_is_told_on_the_stream(api: RunningApi) -> None:
    made = (await api.client.post("/v1/deployments", json=NEW, headers=ALICE)).json()
    (told,) = (await api.client.get("/v1/events")).json()["items"]
    assert (told["event"]["event_type"], told["event"]["data"]) == ("deployment", made)


async def test_a_deployment_is_recorded_once_also_while_the_stream_takes_no_events(tmp_path: Path) -> None:
    history = FailingHistory(SettableClock(), history_events=10, history_s=60.0, queue_events=10)
    async with event_stream(history, Nobody(), history_events=10) as stream, running_api(tmp_path, stream=stream) as api:
        answers = [await api.client.post("/v1/deployments", json=NEW, headers={**ALICE, "Idempotency-Key": "k"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert (await api.client.get("/v1/deployments")).json()["items"] == [answers[0].json()]
