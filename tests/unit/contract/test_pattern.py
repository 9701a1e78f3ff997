"""Patterns mean what they mean to Prometheus, and none of them, whoever wrote it, makes anybody wait."""

from __future__ import annotations

import subprocess
import sys

import pytest

from surewire.contract.pattern import pattern_of
from surewire.contract.selector import Matcher, parse_selector
from surewire.errors import ConfigError

# Python's own engine needs longer than a test may take for each of these.
EXPLOSIVE = ["([a-zA-Z ]+)+!", "(([a-zA-Z ]+)+)+!", "(a|a)*!", "(a|aa)+!", "(.*)*x(.*)*y", "(a?){60}a{60}!", "(?:a*)*(?:a*)*!"]


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_no_pattern_takes_more_time_than_its_value_is_long(pattern: str) -> None:
    assert not Matcher("owner", "=~", pattern).accepts("a" * 20_000)
    assert Matcher("owner", "!~", pattern).accepts("Platform Engineering Manager and whoever stands in for them")


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("success|error", "error", True),
        ("success|error", "errors", False),
        ("success|", "", True),
        ("", "", True),
        ("", "a", False),
        ("(a|b)c", "bc", True),
        ("5..", "503", True),
        ("SEV-[34]", "SEV-3", True),
        (r"\pL+", "Größe", True),
        ("(?i)sev-1", "SEV-1", True),
        ("a.c", "abcd", False),
        (".", "\udc80", True),
    ],
)
def test_a_pattern_matches_whole_values(pattern: str, value: str, matches: bool) -> None:
    assert pattern_of(pattern).matches(value) == matches


@pytest.mark.parametrize(
    "pattern", ["(", "[", "*", "(?=a)b", r"(a)\1", "a{1001}", "(a{100}){100}", "(.{1000}|x){0,}" * 50, "a.\ud800", "a" * 2_001]
)
def test_what_cannot_be_matched_in_linear_time_or_is_no_pattern_is_refused(pattern: str) -> None:
    assert pattern_of(pattern).problem
    with pytest.raises(ConfigError, match="simpler"):
        pattern_of(pattern).matches("a")


def test_a_selector_with_such_a_pattern_is_refused_when_it_is_written() -> None:
    with pytest.raises(ConfigError, match=r"wrong pattern: invalid perl operator"):
        parse_selector('sends_total{status=~"(?=a)b"}')


def test_names_alone_need_no_engine() -> None:
    code = (
        "import sys; from surewire.contract.selector import Matcher;"
        "assert Matcher('a', '=~', 'x|y').accepts('y'); assert not Matcher('a', '=', 'y.').accepts('yy');"
        "assert 're2' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
