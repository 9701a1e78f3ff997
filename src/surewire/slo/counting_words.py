"""In words, what an objective counts as good and as bad, and the series it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.contract.selector import Matcher, Operator, parse_selector
from surewire.contract.slos import AvailabilitySlo, CapacitySlo, CheckSlo, LatencySlo, ProbeSlo, RatioSlo, ResponseSlo, Slo
from surewire.slo.amounts import plain, span
from surewire.slo.objective import exact
from surewire.slo.window import parse_duration

__all__ = ["counting", "reads", "selection"]

_IS: Final[dict[Operator, str]] = {"=": "is", "!=": "is not", "=~": "is", "!~": "is not"}


def counting(slo: Slo) -> Iterator[str]:
    """What is good, what is bad, sentence by sentence."""
    match slo:
        case RatioSlo():
            yield from _ratio(slo)
        case LatencySlo():
            yield f"Good: whatever took at most {plain(exact(slo.threshold_s))} s. Bad: whatever took longer."
            yield "The limit is a bound of the histogram's buckets, so nothing is estimated."
            if slo.per:
                yield f"Each {slo.per} is judged for itself; the worst with enough events counts."
        case AvailabilitySlo():
            yield "Good: seconds in which the gauge was 1. Bad: seconds in which it was there and was not 1. Unknown seconds are neither."
        case ProbeSlo():
            yield from _probe(slo)
        case CapacitySlo():
            target = f"{slo.at_least:,.0f}" if slo.at_least is not None else f"{slo.at_least_per_s or 0:,.0f} per second"
            yield f"Met when the highest value seen, or a recorded load result, reached {target} per {slo.per}."
            yield "Until then there are no data: little traffic never breaks it."
        case CheckSlo():
            yield f"Data of a session are gone {span(slo.ephemeral_expires_after_disconnect_s)} after the disconnect."
            yield f"Stored data are kept {span(parse_duration(slo.persistent_retention))}."
            yield "It is looked at every hour; each time is good or bad."
        case ResponseSlo():
            for what, within in slo.targets.items():
                yield f"{what}: answered within {span(parse_duration(within))}. Late while unanswered."


def reads(slo: Slo) -> Iterator[str]:
    """The selectors, as the definition writes them."""
    for field in ("good", "bad", "total", "metric"):
        if text := getattr(slo, field, None):
            yield f"{field}: {text}"


def selection(text: str) -> str:
    """A selector in words: `gateway_send_total where status is success`."""
    selector = parse_selector(text)
    conditions = " and ".join(map(_condition, selector.matchers))
    return f"{selector.metric} where {conditions}" if conditions else selector.metric


def _ratio(slo: RatioSlo) -> Iterator[str]:
    if slo.good and slo.bad:
        yield f"Good: {selection(slo.good)}. Bad: {selection(slo.bad)}. Together they are all events."
    elif slo.good and slo.total:
        yield f"Good: {selection(slo.good)}. Bad: the rest of {selection(slo.total)}."
    elif slo.bad and slo.total:
        yield f"Bad: {selection(slo.bad)}. Good: the rest of {selection(slo.total)}."


def _probe(slo: ProbeSlo) -> Iterator[str]:
    silence = span(slo.interval_s * slo.down_after_failures)
    yield f"A probe asks every {span(slo.interval_s)} and waits {span(slo.timeout_s)}. Seconds are counted, up or down."
    yield f"Down: from the first of {slo.down_after_failures} failures in a row ({silence}) to the next success."
    yield f"A process that is away for {silence} or longer is down, after a crash and after a drain alike."
    yield "Until a probe runs, the process's own record stands in, and is called self-observed."
    yield "Time of which no probe could say anything is unknown and left out."


def _condition(matcher: Matcher) -> str:
    values = matcher.value.split("|") if matcher.operator in {"=~", "!~"} else [matcher.value]
    joined = values[0] if len(values) == 1 else f"{', '.join(values[:-1])} {'or' if matcher.operator == '=~' else 'nor'} {values[-1]}"
    return f"{matcher.label} {_IS[matcher.operator]} {joined}"
