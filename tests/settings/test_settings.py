"""The settings: where values come from, what is refused, and what is never shown."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from consult.settings import PROJECT_FOLDER
from consult.settings.schema import Settings
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import (
    HIDDEN,
    SettingDescription,
    describe,
    load_settings,
    secret_names,
    unknown_variables,
)
from consult.settings.setting_types import SettingsError

SERVER = "postgresql+psycopg://relay:pass%2Fword@db.example.com/relay"
KEY = "0123456789abcdef" * 4


def load(**given: Any) -> Settings:
    return load_settings(env_file=None, **given)


def described(settings: Settings, **sources: Any) -> dict[str, SettingDescription]:
    sources = {"environment": {}, "env_file": None} | sources
    return {line.variable: line for line in describe(settings, **sources)}


@pytest.mark.parametrize("moved", [True, False])
def test_the_defaults_need_nothing_and_all_files_are_in_the_var_folder(
    tmp_path: Path, moved: bool
) -> None:
    settings = load(var_dir=tmp_path) if moved else load()
    folder = tmp_path if moved else PROJECT_FOLDER / "var"
    assert settings.embedded_database
    assert settings.database_url == f"sqlite:///{folder / 'consult.db'}"
    assert settings.mail_dir == folder / "mail"
    assert settings.secret_key_file.parent == folder


def test_the_environment_wins_over_the_file_and_an_empty_value_counts_as_unset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("CONSULT_PAPER=a4\nCONSULT_PROXY_HOPS=1\nCONSULT_SMTP_URL=\n")
    monkeypatch.setenv("CONSULT_PROXY_HOPS", "2")
    settings = load_settings(env_file)
    lines = described(settings, environment={"CONSULT_PROXY_HOPS": "2"}, env_file=env_file)
    assert (settings.paper, settings.proxy_hops, settings.smtp_url) == ("a4", 2, None)
    assert lines["CONSULT_PAPER"].origin == ".env"
    assert lines["CONSULT_PROXY_HOPS"].origin == "environment"
    assert lines["CONSULT_SMTP_URL"].origin == "default"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "0" + ".0" * 3}, "http://127.0.0.1:8000"),
        ({"host": "::", "port": 80}, "http://[::1]:80"),
        ({"host": "192.0.2.7", "base_url": "https://a.example"}, "https://a.example"),
    ],
)
def test_links_lead_to_where_it_listens_unless_a_base_url_is_set(
    given: dict[str, Any], url: str
) -> None:
    assert load(**given).base_url == url


def test_secrets_can_be_in_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(secret_names()) >= {"database_url", "secret_key", "smtp_url", "oidc_client_secret"}
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "url").write_text(SERVER)
    env_file = tmp_path / ".env"
    env_file.write_text(
        f"CONSULT_DATABASE_URL_FILE={tmp_path}/url\nCONSULT_SECRET_KEY={'x' * 40}\n"
    )
    files = {"CONSULT_SECRET_KEY_FILE": f"{tmp_path}/key"}
    monkeypatch.setenv(*files.popitem())
    settings = load_settings(env_file)
    assert settings.signing_key() == KEY, "the environment wins over .env in this form, too"
    assert settings.database_url == SERVER
    lines = {line.variable: line for line in describe(settings, env_file=env_file)}
    assert lines["CONSULT_SECRET_KEY"].origin == "environment"
    assert lines["CONSULT_DATABASE_URL"].origin == ".env"
    assert unknown_variables(env_file=env_file) == []
    monkeypatch.setenv("CONSULT_DATABASE_URL", f"{SERVER}2")
    assert load_settings(env_file).database_url == f"{SERVER}2"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read: No such file"), (b"\n", "is empty"), (b"\xff", "not text in UTF-8")],
)
def test_a_file_without_a_secret_in_it_gives_one_clear_line(
    content: bytes | None, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("CONSULT_SECRET_KEY_FILE", str(file))
    with pytest.raises(SettingsError, match=rf"^CONSULT_SECRET_KEY_FILE: .*{complaint}"):
        load()
    monkeypatch.setenv("CONSULT_SECRET_KEY", KEY)
    with pytest.raises(SettingsError, match=r"^CONSULT_SECRET_KEY: is set twice"):
        load()


@pytest.mark.parametrize("short", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_short_forms_of_a_postgresql_address_work(short: str) -> None:
    url = load(database_url=f"{short}://user@host/name", secret_key=KEY).database_url
    assert url == "postgresql+psycopg://user@host/name"


def test_sites_for_embedding_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_EMBED_ORIGINS", "https://a.example.com, https://b.example.com/")
    assert load().embed_origins == ("https://a.example.com", "https://b.example.com")


def test_a_host_to_listen_on_is_named() -> None:
    with pytest.raises(SettingsError, match="CONSULT_HOST: must not be empty"):
        load(host="")


def test_an_address_is_written_as_headers_need_it() -> None:
    assert load(base_url="https://Müller.example/").base_url == "https://xn--mller-kva.example"
    assert load(base_url="HTTP://[::1]:8000").base_url == "http://[::1]:8000"


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("CONSULT_BASE_URL", "check.example.com", "must be an address such as"),
        ("CONSULT_BASE_URL", "https://example.com/check", "must stop after the host name"),
        ("CONSULT_CONTACT_BEFORE", "everything", "must be 'nothing', 'pdf' or 'result'"),
        ("CONSULT_DATABASE_URL", "mysql://host/name", "must start with sqlite:///"),
        ("CONSULT_DATABASE_URL", "sqlite:///:memory:", "the SQLite database must be a file"),
        ("CONSULT_EMBED_ORIGINS", "https://a.example.com, b", "“b” needs https:// in front"),
        *(
            ("CONSULT_BASE_URL", origin, "must be an address such as")
            for origin in (
                "https://a;b",
                "https://*",
                "https://-a.b",
                "https://a..b",
                "https://[::1",
            )
        ),
        ("CONSULT_LIMIT_STARTS", "often", "must be a rate such as"),
        ("CONSULT_MAIL_FROM", "Relay Check", "must look like"),
        ("CONSULT_MAIL_FROM", "Müller, Meier <relay@example.com>", "must look like"),
        ("CONSULT_MAIL_FROM", "Us <büro@example.com>", "may have only ASCII letters before the @"),
        ("CONSULT_MAIL_FROM", "Us <us@bü_ro.de>", "The part after the @-sign"),
        ("CONSULT_PROXY_HOPS", "one", "must be a whole number"),
        ("CONSULT_PROXY_HOPS", "-1", "must be at least 0"),
        ("CONSULT_PORT", "9" * 5000, "must be a whole number, and not as large"),
        ("CONSULT_CLOSED_ON", "2026-02-30", "must be dates such as 2026-12-25"),
        ("CONSULT_METRICS", "2", "must be true or false"),
        ("CONSULT_SECRET_KEY", "hunter2", "must have at least 32 characters"),
        ("CONSULT_SMTP_URL", "mail.example.com", "must look like smtp://"),
        ("CONSULT_JOB_LEASE_SECONDS", "10", "must be more than CONSULT_PDF_TIMEOUT_SECONDS"),
    ],
)
def test_a_bad_value_gives_one_clear_line(
    variable: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load()
    message = str(refused.value)
    assert message.startswith(f"{variable}: {complaint}")
    assert "\n" not in message
    assert "hunter2" not in message


def test_every_bad_or_missing_value_is_named() -> None:
    with pytest.raises(SettingsError) as refused:
        load(proxy_hops="x", paper="a3")
    named = [line.split(":")[0] for line in str(refused.value).splitlines()]
    assert sorted(named) == ["CONSULT_PAPER", "CONSULT_PROXY_HOPS"]
    with pytest.raises(SettingsError, match=r"^CONSULT_SECRET_KEY: is required with a database"):
        load(database_url=SERVER)
    with pytest.raises(SettingsError, match=r"^CONSULT_MAIL_FROM: is required with"):
        load(smtp_url="smtp://mail.example.com")


def test_secrets_are_shown_nowhere() -> None:
    smtp_url = "smtp://relay:letmein@mail.example.com"
    settings = load(
        database_url=SERVER, secret_key=KEY, smtp_url=smtp_url, mail_from="a@example.com"
    )
    lines = described(settings)
    assert lines["CONSULT_SECRET_KEY"].value == HIDDEN
    assert lines["CONSULT_SMTP_URL"].value == HIDDEN
    assert lines["CONSULT_DATABASE_URL"].value == (
        "postgresql+psycopg://relay:***@db.example.com/relay"
    )
    for text in (repr(settings), str(settings), *(line.value for line in lines.values())):
        assert not any(secret in text for secret in ("pass%2Fword", KEY, "letmein"))


def test_every_setting_says_what_it_means() -> None:
    lines = described(load())
    assert set(lines) == {PREFIX + name.upper() for name in Settings.model_fields}
    assert [line.variable for line in lines.values() if not line.meaning.endswith(".")] == []


def test_a_misspelled_variable_is_reported(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("CONSULT_PAPRE=a4\nOTHER=1\n")
    unknown = unknown_variables({"CONSULT_SECRT_KEY": "x", "CONSULT_PAPER": "a4"}, env_file)
    assert unknown == ["CONSULT_PAPRE", "CONSULT_SECRT_KEY"]


def test_the_key_is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = load(var_dir=tmp_path / "var")
    assert not settings.var_dir.exists(), "reading the settings writes nothing"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.signing_key(), range(16)))
    assert len(keys) == 1
    assert stat.S_IMODE(settings.secret_key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.secret_key_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in settings.var_dir.iterdir()] == ["secret-key"]
    assert load(var_dir=tmp_path / "var").signing_key() in keys


def test_a_key_that_was_set_is_used_and_a_bad_key_file_gives_one_clear_line(tmp_path: Path) -> None:
    assert load(var_dir=tmp_path, secret_key=KEY).signing_key() == KEY
    assert list(tmp_path.iterdir()) == [], "nothing is written"
    settings = load(var_dir=tmp_path)
    settings.secret_key_file.write_text("short")
    with pytest.raises(SettingsError, match="is damaged: delete it"):
        settings.signing_key()
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be stored or read"):
        load(var_dir=tmp_path / "file").signing_key()
