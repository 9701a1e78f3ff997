"""Whether the values that a selector names are exported."""

from __future__ import annotations

import pytest

from surewire.contract.catalogue import load_metrics
from surewire.contract.selector import parse_selector
from surewire.errors import ConfigError
from surewire.slo.known_series import wrong_with
from surewire.slo.label_matching import parse_matchers


def wrong(pattern: str) -> list[str]:
    return [what for what, _ in wrong_with(parse_selector(f'gateway_send_total{{status=~"{pattern}"}}'), load_metrics())]


def test_each_alternative_is_looked_at() -> None:
    assert wrong("success|err.*") == []
    assert wrong("success|eror") == ["status of gateway_send_total is never 'eror'."]


def test_a_pattern_whose_bars_are_in_a_group_is_looked_at_as_a_whole() -> None:
    assert wrong("(success|eror)") == []
    assert wrong("(sucess|eror)") == ["status of gateway_send_total is never '(sucess|eror)'."]


@pytest.mark.parametrize("text", ["a=" + " " * 100_000 + "{", " " * 100_000 + "{", "a" * 100_000, 'a="' + "\\a" * 50_000])
def test_long_nonsense_is_refused_at_once(text: str) -> None:
    with pytest.raises(ConfigError, match="is no matcher"):
        parse_matchers(text)
