"""Counts by slot, from a Prometheus that scrapes the server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import httpx

from surewire.adapters.prometheus.counter_growth import Growth, Targets, growth
from surewire.adapters.prometheus.expressions import by_metric, either
from surewire.adapters.prometheus.range_queries import Moments, RangeQueries, SampledSeries
from surewire.contract.selector import Matcher
from surewire.ports.sli_store import LENGTHS_S, Slot
from surewire.slo.capacity import PER_SECOND
from surewire.slo.counted import GOOD_SECONDS, KNOWN_SECONDS
from surewire.slo.needs import Needs
from surewire.slo.window import SLOT_S, Interval

__all__ = ["PrometheusSliSource", "prometheus_sli_source"]

_SECONDS: Final = {GOOD_SECONDS: "sum_over_time", KNOWN_SECONDS: "count_over_time"}
_FINER: Final = dict(zip(LENGTHS_S[1:], LENGTHS_S, strict=False))

_Values = dict[int, dict[str, float]]
"""Values of series, by the start of the slot."""


class _Seen(NamedTuple):
    """Seconds of a slot that scrapes stand for: of the process that was scraped least, and of the one scraped most."""

    least_s: int
    most_s: int


@asynccontextmanager
async def prometheus_sli_source(
    url: str, needs: Needs, *, job: str = "websocket", timeout_s: float = 30.0, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[PrometheusSliSource]:
    """What the Prometheus at `url` has of the server, which it scrapes as `job`. `headers` are what lets one in there."""
    async with httpx.AsyncClient(base_url=url.rstrip("/") + "/", timeout=timeout_s, headers=headers) as client:
        yield PrometheusSliSource(RangeQueries(client), needs, job=job)


class PrometheusSliSource:
    """The `SliSource` over range queries.

    Counts are differences of the counters themselves, never extrapolated. They are seen at scrapes, so each is at most one scrape late,
    and what was counted before the first scrape of a process that nobody knew is not in them. Seconds are scrapes times
    `scrape_interval_s`. `slots` raises BackendError for an expression that is refused.
    """

    def __init__(self, queries: RangeQueries, needs: Needs, *, job: str, scrape_interval_s: int = SLOT_S) -> None:
        self._queries, self._scrape_interval_s = queries, scrape_interval_s
        self._up = f'up{{job="{job}"}}'
        of_job = Matcher("job", "=", job)
        self._counts, self._gauges, self._peaks = (by_metric(some, of_job) for some in (needs.counts, needs.gauges, needs.peaks))

    async def slots(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        if length_s not in LENGTHS_S:
            raise ValueError(f"slots are {LENGTHS_S} s long, not {length_s}")
        start_s, end_s = (-(-at_s // length_s) * length_s for at_s in (interval.start_s, interval.end_s))
        if start_s >= end_s:
            return []
        moments = Moments(start_s, end_s, length_s)
        targets = Targets(await self._queries.ask(self._up, moments))
        seen = await self._seen(moments)
        counts = await self._all_counts(targets, seen, moments)
        for at_s, seconds in (await self._seconds(targets, moments)).items():
            counts.setdefault(at_s, {}).update({series: round(value) for series, value in seconds.items() if round(value)})
        gauges, peaks = await self._last_values(targets, moments), await self._highest_values(targets, moments)
        return [
            Slot(
                start_s=at_s,
                length_s=length_s,
                seen_s=seen[at_s].most_s if at_s in seen else 0,
                counts=counts.get(at_s, {}),
                gauges=gauges.get(at_s, {}),
                peaks=peaks.get(at_s, {}),
            )
            for at_s in sorted(seen.keys() | counts.keys())
        ]

    async def _seen(self, moments: Moments) -> dict[int, _Seen]:
        """How much of each slot successful scrapes stand for; nothing where there was none."""
        seen: dict[int, _Seen] = {}
        for series in await self._queries.ask(f"sum_over_time({self._up}[{moments.step_s}s])", moments):
            for start_s, scrapes in _by_slot(series, moments):
                if scrapes:
                    seconds, known = self._lasting(scrapes, moments), seen.get(start_s)
                    seen[start_s] = _Seen(min(seconds, known.least_s), max(seconds, known.most_s)) if known else _Seen(seconds, seconds)
        return seen

    async def _all_counts(self, targets: Targets, seen: Mapping[int, _Seen], moments: Moments) -> dict[int, dict[str, int]]:
        """What every counter grew by. Where one began, or was not there all the time, finer slots are asked and added up."""
        counts: dict[int, dict[str, int]] = {}
        unclear = {start_s for start_s, part in seen.items() if part.least_s < moments.step_s}
        for metric, selectors in self._counts.items():
            if not metric.endswith(tuple(_SECONDS)):
                found: Growth = growth(await self._queries.ask(either(selectors), moments), targets, moments)
                unclear |= found.unclear
                for start_s, grown in found.counts.items():
                    counts.setdefault(start_s, {}).update(grown)
        if moments.step_s in _FINER:
            for start_s in unclear:
                counts[start_s] = await self._looked_closer(targets, Moments(start_s, start_s + moments.step_s, _FINER[moments.step_s]))
        return counts

    async def _looked_closer(self, targets: Targets, moments: Moments) -> dict[str, int]:
        known = targets.and_also(await self._queries.ask(self._up, moments))
        return _added_up((await self._all_counts(known, await self._seen(moments), moments)).values())

    async def _seconds(self, targets: Targets, moments: Moments) -> _Values:
        found: _Values = {}
        for metric, selectors in self._counts.items():
            suffix = next((suffix for suffix in _SECONDS if metric.endswith(suffix)), "")
            if suffix:
                gauge = metric.removesuffix(suffix)
                expression = either(selectors, gauge, f"{_SECONDS[suffix]}({{}}[{moments.step_s}s])")
                for series in await self._queries.ask(expression, moments):
                    name = targets.series(series.labels, shown_as=gauge) + suffix
                    for start_s, scrapes in _by_slot(series, moments):
                        values = found.setdefault(start_s, {})
                        values[name] = values.get(name, 0) + self._lasting(scrapes, moments)
        return found

    async def _last_values(self, targets: Targets, moments: Moments) -> _Values:
        found: _Values = {}
        for metric, selectors in self._gauges.items():
            expression = either(selectors, metric, f"last_over_time({{}}[{moments.step_s}s])")
            _put(found, await self._queries.ask(expression, moments), targets, moments, metric)
        return found

    async def _highest_values(self, targets: Targets, moments: Moments) -> _Values:
        found: _Values = {}
        for metric, selectors in self._peaks.items():
            if metric.endswith(PER_SECOND):
                rate = f"sum by ({', '.join(sorted(targets.names))}) (rate({{}}[1m]))"
                expression = f"max_over_time(({rate})[{moments.step_s}s:{self._scrape_interval_s}s])"
                sampled = await self._queries.ask(either(selectors, metric.removesuffix(PER_SECOND), expression), moments)
            else:
                sampled = await self._queries.ask(either(selectors, metric, f"max_over_time({{}}[{moments.step_s}s])"), moments)
            _put(found, sampled, targets, moments, metric)
        return found

    def _lasting(self, scrapes: float, moments: Moments) -> int:
        return min(moments.step_s, round(scrapes * self._scrape_interval_s))


def _put(found: _Values, sampled: Iterable[SampledSeries], targets: Targets, moments: Moments, metric: str) -> None:
    for series in sampled:
        name = targets.series(series.labels, shown_as=metric, instance=True)
        for start_s, value in _by_slot(series, moments):
            found.setdefault(start_s, {})[name] = value


def _by_slot(series: SampledSeries, moments: Moments) -> Iterable[tuple[int, float]]:
    """A moment's value belongs to the slot that ends then."""
    return ((at_s - moments.step_s, value) for at_s, value in series.values.items() if at_s > moments.first_s)


def _added_up(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for series, count in part.items():
            total[series] = total.get(series, 0) + count
    return total
