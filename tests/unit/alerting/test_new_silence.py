"""What makes a silence one."""

from __future__ import annotations

from typing import Any

import pytest

from surewire.alerting.new_silence import check_patterns, check_silence
from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from surewire.slo.window import DAY_S

NOW_S = 1_800_000_000
GIVEN: dict[str, Any] = {
    "matchers": (Matcher("slo", "=", "availability"),),
    "owner": "ann",
    "reason": "load test",
    "starts_at_s": NOW_S,
    "ends_at_s": NOW_S + 30 * DAY_S,
    "now_s": NOW_S,
}


def test_a_silence_of_thirty_days_with_all_that_it_needs_is_one() -> None:
    check_silence(**GIVEN)


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"owner": " "}, "owner", "who answers"),
        ({"reason": ""}, "reason", "say why"),
        ({"starts_at_s": 1, "ends_at_s": 2}, "ends_at", "ends after it starts"),
        ({"ends_at_s": NOW_S + 30 * DAY_S + 1}, "ends_at", "lasts 30 days at most"),
        ({"starts_at_s": NOW_S + 2, "ends_at_s": NOW_S + 1}, "ends_at", "ends after it starts"),
    ],
)
def test_a_silence_has_an_owner_a_reason_and_an_end(fields: dict[str, Any], path: str, problem: str) -> None:
    with pytest.raises(ClientError, match=problem) as refused:
        check_silence(**{**GIVEN, **fields})
    assert refused.value.path == path


def test_a_silence_names_what_it_is_about() -> None:
    everything_else = Matcher("alertname", "!~", "MessageLoss|DuplicateSequence|CounterCorruption")
    with pytest.raises(ClientError, match="which alerts it is about"):
        check_silence(**{**GIVEN, "matchers": (everything_else,)})
    check_silence(**{**GIVEN, "matchers": (everything_else, Matcher("severity", "=", "SEV-1"))})


def test_a_pattern_that_cannot_be_read_is_named_by_its_label() -> None:
    with pytest.raises(ClientError, match="the pattern of slo cannot be read"):
        check_patterns([Matcher("alertname", "=~", "High.*"), Matcher("slo", "=~", "(?=a)availability")])
