"""A lead's report, and the brief for staff, as the documents that go to the printing process."""

import json
from collections.abc import Callable

from consult.report.brief import Caller, brief_html, brief_of
from consult.report.explanations import reasons_of
from consult.report.html_document import Paper, Recipient, document_html
from consult.report.report import from_json
from consult.settings.brand import Brand
from consult.storage.db.database import Database
from consult.storage.leads import leads
from consult.storage.notifications.deliveries import pdf_states
from consult.storage.tables.submission_tables import SubmissionRow

DocumentWriter = Callable[[SubmissionRow], str]
"""From a lead to one of its documents, as HTML."""


def report_writer(brand: Brand, paper: Paper) -> DocumentWriter:
    """What writes a lead's frozen report as one HTML document, in this brand, on this paper."""

    def write(lead: SubmissionRow) -> str:
        whom = lead.contact
        return document_html(
            from_json(json.dumps(lead.report)),
            # The day of the answers and not today: rendered again, it is the same document.
            made_on=lead.submitted_at.date(),
            recipient=Recipient(whom.name, whom.business) if whom else None,
            brand=brand,
            paper=paper,
        )

    return write


def brief_writer(brand: Brand, paper: Paper) -> DocumentWriter:
    """What writes the brief for whoever calls a lead."""

    def write(lead: SubmissionRow) -> str:
        whom = lead.contact
        caller = Caller()
        if whom:
            caller = Caller(
                whom.name, whom.business, whom.email, whom.phone or "", whom.wants_consult
            )
        reasons = reasons_of(lead.edition, lead.depth, lead.answers)
        brief = brief_of(from_json(json.dumps(lead.report)), reasons)
        return brief_html(brief, lead.id, caller, lead.submitted_at, brand, paper)

    return write


def ask_for_missing_pdf(database: Database, lead_id: int) -> None:
    """Have a lead's PDFs made if they are not kept any more and nobody has asked for them."""
    with database.reading() as session:
        state = pdf_states(session, [lead_id]).get(lead_id)
    if state == "asleep":
        with database.writing() as session:
            leads.ask_for_documents(session, lead_id)
