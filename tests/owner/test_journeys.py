"""Owners on their way: straight through, and with browsers that do what browsers do."""

from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask

from benchmarks.journey import MOST, OWNERS, effort
from consult.questionnaire.editions import newest
from consult.storage.drafts import drafts
from tests.owner.test_result_pages import lead_of
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.page import classes_of
from tests.support.personas import BATON_ON_THE_FLOOR, CORNER_SHOP, PERSONAS, WEB_STORE, Persona
from tests.support.submissions import all_leads


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.id)
@pytest.mark.parametrize("depth", ["quick", "full"])
def test_every_persona_gets_from_start_to_result_and_progress_moves_on_every_page(
    client: PageClient, persona: Persona, depth: str
) -> None:
    """The number counts on, the baton with it, and the total stays what the first page said."""
    journey = Journey(client, persona.answers, query=f"?depth={depth}&utm_source=news&ref=ada")
    journey.start()
    numbers: dict[bool, list[int]] = {False: [], True: []}
    totals: dict[bool, set[str]] = {False: set(), True: set()}
    batons = []
    while not journey.page.path.endswith("/review"):
        asked = [f for f in journey.page.form().fields.values() if f.kind != "hidden"]
        assert len(asked) <= 5
        *optional, number, _of, total = journey.page.with_class("way-now")[0].split()
        numbers[bool(optional)].append(int(number))
        totals[bool(optional)].add(total)
        marks = [classes_of(mark) for mark in journey.page.document.all("i")]
        batons.append(marks.index(frozenset({"is-here"})))
        journey.answer()
    to_answer, extras = numbers[False], numbers[True]
    assert [to_answer, totals[False]] == [[*range(1, len(to_answer) + 1)], {str(len(to_answer))}]
    assert batons[0] == 0
    assert all(before < after for before, after in pairwise(batons))
    assert all(before < after for before, after in pairwise(extras))
    assert totals[True] == {str(extras[-1])}

    journey.submit()
    lead = lead_of(client.app)
    assert (lead.depth, lead.archetype) == (depth, persona.archetype_at(depth))
    assert lead.source == {"utm_source": "news", "ref": "ada"}
    assert lead.report["archetype"]["name"] in journey.page.text


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("depth", MOST)
def test_an_owner_who_is_tired_is_asked_for_few_taps_and_words(
    client: PageClient, owner: str, depth: str
) -> None:
    made = effort(Journey(client, OWNERS[owner].answers, query=f"?depth={depth}"))
    assert 0 < made.taps <= MOST[depth].taps
    assert 0 < made.words <= (MOST[depth].words or made.words)


# --- Back, reload, and other tabs ---------------------------------------------------------------


def test_back_shows_what_was_answered_and_a_change_is_taken(journey: Journey) -> None:
    first = journey.page.path
    journey.answer()
    journey.go(journey.page.link("Back"))
    assert journey.page.path == first
    assert journey.page.form().fields["marketing_by"].values == ["staff"]

    journey.answers["marketing_by"] = "agency"
    journey.answer()
    assert journey.draft.answers["marketing_by"] == "agency"


def test_a_reload_changes_nothing_and_links_go_on_elsewhere(journey: Journey, app: Flask) -> None:
    here = journey.skip_to("goals").path
    before = journey.draft.answers
    journey.go(here)
    journey.client.submit(journey.fill())
    assert journey.draft.answers.items() >= before.items()
    elsewhere = Journey(PageClient(app), journey.answers)
    assert elsewhere.go(here).path == here
    elsewhere.to_review()


def test_a_page_ahead_leads_to_the_first_open_one_and_saves_nothing(journey: Journey) -> None:
    here = journey.page.path
    for end in ("", "/goals", "/no-such-page"):
        assert journey.go(f"{journey.root}{end}").path == here
    page = journey.client.post(f"{journey.root}/goals", {"marketing_goal": "3"})
    assert page.location == here
    assert journey.draft.answers.keys() == {"symptoms"}
    stale = {"marketing_goal": "3", "version": "x.y"}  # another device went back
    page = journey.client.follow(journey.client.post(f"{journey.root}/goals", stale))
    assert (page.path, "so we didn’t save it" in page.text) == (here, True)


def elsewhere(journey: Journey, **answers: str) -> Journey:
    """The same check on another device, at the same page, with some other answers."""
    other = Journey(PageClient(journey.client.app), {**journey.answers, **answers})
    other.go(journey.page.path)
    return other


def test_a_page_that_was_saved_on_another_device_shows_both_before_it_overwrites(
    journey: Journey,
) -> None:
    other = elsewhere(journey, marketing_by="agency")
    journey.answer()
    journey.answer()
    page = other.client.submit(other.fill(), status=409)
    assert "Your answers changed on another device" in page.text
    marketing = newest().wording("marketing_by")
    texts = (marketing.ask, marketing.choices["staff"], marketing.choices["agency"])
    assert "{} Saved: {} On this page: {}".format(*texts) in page.text
    assert newest().wording("selling_by").ask not in page.with_class("facts")[0]
    assert journey.draft.answers["marketing_by"] == "staff"
    assert page.form().fields["marketing_by"].values == ["agency"]
    # What they send again wins, and other pages are untouched.
    other.client.submit(page.form())
    assert journey.draft.answers["marketing_by"] == "agency"
    assert journey.draft.answers["buyers"] == journey.answers["buyers"]


def test_a_new_answer_of_a_stale_page_is_saved_and_an_old_one_stays(journey: Journey) -> None:
    path = journey.skip_to("numbers").path
    journey.answers = {"first_sale_value": 1200}
    other = elsewhere(journey)
    other.answers = {"first_sale_value": None, "new_customers_last_month": 3}
    journey.answer()
    page = other.client.submit(other.fill(), status=409)
    assert "$1,200 On this page: Skipped" in " ".join(page.text.split())
    amounts = {"first_sale_value": 1200, "new_customers_last_month": 3}
    assert journey.draft.answers.items() >= amounts.items()
    assert other.go(page.link("go with what’s saved")).path == path
    assert other.page.form().fields["first_sale_value"].values == ["1200"]


def test_going_back_in_a_browser_that_kept_the_page_is_no_other_device(journey: Journey) -> None:
    """It shows the form as it was, with the version from before the save."""
    kept = journey.fill()
    journey.answer()
    journey.answer()
    journey.client.submit(kept.fill(marketing_by="agency"))
    assert journey.draft.answers["marketing_by"] == "agency"


def test_the_same_answers_from_two_devices_are_no_conflict(journey: Journey) -> None:
    other = elsewhere(journey)
    journey.answer()
    other.answer()
    assert other.draft.answers == journey.draft.answers


def test_what_comes_after_the_end_says_that_it_changed_nothing(journey: Journey) -> None:
    other = elsewhere(journey, marketing_by="agency")
    journey.skip_to("review")
    journey.submit()
    assert "didn’t change the result" not in journey.page.text
    assert "didn’t change the result" in other.answer().text


def test_a_page_that_another_tab_took_off_the_path_leads_on(client: PageClient) -> None:
    journey = Journey(client, CORNER_SHOP.answers)
    journey.start()
    journey.skip_to("buyers")
    stale = journey.page.path
    journey.answer()
    journey.go(f"{journey.root}/who")
    journey.answers["selling_by"] = "website"
    journey.answer()

    late = client.post(stale, {"buying_path": "counter", "customers_so_far": "five_or_more"})
    assert late.is_redirect
    assert client.follow(late).status == 200


# --- Answers that change later ------------------------------------------------------------------


def test_answers_that_fall_off_the_path_are_kept_and_not_scored(client: PageClient) -> None:
    journey = Journey(client, {**BATON_ON_THE_FLOOR.answers, "customers_so_far": "five_or_more"})
    journey.start()
    journey.skip_to("review")
    assert {"lead_source", "clear_answers"} <= journey.draft.answers.keys()

    journey.go(f"{journey.root}/buyers?then=review")
    journey.answers["customers_so_far"] = "under_five"
    journey.answer()
    assert {"lead_source", "clear_answers"} <= journey.draft.answers.keys()
    assert journey.page.path.endswith("/review")
    journey.submit()

    lead = lead_of(client.app)
    scored = {line["id"] for line in lead.scorecard["handoff"]["lines"]}
    assert not {"lead_source", "clear_answers"} & (scored | lead.answers.keys())


def test_changing_how_people_buy_asks_the_reworded_questions_again(journey: Journey) -> None:
    journey.skip_to("review")
    journey.go(f"{journey.root}/buyers?then=review")
    journey.answers = dict(WEB_STORE.answers) | {"buying_path": "checkout"}
    journey.answer()
    assert not journey.page.path.endswith("/review")
    asked_again = journey.page.form().fields.values()
    assert any(not field.values for field in asked_again)
    journey.to_review()
    assert "A few questions are left" not in journey.page.text
    journey.submit()
    assert lead_of(journey.client.app).scorecard["path"] == "checkout"


def test_an_old_draft_walks_the_newest_edition(journey: Journey, app: Flask) -> None:
    with services_of(app).database.writing() as session:
        token = drafts.start(session, "2019-01", "quick", {})
        drafts.save(session, token, {"marketing_by": ("me", "base"), "long_gone": (3, "base")})
    journey.go(f"/check/{token}/who")
    assert journey.page.form().fields["marketing_by"].values == ["me"]
    journey.to_review()
    journey.submit()
    lead = lead_of(app)
    assert lead.edition == newest().name
    assert "long_gone" not in lead.answers


# --- Bad posts ----------------------------------------------------------------------------------


def test_a_bad_post_names_what_to_mend_and_keeps_what_is_good(journey: Journey) -> None:
    journey.answers["selling_by"] = None
    page = journey.refuse()
    assert page.errors == {"selling_by": "Who does your selling? Choose the closest answer."}
    assert page.title.startswith("Please fix")
    assert page.form().fields["marketing_by"].values == ["staff"]
    assert journey.draft.answers["marketing_by"] == "staff"
    assert "selling_by" not in journey.draft.answers


ODD_TEXT = (
    *("x" * 10_000, "<script>alert(1)</script>", "\x00\x07\x1b[31m", "\u202egnp.exe", "🏃‍♀️💨"),
    *("\u0645\u0631\u062d\u0628\u0627", "' OR 1=1 --", "{{ 7 * 7 }}", "about 12"),
)


def test_odd_text_is_shown_again_as_text_and_loses_no_good_answer(journey: Journey) -> None:
    path = journey.skip_to("numbers").path
    journey.answers["first_sale_value"] = 1200
    journey.answer()
    journey.go(path)
    for typed in ODD_TEXT:
        page = journey.client.post(path, {"first_sale_value": typed}, status=422)
        assert page.errors
        assert not page.document.all("script")
        assert journey.draft.answers["first_sale_value"] == 1200
    assert page.form().fields["first_sale_value"].values == [typed]


def test_bytes_that_are_no_text_are_refused_kindly(journey: Journey) -> None:
    form = "application/x-www-form-urlencoded"
    body = b"marketing_by=%ED%A0%80&selling_by=%FF%FE"
    page = journey.client.post(journey.page.path, body, status=422, content_type=form)
    assert len(page.errors) == 2


def test_ids_that_nobody_asked_for_are_left_alone(journey: Journey) -> None:
    sent = {"marketing_by": "me", "selling_by": "me", "follow_up": "3", "archetype": "x"}
    journey.client.post(journey.page.path, sent)
    assert journey.draft.answers.keys() == {"symptoms", "marketing_by", "selling_by"}


def test_a_token_that_is_none_offers_a_fresh_start(journey: Journey) -> None:
    swapped = journey.token[:-2] + ("AA" if not journey.token.endswith("AA") else "BB")
    tokens = ("x", "%00", "a" * 43, "..%2f..%2fetc", "%ED%A0%80", "x" * 3000, "<b>b", "'b", swapped)
    for token in tokens:
        for path in ("/check/{}", "/check/{}/who", "/check/{}/review", "/result/{}"):
            page = journey.client.get(path.format(token), status=404)
            assert page.link("Go to the start page") == "/"
    journey.client.post(f"/check/{swapped}/who", {"marketing_by": "me"}, status=404)


def test_an_expired_draft_is_gone_for_its_owner(app: Flask) -> None:
    database = services_of(app).database
    with database.writing() as session:
        token = drafts.start(session, newest().name, "quick", {})
    a_year_on = database.clock() + timedelta(days=366)
    database.clock = lambda: a_year_on
    client = PageClient(app)
    client.get(f"/check/{token}/who", status=404)
    client.post(f"/check/{token}/who", {"marketing_by": "me", "selling_by": "me"}, status=404)
    client.post(f"/check/{token}/review", status=404)


# --- Review and submission -----------------------------------------------------------------------


def test_the_review_shows_every_answer_in_words_with_a_way_to_change_it(journey: Journey) -> None:
    journey.skip_to("review")
    page = journey.page
    chosen = {"selling_by": "staff", "buyers": "people", "follow_up": "0"}
    for words in ("$1,200", *(newest().wording(id).choices[it] for id, it in chosen.items())):
        assert words in page.text
    journey.go(page.link("Change “Who does your selling?”").partition("#")[0])
    journey.answers["selling_by"] = "me"
    journey.answer()
    assert journey.page.path.endswith("/review")


def test_what_is_optional_is_skipped_with_one_tap(journey: Journey) -> None:
    page = journey.skip_to("keep-going")
    assert "Skip the rest" not in page.links
    page = journey.skip_to("numbers")
    assert journey.go(page.link("Skip the rest")).path.endswith("/review")
    assert journey.submit().path.startswith("/result/")


def test_an_incomplete_check_goes_on_where_it_is_open(journey: Journey, app: Flask) -> None:
    journey.skip_to("goals")
    open_page = journey.page.path
    journey.go(f"{journey.root}/review")
    assert "A few questions are left" in journey.page.text
    assert journey.page.link("Go to the first open question").startswith(open_page)
    journey.page = journey.client.follow(journey.client.post(f"{journey.root}/review"))
    assert journey.page.path == open_page
    assert "A few questions are left" in journey.page.text
    assert not all_leads(services_of(app).database)


def test_a_check_is_submitted_once_with_the_text_that_was_shown(
    journey: Journey, app: Flask
) -> None:
    root, review = journey.root, journey.skip_to("review").form("/review")
    first, second = journey.client.submit(review), journey.client.submit(review)
    assert first.location == second.location
    result = first.location.partition("?")[0]
    for name in ("who", "goals", "review", "no-such-page"):
        assert journey.go(f"{root}/{name}").path == result
    late = journey.client.post(f"{root}/who", {"marketing_by": "me", "selling_by": "me"})
    assert late.location == result

    lead = lead_of(app)
    stored, shown = lead.wording["follow_up"], newest().wording("follow_up")
    assert (stored["ask"], stored["choices"]) == (shown.ask, shown.choices)
    assert lead.wording.keys() >= lead.answers.keys()
