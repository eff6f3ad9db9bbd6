"""The morning digest: when it goes out, and what it says.

It goes at the start of each business day in the agency's own time zone, to everybody who wants it
and has something to read in it. The look round, every five minutes, plans the day once: its job is
named after the day, so neither a second worker nor a clock that is put back plans it again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from consult.delivery.mail.messages import harmless
from consult.delivery.outbox import Job
from consult.delivery.worker import Effect
from consult.storage import jobs
from consult.storage.db.database import Session
from consult.storage.notifications import notifications, staff_mails
from consult.storage.notifications.digest import Digest, DigestLead, Found, Times
from consult.workflow.office_hours import Office

DIGEST = "digest"
_DAYS_LOOKED_BACK = 31


@dataclass(frozen=True, slots=True)
class Line:
    """A lead in the mail: who, what about it, and the address of its page."""

    who: str
    note: str
    link: str


@dataclass(frozen=True, slots=True)
class Section:
    """Some leads under a heading; ``more`` says how many are not shown."""

    title: str
    lines: Sequence[Line]
    more: int


def plan_digest(session: Session, office: Office) -> None:
    """Plan today's digest once the agency has opened; when it has closed, it is too late."""
    now = session.now()
    today = office.today(now)
    hours = office.opening(today)
    if hours and hours[0] <= now < hours[1]:
        jobs.enqueue(
            session, DIGEST, {"day": today.isoformat()}, dedupe_key=f"{DIGEST}:{today}", run_at=now
        )


def send_digests(job: Job) -> Effect:
    """Plan the mail of each person who wants a digest; who has nothing to read gets none."""
    day = date.fromisoformat(job.payload["day"])

    def plan(session: Session) -> None:
        for user_id in notifications.subscribers(session, "digest"):
            staff_mails.plan(session, user_id, "digest", day=day)

    return plan


def times_of(day: date, now: datetime, office: Office) -> Times:
    """What the digest of a day looks at, when it is written now."""
    return Times(
        since=_opening_before(day, office),
        now=now,
        day=day,
        begins=_midnight(day, office),
        ends=_midnight(day + timedelta(days=1), office),
    )


def _opening_before(day: date, office: Office) -> datetime:
    """When the agency opened on the last business day before, when the last digest went."""
    for back in range(1, _DAYS_LOOKED_BACK):
        if hours := office.opening(day - timedelta(days=back)):
            return hours[0]
    return _midnight(day - timedelta(days=1), office)


def _midnight(day: date, office: Office) -> datetime:
    return datetime.combine(day, time(), office.zone).astimezone(UTC)


def subject_of(digest: Digest, day: date) -> str:
    """A digest in one line."""
    parts = {
        "new": digest.new,
        "overdue": digest.overdue.count,
        "due today": digest.due.count,
        "handed to you": digest.offered.count,
        "consults today" if digest.consults.count != 1 else "consult today": digest.consults.count,
        "to ask again": digest.follow_up.count,
    }
    told = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
    return f"{day:%A}: {told}"


def sections_of(digest: Digest, since: datetime, office: Office, base_url: str) -> list[Section]:
    """A digest under its headings, the most urgent first."""
    return [
        Section(title, [_line(lead, office, base_url) for lead in found.leads], _more(found))
        for title, found in _titled(digest, since.astimezone(office.zone))
        if found.count or title.startswith("New")
    ]


def _titled(digest: Digest, since: datetime) -> Iterator[tuple[str, Found]]:
    yield "Overdue", digest.overdue
    yield "Due today", digest.due
    yield "Consults today", digest.consults
    yield "Handed to you, waiting for your answer", digest.offered
    yield "Asked us to come back today", digest.follow_up
    if digest.new:
        checks = "1 check" if digest.new == 1 else f"{digest.new} checks"
        contacts = f"{digest.named.count or 'none'} with a contact"
        yield f"New since {since:%A, %H:%M}: {checks}, {contacts}", digest.named


def _more(found: Found) -> int:
    return found.count - len(found.leads)


def _line(lead: DigestLead, office: Office, base_url: str) -> Line:
    match lead.at:
        case datetime():
            local = lead.at.astimezone(office.zone)
            note = f"{local:%a} {local.day} {local:%b, %H:%M}"
        case date():
            note = f"{lead.at:%a} {lead.at.day} {lead.at:%b}"
        case _:
            note = ""
    return Line(
        who=harmless(lead.business) or f"Lead {lead.id}",
        note=note,
        link=f"{base_url}/staff/leads/{lead.id}",
    )
