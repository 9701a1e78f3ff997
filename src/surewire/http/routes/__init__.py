"""The routes of the HTTP API, one file per resource."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from surewire.http.routes import chats, delivery, documents, events, health, members, messages, metrics, page

__all__ = ["ROUTES"]

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *chats.ROUTES,
    *members.ROUTES,
    *messages.ROUTES,
    *delivery.ROUTES,
    *events.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    *documents.ROUTES,
    *page.ROUTES,
)
