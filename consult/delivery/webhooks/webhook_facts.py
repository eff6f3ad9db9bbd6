"""The facts that webhooks are made from, as they are when a message is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from email.utils import parseaddr
from typing import Any

from consult.delivery.context import Context
from consult.delivery.worker import PermanentError
from consult.questionnaire.editions import newest
from consult.report.brief import first_question, scores_of
from consult.report.report import Report, from_json
from consult.settings.schema import Settings
from consult.storage.db.database import Session
from consult.storage.exports import lead_export
from consult.storage.exports.lead_export import Lead
from consult.storage.leads import leads
from consult.storage.leads.changes import occasion_of
from consult.storage.tables.delivery_tables import DeliveryRow, EndpointRow, NotificationRow
from consult.workflow.stages import Stage

TEST = "test"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message is about; without a `lead`, it was deleted.

    `kind` is a notification type, or a test; `move` from which stage to which a lead was moved.
    The `lead` is as other programs get it (``lead_export.read_one``), and has what `_report_texts`
    takes from its report, which standard messages do without.
    """

    message_id: str
    kind: str
    at: datetime
    zone: tzinfo
    product: str
    base_url: str
    includes_contact: bool
    lead_id: int = 0
    lead: Lead | None = None
    move: tuple[Stage, Stage] | None = None

    @property
    def event(self) -> str:
        return TEST if self.kind == TEST else f"lead.{self.kind}"

    @property
    def contact(self) -> Mapping[str, Any] | None:
        """Who left contact info; only their business may be named where it isn't included."""
        return self.lead["contact"] if self.lead else None

    @property
    def shown_contact(self) -> Mapping[str, Any] | None:
        return self.contact if self.includes_contact else None


def webhook_id(delivery: DeliveryRow) -> str:
    """What a receiver recognizes a repeat by."""
    return f"msg_{delivery.token}"


def facts_of(
    session: Session, delivery: DeliveryRow, endpoint: EndpointRow, context: Context
) -> Facts:
    """The facts that a delivery is about, as they are now.

    Raises PermanentError for a lead that was deleted in the meantime.
    """
    settings, notification = context.settings, delivery.notification
    facts = Facts(
        message_id=webhook_id(delivery),
        kind=delivery.kind,
        at=notification.created_at if notification else delivery.created_at,
        zone=context.office.zone,
        product=context.brand.product,
        base_url=settings.base_url,
        includes_contact=endpoint.includes_contact,
        lead_id=delivery.deleted_lead_id or 0,
    )
    if notification is None:
        return facts if delivery.deleted_lead_id else replace(facts, lead=_sample(facts, settings))
    lead = lead_export.read_one(session, notification.submission_id, settings.base_url)
    if lead is None:
        raise PermanentError("The lead was deleted.")
    # Where it's probably spam, robots could write to staff by us.
    if lead["suspect"] or not lead["has_contact"]:
        lead = {**lead, "contact": None, "has_contact": False, "wants_consult": False}
    if endpoint.kind != "standard":
        lead = {**lead, **_report_texts(from_json(lead["report"]))}
    move = _move(session, notification) if notification.kind == "stage_changed" else None
    return replace(facts, lead_id=lead["id"], lead=lead, move=move)


def _report_texts(report: Report) -> dict[str, str]:
    return {
        "separation_band": report.separation.band_name,
        "handoff_band": report.handoff.band_name,
        "archetype_name": report.archetype.name,
        "ask_first": first_question(report),
        "scores": scores_of(report),
        "own_words": report.own_words,
    }


def _move(session: Session, notification: NotificationRow) -> tuple[Stage, Stage] | None:
    """From where to where the change that a notification is about moved the lead."""
    moves = [
        event.data
        for event in leads.timeline(session, notification.submission_id)
        if event.kind == "moved"
        and event.version is not None
        and occasion_of(event.version) == notification.occasion
    ]
    return (moves[0]["from"], moves[-1]["to"]) if moves else None


def _sample(facts: Facts, settings: Settings) -> Lead:
    """The lead of a test, which is no one's."""
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    return {
        "url": f"{settings.base_url}/staff/",
        "submitted_at": facts.at,
        "stage": "new",
        "archetype": "baton_on_the_floor",
        "separation": 41.7,
        "handoff": 31.2,
        "depth": "quick",
        "edition": newest().name,
        "source": "newsletter",
        "has_contact": True,
        "wants_consult": True,
        "due_at": facts.at,
        "first_contact_at": None,
        "consult_at": None,
        "won_amount": None,
        "won_currency": None,
        "contact": {
            "name": "Sam Sample",
            "email": f"relay-check-test@{domain}",
            "business": "Sample Bakery",
            "phone": "+1 202 555 0100",
            "best_time": "Weekdays after 3",
            "consent_text": "This is a test. No one consented to anything.",
        },
        "separation_band": "Blurry",
        "handoff_band": "Fumbled",
        "archetype_name": "Baton on the Floor",
        "ask_first": "What happens after someone asks for a quote?",
        "scores": "Separation 41, Handoff 31",
        "own_words": "An answer for everyone who asks.",
    }
