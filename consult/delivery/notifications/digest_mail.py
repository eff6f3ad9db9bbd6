"""What the morning digest says: since when, its subject, and its lists."""

from datetime import date, datetime, timedelta, tzinfo

from consult.report.display import month_day, short_time
from consult.storage.notifications.digest import Digest, LeadList
from consult.workflow.office_hours import Office

_MAX_DAYS_BACK = 31


def since_of(day: date, office: Office) -> datetime:
    """When the agency opened on the business day before: the time of the last digest."""
    for back in range(1, _MAX_DAYS_BACK):
        if hours := office.opening(day - timedelta(days=back)):
            return hours[0]
    return office.start_of(day - timedelta(days=1))


def subject_of(digest: Digest, day: date) -> str:
    consults, booked = digest.consults.count, digest.booked.count
    follow_ups = digest.follow_up.count
    counts = {
        "new": digest.new,
        "overdue": digest.overdue.count,
        "due today": digest.due.count,
        "to confirm": digest.to_confirm.count,
        "handed to you": digest.offered.count,
        "consult today" if consults == 1 else "consults today": consults,
        "new consult" if booked == 1 else "new consults": booked,
        "follow-up" if follow_ups == 1 else "follow-ups": follow_ups,
    }
    return f"{day:%A}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def sections_of(digest: Digest, since: datetime, office: Office) -> list[tuple[str, LeadList]]:
    """The lists of a digest under their titles, the most urgent first; empty ones are left out."""
    since_then = short_time(since.astimezone(office.zone))
    sections = [
        ("Overdue", digest.overdue),
        ("Due today", digest.due),
        ("Times to confirm", digest.to_confirm),
        ("Consults today", digest.consults),
        (f"Consults booked since {since_then}, for later days", digest.booked),
        ("Handed to you, waiting for your answer", digest.offered),
        ("Follow up today", digest.follow_up),
    ]
    sections = [(title, found) for title, found in sections if found.count]
    if digest.new:
        checks = "1 check" if digest.new == 1 else f"{digest.new} checks"
        contacts = f"{digest.new_contacts.count or 'none'} with contact info"
        title = f"New since {since_then}: {checks}, {contacts}"
        sections.append((title, digest.new_contacts))
    return sections


def time_of(at: date | datetime | None, zone: tzinfo) -> str:
    """The time or day of a lead in a digest, as in "Tue, Mar 3, 8:05 AM"; empty without one."""
    if isinstance(at, datetime):
        return short_time(at.astimezone(zone))
    return f"{at:%a}, {month_day(at)}" if at else ""
