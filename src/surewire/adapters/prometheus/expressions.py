"""Selectors as PromQL writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from surewire.contract.selector import Matcher, Selector

__all__ = ["by_metric", "either"]


def by_metric(selectors: Iterable[Selector], also: Matcher) -> dict[str, list[Selector]]:
    """The selectors of each metric, each with one more condition."""
    found: dict[str, list[Selector]] = {}
    for selector in selectors:
        found.setdefault(selector.metric, []).append(Selector(selector.metric, (*selector.matchers, also)))
    return found


def either(selectors: Collection[Selector], metric: str = "", expression: str = "{}") -> str:
    """The expression, in which `{}` stands for a selector, over all series that any of them selects; `metric` replaces their metric."""
    return " or ".join(expression.replace("{}", _text(selector, metric)) for selector in selectors)


def _text(selector: Selector, metric: str) -> str:
    matchers = ",".join(f'{one.label}{one.operator}"{one.value}"' for one in selector.matchers)
    return f"{metric or selector.metric}{{{matchers}}}"
