"""The Testing Issue log as a PDF: asked for with the query of the page, made in a job, kept for who asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from issues.queries import issue_list
from issues.queries.logs import complete_log
from issues.queries.viewed import issues_of_view, rows_of_view
from reports.actions.making import STEPS, Hold, Progress, checked_pages, maker_of
from reports.contents.issue_log import issue_log_paper
from svtad.governance.actions import enqueue_job, store_file
from svtad.governance.models import Job, StoredFile
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor, actor_for
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience, Organisation, Person
from testphases.models import CapabilityRelease, TestScope

ISSUE_LOG = "issue_log_pdf"
#: More than so many issues are a book: they are taken as a workbook, or narrowed.
MOST_ISSUES = 3000
_LAYING_FROM, _LAYING_TO = 15, 85


@transaction.atomic
def request_issue_log(
    *,
    params: Mapping[str, list[str]],
    by: Actor,
    moment: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Job:
    """Queue the making of the log that a query of the page asks for, as it stood at `moment` (None: now).

    It holds what `by` may see, and is for those who see as much: all who govern, or their own organisation. Asked for
    twice, the job that is under way is returned. Raises ActionDenied, InvalidInput for a query that cannot be read,
    and Refused for more issues than a PDF takes.
    """
    at = at or clock.now()
    audience = _audience(by)
    if by.person_pk is None:
        raise ActionDenied("", "A log is made for a person: it holds what they may see.")
    until = moment or at
    count = issue_list({name: values for name, values in params.items() if name != "sort"}, actor=by).count()
    if count > MOST_ISSUES:
        text = f"{count:,} issues are more than a PDF takes ({MOST_ISSUES:,})"
        raise Refused("", f"{text}: narrow them, or take the XLSX.")
    wanted = {
        "params": dict(params),
        "moment": until.isoformat(),
        "is_past": moment is not None,
        "deputyship": by.deputyship,
    }
    named = json.dumps({**wanted, "by": by.actor_id, "moment": moment.isoformat() if moment else ""}, sort_keys=True)
    return enqueue_job(
        kind=ISSUE_LOG,
        title="Testing Issue log, PDF",
        params=wanted,
        unique_key=hashlib.sha256(named.encode()).hexdigest()[:40],
        audience=audience,
        by=by,
        at=at,
    )


def produce_issue_log_pdf(*, job: Job, progress: Progress, hold: Hold) -> dict[str, Any]:
    """Make the log that `job` asks for and keep it; return what the page shows of it. Run again, it is kept once."""
    held = StoredFile.objects.filter(purpose=_purpose(job)).first()
    if held is not None:
        return {"file": held.public_id, "sha256": held.sha256}
    reader = _reader(job)
    params = {str(name): [str(each) for each in values] for name, values in job.params["params"].items()}
    moment = dt.datetime.fromisoformat(job.params["moment"])
    progress(2, "Gathering the issues as they stood")
    contents = complete_log(issues_of_view(params, actor=reader, moment=moment), moment, actor=reader)
    paper = issue_log_paper(
        contents=contents,
        rows=rows_of_view(params, actor=reader, moment=moment),
        params=params,
        named=_named(params),
        moment=moment,
        is_past=bool(job.params["is_past"]),
        made_at=job.recorded_at,
        made_by=job.recorded_by,
    )
    progress(_LAYING_FROM, f"Laying out {paper.issues} issues")
    # The page engine is half of a process's start-up: only a job that makes pages pays for it.
    from reports.rendering.issue_logs import render_issue_log

    content = render_issue_log(paper, on_page=_page_counter(progress))
    progress(_LAYING_TO, "Checking the PDF")
    pages = checked_pages(content)
    with transaction.atomic():
        hold()
        stored = store_file(
            content=content,
            name=f"testing-issue-log {clock.london_date(moment):%Y-%m-%d}.pdf",
            media_type="application/pdf",
            purpose=_purpose(job),
            audience=job.audience,
            by=maker_of(job),
            is_synthetic=paper.is_synthetic,
        )
    progress(STEPS, "Done")
    return {"file": stored.public_id, "pages": pages, "sha256": stored.sha256, "issues": paper.issues}


def _purpose(job: Job) -> str:
    """Return what the file is kept as: it names its job, so that a second run finds it."""
    return f"{ISSUE_LOG}:{job.public_id}"


def _audience(by: Actor) -> Audience:
    """Return who may have the log: those who see at least what is in it."""
    if by.sees_everything or by.may("see_all_issues"):
        return audience_of(*GOVERNANCE)
    own = sorted(key for key in by.audience_keys if key.startswith("org:"))
    if len(own) != 1:
        raise ActionDenied("", "A log is for one organisation: act for one of yours.")
    return audience_of(*own)


def _reader(job: Job) -> Actor:
    """Return who asked, as they are now: what they may no longer see is not in it."""
    person = Person.objects.get(pk=job.requested_by_id or 0)
    return actor_for(person, at=clock.now(), deputyship=str(job.params.get("deputyship", "")))


def _named(params: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the names behind the public ids that a query holds."""
    ids = [each for values in params.values() for each in values]
    found = {scope.public_id: str(scope) for scope in TestScope.objects.filter(public_id__in=ids)}
    found |= {each.public_id: each.code for each in CapabilityRelease.objects.filter(public_id__in=ids)}
    return found | {each.public_id: each.name for each in Organisation.objects.filter(public_id__in=ids)}


def _page_counter(progress: Progress) -> Callable[[int], None]:
    def on_page(page: int) -> None:
        if page % 5 == 1:  # each word of progress is a write of its own
            share = page / (page + 30)
            progress(_LAYING_FROM + round((_LAYING_TO - _LAYING_FROM) * share), f"Laying out page {page}")

    return on_page
