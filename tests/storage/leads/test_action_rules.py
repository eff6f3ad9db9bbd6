"""Whatever staff do, in any order: each lead is assigned to an active user, and moves as allowed.

The machine tries everything, also what is refused, with versions that may be old. The laws are
checked against the database after each step: the state of each lead, and its timeline.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, ClassVar

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
from sqlalchemy import delete, select, update

from consult.storage.db.database import Database
from consult.storage.leads import actions, changes, handovers
from consult.storage.leads.changes import ConflictError, NotAllowedError
from consult.storage.leads.leads import standing, timeline
from consult.storage.tables.account_tables import StaffUserRow
from consult.storage.tables.lead_tables import LeadEventRow, LeadRow
from consult.storage.tables.submission_tables import SubmissionRow
from consult.workflow.stages import CLOSING_REASONS, DECLINE_REASONS, MOVES, STAGES, Stage
from tests.support.databases import Clock, rows, write
from tests.support.examples import examples
from tests.support.lead_factories import close_account, columns, make_account, new_lead, see
from tests.support.many_leads import next_at

NAMES = ("Ada", "Ben", "Cleo")
NAME = st.sampled_from(NAMES)
USER = st.sampled_from((*NAMES, "assignee", "offered to"))
"""Who does something: one by name, or who has the lead, or its offer, at the time."""
ROLE = st.sampled_from(("staff", "admin"))
LEAD = st.integers(0, 1)
REASON = st.sampled_from(("", "price", "outside", "no_time", "no_show", "other"))
NUMBERS = count()
CHANGED_BY_ALL = ("version", "replaced")
TALKED: tuple[Stage, ...] = ("reached", "consult_held", "won")
"""Stages that a lead gets to only once someone has talked with its owner, or reopened it."""


class LeadMachine(RuleBasedStateMachine):
    """Up to three users and two leads."""

    database: ClassVar[Database]
    clock: ClassVar[Clock]

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, int] = {}
        self.leads: list[int] = []
        self.seen: dict[int, int] = {}
        self.earlier: dict[int, tuple[int, dict[str, Any]]] = defaultdict(lambda: (0, {}))
        self.number = next(NUMBERS)

    def teardown(self) -> None:
        """The next example begins without active users, and without leads to assign to its own."""
        with self.database.writing() as session:
            session.execute(delete(SubmissionRow))
            session.execute(update(StaffUserRow).values(active=False))

    @initialize(role=ROLE)
    def begin(self, role: str) -> None:
        self.open_account("Ada", role)
        self.open_account("Ben", "staff")
        self.submit()

    @precondition(lambda self: len(self.leads) < 2)
    @rule()
    def submit(self) -> None:
        self.leads.append(new_lead(self.database))

    @rule(user=NAME, role=ROLE)
    def open_account(self, user: str, role: str) -> None:
        self.users[user] = make_account(self.database, f"{user}-{self.number}", role=role)

    @rule(user=NAME)
    def close_account(self, user: str) -> None:
        if user in self.users:
            close_account(self.database, self.users[user])

    @rule(lead=LEAD)
    def look(self, lead: int) -> None:
        """A user sees a version now that they may act on later."""
        lead_id = self.leads[lead % len(self.leads)]
        self.seen[lead_id] = see(self.database, lead_id).version

    @rule(lead=LEAD, user=USER)
    def claim(self, lead: int, user: str) -> None:
        self.attempt(lead, user, handovers.claim)

    @rule(lead=LEAD, user=USER, stage=st.sampled_from(STAGES), reason=REASON, books=st.booleans())
    def move(self, lead: int, user: str, stage: Stage, reason: str, books: bool) -> None:
        at = self.clock() + timedelta(days=1) if books else None
        self.attempt(lead, user, actions.move, stage, reason=reason, consult_at=at)

    @rule(lead=LEAD, user=USER, reached=st.booleans())
    def log_contact(self, lead: int, user: str, reached: bool) -> None:
        self.attempt(lead, user, actions.log_contact, channel="phone", reached=reached)

    @rule(lead=LEAD, user=USER, days=st.integers(-1, 3))
    def follow_up(self, lead: int, user: str, days: int) -> None:
        on = self.clock().date() + timedelta(days=days)
        self.attempt(lead, user, actions.schedule_follow_up, on)

    @rule(lead=LEAD, user=USER)
    def rebook(self, lead: int, user: str) -> None:
        self.attempt(lead, user, actions.rebook, self.clock() + timedelta(days=2))

    @rule(lead=LEAD, user=USER, to=NAME)
    def hand_over(self, lead: int, user: str, to: str) -> None:
        self.attempt(lead, user, handovers.hand_over, self.users.get(to, 0))

    @rule(lead=LEAD, user=USER)
    def accept(self, lead: int, user: str) -> None:
        self.attempt(lead, user, handovers.accept)

    @rule(lead=LEAD, user=USER, reason=st.sampled_from(("", *DECLINE_REASONS)))
    def decline(self, lead: int, user: str, reason: str) -> None:
        self.attempt(lead, user, handovers.decline, reason=reason)

    @rule(lead=LEAD, user=USER)
    def cancel_handover(self, lead: int, user: str) -> None:
        self.attempt(lead, user, handovers.cancel_handover)

    @rule(lead=LEAD, user=USER, to=NAME)
    def assign(self, lead: int, user: str, to: str) -> None:
        self.attempt(lead, user, handovers.assign, self.users.get(to, 0))

    @rule(lead=LEAD, user=USER, amount=st.sampled_from((None, 0, 120_000)))
    def correct_amount(self, lead: int, user: str, amount: int | None) -> None:
        self.attempt(lead, user, actions.correct_amount, amount, "CHF")

    @rule(lead=LEAD)
    def undo_own(self, lead: int) -> None:
        lead_id = self.leads[lead % len(self.leads)]
        author, _ = self.earlier[lead_id]
        self.seen.pop(lead_id, None)
        self.undo(lead, next((name for name in self.users if self.users[name] == author), ""))

    @rule(lead=LEAD, user=USER)
    def undo(self, lead: int, user: str) -> None:
        """What was undone is as it was, except for the version."""
        lead_id = self.leads[lead % len(self.leads)]
        before, (_, earlier) = see(self.database, lead_id), self.earlier[lead_id]
        self.attempt(lead, user, changes.undo)
        after = see(self.database, lead_id)
        if after.version > before.version:
            assert before.replaced
            assert after.replaced is None
            assert {**columns(after), **dict.fromkeys(CHANGED_BY_ALL)} == earlier

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.go_on(hours=hours)

    def attempt(
        self, lead: int, user: str, act: Callable[..., LeadRow], *args: object, **options: object
    ) -> None:
        """Do something, with the version last looked at, if any. A refusal changes nothing."""
        lead_id = self.leads[lead % len(self.leads)]
        before = returned = see(self.database, lead_id)
        now = {"assignee": before.assignee_id, "offered to": before.offered_to_id}
        by = now.get(user, self.users.get(user))
        if by is None:
            return
        version = self.seen.get(lead_id)
        conflict = False
        try:
            with suppress(NotAllowedError):
                returned = write(
                    self.database, act, lead_id, *args, by=by, version=version, **options
                )
        except ConflictError:
            conflict = True
            del self.seen[lead_id]
        assert columns(returned) == columns(see(self.database, lead_id))
        assert returned.next_at == next_at(columns(returned))
        changed = columns(returned) != columns(before)
        if changed:
            self.earlier[lead_id] = by, {**columns(before), **dict.fromkeys(CHANGED_BY_ALL)}
        assert returned.version == before.version + changed
        assert conflict == (version not in (None, before.version))
        assert not (conflict and changed)

    @invariant()
    def the_laws_hold(self) -> None:
        with self.database.reading() as session:
            active = set(session.scalars(select(StaffUserRow.id).where(StaffUserRow.active)))
            for lead_id in self.leads:
                lead = session.get_one(LeadRow, lead_id)
                is_assigned_to_an_active_user(lead, active)
                is_explained_by_its_timeline(lead, standing(timeline(session, lead_id)))


def is_assigned_to_an_active_user(lead: LeadRow, active: set[int]) -> None:
    if active:
        assert lead.assignee_id in active
        assert lead.offered_to_id is None or lead.offered_to_id in active
    assert lead.offered_to_id is None or lead.offered_to_id != lead.assignee_id


def is_explained_by_its_timeline(lead: LeadRow, events: list[LeadEventRow]) -> None:
    assert stage_after(events) == lead.stage
    assert offered_to_after(events) == lead.offered_to_id
    assert assignee_after(events) == lead.assignee_id
    contacts = [e.at for e in events if e.kind == "contact" or e.data.get("to") in TALKED]
    assert lead.first_contact_at == (contacts[0] if contacts else None)


def stage_after(events: list[LeadEventRow]) -> Stage:
    """The stage at the end of a timeline, each move of which is an allowed one."""
    stage: Stage = "new"
    for event in events:
        if event.kind == "moved":
            assert event.data["from"] == stage
            assert event.data["to"] in MOVES[stage]
            stage = event.data["to"]
            assert event.data.get("reason") in CLOSING_REASONS.get(stage, (None,))
    return stage


def offered_to_after(events: list[LeadEventRow]) -> int | None:
    """Who a lead is offered to at the end of a timeline; each offer is answered once at most."""
    offered: int | None = None
    for event in events:
        if event.kind == "offered":
            assert offered is None
            offered = event.data["to"]
        elif event.kind in ("accepted", "declined", "cancelled"):
            assert offered is not None
            assert event.kind == "cancelled" or event.by_id == offered
            assert event.kind != "declined" or event.data["reason"] in DECLINE_REASONS
            offered = None
    return offered


def assignee_after(events: list[LeadEventRow]) -> int | None:
    assignee: int | None = None
    for event in events:
        if event.kind == "assigned":
            assignee = event.data["to"]
        elif event.kind in ("claimed", "accepted"):
            assert event.data["from"] == assignee
            assignee = event.by_id
    return assignee


def test_each_kind_of_event_keeps_the_laws(database: Database, clock: Clock) -> None:
    """A way through all of them, which a few random orders may not find."""
    LeadMachine.database, LeadMachine.clock = database, clock
    machine = LeadMachine()
    machine.begin("admin")
    hand_over = partial(machine.hand_over, 0, "Ada", "Ben")
    for step in (
        *(hand_over, partial(machine.decline, 0, "Ben", next(iter(DECLINE_REASONS))), hand_over),
        *(partial(machine.cancel_handover, 0, "Ada"), hand_over, partial(machine.undo_own, 0)),
        *(hand_over, partial(machine.accept, 0, "Ben"), partial(machine.claim, 0, "Ada")),
        partial(machine.log_contact, 0, "assignee", reached=True),
        partial(machine.follow_up, 0, "assignee", 1),
        partial(machine.move, 0, "assignee", "consult_booked", "", books=True),
        partial(machine.rebook, 0, "assignee"),
        partial(machine.move, 0, "assignee", "won", "", books=False),
        partial(machine.correct_amount, 0, "assignee", 120_000),
        *(machine.submit, partial(machine.assign, 1, "Ada", "Ben")),
        *(partial(machine.hand_over, 1, "Ben", "Ada"), partial(machine.close_account, "Ben")),
    ):
        step()
        machine.the_laws_hold()
    events = rows(database, LeadEventRow)
    assert {event.kind for event in events} == {
        *("assigned", "claimed", "offered", "declined", "cancelled", "accepted", "undone"),
        *("contact", "follow_up", "moved", "rebooked", "amount"),
    }
    assert [event.kind for event in events].count("cancelled") == 2
    assert {see(database, lead).assignee_id for lead in machine.leads} == {machine.users["Ada"]}


def test_no_order_of_events_loses_a_lead_or_an_answer(database: Database, clock: Clock) -> None:
    LeadMachine.database, LeadMachine.clock = database, clock
    number = examples(8 if database.is_sqlite else 2)
    limits = settings(max_examples=number, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(LeadMachine, settings=limits)
