"""What staff do with the demo leads, through the same functions as the staff pages.

None of it is recorded in the audit log: it names real accounts, and no one really did it.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import delete, select, update

from consult.demo import consults
from consult.demo.consults import LaterThanNow, LeadWork, Staff, add_note, on_day
from consult.staff.accounts.passwords import hash_password
from consult.storage.db.database import Session
from consult.storage.leads import actions, handovers
from consult.storage.leads.assignment import DEMO_DOMAIN
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.office_hours import Office

_NOT_A_FIT = ("outside", "size", "not_a_buyer", "not_real")
_DECLINED = ("no_time", "no_time", "facts_missing", "facts_missing", "not_ready", "somebody_else")
_COLLEAGUES = (
    ("Robin Vale (demo)", f"robin.vale{DEMO_DOMAIN}"),
    ("Noa Stein (demo)", f"noa.stein{DEMO_DOMAIN}"),
)


_IS_COLLEAGUE = StaffUserRow.email.in_([email for _, email in _COLLEAGUES])


def remove_staff(session: Session) -> None:
    """Delete the demo colleagues, whose leads are gone."""
    session.execute(delete(StaffUserRow).where(_IS_COLLEAGUE, ~StaffUserRow.active))


def find_staff(session: Session) -> Staff:
    """Return the staff; demo colleagues are added the first time, and can never sign in."""
    if session.scalar(select(StaffUserRow.id).where(_IS_COLLEAGUE)) is None:
        session.add_all(
            StaffUserRow(
                email=email,
                name=name,
                role="staff",
                password_hash=hash_password(secrets.token_urlsafe()),
                active=False,
                created_at=session.now(),
            )
            for name, email in _COLLEAGUES
        )
        session.flush()
    ids = select(StaffUserRow.id).order_by(StaffUserRow.id)
    active = session.scalars(ids.where(StaffUserRow.active, ~_IS_COLLEAGUE)).all()
    return Staff(active, session.scalars(ids.where(_IS_COLLEAGUE)).all())


@contextmanager
def at_work(session: Session, staff: Staff) -> Iterator[None]:
    """Let demo colleagues act, until the block ends: only active accounts can.

    They keep the leads that they worked on; see ``reassign_leads``.
    """
    demo = update(StaffUserRow).where(StaffUserRow.id.in_(staff.demo))
    session.execute(demo.values(active=True))
    yield
    session.execute(demo.values(active=False))


def new_work(
    session: Session,
    submission: SubmissionRow,
    staff: Staff,
    office: Office,
    now: datetime,
    random: Random,
) -> LeadWork:
    """A lead that nobody has worked on, in the hands of a random account."""
    lead = session.get_one(LeadRow, submission.id)
    by = random.choice(staff.everyone)
    return LeadWork(
        session, submission, lead, staff, office, now, random, by, submission.submitted_at
    )


def work_on(work: LeadWork) -> None:
    """Do with a lead what staff would have done by now."""
    try:
        if work.submission.contact is None:
            work.wait(4, 30)
            work.do(actions.move, "not_a_fit", reason="other", comment="No way to contact them.")
        elif consults.books_first(work):
            work.wait(0.5, 8)
            work.do(handovers.claim)
            consults.hold(work)
        elif _reply_first(work):
            _hand_over(work)
            if _reach(work):
                _talk(work)
    except LaterThanNow:
        pass


def _reply_first(work: LeadWork) -> bool:
    """Write or call: within hours a year ago, within the hour now. False if it is no fit."""
    random = work.random
    year_ago = min(1.0, (work.now - work.at) / timedelta(days=365))
    hours = min(40, (0.6 + 4.5 * year_ago) * random.lognormvariate(0, 0.9))
    work.wait(hours, hours)
    if random.random() < 0.03:
        work.do(actions.move, "not_a_fit", reason=random.choice(_NOT_A_FIT))
        return False
    work.contact(0.45)
    if random.random() < 0.3:
        add_note(work)
    return True


def _hand_over(work: LeadWork) -> None:
    """Offer some leads to a colleague; a demo colleague always declines."""
    random = work.random
    if random.random() > 0.25:
        return
    to = random.choice([user for user in work.staff.everyone if user != work.by])
    work.wait(0.5, 6)
    work.do(handovers.hand_over, to)
    try:
        work.wait(0.5, 9)
    except LaterThanNow:
        if to in work.staff.demo:  # no handover may wait for a disabled account
            work.do(handovers.cancel_handover)
        raise
    if to in work.staff.active and random.random() < 0.65:
        work.by = to
        work.do(handovers.accept)
    else:
        reason = random.choice(_DECLINED)
        handovers.decline(work.session, work.submission.id, by=to, reason=reason)


def _reach(work: LeadWork) -> bool:
    """Keep trying; after six times without an answer the lead is lost."""
    for _ in range(5):
        if work.lead.stage == "reached":
            return True
        work.wait(5, 24)
        if work.contact(0.4):
            return True
    work.wait(10, 40)
    work.lose("no_answer")
    return False


def _talk(work: LeadWork) -> None:
    """Lead to a clear yes or no, or to "not now"."""
    work.wait(1, 20)
    chance = work.random.random()
    if chance < (0.72 if work.lead.wants_consult else 0.3):
        consults.hold(work)
    elif chance < (0.82 if work.lead.wants_consult else 0.5):
        _follow_up(work)
    else:
        work.wait(4, 60)
        work.lose()


def _follow_up(work: LeadWork) -> None:
    """Call again on the day that the owner asked for, or some days late."""
    random = work.random
    on = work.at + timedelta(days=random.randint(20, 120))
    work.do(actions.schedule_follow_up, on.date(), office=work.office)
    work.wait_until(on + timedelta(days=random.choice((0, 0, 0, 1, 2, 5, 12))))
    work.wait(0.2, 2)
    reached = work.contact(0.6)
    work.wait(4, 60)
    if reached and random.random() < 0.4:
        work.do(actions.move, "won")
    else:
        work.lose()


def _do_nothing(work: LeadWork) -> None:
    """Nobody has called yet: in time, or too late."""


def _call(work: LeadWork) -> None:
    """A first talk, by an account that can sign in, where there is one."""
    work.by = work.staff.everyone[0]
    work.wait(0.2, 0.7)
    work.contact(1)


def _snooze(work: LeadWork, days: int) -> None:
    _call(work)
    day = work.office.today(work.now) + timedelta(days=days)
    work.do(actions.schedule_follow_up, day, office=work.office)


def _call_in_vain(work: LeadWork) -> None:
    work.by = work.staff.everyone[0]
    for _ in range(2):
        work.wait(0.2, 0.7)
        work.contact(0)


def _schedule(work: LeadWork) -> None:
    """A consult in two days, which a colleague agreed on by phone."""
    _call(work)
    work.do(actions.move, "consult_booked", consult_at=on_day(work, 2, 11))


def _offer(work: LeadWork) -> None:
    """A colleague wants to hand it over, and waits for an answer."""
    work.by = work.staff.demo[0]
    work.wait(0.2, 0.7)
    work.contact(1)
    if work.staff.active:
        work.do(handovers.hand_over, work.staff.active[0])


LastAction = Callable[[LeadWork], None]

MORNING: Sequence[tuple[timedelta, LastAction]] = (
    (timedelta(), _do_nothing),
    (timedelta(days=5), _do_nothing),
    (timedelta(days=24), partial(_snooze, days=0)),
    (timedelta(days=9), _offer),
    (timedelta(days=4), consults.book_today),
    (timedelta(days=8), partial(consults.book, days=-1)),
    (timedelta(days=11), _call_in_vain),
    (timedelta(days=1), partial(consults.book, days=3, is_requested=True)),
    (timedelta(days=3), consults.cancel),
    (timedelta(days=10), consults.miss),
    (timedelta(days=7), partial(consults.book, days=1)),
    (timedelta(days=2), consults.move),
    (timedelta(days=3), consults.open_calendar),
    (timedelta(days=12), partial(_snooze, days=12)),
    (timedelta(days=6), _schedule),
    (timedelta(hours=2), _do_nothing),
    (timedelta(days=6), _do_nothing),
)
"""What waits for staff this morning: how long ago a lead came, and what was done with it since."""


def work_until_morning(work: LeadWork, last: LastAction) -> None:
    with suppress(LaterThanNow):  # such as after a week of holidays
        last(work)
