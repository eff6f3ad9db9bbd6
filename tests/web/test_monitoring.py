"""What a load balancer and a metrics scraper get."""

import re
from pathlib import Path

from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import SOLO_STARTER


def test_a_working_app_is_alive_and_ready(client: PageClient) -> None:
    assert client.get("/health/live").body == b"ok\n"
    assert client.get("/health/ready").body == b"ok\n"
    client.get("/metrics", status=404)  # unless the settings say so


def test_without_its_database_it_is_alive_and_not_ready_and_every_page_says_so(
    tmp_path: Path,
) -> None:
    app = make_app(tmp_path / "var")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    services_of(app).database.close()
    for file in (tmp_path / "var").glob("consult.db*"):
        file.unlink()
    (tmp_path / "var" / "consult.db").write_text("this is no database, and has never been one")
    client = PageClient(app)
    client.get("/health/live")
    assert b"SQLITE_NOTADB" in client.get("/health/ready", status=503).body
    assert client.get("/", status=503).h1 == "We can’t do that right now"


def test_metrics_count_requests_by_route_and_leads_by_number(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", metrics=True)
    client = PageClient(app)
    journey = Journey(client, SOLO_STARTER.payload()["answers"])
    journey.to_result()
    token = journey.token
    metrics = client.get("/metrics").body.decode()
    assert "relay_submissions 1.0" in metrics
    assert "relay_drafts 1.0" in metrics
    for state in ("ready", "leased", "done", "failed"):
        assert f'relay_jobs{{state="{state}"}}' in metrics
    assert re.search(
        r'relay_request_seconds_count\{method="POST",route="/start",.*\} 1\.0', metrics
    )
    assert token not in metrics
    services_of(app).database.close()
