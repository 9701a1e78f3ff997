"""What the client does about every way in which a connection can end, against a server that does just that."""

from __future__ import annotations

import asyncio

import pytest

from surewire.client import BackoffPolicy, ClientError, Connected, Disconnected, EventsLost, Notice, Position, connect
from tests.fakes.scripted_server import Line, chat_message, scripted_server

IMPATIENT = BackoffPolicy(first_s=0.01, most_s=0.05)


@pytest.mark.parametrize(
    ("close_code", "error_code"),
    [(4004, "CONFLICT"), (4500, "UNAUTHORIZED"), (4501, "FORBIDDEN"), (4502, "INVALID_MESSAGE"), (4999, "FORBIDDEN")],
)
async def test_a_client_that_must_stay_away_stays_away(close_code: int, error_code: str) -> None:
    lines: list[Line] = []

    async def script(line: Line) -> None:
        lines.append(line)
        await line.welcome()
        await line.close(close_code)

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client:
        with pytest.raises(ClientError, match=f"close code {close_code}") as raised:
            await anext(client.messages())
        assert raised.value.code == error_code
        with pytest.raises(ClientError, match=f"close code {close_code}"):
            await client.send("chat_x", "too late")
    assert len(lines) == 1


@pytest.mark.parametrize("close_code", [1000, 1001, 1011, 1012, 1013, 4000, 4001, 4002, 4003])
async def test_after_every_other_close_code_it_comes_back(close_code: int) -> None:
    back = asyncio.Event()

    async def script(line: Line) -> None:
        await line.welcome()
        if line.number == 1:
            await line.close(close_code)
        else:
            back.set()
            await line.wait()

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT):
        await asyncio.wait_for(back.wait(), 10)


async def test_it_comes_back_when_the_server_asks_for_it() -> None:
    notices: asyncio.Queue[Notice] = asyncio.Queue()

    async def script(line: Line) -> None:
        await line.welcome()
        if line.number == 1:
            await line.say(type="closing", reason="restart", code=1012, reconnect=True, retry_after_ms=123)
            await line.close(1012)
        else:
            await line.wait()

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT, on_notice=notices.put_nowait):
        assert await notices.get() == Connected("alice", "sess_1", again=False)
        assert await notices.get() == Disconnected("restart", 0.123)
        assert await notices.get() == Connected("alice", "sess_2", again=True)


async def test_a_closing_that_forbids_to_come_back_is_obeyed() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        await line.say(type="closing", reason="moved away", code=1001, reconnect=False, retry_after_ms=0)
        await line.close(1001)

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client:
        with pytest.raises(ClientError, match="moved away"):
            await anext(client.messages())


async def test_an_unanswered_send_is_repeated_under_the_same_name_on_the_next_connection() -> None:
    names: list[str] = []

    async def script(line: Line) -> None:
        await line.welcome()
        send = await line.hear("send_message")
        names.append(send["client_message_id"])
        if line.number < 3:
            await line.cut()
            return
        ids = {"chat_id": "chat_x", "client_message_id": names[-1], "message_id": "msg_1", "created_at": "2026-11-21T10:00:00.000000Z"}
        await line.say(type="message_ack", request_id=send["request_id"], sequence=1, duplicate=True, **ids)
        await line.wait()

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client:
        ack = await client.send("chat_x", "hello")
    assert (ack.sequence, ack.duplicate) == (1, True)
    assert len(set(names)) == 1
    assert len(names) == 3


async def test_a_temporary_refusal_is_followed_by_another_attempt() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        for wait_ms in (1, None):
            send = await line.hear("send_message")
            busy = {"retry_after_ms": wait_ms} if wait_ms else {}
            await line.say(type="error", code="UNAVAILABLE", message="busy", temporary=True, request_id=send["request_id"], **busy)
        send = await line.hear("send_message")
        ids = {"chat_id": "chat_x", "client_message_id": send["client_message_id"], "message_id": "msg_1", "created_at": ""}
        await line.say(type="message_ack", request_id=send["request_id"], sequence=1, duplicate=False, **ids)
        await line.wait()

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client:
        assert (await client.send("chat_x", "hello")).sequence == 1


async def test_subscriptions_go_on_where_they_were_and_show_nothing_twice() -> None:
    positions: list[object] = []
    seen = asyncio.Event()

    async def script(line: Line) -> None:
        await line.welcome()
        positions.append((await line.hear("subscribe")).get("since"))
        subscribed = {"type": "subscribed", "subscription_id": "s1", "filters": {}}
        if line.number == 1:
            await line.say(**subscribed, position={"epoch": "e", "offset": 4})
            await line.event(5)
            await line.event(6)
            await seen.wait()
            await line.cut()
            return
        recovery = {"complete": True, "from": 6, "to": 8, "count": 3, "has_more": False}
        await line.say(**subscribed, position={"epoch": "e", "offset": 8}, recovery=recovery)
        for offset in (6, 7, 8, 8, 9):
            await line.event(offset)
        await line.wait()

    async with scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client, client.subscribe() as events:
        assert [(await anext(events)).event.data for _ in range(2)] == [5, 6]
        seen.set()
        assert [(await anext(events)).event.data for _ in range(3)] == [7, 8, 9]
    assert positions == [None, {"epoch": "e", "offset": 6}]


async def test_a_lost_history_is_told() -> None:
    notices: list[Notice] = []

    async def script(line: Line) -> None:
        await line.welcome()
        await line.hear("subscribe")
        recovery = {"complete": False, "from": 99, "to": 100, "count": 1, "has_more": False, "reason": "history_exceeded"}
        await line.say(type="subscribed", subscription_id="s1", filters={}, position={"epoch": "e", "offset": 100}, recovery=recovery)
        await line.event(100)
        await line.wait()

    async with scripted_server(script) as url, connect(url, on_notice=notices.append) as client:
        assert (await anext(client.subscribe(since=Position("e", 3)))).position == Position("e", 100)
    assert EventsLost("s1", "history_exceeded") in notices


async def test_a_subscription_that_is_refused_raises_for_its_reader_only() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        await line.hear("subscribe")
        await line.say(type="error", code="LIMIT_EXCEEDED", message="too many subscriptions", temporary=False, subscription_id="s1")
        await line.hear("subscribe")
        await line.say(type="subscribed", subscription_id="s2", filters={}, position={"epoch": "e", "offset": 0})
        await line.event(1, "s2")
        await line.wait()

    async with scripted_server(script) as url, connect(url) as client:
        with pytest.raises(ClientError, match="too many subscriptions"):
            await anext(client.subscribe())
        async with client.subscribe() as events:
            assert (await anext(events)).event.data == 1


async def test_chats_are_read_on_page_by_page_after_a_reconnect_and_nothing_twice() -> None:
    seen = asyncio.Event()

    async def script(line: Line) -> None:
        await line.welcome()
        if line.number == 1:
            await line.message(8)
            await line.message(9)
            await seen.wait()
            await line.cut()
            return
        await line.message(14)
        asked: list[int] = []
        for page, has_more in (([9, 10, 11], True), ([12, 13], False), ([14], False)):
            request = await line.hear("sync_request")
            asked.append(request["chats"][0]["after_sequence"])
            messages = [chat_message(sequence) for sequence in page]
            one = {"chat_id": "chat_x", "messages": messages, "has_more": has_more, "latest_sequence": 14}
            await line.say(type="sync_response", request_id=request["request_id"], chats=[one])
        assert asked == [9, 11, 13]
        await line.message(14)
        await line.message(15)
        await line.wait()

    async with scripted_server(script, latest_sequence=9) as url, connect(url, reconnect=IMPATIENT) as client:
        messages = client.messages()
        assert [(await anext(messages)).sequence for _ in range(2)] == [8, 9]
        seen.set()
        assert [(await anext(messages)).sequence for _ in range(6)] == [10, 11, 12, 13, 14, 15]


async def test_what_the_client_does_not_know_is_passed_over() -> None:
    async def script(line: Line) -> None:
        await line.welcome(new_field={"of": "a newer server"})
        await line.say(type="presence", user_id="bob", state="online")
        await line.message(1)
        await line.wait()

    async with scripted_server(script) as url, connect(url) as client:
        assert (await anext(client.messages())).sequence == 1


@pytest.mark.parametrize("frame", [{"type": "hello"}, {"type": "welcome"}])
async def test_a_server_of_another_kind_is_refused(frame: dict[str, str]) -> None:
    async def script(line: Line) -> None:
        await line.say(**frame)
        await line.wait()

    async with scripted_server(script) as url:
        with pytest.raises(ClientError, match="does not speak version 1"):
            async with connect(url):
                pass


async def test_a_refused_upgrade_says_when_to_come_back() -> None:
    async def script(line: Line) -> None:
        raise AssertionError

    async with scripted_server(script, refuse=(503, {"Retry-After": "7"})) as url:
        with pytest.raises(ClientError, match="come back later") as raised:
            async with connect(url):
                pass
    assert (raised.value.temporary, raised.value.retry_after_s) == (True, 7)


async def test_an_error_of_the_user_leaves_the_block_as_it_is() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        await line.wait()

    async with scripted_server(script) as url:
        with pytest.raises(KeyError):
            async with connect(url):
                raise KeyError
