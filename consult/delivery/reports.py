"""A lead's report as the document that goes to the printing process."""

import json
from collections.abc import Callable

from consult.report.brand import Brand
from consult.report.document import Paper, Recipient, document_html
from consult.report.report import from_json
from consult.storage.leads import Lead


def report_writer(brand: Brand, paper: Paper) -> Callable[[Lead], str]:
    """What writes a lead's frozen report as one HTML document, in this brand, on this paper."""

    def write(lead: Lead) -> str:
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
