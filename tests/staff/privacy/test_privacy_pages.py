"""A person's data: found, exported, deleted or anonymized, with nothing left in any file."""

import json
from dataclasses import replace
from functools import partial

import pymupdf
import pytest
from flask import Flask

from consult.delivery.mail.transport import FileTransport
from consult.delivery.privacy.erase_leads import delete_in_batches, erase_old_leads
from consult.staff.privacy import privacy_pages
from consult.storage import deliveries, documents
from consult.storage.leads import actions, handovers, notes
from consult.storage.leads.submission import NewContact
from consult.storage.privacy import retention
from tests.support.apps import SharedRenderer, deliver, files_of, real_renderer, services_of
from tests.support.client import PageClient
from tests.support.databases import read, write
from tests.support.owner_journey import Journey
from tests.support.page import Page
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.staff_client import joined, make_lead, post
from tests.support.submissions import all_leads

MARKERS = (
    *("Quillfeather", "quill.feather", "Marzipan", "0155-8801", "zanzibar-link", "plumduff"),
    "own-heliotrope",
)
WROTE = "=1+1 <b>own-heliotrope</b>"
PERSON = NewContact(
    name="Quillfeather",
    email="quill.feather@example.com",
    business="Marzipan",
    phone="0155-8801",
    wants_consult=True,
    consent_text="Yes.",
)
OTHER = NewContact("Someone Else", "else@example.com", "Bystander Inc", None, False, "Yes.")
SOURCE = {"utm_source": "radio", "utm_content": "zanzibar-link"}


def whole_lead(app: Flask, contact: NewContact = PERSON) -> int:
    """A lead with notes, a timeline, PDFs and mails in the folder."""
    made = services_of(app)
    is_person = contact is PERSON
    text = "plumduff" if is_person else "others"
    wrote = WROTE if is_person else "Others wrote"
    persona = replace(BATON_ON_THE_FLOOR, given={**BATON_ON_THE_FLOOR.given, "own_words": wrote})
    source = SOURCE if is_person else {"ref": "others"}
    lead_id = make_lead(app, persona, contact=contact, source=source)
    with made.database.writing() as session:
        handovers.claim(session, lead_id, by=1)
        actions.log_contact(session, lead_id, by=1, channel="phone", reached=True, comment=text)
        notes.add(session, lead_id, text, by=1)
        deliveries.email_owner(
            session, deliveries.REPORT, lead_id, contact.email, "https://check.example/result/x"
        )
    return lead_id


def found_in(app: Flask) -> set[tuple[str, str]]:
    """Which markers are in which file."""
    return {
        (name, marker)
        for name, content in files_of(app).items()
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
    mails_before = [name for name in files_of(app) if name.endswith(".eml")]
    log = erase(admin, lead_id, how)
    assert found_in(app) == set()
    deliver(app)
    assert found_in(app) == set()
    mails_after = [name for name in files_of(app) if name.endswith(".eml")]
    assert 0 < len(mails_after) < len(mails_before)
    assert "They asked for it" in log.text
    admin.get(f"/staff/leads/{lead_id}", status=404 if how == "delete" else 200)
    assert "Bystander" in admin.get(f"/staff/leads/{bystander}").text
    if how == "anonymise":
        page = admin.get(f"/staff/leads/{lead_id}")
        assert "Anonymized" in page.text
        exported = admin.get("/staff/export.csv").body.decode()
        assert ("own-heliotrope" in exported, "Others wrote" in exported) == (False, True)
        assert (
            "own-heliotrope" not in admin.get(f"/staff/leads/{lead_id}/record.json").body.decode()
        )
        assert ": failed" not in page.text


HOSTILE = '=1+1 "><script>alert(1)</script>{{ 7 * 7 }}\r\n\u202e<b>late\u2066 🌴 '
HOSTILE += "w" * (300 - len(HOSTILE))


def test_a_hostile_sentence_is_text_wherever_it_is_shown(app: Flask, admin: PageClient) -> None:
    journey = Journey(PageClient(app), {**BATON_ON_THE_FLOOR.answers, "own_words": HOSTILE})
    journey.start()
    pages = [journey.to_review(), journey.submit()]
    deliver(app, real_renderer().render)
    (lead,) = all_leads(services_of(app).database)
    pages += [admin.get(path) for path in (f"/staff/leads/{lead.id}", f"{journey.root}/why")]
    for page in pages:
        assert ("<script>alert" in page.html, "<b>late" in page.html) == (False, False)
    for page in pages[:3]:
        assert "script>alert(1)</script>{{ 7 * 7 }} <b>late" in page.text
    for kind in (documents.REPORT, documents.BRIEF):
        with services_of(app).database.reading() as session:
            document = documents.get(session, lead.id, kind)
        assert document is not None
        with pymupdf.open(stream=document.content) as pdf:
            text = " ".join("".join(sheet.get_text() for sheet in pdf).split())
        assert '“=1+1 "><script>alert(1)</script>{{ 7 * 7 }} <b>late' in text
    exported = admin.get("/staff/export.csv").body.decode()
    assert '"\'=1+1 ""><script>alert(1)</script>' in exported
    record = json.loads(admin.get(f"/staff/leads/{lead.id}/record.json").body)["leads"][0]
    answers = {answer["id"]: answer["answer"] for answer in record["answers"]}
    assert answers["own_words"] == lead.answers["own_words"]
    assert not {"\u202e", "\u2066", "\r"} & set(answers["own_words"])


def test_nothing_is_left_when_the_retention_period_ends(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    deliver(app)
    made = services_of(app)
    made.database.forget_deleted()
    assert {marker for _, marker in found_in(app)} == set(MARKERS)
    folder = FileTransport(made.settings.mail_dir)
    assert erase_old_leads(made.database, folder, 0, "delete") == 1
    assert found_in(app) == set()
    log = admin.get(f"/staff/receipts?lead={lead_id}").text
    assert "The application, when the retention period ended" in log
    assert "Deleted a lead" in admin.get(f"/staff/settings/audit-log?lead={lead_id}").text


def test_an_expired_pdf_is_created_again_on_request(app: Flask, admin: PageClient) -> None:
    lead_id, made = whole_lead(app), services_of(app)
    deliver(app)
    pdf = read(made.database, documents.get, lead_id, documents.REPORT)
    assert pdf is not None
    # The middle of it, in pieces that are within one page of the database.
    pieces = [pdf.content[start : start + 40] for start in range(5_000, 6_000, 250)]
    file = made.settings.var_dir / "consult.db"
    made.database.forget_deleted()
    assert any(piece in file.read_bytes() for piece in pieces)
    delete_in_batches(made.database, partial(retention.delete_pdfs, pdf_days=0))
    made.database.forget_deleted()
    assert not any(piece in file.read_bytes() for piece in pieces)
    page = admin.get(f"/staff/leads/{lead_id}")
    assert "created again on request" in page.text
    admin.submit(page.form("/try-again"))
    deliver(app)
    assert admin.get(f"/staff/leads/{lead_id}/report.pdf").body.startswith(b"%PDF")


def test_a_lead_is_deleted_alone_or_with_its_person(app: Flask, admin: PageClient) -> None:
    first, last, alone = whole_lead(app), whole_lead(app), whole_lead(app)
    other = whole_lead(app, OTHER)
    erase(admin, alone, "delete")
    page = post(admin, "/staff/person", "/person", address="QUILL.feather@example.com")
    assert page.location == f"/staff/leads/{last}/data?scope=person"
    page = admin.follow(page)
    assert "left this address with 2 checks" in page.text
    # All leads of the person stay chosen, also after a form without a reason.
    page = admin.submit(admin.get(page.link("Delete it")).form("/delete"), status=422)
    assert "Choose a reason" in page.text
    log = admin.follow(admin.submit(page.form("/delete").fill(reason="requested")))
    assert (f"Lead {first}" in log.text, f"Lead {last}" in log.text) == (True, True)
    for lead_id in (first, last, alone):
        admin.get(f"/staff/leads/{lead_id}", status=404)
    admin.get(f"/staff/leads/{other}")
    refused = post(admin, "/staff/person", "/person", address=PERSON.email, status=422)
    assert "No lead has this address" in refused.text


def test_the_export_contains_everything_that_is_stored(app: Flask, admin: PageClient) -> None:
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
    answers = {answer["id"]: answer for answer in first["answers"]}
    assert answers["first_reply"]["question"].startswith("A new lead gets in touch")
    assert isinstance(answers["first_reply"]["answer"], str)
    assert isinstance(answers["symptoms"]["answer"], list)
    assert answers["own_words"]["answer"] == WROTE
    assert "Bystander" not in page.body.decode()
    for secret in ("token_hash", "/result/", "%PDF"):
        assert secret not in page.body.decode()


def test_staff_see_the_data_of_their_own_leads_only(app: Flask, admin: PageClient) -> None:
    lead_id = whole_lead(app)
    whole_lead(app)  # of the same person, and assigned to no one
    colleague = joined(app)
    assert "/data" not in colleague.get(f"/staff/leads/{lead_id}").text
    colleague.get(f"/staff/leads/{lead_id}/data", status=403)
    write(services_of(app).database, handovers.claim, lead_id, by=2)
    page = colleague.get(f"/staff/leads/{lead_id}/data")
    assert "Admins can delete or" in page.text
    path = f"/staff/leads/{lead_id}/record.json"
    exported = [len(json.loads(who.get(path).body)["leads"]) for who in (colleague, admin)]
    assert exported == [1, 2]
    colleague.get(f"/staff/leads/{lead_id}/delete", status=403)


def test_the_export_comes_as_a_tagged_pdf(
    app: Flask, admin: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy_pages, "Renderer", SharedRenderer)
    lead_id = whole_lead(app)
    whole_lead(app)
    page = post(admin, f"/staff/leads/{lead_id}/data", "/record.pdf", status=200)
    assert page.headers["Content-Disposition"] == f'attachment; filename="record-{lead_id}.pdf"'
    assert SharedRenderer.open == 0
    with pymupdf.open(stream=page.body) as pdf:
        text = " ".join(" ".join(sheet.get_text() for sheet in pdf).split())
        assert pdf.xref_get_key(pdf.pdf_catalog(), "MarkInfo")[0] == "dict"
        assert pdf.metadata is not None
        assert pdf.metadata["title"] == "Record: Quillfeather"
    for part in ("Quillfeather", "0155-8801", "plumduff", "A new lead gets in touch", "Response 2"):
        assert part in text
