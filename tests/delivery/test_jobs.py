"""The life of a job, with a clock that only moves when the test says so."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from consult.storage import jobs
from consult.storage.db.database import Database
from consult.storage.jobs import MAX_ATTEMPTS
from consult.storage.tables.delivery_tables import JobRow
from tests.support.databases import ON_SQLITE, Clock, rows, write
from tests.support.submissions import submitted

LEASE = timedelta(seconds=60)


def enqueue(database: Database, key: str = "greet:1", **options: object) -> int | None:
    return write(database, jobs.enqueue, "greet", {"name": "Ada"}, dedupe_key=key, **options)  # type: ignore[arg-type]


def claim(database: Database) -> JobRow | None:
    return write(database, jobs.claim, LEASE)


def claimed(database: Database) -> JobRow:
    job = claim(database)
    assert job is not None
    return job


def is_due(database: Database) -> bool:
    return jobs.has_due(database)


def test_a_job_is_requested_claimed_and_done_once(database: Database, clock: Clock) -> None:
    assert not is_due(database)
    assert enqueue(database)
    assert not enqueue(database)
    assert is_due(database)
    job = claimed(database)
    assert (job.kind, job.payload, job.attempts) == ("greet", {"name": "Ada"}, 1)
    assert not is_due(database)
    assert claim(database) is None
    assert write(database, jobs.complete, job)
    (row,) = rows(database, JobRow)
    assert (row.state, row.finished_at, row.lease_token) == ("done", clock(), None)
    clock.go_on(days=1)
    assert claim(database) is None
    assert not enqueue(database)
    assert enqueue(database, "greet:2")


def test_jobs_are_claimed_in_the_order_they_fell_due(database: Database, clock: Clock) -> None:
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


def test_an_ended_lease_gives_the_job_to_another_worker(database: Database, clock: Clock) -> None:
    enqueue(database)
    slow = claimed(database)
    clock.go_on(seconds=59)
    assert claim(database) is None
    clock.go_on(seconds=1)
    quick = claimed(database)
    assert quick.attempts == 2
    with database.writing() as session:
        assert not jobs.renew(session, slow, LEASE)
        assert not jobs.complete(session, slow)
        assert not jobs.fail(session, slow, "too late")
        assert not jobs.release(session, slow)
    assert rows(database, JobRow)[0].state == "leased"
    assert write(database, jobs.complete, quick)


def test_a_failing_job_is_retried_ever_later_and_gives_up(database: Database, clock: Clock) -> None:
    enqueue(database)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        job = claimed(database)
        assert job.attempts == attempt
        assert write(database, jobs.fail, job, "no paper " + "x" * 1_000)
        (row,) = rows(database, JobRow)
        assert row.last_error is not None
        assert len(row.last_error) == 300
        if attempt < MAX_ATTEMPTS:
            wait, usual = (row.run_at - clock()).total_seconds(), min(4**attempt, 3_600)
            assert 0.5 * usual <= wait <= 1.5 * usual
            clock.time = row.run_at
    assert row.state == "failed"
    clock.go_on(days=1)
    assert claim(database) is None
    retried = [write(database, jobs.retry_failed, row.submission_id) for _ in range(2)]
    assert retried == [1, 0]
    assert claimed(database).attempts == 1


@pytest.mark.parametrize("attempts", [12, 100, 1_000])
def test_no_back_off_is_longer_than_ninety_minutes(attempts: int) -> None:
    assert jobs.back_off(attempts) <= timedelta(minutes=90)


def test_a_job_that_kills_its_workers_fails_for_good(database: Database, clock: Clock) -> None:
    enqueue(database)
    for _ in range(MAX_ATTEMPTS):
        claimed(database)
        clock.go_on(seconds=60)
    enqueue(database, "greet:2")
    assert claimed(database).attempts == 1, "the next job is not held up"
    (failed,) = rows(database, JobRow, JobRow.state == "failed")
    assert "died" in (failed.last_error or "")


def test_background_jobs_come_last_however_long_they_wait(database: Database, clock: Clock) -> None:
    ids = [enqueue(database, "demo", priority=jobs.BACKGROUND)]
    clock.go_on(days=30)
    ids.append(enqueue(database, "report"))
    clock.go_on(seconds=1)
    ids.append(enqueue(database, "mail"))
    assert [claimed(database).id for _ in range(3)] == [ids[1], ids[2], ids[0]]


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "priority"),
    [
        (jobs.RENDER_REPORT, jobs.NORMAL),
        (jobs.NOTIFY, jobs.NORMAL),
        (jobs.EMAIL_REPORT, jobs.MAIL),
        (jobs.EMAIL_BOOKING, jobs.MAIL),
        (jobs.EMAIL_STAFF, jobs.MAIL),
        (jobs.EMAIL_REMINDER, jobs.MAIL),
        (jobs.EMAIL_RESUME_LINK, jobs.MAIL),
        (jobs.WEBHOOK, jobs.WEBHOOKS),
        (jobs.FORGET, jobs.BACKGROUND),
        (jobs.CHECK_ADDRESS, jobs.BACKGROUND),
        (jobs.READ_FEED, jobs.BACKGROUND),
    ],
)
def test_what_waits_for_another_machine_is_not_in_line_with_pdfs(
    database: Database, clock: Clock, kind: str, priority: int
) -> None:
    write(database, jobs.enqueue, kind, {}, run_at=clock() + timedelta(seconds=1))
    assert jobs.due_priorities(database) == []
    clock.go_on(seconds=1)
    assert jobs.due_priorities(database) == [priority]
    assert claimed(database).priority == priority
    assert jobs.due_priorities(database) == []


def test_demo_leads_made_in_bulk_leave_the_worker_to_owners(database: Database) -> None:
    for _ in range(3):
        submitted(database, demo=True)
    submitted(database)
    order = []
    while job := claim(database):
        if job.kind != jobs.NOTIFY:
            order.append(job.kind)
    assert order == [jobs.RENDER_REPORT, jobs.RENDER_BRIEF]


@ON_SQLITE
def test_a_look_for_due_jobs_reads_no_finished_ones(database: Database) -> None:
    looks: list[tuple[str, tuple[object, ...]]] = []

    def note(*arguments: Any) -> None:
        if "FROM jobs" in arguments[2]:
            looks.append((arguments[2], arguments[3]))

    event.listen(database.engine, "before_cursor_execute", note)
    jobs.due_priorities(database)
    assert not is_due(database)
    assert claim(database) is None
    event.remove(database.engine, "before_cursor_execute", note)
    assert len(looks) == 3
    with database.engine.connect() as connection:
        for statement, parameters in looks:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [step for *_, step in plan if "jobs" in step]
            assert "SEARCH jobs USING INDEX ix_jobs_due (run_at<?)" in steps
            others = {step for step in steps if "ix_jobs_due" not in step}
            assert others <= {"SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"}, (
                "the one it leases"
            )
