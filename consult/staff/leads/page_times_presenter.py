"""How the owner of a lead went through the pages, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consult.questionnaire.editions import load
from consult.staff.times import duration
from consult.storage.page_events import REVIEW
from consult.storage.tables.insight_tables import PageVisitRow


@dataclass(frozen=True, slots=True)
class PageView:
    """A page: its heading, the time spent on it if that is known, and what stood out."""

    title: str
    time: str
    notes: str


def journey_view(edition: str, pages: Sequence[PageVisitRow]) -> list[PageView]:
    """The pages that an owner saw, under the headings of their edition."""
    headings = load(edition).texts.pages
    shown = []
    for page in pages:
        heading = headings.get(page.page)
        if heading or page.page == REVIEW:
            time = "" if page.seconds is None else duration(page.seconds)
            title = heading.title if heading else "Check your answers"
            shown.append(PageView(title, time, ". ".join(_notes(page))))
    return shown


def _notes(page: PageVisitRow) -> Iterator[str]:
    if page.saves > 1:
        yield f"Sent {page.saves} times"
    if page.refused:
        yield "Something to correct" + (f", {page.refused} times" if page.refused > 1 else "")
    if unknown := page.questions.count("?"):
        yield f"{unknown} × “I don’t know”"
