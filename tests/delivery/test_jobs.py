"""The life of a job, with a clock that only moves when the test says so."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from consult.storage import jobs
from consult.storage.db.database import Database, Session
from consult.storage.jobs import MAX_ATTEMPTS
from consult.storage.tables.delivery_tables import JobRow
from tests.support.databases import Clock
from tests.support.submissions import submitted

LEASE = timedelta(seconds=60)


def enqueue(database: Database, key: str = "greet:1", **options: object) -> int | None:
    with database.writing() as session:
        return jobs.enqueue(session, "greet", {"name": "Ada"}, dedupe_key=key, **options)  # type: ignore[arg-type]


def claim(database: Database) -> JobRow | None:
    with database.writing() as session:
        return jobs.claim(session, LEASE)


def claimed(database: Database) -> JobRow:
    job = claim(database)
    assert job is not None
    return job


def only_row(database: Database) -> JobRow:
    with database.reading() as session:
        return session.scalars(select(JobRow)).one()


def failed_jobs(session: Session) -> list[JobRow]:
    return list(session.scalars(select(JobRow).where(JobRow.state == "failed")))


def is_due(database: Database) -> bool:
    with database.reading() as session:
        return jobs.has_due(session)


def test_a_job_is_taken_once_and_done(database: Database, clock: Clock) -> None:
    assert not is_due(database)
    assert enqueue(database)
    assert is_due(database)
    job = claimed(database)
    assert (job.kind, job.payload, job.attempts) == ("greet", {"name": "Ada"}, 1)
    assert not is_due(database)
    assert claim(database) is None
    with database.writing() as session:
        assert jobs.complete(session, job)
    row = only_row(database)
    assert (row.state, row.finished_at, row.lease_token) == ("done", clock(), None)
    clock.go_on(days=1)
    assert claim(database) is None


def test_an_effect_is_asked_for_once_even_after_it_happened(database: Database) -> None:
    assert enqueue(database)
    assert not enqueue(database)
    with database.writing() as session:
        job = jobs.claim(session, LEASE)
        assert job is not None
        jobs.complete(session, job)
    assert not enqueue(database)
    assert enqueue(database, "greet:2")


def test_jobs_are_taken_in_the_order_they_fell_due(database: Database, clock: Clock) -> None:
    enqueue(database, "later", run_at=clock() + timedelta(hours=1))
    enqueue(database, "first")
    clock.go_on(minutes=1)
    enqueue(database, "second")
    ids = [claimed(database).id, claimed(database).id]
    assert ids == sorted(ids)
    assert claim(database) is None
    clock.go_on(hours=1)
    claims = {claimed(database).attempts for _ in range(3)}
    assert claims == {1, 2}, "the two unfinished ones come back with the later one"


def test_the_job_of_a_dead_worker_comes_back_when_its_lease_ends(
    database: Database, clock: Clock
) -> None:
    enqueue(database)
    claimed(database)
    clock.go_on(seconds=59)
    assert claim(database) is None
    clock.go_on(seconds=1)
    assert claimed(database).attempts == 2


def test_a_worker_that_lost_its_lease_has_no_say(database: Database, clock: Clock) -> None:
    enqueue(database)
    slow = claimed(database)
    clock.go_on(seconds=60)
    quick = claimed(database)
    with database.writing() as session:
        assert not jobs.renew(session, slow, LEASE)
        assert not jobs.complete(session, slow)
        assert not jobs.fail(session, slow, "too late")
        assert not jobs.release(session, slow)
    assert only_row(database).state == "leased"
    with database.writing() as session:
        assert jobs.complete(session, quick)


def test_a_renewed_lease_lasts_longer(database: Database, clock: Clock) -> None:
    enqueue(database)
    job = claimed(database)
    clock.go_on(seconds=50)
    with database.writing() as session:
        assert jobs.renew(session, job, LEASE)
    clock.go_on(seconds=59)
    assert claim(database) is None
    with database.writing() as session:
        assert jobs.complete(session, job)


def test_a_job_given_back_is_free_at_once_and_lost_no_try(database: Database) -> None:
    enqueue(database)
    with database.writing() as session:
        job = jobs.claim(session, LEASE)
        assert job is not None
        assert jobs.release(session, job)
    assert claimed(database).attempts == 1


def test_a_failing_job_waits_longer_each_time_and_is_given_up_after_eight_tries(
    database: Database, clock: Clock
) -> None:
    enqueue(database)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with database.writing() as session:
            job = jobs.claim(session, LEASE)
            assert job is not None
            assert job.attempts == attempt
            assert jobs.fail(session, job, "no paper " + "x" * 1_000)
        row = only_row(database)
        assert row.last_error is not None
        assert len(row.last_error) == 300
        if attempt < MAX_ATTEMPTS:
            wait, usual = (row.run_at - clock()).total_seconds(), min(4**attempt, 3_600)
            assert 0.5 * usual <= wait <= 1.5 * usual
            clock.time = row.run_at
    assert row.state == "failed"
    clock.go_on(days=1)
    assert claim(database) is None


@pytest.mark.parametrize("attempts", [12, 100, 1_000])
def test_no_back_off_is_longer_than_ninety_minutes(attempts: int) -> None:
    assert jobs.back_off(attempts) <= timedelta(minutes=90)


def test_a_job_that_kills_its_workers_is_given_up(database: Database, clock: Clock) -> None:
    enqueue(database)
    for _ in range(MAX_ATTEMPTS):
        claimed(database)
        clock.go_on(seconds=60)
    enqueue(database, "greet:2")
    assert claimed(database).attempts == 1, "the next job is not held up"
    with database.reading() as session:
        (dead,) = failed_jobs(session)
    assert "died" in (dead.last_error or "")


def test_a_dead_job_can_be_run_again_with_all_its_tries(database: Database, clock: Clock) -> None:
    enqueue(database)
    for _ in range(MAX_ATTEMPTS):
        with database.writing() as session:
            job = jobs.claim(session, LEASE)
            assert job is not None
            jobs.fail(session, job, "no paper")
        clock.go_on(hours=2)
    with database.writing() as session:
        (dead,) = failed_jobs(session)
        assert (dead.kind, dead.last_error) == ("greet", "no paper")
        assert jobs.retry_failed(session, dead.submission_id) == 1
        assert jobs.retry_failed(session, dead.submission_id) == 0
        assert failed_jobs(session) == []
    assert claimed(database).attempts == 1


def test_whoever_waits_goes_first_however_long_the_others_lie_there(
    database: Database, clock: Clock
) -> None:
    enqueue(database, "demo", priority=jobs.BACKGROUND)
    clock.go_on(days=30)
    enqueue(database, "report")
    clock.go_on(seconds=1)
    enqueue(database, "mail")
    taken = [claimed(database).id for _ in range(3)]
    with database.reading() as session:
        rows = session.execute(select(JobRow.id, JobRow.dedupe_key))
        keys = {row.id: row.dedupe_key for row in rows}
    assert [keys[id] for id in taken] == ["report", "mail", "demo"]


def test_demo_leads_made_in_bulk_leave_the_worker_to_owners(database: Database) -> None:
    for _ in range(3):
        submitted(database, demo=True)
    submitted(database)
    order = []
    while job := claim(database):
        if job.kind != jobs.NOTIFY:
            order.append(job.kind)
    assert order == [jobs.RENDER_REPORT, jobs.RENDER_BRIEF]
