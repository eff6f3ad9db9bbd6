"""A program that calls the API, with a token of its own, and reads its answers critically."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from consult.crypto import new_token
from consult.storage.api import api_tokens
from consult.storage.api.api_tokens import Scope
from consult.storage.tables.account_tables import AuditRow
from tests.support.apps import services_of
from tests.support.headers import header_problems
from tests.support.staff_client import ADMIN, user_of

LEADS = "/api/v1/leads"
ALL_SCOPES: tuple[Scope, ...] = ("contact", "write")


class ApiClient:
    """A client of the app; every answer must be JSON with all headers, and set no cookie."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.app, self.token = app, token

    def send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **body: Any
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.app.test_client().open(
            path, method=method, headers=sent | (headers or {}), **body
        )
        problems = header_problems(path, answer.status_code, dict(answer.headers), https=False)
        assert problems == [], (method, path, answer.status_code, problems)
        assert "Set-Cookie" not in answer.headers
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"
            if method != "HEAD":
                assert (answer.json or {}).keys() == {"type", "title", "status", "detail", "errors"}
                assert (answer.json or {})["status"] == answer.status_code
        elif answer.status_code != 304:
            assert answer.mimetype == "application/json"
        return answer

    def get(self, path: str, *, status: int = 200, **headers: str) -> Any:
        """The JSON at a path."""
        answer = self.send("GET", path, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def tag(self, lead_id: int) -> str:
        return self.send("GET", f"{LEADS}/{lead_id}").headers["ETag"]

    def move(
        self,
        lead_id: int,
        *,
        status: int = 200,
        tag: str = "*",
        key: str | None = None,
        **change: Any,
    ) -> TestResponse:
        """Have a lead moved, whatever became of it, or if it still has the `tag`."""
        headers = {"If-Match": tag} | ({"Idempotency-Key": key} if key else {})
        answer = self.send("PATCH", f"{LEADS}/{lead_id}", headers=headers, json=change)
        assert answer.status_code == status, answer.text
        return answer


def make_token(
    app: Flask, scopes: Sequence[Scope] = ALL_SCOPES, *, by: str = ADMIN, days: float = 30
) -> str:
    """A token of someone who has an account."""
    token = api_tokens.PREFIX + new_token()
    with services_of(app).database.writing() as session:
        life = timedelta(days=days)
        api_tokens.make(session, token, "CRM", scopes, life=life, by=user_of(app, by).id)
    return token


def recorded(app: Flask, prefix: str = "token.") -> list[tuple[str, int | None, dict[str, Any]]]:
    """The entries of the audit log whose action begins like this: action, lead and facts."""
    query = select(AuditRow).where(AuditRow.action.startswith(prefix)).order_by(AuditRow.id)
    with services_of(app).database.reading() as session:
        return [(one.action, one.lead_id, one.facts) for one in session.scalars(query)]
