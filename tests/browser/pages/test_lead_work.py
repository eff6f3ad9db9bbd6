"""A lead with notes and a next step, and what is refused of them."""

from tests.browser.pages.state import State, Step, look_at_each, open_all, press
from tests.support.browser import Visit


def send_empty(form: str) -> Step:
    def send(visit: Visit) -> None:
        open_all(visit)
        press(f"{form} button")(visit)

    return send


def send_late(visit: Visit) -> None:
    open_all(visit)
    visit.tab.evaluate("document.querySelectorAll('[name=version]').forEach(f => { f.value = 1 })")
    visit.tab.locator("#follow-up-on").fill("2099-12-24")
    press("#do-follow-up form:last-child button")(visit)


def send_late_note(visit: Visit) -> None:
    open_all(visit)
    form = visit.tab.locator("#notes form:has([name=seen])").first
    form.locator("[name=seen]").evaluate("field => { field.value = '2026-01-01T00:00:00+00:00' }")
    form.locator("textarea").fill("Something else")
    visit.leave(form.locator("button").click)


LEAD = "/staff/leads/5"
send_no_note = send_empty("#notes form[action$='/notes']")
send_no_day = send_empty("#do-follow-up form:last-child")

test_lead_work = look_at_each(
    State("lead worked on", LEAD, open_all, who="staff"),
    State("note refused", LEAD, send_no_note, who="staff"),
    State("note changed in the meantime", LEAD, send_late_note, who="staff"),
    State("lead refused", LEAD, send_no_day, who="staff"),
    State("lead changed in the meantime", LEAD, send_late, who="staff"),
)
