"""The terms by which leads are found: normalized, and always those of the current texts."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text

from consult.storage.db.database import Database
from consult.storage.leads import notes, submission
from consult.storage.search_index import index_terms, normalize, query_terms
from consult.storage.tables.lead_tables import LeadWordRow
from consult.storage.tables.submission_tables import DraftRow
from tests.support.many_leads import make_staff
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
def test_what_is_looked_for_is_spelled_as_what_is_kept(typed: str, terms: list[str]) -> None:
    assert query_terms(typed) == terms


def words(database: Database, lead_id: int) -> set[str]:
    query = select(LeadWordRow.word).where(LeadWordRow.submission_id == lead_id)
    with database.reading() as session:
        return set(session.scalars(query))


def test_terms_follow_a_contact(database: Database) -> None:
    token = submitted(database)
    lead_id = lead_of(database, token).id
    assert words(database, lead_id) == set()
    for contact in (CONTACT, replace(CONTACT, name="Zoë Żak", email="zoe@zak.example")):
        with database.writing() as session:
            submission.save_contact(session, token, contact)
        terms = index_terms([contact.name, contact.business], contact.email)
        assert words(database, lead_id) == terms


def test_terms_follow_notes(database: Database) -> None:
    first, second = (lead_of(database, submitted(database)).id for _ in range(2))
    with database.writing() as session:
        make_staff(session)
        for lead_id in (first, second):
            note = notes.add(session, lead_id, "asks about tents", by=1)
        notes.add(session, first, "tents arrived", by=1)
    assert note is not None
    assert words(database, first) == {"asks", "about", "tents", "arrived"}
    with database.writing() as session:
        notes.edit(session, second, note.id, "no more", by=1, seen=None)
    assert words(database, second) == {"no", "more"}
    assert words(database, first) == {"asks", "about", "tents", "arrived"}


def test_every_module_that_writes_contacts_or_notes_indexes_the_lead() -> None:
    writes = re.compile(r"(insert|update|delete)\((Contact|Note)Row|= (Contact|Note)Row\(")
    writers = [file for file in Path("consult").rglob("*.py") if writes.search(file.read_text())]
    assert len(writers) >= 2
    assert all("index_lead(" in file.read_text() for file in writers)


def test_the_words_of_a_lead_go_with_it(database: Database) -> None:
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, token, CONTACT)
    with database.writing() as session:
        session.execute(delete(DraftRow))
    with database.reading() as session:
        assert session.scalars(select(LeadWordRow)).all() == []


def test_what_is_undone_leaves_no_words(database: Database) -> None:
    token = submitted(database)

    def leave_and_fail() -> None:
        with database.writing() as session:
            submission.save_contact(session, token, CONTACT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        leave_and_fail()
    assert words(database, lead_of(database, token).id) == set()


def test_a_deleted_word_is_nowhere_in_the_file(database: Database) -> None:
    """A full-text index would keep it until it is next rebuilt."""
    if database.sqlite_file is None:
        pytest.skip("PostgreSQL's dead rows go with its next vacuum, as all others do")
    token = submitted(database)
    with database.writing() as session:
        submission.save_contact(session, token, replace(CONTACT, business="Xylophonquartett"))
    with database.writing() as session:
        session.execute(text("DELETE FROM drafts"))
    database.forget_deleted()
    assert b"xylophonquartett" not in database.sqlite_file.read_bytes().lower()
