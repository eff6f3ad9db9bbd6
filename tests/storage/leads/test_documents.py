"""Documents: the newest revision is stored, whichever worker comes last."""

import hashlib

import pytest

from consult.storage import documents
from consult.storage.db.database import Database
from tests.support.databases import Clock, read, write
from tests.support.submissions import lead_of, submitted


@pytest.fixture
def lead_id(database: Database) -> int:
    return lead_of(database, submitted(database)).id


def put(database: Database, lead_id: int, revision: int, content: bytes) -> bool:
    return write(database, documents.put, lead_id, documents.REPORT, revision, content)


def test_a_document_comes_back_unchanged(database: Database, lead_id: int, clock: Clock) -> None:
    report = (lead_id, documents.REPORT)
    assert read(database, documents.get, *report) is None
    assert read(database, documents.stored_revision, *report) == 0
    content = bytes(range(256)) * 100
    assert put(database, lead_id, 1, content)
    document = read(database, documents.get, *report)
    assert document is not None
    assert document.content == content
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert (document.revision, document.rendered_at) == (1, clock())
    assert read(database, documents.stored_revision, *report) == 1


def test_a_newer_revision_replaces_an_older_one(database: Database, lead_id: int) -> None:
    stored = [put(database, lead_id, revision, b"%d" % revision) for revision in (2, 1, 2, 3)]
    assert stored == [True, False, False, True]
    document = read(database, documents.get, lead_id, documents.REPORT)
    assert document is not None
    assert document.content == b"3"
    assert not put(database, lead_id + 1, 1, b"late"), "its lead was deleted"
