"""The stored rows that an assessment's facts name: evidence, matters and their decisions, by id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from issues.models import ExclusionProposal, SeverityDispute
from svtad.audit.chain import EVENT_FIELDS
from svtad.audit.models import AuditEvent, AuditSeal
from svtad.gates.models import (
    Assessment,
    CertificatePaper,
    EvidenceItem,
    FiledReport,
    SealedPack,
    TestCompletionCertificate,
)
from svtad.gates.queries.evidence import standing_evidence
from svtad.governance.models import Decision, Job, Matter, StoredFile
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import EvidenceKind
from testphases.models import TestScope


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


def last_issue(certificate: TestCompletionCertificate) -> Decision | None:
    """Return the decision by which the certificate was last issued, as first recorded; None where it never was."""
    rows = Decision.objects.filter(matter=certificate.matter_id, outcome="ISSUE", supersedes__isnull=True)
    found: Decision | None = rows.select_related("matter").order_by("sequence").last()
    return found


def last_paper(certificate: TestCompletionCertificate) -> CertificatePaper | None:
    """Return the last paper of a certificate, or None."""
    rows = CertificatePaper.objects.filter(certificate=certificate).select_related("file", "issue", "signer")
    found: CertificatePaper | None = rows.order_by("pk").last()
    return found


def judgement_of_issue(issue: Decision) -> Assessment | None:
    """Return the judgement for which the paper of that issue was first asked, or None where none was."""
    job = Job.objects.filter(kind="certificate_paper", params__issue=issue.public_id).order_by("pk").first()
    if job is None:
        return None
    found: Assessment | None = Assessment.objects.filter(public_id=job.params["assessment"]).first()
    return found


def reports_of(assessment: Assessment, *, until: dt.datetime) -> QuerySet[FiledReport]:
    """Return the reports of that judgement that were filed by `until`, the first one first."""
    rows: QuerySet[FiledReport] = FiledReport.objects.filter(assessment=assessment, recorded_at__lte=until)
    return rows.select_related("file").order_by("pk")


def papers_of(scope: TestScope, *, until: dt.datetime) -> QuerySet[CertificatePaper]:
    """Return the papers of the phase's certificates that were filed by `until`, the first one first."""
    rows: QuerySet[CertificatePaper] = CertificatePaper.objects.filter(certificate__scope=scope, recorded_at__lte=until)
    return rows.select_related(
        "certificate__provider", "assessment", "issue", "signer", "before__file", "file"
    ).order_by("pk")


def files_of(matters: QuerySet[Matter], assessment: Assessment, *, until: dt.datetime) -> set[int]:
    """Return the primary keys of the files that a pack of these matters and that judgement would hold."""
    chosen = matters.order_by().values("pk")
    return {
        *matters.order_by().filter(attachment__isnull=False).values_list("attachment_id", flat=True),
        *Decision.objects.filter(matter__in=chosen, recorded_at__lte=until, document__isnull=False).values_list(
            "document_id", flat=True
        ),
        *reports_of(assessment, until=until).values_list("file_id", flat=True),
        *papers_of(assessment.scope, until=until).values_list("file_id", flat=True),
    }


def sealed_events(
    subjects: Collection[str], *, until: dt.datetime
) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Return the audit events about `subjects` recorded by `until`, each with its seal if it had one by then."""
    events = list(
        AuditEvent.objects.filter(subject_id__in=subjects, recorded_at__lte=until).order_by("pk").values(*EVENT_FIELDS)
    )
    seals = AuditSeal.objects.filter(event_id__in=[event["id"] for event in events], sealed_at__lte=until)
    columns = ("sequence", "event_id", "previous_hash", "event_hash", "seal_hash", "sealed_at")
    by_event = {seal["event_id"]: seal for seal in seals.values(*columns)}
    return [(event, by_event.get(event["id"])) for event in events]


def sealed_before(*, sha256: str, fingerprint: str, audience_id: int, assessment: Assessment) -> SealedPack | None:
    """Return the pack that has these very bytes under that certificate for the same eyes, or None."""
    found: SealedPack | None = (
        SealedPack.objects.select_related("file", "signature", "signer")
        .filter(
            assessment=assessment, file__sha256=sha256, file__audience_id=audience_id, signer__fingerprint=fingerprint
        )
        .order_by("pk")
        .first()
    )
    return found


def packages_of(scope: TestScope, *, until: dt.datetime | None = None) -> list[Decision]:
    """Return the packages of 13.15(b) of a phase that were recorded (by `until`) and not corrected, the first first."""
    rows = Decision.objects.filter(
        matter__procedure="SIT_COMPLETION", matter__scope_id=scope.public_id, outcome="SEND_PACKAGE"
    )
    if until is not None:
        rows = rows.filter(recorded_at__lte=until)
    corrected = set(Decision.objects.filter(supersedes__in=rows).values_list("supersedes_id", flat=True))
    found = rows.select_related("matter", "document").order_by("pk")
    return [each for each in found if each.pk not in corrected]


def reports_filed(scope: TestScope, actor: Actor) -> QuerySet[FiledReport]:
    """Return the Completion Reports of a phase that were made here and that `actor` may open, the last one first."""
    rows: QuerySet[FiledReport] = FiledReport.objects.filter(
        scope=scope, kind="completion_report", file__in=StoredFile.objects.visible_to(actor)
    )
    return rows.select_related("file", "assessment").defer("assessment__facts").order_by("-pk")


def likely_report(package: Decision | None, filed: Collection[FiledReport], scope: TestScope) -> FiledReport | None:
    """Return which of the filed reports went with a package: the one attached, by its hash, else the last."""
    if package is None:
        return next(iter(filed), None)
    attached = {
        item.file.sha256
        for item in standing_evidence(scope, package.recorded_at)
        if item.kind == EvidenceKind.COMPLETION_REPORT
    }
    if package.document is not None:
        attached.add(package.document.sha256)
    same = next((each for each in filed if each.file.sha256 in attached), None)
    before = next((each for each in filed if each.recorded_at <= package.recorded_at), None)
    return same or before or next(iter(filed), None)


def made_when(report: FiledReport) -> tuple[dt.datetime, str]:
    """Return when a report was asked for, and by whom: what its cover says. Without its job, when it was filed."""
    job = Job.objects.filter(public_id=report.job_id_text).first()
    return (job.recorded_at, job.recorded_by) if job is not None else (report.recorded_at, report.recorded_by)


def round_numbers(packages: Collection[Decision]) -> dict[int, int]:
    """Return in which round before the Panel each package was sent, by its primary key. One query."""
    matters = {each.matter_id for each in packages}
    rows = Decision.objects.filter(matter__in=matters, outcome="DIRECT", supersedes__isnull=True)
    directed = list(rows.values_list("matter_id", "sequence"))
    return {
        each.pk: 1 + sum(matter == each.matter_id and sequence < each.sequence for matter, sequence in directed)
        for each in packages
    }
