"""Every page of the site in every state that looks different: how to get there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Route

from consult.staff.settings.settings_fields import GROUPS
from tests.browser.site import QUESTION_PAGES, Site, hidden_webhooks
from tests.support import staff_client
from tests.support.apps import make_app
from tests.support.browser import Visit
from tests.support.client import PageClient
from tests.support.keyboard_and_touch import sign_in
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR
from tests.support.second_factors import CAREFUL
from tests.support.staff_client import PASSWORD, age_authentication

CONTINUE = "main form button[type=submit]"

Step = Callable[[Visit], None]


@dataclass(frozen=True)
class State:
    """A page in one state: its path on a site, and what a person does there."""

    name: str
    path: Callable[[Site], str]
    then: Step | None = None
    signed_in: bool = False
    careful: bool = False
    """Whether the person who is signed in has a second factor."""
    stale: bool = False
    """Whether the person who is signed in has not proved for a while who they are."""
    admin: bool = False
    """Whether the person who is signed in is an admin."""
    status: int = 200
    shows: str = ""
    """Words that tell this state from others of its page."""


def press(selector: str = CONTINUE) -> Step:
    def step(visit: Visit) -> None:
        button = visit.tab.locator(selector).last
        visit.leave(lambda: button.dispatch_event("click"))

    return step


def open_all(visit: Visit) -> None:
    visit.tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


def check_all(visit: Visit, boxes: str) -> None:
    checked = "boxes => boxes.filter(box => { box.click(); return box.checked }).length"
    assert visit.tab.locator(boxes).evaluate_all(checked)


def send_empty(form: str) -> Step:
    def send(visit: Visit) -> None:
        open_all(visit)
        press(f"#do-{form} form:last-child button")(visit)

    return send


def send_long_comment(visit: Visit) -> None:
    open_all(visit)
    visit.tab.locator("#answer-comment").evaluate("field => { field.value = 'w'.repeat(1001) }")
    press("form[action$=decline] button")(visit)


def send_late_to_lead(visit: Visit) -> None:
    open_all(visit)
    visit.tab.evaluate("document.querySelectorAll('[name=version]').forEach(f => { f.value = 1 })")
    visit.tab.locator("#follow-up-on").fill("2099-12-24")
    press("#do-follow-up form:last-child button")(visit)


def too_many_symptoms(visit: Visit) -> None:
    check_all(visit, "[name=symptoms]:not(:checked)")
    press()(visit)


def a_word_in_doubt(visit: Visit) -> None:
    open_all(visit)
    visit.tab.locator("[name=new_customers_last_month]").fill("plenty")
    press("form.contradictions button")(visit)


def select_all(visit: Visit) -> None:
    check_all(visit, "tbody [name=lead]")


def win_all(visit: Visit) -> None:
    visit.tab.select_option("#stage", "won")
    press("button[value=move]")(visit)


def pick_another(visit: Visit) -> None:
    visit.tab.select_option("#follow_up", "3")
    visit.tab.locator("#changes", has_text="2 answers changed").wait_for()


def a_word_for_a_number(visit: Visit) -> None:
    visit.tab.locator("[name=first_sale_value]").fill("plenty")
    press()(visit)


def without_looking_again(pages: str) -> Step:
    def still(route: Route) -> None:
        answer = route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name != "refresh"}
        route.fulfill(response=answer, headers=headers)

    def look(visit: Visit) -> None:
        visit.tab.route(pages, still, times=1)
        visit.tab.reload()

    return look


def give_password(visit: Visit) -> None:
    sign_in(visit, CAREFUL)


def give_no_code(visit: Visit) -> None:
    give_password(visit)
    press("form:has([name=code]) button")(visit)


def give_no_recovery_code(visit: Visit) -> None:
    give_password(visit)
    open_all(visit)
    press("form:has([name=recovery_code]) button")(visit)


def send_late(visit: Visit) -> None:
    press("form[action$='/recovery-codes'] button")(visit)


def send_late_and_confirm(visit: Visit) -> None:
    press("form[action$='/end-all'] button")(visit)
    visit.tab.fill("[name=password]", PASSWORD)
    press("form:has([name=password]) button")(visit)


def unreadable(visit: Visit) -> None:
    visit.tab.fill("#brand-colours-marketing", "#ffe08a")
    visit.tab.locator("[data-readable]", has_text="not enough contrast").wait_for()
    press("form.settings button:not([name])")(visit)


def open_without_hours(visit: Visit) -> None:
    visit.tab.check("[name=business_hours-sat-open]")
    visit.tab.fill("[name=business_hours-fri-until-1]", "12:00")
    visit.tab.locator("details.break summary").nth(4).click()
    visit.tab.fill("[name=business_hours-fri-from-2]", "13:30")
    visit.tab.fill("[name=business_hours-fri-until-2]", "16:00")
    press("form.settings button")(visit)


def add_webhook(visit: Visit) -> None:
    visit.tab.fill("[name=url]", "https://hooks.example/relay")
    press()(visit)


def add_token(visit: Visit) -> None:
    visit.tab.fill("[name=name]", "CRM")
    press()(visit)


def choose_hubspot(visit: Visit) -> None:
    """Choose a format that needs more than what was entered."""
    visit.tab.select_option("[name=kind]", "hubspot")
    visit.tab.locator("details.more summary").click()
    visit.tab.fill("[name=map_email]", "E mail")
    press()(visit)


def before_anyone_came(visit: Visit) -> None:
    path = visit.path
    with TemporaryDirectory() as folder:
        app = make_app(Path(folder))
        page = staff_client.joined(app, admin=True).get(path)
    left_out = ("Content-Length", "Set-Cookie")
    headers = {name: value for name, value in page.headers.items() if name not in left_out}
    visit.tab.route(
        f"**{path}",
        lambda route: route.fulfill(status=200, headers=headers, body=page.html),
        times=1,
    )
    visit.tab.reload()


def send_empty_note(visit: Visit) -> None:
    open_all(visit)
    press("#notes form[action$='/notes'] button")(visit)


def send_late_note(visit: Visit) -> None:
    open_all(visit)
    form = visit.tab.locator("#notes form:has([name=seen])").first
    form.locator("[name=seen]").evaluate("field => { field.value = '2026-01-01T00:00:00+00:00' }")
    form.locator("textarea").fill("Something else")
    visit.leave(form.locator("button").click)


def with_the_site(
    path: str, act: Callable[[Visit, Site], None]
) -> tuple[Callable[[Site], str], Step]:
    sites: list[Site] = []

    def find(site: Site) -> str:
        sites[:] = [site]
        return path

    return find, lambda visit: act(visit, sites[0])


def without_webhooks(visit: Visit, site: Site) -> None:
    with hidden_webhooks(site.app):
        visit.tab.reload()


def send_logo_late(visit: Visit, site: Site) -> None:
    visit.tab.set_input_files(
        "#logo", {"name": "ours.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
    )
    age_authentication(site.app, minutes=60)
    press("form:has(#logo) button")(visit)
    visit.tab.fill("[name=password]", PASSWORD)
    press("form:has([name=password]) button")(visit)
    visit.tab.locator("input[type=file][name=logo]").wait_for()


def stopped_at(page: str) -> Callable[[Site], str]:
    def path(site: Site) -> str:
        journey = Journey(PageClient(site.app), BATON_ON_THE_FLOOR.answers)
        journey.start()
        return journey.to_page(page).path

    return path


def full_check(page: str) -> Callable[[Site], str]:
    return lambda site: f"{site.full_check}/{page}"


def on(path: str) -> Callable[[Site], str]:
    return lambda site: path


OWNER_STATES = (
    State("start", on("/")),
    State("start in full", on("/?depth=full")),
    *(State(f"questions {page}", full_check(page)) for page in QUESTION_PAGES),
    State("who unanswered", lambda site: f"{site.empty_check}/who", press()),
    State("cards unanswered", stopped_at("sort-1"), press()),
    State("items unanswered", stopped_at("keep-going"), press()),
    State("too many symptoms", full_check("trouble"), too_many_symptoms),
    State("no number", full_check("numbers"), a_word_for_a_number),
    State("review", full_check("review")),
    State("review with contradictions", full_check("review"), open_all),
    State("a word in doubt", full_check("review"), a_word_in_doubt),
    State("review with gaps", lambda site: f"{site.empty_check}/review"),
    State("pause", lambda site: f"{site.empty_check}/pause", open_all),
    State("resume", lambda site: site.resume_link),
    State("resume link expired", on("/resume/nothing"), status=410),
    State("stop with leave", full_check("stop?forgotten=1"), open_all),
    State("change one answer", full_check("first-touch?then=review")),
    State("result", lambda site: site.anonymous_result, open_all),
    State("best result", lambda site: site.best_result, open_all),
    State("result that waits", lambda site: site.suspect_result),
    State("confirm", lambda site: site.confirm_link),
    State("result and thanks", lambda site: f"{site.result}?thanks=1", open_all),
    State("why", lambda site: f"{site.result}/why", open_all),
    State("why so much is unknown", lambda site: f"{site.anonymous_result}/why", open_all),
    State("what if", lambda site: f"{site.anonymous_result}/what-if"),
    State("what if picked", lambda site: f"{site.result}/what-if?lead_list=3&x=1", pick_another),
    State("shared result", lambda site: site.shared_result, open_all),
    State("why the shared scores", lambda site: f"{site.shared_result}/why"),
    State("contact", lambda site: f"{site.anonymous_result}/contact"),
    State("contact that is known", lambda site: f"{site.result}/contact"),
    State("consult", lambda site: f"{site.anonymous_result}/consult"),
    State("consult with one tap", lambda site: f"{site.result}/consult"),
    State("book", lambda site: f"{site.anonymous_result}/book", open_all),
    State("book with one tap", lambda site: f"{site.result}/book"),
    State("book unanswered", lambda site: f"{site.anonymous_result}/book", press()),
    State("booked", lambda site: site.booked_link, open_all),
    State("booked, then canceled", lambda site: site.booked_link, press()),
    State("contact unanswered", lambda site: f"{site.anonymous_result}/contact", press()),
    State(
        "waiting",
        lambda site: f"{site.waiting_result}/report.pdf",
        without_looking_again("**/report.pdf"),
    ),
    State("not found", on("/nowhere"), status=404),
)
STAFF_STATES = (
    State("sign in", on("/staff/sign-in")),
    State("sign in refused", on("/staff/sign-in"), press()),
    State("invitation", lambda site: site.invitation),
    State("invitation unanswered", lambda site: site.invitation, press()),
    State("invitation over", on("/staff/invitation/used"), status=404),
    State("today", on("/staff/"), open_all, signed_in=True),
    State("nothing today", on("/staff/"), before_anyone_came, signed_in=True),
    State("leads", on("/staff/leads"), signed_in=True),
    State("no leads yet", on("/staff/leads"), before_anyone_came, signed_in=True),
    State("one lead", on("/staff/leads?archetype=well_rehearsed_relay"), signed_in=True),
    State(
        "leads filtered", on("/staff/leads?stage=open&text=a&sort=next"), open_all, signed_in=True
    ),
    State(
        "leads selected",
        on("/staff/leads?archetype=well_rehearsed_relay"),
        select_all,
        signed_in=True,
    ),
    State("no lead fits", on("/staff/leads?text=nobody&stage=won&stage=lost"), signed_in=True),
    State("many leads", on("/staff/leads/bulk?do=all&demo=without"), signed_in=True),
    State("many leads refused", on("/staff/leads/bulk?lead=1&lead=2"), win_all, signed_in=True),
    State("lead", on("/staff/leads/1"), open_all, signed_in=True),
    State("lead without PDF", on("/staff/leads/3"), open_all, signed_in=True),
    State("lead without contact", on("/staff/leads/4"), open_all, signed_in=True),
    State("lead offered", on("/staff/leads/3"), signed_in=True),
    State("lead worked on", on("/staff/leads/5"), open_all, signed_in=True),
    State("lead made anonymous", on("/staff/leads/6"), open_all, signed_in=True),
    State("lead that I offered", on("/staff/leads/7?done=follow-up"), signed_in=True),
    State("lead that was lost", on("/staff/leads/8"), open_all, signed_in=True),
    State("return refused", on("/staff/leads/3"), send_long_comment, signed_in=True),
    State("note refused", on("/staff/leads/5"), send_empty_note, signed_in=True),
    State("note changed in the meantime", on("/staff/leads/5"), send_late_note, signed_in=True),
    State("lead refused", on("/staff/leads/5"), send_empty("follow-up"), signed_in=True),
    State("lead changed in the meantime", on("/staff/leads/5"), send_late_to_lead, signed_in=True),
    State("mail", on("/staff/leads/1/mails/1"), signed_in=True),
    State("data", on("/staff/leads/1/data"), admin=True),
    State("delete lead", on("/staff/leads/1/delete"), admin=True),
    State("delete lead without reason", on("/staff/leads/1/delete"), press(), admin=True),
    State("anonymise lead", on("/staff/leads/1/anonymise"), admin=True),
    State("receipts", on("/staff/receipts?lead=2"), admin=True),
    State("no receipts", on("/staff/receipts?lead=99"), admin=True),
    State("person", on("/staff/person"), admin=True),
    State("nobody found", on("/staff/person"), press(), admin=True),
    State("help", on("/staff/help"), signed_in=True),
    State("names like", on("/staff/leads?text=Okafur"), signed_in=True),
    State("new view", on("/staff/views/new?stage=won&assignee=me&text=a"), signed_in=True),
    State("view refused", on("/staff/views/new?stage=won"), press("main form button"), True),
    State("edit view", on("/staff/views/1"), signed_in=True),
    State("list as a view", on("/staff/leads?stage=open&source=fair"), signed_in=True),
    State("insights", on("/staff/insights"), open_all, signed_in=True),
    State("unfinished checks", on("/staff/unfinished?done=requested"), signed_in=True),
    State("insights before anyone came", on("/staff/insights"), before_anyone_came, True),
    State("insights of nobody", on("/staff/insights?source=nowhere"), signed_in=True),
    State("export", on("/staff/exports/new?text=okafor&stage=open"), open_all, signed_in=True),
    State("export of nothing", on("/staff/exports/new?text=nobody"), signed_in=True),
    State("account", on("/staff/account"), signed_in=True),
    State(
        "password refused",
        on("/staff/account"),
        press("form[action$='/password'] button"),
        signed_in=True,
    ),
    State("stop mails", lambda site: site.stop_mails),
    State("mails stopped", lambda site: site.stop_mails, press()),
    State("website tried", on("/staff/settings/website/try?page=example.com"), admin=True),
    State("notifications", on("/staff/settings/notifications"), admin=True),
    State("webhooks", on("/staff/settings/webhooks"), admin=True),
    State("no webhooks", *with_the_site("/staff/settings/webhooks", without_webhooks), admin=True),
    State("webhook without trouble", on("/staff/settings/webhooks/1?show=failed"), admin=True),
    State("webhook", on("/staff/settings/webhooks/1?done=test"), open_all, admin=True),
    State("webhook switched off", on("/staff/settings/webhooks/2"), open_all, admin=True),
    State("add a webhook", on("/staff/settings/webhooks/new"), admin=True),
    State("webhook refused", on("/staff/settings/webhooks/new"), choose_hubspot, admin=True),
    State("secret of a webhook", on("/staff/settings/webhooks/new"), add_webhook, admin=True),
    State("change a webhook", on("/staff/settings/webhooks/1/change"), admin=True),
    State("calendars", on("/staff/settings/calendars"), admin=True),
    State("calendar that reports", on("/staff/settings/calendars/cal?done=saved"), admin=True),
    State("calendar of Calendly", on("/staff/settings/calendars/calendly"), admin=True),
    State(
        "secret of a calendar",
        on("/staff/settings/calendars/cal"),
        press("[action$='/secret'] button"),
        admin=True,
    ),
    State(
        "secret of a calendar refused",
        on("/staff/settings/calendars/savvycal"),
        press("[action$='/secret'] button"),
        admin=True,
    ),
    State("bookings without a lead", on("/staff/bookings?done=dismissed"), signed_in=True),
    State("whose booking", on("/staff/bookings/1?text=Okafor"), signed_in=True),
    State("busy times", on("/staff/settings/busy-times?done=added"), admin=True),
    State(
        "no calendar",
        on("/staff/settings/busy-times"),
        press("[action$='/add'] button"),
        admin=True,
    ),
    State("API tokens", on("/staff/settings/api-tokens?done=revoked"), admin=True),
    State("no API tokens", on("/staff/settings/api-tokens"), before_anyone_came, admin=True),
    State("create a token", on("/staff/settings/api-tokens/new"), admin=True),
    State("token refused", on("/staff/settings/api-tokens/new"), press(), admin=True),
    State("new API token", on("/staff/settings/api-tokens/new"), add_token, admin=True),
    State("provider away", on("/staff/sign-in/provider"), status=503),
    State("back from the provider in vain", on("/staff/sign-in/provider/back"), status=400),
    State("account not linked", on("/staff/account/provider"), signed_in=True, status=503),
    State("second factor", on("/staff/sign-in/code"), give_password),
    State("no code", on("/staff/sign-in/code"), give_no_code),
    State("no recovery code", on("/staff/sign-in/code"), give_no_recovery_code),
    State("no factors", on("/staff/account/factors"), signed_in=True),
    State("factors", on("/staff/account/factors"), signed_in=True, careful=True),
    State("add a passkey", on("/staff/account/factors/passkeys/new"), signed_in=True),
    State(
        "recovery codes",
        on("/staff/account/factors"),
        press("form[action$='/recovery-codes'] button"),
        signed_in=True,
        careful=True,
    ),
    State("set up an app", on("/staff/account/factors/app"), signed_in=True),
    State("app refused", on("/staff/account/factors/app"), press(), signed_in=True),
    State("confirm", on("/staff/confirm?next=/staff/account"), signed_in=True, stale=True),
    State("confirm by code", on("/staff/confirm"), signed_in=True, careful=True, stale=True),
    State(
        "form held back",
        on("/staff/account/factors"),
        send_late,
        signed_in=True,
        careful=True,
        stale=True,
    ),
    State(
        "form to send again",
        on("/staff/account"),
        send_late_and_confirm,
        signed_in=True,
        stale=True,
    ),
    State("confirm refused", on("/staff/confirm"), press(), signed_in=True, stale=True),
    *(State(f"settings {slug}", on(f"/staff/settings/{slug}"), admin=True) for slug in GROUPS),
    State("hours refused", on("/staff/settings/hours"), open_without_hours, admin=True),
    State("brand preview", on("/staff/settings/brand"), press("[name=preview]"), admin=True),
    State("unreadable brand", on("/staff/settings/brand"), unreadable, admin=True),
    State(
        "no logo", on("/staff/settings/brand"), press("form[action$='/logo'] button"), admin=True
    ),
    State(
        "file to choose again", *with_the_site("/staff/settings/brand", send_logo_late), admin=True
    ),
    State("people", on("/staff/settings/people"), admin=True),
    State(
        "nobody invited",
        on("/staff/settings/people"),
        press("form[action$='/invite'] button"),
        admin=True,
    ),
    State(
        "one-time link",
        on("/staff/settings/people/1"),
        press("form[action$='/link'] button"),
        admin=True,
    ),
    State("colleague", on("/staff/settings/people/2"), admin=True),
    State(
        "last admin",
        on("/staff/settings/people/3"),
        press("form[action$='/disable'] button"),
        admin=True,
        shows="the last admin",
    ),
    State("audit log", on("/staff/settings/audit-log"), admin=True),
    State("nothing in the log", on("/staff/settings/audit-log?lead=77"), admin=True),
    State("for admins only", on("/staff/settings/people"), signed_in=True, status=403),
    State("lead not found", on("/staff/leads/99"), signed_in=True, status=404),
)
STATES = OWNER_STATES + STAFF_STATES
