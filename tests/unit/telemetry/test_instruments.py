"""The instruments of the planes are those of the contract."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.instruments import PLANES, ConnectionInstruments
from surewire.telemetry.registry import Family, Registry


@pytest.mark.parametrize("plane", PLANES)
def test_every_instrument_is_what_its_annotation_says(plane: Any) -> None:
    instruments = plane(Registry(load_metrics()))
    hints = get_type_hints(plane)
    for field in fields(plane):
        built, hint = getattr(instruments, field.name), hints[field.name]
        if get_origin(hint) is not Family:
            assert type(built) is hint, field.name
            continue
        key, child = get_args(hint)
        assert built.metric.type == child.__name__.lower(), field.name
        assert len(built.metric.labels) == (1 if key is str else len(get_args(key))), field.name


def test_planes_may_be_built_twice_and_count_together() -> None:
    registry = Registry(load_metrics())
    ConnectionInstruments(registry).events_matched.n += 1
    ConnectionInstruments(registry).events_matched.n += 1
    assert registry.counter("gateway_events_matched_total").n == 2


def test_an_attribute_cannot_be_replaced_by_mistake() -> None:
    gateway = ConnectionInstruments(Registry(load_metrics()))
    with pytest.raises(FrozenInstanceError):
        gateway.events_matched = None  # type: ignore[assignment,misc]
