"""From the frozen report of a lead to the PDF its owner gets, with the real printing process."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from consult.delivery.context import Context
from consult.delivery.handlers import handlers_with, report_html_of
from consult.delivery.worker import Worker
from consult.owner.open_draft import freeze
from consult.questionnaire import read_answers, walk
from consult.questionnaire.editions import newest
from consult.report.pdf.renderer import Renderer
from consult.settings.brand import Brand
from consult.storage import documents
from consult.storage.db.database import Database
from consult.storage.leads import submission
from tests.support.apps import make_settings
from tests.support.databases import Clock
from tests.support.personas import PERSONAS
from tests.support.submissions import CONTACT, lead_of, submitted
from tests.support.workers import make_context


@pytest.fixture
def result_token(database: Database) -> str:
    """A lead with a true report, and a contact."""
    payload = next(iter(PERSONAS.values())).payload("quick")
    edition = newest()
    way = walk(edition, read_answers(edition, payload["answers"]), "quick")
    token = submitted(database, report=freeze(way, Brand()).report)
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT)
    return token


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    with closing(Renderer(timeout=60)) as running:
        yield running


def test_the_same_lead_is_written_the_same_on_any_day(
    database: Database, clock: Clock, result_token: str
) -> None:
    context = make_context(database)
    first = report_html_of(lead_of(database, result_token), context)
    clock.go_on(days=100)
    assert report_html_of(lead_of(database, result_token), context) == first
    assert CONTACT.business in first


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_owner_gets_a_pdf_with_their_name_on_it(
    database: Database, result_token: str, renderer: Renderer, tmp_path: Path
) -> None:
    context = Context.of(make_settings(tmp_path), Brand(), database, renderer.render)
    Worker(database, handlers_with(lambda: context)).run_once()
    with database.reading() as session:
        document = documents.get(session, lead_of(database, result_token).id, documents.REPORT)
    assert document is not None
    reader: Any = pymupdf  # whether its functions have types depends on the version
    with reader.open(stream=document.content) as pdf:
        assert CONTACT.business in pdf[0].get_text()
