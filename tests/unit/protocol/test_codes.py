"""Codes mean what the protocol says, and every close has a reason that is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_metrics
from surewire.protocol.codes import CLOSE_REASONS, ERROR_CODES, CloseCode, may_reconnect

REASONS = {
    "client_closed": {1000, 4004},
    "graceful_shutdown": {1001, 1012},
    "policy_violation": {1002, 1003, 1007, 1009, 4003, 4500, 4501, 4502, 4503},
    "server_error": {1011, 1013},
    "heartbeat_timeout": {4000},
    "session_timeout": {4001},
    "slow_consumer": {4002},
}


def test_every_close_code_has_its_reason() -> None:
    found: dict[str, set[int]] = {}
    for code in CloseCode:
        found.setdefault(CLOSE_REASONS[code], set()).add(int(code))
    assert found == REASONS
    assert len(CLOSE_REASONS) == len(CloseCode)


def test_every_reason_is_one_that_is_counted() -> None:
    assert set(CLOSE_REASONS.values()) <= set(load_metrics().canonical["gateway_disconnections_total"].labels["reason"])


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 4000, 4001, 4002, 4003])
def test_a_client_may_come_back(code: int) -> None:
    assert may_reconnect(code)


@pytest.mark.parametrize("code", [4004, 4500, 4501, 4502, 4503, 4999])
def test_a_client_must_stay_away(code: int) -> None:
    assert not may_reconnect(code)


@given(st.integers(4000, 4999))
def test_the_range_says_whether_to_come_back_also_for_codes_of_later(code: int) -> None:
    assert may_reconnect(code) == (code < 4500 and code != 4004)


def test_error_codes_are_those_of_the_protocol() -> None:
    assert sorted(ERROR_CODES) == sorted(
        {
            *("INVALID_MESSAGE", "UNSUPPORTED", "NOT_FOUND", "UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "CONFLICT", "TOO_LARGE"),
            *("LIMIT_EXCEEDED", "UNAVAILABLE", "TIMEOUT", "INTERNAL"),
        }
    )
