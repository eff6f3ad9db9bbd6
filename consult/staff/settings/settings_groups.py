"""The settings that staff can change, page by page, with their labels and hints."""

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


_CURRENCIES = {code: f"{code} ({sign.strip()})" for code, sign in CURRENCY_SIGNS.items()}
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
        Setting(
            "brand.currency",
            "Currency",
            "For money ranges. Existing amounts aren’t converted.",
            "choice",
            _CURRENCIES,
        ),
        Setting("paper", "Paper size", "For PDFs.", "choice", {"letter": "US Letter", "a4": "A4"}),
        Setting("brand.colours.ink", "Ink", "Text and buttons.", "colour"),
        Setting("brand.colours.paper", "Paper", "Background.", "colour"),
        Setting("brand.colours.marketing", "Marketing", "Marketing color.", "colour"),
        Setting("brand.colours.sales", "Sales", "Sales and link color.", "colour"),
        Setting("brand.colours.exchange", "Exchange", "Highlight color.", "colour"),
    ),
)
REPORT = Group(
    "report",
    "Report",
    "What visitors must provide first.",
    (
        Setting(
            "contact_before",
            "Require contact info for",
            "",
            "choice",
            {"nothing": "Nothing (all open)", "pdf": "The PDF", "result": "The result"},
        ),
    ),
)
HOURS = Group(
    "hours",
    "Hours",
    "Business hours, reply target, and default assignee.",
    (
        Setting(
            "time_zone",
            "Time zone",
            "Used for business hours and all times in the staff area.",
            "zone",
        ),
        Setting(
            "business_hours",
            "Business hours",
            "The reply timer runs only during these hours. Closing at 00:00 means midnight.",
            "week",
        ),
        Setting("closed_on", "Holidays", "Clear a field to remove it. Save to add more.", "days"),
        Setting("reply_within_hours", "Reply within, in business hours", "", "number"),
        Setting(
            "new_leads_to",
            "New leads go to",
            "Gets new leads and leads of disabled accounts.",
            "person",
        ),
    ),
)
SIGN_IN = Group(
    "sign-in",
    "Sign-in",
    "How staff sign in.",
    (
        Setting(
            "staff_second_factor",
            "Second factor",
            "An authenticator app or a passkey in addition to the password.",
            "choice",
            {"optional": "Optional", "required": "Required"},
        ),
    ),
)
RETENTION = Group(
    "retention",
    "Data retention",
    "How long data is kept. Shorter times delete data permanently the next night.",
    (
        *(
            Setting(f"retention_days_{data}", label, "", "number")
            for data, label in {
                "drafts": "Days to keep unfinished answers",
                "leads": "Days to keep leads",
                "mails": "Days to keep the texts of emails",
                "pdfs": "Days to keep PDFs",
                "logs": "Days to keep sign-in and notification logs",
            }.items()
        ),
        Setting(
            "retention_leads",
            "When a lead expires",
            "",
            "choice",
            {"delete": "Delete", "anonymise": "Anonymize"},
        ),
    ),
)
_GROUPS = (BRAND, REPORT, HOURS, RETENTION, SIGN_IN)
_LISTED = {setting.name for group in _GROUPS for setting in group.settings}
# Settings marked for staff that no page lists: shown by their own names, so that none is lost.
_MORE = Group(
    "more",
    "More",
    "Other settings.",
    tuple(
        Setting(name, name.replace("_", " ").capitalize())
        for name in Settings.model_fields
        if name in overridable() - _LISTED
    ),
)
GROUPS: Mapping[str, Group] = {group.slug: group for group in (*_GROUPS, _MORE) if group.settings}
