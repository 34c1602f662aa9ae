"""The SIT Completion Report: 5,000 open issues and 20,000 results, against one naive WeasyPrint document.

Ours is the product's own way, jobs and database included: the report and its annex volumes, each made by
one of two processes that live on from job to job, as a worker's do. The naive document is what one
writes first: the same rows, fonts, header and footer in one document with two tables. Of the 20,000
results those that did not pass (a tenth) are listed, in both; the others are in the counts.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from html import escape
from multiprocessing import get_context
from typing import Any

from bench import Ratio, database

ISSUES, RESULTS = 5_000, 20_000
LISTED = RESULTS // 10
#: Rows of issues at which growth is looked at, smallest first.
GROWTH = (500, 2_000, 10_000)
PROCESSES = 2
MEMORY_GOAL_MB = 400.0


@dataclass(frozen=True)
class Made:
    """What making a report took: seconds by the wall and of all processors, megabytes of the largest process, pages."""

    seconds: float
    cpu: float
    megabytes: float
    pages: int
    documents: int


def run() -> list[Ratio]:
    """Make the large report both ways, and ours at growing sizes."""
    with database(), tempfile.TemporaryDirectory() as folder:
        from django.conf import settings

        settings.MEDIA_ROOT = folder
        ours = _make(issues=ISSUES, tests=LISTED)
        naive = _naive(issues=ISSUES, tests=LISTED)
        grown = [_make(issues=rows, tests=0) for rows in GROWTH]
    smallest, largest = grown[0], grown[-1]
    shape = f"{ours.documents} documents of {ours.pages} pages; naive {naive.pages} pages"
    return [
        Ratio(f"report of {ISSUES} issues, {RESULTS} results", ours.seconds, naive.seconds, 0.5, note=shape),
        # Where others use the machine, the wall says less than the processors' time: by two processes it is halved.
        Ratio("  the same in processor seconds, half of ours", ours.cpu / PROCESSES, naive.cpu, 0.5),
        Ratio("  memory of the largest process, goal 400 MB", ours.megabytes, MEMORY_GOAL_MB, 1.0, "MB"),
        Ratio("  memory against the naive document's", ours.megabytes, naive.megabytes, None, "MB"),
        *(
            Ratio(f"  {rows} issues, per 1,000 rows", made.seconds / rows * 1000, smallest.seconds / 0.5, None)
            for rows, made in zip(GROWTH, grown, strict=True)
        ),
        Ratio(
            f"  growth: a row of {GROWTH[-1]} against a row of {GROWTH[0]}",
            largest.seconds / GROWTH[-1] * 1000,
            smallest.seconds / GROWTH[0] * 1000,
            1.2,
            "ms",
        ),
    ]


# --- ours -------------------------------------------------------------------------------------------


def _make(*, issues: int, tests: int) -> Made:
    """Make a report by its jobs in two processes, from the stored assessment to the filed volumes."""
    from django.db import connections

    from reports.actions import request_completion_report
    from svtad.gates.models import FiledReport
    from svtad.governance.models import Job
    from svtad.lib import clock
    from svtad.parties.actors import system_actor
    from tests.reports import samples, stored

    assessment = stored.assessment_of(samples.many(samples.facts(), open_issues=issues, open_tests=tests))
    report = request_completion_report(assessment=assessment, by=system_actor("Bench"), at=clock.now())
    connections.close_all()  # the processes are forked: each opens its own
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork"), max_tasks_per_child=None) as pool:
        list(pool.map(_warm, range(PROCESSES)))
        began, before = time.perf_counter(), _cpu_of_children()
        begun = {report.public_id}
        waiting = {pool.submit(_execute, report.public_id)}
        megabytes = 0.0
        while waiting:
            for future in [future for future in waiting if future.done()]:
                waiting.discard(future)
                megabytes = max(megabytes, future.result())
            queued = Job.objects.filter(kind="completion_report_annex", params__report_job=report.public_id)
            for public_id in queued.exclude(public_id__in=begun).order_by("pk").values_list("public_id", flat=True):
                begun.add(public_id)
                waiting.add(pool.submit(_execute, public_id))
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    cpu = _cpu_of_children() - before
    filed = list(FiledReport.objects.filter(assessment=assessment))
    return Made(seconds, cpu, megabytes, sum(row.pages for row in filed), len(filed))


def _warm(number: int) -> int:
    """What a worker has behind it before its first report: imports, and its own connection."""
    from reports.rendering.glyphs import drawable

    drawable()
    time.sleep(0.2)  # so that each process takes one
    return number


def _execute(public_id: str) -> float:
    """Do one job; return the most memory that this process has taken so far, in megabytes."""
    from svtad.governance.jobs import execute

    state = execute(public_id)
    if state != "DONE":
        raise RuntimeError(f"job {public_id} ended as {state}")
    return _most_memory()


def _cpu_of_children() -> float:
    """Return the processor seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- the naive document -----------------------------------------------------------------------------


def _naive(*, issues: int, tests: int) -> Made:
    """Print the same rows as one document, in a process of its own so that its memory is its own."""
    reading, writing = os.pipe()
    began, before = time.perf_counter(), _cpu_of_children()
    child = os.fork()
    if child == 0:
        os.close(reading)
        made = _print_naively(issues, tests)
        os.write(writing, f"{made} {_most_memory()}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        pages, megabytes = answer.read().split()
    os.waitpid(child, 0)
    seconds = time.perf_counter() - began
    return Made(seconds, _cpu_of_children() - before, float(megabytes), int(pages), 1)


def _print_naively(issues: int, tests: int) -> int:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from reports.rendering.assets import FONTS
    from reports.rendering.fetching import AssetFetcher
    from tests.reports import samples

    facts = samples.many(samples.facts(), open_issues=issues, open_tests=tests)
    names = {row.id: row.name for row in facts.providers} | {row.id: row.name for row in facts.dmcs}
    fetcher, fonts = AssetFetcher(), FontConfiguration()
    css = (
        f"@font-face {{ font-family: F; src: url(asset:{FONTS[0]}) }}"
        f"@font-face {{ font-family: F; font-weight: bold; src: url(asset:{FONTS[-1]}) }}"
        "@page { size: A4 landscape; margin: 20mm 15mm; @top-left { content: 'SIT Completion Report' }"
        "@bottom-right { content: 'Page ' counter(page) ' of ' counter(pages) } }"
        "body { font: 8pt F } table { table-layout: fixed; width: 100%; border-collapse: collapse }"
        "th, td { border: 0.5pt solid #ccc; padding: 1mm; text-align: left; overflow-wrap: anywhere }"
    )
    issue_rows = (
        (
            issue.reference,
            issue.title,
            names[issue.provider or ""],
            issue.severity or "",
            issue.state,
            f"{issue.raised_release} {issue.raised_phase_kind}",
            "Yes",
            "Open, raised in this phase (13.18)",
        )
        for issue in facts.issues
    )
    test_rows = (
        (row.reference, row.title, row.kind, names[row.dmc or ""], row.functional_group or "", row.status)
        for row in facts.test_rows
    )
    html = (
        '<html lang="en-GB"><head><title>SIT Completion Report</title></head><body><h1>Issues</h1>'
        f"{_table('Issue Title Provider Severity State Raised Counts Why', issue_rows)}<h1>Tests</h1>"
        f"{_table('Test Title Kind Combination Group Result', test_rows)}</body></html>"
    )
    page = HTML(string=html, url_fetcher=fetcher)
    laid_out = page.render(stylesheets=[CSS(string=css, font_config=fonts, url_fetcher=fetcher)], font_config=fonts)
    laid_out.write_pdf(pdf_tags=True, pdf_version="1.7")
    return len(laid_out.pages)


def _table(heads: str, rows: Iterable[tuple[Any, ...]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads.split())
    body = "".join("<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
