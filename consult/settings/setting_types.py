"""The types of settings: what each accepts, and the message for what it refuses.

Also the secret key that is created and stored in a file when none is set.
"""

import binascii
import re
import secrets
import tempfile
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, date, tzinfo
from email.utils import parseaddr
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import idna
from email_validator import validate_email
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from consult.settings import PROJECT_FOLDER
from consult.workflow.office_hours import read_hours

SECRET_KEY_MIN_LENGTH = 32
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine: traffic to them cannot be read on the way."""


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
    # Hosting providers use both short forms; SQLAlchemy would pick a driver that is not installed.
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    if not url.startswith("postgresql+psycopg://"):
        raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
    return url


def _origin(text: str) -> str:
    """A scheme and host such as https://www.example.com, without a path or a final slash."""
    try:
        parts = urlsplit(text.rstrip("/"))
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https"):
        raise ValueError("must be an address such as https://check.example.com")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("must stop after the host name, as in https://check.example.com")
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def ascii_host(name: str) -> str:
    """A host name in ASCII (IDNA 2008, where "ß" is a letter); raises ValueError if it is none."""
    encoded = name.encode("idna") if name.isascii() else idna.encode(name, uts46=True)
    return encoded.decode()


def _host(name: str) -> str:
    """The host as it is written in headers and addresses; raises ValueError if it isn't one."""
    if ":" in name:
        return f"[{IPv6Address(name)}]"
    host = ascii_host(name)
    if not re.fullmatch(r"(?!-)[a-z0-9-]+(\.(?!-)[a-z0-9-]+)*\.?", host):
        raise ValueError("not a host")
    return host


def is_safe_address(address: str) -> bool:
    """Whether an address is https, or http on this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(address))
    )


def is_this_machine(address: str) -> bool:
    return urlsplit(address).hostname in THIS_MACHINE


def _issuer(address: str) -> str:
    parts = urlsplit(address)
    if not is_safe_address(address) or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an address such as https://id.example.com")
    return address


def split_words(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\s,]+", text.strip()))


def _split_words(value: object) -> object:
    """`a, b` or `a b` in an environment variable means two entries."""
    return split_words(value) if isinstance(value, str) else value


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
    """A Standard Webhooks secret: "whsec_" followed by 24 to 64 bytes in base64."""
    prefix, _, coded = secret.get_secret_value().rpartition("whsec_")
    try:
        length = len(b64decode(coded, validate=True))
    except binascii.Error:
        length = 0
    if prefix or not 24 <= length <= 64:
        raise ValueError('must be "whsec_" and 24 to 64 bytes in base64: openssl rand -base64 32')
    return secret


def ascii_address(address: str) -> str:
    """An email address with its domain in ASCII (IDNA).

    Raises ValueError for one that is not valid, or has other letters before the "@": it would take
    a mail server with SMTPUTF8, and so would every email with it.
    """
    if address.isascii():
        return address
    checked = validate_email(address, allow_smtputf8=False, check_deliverability=False)
    return checked.ascii_email or ""


def _sender(text: str) -> str:
    address = parseaddr(text)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not text.isprintable() or len(text) > 320:
        raise ValueError('must look like "Relay Check <hello@example.com>"')
    if not address.partition("@")[0].isascii():
        raise ValueError(
            "may have only ASCII letters before the @: many mail servers take no other"
        )
    ascii_address(address)
    return text


def time_zone(name: str) -> tzinfo:
    # UTC works even on a system without a time zone database.
    return UTC if name == "UTC" else ZoneInfo(name)


def _time_zone(name: str) -> str:
    try:
        time_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as America/New_York") from None
    return name


def _business_hours(text: str) -> str:
    read_hours(text)
    return text


def _account(text: str) -> str:
    return text.strip().lower()


def _split_entries(given: object) -> object:
    """Entries that are separated by commas or lines, so that each may have spaces."""
    if not isinstance(given, str):
        return given
    return tuple(entry.strip() for entry in re.split(r"[,\n]", given) if entry.strip())


def _lead_sources(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        source, _, address = entry.rpartition(":")
        if not source.strip() or not re.fullmatch(r"[^@\s]+@[^@\s]+", address.strip()):
            raise ValueError(f"must look like newsletter: ben@example.com, and not like {entry!r}")
    return entries


ProjectPath = Annotated[Path, AfterValidator(_from_project_folder)]
Origin = Annotated[str, AfterValidator(_origin)]
RateLimit = Annotated[str, AfterValidator(_rate_limit)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_words)]
Days = Annotated[tuple[date, ...], NoDecode, BeforeValidator(_split_words)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
SecretKey = Annotated[SecretStr, AfterValidator(_secret_key)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_smtp_url)]
Sender = Annotated[str, AfterValidator(_sender)]
WebhookUrl = Annotated[SecretStr, AfterValidator(_webhook_url)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
BusinessHours = Annotated[str, AfterValidator(_business_hours)]
BookingHours = Literal[""] | BusinessHours
EmailAddress = Annotated[str, AfterValidator(_account)]
LeadSources = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split_entries), AfterValidator(_lead_sources)
]
Issuer = Annotated[str, AfterValidator(_issuer)]
Retention = Annotated[int, Field(ge=1, le=36_500)]
"""A number of days, at most a hundred years: a date that calendars know."""


LOCAL_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
"""At which address this machine reaches a server that listens on every address."""


def listening_at(host: str, port: int) -> str:
    name = LOCAL_HOSTS.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def source_people(entries: tuple[str, ...]) -> dict[str, str]:
    """The addresses of the accounts that get leads, by source in small letters."""
    found = (entry.rpartition(":") for entry in entries)
    return {source.strip().casefold(): to.strip().lower() for source, _, to in found}


def stored_key(path: Path) -> str:
    """The key in a file, which is created if it does not exist.

    Raises SettingsError when the file cannot be read or written, or is damaged.
    """
    try:
        if not path.exists():
            _store_new_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the secret key cannot be stored or read: {error}") from error
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise SettingsError(f"{path} is damaged: delete it to get a new key")
    return key


def _store_new_key(path: Path) -> None:
    """Write a new random key; if another process creates one at the same time, the first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A temporary file has mode 0600 from the start; a hard link never overwrites.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        with suppress(FileExistsError):
            path.hardlink_to(file.name)
