"""Any order of starting, saving, submitting, waiting and purging keeps what it should.

A plain model in memory does the same as the database; after each step both must agree.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from consult.crypto import result_token
from consult.questionnaire.questions import Answer
from consult.storage.db.database import Database
from consult.storage.drafts import drafts
from consult.storage.leads import leads, submission
from consult.storage.privacy import retention
from tests.support.databases import Clock, write
from tests.support.examples import examples
from tests.support.submissions import CONTACT, new_submission

QUESTIONS = st.sampled_from(["first_reply", "patience", "symptoms", "first_sale_value"])
VARIANTS = st.sampled_from(["solo", "team", "counter", "checkout"])
ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.integers(0, 4),
    st.floats(0, 1e9),
    st.text(max_size=20),
    st.tuples(st.text(max_size=5), st.text(max_size=5)),
)
CHANGES = st.dictionaries(QUESTIONS, st.none() | st.tuples(ANSWERS, VARIANTS), max_size=3)


@dataclass
class Response:
    """A response as the model knows it."""

    answers: dict[str, tuple[Answer, str]] = field(default_factory=dict)
    frozen: dict[str, Answer] | None = None
    has_contact: bool = False
    idle_days: int = 0

    @property
    def expired(self) -> bool:
        return self.idle_days > 30 and self.frozen is None


class SubmissionMachine(RuleBasedStateMachine):
    """What happens to a few responses, each with its own owner."""

    database: ClassVar[Database]
    clock: ClassVar[Clock]
    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Response] = {}

    @rule(target=tokens)
    def start(self) -> str:
        token = write(self.database, drafts.start, "2026-12", "quick", {})
        self.known[token] = Response()
        return token

    @rule(token=tokens, changes=CHANGES)
    def save(self, token: str, changes: drafts.Changes) -> None:
        draft = write(self.database, drafts.save, token, changes)
        known = self.known[token]
        assert (draft is None) == known.expired
        if draft and known.frozen is None:
            known.idle_days = 0
            for question, given in changes.items():
                known.answers.pop(question, None)
                if given is not None:
                    known.answers[question] = given

    @rule(token=tokens)
    def submit(self, token: str) -> None:
        known = self.known[token]
        with self.database.writing() as session:
            draft = drafts.load(session, token, lock=True)
            assert (draft is None) == known.expired
            if draft is None:
                return
            new = new_submission(answers={"given": True, **draft.answers})
            assert submission.submit(session, token, new) == result_token(token)
        if known.frozen is None:
            known.frozen = {question: value for question, (value, _) in known.answers.items()}

    @rule(token=tokens)
    def leave_contact(self, token: str) -> None:
        known = self.known[token]
        saved = write(self.database, submission.save_contact, result_token(token), CONTACT)
        assert saved == (known.frozen is not None)
        known.has_contact |= saved

    @rule(days=st.sampled_from([1, 15, 31]))
    def wait(self, days: int) -> None:
        self.clock.go_on(days=days)
        for known in self.known.values():
            known.idle_days += days

    @rule()
    def purge(self) -> None:
        write(self.database, retention.purge)

    @invariant()
    def database_and_model_agree(self) -> None:
        with self.database.reading() as session:
            for token, known in self.known.items():
                draft = drafts.load(session, token)
                lead = leads.by_result_token(session, result_token(token))
                assert (draft is None) == known.expired
                if draft:
                    saved = {id: (draft.answers[id], draft.given_as[id]) for id in draft.answers}
                    assert saved == known.answers
                    assert draft.submitted == bool(lead) == (known.frozen is not None)
                if lead and known.frozen is not None:
                    assert set(lead.answers) == {"given", *known.frozen}
                    assert (lead.contact is not None) == known.has_contact
                    assert lead.report_revision == 1 + known.has_contact


def test_any_order_of_events_keeps_what_it_should(database: Database, clock: Clock) -> None:
    SubmissionMachine.database, SubmissionMachine.clock = database, clock
    number = examples(10 if database.is_sqlite else 5)
    limits = settings(max_examples=number, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(SubmissionMachine, settings=limits)
