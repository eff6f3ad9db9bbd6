"""Staff: a link works once on every engine, and a session ends when it should."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from consult.crypto import token_hash
from consult.storage.accounts import accounts, sessions
from consult.storage.accounts.sessions import Lifetime
from consult.storage.db.database import Database, Session
from consult.storage.privacy import retention
from consult.storage.second_factors import factors
from consult.storage.tables.account_tables import StaffInvitationRow, StaffSessionRow, StaffUserRow
from tests.support.concurrency import at_once
from tests.support.databases import Clock, read, rows, write

WEEK = timedelta(days=7)
LIFETIME = Lifetime(idle=timedelta(hours=1), absolute=timedelta(hours=12))


def invited(database: Database, email: str | None, role: str = "staff") -> str:
    return write(database, accounts.invite, email, role, WEEK)


def accept(database: Database, token: str, email: str = "a@example.com") -> StaffUserRow | None:
    options = {"email": email, "name": "Ada", "password_hash": "hashed"}
    return write(database, accounts.accept_invitation, token, **options)


def is_open(database: Database, link: str) -> bool:
    return read(database, accounts.invitation_by_token, link) is not None


@pytest.fixture
def user(database: Database) -> StaffUserRow:
    made = accept(database, invited(database, "ada@example.com"))
    assert made is not None
    return made


@pytest.fixture
def token(database: Database, user: StaffUserRow) -> str:
    return write(database, sessions.start_session, user.id, "Firefox", "n" * 64)


@pytest.fixture
def session_id(database: Database, user: StaffUserRow, token: str) -> int:
    (only,) = read(database, sessions.live_sessions, user.id, LIFETIME)
    return only.id


def is_signed_in(database: Database, token: str) -> bool:
    return read(database, sessions.find_session, token, LIFETIME) is not None


def test_of_many_who_accept_at_once_one_gets_the_account(database: Database) -> None:
    token = invited(database, "ada@example.com")
    made = at_once(*[lambda: accept(database, token)] * 8)
    assert len([one for one in made if one]) == 1


def test_an_invitation_expires(database: Database, clock: Clock) -> None:
    token = invited(database, "ada@example.com")
    clock.go_on(days=7, seconds=-1)
    assert is_open(database, token)
    clock.go_on(seconds=1)
    assert not is_open(database, token)
    assert accept(database, token) is None


def test_the_link_without_an_address_makes_the_first_account_only(database: Database) -> None:
    first, ada, bo = (invited(database, email) for email in (None, "ada@x.co", "bo@x.co"))
    assert all(is_open(database, link) for link in (first, ada, bo))
    assert accept(database, bo)
    assert accept(database, first) is None
    assert is_open(database, ada)


def test_a_session_ends_when_it_is_idle_or_too_old(
    database: Database, user: StaffUserRow, token: str, session_id: int, clock: Clock
) -> None:
    idle = write(database, sessions.start_session, user.id, "Firefox", "n" * 64)
    clock.go_on(hours=1, seconds=-1)
    assert is_signed_in(database, idle)
    write(database, sessions.touch_session, session_id)
    clock.go_on(seconds=1)
    assert not is_signed_in(database, idle)
    for minutes in [50] * 13 + [10]:
        assert is_signed_in(database, token)
        write(database, sessions.touch_session, session_id)
        clock.go_on(minutes=minutes)
    write(database, sessions.touch_session, session_id)
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
    assert not write(database, sessions.end_session, user.id + 1, session_id), "not their own"
    assert is_signed_in(database, token)
    write(database, end, user.id, session_id)
    assert not is_signed_in(database, token)
    assert read(database, sessions.live_sessions, user.id, LIFETIME) == []


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\x00", "\ud800", "é" * 1000])
def test_an_invalid_token_opens_nothing(database: Database, user: StaffUserRow, token: str) -> None:
    assert not is_signed_in(database, token)
    assert not is_open(database, token)


@pytest.mark.parametrize(
    "wrong", [{"email": "Ada@example.com"}, {"role": "owner"}, {"name": ""}, {"password_hash": ""}]
)
def test_an_account_must_be_valid(database: Database, wrong: dict[str, str], clock: Clock) -> None:
    right = {"email": "ada@example.com", "role": "staff", "name": "Ada", "password_hash": "x"}
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(StaffUserRow(**{**right, **wrong}, active=True, created_at=clock()))


def test_old_sessions_and_links_are_deleted(database: Database, token: str, clock: Clock) -> None:
    link = invited(database, "bo@example.com")
    for days, left in ((30, 1), (8, 0)):
        clock.go_on(days=days)
        write(database, retention.purge)
        is_it = StaffInvitationRow.token_hash == token_hash(link)
        assert len(rows(database, StaffInvitationRow, is_it)) == left
    assert rows(database, StaffSessionRow) == []
    assert [user.email for user in rows(database, StaffUserRow)] == ["ada@example.com"]


def test_of_many_who_use_one_code_at_once_one_does(database: Database, user: StaffUserRow) -> None:
    with database.writing() as session:
        factors.set_authenticator(session, user.id, b"encrypted", 10)
        (code, *_) = factors.create_recovery_codes(session, user.id)

    def use() -> tuple[bool, bool, bool]:
        with database.writing() as session:
            return (
                factors.use_step(session, user.id, 11),
                factors.use_recovery_code(session, user.id, code),
                factors.use_once(session, "challenge", WEEK),
            )

    used = at_once(*[use] * 8)
    assert [sum(kind) for kind in zip(*used, strict=True)] == [1, 1, 1]


def test_a_used_token_is_deleted_when_it_would_expire(database: Database, clock: Clock) -> None:
    valid = timedelta(minutes=10)
    assert write(database, factors.use_once, "a", valid)
    clock.go_on(minutes=10, seconds=-1)
    assert not write(database, factors.use_once, "a", valid)
    clock.go_on(seconds=1)
    assert write(database, factors.use_once, "a", valid)
    assert write(database, factors.use_once, "b", valid)


def test_factors_are_those_of_one_user(database: Database, user: StaffUserRow) -> None:
    other = accept(database, invited(database, "bo@example.com"))
    assert other is not None
    with database.writing() as session:
        factors.set_authenticator(session, user.id, b"encrypted", 10)
        codes = factors.create_recovery_codes(session, user.id)
        # A plain hash protects what is too long to guess: each of 32 characters is 5 bits.
        assert all(len(code.replace("-", "")) * 5 >= 112 for code in codes)
        assert not factors.use_step(session, other.id, 11)
        assert not factors.use_recovery_code(session, other.id, codes[0])
        factors.remove_all_factors(session, other.id)
        assert factors.factors_of(session, user.id).codes_left == factors.RECOVERY_CODES
        factors.remove_all_factors(session, user.id)
        assert factors.factors_of(session, user.id) == factors.Factors(None, 0, 0)
