"""Every number the server counts, as plain integers and lists that belong to the event loop's thread.

An instrument is looked up once and kept; using it is an attribute and an addition. What the contract does not know cannot be made.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import product
from typing import Any, Final, Generic, TypeVar

from surewire.contract.catalogue import Metric, MetricsCatalogue
from surewire.telemetry.labels import Bound, fixed, open_kinds

__all__ = ["Counter", "Family", "Gauge", "Histogram", "Instrument", "Registry"]


class Counter:
    """A number that only grows: `counter.n += 1`."""

    __slots__ = ("n",)

    def __init__(self) -> None:
        self.n = 0

    def current(self) -> int:
        """What a scrape shows now."""
        return self.n


class Gauge:
    """A number that goes up and down: set `value`, or `read`, which a scrape then calls instead.

    While `is_known` is False there is no such number, and nothing is shown: no data is neither zero nor NaN.
    """

    __slots__ = ("is_known", "read", "value")

    def __init__(self) -> None:
        self.is_known = True
        self.value: float = 0
        self.read: Callable[[], float] | None = None

    def current(self) -> float:
        """What a scrape shows now."""
        return self.value if self.read is None else self.read()


class Histogram:
    """How observed values spread over buckets. `counts[i]` is of values in (bounds[i - 1], bounds[i]], the last of those above."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts one value, in the unit that ends the family's name."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def observe_many(self, value: float, count: int) -> None:
        """Counts `count` equal values at the cost of one."""
        self.counts[bisect_left(self.bounds, value)] += count
        self.sum += value * count


Key = TypeVar("Key", bound="str | tuple[str, ...]")
Instrument = TypeVar("Instrument", bound="Counter | Gauge | Histogram")

# A zero would say that a back end is down which nobody configured.
_ONLY_WHEN_USED: Final = frozenset({"backend"})


class Family(dict[Key, Instrument], Generic[Key, Instrument]):
    """The instruments of one metric by label value: the value itself for one label, a tuple in the contract's order for more.

    Where every value is fixed by the contract, all instruments are there from the start. Others come with their first use; a value
    that is not known then leads to the instrument of `other`, `unknown` or `unmatched`. Raises: ValueError for any other value.
    """

    __slots__ = ("_bounds", "_make", "metric")

    def __init__(self, metric: Metric, bounds: tuple[Bound, ...], make: Callable[[], Instrument]) -> None:
        super().__init__()
        self.metric, self._bounds, self._make = metric, bounds, make

    def __missing__(self, key: Key) -> Instrument:
        values = _values(key)
        if len(values) != len(self._bounds):
            raise ValueError(f"{self.metric.name} has the labels {tuple(self.metric.labels)}, not values {values}")
        bounded = tuple(bound(value) for bound, value in zip(self._bounds, values, strict=True))
        if bounded != values:
            return self[_key(bounded)]
        child = self[key] = self._make()
        return child

    def series(self) -> Iterable[tuple[tuple[str, ...], Instrument]]:
        """Label values in the contract's order, with their instrument."""
        return ((_values(key), child) for key, child in self.items())


class Registry:
    """The families that this server measures. `event_types` are those of the configuration, beyond the built-in ones."""

    def __init__(self, catalogue: MetricsCatalogue, event_types: Collection[str] = ()) -> None:
        self.catalogue = catalogue
        self._routes: set[str] = set()
        self._kinds = open_kinds(event_types, self._routes)
        self._families: dict[str, Family[Any, Any]] = {}

    def __iter__(self) -> Iterator[Family[Any, Any]]:
        return iter(self._families.values())

    def allow_routes(self, templates: Iterable[str]) -> None:
        """Makes these templates (`/v1/chats/{chat_id}`) values of the labels that hold a route; others are `unmatched`."""
        self._routes.update(templates)

    def counter(self, name: str, **labels: str) -> Counter:
        """The counter of these labels.

        Raises: ValueError when the contract has no such name, label or value; TypeError when the metric is of another type.
        """
        return self._child(Counter, name, labels)

    def gauge(self, name: str, **labels: str) -> Gauge:
        """The gauge of these labels. Raises: as `counter`."""
        return self._child(Gauge, name, labels)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """The histogram of these labels. Raises: as `counter`."""
        return self._child(Histogram, name, labels)

    def family(self, name: str) -> Family[Any, Any]:
        """All instruments of a metric, which is exposed from now on. Raises: ValueError when the contract has no such name."""
        if name not in self._families:
            self._families[name] = self._make(name)
        return self._families[name]

    def _child(self, kind: type[Instrument], name: str, labels: dict[str, str]) -> Instrument:
        family = self.family(name)
        names = tuple(family.metric.labels)
        if labels.keys() != set(names):
            raise ValueError(f"{name} has the labels {names}, not {tuple(labels)}")
        child = family[_key(tuple(labels[label] for label in names))]
        if not isinstance(child, kind):
            raise TypeError(f"{name} is a {family.metric.type}")
        return child

    def _make(self, name: str) -> Family[Any, Any]:
        metric = self.catalogue.canonical.get(name)
        if metric is None:
            raise ValueError(f"the contract has no metric {name}")
        family: Family[Any, Any] = Family(metric, tuple(map(self._bound, metric.labels.values())), _maker(metric))
        for values in _fixed_values(metric):
            family[_key(values)]
        return family

    def _bound(self, values: tuple[str, ...] | str) -> Bound:
        if not isinstance(values, str):
            return fixed(values)
        if values not in self._kinds:
            raise ValueError(f"nothing says yet which values {values!r} are")
        return self._kinds[values]


def _values(key: str | tuple[str, ...]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key


def _key(values: tuple[str, ...]) -> Any:
    return values[0] if len(values) == 1 else values


def _maker(metric: Metric) -> Callable[[], Counter | Gauge | Histogram]:
    if metric.type == "histogram":
        return lambda: Histogram(metric.buckets)
    return Counter if metric.type == "counter" else Gauge


def _fixed_values(metric: Metric) -> Iterable[tuple[str, ...]]:
    """Every combination of label values, when the contract fixes them all."""
    lists = [values for values in metric.labels.values() if not isinstance(values, str)]
    if len(lists) < len(metric.labels) or _ONLY_WHEN_USED & metric.labels.keys():
        return ()
    return product(*lists)
