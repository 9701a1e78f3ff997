"""Annotations of Grafana, against a real HTTP server."""

from __future__ import annotations

from typing import Any

import pytest

from surewire.adapters.grafana.annotations import GrafanaAnnotator
from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.adapters.webhook.http_sender import HttpSender
from surewire.ports.annotator import Annotation
from surewire.ports.notifier import NotifyError
from tests.fakes.http_receiver import Answer, HttpReceiver, http_receiver

NOTE = Annotation(id="ann_1", kind="spike", text="a < b & c", start_s=1_790_000_000, known_s=1_790_000_000)


def grafana(receiver: HttpReceiver, path: str = "", **changes: Any) -> GrafanaAnnotator:
    settings: dict[str, Any] = {"timeout_s": 5.0, "allow_private": True, **changes}
    sender = HttpSender(SystemOutboundGuard(), **settings)
    return GrafanaAnnotator(f"{receiver.url}{path}", "glsa_token", sender)


async def test_a_moment_is_drawn_with_its_tags_and_people_s_words_stay_words() -> None:
    async with http_receiver() as receiver:
        await grafana(receiver).draw(NOTE)
    (request,) = receiver.all()
    assert (request.method, request.path) == ("POST", "/api/annotations")
    assert (request.headers["authorization"], request.headers["content-type"]) == ("Bearer glsa_token", "application/json")
    assert request.json == {"time": 1_790_000_000_000, "tags": ["surewire", "spike"], "text": "a &lt; b &amp; c"}


async def test_a_span_has_an_end_and_a_grafana_may_live_under_a_path() -> None:
    async with http_receiver() as receiver:
        await grafana(receiver, "/grafana/").draw(
            Annotation(id="m@1", kind="maintenance", text="disks", start_s=1_790_000_000, end_s=1_790_003_600, known_s=1_790_000_000)
        )
    (request,) = receiver.all()
    assert request.path == "/grafana/api/annotations"
    assert (request.json["timeEnd"], request.json["tags"]) == (1_790_003_600_000, ["surewire", "maintenance"])


@pytest.mark.parametrize(
    ("answer", "is_temporary", "retry_after_s"),
    [
        (Answer(401), False, None),
        (Answer(400), False, None),
        (Answer(302), False, None),
        (Answer(500), True, None),
        (Answer(429, headers={"retry-after": "7"}), True, 7.0),
        (Answer(cuts=True), True, None),
        (Answer(stalls=True), True, None),
    ],
)
async def test_what_may_pass_is_told_from_what_will_not(answer: Answer, is_temporary: bool, retry_after_s: float | None) -> None:
    async with http_receiver(answer) as receiver:
        with pytest.raises(NotifyError) as raised:
            await grafana(receiver, timeout_s=0.3 if answer.stalls else 10.0).draw(NOTE)
    assert (raised.value.is_temporary, raised.value.retry_after_s) == (is_temporary, retry_after_s)
    assert "glsa_token" not in str(raised.value)


async def test_a_private_address_must_be_allowed() -> None:
    async with http_receiver() as receiver:
        with pytest.raises(NotifyError, match="allow_private") as raised:
            await grafana(receiver, allow_private=False).draw(NOTE)
        assert not raised.value.is_temporary
        assert receiver.all() == []
