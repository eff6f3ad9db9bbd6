"""How the server runs: settings that only the environment has.

The docstrings of the fields are the documentation: `consult settings` prints them.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from consult.settings import PROJECT_FOLDER
from consult.settings.setting_types import (
    DatabaseUrl,
    Issuer,
    Origin,
    ProjectPath,
    RateLimit,
    SecretKey,
    Sender,
    SmtpUrl,
    WebhookSecret,
    WebhookUrl,
    is_this_machine,
    listening_at,
    stored_key,
)

PREFIX = "CONSULT_"
Mode = Literal["off", "watch", "on"]
"""Of a layer against robots."""
ENV_FILE = PROJECT_FOLDER / ".env"


class ServerSettings(BaseSettings):
    """What whoever runs the server decides; `Settings` adds what the agency decides."""

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
    """Folder for the application’s files: the embedded database, the secret key and unsent emails.
    A relative path starts at the project folder."""

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
    """The address people use to reach the application; links in emails and PDFs start with it. Not
    set: the address it listens on."""

    proxy_hops: int = Field(0, ge=0, le=10)
    """Number of your own proxies in front of the application. Their X-Forwarded headers are
    trusted; with 0, no such header is."""

    hsts_subdomains: bool = False
    """Whether browsers must use HTTPS for all subdomains of the base URL’s host too (HSTS with
    includeSubDomains). Browsers remember it for two years, so turn it on only when every subdomain
    has HTTPS."""

    brand_file: ProjectPath | None = None
    """A file with the agency’s name, colors, logo, consult link and currency."""

    smtp_url: SmtpUrl | None = None
    """Mail server, as smtp://user:password@host:587 (STARTTLS) or smtps://…:465. Not set: emails
    are written to the mail folder instead."""

    mail_from: Sender = "Relay Check <relay-check@localhost>"
    """Sender of all emails; set it together with the mail server. Its domain may have any letters,
    what’s before the @ only ASCII letters."""

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
    """Forms sent in under 2 seconds, after a day, or unopened, and checks done in under 20 seconds:
    off, watch, or on."""

    spam_network: Mode = "on"
    """Contacts without a proof of work, from a network that used up half of what it may send in an
    hour: off, watch, or on."""

    spam_throwaway: Mode = "on"
    """Addresses at well-known throwaway email services: off, watch, or on."""

    spam_proof_of_work: Mode = "watch"
    """Arithmetic that browsers do before sending a form: off, watch, or on, where owners
    without it confirm their address first."""

    spam_proof_bits: int = Field(10, ge=1, le=16)
    """How much: each bit doubles it. 10 takes a laptop a quarter of a second, an old phone two."""

    spam_mail_server: Mode = "on"
    """Addresses whose domain has no mail server, according to DNS: off, watch, or on."""

    limit_sign_in_address: RateLimit = "20 per hour"
    """Staff sign-in attempts from one network address."""

    limit_sign_in_account: RateLimit = "5 per minute; 20 per 15 minutes"
    """Staff sign-in attempts for one account, from all untrusted browsers together."""

    limit_second_factor: RateLimit = "20 per day"
    """Second-factor codes tried for one staff account, counted the same way. Recovery codes are
    counted separately, like passwords."""

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
    """Hours after which staff must sign in again, active or not."""

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
