"""Scripts, endless words and piled letters in every field: nothing runs, and every page holds."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Dialog

from consult.owner.visitors import source_of
from consult.storage import deliveries
from consult.storage.leads import actions, handovers, notes
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.delivery_tables import Attempt
from consult.storage.webhooks import endpoints
from consult.web.text import one_line
from consult.workflow.notification_types import WEBHOOK_EVENTS
from tests.support import staff_client
from tests.support.apps import services_of
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, Visit, serving_app, visiting
from tests.support.client import PageClient
from tests.support.keyboard_and_touch import sign_in
from tests.support.personas import CONTACT
from tests.support.results import submit_check

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}<!--"
ENDLESS = "W" * 200
STRANGE = (
    '=HYPERLINK("http://evil.example","x") @SUM(1) '
    "\u202egnp.exe\u202c \u2067a\u2069 \0\x07\u200b\ufeff "
    + "Z\u0351\u036b\u0343\u036a\u0302\u034f\u0334\u0319\u0324" * 8
    + " javascript:alert(1) مرحبا 🦔"
)
TEXTS = (SCRIPT, ENDLESS, STRANGE)
FAULTS = """() => {
  document.querySelectorAll('details').forEach((details) => { details.open = true });
  const running = 'script:not([src]), [onerror], [onload], [onclick], [href^="javascript:" i]';
  return [
    ...document.querySelector(running) ? ['has something that could run'] : [],
    ...document.documentElement.outerHTML.includes('49&lt;!--') ? ['calculates'] : [],
  ];
}"""


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """A site whose every field holds one of `TEXTS`: its address, and the results."""
    with serving_app(tmp_path_factory.mktemp("attacked")) as (app, origin):
        yield origin, fill(app)


def fill(app: Flask) -> list[str]:
    """Type every text wherever anyone can; the paths of the results."""
    for number in range(1, 4):
        staff_client.make_user(app, f"{number}{'m' * 50}@{'h' * 60}.example", admin=True)
    staff_client.make_user(app, admin=True)
    results = [leave_everything(app, text) for text in TEXTS]
    with services_of(app).database.writing() as session:
        for lead, text in enumerate(map(one_line, TEXTS), 1):
            session.get_one(StaffUserRow, lead).name = text[:200]
            handovers.claim(session, lead, by=lead)
            actions.log_contact(
                session, lead, by=lead, channel="phone", reached=True, comment=text * 5
            )
            notes.add(session, lead, (text * 50)[: notes.TEXT_MAX], by=lead)
            handovers.hand_over(session, lead, 4, by=lead, comment=text)
            address = f'https://{"h" * 60}.example/"><script>alert({lead})</script>{"w" * 900}'
            added = endpoints.add(
                session,
                address,
                WEBHOOK_EVENTS,
                includes_contact=False,
                salt=str(lead),
                secret_hash="",
            )
            message = deliveries.enqueue_webhook(session, added)
            endpoints.record_attempt(
                session,
                message,
                Attempt(
                    at=session.now().isoformat(),
                    milliseconds=3,
                    status=500,
                    error=SCRIPT,
                    response=text,
                ),
            )
    give_the_brand(app)
    return results


def leave_everything(app: Flask, text: str) -> str:
    """What an owner and their browser tell us."""
    typed = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign", "ref"), text)
    source = source_of(typed, f"https://evil.example/{text}", "http://here")
    result, client = submit_check(app, source=source), PageClient(app)
    details = {"name": text[:200], "business": text[:200], "phone": text[:40]}
    email = f"{'w' * 60}@{'e' * 60}.example"
    form = client.get(f"{result}/contact").form("/contact")
    client.submit(form.fill(**CONTACT | details | {"email": email}))
    return result


def give_the_brand(app: Flask) -> None:
    admin = staff_client.signed_in(app)
    form = admin.get("/staff/settings/brand").form("/settings/brand")
    texts = {"brand-name": SCRIPT[:80], "brand-product": SCRIPT[-80:], "brand-phone": SCRIPT[:40]}
    link = f"https://evil.example/{'w' * 400}?'onerror=alert(1)"
    admin.submit(form.fill(**texts, **{"brand-consult_url": link}))


WIDE = {
    "/staff/leads",
    "/staff/leads/2/delete",
    "/staff/settings/people",
    "/staff/settings/audit-log",
}
"""What has tables or choices with what someone typed, and is looked at on a desk as well."""

PAGES = (
    *(*sorted(WIDE), "/staff/leads/1", "/staff/leads/2", "/staff/leads/3", "/staff/leads/1/data"),
    *("/staff/leads/bulk?lead=1&lead=2&lead=3", "/staff/insights", "/staff/settings/webhooks"),
    *("/staff/settings/webhooks/1", "/staff/settings/webhooks/2", "/staff/settings/people/2"),
    *("/staff/settings/brand", "/staff/unfinished", "/staff/account"),
)


def test_nothing_that_somebody_typed_runs_or_breaks_a_page(
    browser: Browser, attacked: tuple[str, list[str]]
) -> None:
    origin, results = attacked
    with visiting(browser, origin, width=PHONE_WIDTH) as visit:
        visit.tab.on("dialog", lambda dialog: note(visit, dialog))
        for path in ("/?utm_source=<script>&ref=\"'><img onerror=alert(1)>", *results):
            look(visit, path)
        look(visit, f"{results[0]}?thanks=1")
        look(visit, f"{results[0]}/contact")
        sign_in(visit)
        for path in PAGES:
            look(visit, path)
        typed = 'text=<script>alert(1)</script>&source="><img onerror=alert(1)>'
        for path in ("/staff/?", "/staff/exports/new?", "/staff/insights?"):
            look(visit, path + typed)
            look(visit, f"{path}text={'w' * 100}&source={'w' * 200}")


def look(visit: Visit, path: str) -> None:
    visit.open(path)
    visit.faults += [f"{path} {fault}" for fault in visit.tab.evaluate(FAULTS)]
    for width in (PHONE_WIDTH, DESK_WIDTH) if path in WIDE else (PHONE_WIDTH,):
        visit.look(width, height=740)
        if wider := visit.overflow():
            visit.faults.append(f"{path} is {wider} px wider than {width}")


def note(visit: Visit, dialog: Dialog) -> None:
    visit.faults.append(f"{visit.path} runs a script: {dialog.message}")
    dialog.dismiss()
