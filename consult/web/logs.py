"""Logs that help the person who runs the app and say nothing about anybody else.

A request is logged by the name of its route, never by its path (which may hold a token) or its
query. An error is logged by its type and the lines it passed through, never by its message, which
may quote what somebody typed.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
import traceback
from types import TracebackType
from typing import TextIO

from flask import Flask, Response, g, has_request_context, request

log = logging.getLogger("consult.requests")

# A token is 32 random bytes in base64: 43 characters. Nothing else in a log line is that long.
TOKEN = re.compile(r"[A-Za-z0-9_-]{43,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrivateFormatter(logging.Formatter):
    """Formats a log line without tokens and without the messages of exceptions.

    Times are in UTC, so that the logs of several machines fit together, and no text from elsewhere
    begins a line of its own.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name is logging's
        """Return the chain of exceptions as types and code lines."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            lines += [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or error.__context__
        return "\n  ".join(lines)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Return the line itself, without what would break it or steer a terminal."""
        return _CONTROL.sub("?", super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with anything that looks like a token taken out."""
        return TOKEN.sub("[token]", super().format(record))


class _RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() if has_request_context() else "-"
        return True


def configure_logging(stream: TextIO | None = None) -> None:
    """Send the log of this process to one stream (default: standard error).

    Of libraries it takes warnings only. Calling it again replaces the earlier stream.
    """
    handler = logging.StreamHandler(stream)
    handler.addFilter(_RequestIdFilter())
    handler.setFormatter(
        PrivateFormatter("%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s")
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("consult").setLevel(logging.INFO)


def request_id() -> str:
    """Return the id of this request, made when it is first asked for.

    Made lazily because a request refused early never reaches a hook that could make it.
    """
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    made: str = g.request_id
    return made


def route_name() -> str:
    """Return the rule that the request matched, such as `/check/<token>/<page>`."""
    return request.url_rule.rule if request.url_rule else "(no route)"


class LoggedFlask(Flask):
    """A Flask app that logs an unexpected error by its route instead of its path."""

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Log an error nobody handled."""
        log.error("error in %s %s", request.method, route_name(), exc_info=exc_info)


def install(app: Flask) -> None:
    """Log each request when it is answered, and give the answer its request id.

    Whoever knows the number of the account that a request is made with leaves it in `g.account`.
    """

    @app.before_request
    def note_start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def note_answer(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        spent = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
        who = f" account {g.account}" if "account" in g else ""
        log.info(
            "%s %s %d %.0f ms%s", request.method, route_name(), response.status_code, spent, who
        )
        return response
