"""The settings: their names, types, defaults and descriptions.

The docstrings of the fields are the documentation: `consult settings` prints them. What the server
needs is in ``server_settings``. The fields here are what the agency decides: they can be set in the
staff area while the environment leaves them unset.
"""

from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Literal

from pydantic import Field

from consult.settings.embed_origins import EmbedOrigins
from consult.settings.server_settings import ServerSettings
from consult.settings.setting_types import (
    BookingHours,
    BusinessHours,
    Days,
    EmailAddress,
    LeadSources,
    Retention,
    TimeZone,
    is_this_machine,
    source_people,
    time_zone,
)
from consult.workflow.office_hours import WEEKDAYS_9_TO_5, Office, read_hours


class Settings(ServerSettings):
    """All settings, immutable. Create them with `load_settings`; paths in them are absolute.

    Values of the fields here must survive a round trip to JSON, as the database stores them.
    """

    embed_origins: EmbedOrigins = ()
    """Sites that may show the questionnaire in a frame, separated by commas: https://www.example.com
    or, for all subdomains, https://*.example.com."""

    paper: Literal["letter", "a4"] = "letter"
    """Paper size of the PDF report."""

    contact_before: Literal["nothing", "pdf", "result"] = "pdf"
    """What visitors see only after giving a name and an email address: the PDF, the result page, or
    nothing (both are open to all)."""

    staff_mails: Literal["business", "contact"] = "business"
    """What emails to staff say about an owner: the business alone, or also name, phone, email
    address and what the owner wrote. Mailboxes are read on lock screens, and forwarded."""

    time_zone: TimeZone = "UTC"
    """The agency’s time zone, such as America/New_York, for business hours and all times in the
    staff area."""

    business_hours: BusinessHours = WEEKDAYS_9_TO_5
    """Business hours, as in mon-thu 09:00-17:00, fri 09:00-12:00, when the reply timer runs."""

    closed_on: Days = ()
    """Holidays, as in 2026-12-25, 2027-01-01."""

    reply_within_hours: int = Field(1, ge=1, le=80)
    """Business hours within which a new lead gets a personal reply. One hour is what the
    questionnaire recommends to others."""

    new_leads_by: Literal["person", "turns", "source"] = "person"
    """Who gets new leads: one person, everyone in turns, or a person for each source."""

    lead_sources: LeadSources = ()
    """Who gets which source (utm_source or ref), as in newsletter: ben@example.com."""

    new_leads_to: EmailAddress = ""
    """Email address of the account that gets new leads and the leads of disabled accounts. Not set:
    the first admin."""

    booking: Literal["auto", "own", "off", "cal", "calendly", "savvycal", "other"] = "auto"
    """Where owners book a consult. auto: with a booking link, at the calendar that it leads to;
    without one, in the app’s own calendar. off: they ask for one, and you write to them."""

    booking_hours: BookingHours = ""
    """When consults may take place, like business hours. Not set: during business hours."""

    booking_hours_before: int = Field(24, ge=0, le=336)
    """Hours between booking and a consult, at least."""

    booking_days_ahead: int = Field(14, ge=1, le=90)
    """How many days ahead owners can book."""

    booking_max_a_day: int = Field(4, ge=1, le=50)
    """Consults on one day, at most."""

    booking_buffer_minutes: int = Field(15, ge=0, le=240)
    """Minutes to keep free before and after each consult."""

    booking_place: str = Field("", max_length=200)
    """How you meet, as in: We’ll call you. Or a link to your video room."""

    retention_days_drafts: Retention = 30
    """Days after which unfinished answers are deleted."""

    retention_days_leads: Retention = 730
    """Days after which a lead is deleted with its PDF, or anonymized."""

    retention_leads: Literal["delete", "anonymise"] = "delete"
    """What happens to an expired lead: delete, or anonymise, which keeps its answers and scores for
    statistics and nothing that identifies a person."""

    retention_days_mails: Retention = 180
    """Days after which the text of an email to a visitor is deleted, also in the mail folder; at
    the latest with the lead."""

    retention_days_pdfs: Retention = 730
    """Days after which the PDF of a lead is deleted, at the latest with the lead. It is generated
    again on request."""

    retention_days_logs: Retention = 30
    """Days for which sign-ins and sent notifications are kept."""

    staff_second_factor: Literal["optional", "required"] = Field(
        default_factory=lambda data: "optional" if is_this_machine(data["base_url"]) else "required"
    )
    """Whether staff may sign in with a password alone, or must set up an authenticator app or a
    passkey. Not set: required, except on this machine."""

    @cached_property
    def office(self) -> Office:
        return Office(
            zone=time_zone(self.time_zone),
            week=read_hours(self.business_hours),
            closed=frozenset(self.closed_on),
            reply_within=timedelta(hours=self.reply_within_hours),
            new_leads_to=self.new_leads_to,
            new_leads_by=self.new_leads_by,
            sources=source_people(self.lead_sources) if self.new_leads_by == "source" else {},
        )

    @cached_property
    def booking_office(self) -> Office:
        """The office as it is open for consults."""
        return replace(self.office, week=read_hours(self.booking_hours or self.business_hours))
