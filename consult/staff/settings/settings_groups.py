"""Which settings staff may choose, page by page, and how the pages put them into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from consult.settings import Settings, overridable
from consult.settings.brand import CURRENCY_SIGNS

Kind = Literal["text", "number", "colour", "choice", "zone", "person", "week", "days"]


@dataclass(frozen=True, slots=True)
class Choosable:
    """A setting as the pages offer it. `options` are the values of a choice, in words."""

    name: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    options: Mapping[str, str] | None = None

    @property
    def field(self) -> str:
        """The name and id of its field in a form."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Group:
    """The settings of one page; `slug` is in its address."""

    slug: str
    title: str
    intro: str
    settings: Sequence[Choosable]


BRAND = Group(
    "brand",
    "Brand",
    "Whose name and colours people see. Reports that exist stay as they are.",
    (
        Choosable("brand.name", "Name of the agency"),
        Choosable("brand.product", "Name of the questionnaire"),
        Choosable("brand.consult_url", "Where a consult is booked", "An address with https://."),
        Choosable("brand.email", "Email address on the report", "Replies to mails go there too."),
        Choosable("brand.phone", "Phone number on the report"),
        Choosable(
            "brand.currency",
            "Currency",
            "Of the money range. Amounts that were typed stay as they are.",
            "choice",
            {code: f"{code} ({sign.strip()})" for code, sign in CURRENCY_SIGNS.items()},
        ),
        Choosable(
            "paper", "Paper size", "Of the PDFs.", "choice", {"letter": "US Letter", "a4": "A4"}
        ),
        Choosable("brand.colours.ink", "Ink", "Text and buttons.", "colour"),
        Choosable("brand.colours.paper", "Paper", "Behind the text.", "colour"),
        Choosable("brand.colours.marketing", "Marketing", "The first leg.", "colour"),
        Choosable("brand.colours.sales", "Sales", "The second leg, and links.", "colour"),
        Choosable("brand.colours.exchange", "Exchange", "Lies under text in ink.", "colour"),
    ),
)
OFFER = Group(
    "report",
    "Report",
    "What owners get, and what they are asked for before.",
    (
        Choosable(
            "contact_before",
            "Ask who they are before",
            "",
            "choice",
            {"nothing": "Nothing: all is open", "pdf": "The PDF", "result": "The result"},
        ),
    ),
)
HOURS = Group(
    "hours",
    "Hours",
    "When somebody is there, what is promised, and who catches new leads.",
    (
        Choosable(
            "time_zone",
            "Time zone",
            "The agency’s own. Business hours are meant in it, and staff see all times in it.",
            "zone",
        ),
        Choosable(
            "business_hours",
            "Business hours",
            "When somebody is there to reply; the clock of a new lead runs at these times only. "
            "00:00 at the end of a day is midnight.",
            "week",
        ),
        Choosable(
            "closed_on",
            "Closed on",
            "Days on which nobody is there, such as holidays. Empty a field to open again. "
            "Each time you save, there are fields for more.",
            "days",
        ),
        Choosable("reply_within_hours", "Reply within, in business hours", "", "number"),
        Choosable(
            "new_leads_to",
            "New leads go to",
            "Who holds new leads, and those of accounts that are closed.",
            "person",
        ),
    ),
)
SIGN_IN = Group(
    "sign-in",
    "Sign-in",
    "How staff come in.",
    (
        Choosable(
            "staff_second_factor",
            "Second factor",
            "An authenticator app or a passkey, so that a password alone lets nobody in.",
            "choice",
            {"optional": "For those who want one", "required": "For everybody"},
        ),
    ),
)
_DAYS = {
    "retention_days_drafts": "Days to keep unfinished answers",
    "retention_days_leads": "Days to keep leads",
    "retention_days_mails": "Days to keep the texts of mails",
    "retention_days_pdfs": "Days to keep PDFs",
    "retention_days_logs": "Days to keep who signed in and what was told",
}
_AT_THE_END = Choosable(
    "retention_leads",
    "What becomes of leads then",
    "",
    "choice",
    {"delete": "They are deleted", "anonymise": "They are made anonymous"},
)
_ELSEWHERE = frozenset(s.name for group in (BRAND, OFFER, HOURS, SIGN_IN) for s in group.settings)


def _rest(prefix: str, without: frozenset[str]) -> tuple[Choosable, ...]:
    """The settings marked for staff that start with a prefix, in the order of `Settings`."""
    return tuple(
        Choosable(name, _DAYS.get(name) or name.replace("_", " ").capitalize(), "", _kind_of(name))
        for name in Settings.model_fields
        if name in overridable() - without and name.startswith(prefix)
    )


def _kind_of(name: str) -> Kind:
    return "number" if Settings.model_fields[name].annotation is int else "text"


KEEPING = Group(
    "keeping",
    "Keeping",
    "How long what people left is kept. With a shorter time, the next nightly round deletes more, "
    "for good.",
    (*_rest("retention_days_", _ELSEWHERE), _AT_THE_END),
)
# What is marked for staff and has no page yet: shown by its own name, so that none is lost.
MORE = Group(
    "more",
    "More",
    "What else the environment leaves open.",
    _rest("", _ELSEWHERE | frozenset(setting.name for setting in KEEPING.settings)),
)
GROUPS: Mapping[str, Group] = {
    group.slug: group for group in (BRAND, OFFER, HOURS, KEEPING, SIGN_IN, MORE) if group.settings
}
