"""Whatever staff do, in any order: each lead has a assignee who is there, and only allowed moves.

The machine tries everything, also what is refused, with versions that may be old. What must hold is
read from the database after each step: from how each lead stands, and from its timeline.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consult.storage.accounts.accounts import all_users
from consult.storage.db.database import Database, Session
from consult.storage.leads import actions
from consult.storage.leads.actions import ConflictError, NotAllowedError
from consult.storage.leads.leads import timeline, was_reached
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.workflow.stages import CLOSING_REASONS, DECLINE_REASONS, MOVES, STAGES, Stage
from tests.support.databases import Clock
from tests.support.lead_factories import close_account, columns, make_account, new_lead, standing

NAMES = ("Ada", "Ben", "Cleo")
WHO = st.sampled_from(NAMES)
WHICH = st.integers(0, 1)
REASONS = st.sampled_from(["", "price", "outside", "no_time", "other"])
NUMBERS = count()
OFFER_ENDS = ("accepted", "declined", "cancelled")


class Relay(RuleBasedStateMachine):
    """Up to three people and two leads."""

    database: ClassVar[Database]
    clock: ClassVar[Clock]

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, int] = {}
        self.leads: list[int] = []
        self.seen: dict[int, int] = {}
        self.number = next(NUMBERS)

    def teardown(self) -> None:
        """The next story begins with nobody there."""
        for user_id in self.people.values():
            close_account(self.database, user_id)

    @initialize(role=st.sampled_from(["staff", "admin"]))
    def begin(self, role: str) -> None:
        """Two people and a lead are there, of whom all may go."""
        self.open_account("Ada", role)
        self.open_account("Ben", "staff")
        self.hand_in()

    @precondition(lambda self: len(self.leads) < 2)
    @rule()
    def hand_in(self) -> None:
        self.leads.append(new_lead(self.database))

    @rule(name=WHO, role=st.sampled_from(["staff", "admin"]))
    def open_account(self, name: str, role: str) -> None:
        self.people[name] = make_account(self.database, f"{name}-{self.number}", role=role)

    @rule(name=WHO)
    def close_account(self, name: str) -> None:
        if name in self.people:
            close_account(self.database, self.people[name])

    @rule(which=WHICH)
    def look(self, which: int) -> None:
        """What somebody sees now, they may act on later."""
        lead = self.leads[which % len(self.leads)]
        self.seen[lead] = self._standing(lead).version

    @rule(which=WHICH, name=WHO)
    def take(self, which: int, name: str) -> None:
        self._try(which, name, lambda s, lead, by, v: actions.claim(s, lead, by=by, version=v))

    @rule(which=WHICH, name=WHO, stage=st.sampled_from(STAGES), reason=REASONS, books=st.booleans())
    def move(self, which: int, name: str, stage: Stage, reason: str, books: bool) -> None:
        at = self.clock() + timedelta(days=1) if books else None
        self._try(
            which,
            name,
            lambda s, lead, by, v: actions.move(
                s, lead, stage, by=by, version=v, reason=reason, consult_at=at
            ),
        )

    @rule(which=WHICH, name=WHO, reached=st.booleans())
    def log_contact(self, which: int, name: str, reached: bool) -> None:
        self._try(
            which,
            name,
            lambda s, lead, by, v: actions.log_contact(
                s, lead, by=by, channel="phone", reached=reached, version=v
            ),
        )

    @rule(which=WHICH, name=WHO, days=st.integers(-1, 3))
    def follow_up(self, which: int, name: str, days: int) -> None:
        on = self._today() + timedelta(days=days)
        self._try(
            which,
            name,
            lambda s, lead, by, v: actions.schedule_follow_up(s, lead, on, by=by, version=v),
        )

    @rule(which=WHICH, name=WHO)
    def book_again(self, which: int, name: str) -> None:
        at = self.clock() + timedelta(days=2)
        self._try(which, name, lambda s, lead, by, v: actions.rebook(s, lead, at, by=by, version=v))

    @rule(which=WHICH, name=WHO, to=WHO)
    def hand_over(self, which: int, name: str, to: str) -> None:
        other = self.people.get(to, 0)
        self._try(
            which, name, lambda s, lead, by, v: actions.hand_over(s, lead, other, by=by, version=v)
        )

    @rule(which=WHICH, name=WHO)
    def accept(self, which: int, name: str) -> None:
        self._try(which, name, lambda s, lead, by, v: actions.accept(s, lead, by=by, version=v))

    @rule(which=WHICH, name=WHO, reason=REASONS)
    def return_(self, which: int, name: str, reason: str) -> None:
        self._try(
            which,
            name,
            lambda s, lead, by, v: actions.decline(s, lead, by=by, reason=reason, version=v),
        )

    @rule(which=WHICH, name=WHO)
    def withdraw(self, which: int, name: str) -> None:
        self._try(
            which, name, lambda s, lead, by, v: actions.cancel_handover(s, lead, by=by, version=v)
        )

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.go_on(hours=hours)

    def _today(self) -> date:
        return self.clock().date()

    def _try(
        self, which: int, name: str, act: Callable[[Session, int, int, int | None], LeadRow]
    ) -> None:
        """Do something, with the version last looked at, if any. A refusal changes nothing."""
        if name not in self.people:
            return
        lead, by = self.leads[which % len(self.leads)], self.people[name]
        version = self.seen.get(lead)
        before = after = self._standing(lead)
        refused: ConflictError | None = None
        try:
            with suppress(NotAllowedError), self.database.writing() as session:
                after = act(session, lead, by, version)
        except ConflictError as conflict:
            refused = conflict
        assert columns(after) == columns(self._standing(lead))
        if version in (None, before.version):
            assert refused is None
            assert after.version == before.version + (columns(after) != columns(before))
        else:
            assert refused is not None
            assert columns(after) == columns(before)
            del self.seen[lead]

    def _standing(self, lead: int) -> LeadRow:
        with self.database.reading() as session:
            return standing(session, lead)

    @invariant()
    def each_lead_is_held_by_somebody_who_is_there(self) -> None:
        with self.database.reading() as session:
            there = {user.id for user in all_users(session) if user.active}
            for lead in self.leads:
                now = standing(session, lead)
                if there:
                    assert now.assignee_id in there
                    assert now.offered_to_id is None or now.offered_to_id in there
                assert now.offered_to_id is None or now.offered_to_id != now.assignee_id

    @invariant()
    def the_timeline_tells_how_each_lead_came_to_stand_as_it_does(self) -> None:
        with self.database.reading() as session:
            for lead in self.leads:
                now, events = standing(session, lead), timeline(session, lead)
                assert told_stage(events) == now.stage
                assert told_offer(events) == now.offered_to_id
                assert told_holder(events) == now.assignee_id
                contacts = [event.at for event in events if is_contact(event)]
                assert now.first_contact_at == (contacts[0] if contacts else None)


def told_stage(events: list[LeadEventRow]) -> Stage:
    """The stage at the end of a timeline, each move of which is an allowed one."""
    stage: Stage = "new"
    for event in events:
        if event.kind == "moved":
            assert event.data["from"] == stage
            assert event.data["to"] in MOVES[stage]
            stage = event.data["to"]
            assert event.data.get("reason") in CLOSING_REASONS.get(stage, (None,))
    return stage


def told_offer(events: list[LeadEventRow]) -> int | None:
    """Whom a lead is offered to at the end of a timeline; each offer is answered once at most."""
    offered: int | None = None
    for event in events:
        if event.kind == "offered":
            assert offered is None
            offered = event.data["to"]
        elif event.kind in OFFER_ENDS:
            assert offered is not None
            assert event.kind == "cancelled" or event.by_id == offered
            assert event.kind != "declined" or event.data["reason"] in DECLINE_REASONS
            offered = None
    return offered


def told_holder(events: list[LeadEventRow]) -> int | None:
    assignee: int | None = None
    for event in events:
        if event.kind == "assigned":
            assignee = event.data["to"]
        elif event.kind in ("claimed", "accepted"):
            assert event.data["from"] == assignee
            assignee = event.by_id
    return assignee


def is_contact(event: LeadEventRow) -> bool:
    return event.kind == "contact" or was_reached([event])


def test_no_order_of_events_loses_a_lead_or_an_answer(database: Database, clock: Clock) -> None:
    Relay.database, Relay.clock = database, clock
    run_state_machine_as_test(
        Relay, settings=settings(max_examples=15, stateful_step_count=30, deadline=None)
    )
