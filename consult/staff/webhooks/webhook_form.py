"""The form of a webhook: its address, what it is told, and whether people are named to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from consult.delivery.webhooks.http_client import Refused, address_of
from consult.delivery.webhooks.signing import new_salt
from consult.web.text import one_line
from consult.workflow.notification_types import WEBHOOK_KINDS, Kind

ADDRESS_MAX = 2000
_SALT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class WebhookForm:
    """What was filled in.

    Attributes:
        salt: what the secret will follow from. The page that shows the form chooses it, so a form
            that is sent twice makes one address and not two.
        errors: what to mend, by the id of the field.
    """

    address: str = ""
    kinds: tuple[Kind, ...] = WEBHOOK_KINDS
    with_contact: bool = False
    salt: str = field(default_factory=new_salt)
    errors: Mapping[str, str] = field(default_factory=dict)


def read_form(posted: MultiDict[str, str], *, loopback: bool) -> WebhookForm:
    """The form as it was sent, with what is wrong in it."""
    address = one_line(posted.get("address", ""))
    kinds: tuple[Kind, ...] = tuple(kind for kind in WEBHOOK_KINDS if f"kind_{kind}" in posted)
    salt = posted.get("salt", "")
    errors = {}
    if problem := _address_problem(address, loopback=loopback):
        errors["address"] = problem
    if not kinds:
        errors["kinds"] = "Choose at least one thing to tell."
    return WebhookForm(
        address=address,
        kinds=kinds,
        with_contact="with_contact" in posted,
        salt=salt if _SALT.fullmatch(salt) else new_salt(),
        errors=errors,
    )


def _address_problem(address: str, *, loopback: bool) -> str:
    if not address:
        return "Enter the address that takes the messages."
    if len(address) > ADDRESS_MAX:
        return f"Use at most {ADDRESS_MAX} characters."
    try:
        address_of(address, loopback=loopback)
    except Refused as problem:
        return str(problem)
    return ""
