"""The ways in which a person fills a page in a browser: with a thumb, or with keys alone."""

from collections.abc import Mapping

from playwright.sync_api import Frame, Locator
from playwright.sync_api import Page as Tab

from tests.support import staff_client
from tests.support.browser import Visit
from tests.support.owner_journey import as_sent
from tests.support.page import Field
from tests.support.patience import wait_until
from tests.support.personas import AnswerValue

SEND = "main form button[type=submit]"

MOST_STOPS = 120
"""Tab stops after which a page counts as one that keys cannot get through."""

STOP = """(selector) => {
  const held = document.activeElement;
  const shows = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  const around = [held, held.closest('label'), held.closest('fieldset')];
  return [
    held === document.body,
    around.some((element) => element && shows(element)),
    held.matches(selector),
    held.outerHTML.slice(0, 120),
  ];
}"""
"""Of what has the focus: whether it is the page, whether it shows, and whether it is looked for."""


def sign_in(visit: Visit, email: str = staff_client.EMAIL) -> None:
    """Give the usual password of someone's account."""
    visit.open("/staff/sign-in")
    visit.tab.fill("[name=email]", email)
    visit.tab.fill("[name=password]", staff_client.PASSWORD)
    visit.leave(visit.tab.get_by_role("button", name="Sign in", exact=True).click)
    assert visit.path != "/staff/sign-in", visit.text


def sign_in_as_in(other: Visit, visit: Visit) -> None:
    """Have a window signed in as another of the same site is."""
    cookies = other.tab.context.cookies()
    visit.tab.context.add_cookies(
        [{"name": one["name"], "value": one["value"], "url": visit.origin} for one in cookies]
    )


FIELDS = """() => {
  const fields = new Map();
  for (const form of document.forms) {
    for (const {name, type, value, disabled} of form.elements) {
      if (name && !disabled && !['hidden', 'submit', 'button', 'fieldset'].includes(type)) {
        fields.set(name, [name, type, [...(fields.get(name)?.[2] || []), value]]);
      }
    }
  }
  return [...fields.values()];
}"""


def fields_in(tab: Tab | Frame) -> list[Field]:
    """The fields of the page's forms, in order, without the hidden ones."""
    return [Field(*found) for found in tab.evaluate(FIELDS)]


def values_for(field: Field, answers: Mapping[str, AnswerValue]) -> list[str]:
    """The answer to a field as a browser would send it."""
    sent = as_sent(answers.get(field.name))
    return [sent] if isinstance(sent, str) else sent


def control(tab: Tab | Frame, name: str) -> Locator:
    """The first control of a field in what the page is about."""
    return tab.locator(f'main [name="{name}"]').first


CHOSEN = (
    "[...document.querySelectorAll('main :checked[name]')].map(({name, value}) => [name, value])"
)


def wait_until_chosen(tab: Tab | Frame, choices: Mapping[str, list[str]]) -> None:
    """Wait until what was chosen by hand is: the browser may still be busy with the last one."""
    wanted = [[name, value] for name, values in choices.items() for value in values]

    def chosen() -> bool:
        found = tab.evaluate(CHOSEN)
        return all(choice in found for choice in wanted)

    wait_until(chosen, f"the choice of {wanted}")


MIDDLE = """(selector) => {
  const element = [...document.querySelectorAll(selector)].at(-1);
  element.scrollIntoView({block: 'center', behavior: 'instant'});
  const {x, y, width, height} = element.getBoundingClientRect();
  const middle = [x + width / 2, y + height / 2];
  const there = document.elementFromPoint(...middle);
  if (!element.contains(there)) throw new Error(`${there?.outerHTML} covers ${selector}`);
  return middle;
}"""


def tap(tab: Tab | Frame, selector: str) -> None:
    """Tap the last element that a selector names, which nothing may cover.

    Playwright's own tap takes three times as much work; in a frame, it knows where that is.
    """
    if isinstance(tab, Tab):
        tab.touchscreen.tap(*tab.evaluate(MIDDLE, selector))
    else:
        tab.locator(selector).last.tap()


def tap_on(visit: Visit, selector: str) -> None:
    """Tap what leads to another page, which has to fit the window."""
    visit.leave(lambda: tap(visit.tab, selector))
    assert visit.overflow() == 0, f"{visit.path} is wider than the phone"


def fill_by_tapping(tab: Tab | Frame, answers: Mapping[str, AnswerValue]) -> None:
    """Answer the page in a window, or a frame of it, by tapping the rows of choices and typing."""
    choices = {}
    for field in fields_in(tab):
        values = values_for(field, answers)
        if field.kind in ("radio", "checkbox"):
            choices[field.name] = values
            for value in values:
                tap(tab, f'main label:has([name="{field.name}"][value="{value}"])')
        elif values:
            control(tab, field.name).fill(values[0])
    wait_until_chosen(tab, choices)


FILL = """(answers) => {
  for (const [name, values] of Object.entries(answers)) {
    for (const field of document.getElementsByName(name)) {
      const isBox = field.type === 'radio' || field.type === 'checkbox';
      if (isBox) field.checked = values.includes(field.value); else field.value = values[0];
    }
  }
}"""


def fill_at_once(tab: Tab | Frame, answers: Mapping[str, AnswerValue]) -> None:
    """Answer the page where how it is filled in is not the claim."""
    sent = {field.name: values_for(field, answers) for field in fields_in(tab)}
    tab.evaluate(FILL, {name: values for name, values in sent.items() if values})


def fill_with_keys(visit: Visit, answers: Mapping[str, AnswerValue]) -> None:
    """Answer the page in view with Tab, arrows and Space; the focus must show at every stop."""
    choices = {}
    for field in fields_in(visit.tab):
        values = values_for(field, answers)
        if field.kind in ("radio", "checkbox"):
            choices[field.name] = values
        if field.kind == "radio":
            _choose_with_arrows(visit.tab, field, values[0])
        elif field.kind == "checkbox":
            for value in sorted(values, key=field.offered.index):
                tab_to(visit.tab, f'[name="{field.name}"][value="{value}"]')
                visit.tab.keyboard.press("Space")
        elif values:
            tab_to(visit.tab, f'[name="{field.name}"]')
            visit.tab.keyboard.type(values[0])
    wait_until_chosen(visit.tab, choices)


def _choose_with_arrows(tab: Tab, field: Field, value: str) -> None:
    tab_to(tab, f'[name="{field.name}"]')
    tab.keyboard.press("Space")
    for _ in range(field.offered.index(value)):
        tab.keyboard.press("ArrowDown")


def tab_to(tab: Tab, selector: str) -> None:
    """Press Tab until the focus is on what the selector names; it must show at every stop."""
    for _ in range(MOST_STOPS):
        tab.keyboard.press("Tab")
        on_page, shows, found, held = tab.evaluate(STOP, selector)
        if on_page:
            break
        assert shows, f"no sign of the focus on {held}"
        if found:
            return
    raise AssertionError(f"Tab does not come to {selector} on {tab.url}")
