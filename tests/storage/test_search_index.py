"""The terms by which leads are found: normalized, and always those of the current texts."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from consult.storage.db.database import Database
from consult.storage.leads import notes, submission
from consult.storage.search_index import index_terms, normalize, query_terms
from consult.storage.tables.lead_tables import LeadWordRow
from consult.storage.tables.submission_tables import DraftRow
from tests.support.databases import rows, write
from tests.support.lead_factories import make_account, new_lead
from tests.support.submissions import CONTACT, lead_of, submitted


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("Łódź", "lodz"),
        ("CRÈME Brûlée", "creme brulee"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("ﬁne", "fine"),
        ("Ⅷ", "viii"),
        ("Ærø", "aero"),
        ("Ελλάς", "ελλασ"),
        ("東京", "東京"),
    ],
)
def test_marks_and_capitals_do_not_matter(written: str, spelled: str) -> None:
    assert normalize(written) == spelled
    assert normalize(spelled) == spelled


def test_an_address_is_found_by_its_beginning_its_host_and_the_words_in_it() -> None:
    assert index_terms([], "Anna.B@Okafor-Tents.co.uk") == {
        *("anna", "b", "okafor", "tents", "co"),
        *("anna.b@okafor-tents.co.uk", "@okafor-tents.co.uk"),
    }


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("  Anna   Smith ", ["anna", "smith"]),
        ("anna@", ["anna@"]),
        ("O'Neil, Zoë", ["o", "neil", "zoe"]),
        ("anna anna", ["anna"]),
        ("% _ ' \\ \0", []),
        ("x" * 99, ["x" * 64]),
    ],
)
def test_a_search_is_normalized_as_what_is_stored(typed: str, terms: list[str]) -> None:
    assert query_terms(typed) == terms


def terms_of(database: Database, lead_id: int) -> set[str]:
    return {row.word for row in rows(database, LeadWordRow, LeadWordRow.submission_id == lead_id)}


def test_terms_follow_a_contact(database: Database) -> None:
    token = submitted(database)
    lead_id = lead_of(database, token).id
    assert terms_of(database, lead_id) == set()
    for contact in (CONTACT, replace(CONTACT, name="Zoë Żak", email="zoe@zak.example")):
        write(database, submission.save_contact, token, contact)
        terms = index_terms([contact.name, contact.business], contact.email)
        assert terms_of(database, lead_id) == terms


def test_terms_follow_notes(database: Database) -> None:
    ada, first, second = make_account(database, "Ada"), new_lead(database), new_lead(database)
    for lead_id in (first, second):
        note = write(database, notes.add, lead_id, "asks about tents", by=ada)
    write(database, notes.add, first, "tents arrived", by=ada)
    assert note is not None
    assert terms_of(database, first) == {"asks", "about", "tents", "arrived"}
    write(database, notes.edit, second, note.id, "no more", by=ada, seen=None)
    assert terms_of(database, second) == {"no", "more"}
    assert terms_of(database, first) == {"asks", "about", "tents", "arrived"}


def test_every_module_that_writes_contacts_or_notes_indexes_the_lead() -> None:
    writes = re.compile(r"(insert|update|delete)\((Contact|Note)Row|= (Contact|Note)Row\(")
    writers = [file for file in Path("consult").rglob("*.py") if writes.search(file.read_text())]
    assert len(writers) >= 2
    assert all("index_lead(" in file.read_text() for file in writers)


def test_the_terms_of_a_deleted_lead_are_nowhere_in_the_file(database: Database) -> None:
    """A full-text index would keep them until it is next rebuilt."""
    token = submitted(database)
    contact = replace(CONTACT, business="Xylophonquartett")
    write(database, submission.save_contact, token, contact)
    assert "xylophonquartett" in terms_of(database, lead_of(database, token).id)
    with database.writing() as session:
        session.execute(delete(DraftRow))
    assert rows(database, LeadWordRow) == []
    database.forget_deleted()
    if database.sqlite_file:  # PostgreSQL's next vacuum deletes them, as all deleted rows
        assert b"xylophonquartett" not in database.sqlite_file.read_bytes().lower()
