"""The files in `deploy`: safe by themselves, and true about the app that they run.

`docs/running.md` says which of them were run in a real engine.
"""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from consult.application import BODY_LIMIT
from consult.commands import FAMILIES
from consult.settings.brand import UPLOAD_LIMIT
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import known_variables
from tests.support.apps import make_app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(p for p in DEPLOY.rglob("*") if p.is_file() and p.name != ".gitignore")
SERVICES = sorted(DEPLOY.glob("systemd/*.service"))
NGINX = (DEPLOY / "nginx" / "relay-check.conf").read_text("utf-8")
CADDY = (DEPLOY / "caddy" / "Caddyfile").read_text("utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
LOGO_PATH = "/staff/settings/brand/logo"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_app(tmp_path_factory.mktemp("app") / "var")


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_only_settings_and_commands_that_exist_are_named(file: Path) -> None:
    text = file.read_text("utf-8")
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", text)) <= known_variables()
    run = r"(?:bin/consult|app consult|command: \[|CMD \[\"(?:consult\", \")?)\s?\"?([a-z]+)"
    assert set(re.findall(run, text)) <= set(FAMILIES)


def sandbox(service: Path) -> list[str]:
    """What a service may use and may not do: its lines from its user on."""
    lines = service.read_text("utf-8").partition("\nUser=")[2].partition("\n[Install]")[0]
    return lines.strip().splitlines()


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_each_service_has_the_same_tight_sandbox(service: Path) -> None:
    """It was measured by `systemd-analyze security`; this keeps it as it was."""
    assert sandbox(service) == sandbox(SERVICES[0])
    assert len(sandbox(service)) > 30
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(service.read_text("utf-8"))
    own = unit["Service"]
    assert own["User"] != "root"
    if own["Type"] != "oneshot":
        # A PDF in the making is not cut off, and there is time to finish it.
        assert own["KillMode"] == "mixed"
        assert own["TimeoutStopSec"] == "30"
        assert own["Restart"] == "on-failure"


def test_nginx_logs_no_private_link() -> None:
    [(name, format)] = re.findall(r"log_format (\w+) (.*?);", NGINX, re.DOTALL)
    naming = r"\$(request|request_uri|uri|args|query_string|http_\w+|document_uri)\b"
    assert not re.search(naming, format)
    assert "location" not in format
    logs = re.findall(r"^\s*access_log (.*);$", NGINX, re.MULTILINE)
    assert {log.split()[-1] for log in logs} == {"off", name}
    # Each server has both logs; an error of a lower level quotes the request.
    levels = re.findall(r"^\s*error_log .* (\w+);$", NGINX, re.MULTILINE)
    assert len(logs) == len(levels) == len(re.findall(r"^server {", NGINX, re.MULTILINE))
    assert set(levels) == {"alert"}


def test_caddy_logs_no_private_link() -> None:
    logs = re.findall(r"^\tlog \{\n(.*?)^\t\}", CADDY, re.DOTALL | re.MULTILINE)
    assert len(logs) == 2, "its own log, which has the errors, and the access log"
    for log in logs:
        for field in ("request>uri", "request>headers", "resp_headers>Location"):
            assert f"{field} delete" in log


def test_proxies_let_through_what_the_app_takes_and_no_more(app: Flask) -> None:
    assert f"client_max_body_size {BODY_LIMIT // 1024}k;" in NGINX
    assert f"max_size {BODY_LIMIT // 1024}KiB" in CADDY
    adapter = app.url_map.bind("localhost")
    assert adapter.match(LOGO_PATH, "POST")[0] == "staff.save_logo"
    for text in (NGINX, CADDY):
        assert LOGO_PATH in text
        [logo] = re.findall(r"size (2\d+)k", text, re.IGNORECASE)
        assert UPLOAD_LIMIT + BODY_LIMIT <= int(logo) * 1024 < 2 * UPLOAD_LIMIT
        assert "/metrics" in text
    # What a visitor claims is replaced.
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in NGINX


def test_the_image_is_pinned_unprivileged_and_complete() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE))
    for base in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE):
        assert base in stages or re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", base)
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", final, re.MULTILINE)
    assert "pip" not in final
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    sent = {line[1:].rstrip("*") for line in ignored if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert any(source.startswith(name) for name in sent)
    # The same libraries as `./run` installs on Debian.
    wanted = re.findall(
        r"^\s+has_library \S+ \|\| want (\S+)", (ROOT / "run").read_text(), re.MULTILINE
    )
    assert len(wanted) >= 3
    assert [name for name in wanted if name not in DOCKERFILE] == []


def test_containers_have_no_more_rights_than_they_need() -> None:
    services = COMPOSE["services"]
    for name in ("app", "worker"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["stop_grace_period"] == "30s"
    # SQLite needs nothing else; PostgreSQL is a profile.
    assert [name for name, service in services.items() if "profiles" not in service] == ["app"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:8000:8000"], "the proxy's way in, and nobody else's"
    assert re.fullmatch(r"postgres:\d+-\w+", services["db"]["image"])
    passwords = [key for key in services["db"]["environment"] if "PASSWORD" in key]
    assert passwords == ["POSTGRES_PASSWORD_FILE"]
