"""Jobs: one lease, one holder, one end."""

from __future__ import annotations

import datetime as dt
import threading
import time
from functools import partial

import pytest
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction

from svtad.audit.models import AuditEvent
from svtad.governance import actions, jobs, tasks
from svtad.governance.models import Job, JobState
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Person
from tests.at_once import at_once

PERSON = Actor(kind="PERSON", actor_id="p", label="Perry")


@pytest.fixture
def woken(monkeypatch) -> list[tuple[str, ...]]:
    """The messages that would have gone to the broker."""
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: sent.append((name, *args)))
    return sent


@pytest.fixture
def runner(monkeypatch):
    """Register a runner for the kind "test"."""
    monkeypatch.setattr(jobs, "_runners", {})

    def use(fn):
        jobs.register_runner("test", fn)
        return fn

    use(lambda context: {"done": True})
    return use


@pytest.fixture
def enqueue(audience, system, runner, woken):
    def put(**more) -> Job:
        return actions.enqueue_job(
            **({"kind": "test", "title": "A test job", "params": {"n": 1}, "audience": audience, "by": system} | more)
        )

    return put


def backdate(job: Job, seconds: float) -> None:
    """Let the job's lease have run out `seconds` ago."""
    Job.objects.filter(pk=job.pk).update(lease_until=now() - dt.timedelta(seconds=seconds))


@pytest.mark.django_db
def test_a_job_is_stored_and_a_worker_woken_once_the_transaction_commits(
    enqueue, woken, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueue()
        assert woken == []
    assert woken == [("governance.run_job", job.public_id)]
    job.refresh_from_db()
    assert job.state == "QUEUED"
    assert job.woken_at is not None


@pytest.mark.django_db
def test_an_absent_broker_does_not_fail_the_action_and_the_sweep_wakes_a_worker(
    enqueue, woken, monkeypatch, django_capture_on_commit_callbacks, caplog
):
    def away(*args, **kwargs):
        raise ConnectionError("broker away")

    with monkeypatch.context() as patch:
        patch.setattr(current_app, "send_task", away)
        with django_capture_on_commit_callbacks(execute=True):
            job = enqueue()
        assert "the broker took no message" in caplog.text
        assert tasks.sweep_jobs()["woken"] == 0
    assert Job.objects.get().state == "QUEUED"
    assert tasks.sweep_jobs() == {"given_up": 0, "requeued": 0, "woken": 1}
    assert woken == [("governance.run_job", job.public_id)]
    assert tasks.sweep_jobs()["woken"] == 0, "not asked again at once"


@pytest.mark.django_db
def test_an_open_job_with_the_same_key_is_the_same_job(enqueue):
    first = enqueue(unique_key="scope-1")
    assert enqueue(unique_key="scope-1") == first
    assert enqueue(unique_key="scope-2") != first
    assert enqueue() != enqueue()
    Job.objects.filter(pk=first.pk).update(state=JobState.DONE)
    assert enqueue(unique_key="scope-1") != first


@pytest.mark.django_db
def test_a_persons_job_is_audited_and_the_products_own_is_not(enqueue, db):
    person = Person.objects.create(email="p@example.org", name="Perry", recorded_at=now())
    enqueue()
    assert not AuditEvent.objects.exists()
    job = enqueue(by=Actor(kind="PERSON", actor_id=person.public_id, label="Perry", person_pk=person.pk))
    assert AuditEvent.objects.get().subject_id == job.public_id
    assert job.requested_by == person


@pytest.mark.django_db
def test_a_job_nobody_does_is_a_fault_of_the_caller(enqueue):
    with pytest.raises(LookupError, match="no runner"):
        enqueue(kind="unheard of")


@pytest.mark.django_db
def test_a_job_is_done_once_however_often_it_is_delivered(enqueue, runner):
    calls = []

    def work(context):
        calls.append(context.params)
        return {"rows": 3}

    runner(work)
    job = enqueue()
    assert [tasks.run_job(job.public_id) for _ in range(3)] == ["DONE", "DONE", "DONE"]
    job.refresh_from_db()
    assert (calls, job.result, job.attempts, job.state) == ([{"n": 1}], {"rows": 3}, 1, "DONE")
    assert (job.lease_token, job.lease_until) == ("", None)
    assert job.finished_at
    assert job.started_at
    assert job.finished_at >= job.started_at
    assert tasks.run_job("no-such-job") == "UNKNOWN"


@pytest.mark.django_db
def test_a_job_is_not_done_before_its_time(enqueue, runner, django_capture_on_commit_callbacks, woken):
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueue(not_before=now() + dt.timedelta(hours=1))
    assert woken == []
    assert tasks.run_job(job.public_id) == "QUEUED"
    assert tasks.sweep_jobs()["woken"] == 0
    Job.objects.update(not_before=now() - dt.timedelta(seconds=1))
    assert tasks.sweep_jobs()["woken"] == 1
    assert tasks.run_job(job.public_id) == "DONE"


@pytest.mark.django_db
def test_progress_is_written_and_extends_the_lease(enqueue, runner, settings):
    settings.JOB_LEASE_SECONDS = 100
    seen = []

    def work(context):
        backdate(context.job, seconds=5)
        context.progress(2, 7, "row 2" + "x" * 300)
        seen.append(Job.objects.get())
        return {}

    runner(work)
    tasks.run_job(enqueue().public_id)
    assert (seen[0].progress_done, seen[0].progress_total, len(seen[0].progress_message)) == (2, 7, 200)
    assert seen[0].lease_until
    assert 90 < (seen[0].lease_until - now()).total_seconds() <= 100


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_can_neither_go_on_nor_finish(enqueue, runner):
    order = []

    def quick(context):
        order.append("second")
        return {"by": "second"}

    def slow(context):
        backdate(context.job, seconds=1)
        assert tasks.sweep_jobs()["requeued"] == 1
        runner(quick)
        assert tasks.run_job(context.job.public_id) == "DONE"
        for lost in (lambda: context.progress(1, 2), context.hold):
            with pytest.raises(jobs.LeaseLost):
                lost()
        order.append("first")
        return {"by": "first"}

    runner(slow)
    job = enqueue()
    assert tasks.run_job(job.public_id) == "TAKEN_OVER"
    job.refresh_from_db()
    assert (order, job.result, job.attempts) == (["second", "first"], {"by": "second"}, 2)


@pytest.mark.django_db
def test_a_runner_that_finds_its_lease_gone_stops_quietly(enqueue, runner):
    def slow(context):
        Job.objects.update(lease_token="another worker's")
        with transaction.atomic():
            context.hold()

    runner(slow)
    job = enqueue()
    assert tasks.run_job(job.public_id) == "TAKEN_OVER"
    assert Job.objects.get().state == "RUNNING", "the other worker's, still"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Refused("12.6", "The phase is complete."), "The phase is complete. (12.6)"),
        (InvalidInput.one("file", "Too large."), "file: Too large."),
        (SoftTimeLimitExceeded(), "ran longer than it may"),
        (RuntimeError("/secret/path"), "An unexpected fault stopped the job (RuntimeError); the log has it."),
    ],
)
def test_a_job_that_fails_says_why_without_telling_secrets(enqueue, runner, fault, error):
    def fail(context):
        raise fault

    runner(fail)
    job = enqueue()
    assert tasks.run_job(job.public_id) == "FAILED"
    job.refresh_from_db()
    assert error in job.error
    assert "secret" not in job.error
    with pytest.raises(Refused):
        actions.run_job_now(enqueue())


@pytest.mark.django_db
def test_a_result_that_json_cannot_hold_is_a_fault_not_a_hang(enqueue, runner):
    runner(lambda context: {"when": now()})
    assert tasks.run_job(enqueue().public_id) == "FAILED"


@pytest.mark.django_db
def test_a_kind_whose_runner_is_gone_fails_plainly(enqueue, monkeypatch):
    job = enqueue()
    monkeypatch.setattr(jobs, "_runners", {})
    assert tasks.run_job(job.public_id) == "FAILED"
    assert "Nothing here does jobs of the kind test" in Job.objects.get().error


@pytest.mark.django_db
def test_a_passing_fault_is_tried_again_later_and_not_for_ever(enqueue, runner):
    def away(context):
        raise OperationalError("server closed the connection")

    runner(away)
    job = enqueue()
    Job.objects.update(max_attempts=2)
    assert tasks.run_job(job.public_id) == "QUEUED"
    not_before = Job.objects.get().not_before
    assert not_before
    assert not_before > now()
    assert tasks.run_job(job.public_id) == "QUEUED", "not yet due"
    Job.objects.update(not_before=None)
    assert tasks.run_job(job.public_id) == "FAILED"
    assert "Given up after 2 attempts" in Job.objects.get().error


@pytest.mark.django_db
def test_the_sweep_queues_a_silent_job_again_and_gives_up_one_that_kills_its_workers(enqueue, woken):
    silent, deadly, alive = enqueue(), enqueue(), enqueue()
    for job in (silent, deadly, alive):
        assert jobs.claim(job.public_id)
    backdate(silent, seconds=1)
    backdate(deadly, seconds=1)
    Job.objects.filter(pk=deadly.pk).update(attempts=5)
    assert tasks.sweep_jobs() == {"given_up": 1, "requeued": 1, "woken": 1}
    states = dict(Job.objects.values_list("pk", "state"))
    assert states == {silent.pk: "QUEUED", deadly.pk: "FAILED", alive.pk: "RUNNING"}
    assert woken[-1] == ("governance.run_job", silent.public_id)
    assert "given up" in Job.objects.get(pk=deadly.pk).error
    assert tasks.sweep_jobs() == {"given_up": 0, "requeued": 0, "woken": 0}


@pytest.mark.django_db
def test_who_asked_for_a_job_takes_it_back_while_it_waits(enqueue, db):
    person = Person.objects.create(email="p@example.org", name="Perry", recorded_at=now())
    owner = Actor(kind="PERSON", actor_id=person.public_id, label="Perry", person_pk=person.pk)
    job = enqueue(by=owner)
    with pytest.raises(ActionDenied):
        actions.cancel_job(job=job, by=PERSON)
    assert actions.cancel_job(job=job, by=owner).state == "CANCELLED"
    assert tasks.run_job(job.public_id) == "CANCELLED"
    with pytest.raises(Refused, match="cancelled"):
        actions.cancel_job(job=job, by=owner)


@pytest.mark.django_db
def test_a_job_can_be_done_here_and_now(enqueue):
    job = actions.run_job_now(enqueue())
    assert (job.state, job.result) == ("DONE", {"done": True})
    taken = enqueue()
    jobs.claim(taken.public_id)
    with pytest.raises(Refused, match="running elsewhere"):
        actions.run_job_now(taken)


@pytest.mark.django_db(transaction=True)
def test_a_long_silent_step_keeps_its_lease_by_a_heartbeat_of_its_own(enqueue, runner, settings):
    settings.JOB_LEASE_SECONDS = 0.6
    swept = []

    def silent(context):
        until = time.monotonic() + 2
        while time.monotonic() < until:  # says nothing itself
            time.sleep(0.1)
            swept.append(jobs.sweep()["requeued"])
        context.progress(1, 1)
        return {}

    runner(silent)
    job = enqueue()
    assert tasks.run_job(job.public_id) == "DONE"
    assert sum(swept) == 0
    assert len(swept) > 5
    assert Job.objects.get().attempts == 1
    assert not [thread for thread in threading.enumerate() if job.public_id in thread.name]


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_tells_the_runner_that_another_worker_took_over(enqueue, runner, settings):
    settings.JOB_LEASE_SECONDS = 0.3

    def taken(context):
        Job.objects.update(lease_token="another worker's")
        time.sleep(0.5)
        Job.objects.update(lease_token=context.job.lease_token)
        context.progress(1, 1)
        return {}

    runner(taken)
    assert tasks.run_job(enqueue().public_id) == "TAKEN_OVER"


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only", "transactional_db")
def test_of_many_workers_at_once_one_does_the_job(enqueue, runner):
    calls = []

    def work_a_little(context):
        calls.append(1)
        time.sleep(0.05)
        return {}

    runner(work_a_little)
    rounds = [enqueue().public_id for _ in range(10)]

    def run(public_id: str, _: int) -> object:
        return jobs.execute(public_id)

    for each in rounds:
        outcomes = at_once(8, partial(run, each))
        assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(calls) == 10
    assert set(Job.objects.values_list("state", "attempts")) == {("DONE", 1)}


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only", "transactional_db")
def test_of_many_requests_with_one_key_at_once_one_job_comes(enqueue):
    def ask(key: str, _: int) -> int:
        return enqueue(unique_key=key).pk

    found = [pk for number in range(5) for pk in at_once(8, partial(ask, f"key {number}"))]
    assert len(found) == 40
    assert len(set(found)) == Job.objects.count() == 5
