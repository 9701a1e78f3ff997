"""How many silences, and how many patterns in them, there may be."""

from __future__ import annotations

import pytest

from surewire.alerting.kept_silences import MAX_PATTERNS, MAX_SILENCES, check_room, kept
from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from surewire.ports.alert_store import Silence
from surewire.slo.window import DAY_S

NOW_S = 1_800_000_000
PLAIN, PATTERN = Matcher("owner", "=", "nobody"), Matcher("owner", "=~", "nobod.")


def silences(count: int, *matchers: Matcher, ends_at_s: int = NOW_S + 1) -> dict[str, Silence]:
    named = [f"sil_{number}" for number in range(count)]
    return {id_: Silence(id=id_, owner="a", reason="b", matchers=matchers, starts_at_s=1, ends_at_s=ends_at_s) for id_ in named}


def test_what_is_over_takes_no_room() -> None:
    check_room(silences(MAX_SILENCES, PATTERN, ends_at_s=NOW_S).values(), [PATTERN], NOW_S)


def test_patterns_of_all_silences_share_their_room_and_names_take_none() -> None:
    held = silences(MAX_PATTERNS // 20, *[PATTERN] * 20).values()
    check_room(held, [PLAIN], NOW_S)
    with pytest.raises(ClientError, match="may have 200 patterns in all, and 200 are taken; end some") as refused:
        check_room(held, [PLAIN, PATTERN], NOW_S)
    assert (refused.value.code, refused.value.path) == ("LIMIT_EXCEEDED", "matchers")


def test_what_is_over_is_kept_for_a_week_within_the_same_bounds() -> None:
    assert len(kept(silences(3, PLAIN, ends_at_s=NOW_S - 7 * DAY_S + 1), NOW_S)) == 3
    assert kept(silences(3, PLAIN, ends_at_s=NOW_S - 7 * DAY_S), NOW_S) == {}
    assert len(kept(silences(MAX_SILENCES + 5, PLAIN, ends_at_s=NOW_S), NOW_S)) == MAX_SILENCES
    assert len(kept(silences(MAX_SILENCES, *[PATTERN] * 20, ends_at_s=NOW_S), NOW_S)) == MAX_PATTERNS // 20


def test_nothing_that_still_holds_is_forgotten_though_there_are_too_many() -> None:
    stored = silences(MAX_SILENCES + 5, PATTERN)
    assert kept(stored, NOW_S) == stored
