"""Range queries: every series that an expression gives, at regular moments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx
import msgspec

from surewire.errors import BackendError, BackendUnavailableError

__all__ = ["BACKEND", "Moments", "RangeQueries", "SampledSeries"]

BACKEND: Final = "prometheus"
_MOST_POINTS: Final = 10_000
"""Of one series in one answer; Prometheus refuses more than 11,000."""
_BAD_REQUEST: Final = {400, 422}


class Moments(msgspec.Struct, frozen=True):
    """The moments from `first_s` to `last_s`, both included, every `step_s`."""

    first_s: int
    last_s: int
    step_s: int

    def pieces(self) -> Iterator[Moments]:
        """The same in as many pieces as an answer may be long."""
        length_s = (_MOST_POINTS - 1) * self.step_s
        for first_s in range(self.first_s, self.last_s + 1, length_s + self.step_s):
            yield Moments(first_s, min(first_s + length_s, self.last_s), self.step_s)

    def all(self) -> range:
        """Each of them."""
        return range(self.first_s, self.last_s + 1, self.step_s)


class SampledSeries(msgspec.Struct):
    """One series: its labels, its name among them, and its values by moment."""

    labels: dict[str, str]
    values: dict[int, float]


class RangeQueries:
    """Asks one Prometheus. `client` has its address as base and whatever it takes to be let in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, expression: str, moments: Moments) -> list[SampledSeries]:
        """Every series of the expression that has a value at any of the moments.

        Raises: BackendUnavailableError when there is no answer; BackendError when the expression is refused.
        """
        found: dict[tuple[tuple[str, str], ...], SampledSeries] = {}
        for piece in moments.pieces():
            for labels, points in await self._ask(expression, piece):
                series = found.setdefault(tuple(sorted(labels.items())), SampledSeries(labels, {}))
                series.values |= {int(at_s): float(value) for at_s, value in points}
        return list(found.values())

    async def _ask(self, expression: str, moments: Moments) -> Iterator[tuple[dict[str, str], list[tuple[float, str]]]]:
        form = {"query": expression, "start": str(moments.first_s), "end": str(moments.last_s), "step": str(moments.step_s)}
        try:
            response = await self._client.post("api/v1/query_range", data=form)
            answer = _decode(response.content)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise BackendUnavailableError(BACKEND, f"{self._client.base_url} gives no answer ({type(error).__name__})") from error
        if answer.data is None or response.is_error:
            kind = BackendError if response.status_code in _BAD_REQUEST else BackendUnavailableError
            raise kind(BACKEND, answer.error or f"{self._client.base_url} answers {response.status_code}")
        return ((one.metric, one.values) for one in answer.data.result)


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Data(msgspec.Struct):
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""


_decode: Final = msgspec.json.Decoder(_Answer).decode
