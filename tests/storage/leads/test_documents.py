"""Documents: the newest revision is kept, whoever comes last."""

import hashlib

import pytest

from consult.storage import documents
from consult.storage.db.database import Database
from tests.support.databases import Clock
from tests.support.submissions import lead_of, submitted


@pytest.fixture
def lead_id(database: Database) -> int:
    return lead_of(database, submitted(database)).id


def put(database: Database, lead_id: int, revision: int, content: bytes) -> bool:
    with database.writing() as session:
        return documents.put(session, lead_id, documents.REPORT, revision, content)


def test_a_document_comes_back_as_it_was_put(
    database: Database, lead_id: int, clock: Clock
) -> None:
    content = bytes(range(256)) * 100
    assert put(database, lead_id, 1, content)
    with database.reading() as session:
        document = documents.get(session, lead_id, documents.REPORT)
        assert documents.stored_revision(session, lead_id, documents.REPORT) == 1
    assert document is not None
    assert document.content == content
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert (document.revision, document.rendered_at) == (1, clock())


def test_there_is_none_before_the_first(database: Database, lead_id: int) -> None:
    with database.reading() as session:
        assert documents.get(session, lead_id, documents.REPORT) is None
        assert documents.stored_revision(session, lead_id, documents.REPORT) == 0


def test_a_newer_revision_replaces_an_older_one_and_never_the_other_way(
    database: Database, lead_id: int
) -> None:
    kept = [put(database, lead_id, revision, b"%d" % revision) for revision in (2, 1, 2, 3)]
    assert kept == [True, False, False, True]
    with database.reading() as session:
        document = documents.get(session, lead_id, documents.REPORT)
    assert document is not None
    assert document.content == b"3"


def test_a_document_of_a_deleted_lead_is_dropped(database: Database, lead_id: int) -> None:
    assert not put(database, lead_id + 1, 1, b"late")
