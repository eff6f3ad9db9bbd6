"""Staff: a link works once on every engine, and a session ends when it should."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from consult.crypto import token_hash
from consult.storage.accounts import accounts, sessions
from consult.storage.accounts.sessions import Lifetime
from consult.storage.db.database import Database, Session
from consult.storage.privacy import retention
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffInvitationRow, StaffSessionRow, StaffUserRow
from tests.support.databases import Clock

WEEK = timedelta(days=7)
LIFETIME = Lifetime(idle=timedelta(hours=1), absolute=timedelta(hours=12))


def invited(database: Database, email: str | None, role: str = "staff") -> str:
    with database.writing() as session:
        return accounts.invite(session, email, role, WEEK)


def accept(database: Database, token: str, email: str = "a@example.com") -> StaffUserRow | None:
    with database.writing() as session:
        return accounts.accept_invitation(
            session, token, email=email, name="Ada", password_hash="hashed"
        )


@pytest.fixture
def user(database: Database) -> StaffUserRow:
    made = accept(database, invited(database, "ada@example.com"))
    assert made is not None
    return made


@pytest.fixture
def token(database: Database, user: StaffUserRow) -> str:
    with database.writing() as session:
        return sessions.start_session(session, user.id, "Firefox", "n" * 64)


@pytest.fixture
def session_id(database: Database, user: StaffUserRow, token: str) -> int:
    with database.reading() as session:
        (only,) = sessions.live_sessions(session, user.id, LIFETIME)
    return only.id


def is_signed_in(database: Database, token: str) -> bool:
    with database.reading() as session:
        return sessions.find_session(session, token, LIFETIME) is not None


def test_of_many_who_accept_at_once_one_gets_the_account(database: Database) -> None:
    token = invited(database, "ada@example.com")
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: accept(database, token), range(8)))
    assert len([one for one in made if one]) == 1


def test_an_invitation_lasts_until_it_is_too_old(database: Database, clock: Clock) -> None:
    token = invited(database, "ada@example.com")
    clock.go_on(days=7, seconds=-1)
    with database.reading() as session:
        assert accounts.invitation_by_token(session, token)
    clock.go_on(seconds=1)
    with database.reading() as session:
        assert accounts.invitation_by_token(session, token) is None
    assert accept(database, token) is None


def test_links_for_different_addresses_leave_each_other_alone(database: Database) -> None:
    first, ada, bo = (invited(database, email) for email in (None, "ada@x.co", "bo@x.co"))
    with database.reading() as session:
        assert all(accounts.invitation_by_token(session, token) for token in (first, ada, bo))


def test_the_link_without_an_address_makes_the_first_account_only(database: Database) -> None:
    token = invited(database, None, "admin")
    assert accept(database, invited(database, "bo@example.com"))
    assert accept(database, token) is None


def test_a_session_ends_when_it_lies_idle(database: Database, token: str, clock: Clock) -> None:
    clock.go_on(hours=1, seconds=-1)
    assert is_signed_in(database, token)
    clock.go_on(seconds=1)
    assert not is_signed_in(database, token)


def test_using_a_session_keeps_it_but_not_for_ever(
    database: Database, token: str, session_id: int, clock: Clock
) -> None:
    for _ in range(14):
        with database.writing() as session:
            sessions.touch_session(session, session_id)
        clock.go_on(minutes=50)
        assert is_signed_in(database, token)
    clock.go_on(minutes=20)
    with database.writing() as session:
        sessions.touch_session(session, session_id)
    assert not is_signed_in(database, token)


@pytest.mark.parametrize(
    "end",
    [
        lambda session, user, id: sessions.end_session(session, user, id),
        lambda session, user, _: sessions.end_all_sessions(session, user),
        lambda session, user, _: accounts.disable(session, user),
        lambda session, user, _: accounts.change_password(session, user, "newly hashed"),
    ],
    ids=["one", "all", "disabled", "new password"],
)
def test_a_session_can_be_ended(
    database: Database,
    user: StaffUserRow,
    token: str,
    session_id: int,
    end: Callable[[Session, int, int], object],
) -> None:
    with database.writing() as session:
        end(session, user.id, session_id)
    assert not is_signed_in(database, token)
    with database.reading() as session:
        assert sessions.live_sessions(session, user.id, LIFETIME) == []


def test_no_one_ends_the_session_of_another(
    database: Database, user: StaffUserRow, token: str, session_id: int
) -> None:
    with database.writing() as session:
        assert not sessions.end_session(session, user.id + 1, session_id)
    assert is_signed_in(database, token)


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\x00", "\ud800", "é" * 1000])
def test_a_token_that_is_none_signs_no_one_in(
    database: Database, user: StaffUserRow, token: str
) -> None:
    assert not is_signed_in(database, token)
    with database.reading() as session:
        assert accounts.invitation_by_token(session, token) is None


@pytest.mark.parametrize(
    "wrong", [{"email": "Ada@example.com"}, {"role": "owner"}, {"name": ""}, {"password_hash": ""}]
)
def test_the_database_refuses_what_is_no_account(
    database: Database, wrong: dict[str, str], clock: Clock
) -> None:
    right = {"email": "ada@example.com", "role": "staff", "name": "Ada", "password_hash": "x"}
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(StaffUserRow(**{**right, **wrong}, active=True, created_at=clock()))


def test_rows_of_staff_go_after_a_month(database: Database, token: str, clock: Clock) -> None:
    link = invited(database, "bo@example.com")
    for days, left in ((30, 1), (8, 0)):
        clock.go_on(days=days)
        with database.writing() as session:
            retention.purge(session, lead_days=730)
            links = session.scalars(
                select(StaffInvitationRow).where(StaffInvitationRow.token_hash == token_hash(link))
            ).all()
            assert len(links) == left
    with database.reading() as session:
        assert not session.scalars(select(StaffSessionRow)).all()
        assert [user.email for user in accounts.all_users(session)] == ["ada@example.com"]


def test_of_many_who_use_one_code_at_once_one_does(database: Database, user: StaffUserRow) -> None:
    with database.writing() as session:
        factors.set_authenticator(session, user.id, b"encrypted", 10)
        (code, *_) = factors.create_recovery_codes(session, user.id)

    def use(_: int) -> tuple[bool, bool, bool]:
        with database.writing() as session:
            return (
                factors.use_step(session, user.id, 11),
                factors.use_recovery_code(session, user.id, code),
                factors.use_once(session, "challenge", WEEK),
            )

    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(use, range(8)))
    assert [sum(kind) for kind in zip(*used, strict=True)] == [1, 1, 1]


def test_what_works_once_is_forgotten_when_it_would_be_too_old(
    database: Database, clock: Clock
) -> None:
    def use(mark: str) -> bool:
        with database.writing() as session:
            return factors.use_once(session, mark, timedelta(minutes=10))

    assert use("a")
    clock.go_on(minutes=10, seconds=-1)
    assert not use("a")
    clock.go_on(seconds=1)
    assert use("a")
    assert use("b")


def test_factors_are_a_persons_own(database: Database, user: StaffUserRow) -> None:
    other = accept(database, invited(database, "bo@example.com"))
    assert other is not None
    with database.writing() as session:
        factors.set_authenticator(session, user.id, b"encrypted", 10)
        codes = factors.create_recovery_codes(session, user.id)
        # A plain hash keeps a secret that no one could try out: 32 signs are 5 bits each.
        assert all(len(code.replace("-", "")) * 5 >= 112 for code in codes)
        assert not factors.use_step(session, other.id, 11)
        assert not factors.use_recovery_code(session, other.id, codes[0])
        factors.remove_all_factors(session, other.id)
        assert factors.factors_of(session, user.id).codes_left == factors.RECOVERY_CODES
        factors.remove_all_factors(session, user.id)
        assert factors.factors_of(session, user.id) == factors.Factors(None, 0, 0)
