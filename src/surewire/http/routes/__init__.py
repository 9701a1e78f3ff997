"""The routes of the HTTP API, one file per resource."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from surewire.http.routes import (
    chats,
    corrections,
    delivery,
    deployments,
    documents,
    events,
    health,
    maintenance,
    members,
    messages,
    metrics,
    page,
    runbooks,
    slos,
)

__all__ = ["ROUTES"]

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *chats.ROUTES,
    *members.ROUTES,
    *messages.ROUTES,
    *delivery.ROUTES,
    *events.ROUTES,
    *slos.ROUTES,
    *maintenance.ROUTES,
    *corrections.ROUTES,
    *deployments.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    *documents.ROUTES,
    *runbooks.ROUTES,
    *page.ROUTES,
)
