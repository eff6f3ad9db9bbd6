"""The morning digest: what the mail says about the leads in ``storage.notifications.digest``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from consult.delivery.mail.messages import safe_name
from consult.storage.notifications.digest import Digest, DigestLead, LeadList, Period
from consult.workflow.office_hours import Office

_MAX_DAYS_BACK = 31


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A lead in the mail: who, a time or day, and the URL of its page."""

    who: str
    when: str
    link: str


@dataclass(frozen=True, slots=True)
class DigestSection:
    """Some leads under a heading; ``more`` says how many are not listed."""

    title: str
    lines: Sequence[DigestLine]
    more: int


def period_of(day: date, now: datetime, office: Office) -> Period:
    """The times of the digest of a day, when it is written now."""
    return Period(
        since=_previous_opening(day, office),
        now=now,
        day=day,
        begins=_midnight(day, office),
        ends=_midnight(day + timedelta(days=1), office),
    )


def subject_of(digest: Digest, day: date) -> str:
    """A digest in one line."""
    consults, follow_ups = digest.consults.count, digest.follow_up.count
    counts = {
        "new": digest.new,
        "overdue": digest.overdue.count,
        "due today": digest.due.count,
        "handed to you": digest.offered.count,
        "consult today" if consults == 1 else "consults today": consults,
        "follow-up" if follow_ups == 1 else "follow-ups": follow_ups,
    }
    return f"{day:%A}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def sections_of(
    digest: Digest, since: datetime, office: Office, base_url: str
) -> list[DigestSection]:
    """A digest under its headings, the most urgent first."""
    return [
        DigestSection(
            title,
            [_line(lead, office, base_url) for lead in found.leads],
            found.count - len(found.leads),
        )
        for title, found in _titled(digest, since.astimezone(office.zone))
        if found.count or title.startswith("New")
    ]


def _titled(digest: Digest, since: datetime) -> Iterator[tuple[str, LeadList]]:
    yield "Overdue", digest.overdue
    yield "Due today", digest.due
    yield "Consults today", digest.consults
    yield "Handed to you, waiting for your answer", digest.offered
    yield "Follow up today", digest.follow_up
    if digest.new:
        checks = "1 check" if digest.new == 1 else f"{digest.new} checks"
        contacts = f"{digest.new_contacts.count or 'none'} with contact info"
        yield f"New since {since:%A, %H:%M}: {checks}, {contacts}", digest.new_contacts


def _line(lead: DigestLead, office: Office, base_url: str) -> DigestLine:
    match lead.at:
        case datetime():
            local = lead.at.astimezone(office.zone)
            when = f"{local:%a, %b} {local.day}, {local:%H:%M}"
        case date():
            when = f"{lead.at:%a, %b} {lead.at.day}"
        case _:
            when = ""
    return DigestLine(
        who=safe_name(lead.business) or f"Lead {lead.id}",
        when=when,
        link=f"{base_url}/staff/leads/{lead.id}",
    )


def _previous_opening(day: date, office: Office) -> datetime:
    """When the agency opened on the business day before: the time of the last digest."""
    for back in range(1, _MAX_DAYS_BACK):
        if hours := office.opening(day - timedelta(days=back)):
            return hours[0]
    return _midnight(day - timedelta(days=1), office)


def _midnight(day: date, office: Office) -> datetime:
    return datetime.combine(day, time(), office.zone).astimezone(UTC)
