"""Asking for a report and having it made, once, whatever happens in between."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

import pytest
from django.test import override_settings

from reports import actions, queries
from reports.contents import annexes, completion_report
from reports.rendering import documents
from reports.rendering.engine import to_pdf
from reports.rendering.pages import report_html, volume_html
from reports.shapes import AnnexVolume
from svtad.audit.models import AuditEvent
from svtad.gates.models import Assessment, FiledReport
from svtad.governance.actions import run_job_now
from svtad.governance.files import read_file
from svtad.governance.jobs import LeaseLost
from svtad.governance.models import Job, StoredFile
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import Step
from testphases.models import FactsChanged
from tests.reports import samples, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test")]

AT = samples.AS_AT + dt.timedelta(hours=2)


def person(*permissions: str, label: str = "Robin Tester") -> Actor:
    return Actor(
        kind="PERSON",
        actor_id="p" * 22,
        label=label,
        audience_keys=frozenset({"dcc", "public"}),
        organisation_kinds=frozenset({"DCC"}),
        permissions=frozenset(permissions),
    )


@pytest.fixture
def manager() -> Actor:
    return person("generate_report", "see_all_phases", "see_reports")


@pytest.fixture
def assessment() -> Assessment:
    return stored.assessment_of(samples.facts())


@pytest.fixture
def quick(monkeypatch):
    """Pages that take no time: what is under test here is not how they look."""
    plain = to_pdf('<html lang="en-GB"><title>T</title><h1>A report</h1></html>', identity="x", attached=[])
    made: list[object] = []

    def draw(contents, *, on_page=None):
        made.append(contents)
        for number in range(1, 25):
            if on_page is not None:
                on_page(number)
        return plain

    monkeypatch.setattr(documents, "render_pdf", draw)
    monkeypatch.setattr(documents, "render_volume", draw)
    return made


@pytest.mark.clause("SVTAD 1.23", "9.7")
def test_a_report_is_made_stored_and_filed(assessment, manager):
    job = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    assert (job.kind, job.state) == ("completion_report", "QUEUED")
    done = run_job_now(job)
    filed = FiledReport.objects.get()
    assert done.result == {
        "report": filed.public_id,
        "file": filed.file.public_id,
        "pages": filed.pages,
        "sha256": filed.file.sha256,
        "volumes": 0,
    }
    assert filed.assessment == assessment
    assert filed.job_id_text == job.public_id
    content = read_file(filed.file)
    assert content.startswith(b"%PDF-1.7")
    assert hashlib.sha256(content).hexdigest() == filed.file.sha256
    assert filed.file.is_synthetic
    assert filed.file.name == "MOC SIT Completion Report 2026-06-18.pdf"
    assert set(filed.file.audience.text.split(",")) == {"authority", "dcc", "panel", "sit_auditor", "sos", "tab", "tag"}
    assert done.progress_done == done.progress_total == 100


def test_making_it_leaves_a_trail(assessment, manager, quick):
    run_job_now(actions.request_completion_report(assessment=assessment, by=manager, at=AT))
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"enqueue_job", "store_file", "file_report"}


def test_the_latest_assessment_of_a_phase_is_taken(assessment, manager, quick):
    later = stored.assessment_of(samples.facts(), recorded_at=AT)
    stored.assessment_of(samples.facts(), step=Step.REPORTS, recorded_at=AT)
    stored.assessment_of(samples.facts(), recorded_at=AT, until_now=False)
    scope = assessment.scope
    scope.state = "IN_PROGRESS"
    job = actions.request_completion_report(scope=scope, by=manager, at=AT)
    assert job.params == {"assessment": later.public_id}


def test_asked_for_twice_it_is_made_once(assessment, manager, quick):
    first = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    assert actions.request_completion_report(assessment=assessment, by=manager, at=AT) == first
    run_job_now(first)
    again = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    assert again != first, "a finished job does not stand in the way of a new report"


@pytest.mark.parametrize("permissions", [(), ("see_all_phases",), ("generate_report",), ("see_reports", "assess")])
def test_only_who_may_make_reports_of_a_phase_in_sight_may_ask(assessment, permissions):
    nobody = replace(person(*permissions), organisation_kinds=frozenset({"SUPPLIER_PARTY"}))
    with pytest.raises(ActionDenied):
        actions.request_completion_report(assessment=assessment, by=nobody, at=AT)
    with pytest.raises(ActionDenied):
        actions.request_completion_report(scope=assessment.scope, by=nobody, at=AT)
    assert not Job.objects.exists()


def test_a_phase_that_was_never_assessed_has_no_report(manager):
    with pytest.raises(Refused, match="has not been assessed yet"):
        actions.request_completion_report(scope=stored.scope_for(samples.facts()), by=manager, at=AT)


@pytest.mark.clause("SVTAD 1.23", "16.5")
def test_neither_pit_nor_entry_has_a_report(assessment, manager):
    with pytest.raises(Refused, match="entry"):
        actions.request_completion_report(
            assessment=stored.assessment_of(samples.facts(), step=Step.ENTRY), by=manager, at=AT
        )
    assessment.scope.kind = "PIT"
    with pytest.raises(Refused, match="PIT"):
        actions.request_completion_report(assessment=assessment, by=manager, at=AT)


def test_a_report_needs_something_to_report_on(manager):
    with pytest.raises(TypeError):
        actions.request_completion_report(by=manager, at=AT)


# --- stale ------------------------------------------------------------------------------------------


def cover_of(assessment, manager, quick):
    run_job_now(actions.request_completion_report(assessment=assessment, by=manager, at=AT))
    return quick[-1].cover


def test_a_report_of_the_newest_facts_is_not_called_stale(assessment, manager, quick):
    cover = cover_of(assessment, manager, quick)
    assert (cover.stale, cover.made_by, cover.made_at) == ("", "Robin Tester", "18 June 2026, 17:05 BST")


def test_the_cover_says_that_facts_changed_since(assessment, manager, quick):
    FactsChanged.objects.create(scope=assessment.scope, recorded_at=AT)
    assert "has not been judged yet" in cover_of(assessment, manager, quick).stale
    assert "Facts changed since." in report_html(quick[-1])


def test_the_cover_says_that_there_is_a_newer_assessment(assessment, manager, quick):
    stored.assessment_of(samples.facts(), recorded_at=AT)
    stale = cover_of(assessment, manager, quick).stale
    assert stale == "A newer assessment of this step is stored, of 18 June 2026, 17:05 BST."


def test_a_report_of_a_past_moment_says_so_and_is_not_stale(manager, quick):
    past = stored.assessment_of(samples.facts(), until_now=False)
    FactsChanged.objects.create(scope=past.scope, recorded_at=AT)
    cover = cover_of(past, manager, quick)
    assert (cover.stale, cover.of_the_past) == ("", True)
    assert "A judgement of a past moment." in report_html(quick[-1])


# --- once, whatever happens -------------------------------------------------------------------------


def no_progress(done: int, message: str) -> None:
    """Nobody looks."""


def test_a_job_that_runs_again_files_its_report_once(assessment, manager, quick):
    job = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    first = actions.produce_completion_report(job=job, progress=no_progress, hold=lambda: None)
    second = actions.produce_completion_report(job=job, progress=no_progress, hold=lambda: None)
    assert first == second
    assert (FiledReport.objects.count(), StoredFile.objects.count(), len(quick)) == (1, 1, 1)


def test_a_job_that_was_taken_over_stores_nothing(assessment, manager, quick):
    job = actions.request_completion_report(assessment=assessment, by=manager, at=AT)

    def lost() -> None:
        raise LeaseLost(job.public_id)

    with pytest.raises(LeaseLost):
        actions.produce_completion_report(job=job, progress=no_progress, hold=lost)
    assert not FiledReport.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_second_run_makes_the_same_bytes(assessment, manager):
    made = []
    for _ in range(2):
        job = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
        contents = actions.completion_reports._contents(assessment, job)
        made.append(contents)
    assert made[0] == made[1]


def test_progress_tells_the_steps_and_never_goes_back(assessment, manager, quick):
    told: list[tuple[int, str]] = []
    job = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    actions.produce_completion_report(
        job=job, progress=lambda done, message: told.append((done, message)), hold=lambda: None
    )
    shares = [done for done, message in told if "page" not in message]
    assert shares == sorted(shares)
    assert told[0] == (2, "Gathering the contents")
    assert any(message == "Laying out page 6" for _, message in told)
    assert told[-1] == (100, "Done")
    assert max(done for done, _ in told[:-3]) <= 85


# --- annex volumes ----------------------------------------------------------------------------------


def test_long_lists_are_made_by_jobs_of_their_own(assessment, manager, quick, monkeypatch):
    monkeypatch.setattr(annexes, "ROWS_INSIDE", 50)
    monkeypatch.setattr(annexes, "ROWS_A_VOLUME", 40)
    parent = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    result = run_job_now(parent).result or {}
    jobs = list(Job.objects.filter(kind="completion_report_annex").order_by("pk"))
    assert len(jobs) == result["volumes"] > 1
    for job in jobs:
        run_job_now(job)
    volumes = [made for made in quick if isinstance(made, AnnexVolume)]
    assert [volume.entry.number for volume in volumes] == list(range(1, len(jobs) + 1))
    assert {volume.cover.made_at for volume in volumes} == {quick[0].cover.made_at}
    filed = FiledReport.objects.get(job_id_text=parent.public_id)
    assert [report.job_id_text for report in queries.annexes_of(filed)] == [job.public_id for job in jobs]
    assert [report.kind for report in queries.annexes_of(filed)] == ["completion_report_annex"] * len(jobs)


def test_a_report_made_again_asks_for_each_volume_once(assessment, manager, quick, monkeypatch):
    monkeypatch.setattr(annexes, "ROWS_INSIDE", 50)
    parent = actions.request_completion_report(assessment=assessment, by=manager, at=AT)
    real = queries.filed_by
    monkeypatch.setattr(queries, "filed_by", lambda job_id: None)
    for _ in range(2):
        actions.produce_completion_report(job=parent, progress=no_progress, hold=lambda: None)
    monkeypatch.setattr(queries, "filed_by", real)
    jobs = Job.objects.filter(kind="completion_report_annex")
    assert len({job.params["volume"] for job in jobs}) == jobs.count() == 2


def test_a_volume_that_runs_again_is_filed_once(assessment, manager, quick, monkeypatch):
    monkeypatch.setattr(annexes, "ROWS_INSIDE", 50)
    run_job_now(actions.request_completion_report(assessment=assessment, by=manager, at=AT))
    job = Job.objects.filter(kind="completion_report_annex").earliest("pk")
    first = actions.produce_annex_volume(job=job, progress=no_progress, hold=lambda: None)
    assert actions.produce_annex_volume(job=job, progress=no_progress, hold=lambda: None) == first


# --- templates --------------------------------------------------------------------------------------


def test_no_template_asks_for_what_is_not_there(assessment, settings, monkeypatch):
    # A name that is not there prints nothing, and nobody sees it: so have it print something here.
    monkeypatch.setattr(annexes, "ROWS_INSIDE", 50)
    templates = [dict(settings.TEMPLATES[0])]
    templates[0]["OPTIONS"] = {**templates[0]["OPTIONS"], "string_if_invalid": "NOT-THERE[%s]"}
    stored.matters(samples.facts())
    report = completion_report(assessment, made_at=clock.now(), made_by="Robin", stale="Something changed.")
    volumes = [
        annexes.cut(cover=report.cover, issues=report.register, tests=report.open_tests, number=entry.number)
        for entry in report.volumes
    ]
    inside = replace(report, volumes=())
    with override_settings(TEMPLATES=templates):
        for html in (report_html(report), report_html(inside), *(volume_html(volume) for volume in volumes)):
            assert "NOT-THERE" not in html


def test_a_long_list_of_issues_in_a_chapter_points_to_the_annex(facts_of_many_left):
    html = report_html(completion_report(stored.assessment_of(facts_of_many_left)))
    chapter = html[html.index('id="section-left"') : html.index('id="section-elsewhere"')]
    assert chapter.count("<tr>") == 1 + 40
    assert "and 62 more: the list of issues in the annex has them all." in chapter
    assert all(f"LEFT-{number:03d}" in html for number in range(100))


@pytest.fixture
def facts_of_many_left():
    """The sample with a hundred more issues that left the count by a determination."""
    base = samples.facts()
    (rejected,) = [issue for issue in base.issues if issue.id == "issue-rejected"]
    more = (replace(rejected, id=f"left-{number}", reference=f"LEFT-{number:03d}") for number in range(100))
    return replace(base, issues=(*base.issues, *more))
