"""The terms by which leads are found: normalized, and always those of the current texts."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
        ("Müller", "mueller"),
        ("Mueller", "MULLER"),
        ("Århus", "aarhus"),
        ("Ørsted", "oersted"),
        ("Großmann", "GROSSMANN"),
        ("ガ", "カ\u3099"),
        ("김", "\u1100\u1175\u11b7"),
        ("\u0660\u0665\u0660", "050"),
    ],
)
def test_marks_and_capitals_do_not_matter(written: str, spelled: str) -> None:
    assert normalize(written) == normalize(spelled)
    assert normalize(normalize(written)) == normalize(written)


def test_an_address_is_found_by_its_beginning_its_host_and_the_words_in_it() -> None:
    assert index_terms([], "Anna.B@Okafor-Tents.co.uk") == {
        *("anna", "b", "okafor", "tents", "co"),
        *("anna.b@okafor-tents.co.uk", "@okafor-tents.co.uk", "@co.uk"),
    }


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("  Anna   Smith ", [("anna",), ("smith", "annasmith")]),
        ("anna@", [("anna@",)]),
        ("anna x@y", [("anna",), ("x@y",)]),
        ("% _ ' \\ \0", []),
        ("x" * 99, [("x" * 64,)]),
        ("山田太郎", [("山田",), ("田太",), ("太郎",)]),
    ],
)
def test_a_search_is_normalized_as_what_is_stored(typed: str, terms: list[tuple[str, ...]]) -> None:
    assert query_terms(typed) == terms


def terms_of(database: Database, lead_id: int) -> set[str]:
    return {row.word for row in rows(database, LeadWordRow, LeadWordRow.submission_id == lead_id)}


def finds(typed: str, terms: set[str], *, similar: bool = False) -> bool:
    return all(
        any(term.startswith(one) for term in terms for one in alternatives)
        for alternatives in query_terms(typed, similar=similar)
    )


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("Łukasz Müller", ["lukasz", "mueller", "Müller Łukasz", "MULLER", "muel", "lukasz mue"]),
        ("Jürgen Groß", ["juergen gross", "jurgen groß", "Gross"]),
        ("Sean O'Brien", ["o'brien", "obrien", "O’Brien", "o brien", "brien", "sean obr"]),
        ("Sean O’Brien", ["o'brien", "obrien"]),
        ("Angus McDonald", ["mc donald", "mcdonald", "Mc Don", "angus mc donald"]),
        ("Angus Mc Donald", ["mcdonald", "mc donald", "mcdo"]),
        ("Anna-Maria de la Cruz", ["annamaria", "anna maria", "delacruz", "de la cruz", "la cruz"]),
        ("Nguyễn Thị Ánh", ["nguyen anh", "Anh Nguyen", "thi"]),
        ("山田太郎", ["太郎", "山田", "田太", "郎", "山田 太郎", "山田太郎"]),
        ("サトウ ハナコ", ["ハナコ", "ナコ", "サトウハナコ"]),
        ("김철수", ["철수", "김", "수"]),
        ("สมชาย ใจดี", ["สมชาย", "ใจ"]),
        ("ACME株式会社", ["acme", "株式", "会社", "ACME株式会社"]),
    ],
)
def test_people_are_found_as_people_spell_them(name: str, spellings: list[str]) -> None:
    terms = index_terms([name])
    assert [typed for typed in spellings if not finds(typed, terms)] == []
    assert not any(finds(typed, terms) for typed in ("zzz", "bob", "木村", "x brien"))


@pytest.mark.parametrize(
    "spellings",
    [
        *("Meyer Maier Mayer Meier Meir", "Mayr Meier", "Schmidt Schmitt Schmid Smith Smyth"),
        *("Stephen Steven Stefan", "Catherine Katherine Kathryn Katrin", "Neal Neil O’Neil"),
        *("Hoffmann Hofman Hoffman", "Johnson Jonson Jonsen", "Clark Clarke Clarck", "Lee Li"),
        *("McDonald MacDonald Mc-Donald Mac-Donald", "Gonzalez Gonsales", "Jackson Jaxon"),
        *("Okafor Oakfor", "Okafor Okfor", "Okafor Okkaaffor", "Brown Braun Browne", "Sara Sarah"),
        *("Müller Miller Mueler", "Wright Right", "Erik Erick Eric", "Горбачев Горбачёв Горбчев"),
    ],
)
def test_a_name_is_found_in_other_spellings(spellings: str) -> None:
    names = spellings.split()
    for name in names:
        terms = index_terms([f"Ivo {name}"])
        assert [typed for typed in names if not finds(typed, terms, similar=True)] == []
        assert not any(finds(typed, terms, similar=True) for typed in ("zzz", "Bob", "Walker"))


@pytest.mark.parametrize(
    ("name", "typed", "found"),
    [
        ("Mark", "Mary", False),
        ("Kurz", "Kurt", False),
        ("Miller", "Tilling", False),
        ("Dana Okafor", "Dana Okfaor", True),
        ("Dana Okafor", "Okafur Dana", True),
        ("Dana Okafor", "Bob Okafor", False),
        ("Robert Smyth", "Dr. Robert Smith Jr.", True),
        ("Robert Smith", "Robert J. Smith", True),
        ("Dr. No", "dr", True),
        ("山田太郎", "山田花子", False),
        ("24 Fitness", "25 Fitness", False),
    ],
)
def test_names_that_sound_different_stay_apart(name: str, typed: str, found: bool) -> None:
    assert finds(typed, index_terms([name]), similar=True) is found
    assert finds(name, index_terms([name]), similar=True)


def test_only_names_are_searched_by_sound() -> None:
    terms = index_terms(["Ann"], "meyer@x.example", "555 123 4567", ["Meyer called"])
    assert finds("meyer", terms)
    assert not finds("maier", terms, similar=True)


@given(st.permutations("bfgilmnprs"), st.integers(5, 10), st.data())
def test_one_slip_does_not_hide_a_name(
    letters: list[str], length: int, data: st.DataObject
) -> None:
    name = "".join(letters[:length])
    at = data.draw(st.integers(0, length - 2))
    before, after = name[:at], name[at + 1 :]
    for slip in ("", "o", "o" + name[at], after[0] + name[at]):
        typed = before + slip + (after[1:] if len(slip) == 2 and slip[0] == after[0] else after)
        assert finds(typed, index_terms([name]), similar=True), typed


@pytest.mark.parametrize(
    ("phone", "spellings"),
    [
        (
            "+1 (555) 123-4567",
            [
                *("+15551234567", "555-123-4567", "(555) 123 4567", "5551234567", "123-4567"),
                *("001 555 123 4567", "4567", "567", "555.123.4567", "1 555 123 4567"),
                "\u0664\u0665\u0666\u0667",
            ],
        ),
        (
            "+44 (0)20 7946 0958",
            ["020 7946 0958", "+442079460958", "0044 20 7946 0958", "+44 (0) 20 7946 0958", "0958"],
        ),
        ("020 7946 0958", ["+44 20 7946 0958", "+44 (0)20 79460958", "7946 0958", "02079460958"]),
        ("030/1234567", ["030 1234567", "030/1234567", "+49 30 1234567", "1234567"]),
        ("555-123-4567 or 555-987-6543", ["555 987 6543", "9876543", "4567", "6543"]),
        ("555-123-4567/555-987-6543", ["555-987-6543", "5551234567"]),
        ("555-123-4567 ext. 12", ["5551234567", "4567"]),
        ("1-800-FLOWERS", ["flowers", "1-800-flowers"]),
        (
            "\u0660\u0665\u0660 \u0661\u0662\u0663 \u0664\u0665\u0666\u0667",
            ["050 123 4567", "4567"],
        ),
    ],
)
def test_a_number_is_found_in_any_format_and_by_its_end(phone: str, spellings: list[str]) -> None:
    terms = index_terms([], "", phone)
    assert [typed for typed in spellings if not finds(typed, terms)] == []
    assert not any(finds(typed, terms) for typed in ("9999", "+1 555 999 0000", "321 7654"))


@pytest.mark.parametrize(
    "typed",
    [
        *("tents.example", "@tents.example", "mail.tents.example", "www.tents.example", "tents"),
        *("https://tents.example/about", "tents.exam", "Tents.Example", "ada@mail.tents.example"),
    ],
)
def test_an_address_is_found_by_its_domain(typed: str) -> None:
    assert finds(typed, index_terms(["Ada"], "ada@mail.tents.example"))
    assert not finds(typed, index_terms(["Ada"], "ada@tent.test"))


def test_terms_follow_a_contact(database: Database) -> None:
    token = submitted(database)
    lead_id = lead_of(database, token).id
    assert terms_of(database, lead_id) == set()
    for contact in (CONTACT, replace(CONTACT, name="Zoë Żak", email="zoe@zak.example")):
        write(database, submission.save_contact, token, contact)
        terms = index_terms([contact.name, contact.business], contact.email, contact.phone or "")
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
