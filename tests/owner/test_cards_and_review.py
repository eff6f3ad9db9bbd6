"""What owners hear on the way: how their cards matched, and the one doubt before the result."""

import pytest

from consult.questionnaire.editions import newest
from consult.questionnaire.questions import Kind
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.page import text_of
from tests.support.personas import BATON_ON_THE_FLOOR, CORNER_SHOP
from tests.support.results import submit_check


def test_the_page_after_the_cards_says_how_they_matched(journey: Journey) -> None:
    edition = newest()
    texts, card = edition.texts.sorting["feedback"], edition.wording("sort_social_post")
    sides = {id: q.answer for id, q in edition.questions.items() if q.kind is Kind.SORT}
    journey.answers |= {id: "sales" if side == "either" else side for id, side in sides.items()}
    journey.answers["sort_social_post"] = "not_sure"
    matched = texts["all"].format(count=3)
    missed = texts["some"].format(right=2, count=3, card=card.ask, side="marketing", note=card.note)

    assert "our definitions" not in journey.skip_to("sort-1").text
    assert missed in journey.to_page("sort-2").text
    assert matched in journey.to_page("purpose").text
    journey.go(f"{journey.root}/sort-1")
    journey.answers["sort_social_post"] = "marketing"
    assert matched in journey.answer().text
    journey.to_page("purpose")
    assert "our definitions" not in journey.to_page("goals").text
    assert "our definitions" not in journey.go(f"{journey.root}/sort-2?then=review").text


def test_going_on_to_the_full_check_says_so_after_its_own_cards(client: PageClient) -> None:
    page = client.get(submit_check(client.app, CORNER_SHOP))
    journey = Journey(client, CORNER_SHOP.answers)
    journey.page = client.follow(client.submit(page.form("/full-depth")))
    assert journey.page.path.endswith("/sort-3")
    assert "our definitions" not in journey.page.text
    assert "our definitions" in journey.answer().text
    assert "our definitions" in journey.answer().text
    assert journey.page.path.endswith("/purpose")
    assert "our definitions" not in journey.answer().text


def test_the_review_says_answers_as_the_report_does(journey: Journey) -> None:
    journey.answers |= {"new_customers_last_month": 1300, "first_reply": "unknown"}
    text = journey.skip_to("review").text
    assert "1,300" in text
    assert "I don’t know." in text


# --- The double-check on the review -------------------------------------------------------------


@pytest.fixture
def doubtful(journey: Journey) -> Journey:
    """An owner on the review, who counted more new customers than their other numbers make."""
    journey.answers["new_customers_last_month"] = 40
    journey.skip_to("review")
    return journey


def test_numbers_can_be_fixed_in_place_and_in_two_tabs(doubtful: Journey) -> None:
    journey, page = doubtful, doubtful.page
    form, other_tab = page.form("/contradictions"), page.form("/contradictions")
    inputs = newest().structure.roles.money
    shown = {inputs.new_customers, inputs.leads, inputs.buyers, inputs.worked}
    assert shown <= form.fields.keys()
    assert form.fields[inputs.new_customers].values == ["40"]
    journey.page = journey.client.follow(journey.client.submit(form.fill(clear_answers="3")))
    form = journey.page.form("/contradictions").fill(new_customers_last_month="8")
    journey.page = journey.client.follow(journey.client.submit(form))
    assert journey.page.path.endswith("/review")
    assert "Saved." in journey.page.text
    answers = journey.draft.answers
    assert (answers["clear_answers"], answers["new_customers_last_month"]) == (3, 8)
    assert "Quick double-check" not in journey.page.text
    page = journey.client.submit(other_tab.fill(new_customers_last_month="9"), status=409)
    assert "Saved: 8 On this page: 9" in page.text
    again = journey.client.submit(page.form("/contradictions"))
    assert again.location.startswith(f"{journey.root}/review")
    wrong = journey.client.submit(other_tab.fill(new_customers_last_month="nine"), status=422)
    assert list(wrong.errors) == ["new_customers_last_month"]


def test_nothing_changes_without_a_change_and_a_number_can_be_taken_back(doubtful: Journey) -> None:
    journey, form = doubtful, doubtful.page.form("/contradictions")
    before = journey.draft.answers
    journey.client.submit(form)
    for shown in ("no_such", "", "sort_demo' OR 1=1", "\x00"):
        journey.client.post(f"{journey.root}/contradictions", {"shown": shown, "lead_list": "3"})
    assert journey.draft.answers == before
    journey.client.submit(form.fill(new_customers_last_month=""))
    assert "new_customers_last_month" not in journey.draft.answers
    journey.submit()
    assert journey.client.submit(form).location == f"{journey.page.path}?late=1"


def test_a_wrong_number_is_shown_again_and_the_others_are_saved(doubtful: Journey) -> None:
    form = doubtful.page.form("/contradictions")
    form.fill(new_customers_last_month="plenty", clear_answers="1")
    again = doubtful.client.submit(form, status=422)
    assert list(again.errors) == ["new_customers_last_month"]
    fields = again.form("/contradictions").fields
    assert fields["new_customers_last_month"].values == ["plenty"]
    (opened,) = [d for d in again.document.all("details") if "open" in d.attrib]
    assert "Enter a whole number" in "".join(opened.itertext())
    answers = doubtful.draft.answers
    assert (answers["clear_answers"], answers["new_customers_last_month"]) == (1, 40)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" <b>More</b> \u202eyeses\u2069 & \x00“fun” ", "<b>More</b> yeses & “fun”"),
        ("x" * 300, "x" * 300),
        ("\u2066 \n \t\u200f", None),
        ("x" * 301, None),
    ],
)
def test_own_words_stay_text_and_have_an_end(
    journey: Journey, written: str, kept: str | None
) -> None:
    journey.answers["own_words"] = ""
    journey.skip_to("own-words")
    journey.answers["own_words"] = written
    if len(written) > 300:
        assert "301 characters" in journey.refuse().errors["own_words"]
    else:
        journey.answer()
        assert kept is None or kept in journey.page.text
        journey.submit()
        quoted = [text_of(quote) for quote in journey.page.document.all("blockquote")]
        assert [quote.replace("\u200b", "") for quote in quoted] == [f"“{kept}”"] * bool(kept)
    assert "\u202e" not in journey.page.html


def test_one_question_at_a_time_about_answers_that_cannot_all_be_right(client: PageClient) -> None:
    journey = Journey(client, BATON_ON_THE_FLOOR.answers)
    journey.answers |= {"marketing_by": "me", "selling_by": "me"}
    journey.answers |= {"marketing_owner": 3, "busy_week": 0, "new_customers_last_month": 40}
    journey.start()
    findings = newest().texts.findings
    asked = findings["double_check"]

    page = journey.skip_to("review")
    assert asked["numbers"].format(given=40, made=1) in page.text
    assert asked["name_without_time"] not in page.text
    form = page.form("/contradictions").fill(new_customers_last_month="2")
    page = client.follow(client.submit(form))
    assert asked["name_without_time"] in page.text
    page = client.follow(client.submit(page.form("/contradictions").fill(busy_week="1")))
    assert [form for form in page.forms if form.action.endswith("/contradictions")] == []

    journey.page = page
    journey.submit()
    found = findings["contradictions"]
    assert findings["contradictions"]["more_leads_unworked"]["text"] in journey.page.text
    assert not any(rule["text"] in page.text for rule in found.values())


@pytest.mark.parametrize(
    ("usual", "heard", "asks"), [(3, "two_days", True), (2, "two_days", False), (1, "hour", True)]
)
def test_a_lead_that_fared_otherwise_than_usual_is_asked_about_when_nothing_else_is(
    client: PageClient, usual: int, heard: str, asks: bool
) -> None:
    journey = Journey(client, BATON_ON_THE_FLOOR.answers)
    journey.answers |= {"first_reply": usual, "lead_heard_back": heard}
    journey.start()
    page = journey.skip_to("review")
    forms = [form for form in page.forms if form.action.endswith("/contradictions")]
    assert bool(forms) is asks
    if asks:
        asked = newest().texts.findings["one_lead"]["heard"][heard]
        assert asked in page.text
        assert {"first_reply", "lead_heard_back"} <= forms[0].fields.keys()
        page = client.follow(client.submit(forms[0].fill(lead_heard_back="next_day")))
        assert "Quick double-check" not in page.text or abs(usual - 2) > 1
