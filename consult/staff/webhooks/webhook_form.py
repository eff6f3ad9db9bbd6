"""The form of a webhook: where messages go, in which format, about what, and HubSpot's fields."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from wtforms import BooleanField, Field, Form, HiddenField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, ValidationError

from consult.crypto import new_salt, salt_or_new
from consult.delivery.network import ForbiddenUrlError, checked_url
from consult.delivery.webhooks.webhook_delivery import form_url, guess_kind
from consult.delivery.webhooks.webhook_formats import CUSTOM_FIELDS, DEFAULT_MAP
from consult.storage.tables.delivery_tables import EndpointRow
from consult.web.services import services
from consult.web.text import LineField, at_most
from consult.workflow.notification_types import (
    HUBSPOT_EVENTS,
    QUIET_EVENTS,
    WEBHOOK_EVENTS,
    WEBHOOK_KINDS,
    WebhookKind,
)

MAX_URL = 2000
KIND_NAMES: Mapping[WebhookKind, str] = {
    "standard": "Standard",
    "flat": "Flat",
    "slack": "Slack",
    "discord": "Discord",
    "teams": "Microsoft Teams",
    "hubspot": "HubSpot form",
}
KIND_CHOICES: Sequence[tuple[str, str]] = (
    ("", "Choose by the URL"),
    ("standard", "Standard: signed, for your own programs"),
    ("flat", "Flat: one level, for Zapier, Make, n8n and Google Sheets"),
    ("slack", "Slack"),
    ("discord", "Discord"),
    ("teams", "Microsoft Teams, by Workflows"),
    ("hubspot", "HubSpot form"),
)
USUAL_FIELDS: Mapping[str, str] = {
    "email": "Email",
    "first_name": "First name",
    "last_name": "Last name",
    "business": "Business",
    "phone": "Phone",
}
MORE_FIELDS: Mapping[str, str] = {
    "lead_url": "Link to the lead",
    "best_time": "Best time to call",
    "wants_consult": "Wants a consult",
    "consult_at": "Time of the consult",
    "archetype_name": "Archetype",
    "separation": "Separation, as a number",
    "separation_band": "Separation, in words",
    "handoff": "Handoff, as a number",
    "handoff_band": "Handoff, in words",
    "ask_first": "What to ask first",
    "source": "Source",
    "stage_name": "Stage",
    "submitted_at": "Time they finished",
}
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_CUSTOM = range(1, CUSTOM_FIELDS + 1)


def _can_be_posted_to(form: "WebhookForm", field: Field) -> None:
    if form.chosen_kind == "hubspot" and not form_url(field.data):
        raise ValidationError("Enter the form’s address at HubSpot, or its two IDs below.")
    try:
        checked_url(field.data, allow_loopback=services().settings.webhook_loopback)
    except ForbiddenUrlError as problem:
        raise ValidationError(str(problem)) from problem


def _has_events(form: "WebhookForm", field: Field) -> None:
    if not field.data:
        raise ValidationError("Choose at least one event.")
    if form.chosen_kind == "hubspot" and not form.chosen_events:
        raise ValidationError("HubSpot takes New contact and Consult requested. Choose one.")


def _is_property(form: "WebhookForm", field: Field) -> None:
    if form.chosen_kind == "hubspot" and field.data and not _PROPERTY.fullmatch(field.data):
        rule = "use HubSpot’s internal name, with lowercase letters, digits and _."
        raise ValidationError(f"{field.label.text}: {rule}")


class WebhookForm(Form):
    """The settings of a webhook.

    The secret is derived from the `salt`, which the page with the form chooses: so a form that is
    sent twice adds one endpoint and not two.
    """

    url = LineField(
        "URL",
        [
            DataRequired("Enter the URL that receives messages."),
            at_most(MAX_URL),
            _can_be_posted_to,
        ],
    )
    kind = StringField("Format", filters=[lambda kind: kind if kind in WEBHOOK_KINDS else ""])
    portal_id = LineField("Portal ID")
    form_id = LineField("Form ID")
    events = SelectMultipleField(
        "Events",
        [_has_events],
        validate_choice=False,
        filters=[lambda events: [kind for kind in WEBHOOK_EVENTS if kind in (events or ())]],
    )
    includes_contact = BooleanField("Include contact info")
    salt = HiddenField(default=new_salt, filters=[salt_or_new])

    @classmethod
    def of(cls, endpoint: EndpointRow | None) -> "WebhookForm":
        """The form for an endpoint as it is, or for a new one."""
        known = (endpoint and endpoint.field_map) or DEFAULT_MAP
        more = [(ours, name) for ours, name in known.items() if ours in MORE_FIELDS]
        data: dict[str, Any] = {f"map_{ours}": known.get(ours, "") for ours in USUAL_FIELDS}
        for number, (ours, name) in zip(_CUSTOM, more, strict=False):
            data |= {f"more_{number}": ours, f"more_{number}_name": name}
        if endpoint is None:
            data["events"] = [kind for kind in WEBHOOK_EVENTS if kind not in QUIET_EVENTS]
        return cls(obj=endpoint, data=data)

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check all fields; from then on, the URL of a form at HubSpot is that of its API."""
        if self.chosen_kind == "hubspot":
            ids = (self.portal_id.data, self.form_id.data)
            self.url.data = form_url(self.url.data, *ids) or self.url.data or "".join(ids)
        return super().validate(extra_validators)

    @property
    def chosen_kind(self) -> WebhookKind:
        """The kind that was chosen, or the one that the URL is for."""
        if self.portal_id.data and not self.kind.data:
            return "hubspot"
        if self.kind.data:
            return cast(WebhookKind, self.kind.data)
        return guess_kind(self.url.data)

    @property
    def chosen_events(self) -> list[str]:
        events = self.events.data or []
        if self.chosen_kind != "hubspot":
            return events
        return [kind for kind in events if kind in HUBSPOT_EVENTS]

    @property
    def with_contact(self) -> bool:
        """Whether messages include contact info; a form at HubSpot is for nothing else."""
        return self.includes_contact.data or self.chosen_kind == "hubspot"

    @property
    def field_map(self) -> dict[str, str]:
        """HubSpot's name for each of our fields that it gets."""
        if self.chosen_kind != "hubspot":
            return {}
        chosen = {ours: self[f"map_{ours}"].data for ours in USUAL_FIELDS}
        chosen |= {self[f"more_{n}"].data: self[f"more_{n}_name"].data for n in _CUSTOM}
        return {ours: name for ours, name in chosen.items() if ours and name}

    def usual_fields(self) -> Iterator[Field]:
        return (self[f"map_{ours}"] for ours in USUAL_FIELDS)

    def more_fields(self) -> Iterator[tuple[Field, Field]]:
        return ((self[f"more_{n}"], self[f"more_{n}_name"]) for n in _CUSTOM)


def _is_email_sent(form: WebhookForm, field: Field) -> None:
    if form.chosen_kind == "hubspot" and not field.data:
        raise ValidationError("HubSpot recognizes contacts by their email. Enter its field name.")


for _ours, _label in USUAL_FIELDS.items():
    _checks = [_is_property, *([_is_email_sent] if _ours == "email" else ())]
    setattr(WebhookForm, f"map_{_ours}", LineField(_label, _checks))
for _n in _CUSTOM:
    _known = StringField(f"Field {_n}", filters=[lambda ours: ours if ours in MORE_FIELDS else ""])
    setattr(WebhookForm, f"more_{_n}", _known)
    _name = LineField(f"Its name at HubSpot ({_n})", [_is_property])
    setattr(WebhookForm, f"more_{_n}_name", _name)
