"""Judging by itself: when facts change, and every night."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from issues.actions import propose_exclusion
from issues.models import IssueLog
from svtad.gates import tasks
from svtad.gates.actions import queue_assessments, sweep_changes
from svtad.gates.models import Assessment
from svtad.governance.actions import add_override, record_decision, run_job_now
from svtad.governance.files import address, storage, verify_file
from svtad.governance.models import Job
from svtad.governing.actions import clear_parameter, set_parameter
from svtad.lib import clock
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.judge import judge_brief
from testphases.actions import facts_changed
from testphases.models import FactsChanged, TestScope
from tests.factories import MAKER, at, make_approach, make_issue
from tests.gates.world import last


@pytest.fixture
def quiet(phase):
    """The phase with nothing pending anywhere."""
    FactsChanged.objects.all().delete()
    return phase


def later(seconds):
    return at(days=10) + dt.timedelta(seconds=seconds)


def queued(moment):
    return [job.params["scope"] for job in sweep_changes(by=MAKER, at=moment)]


def test_a_change_is_judged_once_it_has_been_quiet_for_three_seconds(quiet):
    facts_changed(scope=quiet.scope, at=later(0))
    assert queued(later(2.9)) == []
    assert queued(later(3)) == [quiet.scope.public_id]


def test_changes_that_keep_coming_are_judged_after_half_a_minute_all_the_same(quiet):
    for second in range(0, 30, 2):
        facts_changed(scope=quiet.scope, at=later(second))
        assert queued(later(second + 1)) == []
    facts_changed(scope=quiet.scope, at=later(30))
    assert queued(later(30)) == [quiet.scope.public_id]


def test_a_scope_is_queued_once_while_its_judgement_waits(quiet):
    facts_changed(scope=quiet.scope, at=later(0))
    [first] = sweep_changes(by=MAKER, at=later(5))
    [second] = sweep_changes(by=MAKER, at=later(15))
    assert first == second
    assert Job.objects.count() == 1


def test_each_scope_is_queued_by_itself(quiet):
    facts_changed(scope=quiet.scope, at=later(0))
    facts_changed(scope=quiet.pit, at=later(4))
    assert queued(later(5)) == [quiet.scope.public_id]
    assert sorted(queued(later(7))) == sorted([quiet.scope.public_id, quiet.pit.public_id])


def test_the_job_judges_every_step_and_leaves_nothing_pending(quiet):
    facts_changed(scope=quiet.scope, at=later(0))
    [job] = sweep_changes(by=MAKER, at=later(5))
    done = run_job_now(job)
    assert done.result is not None
    assert done.result["judged"] == 6
    assert len(done.result["new"]) == 6
    assert done.result["verdicts"]["PANEL"] == "NOT_MET"
    assert {row.trigger for row in Assessment.objects.all()} == {"facts"}
    assert not FactsChanged.objects.exists()
    assert queued(later(100)) == []


def test_a_job_delivered_twice_judges_once(quiet):
    facts_changed(scope=quiet.scope, at=later(0))
    [job] = sweep_changes(by=MAKER, at=later(5))
    run_job_now(job)
    kept = Assessment.objects.count()
    facts_changed(scope=quiet.scope, at=later(6))
    [again] = sweep_changes(by=MAKER, at=later(20))
    done = run_job_now(again)
    assert done.result is not None
    assert done.result["new"] == []
    assert Assessment.objects.count() == kept


def test_a_change_that_comes_while_it_is_judged_stays_pending(quiet, monkeypatch):
    def judge_and_change(*args, **kwargs):
        facts_changed(scope=quiet.scope, at=later(8))
        return judge_brief(*args, **kwargs)

    monkeypatch.setattr("svtad.gates.actions.assessing.judge_brief", judge_and_change)
    facts_changed(scope=quiet.scope, at=later(0))
    [job] = sweep_changes(by=MAKER, at=later(5))
    run_job_now(job)
    assert {row.recorded_at for row in FactsChanged.objects.all()} == {later(8)}
    assert queued(later(11)) == [quiet.scope.public_id]


@pytest.mark.clause("SVTAD 1.23", "13.18-carry")
def test_a_change_of_an_earlier_releases_issue_has_the_later_release_judged(quiet):
    make_issue(quiet.house.scope("SIT", "IOC"), raised_by=quiet.house.alpha, severity="3", moment=later(0))
    assert quiet.scope.public_id in queued(later(40))


@pytest.fixture
def judged(quiet):
    """The phase as the sweep last judged it, just now."""
    facts_changed(scope=quiet.scope, at=clock.now() - dt.timedelta(minutes=1))
    [job] = sweep_changes(by=MAKER)
    run_job_now(job)
    return quiet


def swept(phase):
    """Sweep now, do what is queued, and return the scopes it was for."""
    jobs = sweep_changes(by=MAKER, at=clock.now())
    for job in jobs:
        run_job_now(job)
    return [job.params["scope"] for job in jobs]


def test_a_parameter_that_is_set_or_cleared_has_the_phases_judged_once(judged):
    assert swept(judged) == []
    values = {"key": "pass_rate.assured_only", "source": "Paper 7", "approver": "Head of testing"}
    set_parameter(
        version=judged.house.document, value="yes", effective_from=at().date(), by=MAKER, at=clock.now(), **values
    )
    assert swept(judged) == [judged.scope.public_id]
    assert last(judged.scope, "REPORTS").verdict == "NOT_MET"
    assert swept(judged) == []
    clear_parameter(version=judged.house.document, key="pass_rate.assured_only", reason="Error.", by=MAKER)
    assert swept(judged) == [judged.scope.public_id]
    assert last(judged.scope, "REPORTS").verdict == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.3")
def test_what_is_entered_of_an_approach_document_has_the_phases_judged(judged):
    make_approach("SCTAD", {"SCT": ["Capacity is shown"]}, moment=clock.now())
    assert swept(judged) == [judged.scope.public_id]
    assert swept(judged) == []


def test_a_corrected_holiday_has_the_phases_judged(judged):
    add_override(
        day=dt.date(2026, 5, 8),
        is_working_day=False,
        reason="Proclaimed",
        source="Gazette",
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=clock.now(),
    )
    assert swept(judged) == [judged.scope.public_id]
    assert swept(judged) == []


def test_a_damaged_file_has_the_phases_judged(judged):
    log = IssueLog.objects.get().file
    verify_file(log, clock.now())
    assert swept(judged) == []
    kept = Path(storage().path(address(log.sha256)))
    sound = kept.read_bytes()
    kept.write_bytes(b"other")
    verify_file(log, clock.now())
    assert swept(judged) == [judged.scope.public_id]
    assert last(judged.scope, "REPORTS").verdict == "NOT_MET"
    kept.write_bytes(sound)
    verify_file(log, clock.now())
    assert swept(judged) == [judged.scope.public_id]
    assert last(judged.scope, "REPORTS").verdict == "MET"


@pytest.mark.clause("SVTAD 1.23", "14.4")
def test_a_decision_that_comes_into_effect_later_has_the_phase_judged_then(judged):
    issue = make_issue(judged.scope, raised_by=judged.house.alpha, severity="3", provider=judged.house.alpha)
    proposal = propose_exclusion(issue=issue, scope=judged.scope, rationale="One meter.", by=MAKER)
    now = clock.now()
    record_decision(
        matter=proposal.matter,
        body="TAG",
        outcome="AGREE",
        decided_at=now,
        effective_at=now + dt.timedelta(hours=1),
        by=MAKER,
        at=now,
    )
    swept_now = sweep_changes(by=MAKER, at=now + dt.timedelta(seconds=40))
    assert [run_job_now(job).state for job in swept_now] == ["DONE"]
    assert queued(now + dt.timedelta(minutes=59)) == []
    assert queued(now + dt.timedelta(hours=1)) == [judged.scope.public_id]


def test_the_nightly_round_judges_every_phase_that_is_not_complete(quiet):
    TestScope.objects.filter(pk=quiet.pit.pk).update(state="COMPLETE")
    assert [job.params for job in queue_assessments(by=MAKER)] == [
        {"scope": quiet.scope.public_id, "trigger": "nightly"}
    ]
    assert not queued(later(100)), "the job that waits covers it"


def test_the_tasks_that_beat_calls_are_there_and_may_run_twice(quiet):
    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {tasks.sweep_facts.name, tasks.assess_open_phases.name} <= names
    facts_changed(scope=quiet.scope, at=clock.now() - dt.timedelta(minutes=1))
    assert (tasks.sweep_facts(), tasks.sweep_facts()) == (1, 1)
    assert (tasks.assess_open_phases(), tasks.assess_open_phases()) == (2, 2)
    assert Job.objects.count() == 2


def test_a_sweep_that_is_rolled_back_queues_nothing(quiet):
    facts_changed(scope=quiet.scope, at=later(0))

    class Stop(Exception):
        pass

    def sweep_and_stop():
        with transaction.atomic():
            sweep_changes(by=MAKER, at=later(5))
            raise Stop

    with pytest.raises(Stop):
        sweep_and_stop()
    assert not Job.objects.exists()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_judges_what_changed(postgres_only, quiet, worker):
    facts_changed(scope=quiet.scope, at=clock.now() - dt.timedelta(minutes=1))
    tasks.sweep_facts.delay()
    until = time.monotonic() + 60
    while time.monotonic() < until and not Job.objects.filter(state="DONE").exists():
        time.sleep(0.2)
    job = Job.objects.get()
    assert (job.state, job.error) == ("DONE", "")
    assert Assessment.objects.filter(scope=quiet.scope).count() == 6
    assert not FactsChanged.objects.exists()
