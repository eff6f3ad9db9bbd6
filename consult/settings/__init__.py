"""Every setting of the application: typed, from the environment or a `.env` file.

An environment variable is the setting's name in capitals with `CONSULT_` in front, so
`base_url` is set by `CONSULT_BASE_URL`. The environment wins over `.env`, `.env` over the default.
`consult settings` prints the descriptions below: they are the documentation. What is left unset and
marked `STAFF` may be chosen in the staff area: see `consult.storage.settings.effective_settings`.
"""

import binascii
import hmac
import os
import re
import secrets
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic import model_validator as validate_together
from pydantic.config import JsonDict
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from consult.workflow.office_hours import WEEKDAYS_9_TO_5, Office, read_hours

PREFIX = "CONSULT_"
PROJECT_FOLDER = Path(__file__).resolve().parents[2]
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this very machine, which nobody between can listen to."""
ENV_FILE = PROJECT_FOLDER / ".env"
SECRET_KEY_MIN_LENGTH = 32
DAYS_MAX = 36_500
"""The most days that anything is kept for: a hundred years, and a date that calendars know."""

STAFF: JsonDict = {"staff": True}
"""Marks a field (`json_schema_extra=STAFF`) that may be chosen in the staff area while it is unset.

Its description is what people read there. The values have to survive a journey through JSON.
"""

HIDDEN = "(set, not shown)"
NOT_SET = "(not set)"


class SettingsError(Exception):
    """A setting is missing or has a value that cannot be used; the text is for the operator."""


def _from_project_folder(path: Path) -> Path:
    """Anchor a relative path, so that a command means the same from any working directory."""
    return PROJECT_FOLDER / path.expanduser()


def _database_url(url: str) -> str:
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        if not path or path.startswith((":memory:", "file:")):
            raise ValueError("the SQLite database must be a file: sqlite:///var/consult.db")
        return f"sqlite:///{_from_project_folder(Path(path))}"
    # Hosts hand out both short forms; SQLAlchemy would pick a driver that is not installed.
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    if not url.startswith("postgresql+psycopg://"):
        raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
    return url


def _origin(text: str) -> str:
    """A scheme and host such as https://www.example.com, without path, and no final slash."""
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as https://check.example.com")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("must stop after the host name, as in https://check.example.com")
    return parts.geturl()


def is_safe_address(address: str) -> bool:
    """Whether an address is https, or stays on this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(address))
    )


def _is_this_machine(address: str) -> bool:
    return urlsplit(address).hostname in THIS_MACHINE


def _issuer(address: str) -> str:
    parts = urlsplit(address)
    if not is_safe_address(address) or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an address such as https://id.example.com")
    return address


def _split_words(value: object) -> object:
    """`a, b` or `a b` as an environment variable means two entries."""
    return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) else value


def _rate_limit(text: str) -> str:
    one = r"[1-9]\d* per ([1-9]\d* )?(second|minute|hour|day)s?"
    if not re.fullmatch(rf"{one}(; {one})*", text):
        raise ValueError(
            'must be a rate such as "60 per minute", or several: "5 per minute; 20 per 15 minutes"'
        )
    return text


def _secret_key(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SECRET_KEY_MIN_LENGTH:
        raise ValueError(f"must have at least {SECRET_KEY_MIN_LENGTH} characters")
    return key


def _smtp_url(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://…:465")
    return url


def _webhook_url(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be an address such as https://hooks.example.com/relay")
    return url


def _webhook_secret(secret: SecretStr) -> SecretStr:
    """A secret as Standard Webhooks writes it: 24 to 64 bytes in base64 behind "whsec_"."""
    prefix, _, coded = secret.get_secret_value().rpartition("whsec_")
    try:
        length = len(b64decode(coded, validate=True))
    except binascii.Error:
        length = 0
    if prefix or not 24 <= length <= 64:
        raise ValueError('must be "whsec_" and 24 to 64 bytes in base64: openssl rand -base64 32')
    return secret


def _sender(text: str) -> str:
    address = parseaddr(text)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not text.isprintable():
        raise ValueError('must look like "Relay Check <hello@example.com>"')
    return text


def _zone(name: str) -> tzinfo:
    # Where a system keeps no time zones, the most common one is there all the same.
    return UTC if name == "UTC" else ZoneInfo(name)


def _time_zone(name: str) -> str:
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as America/New_York") from None
    return name


def _business_hours(text: str) -> str:
    read_hours(text)
    return text


def _account(text: str) -> str:
    return text.strip().lower()


ProjectPath = Annotated[Path, AfterValidator(_from_project_folder)]
Origin = Annotated[str, AfterValidator(_origin)]
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split_words)]
RateLimit = Annotated[str, AfterValidator(_rate_limit)]
Days = Annotated[tuple[date, ...], NoDecode, BeforeValidator(_split_words)]


class Settings(BaseSettings):
    """What the operator can choose. Immutable; build it with `load_settings`.

    Paths are absolute once loaded; a relative one starts at the project folder.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    var_dir: ProjectPath = Field(
        default=Path("var"),
        description="Folder for what the application keeps: the embedded database, the secret key "
        "and unsent mail. A relative path starts at the project folder.",
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default_factory=lambda data: f"sqlite:///{data['var_dir'] / 'consult.db'}",
        repr=False,
        description="Where answers and leads are stored: the SQLite file consult.db in the var "
        "folder, or postgresql+psycopg://user:password@host/name to use more than one machine.",
    )
    sqlite_synchronous: Literal["NORMAL", "FULL", "EXTRA"] = Field(
        default="FULL",
        description="How hard SQLite makes sure that a saved answer is on the disk. FULL survives "
        "a power cut; NORMAL is faster and survives a crash of the application only.",
    )
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] | None = Field(
        default=None,
        description="Signs staff sessions and forms; at least 32 random characters. Made and kept "
        "in the var folder with the SQLite database; required with any other.",
    )
    base_url: Origin = Field(
        default="http://127.0.0.1:8000",
        description="The address people use to reach the application; links in mails and PDFs "
        "start with it.",
    )
    proxy_hops: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many proxies of yours stand in front. Their X-Forwarded headers are "
        "believed; with 0, nobody’s are.",
    )
    embed_origins: Origins = Field(
        default=(),
        description="Sites that may show the questionnaire in a frame, separated by commas.",
    )
    brand_file: ProjectPath | None = Field(
        default=None,
        description="A file with the name, colours, logo, consult link and currency to use "
        "instead of the ones that come with the application.",
    )
    paper: Literal["letter", "a4"] = Field(
        default="letter", description="Paper size of the PDF report.", json_schema_extra=STAFF
    )
    contact_before: Literal["nothing", "pdf", "result"] = Field(
        default="pdf",
        description="What an owner sees only after leaving a name and address: the PDF, the "
        "result page, or nothing (both are open to all).",
        json_schema_extra=STAFF,
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = Field(
        default=None,
        description="Mail server, as smtp://user:password@host:587 (STARTTLS) or smtps://…:465. "
        "Not set: mails are written to the mail folder instead.",
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        default="Relay Check <relay-check@localhost>",
        description="Sender of all mails; set it together with the mail server.",
    )
    mail_dir: ProjectPath = Field(
        default_factory=lambda data: data["var_dir"] / "mail",
        description="Folder that mails are written to while no mail server is set; mail in the "
        "var folder by default.",
    )
    webhook_url: Annotated[SecretStr, AfterValidator(_webhook_url)] | None = Field(
        default=None,
        description="An address that is told of each lead by signed webhooks, beside those chosen "
        "in the staff area. Contact details never go to it.",
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = Field(
        default=None,
        description="Signs webhooks to that address, as whsec_ and base64 (Standard Webhooks).",
    )
    webhook_loopback: bool = Field(
        default=False,
        description="For development: webhooks may go to this very machine, also without TLS. "
        "Refused unless the application itself is reached on this machine only.",
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="UTC",
        json_schema_extra={"staff": True},
        description="The agency’s time zone, such as America/New_York. Staff see times in it.",
    )
    business_hours: Annotated[str, AfterValidator(_business_hours)] = Field(
        default=WEEKDAYS_9_TO_5,
        json_schema_extra={"staff": True},
        description="When somebody is there to reply, as in mon-thu 09:00-17:00, fri 09:00-12:00. "
        "The clock of a new lead runs at these times only.",
    )
    closed_on: Days = Field(
        default=(),
        json_schema_extra={"staff": True},
        description="Days on which nobody is there, as in 2026-12-25, 2027-01-01.",
    )
    reply_within_hours: int = Field(
        default=1,
        ge=1,
        le=80,
        json_schema_extra={"staff": True},
        description="Business hours within which a new lead hears from a person. One hour is what "
        "the questionnaire asks of others.",
    )
    new_leads_to: Annotated[str, AfterValidator(_account)] = Field(
        default="",
        json_schema_extra={"staff": True},
        description="Address of the account that holds new leads, and those of accounts that are "
        "closed. Not set: the longest-standing admin.",
    )
    retention_days_drafts: int = Field(
        default=30,
        ge=1,
        le=DAYS_MAX,
        description="Days after which answers that were never handed in are deleted.",
        json_schema_extra=STAFF,
    )
    retention_days_leads: int = Field(
        default=730,
        ge=1,
        le=DAYS_MAX,
        description="Days after which a lead is deleted, its PDF included, or made anonymous.",
        json_schema_extra=STAFF,
    )
    retention_leads: Literal["delete", "anonymise"] = Field(
        default="delete",
        description="What becomes of a lead whose days are over: delete, or anonymise, which keeps "
        "its answers and scores for the numbers and nothing that tells whose they were.",
        json_schema_extra=STAFF,
    )
    retention_days_mails: int = Field(
        default=180,
        ge=1,
        le=DAYS_MAX,
        description="Days after which the text of a mail to an owner is deleted, and the mail in "
        "the mail folder; at the latest with the lead.",
        json_schema_extra=STAFF,
    )
    retention_days_pdfs: int = Field(
        default=730,
        ge=1,
        description="Days after which a PDF that was made for a lead is deleted, at the latest "
        "with the lead. Whoever asks for it later gets it made anew.",
        json_schema_extra=STAFF,
    )
    retention_days_logs: int = Field(
        default=30,
        ge=1,
        le=DAYS_MAX,
        description="Days for which it is kept who was signed in, and what staff and other "
        "programs were told.",
        json_schema_extra=STAFF,
    )
    limit_starts: RateLimit = Field(
        default="60 per minute", description="New questionnaires from one network address."
    )
    limit_contacts: RateLimit = Field(
        default="20 per hour", description="Contact forms sent from one network address."
    )
    limit_mails_address: RateLimit = Field(
        default="5 per day",
        description="Mails with a report to one email address. Past it the report can still be "
        "downloaded, and no mail is sent.",
    )
    limit_mails: RateLimit = Field(
        default="200 per hour",
        description="Mails with a report to all addresses together. Past it no mail is sent.",
    )
    limit_sign_in_address: RateLimit = Field(
        default="20 per hour", description="Staff sign-in attempts from one network address."
    )
    limit_sign_in_account: RateLimit = Field(
        default="5 per minute; 20 per 15 minutes",
        description="Staff sign-in attempts for one account, by all strangers together; a browser "
        "in which its owner was signed in before has as many of its own.",
    )
    limit_second_factor: RateLimit = Field(
        default="20 per day",
        description="Codes tried as a second factor for one staff account, counted likewise. "
        "Recovery codes are counted apart, like passwords.",
    )
    staff_second_factor: Literal["optional", "required"] = Field(
        default_factory=lambda data: (
            "optional" if _is_this_machine(data["base_url"]) else "required"
        ),
        json_schema_extra={"staff": True},
        description="Whether staff may sign in with a password alone, or everybody has to set up "
        "an authenticator app or a passkey. Not set: required, save on this very machine.",
    )
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        default=None,
        description="Your OpenID Connect provider, such as https://id.example.com, through which "
        "staff may sign in; its redirect address is /staff/sign-in/provider/back.",
    )
    oidc_client_id: str | None = Field(
        default=None, description="What the provider calls this application."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="The password of this application at the provider."
    )
    oidc_name: str = Field(
        default="your company",
        description="The provider’s name on the button: Sign in through your company.",
    )
    staff_idle_minutes: int = Field(
        default=60, ge=1, description="Minutes without a click after which staff are signed out."
    )
    staff_session_hours: int = Field(
        default=12, ge=1, description="Hours after which staff sign in again in any case."
    )
    job_lease_seconds: int = Field(
        default=60,
        ge=5,
        description="Seconds a worker may hold a job before another takes it over; longer than "
        "one PDF may take.",
    )
    pdf_timeout_seconds: int = Field(
        default=10, ge=1, description="Seconds after which a PDF that is not ready is given up."
    )
    pdf_memory_mb: int = Field(
        default=1024, ge=256, description="Most memory, in megabytes, for making one PDF."
    )
    metrics: bool = Field(
        default=False, description="Whether /metrics answers, in the Prometheus text format."
    )

    @property
    def embedded_database(self) -> bool:
        """Whether the data lives in an SQLite file of our own."""
        return self.database_url.startswith("sqlite:")

    @property
    def scratch_dir(self) -> Path:
        """Where files in the making are, each in a folder of its own that does not stay."""
        return self.var_dir / "scratch"

    @property
    def secret_key_file(self) -> Path:
        """Where the key is kept that `signing_key` makes."""
        return self.var_dir / "secret-key"

    @property
    def office(self) -> Office:
        """When somebody is there to reply, what is promised, and who catches new leads."""
        return Office(
            zone=_zone(self.time_zone),
            week=read_hours(self.business_hours),
            closed=frozenset(self.closed_on),
            reply_within=timedelta(hours=self.reply_within_hours),
            new_leads_to=self.new_leads_to,
        )

    @validate_together(mode="after")
    def _fit_together(self) -> Self:
        if self.secret_key is None and not self.embedded_database:
            raise ValueError(
                f"{PREFIX}SECRET_KEY: is required with a database server, the same on every "
                "machine; make one with: openssl rand -hex 32"
            )
        if self.smtp_url is not None and "mail_from" not in self.model_fields_set:
            raise ValueError(f"{PREFIX}MAIL_FROM: is required with {PREFIX}SMTP_URL")
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError(
                f"{PREFIX}WEBHOOK_URL and {PREFIX}WEBHOOK_SECRET: are only of use together"
            )
        if self.webhook_loopback and not _is_this_machine(self.base_url):
            raise ValueError(
                f"{PREFIX}WEBHOOK_LOOPBACK: is for development, where {PREFIX}BASE_URL is this "
                "very machine"
            )
        oidc = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(oidc) and not all(oidc):
            raise ValueError(
                f"{PREFIX}OIDC_ISSUER: belongs together with {PREFIX}OIDC_CLIENT_ID and "
                f"{PREFIX}OIDC_CLIENT_SECRET"
            )
        if self.job_lease_seconds <= self.pdf_timeout_seconds:
            raise ValueError(
                f"{PREFIX}JOB_LEASE_SECONDS: must be more than {PREFIX}PDF_TIMEOUT_SECONDS"
            )
        return self

    def webhook_key(self) -> bytes:
        """The key that the secrets of webhooks follow from."""
        return self._key_for("webhooks")

    def mail_key(self) -> bytes:
        """The key that signs links in mails to staff."""
        return self._key_for("staff mails")

    def leave_key(self) -> bytes:
        """The key that encrypts the links of unfinished checks whose owners may be written to."""
        return self._key_for("leave to write")

    def _key_for(self, purpose: str) -> bytes:
        return hmac.digest(self.signing_key().encode(), purpose.encode(), "sha256")

    def factor_key(self) -> bytes:
        """The key that encrypts the secrets of authenticator apps, made from the secret key."""
        return hmac.digest(self.signing_key().encode(), b"second factors", "sha256")

    def signing_key(self) -> str:
        """The secret key: the one that was set, or the one kept in the var folder, made if new.

        Raises SettingsError when the kept key cannot be read or written.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        try:
            if not self.secret_key_file.exists():
                _keep_new_key(self.secret_key_file)
            key = self.secret_key_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the secret key cannot be kept or read: {error}") from error
        if len(key) < SECRET_KEY_MIN_LENGTH:
            raise SettingsError(f"{self.secret_key_file} is damaged: delete it to get a new key")
        return key


def load_settings(env_file: Path | None = ENV_FILE, **given: Any) -> Settings:
    """Read the settings from the environment and `env_file`; values in `given` win over both.

    Raises SettingsError with one line for each setting that cannot be used.
    """
    try:
        return Settings(_env_file=env_file, **given)
    except ValidationError as invalid:
        mistakes = [_in_one_line(location, message) for location, message in _mistakes(invalid)]
        raise SettingsError("\n".join(mistakes)) from None


def _mistakes(invalid: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Where each mistake is, and what the model says about it."""
    return [
        (error["loc"], error["msg"])
        for error in invalid.errors()
        # A default that builds on a bad setting is no second mistake of the operator's.
        if error["type"] != "default_factory_not_called"
    ]


class _FromMemory(Settings):
    """Settings made of nothing but what is given: neither environment nor file is read again."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: Any,
        **more: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def choosable() -> frozenset[str]:
    """The names of the settings that may be chosen in the staff area while they are unset."""
    return frozenset(
        name
        for name, field in Settings.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("staff")
    )


def with_choices(base: Settings, chosen: Mapping[str, Any]) -> Settings:
    """The settings with the choices of the staff where `base` leaves them open.

    A choice that is not (or no longer) possible is passed over, and so are all of them where they
    do not fit together: the application must start. `problems_with` tells before that happens.
    """
    open_to_staff = choosable() - base.model_fields_set
    choices = {name: value for name, value in chosen.items() if name in open_to_staff}
    while choices:
        try:
            return _FromMemory(**_given(base), **choices)
        except ValidationError as invalid:
            bad = {str(error["loc"][0]) for error in invalid.errors() if error["loc"]}
            remaining = {name: v for name, v in choices.items() if name not in bad}
            choices = remaining if len(remaining) < len(choices) else {}
    return base


def problems_with(base: Settings, chosen: Mapping[str, Any]) -> Mapping[str, str]:
    """What is wrong with these choices, by name; under "" where they do not fit together."""
    try:
        _FromMemory(**_given(base), **chosen)
    except ValidationError as invalid:
        return {
            str(location[0]) if location else "": _plain(message)
            for location, message in _mistakes(invalid)
        }
    return {}


def _given(base: Settings) -> dict[str, Any]:
    return {name: getattr(base, name) for name in base.model_fields_set}


Source = Literal["environment", ".env", "staff area", "default"]


@dataclass(frozen=True)
class Described:
    """One setting as `consult settings` shows it; a secret's value is masked."""

    variable: str
    value: str
    origin: Source
    meaning: str


def describe(
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
    env_file: Path | None = ENV_FILE,
    chosen: Mapping[str, Any] = MappingProxyType({}),
) -> list[Described]:
    """Every setting in the order of the class, with its shown value, origin and meaning.

    `chosen` is what staff chose; `settings` are those without it.
    """
    in_force = with_choices(settings, chosen)
    in_environment = {name.upper() for name, value in environment.items() if value}
    in_file = {name.upper() for name, value in _read_env_file(env_file).items() if value}
    described = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        origin: Source = "default"
        if variable in in_environment:
            origin = "environment"
        elif variable in in_file:
            origin = ".env"
        elif name in in_force.model_fields_set - settings.model_fields_set:
            origin = "staff area"
        shown = _shown(getattr(in_force, name))
        described.append(Described(variable, shown, origin, field.description or ""))
    return described


def unknown_variables(
    environment: Mapping[str, str] = os.environ, env_file: Path | None = ENV_FILE
) -> list[str]:
    """Variables with our prefix that no setting reads: most often a spelling mistake."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    names = {name.upper() for name in (*environment, *_read_env_file(env_file))}
    return sorted(name for name in names - known if name.startswith(PREFIX))


def _read_env_file(env_file: Path | None) -> dict[str, str | None]:
    # dotenv_values(None) would go looking for a .env of its own.
    return dotenv_values(env_file) if env_file else {}


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return message.partition(", unable to")[0]


def _in_one_line(location: tuple[int | str, ...], message: str) -> str:
    message = _plain(message)
    # Our own messages across several settings name the variable themselves and have no location.
    return f"{PREFIX}{str(location[0]).upper()}: {message}" if location else message


def _shown(value: object) -> str:
    if value is None or value == ():
        return NOT_SET
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return re.sub(r"(://[^/@]*?:)[^/]*@", r"\1***@", str(value))


def _keep_new_key(path: Path) -> None:
    """Write a new random key, readable by nobody else; a key made meanwhile by others wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A temporary file has mode 0600 from its first moment; a link never overwrites.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as draft:
        draft.write(secrets.token_hex(32) + "\n")
        draft.flush()
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
