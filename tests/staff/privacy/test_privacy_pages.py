"""A person's data: found, taken along, deleted or made anonymous at a press, without a trace."""

import json
from pathlib import Path

import pymupdf
import pytest
from flask import Flask

from consult.delivery.erase_leads import delete_old_pdfs, erase_old_leads
from consult.delivery.mail.transport import FileTransport
from consult.storage import deliveries, documents
from consult.storage.leads import actions, notes
from consult.storage.leads.submission import NewContact
from tests.support.apps import deliver, services_of
from tests.support.client import PageClient
from tests.support.page import Page
from tests.support.staff_client import age_authentication, make_lead, make_user, post, signed_in

MARKERS = ("Quillfeather", "quill.feather", "Marzipan", "0155-8801", "zanzibar-link", "plumduff")
PERSON = NewContact(
    name="Quillfeather",
    email="quill.feather@example.com",
    business="Marzipan",
    phone="0155-8801",
    wants_consult=True,
    consent_text="Yes.",
)
OTHER = NewContact("Somebody Else", "else@example.com", "Bystander Inc", None, False, "Yes.")
SOURCE = {"utm_source": "radio", "utm_content": "zanzibar-link"}


def whole_lead(app: Flask, contact: NewContact = PERSON) -> int:
    """A lead with notes, a timeline, PDFs and mails in the folder."""
    made = services_of(app)
    is_person = contact is PERSON
    words = "plumduff" if is_person else "others"
    lead_id = make_lead(app, contact=contact, source=SOURCE if is_person else {"ref": "others"})
    with made.database.writing() as session:
        actions.claim(session, lead_id, by=1)
        actions.log_contact(session, lead_id, by=1, channel="phone", reached=True, comment=words)
        notes.add(session, lead_id, words, by=1)
        deliveries.enqueue_report_email(
            session, lead_id, contact.email, "https://check.example/result/x"
        )
    return lead_id


def places(app: Flask) -> dict[str, bytes]:
    """Every file that the application keeps, the database and its log among them."""
    var: Path = services_of(app).settings.var_dir
    return {
        str(file.relative_to(var)): file.read_bytes() for file in var.rglob("*") if file.is_file()
    }


def found_in(app: Flask) -> set[tuple[str, str]]:
    """Which markers stand in which file."""
    return {
        (name, marker)
        for name, content in places(app).items()
        for marker in MARKERS
        if marker.encode() in content or marker.encode("utf-16-le") in content
    }


def erase(admin: PageClient, lead_id: int, how: str, **fields: str) -> Page:
    form = admin.get(f"/staff/leads/{lead_id}/{how}").form(f"/{how}")
    return admin.follow(admin.submit(form.fill(reason="requested", **fields)))


@pytest.mark.parametrize("how", ["delete", "anonymise"])
def test_nothing_of_a_person_is_left_in_any_file(app: Flask, admin: PageClient, how: str) -> None:
    bystander = whole_lead(app, OTHER)
    lead_id = whole_lead(app)
    deliver(app)
    services_of(app).database.forget_deleted()
    assert {marker for _, marker in found_in(app)} == set(MARKERS)
    mails_before = [name for name in places(app) if name.endswith(".eml")]
    receipt = erase(admin, lead_id, how)
    assert found_in(app) == set()
    deliver(app)
    assert found_in(app) == set()
    mails_after = [name for name in places(app) if name.endswith(".eml")]
    assert 0 < len(mails_after) < len(mails_before)
    assert "They asked for it" in receipt.text
    admin.get(f"/staff/leads/{lead_id}", status=404 if how == "delete" else 200)
    assert "Bystander" in admin.get(f"/staff/leads/{bystander}").text
    if how == "anonymise":
        page = admin.get(f"/staff/leads/{lead_id}")
        assert "Anonymized" in page.text
        assert ": failed" not in page.text


def test_nothing_of_a_person_is_left_when_its_time_is_over(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    deliver(app)
    made = services_of(app)
    made.database.forget_deleted()
    assert {marker for _, marker in found_in(app)} == set(MARKERS)
    folder = FileTransport(made.settings.mail_dir)
    assert erase_old_leads(made.database, folder, 0, "delete") == 1
    assert found_in(app) == set()
    receipt = admin.get(f"/staff/receipts?lead={lead_id}").text
    assert "The application, when the retention period ended" in receipt
    assert "Deleted a lead" in admin.get(f"/staff/settings/audit-log?lead={lead_id}").text


def test_a_pdf_is_kept_no_longer_than_its_days_and_made_anew_when_asked_for(
    app: Flask, admin: PageClient
) -> None:
    lead_id, made = whole_lead(app), services_of(app)
    deliver(app)
    with made.database.reading() as session:
        pdf = documents.get(session, lead_id, documents.REPORT)
    assert pdf is not None
    # The middle of it, in pieces that lie within one page of the database.
    pieces = [pdf.content[start : start + 40] for start in range(5_000, 6_000, 250)]
    file = made.settings.var_dir / "consult.db"
    made.database.forget_deleted()
    assert any(piece in file.read_bytes() for piece in pieces)
    delete_old_pdfs(made.database, 0)
    made.database.forget_deleted()
    assert not any(piece in file.read_bytes() for piece in pieces)
    page = admin.get(f"/staff/leads/{lead_id}")
    assert "created again on request" in page.text
    admin.submit(page.form("/try-again"))
    deliver(app)
    assert admin.get(f"/staff/leads/{lead_id}/report.pdf").body.startswith(b"%PDF")


def test_a_person_is_found_by_address_and_goes_with_all_their_leads(
    app: Flask, admin: PageClient
) -> None:
    first, last = whole_lead(app), whole_lead(app)
    other = whole_lead(app, OTHER)
    page = post(admin, "/staff/person", "/person", address="QUILL.feather@example.com")
    assert page.location == f"/staff/leads/{last}/data?scope=person"
    page = admin.follow(page)
    assert "left this address with 2 responses" in page.text
    # Who asks for a person means all of theirs, also after a form that was not complete.
    page = admin.submit(admin.get(page.link("Delete it")).form("/delete"), status=422)
    receipts = admin.follow(admin.submit(page.form("/delete").fill(reason="requested")))
    assert (f"Lead {first}" in receipts.text, f"Lead {last}" in receipts.text) == (True, True)
    for lead_id in (first, last):
        admin.get(f"/staff/leads/{lead_id}", status=404)
    admin.get(f"/staff/leads/{other}")
    refused = post(admin, "/staff/person", "/person", address=PERSON.email, status=422)
    assert "No lead has this address" in refused.text


def test_one_lead_of_a_person_goes_alone(app: Flask, admin: PageClient) -> None:
    first, last = whole_lead(app), whole_lead(app)
    erase(admin, first, "delete")
    admin.get(f"/staff/leads/{first}", status=404)
    assert "left this address with 1 response" in admin.get(f"/staff/leads/{last}/data").text


def test_nothing_goes_without_a_reason(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    page = post(admin, f"/staff/leads/{lead_id}/delete", "/delete", status=422)
    assert "Choose a reason" in page.text
    admin.get(f"/staff/leads/{lead_id}")


def test_it_wants_a_fresh_proof(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    form = admin.get(f"/staff/leads/{lead_id}/delete").form("/delete")
    age_authentication(app)
    admin.submit(form.fill(reason="requested"), status=403)
    for path in ("data", "record.json", "delete", "anonymise"):
        page = admin.get(f"/staff/leads/{lead_id}/{path}", status=303)
        assert page.location.startswith("/staff/confirm")


def test_the_record_holds_everything_that_is_held(app: Flask, admin: PageClient) -> None:
    lead_ids = [whole_lead(app), whole_lead(app)]
    whole_lead(app, OTHER)
    deliver(app)
    page = admin.get(f"/staff/leads/{lead_ids[0]}/record.json")
    assert page.headers["Content-Disposition"] == (
        f'attachment; filename="record-{lead_ids[0]}.json"'
    )
    record = json.loads(page.body)
    assert record["schema"] == "relay-check/data-export/1"
    assert [lead["lead"] for lead in record["leads"]] == lead_ids
    first = record["leads"][0]
    assert first["contacts"][0]["consent_text"] == "Yes."
    assert first["contacts"][0]["consented_at"]
    assert first["draft"]["source"] == SOURCE
    assert first["notes"][0]["text"] == "plumduff"
    assert first["submission"]["scorecard"]["separation"]
    assert any(sent["body"] for sent in first["deliveries"])
    said = {answer["id"]: answer for answer in first["answers"]}
    assert said["first_reply"]["question"].startswith("A new lead gets in touch")
    assert isinstance(said["first_reply"]["answer"], str)
    assert isinstance(said["symptoms"]["answer"], list)
    assert "Bystander" not in page.body.decode()
    for secret in ("token_hash", "/result/", "%PDF"):
        assert secret not in page.body.decode()


def test_a_holder_sees_the_data_of_their_own_lead_only(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    whole_lead(app)  # of the same person, and held by somebody else
    make_user(app)
    colleague = signed_in(app)
    assert "/data" not in colleague.get(f"/staff/leads/{lead_id}").text
    colleague.get(f"/staff/leads/{lead_id}/data", status=403)
    with services_of(app).database.writing() as session:
        actions.claim(session, lead_id, by=2)
    page = colleague.get(f"/staff/leads/{lead_id}/data")
    assert "Admins can delete or" in page.text
    path = f"/staff/leads/{lead_id}/record.json"
    held = [len(json.loads(who.get(path).body)["leads"]) for who in (colleague, admin)]
    assert held == [1, 2]
    colleague.get(f"/staff/leads/{lead_id}/delete", status=403)


def test_the_record_comes_as_a_tagged_pdf(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    whole_lead(app)
    page = post(admin, f"/staff/leads/{lead_id}/data", "/record.pdf", status=200)
    assert page.headers["Content-Disposition"] == f'attachment; filename="record-{lead_id}.pdf"'
    content = page.body
    with pymupdf.open(stream=content) as pdf:
        text = " ".join(" ".join(sheet.get_text() for sheet in pdf).split())
        assert pdf.xref_get_key(pdf.pdf_catalog(), "MarkInfo")[0] == "dict"
        assert pdf.metadata is not None
        assert pdf.metadata["title"] == "Record: Quillfeather"
    for told in ("Quillfeather", "0155-8801", "plumduff", "A new lead gets in touch", "Response 2"):
        assert told in text
