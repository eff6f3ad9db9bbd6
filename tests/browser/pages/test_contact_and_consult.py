"""What an owner leaves to be contacted, and the consult that they book."""

from tests.browser.pages.state import State, look_at_each, open_all, press
from tests.support.results import booked_path, confirm_path

test_contact_and_consult = look_at_each(
    State("contact", lambda site: f"{site.anonymous_result}/contact"),
    State("contact that is known", lambda site: f"{site.result}/contact"),
    State("contact unanswered", lambda site: f"{site.anonymous_result}/contact", press()),
    State("confirm", lambda site: confirm_path(site.app)),
    State("consult", lambda site: f"{site.anonymous_result}/consult"),
    State("consult with one tap", lambda site: f"{site.result}/consult"),
    State("book", lambda site: f"{site.anonymous_result}/book", open_all),
    State("book with one tap", lambda site: f"{site.result}/book"),
    State("book unanswered", lambda site: f"{site.anonymous_result}/book", press()),
    State("booked", lambda site: booked_path(site.app), open_all),
    State("booked, then canceled", lambda site: booked_path(site.app), press()),
)
