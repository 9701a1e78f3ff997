"""The shape of `metrics.yaml`: what is measured, and the other names under which the same numbers are shown."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = ["Alias", "Labels", "Metric", "MetricType", "MetricsCatalogue", "Relabel"]

MetricName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
MetricType = Literal["counter", "gauge", "histogram"]
Labels = dict[str, tuple[str, ...] | str]


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measured family.

    `labels` maps a label's name to its values when they are fixed (each combination exists at zero from the start), or to a
    sentence that says what its values are. `buckets` are the upper bounds of a histogram, ascending and without +Inf, in the
    unit that ends the name; they are empty for every other type.
    """

    name: MetricName
    type: MetricType
    labels: Labels = {}
    buckets: tuple[float, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if (self.type == "histogram") != bool(self.buckets):
            raise ValueError(f"{self.name}: a histogram has buckets and nothing else has")
        if list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError(f"{self.name}: buckets ascend")


class Relabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A label renamed and its values translated: equal targets add up, values that `map` leaves out are not shown."""

    source: str = msgspec.field(name="from")
    to: str
    map: dict[str, str]


class Alias(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another name for measured numbers, rendered when they are scraped.

    Applied in this order to the series that `of` names:

    - `where`: only series whose label has one of these values;
    - `relabel`: one label renamed and translated;
    - `sum`: these labels are added away;
    - `scale`: bounds and sums of a histogram are multiplied by it (1000: seconds shown as milliseconds).

    With `as_label`, `of` maps each value of that one label to a selector, whose matching series are added up; the alias has no
    other label. `type` is the family's type where it is not that of the source.
    """

    name: MetricName
    of: str | dict[str, str]
    where: dict[str, tuple[str, ...]] = {}
    relabel: Relabel | None = None
    sum: tuple[str, ...] = ()
    as_label: str = ""
    scale: float = 1.0
    type: MetricType | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.of, dict) != bool(self.as_label):
            raise ValueError(f"{self.name}: as_label and a table of selectors belong together")


class MetricsCatalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every family by its name, in the order of the file; no alias has the name of a measured one."""

    canonical: dict[str, Metric]
    aliases: dict[str, Alias]

    def __post_init__(self) -> None:
        if both := self.canonical.keys() & self.aliases.keys():
            raise ValueError(f"both measured and an alias: {', '.join(sorted(both))}")
