"""What staff do with the demo leads, through the same functions as the staff pages.

None of it is recorded in the audit log: it names real accounts, and no one really did it.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import delete, select, update

from consult.questionnaire.editions import load
from consult.storage.db.database import Session
from consult.storage.leads import actions, handovers, notes
from consult.storage.leads.assignment import DEMO_DOMAIN
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.office_hours import Office

_CHANNELS = ("phone", "phone", "phone", "mail", "mail", "message")
_LOST = ("not_needed", "price", "price", "chose_other", "chose_other", "other")
_NOT_A_FIT = ("outside", "size", "not_a_buyer", "not_real")
_DECLINED = ("no_time", "no_time", "facts_missing", "facts_missing", "not_ready", "somebody_else")
_MISJUDGED = ("worse", "worse", "worse", "better")
_NOTES = (
    "Demo: asked for a call on a weekday morning.",
    "Demo: the partner decides, call again when both are there.",
    "Demo: writes the leads on paper, has tried a spreadsheet twice.",
    "Demo: good talk. Wants to start with the reply time.",
    "Demo: had an agency before and wasn’t happy with the reports.",
    "Demo: two people answer the phone, and neither writes down who called.",
)
_COLLEAGUES = (
    ("Robin Vale (demo)", f"robin.vale{DEMO_DOMAIN}"),
    ("Noa Stein (demo)", f"noa.stein{DEMO_DOMAIN}"),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """The ids of the active accounts, and of the demo colleagues, who work beside them."""

    active: Sequence[int]
    demo: Sequence[int]

    @contextmanager
    def at_work(self, session: Session) -> Iterator[None]:
        """Let demo colleagues act, until the block ends: only active accounts can.

        They keep the leads that they worked on; see ``reassign_leads``.
        """
        demo = update(StaffUserRow).where(StaffUserRow.id.in_(self.demo))
        session.execute(demo.values(active=True))
        yield
        session.execute(demo.values(active=False))


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
                password_hash=PasswordHasher().hash(secrets.token_urlsafe()),
                active=False,
                created_at=session.now(),
            )
            for name, email in _COLLEAGUES
        )
        session.flush()
    ids = select(StaffUserRow.id).order_by(StaffUserRow.id)
    active = session.scalars(ids.where(StaffUserRow.active, ~_IS_COLLEAGUE)).all()
    return Staff(active, session.scalars(ids.where(_IS_COLLEAGUE)).all())


class _LaterThanNow(Exception):
    """What comes next is in the future."""


@dataclass
class LeadWork:
    session: Session
    submission: SubmissionRow
    lead: LeadRow
    office: Office
    now: datetime
    random: Random
    by: int
    at: datetime

    def wait(self, least: float, most: float) -> None:
        open_time = timedelta(hours=self.random.uniform(least, most))
        self.wait_until(replace(self.office, reply_within=open_time).due_at(self.at))

    def wait_until(self, at: datetime) -> None:
        if at > self.now:
            raise _LaterThanNow
        self.at = at
        self.session.clock = lambda: at

    def do(self, action: Callable[..., Any], *arguments: Any, **facts: Any) -> None:
        action(self.session, self.submission.id, *arguments, by=self.by, **facts)

    def lose(self, reason: str = "") -> None:
        self.do(actions.move, "lost", reason=reason or self.random.choice(_LOST))

    def contact(self, chance: float) -> bool:
        """Call or write; returns whether the owner was reached."""
        reached = self.random.random() < chance
        self.do(actions.log_contact, channel=self.random.choice(_CHANNELS), reached=reached)
        return reached


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
    by = random.choice((*staff.active, *staff.demo))
    return LeadWork(session, submission, lead, office, now, random, by, submission.submitted_at)


def work_on(work: LeadWork, staff: Staff) -> None:
    """Do with a lead what staff would have done by now."""
    try:
        if work.submission.contact is None:
            work.wait(4, 30)
            work.do(actions.move, "not_a_fit", reason="other", comment="No way to contact them.")
        elif _reply_first(work):
            _hand_over(work, staff)
            if _reach(work):
                _talk(work)
    except _LaterThanNow:
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
        _add_note(work)
    return True


def _hand_over(work: LeadWork, staff: Staff) -> None:
    """Offer some leads to a colleague; a demo colleague always declines."""
    random = work.random
    if random.random() > 0.25:
        return
    to = random.choice([user for user in (*staff.active, *staff.demo) if user != work.by])
    work.wait(0.5, 6)
    work.do(handovers.hand_over, to)
    try:
        work.wait(0.5, 9)
    except _LaterThanNow:
        if to in staff.demo:  # no handover may wait for a disabled account
            work.do(handovers.cancel_handover)
        raise
    if to in staff.active and random.random() < 0.65:
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
        _hold_consult(work)
    elif chance < (0.82 if work.lead.wants_consult else 0.5):
        _follow_up(work)
    else:
        work.wait(4, 60)
        work.lose()


def _hold_consult(work: LeadWork) -> None:
    random = work.random
    day = work.at + timedelta(days=random.randint(2, 9))
    consult_at = day.replace(hour=random.randint(9, 15), minute=0, second=0, microsecond=0)
    work.do(actions.move, "consult_booked", consult_at=consult_at)
    work.wait_until(consult_at + timedelta(minutes=random.randint(35, 75)))
    if random.random() < 0.13:  # they did not come
        work.do(actions.move, "reached")
        work.wait(20, 80)
        return work.lose("no_answer")
    work.do(actions.move, "consult_held")
    if random.random() < 0.7:
        _assess(work)
    if random.random() < 0.5:
        _add_note(work)
    work.wait(5, 60)
    return work.do(actions.move, "won") if random.random() < 0.52 else work.lose()


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


def _do_nothing(_work: LeadWork, _staff: Staff) -> None:
    """Nobody has called yet: in time, or too late."""


def _call(work: LeadWork, staff: Staff) -> None:
    """A first talk, by an account that can sign in, where there is one."""
    work.by = (*staff.active, *staff.demo)[0]
    work.wait(0.2, 0.7)
    work.contact(1)


def _snooze(work: LeadWork, staff: Staff, days: int) -> None:
    _call(work, staff)
    day = work.office.today(work.now) + timedelta(days=days)
    work.do(actions.schedule_follow_up, day, office=work.office)


def _call_in_vain(work: LeadWork, staff: Staff) -> None:
    work.by = (*staff.active, *staff.demo)[0]
    for _ in range(2):
        work.wait(0.2, 0.7)
        work.contact(0)


def _book_today(work: LeadWork, staff: Staff) -> None:
    """A consult in a few hours, or late in the evening if the day ends before that."""
    _call(work, staff)
    start = work.office.start_of(work.office.today(work.now))
    at = min(work.now + timedelta(hours=3), start + timedelta(hours=23, minutes=45))
    work.do(actions.move, "consult_booked", consult_at=at.replace(minute=at.minute // 15 * 15))


def _book(work: LeadWork, staff: Staff, days: int) -> None:
    """A consult on a day from now on, or ago: then nobody has said yet how it went."""
    _call(work, staff)
    day = work.office.today(work.now) + timedelta(days=days)
    at = datetime.combine(day, time(10), work.office.zone)
    work.do(actions.move, "consult_booked", consult_at=at)


def _offer(work: LeadWork, staff: Staff) -> None:
    """A colleague wants to hand it over, and waits for an answer."""
    work.by = staff.demo[0]
    work.wait(0.2, 0.7)
    work.contact(1)
    if staff.active:
        work.do(handovers.hand_over, staff.active[0])


LastAction = Callable[[LeadWork, Staff], None]
MORNING: Sequence[tuple[timedelta, LastAction]] = (
    (timedelta(), _do_nothing),
    (timedelta(days=5), _do_nothing),
    (timedelta(days=24), partial(_snooze, days=0)),
    (timedelta(days=9), _offer),
    (timedelta(days=10), _book_today),
    (timedelta(days=8), partial(_book, days=-1)),
    (timedelta(days=11), _call_in_vain),
    (timedelta(days=12), partial(_snooze, days=12)),
    (timedelta(days=7), partial(_book, days=1)),
    (timedelta(hours=2), _do_nothing),
    (timedelta(days=6), _do_nothing),
)
"""What waits for staff this morning: how long ago a lead came, and what was done with it since."""


def work_until_morning(work: LeadWork, staff: Staff, last: LastAction) -> None:
    with suppress(_LaterThanNow):  # such as after a week of holidays
        last(work, staff)


def _assess(work: LeadWork) -> None:
    """Assess some dimensions: those that the business acts in are misjudged more often."""
    random, card = work.random, work.submission.scorecard
    often_wrong = load(work.submission.edition).structure.roles.acting
    found = {}
    for part in (*card["separation"]["dimensions"], *card["handoff"]["dimensions"]):
        if random.random() < 0.6:
            right = random.random() > (0.4 if part["id"] in often_wrong else 0.18)
            found[part["id"]] = "as_said" if right else random.choice(_MISJUDGED)
    work.do(notes.assess, found)


def _add_note(work: LeadWork) -> None:
    id, by, random = work.submission.id, work.by, work.random
    note = notes.add(work.session, id, random.choice(_NOTES), by=by)
    resolved_at = work.at + timedelta(days=random.randint(1, 20))
    if note and resolved_at < work.now and random.random() < 0.5:
        work.session.clock = lambda: resolved_at
        notes.resolve(work.session, id, note.id, by=by)
        work.session.clock = lambda: work.at
