"""Instruments of a registry of their own."""

from __future__ import annotations

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.instruments import DurabilityInstruments
from surewire.telemetry.registry import Registry

__all__ = ["new_instruments"]


def new_instruments() -> DurabilityInstruments:
    return DurabilityInstruments(Registry(load_metrics()))
