"""Notes on a lead: by whom, edited, resolved, and kept once."""

from consult.storage.db.database import Database
from consult.storage.leads.notes import notes_of
from tests.support.client import PageClient
from tests.support.databases import Clock, read
from tests.support.lead_forms import one_each, send
from tests.support.page import Form, Page, text_of

HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


def edit_form(page: Page) -> Form:
    """The form in which the first note is edited."""
    (form,) = [form for form in page.forms if form.action.endswith("/notes/1")]
    return form


def test_the_last_two_things_that_were_written_are_on_the_first_screen(
    grace: PageClient, clock: Clock, lead: int
) -> None:
    def last_words() -> list[str]:
        (term,) = [one for one in page.document.all("dt") if text_of(one) == "Last notes"]
        row = next(page.document.ancestors(term))
        return [text_of(said) for said in page.document.all("q", within=row)]

    send(grace, lead, "notes", text="One")
    clock.go_on(minutes=1)
    form = grace.get(f"/staff/leads/{lead}").form("/contact")
    fields = {**one_each(form.data), "reached": "yes", "comment": "Two"}
    grace.post(form.action, fields)
    clock.go_on(minutes=1)
    page = send(grace, lead, "notes", text=f"Three {HOSTILE * 9}")
    assert [text.split()[0] for text in last_words()] == ["Three", "Two"]
    page = grace.follow(grace.submit(page.form("/resolve")))
    assert last_words() == ["Two", "One"]


def test_only_authors_edit_their_notes(grace: PageClient, ben: PageClient, lead: int) -> None:
    path = f"/staff/leads/{lead}"
    page = send(grace, lead, "notes", text=f"Line one\r\nLine two {HOSTILE}")
    assert HOSTILE in page.text
    assert "Grace Hopper" in page.text
    edit = edit_form(page)
    page = grace.follow(grace.submit(edit.fill(text="Prefers mail")))
    assert "Prefers mail" in page.text
    assert "edited" in page.text
    others = ben.get(path)
    assert not [form for form in others.forms if form.action.endswith("/notes/1")]
    fields = one_each(others.form("/notes").data)
    ben.post(edit.action, fields | {"text": "Mine", "seen": ""}, status=404)
    assert "Resolved by" in ben.follow(ben.submit(others.form("/resolve"))).text
    page = grace.follow(grace.submit(grace.get(path).form("/reopen")))
    assert "Resolved by" not in page.text


def test_a_note_edited_in_another_window_is_kept(grace: PageClient, lead: int) -> None:
    path = f"/staff/leads/{lead}"
    send(grace, lead, "notes", text="Likes mail")
    here, there = (edit_form(grace.get(path)) for _ in range(2))
    grace.submit(there.fill(text="Likes mail, not before ten"))
    grace.submit(there)  # a double click is no conflict
    page = grace.submit(here.fill(text=f"Likes the phone {HOSTILE}"), status=409)
    assert "You changed this note in another window" in page.text
    assert "The note now reads: Likes mail, not before ten" in page.text
    again = edit_form(page)
    assert again.data["text"] == [f"Likes the phone {HOSTILE}"]
    page = grace.follow(grace.submit(again))
    assert "not before ten" not in page.text
    assert "Likes the phone" in page.text
    grace.post(again.action, one_each(again.data) | {"seen": "yesterday"}, status=400)


def test_the_same_note_twice_is_kept_once(
    grace: PageClient, database: Database, clock: Clock, lead: int
) -> None:
    form = grace.get(f"/staff/leads/{lead}").form("/notes").fill(text="Prefers mail")
    for _ in range(2):
        assert "Note saved." in grace.follow(grace.submit(form)).text
    page = send(grace, lead, "notes", text="Has two vans")
    page = send(grace, page, "notes", text="Prefers mail")
    clock.go_on(minutes=10)
    send(grace, page, "notes", text="Prefers mail")
    texts = [note.text for note in read(database, notes_of, lead)]
    assert texts == ["Prefers mail", "Prefers mail", "Has two vans", "Prefers mail"]
