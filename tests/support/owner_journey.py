"""A person who answers the questionnaire, one page after the other, through its own forms."""

from collections.abc import Mapping
from itertools import takewhile

from consult.owner.open_draft import walk_of
from consult.questionnaire.editions import newest
from consult.questionnaire.journey import walk
from consult.questionnaire.questionnaire import read_answers
from consult.storage.drafts import drafts
from consult.storage.drafts.drafts import Draft
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.page import Form, Page
from tests.support.personas import AnswerValue

MOST_PAGES = 60


def as_sent(answer: AnswerValue) -> str | list[str]:
    if answer is None:
        return []
    if isinstance(answer, str):
        return answer
    if isinstance(answer, int | float):
        return f"{answer:g}" if isinstance(answer, float) else str(answer)
    return list(answer)


class Journey:
    """One response from the start page to the result, with the answers known beforehand.

    `answers` maps question ids to values as in the answers JSON. A question that a page asks and
    that has no answer here is left as the page shows it. `page` is always the page in view;
    change `answers` at any time to change your mind.
    """

    def __init__(
        self, client: PageClient, answers: Mapping[str, AnswerValue], *, query: str = ""
    ) -> None:
        self.client = client
        self.answers = dict(answers)
        self.seen: list[str] = []
        self.page = client.get(f"/{query}")

    def start(self) -> Page:
        """Press Start on the start page; its first page of questions comes."""
        return self._show(self.client.submit(self.page.form("/start")))

    def go(self, path: str) -> Page:
        return self._show(self.client.send("GET", path, status=None))

    def fill(self) -> Form:
        """The form of the page in view, with the answers that it asks for filled in."""
        form = self.page.form()
        asked = {name: as_sent(self.answers[name]) for name in form.fields if name in self.answers}
        return form.fill(**asked)

    def answer(self) -> Page:
        return self._show(self.client.submit(self.fill()))

    def refuse(self, *, status: int = 422) -> Page:
        """Fill the page in view and press Continue, when it should come back with errors."""
        self.page = self.client.submit(self.fill(), status=status)
        assert self.page.errors, f"{self.page!r} came back and says nothing about it"
        return self.page

    def to_page(self, name: str) -> Page:
        """Answer page after page until the one with this name comes."""
        for _ in range(MOST_PAGES):
            if self.page.path.endswith(f"/{name}"):
                return self.page
            before = self.page.path
            self.answer()
            assert self.page.path != before, f"{self.page!r} does not lead on"
        raise AssertionError(f"{name!r} never came; the pages were {self.seen}")

    def skip_to(self, name: str) -> Page:
        """Come to a page, or the review, with all before it answered in one save.

        For tests that are not about the way there, which takes two requests for each page.
        """
        known = {id: answer for id, answer in self.answers.items() if answer is not None}
        draft = self.draft
        answers = {**draft.answers, **read_answers(newest(), known)}
        way = walk(newest(), answers, walk_of(draft).depth)
        before = takewhile(lambda page: page.id != name, way.pages)
        asked = [asked for page in before for asked in page.questions]
        given = {a.id: (a.answer, a.variant) for a in asked if a.answer is not None}
        with services_of(self.client.app).database.writing() as session:
            drafts.save(session, self.token, given)
        return self.go(f"{self.root}/{name}")

    def to_review(self) -> Page:
        """Answer everything, up to the page that shows all answers before they are sent."""
        return self.to_page("review")

    def submit(self) -> Page:
        return self._show(self.client.submit(self.page.form("/review")))

    def to_result(self) -> Page:
        if not self.page.path.startswith("/check/"):
            self.start()
        self.to_review()
        return self.submit()

    @property
    def token(self) -> str:
        return self.page.path.split("/")[2]

    @property
    def draft(self) -> Draft:
        """What is stored of it on the way."""
        with services_of(self.client.app).database.reading() as session:
            draft = drafts.load(session, self.token)
        assert draft, f"{self.page!r} is not on the way"
        return draft

    @property
    def root(self) -> str:
        """The path that all pages of this response or result start with."""
        return "/".join(self.page.path.split("/")[:3])

    def _show(self, page: Page) -> Page:
        self.page = self.client.follow(page)
        self.seen.append(self.page.path)
        return self.page
