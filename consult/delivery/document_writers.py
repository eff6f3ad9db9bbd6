"""A lead's report, and the brief for staff, as the documents that go to the printing process."""

import json

from consult.delivery.context import Context
from consult.report.brief import Caller, brief_html, brief_of
from consult.report.explanations import reasons_of
from consult.report.html_document import Recipient, document_html
from consult.report.report import from_json
from consult.storage import documents
from consult.storage.db.database import Database
from consult.storage.leads import leads
from consult.storage.tables.submission_tables import SubmissionRow


def report_html_of(lead: SubmissionRow, context: Context) -> str:
    """A lead's frozen report as one HTML document."""
    contact = lead.contact
    return document_html(
        from_json(json.dumps(lead.report)),
        # The day of the answers and not today: rendered again, it is the same document.
        made_on=lead.submitted_at.date(),
        recipient=Recipient(contact.name, contact.business) if contact else None,
        brand=context.brand,
        paper=context.settings.paper,
    )


def brief_html_of(lead: SubmissionRow, context: Context) -> str:
    """The brief for the call with a lead."""
    contact = lead.contact
    caller = Caller()
    if contact:
        caller = Caller(
            contact.name,
            contact.business,
            contact.email,
            contact.phone or "",
            contact.wants_consult,
        )
    reasons = reasons_of(lead.edition, lead.depth, lead.answers)
    brief = brief_of(from_json(json.dumps(lead.report)), reasons)
    return brief_html(
        brief, lead.id, caller, lead.submitted_at, context.brand, context.settings.paper
    )


def request_missing_pdf(database: Database, lead_id: int) -> None:
    """Request a lead's PDFs if they are not stored any more and no one has."""
    with database.reading() as session:
        state = documents.pdf_states(session, [lead_id]).get(lead_id)
    if state == "on_demand":
        with database.writing() as session:
            leads.ask_for_documents(session, lead_id)
