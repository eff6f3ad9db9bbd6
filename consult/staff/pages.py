"""The staff pages. They get here through the door in `access`, so somebody is signed in."""

from io import BytesIO

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_security import logout_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from consult.delivery import outbox
from consult.staff import access, views
from consult.staff.access import SIGN_IN, member
from consult.staff.forms import (
    ChangePasswordForm,
    InvitationForm,
    first_errors,
    forgive_tries,
    spend_try,
)
from consult.storage import documents, leads, mails, staff, staff_sessions
from consult.storage.database import Session
from consult.storage.deliveries import deliveries, pdf_states
from consult.web.services import services

PAGE_SIZE = 50
ID = "int(max=2147483647)"  # what a database can count to; a longer number is no lead's

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


_PAPERS = (
    (documents.BRIEF, "Call brief", ".brief_pdf"),
    (documents.REPORT, "Their report", ".report_pdf"),
)


@blueprint.get("/")
def lead_list() -> ResponseReturnValue:
    """Show the leads, newest first, one page at a time."""
    before = request.args.get("before", type=_id)
    with services().database.reading() as session:
        found = leads.newest(session, limit=PAGE_SIZE, before=before)
        states = pdf_states(session, [lead.id for lead in found.leads])
        now = session.now()
    rows = [views.row(lead, states[lead.id], now) for lead in found.leads]
    return render_template(
        "staff/lead_list.html", rows=rows, next_before=found.next_before, first_page=before is None
    )


def _id(text: str) -> int:
    number = int(text)
    if not 0 < number <= 2**31 - 1:
        raise ValueError(text)
    return number


@blueprint.get(f"/leads/<{ID}:lead_id>")
def lead(lead_id: int) -> ResponseReturnValue:
    """Show one lead on one page."""
    with services().database.reading() as session:
        found = leads.by_id(session, lead_id) or abort(404)
        papers = [_paper(session, lead_id, *kind) for kind in _PAPERS]
        steps = deliveries(session, lead_id)
        letters = mails.mails_of(session, lead_id)
        now = session.now()
    shown = views.lead_view(found, papers, steps, letters, now)
    return render_template("staff/lead.html", lead=shown)


@blueprint.post(f"/leads/<{ID}:lead_id>/try-again")
def try_again(lead_id: int) -> ResponseReturnValue:
    """Give what was given up for a lead, a PDF or a mail, all its tries once more."""
    with services().database.writing() as session:
        if leads.by_id(session, lead_id) is None:
            abort(404)
        outbox.run_again(session, lead_id)
    return redirect(url_for(".lead", lead_id=lead_id), 303)


@blueprint.get(f"/leads/<{ID}:lead_id>/report.pdf")
def report_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the owner's PDF; while there is none, the lead's page says how it stands."""
    return _document(lead_id, documents.REPORT, f"lead-{lead_id}.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/brief.pdf")
def brief_pdf(lead_id: int) -> ResponseReturnValue:
    """Send the brief for the call; while there is none, the lead's page says how it stands."""
    return _document(lead_id, documents.BRIEF, f"lead-{lead_id}-brief.pdf")


@blueprint.get(f"/leads/<{ID}:lead_id>/mails/<{ID}:mail_id>")
def mail(lead_id: int, mail_id: int) -> ResponseReturnValue:
    """Show the text of a mail that was sent to a lead's owner."""
    with services().database.reading() as session:
        sent = [
            letter
            for letter in mails.mails_of(session, lead_id)
            if letter.mail.id == mail_id and letter.mail.sent_at
        ]
        now = session.now()
    if not sent:
        abort(404)
    return render_template("staff/mail.html", mail=views.mail_view(sent[0], now), lead_id=lead_id)


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Let somebody with a one-time link choose a name and a password, and sign them in."""
    made = services()
    with made.database.reading() as session:
        invited = staff.open_invitation(session, token)
        known = staff.user_by_email(session, invited.email) if invited and invited.email else None
    if invited is None:
        return render_template("staff/invitation_over.html"), 404
    posted = request.form if request.method == "POST" else None
    name = known.name if known else ""
    form = InvitationForm(posted, invited.email, made.brand.product, name)
    if posted is None or not form.validate():
        page = render_template(
            "staff/invitation.html", form=form, invited=invited, errors=first_errors(form)
        )
        return page, 200 if posted is None else 422
    password_hash = access.hash_of(form.new_password.data or "")
    with made.database.writing() as session:
        user = staff.accept_invitation(
            session,
            token,
            email=form.address,
            name=form.name.data or "",
            password_hash=password_hash,
        )
    if user is None:  # somebody was quicker with the same link
        return render_template("staff/invitation_over.html"), 404
    access.sign_in(user, "invitation")
    return redirect(url_for(".lead_list"), 303)


@blueprint.get("/account")
def account() -> ResponseReturnValue:
    """Show people where they are signed in, and let them change their password."""
    return _account_page(_password_form())


@blueprint.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Change the password; only this browser stays signed in, under a new session."""
    form = _password_form()
    if not form.validate():
        return _account_page(form), 422
    password_hash = access.hash_of(form.new_password.data or "")
    with services().database.writing() as session:
        user = staff.change_password(session, member().id, password_hash)
    access.sign_in(user, "password")
    return redirect(url_for(".account", done="password"), 303)


@blueprint.post(f"/account/sessions/<{ID}:session_id>/end")
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign one browser of this person out; another person's sessions do not exist here."""
    with services().database.writing() as session:
        if not staff_sessions.end_session(session, member().id, session_id):
            abort(404)
    return redirect(url_for(".account", done="session"), 303)


@blueprint.post("/account/sessions/end-all")
def end_all_sessions() -> ResponseReturnValue:
    """Sign this person out everywhere, here too."""
    with services().database.writing() as session:
        staff_sessions.end_all_sessions(session, member().id)
    logout_user()
    return redirect(url_for(SIGN_IN), 303)


@blueprint.errorhandler(404)
def not_found(error: HTTPException) -> ResponseReturnValue:
    """Say that a lead or a session is not there, or no longer."""
    return render_template("staff/not_found.html"), 404


def _paper(session: Session, lead_id: int, kind: str, name: str, endpoint: str) -> views.Paper:
    return views.Paper(
        name=name,
        url=url_for(endpoint, lead_id=lead_id),
        state=pdf_states(session, [lead_id], kind)[lead_id],
        is_there=documents.stored_revision(session, lead_id, kind) > 0,
    )


def _document(lead_id: int, kind: str, name: str) -> ResponseReturnValue:
    with services().database.reading() as session:
        if leads.by_id(session, lead_id) is None:
            abort(404)
        document = documents.get(session, lead_id, kind)
    if document is None:
        return redirect(url_for(".lead", lead_id=lead_id), 303)
    return send_file(BytesIO(document.content), mimetype="application/pdf", download_name=name)


def form_expired(error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is missing or from another session."""
    return render_template("staff/form_expired.html"), 400


def _password_form() -> ChangePasswordForm:
    me = member()

    def is_right(password: str) -> bool:
        spend_try(me.email)
        right = access.is_password_of(me, password)
        if right:
            forgive_tries(me.email)
        return right

    posted = request.form if request.method == "POST" else None
    return ChangePasswordForm(posted, (me.name, me.email, services().brand.product), is_right)


def _account_page(form: ChangePasswordForm) -> str:
    me = member()
    with services().database.reading() as session:
        visits = staff_sessions.live_sessions(session, me.id, access.lifetime())
        now = session.now()
    network = access.network_hash()
    return render_template(
        "staff/account.html",
        form=form,
        errors=first_errors(form),
        me=me,
        visits=[views.visit_view(visit, me.visit, network, now) for visit in visits],
        done=request.args.get("done"),
    )
