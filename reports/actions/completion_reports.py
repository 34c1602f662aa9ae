"""Asking for a report, and making it: contents, pages, stored file, and the record that it exists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction

from reports import policies, queries
from reports.actions.making import STEPS, Hold, Progress, checked_pages, maker_of
from reports.contents import annex_volume, check_reportable, completion_report
from reports.contents.words import instant
from reports.shapes import CompletionReport
from svtad.gates.actions import file_report
from svtad.gates.models import Assessment, EvidenceItem, FiledReport
from svtad.gates.queries import is_stale, latest_assessment, step_shown
from svtad.governance.actions import enqueue_job, store_file
from svtad.governance.files import read_file
from svtad.governance.models import Job
from svtad.lib import clock
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation
from testphases.models import TestScope

REPORT = "completion_report"
ANNEX = "completion_report_annex"
_PAGES_FROM, _PAGES_TO = 10, 85


@transaction.atomic
def request_completion_report(
    *,
    by: Actor,
    scope: TestScope | None = None,
    assessment: Assessment | None = None,
    at: dt.datetime | None = None,
) -> Job:
    """Queue the making of a Completion Report (9.7, 16.5) and return its job.

    Of one stored `assessment`, or of the latest of the `scope` at its last step. While a report of the same
    assessment is being made, that job is returned. Raises ActionDenied; Refused where nothing has been assessed yet,
    for PIT (16.5), and for a judgement on entry.
    """
    moment = at or clock.now()
    if assessment is None:
        if scope is None:
            raise TypeError("a report is made of a scope or of an assessment")
        policies.check_can_request_report(by, scope)
        assessment = _latest(scope)
    policies.check_can_report_on(by, assessment)
    check_reportable(assessment)
    return enqueue_job(
        kind=REPORT,
        title=f"{assessment.scope}: Completion Report",
        params={"assessment": assessment.public_id},
        unique_key=assessment.public_id,
        audience=audience_of(*GOVERNANCE),
        by=by,
        at=moment,
    )


def produce_completion_report(*, job: Job, progress: Progress, hold: Hold) -> dict[str, Any]:
    """Make the report that `job` asks for, store it and file it; return what the page shows of it.

    Run again after a crash it makes the same bytes and files them once: filing is keyed by the job, and `hold` keeps
    the job in the transaction that files. Annex volumes, where the lists are long, are queued as jobs of their own.
    """
    held = queries.filed_by(job.public_id)
    if held is not None:
        return _result(held)
    assessment = _assessment_of(job)
    progress(2, "Gathering the contents")
    report = _contents(assessment, job)
    for volume in report.volumes:  # before the pages, so that another worker can make them meanwhile
        _queue_annex(assessment, volume.number, report=report, parent=job)
    progress(_PAGES_FROM, f"Laying out, with {len(report.register)} issues and {len(report.open_tests)} tests listed")
    # The page engine is half of a process's start-up: only a job that makes pages pays for it.
    from reports.rendering.documents import render_pdf

    content = render_pdf(report, on_page=_page_counter(progress))
    progress(_PAGES_TO, "Checking the PDF")
    pages = checked_pages(content)
    progress(90, f"Storing {pages} pages")
    filed = _store(content, job=job, assessment=assessment, kind=REPORT, suffix="", pages=pages, hold=hold)
    progress(STEPS, "Done")
    return _result(filed)


def produce_annex_volume(*, job: Job, progress: Progress, hold: Hold) -> dict[str, Any]:
    """Make one annex volume of a report, store it and file it; as `produce_completion_report`."""
    held = queries.filed_by(job.public_id)
    if held is not None:
        return _result(held)
    assessment = _assessment_of(job)
    progress(2, "Gathering the contents")
    parent = Job.objects.get(public_id=job.params["report_job"])
    volume = annex_volume(
        assessment,
        number=int(job.params["volume"]),
        made_at=parent.recorded_at,
        made_by=parent.recorded_by,
        stale=job.params["stale"],
    )
    progress(_PAGES_FROM, f"Laying out {volume.entry.rows} rows")
    from reports.rendering.documents import render_volume  # as above

    content = render_volume(volume, on_page=_page_counter(progress))
    progress(_PAGES_TO, "Checking the PDF")
    pages = checked_pages(content)
    filed = _store(
        content,
        job=job,
        assessment=assessment,
        kind=ANNEX,
        suffix=f" annex volume {volume.entry.number}",
        pages=pages,
        hold=hold,
    )
    progress(STEPS, "Done")
    return _result(filed)


# --- of what ----------------------------------------------------------------------------------------


def _latest(scope: TestScope) -> Assessment:
    step = step_shown(scope)
    found = latest_assessment(scope, step) if step is not None else None
    if found is None:
        raise Refused("SVTAD 9.7", f"{scope} has not been assessed yet: have it judged first.")
    return found


def _assessment_of(job: Job) -> Assessment:
    assessment: Assessment = Assessment.objects.select_related("scope").get(public_id=job.params["assessment"])
    return assessment


def contents_of(filed: FiledReport) -> CompletionReport:
    """Return the contents of a report that is filed, built again as they were built for its job."""
    made_at, made_by = queries.made_when(filed)
    return _built(filed.assessment, made_at=made_at, made_by=made_by)


def _contents(assessment: Assessment, job: Job) -> CompletionReport:
    """Build the contents: who asked and when are the job's, so that a second run gives the same pages."""
    return _built(assessment, made_at=job.recorded_at, made_by=job.recorded_by)


def _built(assessment: Assessment, *, made_at: dt.datetime, made_by: str) -> CompletionReport:
    return completion_report(
        assessment,
        made_at=made_at,
        made_by=made_by,
        stale=staleness(assessment, until=made_at),
        read_file=_read_evidence,
    )


def staleness(assessment: Assessment, *, until: dt.datetime) -> str:
    """Return in a sentence how the facts moved on since an assessment, as known by `until`; else the empty string."""
    if not assessment.until_now:
        return ""
    provider = Organisation.objects.filter(public_id=assessment.provider_id_text or "-").first()
    newest = latest_assessment(assessment.scope, assessment.step, provider=provider)
    if newest is not None and newest.pk > assessment.pk and newest.recorded_at <= until:
        return f"A newer assessment of this step is stored, of {instant(newest.recorded_at)}."
    if is_stale(assessment):
        return "Something that this judgement may rest on has changed since, and has not been judged yet."
    return ""


def _read_evidence(item: EvidenceItem) -> bytes:
    return read_file(item.file)


# --- pages ------------------------------------------------------------------------------------------


def _page_counter(progress: Progress) -> Callable[[int], None]:
    """Turn pages laid out into progress that nears its end without knowing how many there will be."""

    def on_page(page: int) -> None:
        if page % 5 != 1:  # each word of progress is a write of its own
            return
        share = page / (page + 30)
        progress(_PAGES_FROM + round((_PAGES_TO - _PAGES_FROM) * share), f"Laying out page {page}")

    return on_page


# --- stored and filed -------------------------------------------------------------------------------


def _store(
    content: bytes, *, job: Job, assessment: Assessment, kind: str, suffix: str, pages: int, hold: Hold
) -> FiledReport:
    """Store the file and record that the report exists, in one transaction that holds the job."""
    maker = maker_of(job)
    audience = audience_of(*GOVERNANCE)
    with transaction.atomic():
        hold()
        stored = store_file(
            content=content,
            name=f"{assessment.scope} Completion Report{suffix} {clock.london_date(assessment.as_at):%Y-%m-%d}.pdf",
            media_type="application/pdf",
            purpose=kind,
            audience=audience,
            by=maker,
            is_synthetic=assessment.is_synthetic,
        )
        return file_report(assessment=assessment, kind=kind, file=stored, pages=pages, job_id=job.public_id, by=maker)


def _queue_annex(assessment: Assessment, number: int, *, report: CompletionReport, parent: Job) -> None:
    """Queue one volume, once: a report that is made again asks again."""
    if queries.annex_jobs(parent.public_id).filter(params__volume=number).exists():
        return
    enqueue_job(
        kind=ANNEX,
        title=f"{assessment.scope}: annex volume {number} of {len(report.volumes)}",
        params={
            "assessment": assessment.public_id,
            "report_job": parent.public_id,
            "volume": number,
            "stale": report.cover.stale,
        },
        unique_key=f"{parent.public_id}-{number}",
        audience=audience_of(*GOVERNANCE),
        by=maker_of(parent),
    )


def _result(filed: FiledReport) -> dict[str, Any]:
    return {
        "report": filed.public_id,
        "file": filed.file.public_id,
        "pages": filed.pages,
        "sha256": filed.file.sha256,
        "volumes": queries.annex_jobs(filed.job_id_text).count(),
    }
