"""The result, the contact form and the PDF: what is open, what is asked for first, what is kept."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import delete, update

from consult.delivery.mail.messages import render
from consult.owner.contact_pages import screen_contact
from consult.report.brief import brief_of
from consult.report.display import long_date
from consult.report.explanations import reasons_of
from consult.report.html_document import document_html
from consult.report.report import Report, from_json
from consult.settings.brand import Brand
from consult.storage import documents, jobs
from consult.storage.leads import submission
from consult.storage.leads.submission import NewContact
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import ContactRow, SubmissionRow
from tests.report.samples import finding_text, printed_text
from tests.support.apps import make_app, services_of
from tests.support.client import PageClient
from tests.support.firms import FIRMS
from tests.support.owner_journey import Journey
from tests.support.page import Page, classes_of, text_of
from tests.support.personas import (
    BATON_ON_THE_FLOOR,
    DISCIPLINED_SOLO,
    MOSTLY_UNKNOWN,
    TWO_SILOS,
    Persona,
)
from tests.support.results import submit_check
from tests.support.submissions import CONTACT, all_leads

ADA = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "business": "Lovelace & Daughters",
    "phone": "",
    "consent": "y",
}


def result_of(app: Flask, persona: Persona = BATON_ON_THE_FLOOR) -> Journey:
    journey = Journey(PageClient(app), persona.answers)
    journey.go(submit_check(app, persona))
    return journey


@pytest.fixture
def journey(app: Flask) -> Journey:
    return result_of(app)


def lead_of(app: Flask) -> SubmissionRow:
    (lead,) = all_leads(services_of(app).database)
    return lead


def leave_contact(
    journey: Journey, *, status: int = 303, after: Page | None = None, **changes: str
) -> Page:
    """Send the contact form, or correct what was sent `after` the page that thanked for it."""
    key = f"?key={after.location.rpartition('=')[2]}" if after else ""
    return journey.client.post(f"{journey.root}/contact{key}", {**ADA, **changes}, status=status)


OfFirms = dict[str, tuple[Page, SubmissionRow]]


@pytest.fixture(scope="module")
def of_firms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfFirms]:
    """The result page and the lead of each firm, which tests only read."""
    app = make_app(tmp_path_factory.mktemp("firms"))
    client, database = PageClient(app), services_of(app).database
    pages = [client.get(submit_check(app, firm, firm.depth)) for firm in FIRMS.values()]
    yield dict(zip(FIRMS, zip(pages, all_leads(database), strict=True), strict=True))
    database.close()


def make_pdf(app: Flask, content: bytes = b"%PDF-1.7 a report") -> None:
    """Put the PDF where the worker would put it."""
    lead = lead_of(app)
    with services_of(app).database.writing() as session:
        documents.put(session, lead.id, documents.REPORT, lead.report_revision, content)


# --- The result page ----------------------------------------------------------------------------


def test_the_result_shows_scores_fixes_reasons_and_the_consult(journey: Journey) -> None:
    text = journey.page.text
    report = lead_of(journey.client.app).report
    assert journey.page.h1 == report["finding"]
    assert f"Your quick check · {report['archetype']['name']}" in text
    for axis in ("separation", "handoff"):
        assert report[axis]["means"] in text
        assert f"{report[axis]['confirmed']} of 100" in text
    assert report["weakest"]["name"] in text
    for fix in report["plan"]:
        assert all(fix[field] in text for field in ("title", "start", "next", "aim", "proof"))
        assert fix["tool_text"] in unescape(journey.page.html), "as plain lines, to copy"
    assert all(reason in text for reason in report["plan"][0]["reasons"])
    assert report["consult"]["title"] in text
    lead = report["one_lead"]
    assert all(part in text for part in (lead["title"], lead["longest"], lead["beside"]))
    stops = [(stop["name"], *stop["answers"], stop["mark"]) for stop in lead["stops"]]
    assert all(part in text for stop in stops for part in stop)
    assert lead["waiting"] not in text or not lead["waiting"]
    assert f"“{report['own_words']}”" in text


def visible(element: Element) -> Iterator[str]:
    """What is read without opening anything, up to what explains the scores."""
    if element.tag in ("script", "style", "svg") or "unseen" in classes_of(element):
        return
    yield element.text or ""
    folded = element.tag == "details" and "open" not in element.attrib
    for child in element:
        if child.attrib.get("aria-labelledby") == "why":
            return
        if isinstance(child.tag, str) and (child.tag == "summary" or not folded):
            yield from visible(child)
        yield f" {child.tail or ''}"


@pytest.mark.parametrize("firm", FIRMS)
def test_a_result_is_read_in_700_words_with_each_step_from_aim_to_proof(
    of_firms: OfFirms, firm: str
) -> None:
    page, lead = of_firms[firm]
    (main,) = page.document.all("main")
    words = "".join(visible(main)).split()
    assert 300 < len(words) <= 700
    text = " ".join(words)
    for fix in from_json(lead.report).plan:
        assert all(said in text for said in (fix.takes, fix.next, fix.aim, fix.proof, fix.tool))


@pytest.mark.parametrize("firm", FIRMS)
def test_page_pdf_email_brief_and_consult_agree_on_what_is_first(
    of_firms: OfFirms, firm: str
) -> None:
    page, lead = of_firms[firm]
    report = from_json(lead.report)
    title = report.plan[0].title
    assert f"Do this first 1 {title}" in page.text
    submitted_on = lead.submitted_at.date()
    paper = printed_text(document_html(report, submitted_on))
    assert f"Do this first: {title}" in paper
    again = f"Check again on {long_date(report.check_again_on(submitted_on))}"
    assert again in page.text
    assert again in paper
    names = ("name", "link", "change", "book", "base_url", "check_again", "booked_for")
    empty = dict.fromkeys(names, "")
    email = render("mail/report.txt", report=report, brand=Brand(), wants_consult=False, **empty)
    assert f"DO THIS FIRST: {title}" in email
    brief = brief_of(report, reasons_of(lead.edition, lead.depth, lead.answers))
    assert f"Their first step: {title}" in [point.title for point in brief.facts]
    assert report.consult.about.endswith(f"start with your first step: {title}.")


@pytest.mark.parametrize("firm", FIRMS)
def test_charts_are_sorted_and_as_long_as_what_there_is_to_gain(
    of_firms: OfFirms, firm: str
) -> None:
    page, lead = of_firms[firm]
    separation, handoff = from_json(lead.report).axes
    points = [part for part in handoff.most_to_gain if part.critical]
    around = [part for part in handoff.most_to_gain if not part.critical]
    drawn = []
    for chart in page.document.all("table"):
        if "measures" in classes_of(chart):
            for row in page.document.all("tr", within=chart)[1:]:
                widths = [e.attrib["width"] for e in row.iter() if e.tag.endswith("}rect")]
                # One of them is the ground, which is as wide as all there is.
                width = sum(float(w[:-1]) for w in widths if w.endswith("%")) - 100
                drawn.append((text_of(row[0]), width))
    most = max(part.weight for part in (*separation.dimensions, *handoff.dimensions))
    tables = (separation.most_to_gain[:4], separation.most_to_gain[4:], points, around)
    in_order = [part for table in tables if table and table[0].lost for part in table]
    assert [name for name, _ in drawn] == [part.name for part in in_order]
    for part, (_, width) in zip(in_order, drawn, strict=True):
        assert abs(width - 100 * part.lost / most) < 0.2
    assert len(points) == 4
    assert f"Of the four handoff points, “{points[0].name}”" in page.text or not points[0].lost


@pytest.mark.parametrize("skipped", ["skip", None])
def test_nothing_is_printed_of_a_lead_that_was_skipped(app: Flask, skipped: str | None) -> None:
    persona = replace(
        BATON_ON_THE_FLOOR, given={**BATON_ON_THE_FLOOR.given, "lead_evidence": skipped}
    )
    journey = result_of(app, persona)
    title = finding_text("one_lead", "title")
    assert lead_of(app).report["one_lead"] is None
    assert title not in journey.page.text
    assert title not in document_html(from_json(lead_of(app).report), date(2026, 12, 1))


@pytest.mark.parametrize("persona", [DISCIPLINED_SOLO, MOSTLY_UNKNOWN, TWO_SILOS])
def test_the_consult_is_recommended_only_where_the_rules_say_so(
    app: Flask, persona: Persona
) -> None:
    journey = result_of(app, persona)
    lead = lead_of(app)
    assert lead.report["consult"]["title"] in journey.page.text
    if lead.consult == "not_now":
        assert finding_text("consult", "not_now", "title") in journey.page.text


def test_parts_without_a_point_to_gain_have_words_instead_of_empty_bars(app: Flask) -> None:
    page = result_of(app, DISCIPLINED_SOLO).page
    report = from_json(lead_of(app).report)
    assert "measures" not in set().union(*map(classes_of, page.document.all("table")))
    for part in (*report.separation.dimensions, *report.handoff.dimensions):
        assert f"{part.name}. {part.says}" in page.text


def test_the_result_can_be_read_again_by_anyone_but_opens_no_answers(journey: Journey) -> None:
    again = PageClient(journey.client.app).get(journey.page.path)
    assert again.h1 == journey.page.h1
    journey.client.get(f"/check/{journey.token}/who", status=404)


# --- The contact form ---------------------------------------------------------------------------


def contact_of(journey: Journey) -> ContactRow:
    contact = lead_of(journey.client.app).contact
    assert contact is not None
    return contact


def test_a_contact_is_kept_once_with_the_text_agreed_to_and_can_be_corrected(
    journey: Journey,
) -> None:
    form = journey.client.get(f"{journey.root}/contact")
    assert not form.form("/contact").fields["wants_consult"].values
    page = journey.client.follow(leave_contact(journey, wants_consult="y", phone="+1 555 0100"))
    assert "Thank you, Ada Lovelace." in page.text
    contact = contact_of(journey)
    assert contact.consent_text in form.text
    assert (contact.wants_consult, contact.phone) == (True, "+1 555 0100")

    revision = lead_of(journey.client.app).report_revision
    leave_contact(journey, wants_consult="y", phone="+1 555 0100")
    assert lead_of(journey.client.app).report_revision == revision
    filled = journey.client.get(page.link("correct your name")).form("/contact")
    assert filled.fields["email"].values == ["ada@example.com"]
    journey.client.submit(filled.fill(email="ada@lovelace.example", consent="y"))
    assert contact_of(journey).email == "ada@lovelace.example"
    journey.client.submit(filled.fill(email="eve@example.com"))  # its key was for the old address
    assert contact_of(journey).email == "ada@lovelace.example"


def test_the_link_to_a_result_shows_and_changes_no_contact(app: Flask) -> None:
    journey = result_of(app)
    thanked = leave_contact(journey, phone="+1 555 0100").location
    personal = [ADA["name"], ADA["email"], "Lovelace &amp; Daughters", "+1 555 0100"]
    pages = ["", "?thanks=1", "?thanks=x", "/contact", "/contact?key=1", "/consult", "/why"]
    with patch("itsdangerous.timed.time.time", return_value=time.time() + 16 * 60):
        late = [thanked.removeprefix(journey.root)]
        late.append(late[0].replace("?thanks=", "/contact?key="))
        for path in (*pages, *late):
            page = journey.client.get(journey.root + path)
            assert not [said for said in personal if said in page.html], path
    for path, said in zip(late, (ADA["name"], ADA["email"]), strict=True):
        assert said in journey.client.get(journey.root + path).html, "for a while it's shown"
    eve = {**ADA, "name": "Eve", "email": "eve@example.com"}
    journey.client.post(f"{journey.root}/contact", eve)
    journey.client.post(f"{journey.root}/contact?key=1", eve)
    contact = contact_of(journey)
    assert (contact.name, contact.email) == (ADA["name"], ADA["email"])


def test_of_two_contacts_that_come_at_once_the_first_is_kept(app: Flask) -> None:
    journey = result_of(app)

    def leave_one_in_the_meantime(*form: Any) -> Any:
        leave_contact_of(CONTACT, journey)
        return screen_contact(*form)

    with patch("consult.owner.contact_pages.screen_contact", leave_one_in_the_meantime):
        answer = journey.client.post(f"{journey.root}/contact", ADA)
    assert answer.location == f"{journey.root}/contact"
    assert contact_of(journey).name == CONTACT.name


def test_the_tap_for_the_consult_keeps_a_correction_that_comes_at_once(app: Flask) -> None:
    journey = result_of(app)
    leave_contact(journey)

    def correct_it_in_the_meantime() -> None:
        leave_contact_of(replace(CONTACT, wants_consult=False), journey)

    with patch("consult.owner.contact_pages.consume_contact", correct_it_in_the_meantime):
        journey.client.post(f"{journey.root}/consult")
    contact = contact_of(journey)
    assert (contact.name, contact.wants_consult) == (CONTACT.name, True)


def leave_contact_of(contact: NewContact, journey: Journey) -> None:
    """Save a contact past the pages, in a transaction of its own."""
    with services_of(journey.client.app).database.writing() as session:
        submission.save_contact(session, journey.root.rsplit("/", 1)[1], contact)


def test_the_consult_asks_for_a_name_and_an_address_and_later_for_one_tap(app: Flask) -> None:
    journey = result_of(app)
    page = journey.client.get(f"{journey.root}/consult")
    report = lead_of(app).report["consult"]
    for said in (report["about"], report["outcome"], report["is_not"], report["bring"][0]):
        assert said in page.text
    form = page.form("/consult").fill(
        name="Ada", email="ada@example.com", best_time=" after 3 ", consent="y"
    )
    thanks = journey.client.follow(journey.client.submit(form))
    assert "We’ll be in touch about your free consult" in thanks.text
    contact = contact_of(journey)
    assert (contact.business, contact.phone, contact.wants_consult) == ("Ada", None, True)
    assert contact.best_time == "after 3"


def test_who_has_left_a_contact_asks_for_the_consult_with_one_tap(journey: Journey) -> None:
    leave_contact(journey)
    form = journey.client.get(f"{journey.root}/consult").form("/consult")
    assert not form.fields
    assert "your free consult" in journey.client.follow(journey.client.submit(form)).text
    contact = contact_of(journey)
    assert (contact.email, contact.wants_consult) == (ADA["email"], True)


def test_a_shared_link_is_to_read_only(app: Flask) -> None:
    journey = result_of(app)
    leave_contact(journey, phone="+1 555 0100")
    page = journey.client.get(f"{journey.root}?thanks=1")
    link = next(text for text in page.with_class("own-link") if "/shared/" in text)
    private = journey.root.rpartition("/")[2]
    shared = urlsplit(link).path
    for path in (shared, f"{shared}/why"):
        seen = journey.client.get(path)
        assert lead_of(app).report["plan"][0]["title"] in seen.text
        assert not [
            said for said in (*ADA.values(), private) if len(said) > 1 and said in seen.html
        ]
        assert not [e for e in seen.document.elements if e.tag == "form"]
    for path in ("/contact", "/consult", "/report.pdf", "/what-if"):
        journey.client.get(shared + path, status=404)
        journey.client.get(shared.replace("/shared/", "/result/") + path, status=404)
    for sms_or_mail in ("sms:?&body=", "mailto:?subject="):
        ways = [e.attrib["href"] for e in page.document.all("a") if "href" in e.attrib]
        (private_way, shared_way) = [way for way in ways if way.startswith(sms_or_mail)]
        assert private in unquote(private_way)
        assert link in unquote(shared_way)
        assert private not in unquote(shared_way)
        assert lead_of(app).report["finding"] in unquote(shared_way)


REFUSED = [
    ("name", ""),
    ("name", "\u202e\x00 "),
    ("name", "x" * 201),
    ("name", "x" * 10_000),
    ("email", ""),
    ("email", "ada"),
    ("email", "ada@example"),
    ("email", "a@b.example\r\nBcc: all@c.example"),
    ("email", "x" * 250 + "@example.com"),
    ("phone", "5" * 41),
    *(("consent", no) for no in ("", "no", "false", "0")),
]


def test_a_contact_that_cannot_be_kept_says_what_to_mend(journey: Journey) -> None:
    for field, value in REFUSED:
        changed = {**ADA, field: value}
        page = journey.client.post(f"{journey.root}/contact", changed, status=422)
        assert list(page.errors) == [field]
        assert lead_of(journey.client.app).contact is None


def test_names_of_all_kinds_are_kept_and_shown_as_text(journey: Journey) -> None:
    odd = ("José Ñuñez 🏃‍♀️", "‏שלום", "<b>Ada</b>", "{{ 7 * 7 }}", "O’Neil & Sons", "=1+1")
    sent = None
    for name in odd:
        sent = leave_contact(journey, after=sent, name=name, business=name)
        page = journey.client.follow(sent)
        contact = contact_of(journey)
        assert contact is not None
        assert contact.name == name.replace("\u200f", "")
        assert f"Thank you, {contact.name}." in page.text


def test_contacts_are_limited_by_network(tmp_path: Path) -> None:
    journey = result_of(make_app(tmp_path / "var", limit_contacts="1 per hour"))
    leave_contact(journey)
    leave_contact(journey, status=429)


# --- The PDF ------------------------------------------------------------------------------------


def test_the_pdf_asks_who_it_is_for_waits_and_comes(journey: Journey) -> None:
    address = f"{journey.root}/report.pdf"
    asked = journey.client.get(address, status=303)
    assert asked.location == f"{journey.root}/contact"

    make_pdf(journey.client.app)  # one without the name, which is not shown
    leave_contact(journey)
    waiting = journey.client.get(address, status=202)
    assert waiting.headers["Refresh"] == "3"
    assert "on its way" in waiting.h1

    make_pdf(journey.client.app)
    pdf = journey.client.get(address)
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.headers["Content-Disposition"].startswith('inline; filename="relay-check-20')
    assert pdf.body == b"%PDF-1.7 a report"
    for path in (journey.root, address, "/"):
        assert journey.client.send("HEAD", path, status=200).body == b""


def test_a_pdf_that_is_kept_no_longer_is_made_again_and_a_failed_one_is_not_promised(
    journey: Journey,
) -> None:
    leave_contact(journey)
    database = services_of(journey.client.app).database
    with database.writing() as session:
        session.execute(delete(JobRow))
    address = f"{journey.root}/report.pdf"
    for _ in range(2):  # requested once, however often the page is opened
        assert "on its way" in journey.client.get(address, status=202).h1
    with database.writing() as session:
        assert len(jobs.pdf_jobs(session, 1)) == 2  # the report, and the brief for staff
        failed = {"state": "failed", "lease_token": None, "finished_at": session.now()}
        session.execute(update(JobRow).values(failed))
    page = journey.client.get(address, status=503)
    assert "couldn’t make" in page.h1
    assert "Refresh" not in page.headers


# --- Before what the contact is asked for -------------------------------------------------------


def test_with_nothing_gated_the_pdf_is_open(tmp_path: Path) -> None:
    open_app = make_app(tmp_path / "open", contact_before="nothing")
    journey = result_of(open_app)
    make_pdf(open_app)
    journey.client.get(f"{journey.root}/report.pdf")


def test_with_the_result_gated_the_contact_comes_first(tmp_path: Path) -> None:
    journey = result_of(make_app(tmp_path / "gated", contact_before="result"))
    assert journey.page.path.endswith("/contact")
    assert "Back to your result" not in journey.page.links
    journey.client.get(f"{journey.root}/report.pdf", status=303)
    page = journey.client.follow(leave_contact(journey))
    assert page.path == journey.root
    assert "Baton on the Floor" in page.text


@pytest.mark.parametrize("persona", [BATON_ON_THE_FLOOR, DISCIPLINED_SOLO, MOSTLY_UNKNOWN])
def test_the_pdf_tells_what_the_page_tells_and_more(app: Flask, persona: Persona) -> None:
    client = PageClient(app)
    path = submit_check(app, persona, "full")
    report = from_json(lead_of(app).report)
    page = client.get(path).text + client.get(f"{path}/why").text
    printed = printed_text(document_html(report, date(2026, 11, 23)))
    assert [said for said in _told(report) if said not in printed] == []
    rest = [said.question for said in report.answers] + [card.text for card in report.cards]
    rest += [line.question for axis in report.axes for d in axis.dimensions for line in d.lines]
    rest += [fix.tool for fix in report.plan]
    # A blank is underscores on the page and a line to write on in print, columns are a table there.
    tools = [line for fix in report.plan for line in fix.tool_text.splitlines()]
    rest += [cell for line in tools for cell in line.split(" | ") if "__" not in cell]
    assert [said for said in rest if said not in page or said not in printed] == []


def _told(report: Report) -> Iterator[str]:
    """What the report has to tell beside answers and tools."""
    yield report.finding
    yield report.archetype.says
    yield from (str(axis.means) for axis in report.axes)
    for axis in report.axes:
        if axis.id == "separation":
            yield axis.matters
    for fix in report.plan:
        yield fix.title
        yield fix.proof
    assert report.agreement
    yield report.agreement.title
    yield from (line.title for line in report.agreement.lines)
    yield from (found.text for found in (*report.contradictions[:3], *report.flags))
    yield from [report.money.result, report.money.steps[0]] if report.money else []
    yield report.consult.about or report.consult.text
    yield report.consult.helps
    yield from (point.text for point in report.consult.agenda)
    yield from report.consult.bring if report.consult.agenda else report.consult.watch


@pytest.mark.parametrize("shared", [True, False])
def test_a_link_in_a_chat_shows_a_picture_and_nothing_of_the_result(
    journey: Journey, shared: bool
) -> None:
    leave_contact(journey)
    page = journey.go(journey.page.path.partition("?")[0])
    if shared:
        link = next(text for text in page.with_class("own-link") if "/shared/" in text)
        page = journey.client.get(urlsplit(link).path)
    html = page.html
    shown = re.findall(r'<meta property="og:\w+(?::\w+)?" content="([^"]*)"', html)
    assert len(shown) == 7
    assert any(url.endswith(".png") or ".png?" in url for url in shown)
    report = lead_of(journey.client.app).report
    secrets = [
        report["archetype"]["name"],
        report["finding"],
        report["own_words"],
        *ADA.values(),
        journey.root.rpartition("/")[2],
    ]
    assert not [said for said in secrets for text in shown if len(said) > 1 and said in text]
