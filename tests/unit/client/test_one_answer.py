"""One question to a server, asked without the client."""

from __future__ import annotations

import subprocess
import sys

import pytest

from surewire.client.one_answer import one_answer
from surewire.errors import ClientError
from tests.json_server import Answer, json_server

BUSY = Answer(b'{"code":"UNAVAILABLE","detail":"not yet"}', 503, (("Retry-After", "0"),))
GONE = Answer(b'{"code":"NOT_FOUND","detail":"there is nothing here"}', 404)


def test_the_answer_has_the_shape_that_was_asked_for() -> None:
    with json_server([Answer(b'{"a":1}')]) as server:
        assert one_answer(f"{server.url}/team/", "/v1/slos", dict[str, int]) == {"a": 1}
        assert server.paths == ["/team/v1/slos"]


def test_a_server_that_cannot_answer_yet_is_asked_again() -> None:
    with json_server([BUSY, BUSY, Answer(b"[2]")]) as server:
        assert one_answer(server.url, "/x", list[int]) == [2]
        assert len(server.paths) == 3


def test_a_refusal_is_not_asked_for_twice() -> None:
    with json_server([GONE]) as server:
        with pytest.raises(ClientError, match="there is nothing here") as refused:
            one_answer(server.url, "/x", list[int])
        assert (refused.value.code, refused.value.details, len(server.paths)) == ("NOT_FOUND", {"status": 404}, 1)


def test_an_answer_of_another_shape_is_one_of_another_kind_of_server() -> None:
    with json_server([Answer(b'{"a":1}')]) as server, pytest.raises(ClientError, match="does not speak the surewire protocol"):
        one_answer(server.url, "/x", list[int])


def test_nobody_at_the_address_is_said_in_words() -> None:
    with pytest.raises(ClientError, match=r"no answer from http://127\.0\.0\.1:1: nobody listens there") as refused:
        one_answer("http://127.0.0.1:1", "/x", list[int], patience_s=0)
    assert refused.value.code == "UNAVAILABLE"


def test_whoever_logs_in_asks_through_the_client() -> None:
    with json_server([Answer(b"[1]")]) as server:
        assert one_answer(server.url.replace("//", "//alice:secret@"), "/x", list[int]) == [1]


def test_a_proxy_of_the_environment_is_used_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    with json_server([Answer(b"[1]")]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert one_answer("http://surewire.invalid", "/x", list[int]) == [1]
        assert proxy.paths == ["http://surewire.invalid/x"]


def test_asking_imports_neither_the_client_nor_what_judges() -> None:
    heavy = ["httpx", "websockets", "asyncio", "yaml", "surewire.slo.evaluation", "surewire.config.load", "surewire.client.client"]
    program = f"import sys, surewire.cli.slo_status; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=20)
    assert run.stdout == "[]\n"


def test_every_name_of_the_client_is_there_and_no_other() -> None:
    program = (
        "import surewire.client as c; print([n for n in c.__all__ if not hasattr(c, n) or n not in dir(c)], hasattr(c, 'no_such_name'))"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=20)
    assert run.stdout == "[] False\n"
