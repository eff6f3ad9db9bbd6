"""The settings: their names, types, defaults and descriptions.

The docstrings of the fields are the documentation: `consult settings` prints them. A field marked
with `STAFF` can be set in the staff area while the environment leaves it unset.
"""

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, SettingsConfigDict

from consult.settings.embed_origins import EmbedOrigins
from consult.settings.setting_types import (
    PROJECT_FOLDER,
    BusinessHours,
    DatabaseUrl,
    Days,
    EmailAddress,
    Issuer,
    LeadSources,
    Origin,
    ProjectPath,
    RateLimit,
    Retention,
    SecretKey,
    Sender,
    SmtpUrl,
    TimeZone,
    WebhookSecret,
    WebhookUrl,
    is_this_machine,
    listening_at,
    source_people,
    stored_key,
    time_zone,
)
from consult.workflow.office_hours import WEEKDAYS_9_TO_5, Office, read_hours

PREFIX = "CONSULT_"
Mode = Literal["off", "watch", "on"]
"""Of a layer against robots."""
ENV_FILE = PROJECT_FOLDER / ".env"

STAFF: JsonDict = {"staff": True}
"""Marks a field that can be set in the staff area. Its values must survive a round trip to JSON."""


class Settings(BaseSettings):
    """All settings, immutable. Create them with `load_settings`; paths in them are absolute."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    var_dir: ProjectPath = Path("var")
    """Folder for the application’s files: the embedded database, the secret key and unsent mail. A
    relative path starts at the project folder."""

    database_url: DatabaseUrl = Field(
        default_factory=lambda data: f"sqlite:///{data['var_dir'] / 'consult.db'}", repr=False
    )
    """Where answers and leads are stored: the SQLite file consult.db in the var folder, or
    postgresql+psycopg://user:password@host/name to use more than one machine."""

    sqlite_synchronous: Literal["NORMAL", "FULL", "EXTRA"] = "FULL"
    """How SQLite makes sure that a saved answer is on disk. FULL survives a power cut; NORMAL is
    faster and survives only a crash of the application."""

    secret_key: SecretKey | None = None
    """Signs staff sessions and forms; at least 32 random characters. Created in the var folder with
    the SQLite database; required with any other."""

    host: str = Field("127.0.0.1", min_length=1)
    """The address to listen on; 0.0.0.0 is every address of this machine."""

    port: int = Field(8000, ge=1, le=65_535)
    """The port to listen on."""

    base_url: Origin = Field(default_factory=lambda data: listening_at(data["host"], data["port"]))
    """The address people use to reach the application; links in mails and PDFs start with it. Not
    set: the address it listens on."""

    proxy_hops: int = Field(0, ge=0, le=10)
    """Number of your own proxies in front of the application. Their X-Forwarded headers are
    trusted; with 0, no such header is."""

    hsts_subdomains: bool = False
    """Whether browsers must use HTTPS for all subdomains of the base URL’s host too (HSTS with
    includeSubDomains). Browsers remember it for two years, so turn it on only when every subdomain
    has HTTPS."""

    embed_origins: EmbedOrigins = Field((), json_schema_extra=STAFF)
    """Sites that may show the questionnaire in a frame, separated by commas: https://www.example.com
    or, for all subdomains, https://*.example.com."""

    brand_file: ProjectPath | None = None
    """A file with the agency’s name, colors, logo, consult link and currency."""

    paper: Literal["letter", "a4"] = Field("letter", json_schema_extra=STAFF)
    """Paper size of the PDF report."""

    contact_before: Literal["nothing", "pdf", "result"] = Field("pdf", json_schema_extra=STAFF)
    """What visitors see only after giving a name and an email address: the PDF, the result page, or
    nothing (both are open to all)."""

    staff_mails: Literal["business", "contact"] = Field("business", json_schema_extra=STAFF)
    """What emails to staff say about an owner: the business alone, or also name, phone, email
    address and what the owner wrote. Mailboxes are read on lock screens, and forwarded."""

    smtp_url: SmtpUrl | None = None
    """Mail server, as smtp://user:password@host:587 (STARTTLS) or smtps://…:465. Not set: emails
    are written to the mail folder instead."""

    mail_from: Sender = "Relay Check <relay-check@localhost>"
    """Sender of all emails; set it together with the mail server. Its domain may have any letters,
    what is before the @ has ASCII letters only."""

    mail_dir: ProjectPath = Field(default_factory=lambda data: data["var_dir"] / "mail")
    """Folder for emails while no mail server is set; default: mail in the var folder."""

    webhook_url: WebhookUrl | None = None
    """A URL that receives signed webhooks about each lead, in addition to those set up in the staff
    area. It never receives contact details."""

    webhook_secret: WebhookSecret | None = None
    """Signs webhooks to that URL, as whsec_ and base64 (Standard Webhooks)."""

    webhook_loopback: bool = False
    """For development: allows webhooks to this machine, also without TLS. Refused unless the base
    URL is on this machine too."""

    time_zone: TimeZone = Field("UTC", json_schema_extra=STAFF)
    """The agency’s time zone, such as America/New_York, for business hours and all times in the
    staff area."""

    business_hours: BusinessHours = Field(WEEKDAYS_9_TO_5, json_schema_extra=STAFF)
    """Business hours, as in mon-thu 09:00-17:00, fri 09:00-12:00, when the reply timer runs."""

    closed_on: Days = Field((), json_schema_extra=STAFF)
    """Holidays, as in 2026-12-25, 2027-01-01."""

    reply_within_hours: int = Field(1, ge=1, le=80, json_schema_extra=STAFF)
    """Business hours within which a new lead gets a personal reply. One hour is what the
    questionnaire recommends to others."""

    new_leads_by: Literal["person", "turns", "source"] = Field("person", json_schema_extra=STAFF)
    """Who gets new leads: one person, everyone in turns, or a person for each source."""

    lead_sources: LeadSources = Field((), json_schema_extra=STAFF)
    """Who gets which source (utm_source or ref), as in newsletter: ben@example.com."""

    new_leads_to: EmailAddress = Field("", json_schema_extra=STAFF)
    """Email address of the account that gets new leads and the leads of disabled accounts. Not set:
    the first admin."""

    retention_days_drafts: Retention = Field(30, json_schema_extra=STAFF)
    """Days after which unfinished answers are deleted."""

    retention_days_leads: Retention = Field(730, json_schema_extra=STAFF)
    """Days after which a lead is deleted with its PDF, or anonymized."""

    retention_leads: Literal["delete", "anonymise"] = Field("delete", json_schema_extra=STAFF)
    """What happens to an expired lead: delete, or anonymise, which keeps its answers and scores for
    statistics and nothing that identifies a person."""

    retention_days_mails: Retention = Field(180, json_schema_extra=STAFF)
    """Days after which the text of an email to a visitor is deleted, also in the mail folder; at
    the latest with the lead."""

    retention_days_pdfs: Retention = Field(730, json_schema_extra=STAFF)
    """Days after which the PDF of a lead is deleted, at the latest with the lead. It is generated
    again on request."""

    retention_days_logs: Retention = Field(30, json_schema_extra=STAFF)
    """Days for which sign-ins and sent notifications are kept."""

    limit_starts: RateLimit = "60 per minute; 300 per hour"
    """New questionnaires from one network address; enough for a class that shares one."""

    limit_contacts: RateLimit = "100 per hour"
    """Contact forms sent from one network address; enough for a class that shares one."""

    limit_mails_address: RateLimit = "5 per day"
    """Emails to owners at one address: reports, and links to continue. Above the limit no email is
    sent; the report can still be downloaded, and the link copied."""

    limit_mails: RateLimit = "200 per hour"
    """Emails to owners at all addresses together. Above the limit no email is sent."""

    confirm_mail: Literal["off", "suspect", "always"] = "suspect"
    """Who confirms their address before the report is emailed: no one, contacts that are probably
    spam, or everyone (double opt-in, as in Germany and Austria)."""

    spam_honeypot: Mode = "on"
    """The hidden field that only robots fill in: off, watch (the sign is recorded, and nothing is
    held back for it), or on."""

    spam_timing: Mode = "on"
    """Forms sent in under 2 seconds, after a day, or unopened, and checks done in under 20."""

    spam_network: Mode = "on"
    """Contacts without a proof of work, from a network that used up half of what it may send in an
    hour: off, watch, or on."""

    spam_throwaway: Mode = "on"
    """Addresses at well-known throwaway email services: off, watch, or on."""

    spam_proof_of_work: Mode = "watch"
    """Arithmetic that browsers do before sending a form: off, watch, or on (else confirm first)."""

    spam_proof_bits: int = Field(10, ge=1, le=16)
    """How much: each bit doubles it. 10 takes a laptop a quarter of a second, an old phone two."""

    spam_mail_server: Mode = "on"
    """Addresses whose domain has no mail server, which DNS is asked: off, watch, or on."""

    limit_sign_in_address: RateLimit = "20 per hour"
    """Staff sign-in attempts from one network address."""

    limit_sign_in_account: RateLimit = "5 per minute; 20 per 15 minutes"
    """Staff sign-in attempts for one account from all browsers that aren’t trusted together."""

    limit_second_factor: RateLimit = "20 per day"
    """Second-factor codes tried for one staff account, counted likewise. Recovery codes are counted
    separately, like passwords."""

    staff_second_factor: Literal["optional", "required"] = Field(
        default_factory=lambda data: (
            "optional" if is_this_machine(data["base_url"]) else "required"
        ),
        json_schema_extra=STAFF,
    )
    """Whether staff may sign in with a password alone, or must set up an authenticator app or a
    passkey. Not set: required, except on this machine."""

    oidc_issuer: Issuer | None = None
    """Your OpenID Connect provider, such as https://id.example.com, with which staff may sign in;
    the redirect URL is /staff/sign-in/provider/back."""

    oidc_client_id: str | None = None
    """Client ID of this application at the provider."""

    oidc_client_secret: SecretStr | None = None
    """Client secret of this application at the provider."""

    oidc_name: str = "your company"
    """The provider’s name on the button: Sign in with your company."""

    staff_idle_minutes: int = Field(60, ge=1)
    """Minutes of inactivity after which staff are signed out."""

    staff_session_hours: int = Field(12, ge=1)
    """Hours after which staff must sign in again in any case."""

    job_lease_seconds: int = Field(60, ge=5)
    """Seconds until another worker takes a job over; must be longer than the PDF timeout."""

    pdf_timeout_seconds: int = Field(10, ge=1)
    """Seconds of computing after which making a PDF is aborted. On a busy machine, that may take up
    to twelve times as long."""

    pdf_memory_mb: int = Field(1024, ge=256)
    """Maximum memory, in megabytes, for making one PDF."""

    metrics: bool = False
    """Whether /metrics is served, in the Prometheus text format."""

    @property
    def embedded_database(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def temp_dir(self) -> Path:
        """Temporary files, each in a folder of its own that is deleted."""
        return self.var_dir / "temp"

    @property
    def last_backup_file(self) -> Path:
        """Names the last backup that was made on this machine; as old as that is."""
        return self.var_dir / "last-backup"

    @property
    def secret_key_file(self) -> Path:
        """Where `signing_key` stores the key that it creates."""
        return self.var_dir / "secret-key"

    @cached_property
    def office(self) -> Office:
        return Office(
            zone=time_zone(self.time_zone),
            week=read_hours(self.business_hours),
            closed=frozenset(self.closed_on),
            reply_within=timedelta(hours=self.reply_within_hours),
            new_leads_to=self.new_leads_to,
            new_leads_by=self.new_leads_by,
            sources=source_people(self.lead_sources) if self.new_leads_by == "source" else {},
        )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.secret_key is None and not self.embedded_database:
            raise ValueError(
                f"{PREFIX}SECRET_KEY: is required with a database server, the same on every "
                "machine; make one with: openssl rand -hex 32"
            )
        if self.confirm_mail == "always" and self.smtp_url is None:
            raise ValueError(f"{PREFIX}CONFIRM_MAIL: always needs a {PREFIX}SMTP_URL")
        if self.smtp_url is not None and "mail_from" not in self.model_fields_set:
            raise ValueError(f"{PREFIX}MAIL_FROM: is required with {PREFIX}SMTP_URL")
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError(
                f"{PREFIX}WEBHOOK_URL and {PREFIX}WEBHOOK_SECRET: must be set together"
            )
        if self.webhook_loopback and not is_this_machine(self.base_url):
            raise ValueError(
                f"{PREFIX}WEBHOOK_LOOPBACK: is for development and needs a {PREFIX}BASE_URL "
                "on this machine"
            )
        oidc = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(oidc) and not all(oidc):
            raise ValueError(
                f"{PREFIX}OIDC_ISSUER: must be set together with {PREFIX}OIDC_CLIENT_ID "
                f"and {PREFIX}OIDC_CLIENT_SECRET"
            )
        if self.job_lease_seconds <= self.pdf_timeout_seconds:
            raise ValueError(
                f"{PREFIX}JOB_LEASE_SECONDS: must be more than {PREFIX}PDF_TIMEOUT_SECONDS"
            )
        return self

    def signing_key(self) -> str:
        """The secret key: the configured one, or the one stored in the var folder.

        Raises SettingsError when the stored key cannot be read or written.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        return stored_key(self.secret_key_file)
