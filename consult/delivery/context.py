"""What the handlers of jobs work with, as the settings in effect want it."""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from pydantic import SecretStr

from consult.delivery.mail.transport import FileTransport, SmtpTransport, Transport
from consult.delivery.network import HttpClient
from consult.settings.brand import Brand
from consult.settings.schema import Settings
from consult.storage import deliveries
from consult.storage.db.database import Database
from consult.storage.tables.delivery_tables import DeliveryRow
from consult.workflow.calendars import BookingOffer, offer_of
from consult.workflow.office_hours import Office


@dataclass(frozen=True, slots=True)
class Context:
    database: Database
    settings: Settings
    brand: Brand
    render: Callable[[str], bytes]  # makes a PDF of HTML, with its own time limit
    office: Office
    transport: Transport
    http: HttpClient

    @classmethod
    def of(
        cls, settings: Settings, brand: Brand, database: Database, render: Callable[[str], bytes]
    ) -> "Context":
        smtp_url = plain(settings.smtp_url)
        return cls(
            database=database,
            settings=settings,
            brand=brand,
            render=render,
            office=settings.office,
            transport=SmtpTransport(smtp_url) if smtp_url else FileTransport(settings.mail_dir),
            http=HttpClient(allow_loopback=settings.webhook_loopback),
        )

    def send(self, delivery: DeliveryRow, message: EmailMessage, body: str = "") -> None:
        """Send the mail of a delivery, and record that it was accepted.

        With a `body`, as staff may read it, that is kept under the subject.
        """
        said = {"subject": str(message["Subject"]), "body": body} if body else {}

        def record_sent() -> None:
            with self.database.writing() as session:
                deliveries.record_sent(session, delivery.id, self.transport.name, **said)

        self.transport.send(message, accepted=record_sent)

    @property
    def booking_offer(self) -> BookingOffer:
        return offer_of(self.settings.booking, self.brand.consult_url)

    @property
    def folder(self) -> FileTransport:
        """Where mails are while no mail server is set, or were until one was."""
        return FileTransport(self.settings.mail_dir)


def plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
