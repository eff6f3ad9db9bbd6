"""What a monitoring system is told, when it may ask."""

import re
from pathlib import Path

from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import SOLO_STARTER


def test_metrics_are_off_until_the_settings_ask_for_them(client: PageClient) -> None:
    client.get("/metrics", status=404)


def test_metrics_count_requests_by_route_and_leads_by_number(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var", metrics=True)
    client = PageClient(app)
    journey = Journey(client, SOLO_STARTER.payload()["answers"])
    journey.to_result()
    token = journey.token
    told = client.get("/metrics").body.decode()
    assert "relay_submissions 1.0" in told
    assert 'relay_jobs{state="ready"}' in told
    assert re.search(r'relay_request_seconds_count\{method="POST",route="/start",.*\} 1\.0', told)
    assert token not in told
    services_of(app).database.close()
