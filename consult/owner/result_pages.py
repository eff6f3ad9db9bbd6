"""The result of a check: the page, the contact form and the PDF."""

from __future__ import annotations

import json

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.owner.contact_form import TRAP, ContactForm
from consult.owner.full_depth import deeper_than
from consult.owner.owner_presenter import bands_of, bars_of
from consult.owner.report_mail_rules import is_on_its_way, mail_link
from consult.owner.result_access import lead_behind, must_ask_first, open_result, to_contact
from consult.questionnaire.editions import load
from consult.report.report import from_json
from consult.storage.leads import documents, leads, submission
from consult.storage.leads.leads import Lead
from consult.storage.notifications.deliveries import pdf_states
from consult.web.limits import network_of
from consult.web.services import services

SECONDS_TO_WAIT = 3

result_pages = Blueprint("results", __name__, url_prefix="/result/<token>")


@result_pages.get("")
def result(token: str) -> ResponseReturnValue:
    """Show the result, frozen as it was on the day the answers were handed in."""
    lead = open_result(token)
    report = from_json(json.dumps(lead.report))
    return render_template(
        "owner/result.html",
        token=token,
        report=report,
        bands=bands_of(lead.edition),
        bars=bars_of(report),
        said=load(lead.edition).words.findings["report"],
        base_url=services().settings.base_url,
        deeper=deeper_than(lead),
        contact=lead.contact,
        thanks="thanks" in request.args,
        mailed="thanks" in request.args and is_on_its_way(lead),
    )


@result_pages.get("/report.pdf")
def pdf(token: str) -> ResponseReturnValue:
    """Show the PDF; while it is being made, a page that looks again by itself.

    Once it was given up, which staff can see and mend, the page says so.
    """
    with services().database.reading() as session:
        ready = documents.ready_behind(session, token, documents.REPORT)
    if ready is None:
        return _no_pdf_yet(token)
    if must_ask_first(ready.has_contact, "pdf", "result"):
        return to_contact(token)
    response = make_response(ready.content)
    response.mimetype = "application/pdf"
    name = f"relay-check-{ready.submitted_at:%Y-%m-%d}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _no_pdf_yet(token: str) -> ResponseReturnValue:
    lead = lead_behind(token)
    if must_ask_first(lead.contact is not None, "pdf", "result"):
        return to_contact(token)
    with services().database.reading() as session:
        state = pdf_states(session, [lead.id]).get(lead.id)
    if state == "asleep":  # kept no longer, or never asked for: so it is asked for now
        with services().database.writing() as session:
            leads.ask_for_documents(session, lead.id)
    failed = state == "failed"
    page = render_template("owner/waiting.html", token=token, failed=failed)
    response = make_response(page, 503 if failed else 202)
    if not failed:
        # Ready in this very moment as well: the page looks again, and finds it.
        response.headers["Refresh"] = str(SECONDS_TO_WAIT)
    return response


@result_pages.get("/contact")
def contact(token: str) -> str:
    """Ask who the owner is."""
    lead = lead_behind(token)
    form = ContactForm(obj=lead.contact, wants_consult="consult" in request.args)
    return _contact_page(token, form, lead)


@result_pages.post("/contact")
def save_contact(token: str) -> ResponseReturnValue:
    """Keep who the owner is, with the words they agreed to, and mail them the report."""
    made = services()
    made.limits.spend("contacts", made.settings.limit_contacts, network_of(request.remote_addr))
    lead = lead_behind(token)
    form = ContactForm(request.form)
    if not form.validate():
        return _contact_page(token, form, lead), 422
    if not request.form.get(TRAP):  # a robot gets the same answer, and nothing is kept
        contact = form.contact(_consent())
        link = mail_link(lead, contact.email, token)
        with made.database.writing() as session:
            submission.save_contact(session, token, contact, link, made.settings.office)
    return redirect(url_for(".result", token=token, thanks=1), 303)


def _contact_page(token: str, form: ContactForm, lead: Lead) -> str:
    return render_template(
        "owner/contact.html",
        token=token,
        form=form,
        problems=[(field.name, field.errors[0]) for field in form if field.errors],
        trap=TRAP,
        consent=_consent(),
        recommended=lead.consult,
        result_open=not must_ask_first(lead.contact is not None, "result"),
        by_mail=services().settings.smtp_url is not None,
    )


def _consent() -> str:
    """Return the words beside the box: what is shown is what is kept."""
    days = services().settings.retention_days_leads
    return render_template("owner/consent.txt", months=round(days / 30.4)).strip()
