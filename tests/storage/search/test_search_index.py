"""The words by which leads are found: spelled plainly, and always those of what is there."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select, text, update

from consult.storage.db.database import Database, Session
from consult.storage.leads import submission
from consult.storage.search.search_index import plain, terms_of, words_of
from consult.storage.tables.lead_tables import NoteRow
from consult.storage.tables.search_tables import LeadWordRow
from consult.storage.tables.submission_tables import ContactRow, DraftRow
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
    assert plain(written) == spelled
    assert plain(spelled) == spelled


def test_an_address_is_found_by_its_beginning_its_host_and_the_words_in_it() -> None:
    assert words_of([], "Anna.B@Okafor-Tents.co.uk") == {
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
    assert terms_of(typed) == terms


def words(database: Database, lead_id: int) -> set[str]:
    query = select(LeadWordRow.word).where(LeadWordRow.submission_id == lead_id)
    with database.reading() as session:
        return set(session.scalars(query))


def add_note(session: Session, lead_id: int, said: str) -> NoteRow:
    note = NoteRow(submission_id=lead_id, author_id=1, text=said, created_at=session.now())
    session.add(note)
    session.flush()
    return note


def test_words_follow_a_contact(database: Database) -> None:
    token = submitted(database)
    lead_id = lead_of(database, token).id
    assert words(database, lead_id) == set()
    for contact in (CONTACT, replace(CONTACT, name="Zoë Żak", email="zoe@zak.example")):
        with database.writing() as session:
            submission.save_contact(session, token, contact)
        assert words(database, lead_id) == words_of([contact.name, contact.business], contact.email)
    with database.writing() as session:
        session.execute(update(ContactRow).values(name="Nobody"))
    assert "nobody" in words(database, lead_id)
    with database.writing() as session:
        contact_row = session.get_one(ContactRow, lead_id)
        session.delete(contact_row)
    assert words(database, lead_id) == set()


def test_words_follow_notes_however_they_are_changed(database: Database) -> None:
    first, second = (lead_of(database, submitted(database)).id for _ in range(2))
    with database.writing() as session:
        make_staff(session)
        for lead_id in (first, second):
            note = add_note(session, lead_id, "asks about tents")
        add_note(session, first, "tents arrived")
    assert words(database, first) == {"asks", "about", "tents", "arrived"}
    with database.writing() as session:
        session.get_one(NoteRow, note.id).text = "no more"
    assert words(database, second) == {"no", "more"}
    with database.writing() as session:
        session.execute(
            update(NoteRow).where(NoteRow.text == "asks about tents").values(text="gone")
        )
    assert words(database, first) == {"gone", "tents", "arrived"}
    with database.writing() as session:
        session.execute(delete(NoteRow).where(NoteRow.submission_id == first))
    assert words(database, first) == set()
    assert words(database, second) == {"no", "more"}


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
