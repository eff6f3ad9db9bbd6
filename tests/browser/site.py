"""A site for the browser to look at: checks half done and submitted, and leads for the staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from flask import Flask

from consult.crypto import Purpose, encrypt, shared_token, token_hash
from consult.delivery.notifications import staff_mail
from consult.storage import deliveries
from consult.storage.accounts import account_admin
from consult.storage.api import api_tokens
from consult.storage.booking import busy_feeds, calendar_setup
from consult.storage.drafts import drafts, reminder_consent
from consult.storage.leads import actions, handovers, notes
from consult.storage.privacy import erasure
from consult.storage.search import saved_views
from consult.storage.tables.delivery_tables import Attempt, EndpointRow
from consult.storage.webhooks import endpoints
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.support import staff_client
from tests.support.apps import deliver, services_of
from tests.support.browser import serving_app
from tests.support.calendar_payloads import receive
from tests.support.client import PageClient
from tests.support.oidc_provider import NOBODY_THERE, settings_for
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, CONTACT, DISCIPLINED_SOLO, MOSTLY_UNKNOWN
from tests.support.results import (
    resume_token_of,
    submit_check,
)
from tests.support.second_factors import CAREFUL, make_careful_user
from tests.support.submissions import CONTACT as SOMEONE

ADMIN = "admin@example.com"
"""Who may see the settings; the last who got an account."""

Who = Literal["owner", "staff", "admin", "careful"]
STAFF: dict[Who, str] = {"staff": staff_client.EMAIL, "admin": ADMIN, "careful": CAREFUL}
"""The addresses of those who sign in; the last one has a second factor."""


@dataclass(frozen=True)
class Site:
    """A running site: its address, and the paths of what is there to see.

    `empty_check` is one that was just started, `full_check` one with every answer given. `result`
    is that of an owner who said who they are and got their PDF, as the first lead;
    `waiting_result` one whose PDF is not made yet, as the second; `anonymous_result` that of one
    who did not say and knows little, `best_result` of one who needs no help, with a money range.
    `invitation` is a one-time link for a colleague, `stop_mails` the one in a mail to staff.
    """

    app: Flask
    origin: str
    empty_check: str
    full_check: str
    result: str
    waiting_result: str
    anonymous_result: str
    best_result: str
    invitation: str
    stop_mails: str

    @property
    def resume_link(self) -> str:
        """The link in an email, to go on with a check of which half is answered."""
        journey = _journey(self.app)
        journey.start()
        journey.skip_to("goals")
        return f"/resume/{resume_token_of(self.app, journey.token)}"

    @property
    def shared_result(self) -> str:
        """The read-only page of `result`."""
        key = services_of(self.app).settings.signing_key()
        return f"/shared/{shared_token(key, token_hash(self.result.rsplit('/', 1)[1]))}"


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Serve a site with something on every page, until the block ends."""
    # Every test of a run signs in from the same network.
    settings = {"limit_sign_in_address": "100000 per hour", **settings_for(NOBODY_THERE)}
    with serving_app(folder, **settings) as served:
        yield _filled(*served)


def _filled(app: Flask, origin: str) -> Site:
    staff_client.make_user(app)
    make_careful_user(app)
    staff_client.make_user(app, ADMIN, admin=True)
    delivered = _with_contact(app)
    deliver(app)
    _erase_one(app, staff_client.make_lead(app))
    _add_webhooks(app)
    _add_calendars(app)
    _add_bookings(app)
    _add_tokens(app)
    empty, full = _journey(app), _journey(app)
    full.answers["new_customers_last_month"] = 40  # many more than the other numbers make
    empty.start()
    full.start()
    full.skip_to("review")
    waiting, anonymous, best = (
        _with_contact(app),
        submit_check(app, MOSTLY_UNKNOWN),
        submit_check(app, DISCIPLINED_SOLO),
    )
    _work_on_leads(app)
    _go_on_with_leads(app)
    _give_leave(app, full.root)
    return Site(
        app=app,
        origin=origin,
        empty_check=empty.root,
        full_check=full.root,
        result=delivered,
        waiting_result=waiting,
        anonymous_result=anonymous,
        best_result=best,
        invitation=account_admin.invite(services_of(app).database, "", "ada@example.com"),
        stop_mails=staff_mail.UNSUBSCRIBE_PATH
        + staff_mail.unsubscribe_token(services_of(app).settings.signing_key(), 1, "overdue"),
    )


def _give_leave(app: Flask, check: str) -> None:
    """Have the owner of a check that isn't submitted allow one mail."""
    with services_of(app).database.writing() as session:
        found = drafts.load(session, check.rsplit("/", 1)[1])
        assert found is not None
        reminder_consent.grant(
            session, found.id, f"{'long.' * 9}name@example.com", "Once.", b"sealed"
        )


def _add_tokens(app: Flask) -> None:
    """One that was used and may do everything, and one that expired, with a long name."""
    made = services_of(app)
    by, day = staff_client.user_of(app, ADMIN).id, timedelta(days=1)
    with made.database.writing() as session:
        used = api_tokens.make(session, "rc_1234a", "CRM", ["contact", "write"], life=day, by=by)
        api_tokens.touch(session, used.id)
        old = api_tokens.make(session, "rc_5678b", "long" * 15, [], life=day, by=by)
        old.created_at, old.expires_at = old.created_at - 9 * day, old.created_at - 8 * day


def _add_calendars(app: Flask) -> None:
    """Four calendars: one was read, one is broken, one was read long ago, and one not yet."""
    made = services_of(app)
    by, key = staff_client.user_of(app, ADMIN).id, made.settings.signing_key()
    with made.database.writing() as session:
        now = session.now()
        for name in ("Ana’s work", "long" * 20, "Team", "New"):
            id = busy_feeds.add(session, name, f"https://x.example/{name}", key, by=by)
            if name != "New":
                read_at = now - timedelta(hours=9 if name == "Team" else 0)
                hours = [(now + timedelta(hours=n), now + timedelta(hours=n + 1)) for n in (9, 99)]
                busy_feeds.record_read(session, id, hours, read_at)
            if name.startswith("long"):
                busy_feeds.record_error(session, id, "There’s no calendar at this address.")


def _add_bookings(app: Flask) -> None:
    """A provider's calendar that once sent what we could not read, and bookings without a lead."""
    made = services_of(app)
    secret = encrypt(made.settings.signing_key(), Purpose.CALENDAR, "secret", "cal")
    with made.database.writing() as session:
        calendar_setup.set_up(session, "cal", "x" * 32, secret, by=1)
        calendar_setup.record_received(session, "cal")
        calendar_setup.record_refused(session, "cal", "unreadable")
        receive(session, "requested", "Ada " + "long" * 15, f"{'long.' * 9}name@example.net")
        receive(session, "booked", "", "eve@example.net")


def _add_webhooks(app: Flask) -> None:
    """The first takes what it gets at the second try; the second failed for too long."""
    with services_of(app).database.writing() as session:
        good, bad = (
            endpoints.add(
                session,
                f"https://{host}.example/relay/{'long/' * 20}",
                WEBHOOK_EVENTS,
                includes_contact=host == "good",
                salt=host,
                secret_hash="never used",
            )
            for host in ("good", "bad")
        )
        endpoints.rotate_secret(session, good, "another", "never used")
        tried = [deliveries.enqueue_webhook(session, id) for id in (good, bad, bad)]
        for message, status in zip((tried[0], *tried), (503, 200, 500, None), strict=True):
            error = "" if status == 200 else "It did not take it."
            said = "<b>" + "no" * 90
            made = Attempt(
                at=session.now().isoformat(),
                milliseconds=87,
                status=status,
                error=error,
                response=said,
            )
            endpoints.record_attempt(session, message, made)
        endpoints.set_disabled(session.get_one(EndpointRow, bad), "failing")


def _with_contact(app: Flask) -> str:
    result, client = submit_check(app, BATON_ON_THE_FLOOR), PageClient(app)
    client.submit(client.get(f"{result}/contact").form("/contact").fill(**CONTACT))
    return result


def _erase_one(app: Flask, lead_id: int) -> None:
    with services_of(app).database.writing() as session:
        erasure.erase(session, [lead_id], "delete", by=1, reason="requested")


def _work_on_leads(app: Flask) -> None:
    """The one that waits is offered to who looks, the best is far gone, with notes and verdicts."""
    me, other = (staff_client.user_of(app, email).id for email in (staff_client.EMAIL, CAREFUL))
    with services_of(app).database.writing() as session:
        saved_views.add(session, "Open, fair", "stage=open&source=fair", shared=True, by=me)
        handovers.claim(session, 3, by=other)
        handovers.hand_over(session, 3, me, by=other, comment="You know their trade.")
        actions.log_contact(
            session, 5, by=me, channel="phone", reached=True, comment="After lunch is best"
        )
        notes.add(session, 5, "Prefers mail.\nHas two vans.", by=me)
        done = notes.add(session, 5, "Ask what the fair cost.", by=other)
        if done:
            notes.set_resolved(session, 5, done.id, True, by=me)
        moment = session.now() + timedelta(days=2)
        actions.move(session, 5, "consult_booked", by=me, consult_at=moment)
        notes.assess(session, 5, {"reply_speed": "worse"}, by=me)


def _go_on_with_leads(app: Flask) -> None:
    """The sixth is anonymous, the seventh waits for a day and a colleague, the last is lost."""
    someone = replace(SOMEONE, wants_consult=False)
    anonymous, waiting, lost = (
        staff_client.make_lead(app, contact=contact) for contact in (None, someone, someone)
    )
    me, other = (staff_client.user_of(app, email).id for email in (staff_client.EMAIL, CAREFUL))
    with services_of(app).database.writing() as session:
        erasure.erase(session, [anonymous], "anonymise", by=me, reason="requested")
        actions.log_contact(session, waiting, by=me, channel="mail", reached=True)
        actions.schedule_follow_up(
            session, waiting, (session.now() + timedelta(days=90)).date(), by=me
        )
        handovers.hand_over(session, waiting, other, by=me)
        handovers.claim(session, lost, by=other)
        actions.move(
            session, lost, "lost", by=other, reason="price", comment="Too dear for this year."
        )


def _journey(app: Flask) -> Journey:
    return Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
