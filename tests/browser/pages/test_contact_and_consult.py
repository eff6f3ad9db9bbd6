"""What an owner leaves to be contacted, and the consult that they book."""

from consult.crypto import contact_key
from tests.browser.pages.state import State, look_at_each, open_all, press
from tests.browser.site import Site
from tests.support.apps import services_of
from tests.support.results import booked_path, confirm_path
from tests.support.submissions import lead_of


def with_key(site: Site, page: str) -> str:
    """A page of the result whose contact is known, as its owner opens it from the email."""
    made, token = services_of(site.app), site.result.rsplit("/", 1)[1]
    submitted = lead_of(made.database, token)
    assert submitted.contact
    hashed, email = submitted.result_token_hash, submitted.contact.email
    return f"{site.result}/{page}?key={contact_key(made.settings.signing_key(), hashed, email)}"


test_contact_and_consult = look_at_each(
    State("contact", lambda site: f"{site.anonymous_result}/contact"),
    State("contact that is known", lambda site: f"{site.result}/contact"),
    State("contact to correct", lambda site: with_key(site, "contact")),
    State("contact unanswered", lambda site: f"{site.anonymous_result}/contact", press()),
    State("confirm", lambda site: confirm_path(site.app)),
    State("confirm with an old link", f"/confirm/{'x' * 43}", status=410),
    State("consult", lambda site: f"{site.anonymous_result}/consult"),
    State("consult with one tap", lambda site: f"{site.result}/consult"),
    State("book", lambda site: f"{site.anonymous_result}/book", open_all),
    State("book with one tap", lambda site: f"{site.result}/book"),
    State("book with the address in view", lambda site: with_key(site, "book")),
    State("book unanswered", lambda site: f"{site.anonymous_result}/book", press()),
    State("booked", lambda site: booked_path(site.app), open_all),
    State("booked, then canceled", lambda site: booked_path(site.app), press()),
)
