"""The forms of the page of a lead, as staff fill them in."""

from consult.storage.db.database import Database
from consult.storage.leads import actions
from tests.support.client import PageClient
from tests.support.databases import write
from tests.support.page import Form, Page

BEN, GRACE_ID, BEN_ID = "ben@example.com", 1, 2
"""Who works on leads: Grace has the first account, and Ben the second."""


def send(client: PageClient, lead: int | Page, action: str, **fields: str) -> Page:
    """Fill in the form of a lead's page whose action ends so, and go where it leads.

    For a `lead`, its page is fetched; or else it is the page at hand.
    """
    page = lead if isinstance(lead, Page) else client.get(f"/staff/leads/{lead}")
    return client.follow(client.submit(page.form(f"/{action}").fill(**fields)))


def stage_form(page: Page, stage: str) -> Form:
    """The form of a lead's page for a stage."""
    return next(f for f in page.forms if f.action.endswith("/stage") and f.data["stage"] == [stage])


def move(
    client: PageClient, lead: int | Page, stage: str, *, status: int = 303, **fields: str
) -> Page:
    page = lead if isinstance(lead, Page) else client.get(f"/staff/leads/{lead}")
    form = stage_form(page, stage)
    return client.submit(form.fill(**fields), status=status)


def log_contact(database: Database, lead: int, *, reached: bool = True) -> None:
    write(database, actions.log_contact, lead, by=GRACE_ID, channel="phone", reached=reached)


def one_each(data: dict[str, list[str]]) -> dict[str, str]:
    """The fields of a form, to be sent with others."""
    return {name: values[0] for name, values in data.items()}
