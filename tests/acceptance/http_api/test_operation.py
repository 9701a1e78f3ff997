"""Health, readiness, metrics and documents over HTTP."""

from __future__ import annotations

import httpx
import pytest

from surewire.contract.runbooks import load_runbook
from surewire.http.openapi import openapi_document
from surewire.protocol.asyncapi import asyncapi_document
from tests.acceptance.http_api.running_api import RunningApi


async def test_a_process_that_answers_is_alive(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_server_is_ready_with_the_age_of_every_loop(api: RunningApi) -> None:
    pulse = api.services.readiness.loop("sweep", 1.0)
    pulse.beat()
    api.clock.advance(2)
    answer = await api.client.get("/ready")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "ready": True,
        "reasons": [],
        "checks": {},
        "loops": {"sweep": {"age_s": 2.0, "interval_s": 1.0, "stalled": False}},
    }


async def test_a_server_that_is_not_ready_says_why_as_a_problem(api: RunningApi) -> None:
    api.services.readiness.loop("sweep", 1.0)
    api.clock.advance(4)
    api.services.readiness.refuse("draining")
    answer = await api.client.get("/ready", headers={"X-Request-ID": "r1"})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["request_id"], problem["ready"]) == ("UNAVAILABLE", 503, "r1", False)
    assert problem["reasons"] == ["draining", "sweep: silent for 4.0 s, expected every 1 s"]
    assert problem["loops"]["sweep"]["stalled"] is True


async def test_metrics_are_given_in_the_format_that_is_asked_for(api: RunningApi) -> None:
    api.services.instruments.send["success"].n += 1
    text = await api.client.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'gateway_send_total{status="success"} 1.0' in text.text
    openmetrics = await api.client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


async def test_parameters_do_no_harm_where_none_are_known(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/ready", "/metrics", "/"):
        assert (await client.get(f"{path}?name[]=x&%ff")).status_code == 200


async def test_the_documents_are_served_as_they_are_made(client: httpx.AsyncClient) -> None:
    for path, document in (("/openapi.json", openapi_document()), ("/asyncapi.json", asyncapi_document())):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "application/json", document)


async def test_the_page_that_a_notification_leads_to_is_served_and_so_are_those_that_it_leads_to(client: httpx.AsyncClient) -> None:
    for path in ("/runbooks/RB-001", "/runbooks/RB-001.md"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/markdown; charset=utf-8")
        assert answer.text == load_runbook("RB-001").text


@pytest.mark.parametrize("number", ["RB-999", "RB-1", "slos.yaml", "..%2Fslos.yaml", "%00", "RB-001.md.md"])
async def test_a_runbook_that_there_is_not_is_not_found(client: httpx.AsyncClient, number: str) -> None:
    assert (await client.get(f"/runbooks/{number}")).status_code == 404
