"""The routes of the HTTP API, one file per resource."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from surewire.http.routes import (
    alerts,
    audits,
    chats,
    corrections,
    delivery,
    deployments,
    documents,
    events,
    exclusions,
    freezes,
    graph_annotations,
    health,
    maintenance,
    members,
    messages,
    metrics,
    notifications,
    page,
    reviews,
    runbooks,
    silences,
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
    *exclusions.ROUTES,
    *freezes.ROUTES,
    *maintenance.ROUTES,
    *alerts.ROUTES,
    *silences.ROUTES,
    *audits.ROUTES,
    *notifications.ROUTES,
    *corrections.ROUTES,
    *deployments.ROUTES,
    *graph_annotations.ROUTES,
    *reviews.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    *documents.ROUTES,
    *runbooks.ROUTES,
    *page.ROUTES,
)
