"""What a load balancer is told."""

from pathlib import Path

from tests.support.apps import make_app, services_of
from tests.support.client import PageClient


def test_a_working_app_is_alive_and_ready(client: PageClient) -> None:
    assert client.get("/health/live").body == b"ok\n"
    assert client.get("/health/ready").body == b"ok\n"


def test_without_its_database_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var")
    services_of(app).database.close()
    for file in (tmp_path / "var").glob("consult.db*"):
        file.unlink()
    (tmp_path / "var" / "consult.db").write_text("this is no database, and has never been one")
    client = PageClient(app)
    client.get("/health/live")
    assert b"does not answer" in client.get("/health/ready", status=503).body


def test_without_its_database_every_page_says_that_it_is_our_fault(tmp_path: Path) -> None:
    app = make_app(tmp_path / "var")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    services_of(app).database.close()
    (tmp_path / "var" / "consult.db").write_text("this is no database, and has never been one")
    page = PageClient(app).get("/", status=500)
    assert page.h1 == "Something broke on our side"
