"""Pages for a load balancer: is the process alive, and can it do its work?"""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from consult.web.services import services

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
def live() -> Response:
    """Say that the process answers."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/ready")
def ready() -> Response:
    """Say whether the database answers; 503 while it does not."""
    try:
        with services().database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
