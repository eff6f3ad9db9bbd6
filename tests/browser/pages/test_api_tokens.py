"""Tokens for the API."""

from tests.browser.pages.state import State, before_anyone_came, look_at_each, press
from tests.support.browser import Visit

TOKENS = "/staff/settings/api-tokens"


def create(visit: Visit) -> None:
    visit.tab.fill("[name=name]", "CRM")
    press()(visit)


test_api_tokens = look_at_each(
    State("API tokens", f"{TOKENS}?done=revoked", who="admin"),
    State("no API tokens", TOKENS, before_anyone_came, who="admin"),
    State("create a token", f"{TOKENS}/new", who="admin"),
    State("token refused", f"{TOKENS}/new", press(), who="admin"),
    State("new API token", f"{TOKENS}/new", create, who="admin"),
)
