"""What the API takes and returns, as pydantic models: the OpenAPI document is written from them.

A field has the name that it has in webhooks, in exports and in the scorecard. Later versions add
fields; none is renamed or removed.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from consult.workflow.stages import CLOSING_REASONS, Stage

AMOUNT_MAX = 1_000_000_000


def in_utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _can_be_stored(at: datetime) -> datetime:
    # The first and last days of the calendar cannot be converted to all time zones.
    if not 2000 <= at.year < 9000:
        raise ValueError("Use a year from 2000 to 8999.")
    return at.replace(microsecond=0)


_DATE_TIME = WithJsonSchema({"type": "string", "format": "date-time"})
Time = Annotated[datetime, PlainSerializer(in_utc), _DATE_TIME]


class Contact(BaseModel):
    """Whom a lead's owner named to be written to. Only for tokens with the scope `contact`."""

    name: str
    email: str
    business: str
    phone: str | None
    best_time: str | None = Field(description="When to call, in the owner’s own words.")
    consented_at: Time


class Lead(BaseModel):
    """A lead. Times are in UTC."""

    id: int
    version: int = Field(description="Goes up with each change by staff.")
    url: str = Field(description="Its page in the staff area.")
    submitted_at: Time
    edition: str
    depth: Literal["quick", "full"]
    stage: Stage
    stage_since: Time
    assignee_id: int | None
    assignee: str | None = Field(description="The name of the person it’s assigned to.")
    due_at: Time | None = Field(description="By when a first reply was promised.")
    first_contact_at: Time | None
    consult_at: Time | None
    follow_up_on: date | None
    won_amount: float | None
    won_currency: str | None
    archetype: str
    separation: float = Field(description="From 0 to 100.")
    handoff: float = Field(description="From 0 to 100.")
    source: str | None
    wants_consult: bool
    has_contact: bool
    contact: Contact | None = Field(
        description="Null without the scope `contact`, and for leads without a contact."
    )
    anonymized_at: Time | None = Field(description="When its personal data was deleted.")


class LeadDetails(Lead):
    """A lead with its scorecard, as `consult score` prints it."""

    scorecard: dict[str, Any]


class LeadPage(BaseModel):
    """A page of leads, newest first."""

    leads: list[Lead]
    next: str | None = Field(description="The address of the next page; null on the last.")


class Edition(BaseModel):
    """An edition of the questionnaire, as `consult questionnaire show` prints it."""

    edition: str
    facts: dict[str, Any]
    parts: list[dict[str, Any]]
    dimensions: list[dict[str, Any]]
    contradictions: dict[str, str]
    flags: dict[str, str]
    archetypes: list[str]


class StageChange(BaseModel):
    """Where to move a lead. What goes with one stage only is refused with others."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stage: Stage = Field(
        description="`taken` assigns the lead to the person who made the token. "
        "Which stage may follow which is the same as in the staff area."
    )
    reason: str | None = Field(
        None,
        max_length=32,
        description="Required for a lead that’s lost or not a fit: "
        + "; ".join(f"`{stage}`: {', '.join(ids)}" for stage, ids in CLOSING_REASONS.items()),
    )
    consult_at: Annotated[AwareDatetime, AfterValidator(_can_be_stored), _DATE_TIME] | None = Field(
        None, description="Required for `consult_booked`: the time, with its zone."
    )
    won_amount: Annotated[Decimal, Field(ge=0, le=AMOUNT_MAX, decimal_places=2)] | None = Field(
        None, description="For `won`, if you like: the amount, in the currency of your settings."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, stages in (
            ("reason", tuple(CLOSING_REASONS)),
            ("consult_at", ("consult_booked",)),
            ("won_amount", ("won",)),
        ):
            if getattr(self, name) is not None and self.stage not in stages:
                raise ValueError(f"{name} goes with {' and '.join(stages)} only.")
        return self


class StageChanged(BaseModel):
    """A lead after its stage changed. `ETag` has its new tag."""

    id: int
    version: int
    stage: Stage
    stage_since: Time


class ProblemDetail(BaseModel):
    """One thing that is wrong, and where: in the body, the query or a header."""

    detail: str
    pointer: str | None = Field(None, description="A JSON Pointer into the body.")
    parameter: str | None = None
    header: str | None = None


class Problem(BaseModel):
    """An error, as in RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemDetail] = []
