"""Results without the way to them: a persona's answers, submitted at once."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask import Flask
from sqlalchemy import select

from consult.crypto import Purpose, booking_token, encrypt, shared_token, token_hash
from consult.delivery.notifications.staff_mail import unsubscribe_token
from consult.owner.open_draft import freeze
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import read_answers
from consult.settings.brand import Brand
from consult.storage.booking import bookings
from consult.storage.booking.bookings import Appointment
from consult.storage.drafts import drafts, resume_links
from consult.storage.drafts.drafts import Changes
from consult.storage.jobs import EMAIL_CONFIRM
from consult.storage.leads import leads, submission
from consult.storage.leads.submission import NewSubmission, Screening
from consult.storage.tables.delivery_tables import JobRow
from consult.storage.tables.submission_tables import ResumeLinkRow
from tests.support.apps import services_of
from tests.support.personas import BATON_ON_THE_FLOOR, Depth, Persona
from tests.support.submissions import CONTACT, lead_of

_NO_BRAND = Brand()


def submit_check(
    app: Flask,
    persona: Persona = BATON_ON_THE_FLOOR,
    depth: Depth = "quick",
    source: dict[str, str] | None = None,
    *,
    seconds: int = 0,
) -> str:
    """Answer and submit a check as a persona, in so many seconds; the path of its result."""
    made = services_of(app)
    given, new = _scored(json.dumps(persona.payload(depth)["answers"]), depth, made.brand)
    with made.database.writing() as session:
        elapsed = timedelta(seconds=seconds)
        token = drafts.start(session, new.edition, depth, source or {}, elapsed=elapsed)
        drafts.save(session, token, given)
        return f"/result/{submission.submit(session, token, new, made.settings.office)}"


def frozen(persona: Persona, depth: Depth = "quick", *, brand: Brand = _NO_BRAND) -> NewSubmission:
    """What is stored of a persona's check."""
    return _scored(json.dumps(persona.payload(depth)["answers"]), depth, brand)[1]


@lru_cache(maxsize=100)
def _scored(answers: str, depth: Depth, brand: Brand) -> tuple[Changes, NewSubmission]:
    """What a persona gives and what is stored of it: half of what a submission costs, each time."""
    way = walk(newest(), read_answers(newest(), json.loads(answers)), depth)
    given = {a.id: (a.answer, a.variant) for a in way.asked if a.answer is not None}
    return given, freeze(way, brand)


def resume_token_of(app: Flask, draft_token: str) -> str:
    """The token of a new link to go on with a draft, as in the email that brings it."""
    made, key = services_of(app), services_of(app).settings.signing_key()
    with made.database.writing() as session:
        draft = drafts.load(session, draft_token)
        assert draft
        resume_links.request(session, key, draft.id, draft_token, "quill.feather@example.com")
        of_draft = ResumeLinkRow.draft_id == draft.id
        mail = resume_links.mail_of(
            session.scalars(select(ResumeLinkRow).where(of_draft)).one(), key
        )
    assert mail
    return mail[1]


SPAM_SIGNS = {
    "too_fast": {"detail": "1", "counts": True},
    "throwaway": {"detail": "mailinator.com", "counts": True},
}


def suspect_result(app: Flask) -> str:
    """The path of a result whose contact is probably spam."""
    made, path = services_of(app), submit_check(app)
    token = path.rsplit("/", 1)[1]
    waiting = encrypt(
        made.settings.signing_key(), Purpose.WAITING_REPORT, token, lead_of(made.database, token).id
    )
    contact = replace(CONTACT, email="zoe@mailinator.com", name="Zoe Quill", business="Quill")
    with made.database.writing() as session:
        screening = Screening(signs=SPAM_SIGNS, waiting_token=waiting)
        submission.save_contact(session, token, contact, screening=screening)
    return path


def confirm_path(app: Flask) -> str:
    """The path of an emailed link to confirm the address of a contact."""
    made, token = services_of(app), suspect_result(app).rsplit("/", 1)[1]
    with made.database.writing() as session:
        submission.request_confirmation(session, token, "")
        mails = select(JobRow.payload).where(JobRow.kind == EMAIL_CONFIRM)
        payload = session.scalars(mails.order_by(JobRow.id.desc()).limit(1)).one()
    return str(payload["link"])


def public_tokens(app: Flask) -> dict[str, str]:
    """A token of each kind that owners get, by how the addresses begin that it opens."""
    made, key = services_of(app), services_of(app).settings.signing_key()
    with made.database.writing() as session:
        draft = drafts.start(session, newest().name, "quick", {})
    result = submit_check(app).rsplit("/", 1)[1]
    return {
        "/check/": draft,
        "/result/": result,
        "/shared/": shared_token(key, token_hash(result)),
        "/mail/": unsubscribe_token(key, 1, "overdue"),
        "/resume/": resume_token_of(app, draft),
        "/confirm/": confirm_path(app).rsplit("/", 1)[1],
        "/book/": booked_path(app).rsplit("/", 1)[1],
    }


def booked_path(app: Flask) -> str:
    """The path of the page of a consult that was booked in our own calendar."""
    made, token = services_of(app), submit_check(app).rsplit("/", 1)[1]
    key = made.settings.signing_key()
    with made.database.writing() as session:
        lead = leads.by_result_token(session, token)
        assert lead
        # Two in the same second must not take the same time.
        starts_at = session.now().replace(microsecond=0) + timedelta(days=2, minutes=lead.id)
        to = Appointment(starts_at, starts_at + timedelta(minutes=30), "America/New_York")
        own: dict[str, Any] = {"calendar": "own", "matched_by": "own", "uid": token}
        booking = bookings.book(session, lead.id, to, **own)
        assert booking
        booking.link_hash = token_hash(booking_token(key, booking.id))
        return f"/book/{booking_token(key, booking.id)}"
