"""Selectors select as Prometheus would, and what is no selector is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.errors import ConfigError

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,9}", fullmatch=True)
VALUES = st.text("abc|.*_-/ ,{}=", max_size=12)


def test_a_bare_name_selects_every_series() -> None:
    assert parse_selector("sends_total") == Selector("sends_total")
    assert parse_selector("sends_total").accepts({"status": "error"})


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        ('sends_total{status="error"}', "error", "success"),
        ('sends_total{status!="error"}', "success", "error"),
        ('sends_total{status=~"error|timeout"}', "timeout", "timeouts"),
        ('sends_total{status!~"err.*"}', "success", "error"),
    ],
)
def test_each_operator_decides_on_the_whole_value(text: str, accepted: str, refused: str) -> None:
    selector = parse_selector(text)
    assert selector.accepts({"status": accepted})
    assert not selector.accepts({"status": refused})


def test_every_matcher_must_agree_and_an_absent_label_is_empty() -> None:
    selector = parse_selector('up_total{job="websocket", zone!=""}')
    assert selector.accepts({"job": "websocket", "zone": "a"})
    assert not selector.accepts({"job": "websocket"})


def test_a_plain_value_is_not_a_pattern() -> None:
    assert not parse_selector('reads_total{path="a.c"}').accepts({"path": "abc"})


@given(NAMES, st.lists(st.tuples(NAMES, st.sampled_from(["=", "!="]), VALUES), max_size=4))
def test_what_is_written_is_read_back(name: str, matchers: list[tuple[str, str, str]]) -> None:
    inside = ",".join(f'{label}{operator}"{value}"' for label, operator, value in matchers)
    selector = parse_selector(f"{name}{{{inside}}}")
    assert selector.metric == name
    assert [(m.label, m.operator, m.value) for m in selector.matchers] == matchers


@pytest.mark.parametrize(
    "text", ["", "9lives", "a{", "a}", 'a{b="c}', "a{b=c}", 'a{b="c" d="e"}', 'a{b~"c"}', 'a{b="c"} or b', 'a{b=~"("}']
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_selector(text)


def test_a_matcher_is_a_value() -> None:
    assert Matcher("a", "=", "b") == Matcher("a", "=", "b")
