"""From a quick check to the full check, doubts settled on the review, and drafts that grew old."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from flask import Flask

from consult.questionnaire import editions
from consult.questionnaire.editions import newest
from consult.questionnaire.model import Structure
from consult.questionnaire.questions import EditionError, Page
from consult.storage.tables.submission_tables import SubmissionRow
from tests.support.apps import mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.owner_journey import Journey
from tests.support.personas import BATON_ON_THE_FLOOR, PERSONAS, WEB_STORE, Persona
from tests.support.results import resume_token_of, submit_check
from tests.support.submissions import all_leads


def leads_of(app: Flask) -> list[SubmissionRow]:
    return all_leads(services_of(app).database)


# --- From a quick check to the full check --------------------------------------------------------


def go_deeper(app: Flask, persona: Persona = BATON_ON_THE_FLOOR) -> Journey:
    """Submit a quick check, and press the button that goes on."""
    root = submit_check(app, persona, source={"utm_source": "news"})
    journey = Journey(PageClient(app), persona.answers)
    journey.go(root)
    journey.page = journey.client.follow(journey.client.submit(journey.page.form("/full-depth")))
    return journey


@pytest.mark.parametrize(
    ("persona", "offer"),
    [
        (BATON_ON_THE_FLOOR, "See all 16 parts: 20 more questions, about 4 minutes."),
        (WEB_STORE, "See all 15 parts: 19 more questions, about 4 minutes."),
        (PERSONAS["corner_shop"], "See all 16 parts: 19 more questions, about 4 minutes."),
    ],
)
def test_the_quick_look_says_what_it_takes_to_see_all(
    client: PageClient, persona: Persona, offer: str
) -> None:
    assert offer in client.get(submit_check(client.app, persona)).text


def test_full_depth_keeps_all_answers_asks_only_what_is_open_and_leaves_the_first_result(
    app: Flask,
) -> None:
    journey = go_deeper(app)
    (quick,) = leads_of(app)
    check = journey.draft
    assert check.answers == {
        id: tuple(a) if isinstance(a, list) else a for id, a in quick.answers.items()
    }
    assert check.given_as == {id: quick.wording[id]["variant"] for id in quick.answers}
    assert (check.depth, check.source) == ("full", {"utm_source": "news"})
    assert "We kept all your answers" in journey.page.text

    new = 0
    while not journey.page.path.endswith("/review"):
        open_fields = [f for f in journey.page.form().fields.values() if not f.values]
        assert open_fields, f"{journey.page!r} has nothing open"
        new += len(open_fields)
        journey.answer()
    assert new == 14 + 8  # items and cards

    journey.submit()
    assert "This was a quick check" not in journey.page.text
    quick, full = leads_of(app)
    assert (quick.depth, full.depth) == ("quick", "full")
    assert full.seconds_taken >= quick.seconds_taken


def test_after_a_full_check_there_is_nothing_more(client: PageClient) -> None:
    root = submit_check(client.app, depth="full")
    assert "This was a quick check" not in client.get(root).text
    assert client.post(f"{root}/full-depth").location == root
    assert len(leads_of(client.app)) == 1


def test_going_on_has_a_limit_and_waits_for_the_contact(tmp_path: Path) -> None:
    app = make_app(tmp_path / "few", limit_starts="1 per hour")
    root = submit_check(app)
    client = PageClient(app)
    client.post(f"{root}/full-depth")
    client.post(f"{root}/full-depth", status=429)
    gated = make_app(tmp_path / "gated", contact_before="result")
    root = submit_check(gated)
    assert PageClient(gated).post(f"{root}/full-depth").location == f"{root}/contact"


# --- A new edition ------------------------------------------------------------------------------

NEXT = "2027-01"
Publish = Callable[[], None]


@pytest.fixture(scope="module")
def next_edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an edition that no longer asks two things, one of them scored."""
    folder = tmp_path_factory.mktemp("next")
    shutil.copytree(editions.folder(newest().name) / "wording", folder / "wording")
    for file, *groups, gone in (
        ("profile", "buyers"),
        ("separation", "slow_month"),
        ("tools", "slow_month"),
        ("findings", "contradictions", "blame_without_numbers"),
    ):
        path = folder / "wording" / f"{file}.yaml"
        texts = yaml.load(path.read_text(), yaml.CSafeLoader)
        del reduce(getitem, groups, texts)[gone]
        path.write_text(yaml.dump(texts, Dumper=yaml.CSafeDumper))
    return folder


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch, next_edition: Path) -> Publish:
    old = newest().structure
    structures = {editions.folder(old.name).name: old, next_edition.name: without(old)}

    def import_module(path: str) -> SimpleNamespace:
        return SimpleNamespace(STRUCTURE=structures[path.split(".")[-2]])

    def publish_it() -> None:
        monkeypatch.setattr(editions, "_FOLDERS", {**editions._FOLDERS, NEXT: next_edition})
        monkeypatch.setattr(editions, "import_module", import_module)

    return publish_it


def without(structure: Structure, gone: tuple[str, ...] = ("buyers", "slow_month")) -> Structure:
    def shorter(page: Page) -> Page:
        return replace(page, questions=tuple(q for q in page.questions if q.id not in gone))

    return replace(
        structure,
        name=NEXT,
        parts=tuple(
            replace(part, pages=tuple(map(shorter, part.pages))) for part in structure.parts
        ),
        dimensions=tuple(
            replace(d, items=tuple(id for id in d.items if id not in gone))
            for d in structure.dimensions
        ),
        contradictions=tuple(
            rule for rule in structure.contradictions if not set(rule.when.reads()) & set(gone)
        ),
        roles=replace(structure.roles, plan=replace(structure.roles.plan, gates={})),
    )


def test_an_open_check_moves_to_a_new_edition_and_says_what_is_dropped(
    journey: Journey, publish: Callable[[], None]
) -> None:
    journey.skip_to("first-touch")
    publish()

    journey.go(journey.page.path)
    assert "We dropped 2 answers" in journey.page.text
    journey.answer()
    assert "We dropped" not in journey.page.text
    check = journey.draft
    assert (check.edition, check.answers["slow_month"]) == (NEXT, 2)

    journey.to_review()
    journey.submit()
    (lead,) = leads_of(journey.client.app)
    assert lead.edition == NEXT
    assert not {"buyers", "slow_month"} & lead.answers.keys()


def test_an_old_result_stays_in_its_own_edition(
    client: PageClient, publish: Callable[[], None]
) -> None:
    root = submit_check(client.app)
    old_question = newest().wording("slow_month").ask
    before = {name: client.get(f"{root}{name}").html for name in ("/why", "/what-if")}
    publish()
    assert {name: client.get(f"{root}{name}").html for name in before} == before
    assert old_question in before["/why"]
    assert re.search(r"\d+ more questions", client.get(root).text)


def test_the_review_an_emailed_link_and_a_full_check_say_too_what_is_dropped(
    journey: Journey, publish: Callable[[], None]
) -> None:
    client, review = journey.client, journey.skip_to("review").path
    root = submit_check(client.app)
    publish()
    assert "We dropped 2 answers" in client.get(review).text
    emailed = resume_token_of(client.app, journey.token)
    assert "We dropped 2 answers" in client.get(f"/resume/{emailed}").text
    page = client.follow(client.submit(client.get(root).form("/full-depth")))
    assert "We dropped 2 answers" in page.text


def test_the_site_does_not_start_with_an_edition_that_leans_on_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = editions.create("2031-05", tmp_path), newest().name
    (made / "rules.py").write_text(f'{(made / "rules.py").read_text()}\nOTHER = "{other}"\n')
    monkeypatch.setattr(editions, "_FOLDERS", {**editions._FOLDERS, "2031-05": made})
    with pytest.raises(EditionError, match=f"^edition_2031_05/rules.py: names {other}; "):
        make_app(tmp_path / "var")


@pytest.mark.parametrize("answer", ["", "no", "false", "0"])
def test_no_one_is_reminded_whose_box_says_no(tmp_path: Path, answer: str) -> None:
    app = make_app(tmp_path / "var", **mail_settings())
    journey = Journey(PageClient(app), BATON_ON_THE_FLOOR.answers)
    journey.start()
    form = journey.client.get(f"{journey.root}/pause").form("/pause")
    sent = {**form.data, "email": "ada@example.com", "permission": answer}
    refused = journey.client.post(form.action, sent, status=422)
    assert list(refused.errors) == ["permission"]
