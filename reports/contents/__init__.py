"""From a stored assessment to the frozen contents of its Completion Report.

Everything comes from the assessment's own facts and findings, and from the evidence, matters and
decisions that those facts name; nothing is counted anew and nothing is asked of a live table. The rounds before the
Panel are the one exception: decisions recorded until the report was asked for. The same assessment asked for at the
same moment therefore always gives the same contents.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace

from reports.contents import counts, criteria, opening, papers, remarks
from reports.contents import issues as issue_lists
from reports.contents.annexes import cut, volume_entries
from reports.contents.dossier import Dossier
from reports.contents.rounds import rounds
from reports.contents.words import plain
from reports.shapes import AnnexVolume, CompletionReport, Included, Paper
from svtad.gates.models import Assessment, EvidenceItem
from svtad.lib.errors import Refused

__all__ = ["ReadFile", "annex_volume", "check_reportable", "completion_report"]

#: The 9.4 and 9.5 reports are carried inside up to so many bytes together; beyond it they are named by their hash.
INCLUDED_BYTES = 25 * 1024 * 1024

ReadFile = Callable[[EvidenceItem], bytes]


def check_reportable(assessment: Assessment) -> None:
    """Refuse what no Completion Report can be made of: PIT (16.5), and a judgement on entry."""
    if assessment.scope.kind == "PIT":
        raise Refused("16.5", "There is no Completion Report for PIT.")
    if assessment.step == "ENTRY":
        raise Refused("16.5", "This is a judgement on entry; a Completion Report needs one of the Exit Criteria.")


def completion_report(
    assessment: Assessment,
    *,
    made_at: dt.datetime | None = None,
    made_by: str = "",
    stale: str = "",
    read_file: ReadFile | None = None,
) -> CompletionReport:
    """Return the contents of the Completion Report (9.7, 16.5, Table 10.1) of one stored assessment.

    `made_at` and `made_by` go on the cover (by default the assessment's own). `stale` is a sentence on what changed
    since, or empty. `read_file` reads the stored bytes of an item of evidence, so that the 9.4 and 9.5 reports can be
    carried inside (9.7); without it none is. Raises Refused for PIT and for a judgement on entry.
    """
    check_reportable(assessment)
    dossier = Dossier(assessment)
    checklist = criteria.checklist(dossier)
    found = issue_lists.issues(dossier)
    register = issue_lists.register(found)
    open_tests = counts.open_tests(dossier)
    included, listed = _include(dossier, papers.papers(dossier), read_file)
    return CompletionReport(
        cover=opening.cover(
            dossier,
            made_at=made_at or assessment.recorded_at,
            made_by=made_by or assessment.recorded_by,
            stale=stale,
        ),
        summary=opening.summary(dossier, checklist),
        criteria=checklist,
        rows=criteria.table_rows(dossier),
        tests=counts.tests(dossier),
        thresholds=issue_lists.thresholds(dossier),
        issues=found,
        work_off=papers.work_off(dossier),
        papers=listed,
        witnessing=papers.witnessing(dossier),
        rounds=rounds(assessment.scope, moment=made_at or assessment.recorded_at)
        if assessment.scope.kind == "SIT"
        else None,
        unjudged=remarks.unjudged(dossier),
        readings=remarks.readings(dossier),
        source_notes=remarks.source_notes(dossier),
        parameters=remarks.parameters(dossier),
        non_working_days=remarks.non_working_days(dossier),
        register=register,
        open_tests=open_tests,
        volumes=volume_entries(register, open_tests),
        included=included,
        facts_json=assessment.facts,
        findings_json=json.dumps(dossier.judgement.to_json(), ensure_ascii=False, indent=2, sort_keys=True) + "\n",
    )


def annex_volume(
    assessment: Assessment, *, number: int, made_at: dt.datetime, made_by: str, stale: str = ""
) -> AnnexVolume:
    """Return one annex volume of the Completion Report of an assessment, and nothing else of it.

    The arguments are those of the report. Raises Refused as `completion_report`, LookupError where there is no such
    volume.
    """
    check_reportable(assessment)
    dossier = Dossier(assessment)
    return cut(
        cover=opening.cover(dossier, made_at=made_at, made_by=made_by, stale=stale),
        issues=issue_lists.register(issue_lists.issues(dossier)),
        tests=counts.open_tests(dossier),
        number=number,
    )


def _include(
    dossier: Dossier, listed: tuple[Paper, ...], read_file: ReadFile | None
) -> tuple[tuple[Included, ...], tuple[Paper, ...]]:
    """Read the reports that go inside, and say beside each paper whether it does."""
    included: list[Included] = []
    room = INCLUDED_BYTES
    for item in papers.reports_to_include(dossier):
        row = dossier.evidence.get(item.id)
        if row is None or read_file is None or row.file.sha256 != item.sha256 or row.file.size > room:
            continue
        room -= row.file.size
        included.append(
            Included(
                name=f"{len(included) + 1:02d}-{row.file.name}",
                description=" ".join((plain(item.kind), *([dossier.provider(item.provider)] if item.provider else ()))),
                sha256=row.file.sha256,
                content=read_file(row),
            )
        )
    names = {file.sha256: file.name for file in included}
    return tuple(included), tuple(replace(paper, included=names.get(paper.sha256, "")) for paper in listed)
