"""The facts that webhooks are made from, as they are when a message is sent."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from email.utils import parseaddr

from consult.delivery.context import Context
from consult.delivery.worker import PermanentError
from consult.questionnaire.editions import newest
from consult.report.brief import first_question, scores_of
from consult.report.report import Report, from_json
from consult.settings.schema import Settings
from consult.storage.db.database import Session
from consult.storage.leads import leads
from consult.storage.leads.changes import occasion_of
from consult.storage.leads.submission import NewContact
from consult.storage.tables.delivery_tables import DeliveryRow, EndpointRow, NotificationRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.stages import Stage

TEST = "test"


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """A lead as it is when a message is sent.

    `waits` is whether a first reply is due; `won_amount` is in whole units of its currency.
    Standard messages do without what comes after it, which is read from the report.
    """

    url: str
    submitted_at: datetime
    stage: Stage
    archetype: str
    separation: float
    handoff: float
    depth: str
    edition: str
    source: str
    person: NewContact | None
    due_at: datetime | None
    waits: bool
    consult_at: datetime | None
    won_amount: float | None
    won_currency: str
    separation_band: str = ""
    handoff_band: str = ""
    archetype_name: str = ""
    ask_first: str = ""
    scores: str = ""
    own_words: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message is about; without a `lead`, it was deleted.

    `kind` is a notification type, or a test; `move` from which stage to which a lead was moved.
    """

    message_id: str
    kind: str
    at: datetime
    zone: tzinfo
    product: str
    base_url: str
    includes_contact: bool
    lead_id: int = 0
    lead: LeadFacts | None = None
    move: tuple[Stage, Stage] | None = None

    @property
    def event(self) -> str:
        return TEST if self.kind == TEST else f"lead.{self.kind}"

    @property
    def shown_person(self) -> NewContact | None:
        return self.lead.person if self.lead and self.includes_contact else None


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
    submission, status = leads.by_id(session, notification.submission_id), notification.lead
    if submission is None:
        raise PermanentError("The lead was deleted.")
    lead = _lead_facts(submission, status, settings.base_url)
    if endpoint.kind != "standard":
        lead = _with_report(lead, from_json(submission.report))
    move = _move(session, notification) if notification.kind == "stage_changed" else None
    return replace(facts, lead_id=submission.id, lead=lead, move=move)


def _lead_facts(submission: SubmissionRow, status: LeadRow, base_url: str) -> LeadFacts:
    # Where it's probably spam, robots could write to staff by us.
    contact = None if status.suspect else submission.contact
    return LeadFacts(
        url=f"{base_url}/staff/leads/{submission.id}",
        submitted_at=submission.submitted_at,
        stage=status.stage,
        archetype=submission.archetype,
        separation=submission.separation,
        handoff=submission.handoff,
        depth=submission.depth,
        edition=submission.edition,
        source=status.source,
        person=NewContact.of(contact) if contact else None,
        due_at=status.due_at,
        waits=not (status.first_contact_at or status.is_closed),
        consult_at=status.consult_at,
        won_amount=None if status.won_amount is None else status.won_amount / 100,
        won_currency=status.won_currency or "",
    )


def _with_report(lead: LeadFacts, report: Report) -> LeadFacts:
    return replace(
        lead,
        separation_band=report.separation.band_name,
        handoff_band=report.handoff.band_name,
        archetype_name=report.archetype.name,
        ask_first=first_question(report),
        scores=scores_of(report),
        own_words=report.own_words,
    )


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


def _sample(facts: Facts, settings: Settings) -> LeadFacts:
    """The lead of a test, which is no one's."""
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    return LeadFacts(
        url=f"{settings.base_url}/staff/",
        submitted_at=facts.at,
        stage="new",
        archetype="baton_on_the_floor",
        separation=41.7,
        handoff=31.2,
        depth="quick",
        edition=newest().name,
        source="newsletter",
        person=NewContact(
            name="Sam Sample",
            email=f"relay-check-test@{domain}",
            business="Sample Bakery",
            phone="+1 202 555 0100",
            best_time="Weekdays after 3",
            wants_consult=True,
            consent_text="This is a test. No one consented to anything.",
        ),
        due_at=facts.at,
        waits=True,
        consult_at=None,
        won_amount=None,
        won_currency="",
        separation_band="Blurry",
        handoff_band="Fumbled",
        archetype_name="Baton on the Floor",
        ask_first="What happens after someone asks for a quote?",
        scores="Separation 41, Handoff 31",
        own_words="An answer for everyone who asks.",
    )
