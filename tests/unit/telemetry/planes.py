"""A registry with every instrument that the server has."""

from __future__ import annotations

from dataclasses import dataclass

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.instruments import ConnectionInstruments, DurabilityInstruments, FanoutInstruments, MessagingInstruments
from surewire.telemetry.registry import Registry


@dataclass(frozen=True)
class Planes:
    registry: Registry
    gateway: ConnectionInstruments
    durability: DurabilityInstruments
    fanout: FanoutInstruments
    messaging: MessagingInstruments


def all_planes() -> Planes:
    registry = Registry(load_metrics(), event_types=["door_opened"])
    registry.allow_routes(["/health", "/v1/chats/{chat_id}"])
    gateway, durability = ConnectionInstruments(registry), DurabilityInstruments(registry)
    return Planes(registry, gateway, durability, FanoutInstruments(registry), MessagingInstruments(registry))
