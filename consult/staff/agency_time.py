"""Moments as the pages for staff tell them: in the agency's own time zone."""

from datetime import datetime

from consult.web.services import services


def agency_time(moment: datetime) -> datetime:
    """A moment in the agency's time zone; what is told beside it is told in that zone too."""
    return moment.astimezone(services().settings.office.zone)
