"""For load balancers and Prometheus: `/health/live`, `/health/ready` and `/metrics`.

Requests are counted by route and status, never by address; stored things by number only.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from consult.storage.db.database import Database
from consult.storage.insights.insights import table_counts
from consult.web.logs import route_name
from consult.web.services import services

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
def live() -> Response:
    """Return 200 while the process responds."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/ready")
def ready() -> Response:
    """Return 200 while the database responds, 503 otherwise."""
    try:
        with services().database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


class _TableCounts(Collector):
    """Counts rows when scraped, so that every process reports the same."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def describe(self) -> Iterable[Metric]:
        return ()  # the database may not respond while the app starts

    def collect(self) -> Iterable[Metric]:
        with self.database.reading() as session:
            now = table_counts(session)
        yield GaugeMetricFamily("relay_checks", "Checks, finished or not.", now.drafts)
        yield GaugeMetricFamily("relay_submissions", "Finished checks.", now.submissions)
        yield GaugeMetricFamily("relay_contacts", "Leads with a contact.", now.contacts)
        yield GaugeMetricFamily(
            "relay_jobs_overdue_seconds", "How long the oldest due job waits.", now.overdue_seconds
        )
        jobs = GaugeMetricFamily("relay_jobs", "Jobs by state.", labels=["state"])
        for state in ("ready", "leased", "done", "dead"):
            jobs.add_metric([state], now.jobs.get(state, 0))
        yield jobs


def install(app: Flask, database: Database, *, metrics: bool) -> None:
    """Serve the health pages and, if `metrics` is set, time every request and serve `/metrics`."""
    app.register_blueprint(health)
    if not metrics:
        return
    registry = CollectorRegistry()
    registry.register(_TableCounts(database))
    spent = Histogram(
        "relay_request_seconds",
        "Time to answer, by route and status.",
        labelnames=("method", "route", "status"),
        registry=registry,
    )

    @app.get("/metrics", endpoint="metrics.show")
    def show() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.after_request
    def observe(response: Response) -> Response:
        # A request refused early has no start; its time is not worth knowing.
        took = time.perf_counter() - g.get("started", time.perf_counter())
        spent.labels(request.method, route_name(), response.status_code).observe(took)
        return response
