"""Logs, health pages for load balancers, and metrics for Prometheus; none names a person.

A request is logged and counted by its route, never by its path (which may contain a token) or
query. An error is logged by its type and code lines, never by its message, which may quote input.
"""

import logging
import re
import secrets
import shutil
import time
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO

from flask import Blueprint, Flask, Response, g, has_request_context, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from consult.storage.db.database import Database
from consult.storage.db.engines import outage
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import (
    ContactRow,
    DraftRow,
    RateLimitRow,
    SubmissionRow,
)
from consult.web.services import services

log = logging.getLogger("consult.requests")
health = Blueprint("health", __name__, url_prefix="/health")

RETRY_SECONDS = 10
"""How soon to try again what an outage keeps from working."""

_PROBE_SECONDS = 2
_FREE_BYTES = 4_000_000

# A token is 32 random bytes in base64: 43 characters. Nothing else in a log line is that long.
TOKEN = re.compile(r"[A-Za-z0-9_-]{43,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrivateFormatter(logging.Formatter):
    """Formats a log line without tokens and exception messages, with times in UTC."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name is logging's
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or error.__context__
        return "\n  ".join(lines)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The line, without characters that would break it or control a terminal."""
        return _CONTROL.sub("?", super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return TOKEN.sub("[token]", super().format(record))


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id() if has_request_context() else "-"
    return True


def configure_logging(stream: TextIO | None = None) -> None:
    """Send the log of this process, and warnings of libraries, to a stream (standard error)."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(_add_request_id)
    handler.setFormatter(
        PrivateFormatter("%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s")
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("consult").setLevel(logging.INFO)


def request_id() -> str:
    """The id of this request; created lazily, as a request refused early reaches no hook."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    return str(g.request_id)


def route_name() -> str:
    """The rule that the request matched, such as `/check/<token>/<page>`."""
    return request.url_rule.rule if request.url_rule else "(no route)"


class LoggedFlask(Flask):
    """A Flask app that logs an unexpected error by its route instead of its path."""

    def log_exception(self, exc_info: ExcInfo) -> None:
        log.error("error in %s %s", request.method, route_name(), exc_info=exc_info)


@health.get("/live")
def live() -> Response:
    return Response("ok\n", mimetype="text/plain")


@health.get("/ready")
def ready() -> Response:
    """Whether an owner's answers could be saved now: a row is written and deleted."""
    database = services().database
    file = database.sqlite_file
    try:
        with database.writing(timeout=_PROBE_SECONDS) as session:
            row = RateLimitRow(
                key=f"ready {secrets.token_hex(8)}", hits=1, expires_at=session.now()
            )
            session.add(row)
            session.flush()
            session.delete(row)
        problem = ""
    except SQLAlchemyError as error:
        problem = outage(error) or type(error).__name__
    # There may be room left in SQLite's files for this one row, and for nothing else.
    if file and shutil.disk_usage(file.parent).free < _FREE_BYTES:
        problem = "the disk is full"
    if problem:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        text = f"nothing can be saved: {problem}\n"
        return Response(text, 503, headers, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


_COUNTED = {"drafts": DraftRow, "submissions": SubmissionRow, "contacts": ContactRow}


class _TableCounts(Collector):
    """Counts rows when scraped, so that every process reports the same."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def describe(self) -> Iterable[Metric]:
        return ()  # the database may not respond while the app starts

    def collect(self) -> Iterable[Metric]:
        with self.database.reading() as session:
            stored = {
                name: session.scalar(select(func.count()).select_from(table)) or 0
                for name, table in _COUNTED.items()
            }
            by_state = select(JobRow.state, func.count()).group_by(JobRow.state)
            states = dict(session.execute(by_state).all())
            oldest = session.scalar(select(func.min(JobRow.run_at)).where(JobRow.state == "ready"))
            waited = (session.now() - oldest).total_seconds() if oldest else 0.0
        for name, count in stored.items():
            yield GaugeMetricFamily(f"relay_{name}", f"Stored {name}.", count)
        yield GaugeMetricFamily(
            "relay_jobs_overdue_seconds", "How long the oldest due job waits.", max(0.0, waited)
        )
        jobs = GaugeMetricFamily("relay_jobs", "Jobs by state.", labels=["state"])
        for state in ("ready", "leased", "done", "failed"):
            jobs.add_metric([state], states.get(state, 0))
        yield jobs


def install(app: Flask, database: Database, *, metrics: bool) -> None:
    """Log every request, serve the health pages and, if `metrics` is set, `/metrics`.

    The id of the account that makes a request is taken from `g.account`.
    """
    app.register_blueprint(health)

    @app.before_request
    def start_timer() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def log_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        account = f" account {g.account}" if "account" in g else ""
        route = f"{request.method} {route_name()}"
        log.info("%s %d %.0f ms%s", route, response.status_code, _seconds() * 1000, account)
        return response

    if metrics:
        _serve_metrics(app, database)


def _serve_metrics(app: Flask, database: Database) -> None:
    registry = CollectorRegistry()
    registry.register(_TableCounts(database))
    durations = Histogram(
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
        durations.labels(request.method, route_name(), response.status_code).observe(_seconds())
        return response


def _seconds() -> float:
    """How long the request has taken; zero if it was refused before it had a start."""
    now = time.perf_counter()
    return now - float(g.get("started", now))
