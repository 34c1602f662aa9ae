"""The stored rows that an assessment's facts name: evidence, matters and their decisions, by id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from issues.models import ExclusionProposal, SeverityDispute
from svtad.gates.models import EvidenceItem, FiledReport
from svtad.governance.models import Decision, Job, Matter


@dataclass(frozen=True, kw_only=True)
class MatterRecord:
    """A matter and what was decided on it, as recorded by one moment."""

    matter: Matter
    rationale: str
    raised_by: str
    decisions: tuple[Decision, ...] = field(default_factory=tuple)


def evidence_items(public_ids: Iterable[str]) -> dict[str, EvidenceItem]:
    """Return the evidence of those ids, with their files, by id. An id without a row is left out."""
    rows = EvidenceItem.objects.filter(public_id__in=set(public_ids)).select_related("file", "provider")
    return {row.public_id: row for row in rows}


def matter_records(names: Iterable[str], *, moment: dt.datetime) -> dict[str, MatterRecord]:
    """Return the matters that `names` (public ids or references) name, each under both, as recorded by `moment`.

    Four queries, whatever the number of names.
    """
    wanted = set(names)
    if not wanted:
        return {}
    matters = {matter.pk: matter for matter in Matter.objects.filter(Q(public_id__in=wanted) | Q(reference__in=wanted))}
    decisions: dict[int, list[Decision]] = {}
    for decision in (
        Decision.objects.filter(matter_id__in=matters, recorded_at__lte=moment)
        .select_related("document")
        .order_by("matter_id", "sequence")
    ):
        decisions.setdefault(decision.matter_id, []).append(decision)
    rationales = dict(ExclusionProposal.objects.filter(matter_id__in=matters).values_list("matter_id", "rationale"))
    raisers = dict(SeverityDispute.objects.filter(matter_id__in=matters).values_list("matter_id", "raised_by__name"))
    records: dict[str, MatterRecord] = {}
    for pk, matter in matters.items():
        record = MatterRecord(
            matter=matter,
            rationale=rationales.get(pk) or matter.rationale,
            raised_by=raisers.get(pk, ""),
            decisions=tuple(decisions.get(pk, ())),
        )
        records[matter.public_id] = records[matter.reference] = record
    return records


def filed_by(job_id: str) -> FiledReport | None:
    """Return the report that a job has filed already, or None."""
    filed: FiledReport | None = FiledReport.objects.select_related("file").filter(job_id_text=job_id).first()
    return filed


def annex_jobs(job_id: str) -> QuerySet[Job]:
    """Return the jobs that make the annex volumes of the report that `job_id` makes."""
    return Job.objects.filter(kind="completion_report_annex", params__report_job=job_id).order_by("pk")


def annexes_of(report: FiledReport) -> QuerySet[FiledReport]:
    """Return the annex volumes filed for a report, in order of their making."""
    made_by = annex_jobs(report.job_id_text).order_by().values("public_id")
    found: QuerySet[FiledReport] = FiledReport.objects.filter(job_id_text__in=made_by).select_related("file")
    return found.order_by("pk")
