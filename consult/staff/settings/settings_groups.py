"""The settings that staff can change, page by page, with their labels and hints.

A hint that is empty is the description of the setting in `consult.settings.schema`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from consult.settings import Settings, overridable
from consult.settings.brand import CURRENCY_SIGNS

Kind = Literal["text", "number", "colour", "choice", "zone", "person", "week", "days"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting on a page. `options` are the values of a choice and their labels."""

    name: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    options: Mapping[str, str] | None = None

    @property
    def field(self) -> str:
        """The name and id of its form field."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Group:
    """The settings of one page; `slug` is in its URL."""

    slug: str
    title: str
    intro: str
    settings: Sequence[Setting]


def _choice(name: str, label: str, hint: str = "", **options: str) -> Setting:
    return Setting(name, label, hint, "choice", options)


_CURRENCIES = {code: f"{code} ({sign.strip()})" for code, sign in CURRENCY_SIGNS.items()}
_CURRENCY_HINT = "For money ranges. Existing amounts aren’t converted."
_HOURS_HINT = "The reply timer runs only during these hours. Closing at 00:00 means midnight."
_ZONE_HINT = "Used for business hours and all times in the staff area."
_FACTOR_HINT = "An authenticator app or a passkey in addition to the password."

BRAND = Group(
    "brand",
    "Brand",
    "Name and colors people see. Existing reports don’t change.",
    (
        Setting("brand.name", "Name of the agency"),
        Setting("brand.product", "Name of the questionnaire"),
        Setting("brand.consult_url", "Booking link (https://)"),
        Setting("brand.email", "Email address on the report", "Replies to emails go here too."),
        Setting("brand.phone", "Phone number on the report"),
        _choice("brand.currency", "Currency", _CURRENCY_HINT, **_CURRENCIES),
        _choice("paper", "Paper size", "For PDFs.", letter="US Letter", a4="A4"),
        Setting("brand.colours.ink", "Ink", "Text and buttons.", "colour"),
        Setting("brand.colours.paper", "Paper", "Background.", "colour"),
        Setting("brand.colours.marketing", "Marketing", "Marketing color.", "colour"),
        Setting("brand.colours.sales", "Sales", "Sales and link color.", "colour"),
        Setting("brand.colours.exchange", "Exchange", "Highlight color.", "colour"),
    ),
)
_CONTACT = _choice(
    "contact_before",
    "Require contact info for",
    nothing="Nothing (all open)",
    pdf="The PDF",
    result="The result",
)
_NEW_LEADS_HINT = "Gets new leads and leads of disabled accounts."
_HOURS = (
    Setting("time_zone", "Time zone", _ZONE_HINT, "zone"),
    Setting("business_hours", "Business hours", _HOURS_HINT, "week"),
    Setting("closed_on", "Holidays", "Clear a field to remove it. Save to add more.", "days"),
    Setting("reply_within_hours", "Reply within, in business hours", "", "number"),
    Setting("new_leads_to", "New leads go to", _NEW_LEADS_HINT, "person"),
)
_RETENTION = (
    Setting("retention_days_drafts", "Days to keep unfinished answers", "", "number"),
    Setting("retention_days_leads", "Days to keep leads", "", "number"),
    Setting("retention_days_mails", "Days to keep the texts of emails", "", "number"),
    Setting("retention_days_pdfs", "Days to keep PDFs", "", "number"),
    Setting("retention_days_logs", "Days to keep sign-in and notification logs", "", "number"),
    _choice("retention_leads", "When a lead expires", delete="Delete", anonymise="Anonymize"),
)
_FACTOR = _choice(
    "staff_second_factor",
    "Second factor",
    _FACTOR_HINT,
    optional="Optional",
    required="Required",
)
_RETENTION_INTRO = "How long data is kept. Shorter times delete data permanently the next night."
_GROUPS = (
    BRAND,
    Group("report", "Report", "What visitors must provide first.", (_CONTACT,)),
    Group("hours", "Hours", "Business hours, reply target, and default assignee.", _HOURS),
    Group("retention", "Data retention", _RETENTION_INTRO, _RETENTION),
    Group("sign-in", "Sign-in", "How staff sign in.", (_FACTOR,)),
)
_LISTED = {setting.name for group in _GROUPS for setting in group.settings}
# Settings marked for staff that no page lists: shown by their own names, so that none is lost.
_OTHERS = tuple(
    Setting(name, name.replace("_", " ").capitalize())
    for name in Settings.model_fields
    if name in overridable() - _LISTED
)
_MORE = Group("more", "More", "Other settings.", _OTHERS)
GROUPS: Mapping[str, Group] = {group.slug: group for group in (*_GROUPS, _MORE) if group.settings}
