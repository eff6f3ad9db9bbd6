"""`/metrics` in the Prometheus text format, where the settings ask for it.

Requests are counted by route name and status, never by address; stored things only by number.
"""

import time
from collections.abc import Iterable

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from consult.storage.db.database import Database
from consult.storage.insights.table_counts import counts
from consult.web.logs import route_name


class _Stored(Collector):
    """Counts the database when it is asked, so that every process tells the same."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def describe(self) -> Iterable[Metric]:
        """Describe nothing ahead: the database may not answer while the app starts."""
        return ()

    def collect(self) -> Iterable[Metric]:
        with self.database.reading() as session:
            now = counts(session)
        yield GaugeMetricFamily("relay_checks", "Checks, finished or not.", now.checks)
        yield GaugeMetricFamily("relay_submissions", "Finished checks.", now.submissions)
        yield GaugeMetricFamily("relay_contacts", "Leads with a contact.", now.contacts)
        yield GaugeMetricFamily(
            "relay_jobs_overdue_seconds", "How long the oldest due job waits.", now.overdue_seconds
        )
        jobs = GaugeMetricFamily("relay_jobs", "Jobs by state.", labels=["state"])
        for state in ("ready", "leased", "done", "dead"):
            jobs.add_metric([state], now.jobs.get(state, 0))
        yield jobs


def install(app: Flask, database: Database) -> None:
    """Time every request, and answer `/metrics`."""
    registry = CollectorRegistry()
    registry.register(_Stored(database))
    spent = Histogram(
        "relay_request_seconds",
        "Time to answer, by route and status.",
        labelnames=("method", "route", "status"),
        registry=registry,
    )
    metrics = Blueprint("metrics", __name__)

    @metrics.get("/metrics")
    def show() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.after_request
    def observe(response: Response) -> Response:
        # A request refused early has no start; it took no time worth knowing.
        took = time.perf_counter() - g.get("started", time.perf_counter())
        spent.labels(request.method, route_name(), response.status_code).observe(took)
        return response

    app.register_blueprint(metrics)
