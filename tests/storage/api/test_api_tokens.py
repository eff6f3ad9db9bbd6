"""API tokens, and answers that are repeated: how long they live, and what ends them."""

from datetime import timedelta

import pytest

from consult.storage.accounts import accounts
from consult.storage.api import api_tokens
from consult.storage.api.api_tokens import ANSWER_LIFE, OtherRequestError
from consult.storage.db.database import Database, Session
from consult.storage.leads import actions, changes
from consult.storage.privacy import retention
from consult.storage.tables.account_tables import ApiAnswerRow, ApiTokenRow
from consult.storage.tables.lead_tables import LeadEventRow
from tests.support.concurrency import at_once
from tests.support.databases import Clock, read, rows, write
from tests.support.lead_factories import close_account, make_account, new_lead

MONTH = timedelta(days=30)


@pytest.fixture
def admin(database: Database) -> int:
    return make_account(database, "Ada", role="admin")


@pytest.fixture
def token(database: Database, admin: int) -> int:
    """A token of Ada's, `rc_a`; its id."""
    return write(database, api_tokens.make, "rc_a", "CRM", ["write"], life=MONTH, by=admin).id


def is_found(database: Database, made: str = "rc_a") -> bool:
    return read(database, api_tokens.find, made) is not None


def test_a_token_is_stored_as_a_hash_once_and_ends_in_time(
    database: Database, clock: Clock, admin: int, token: int
) -> None:
    again = write(database, api_tokens.make, "rc_a", "Other", [], life=MONTH, by=admin)
    (row,) = rows(database, ApiTokenRow)
    assert (row.id, again.id, row.name, row.hint) == (token, token, "CRM", "rc_a")
    assert row.scopes == ["read", "write"]
    assert "rc_a" not in row.token_hash
    assert not is_found(database, "rc_b")
    clock.go_on(days=30, seconds=-1)
    assert is_found(database)
    clock.go_on(seconds=1)
    assert not is_found(database)
    clock.go_on(days=30)
    write(database, retention.purge)
    assert len(rows(database, ApiTokenRow)) == 1, "it's shown as expired for a while"
    clock.go_on(seconds=1)
    write(database, retention.purge)
    assert rows(database, ApiTokenRow) == []


def test_a_revoked_token_never_comes_back(database: Database, admin: int, token: int) -> None:
    assert write(database, api_tokens.revoke, token, by=admin)
    assert not write(database, api_tokens.revoke, token, by=admin)
    assert not write(database, api_tokens.revoke, 77, by=admin)
    write(database, api_tokens.touch, token)  # by a request that was still under way
    again = write(database, api_tokens.make, "rc_a", "CRM", [], life=MONTH, by=admin)
    assert (again.id, again.revoked_at is None) == (token, False)
    assert not is_found(database)
    assert read(database, api_tokens.all_tokens) == []


def test_the_tokens_of_a_disabled_account_never_come_back(database: Database, token: int) -> None:
    make_account(database, "Grace", role="admin")
    (ada,) = {row.user_id for row in rows(database, ApiTokenRow)}
    close_account(database, ada)
    assert not is_found(database)
    make_account(database, "Ada", role="admin")
    user = read(database, accounts.user_by_id, ada)
    assert user
    assert user.active
    assert not is_found(database)


def answer(session: Session, token: int, lead_id: int, request: bytes = b"a") -> int:
    """Assign a lead as a request with a key does it; the version that it is told."""
    changes.lock_leads(session, [lead_id])
    earlier = api_tokens.earlier_answer(session, token, "key", request)
    if earlier is None:
        version = actions.move(session, lead_id, "taken", by=1).version
        earlier = {"version": version}
        api_tokens.store_answer(session, token, "key", request, lead_id, earlier)
    return int(earlier["version"])


def test_a_change_that_is_repeated_at_once_is_made_once(database: Database, token: int) -> None:
    lead_id = new_lead(database)
    versions = at_once(*[lambda: write(database, answer, token, lead_id)] * 4)
    assert versions == [2] * 4
    (move,) = rows(database, LeadEventRow, LeadEventRow.kind == "moved")
    assert move.version == 2


def test_an_answer_is_kept_for_a_day(database: Database, clock: Clock, token: int) -> None:
    lead_id = new_lead(database)
    write(database, answer, token, lead_id)
    with pytest.raises(OtherRequestError):
        write(database, answer, token, lead_id, b"b")
    other = write(database, api_tokens.make, "rc_b", "Sheet", [], life=MONTH, by=1).id
    assert write(database, api_tokens.earlier_answer, other, "key", b"a") is None
    clock.go_on(hours=24, seconds=-1)
    assert write(database, answer, token, lead_id) == 2
    clock.go_on(seconds=1)
    assert timedelta(hours=24) == ANSWER_LIFE
    assert write(database, api_tokens.earlier_answer, token, "key", b"b") is None
    write(database, api_tokens.store_answer, token, "key", b"b", lead_id, {"version": 3})
    assert write(database, answer, token, lead_id, b"b") == 3
    clock.go_on(hours=24)
    write(database, retention.purge)
    assert rows(database, ApiAnswerRow) == []
