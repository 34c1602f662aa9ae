"""Whether a Test Completion Certificate holds, by its number or its paper, and which phases a revoked one bears on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from svtad.gates.models import CertificatePaper, TestCompletionCertificate
from svtad.gates.queries.phases import precursors_of
from svtad.governance.models import Decision, Matter
from svtad.governance.queries.matters import decisions_at
from svtad.parties.actors import Actor
from testphases.models import TestScope


class Hold(StrEnum):
    """How an issue of a certificate stands."""

    VALID = "VALID"
    REVOKED = "REVOKED"
    REISSUED = "REISSUED"
    REPLACED = "REPLACED"


@dataclass(frozen=True, kw_only=True)
class CertificateStanding:
    """One issue of a certificate: since when, and what became of it.

    `sha256` is the paper asked about, or the last one; empty where none is made yet. `newest_sha256` is the last paper
    of the last issue. REVOKED (15.2) may have been issued again since: then it is REISSUED. REPLACED: the issue
    stands, and a later paper of it was made.
    """

    number: str
    hold: Hold
    issued_at: dt.datetime
    revoked_at: dt.datetime | None
    reissued_at: dt.datetime | None
    sha256: str
    newest_sha256: str
    signer: str
    is_synthetic: bool


def standing_of_number(number: str, *, moment: dt.datetime) -> CertificateStanding | None:
    """Return how the certificate of that number stands at `moment`, by its last issue; None where none was issued."""
    certificate = TestCompletionCertificate.objects.select_related("matter").filter(number__iexact=number).first()
    if certificate is None:
        return None
    issues = [each for each in _in_effect(certificate, moment) if each.outcome == "ISSUE"]
    return _standing(certificate, issues[-1], None, moment=moment) if issues else None


def standing_of_paper(sha256: str, *, moment: dt.datetime) -> CertificateStanding | None:
    """Return how the certificate of the PDF with that SHA-256 stands; None where no paper has it."""
    paper = (
        CertificatePaper.objects.select_related("certificate__matter", "issue", "file", "signer")
        .filter(file__sha256=sha256.lower())
        .order_by("pk")
        .first()
    )
    return _standing(paper.certificate, paper.issue, paper, moment=moment) if paper is not None else None


def _standing(
    certificate: TestCompletionCertificate, issue: Decision, paper: CertificatePaper | None, *, moment: dt.datetime
) -> CertificateStanding:
    place = first_record(issue).sequence
    later = [each for each in _in_effect(certificate, moment) if first_record(each).sequence > place]
    revoked = next((each for each in later if each.outcome == "REVOKE"), None)
    issued = [each for each in later if each.outcome == "ISSUE"]
    again = issued[-1] if issued else None
    # Of the last issue alone: until the paper of a re-issue is made there is none, and the one before is not it.
    last_issue = first_record(again or issue)
    newest = certificate.papers.filter(issue=last_issue).select_related("file", "signer").order_by("-pk").first()
    shown = paper or newest
    hold = Hold.VALID
    if revoked is not None:
        acts = [each.outcome for each in later if each.outcome in ("ISSUE", "REVOKE")]
        hold = Hold.REISSUED if acts[-1] == "ISSUE" else Hold.REVOKED
    elif paper is not None and newest is not None and newest.pk != paper.pk:
        hold = Hold.REPLACED
    return CertificateStanding(
        number=certificate.number,
        hold=hold,
        issued_at=_as_it_stands(issue, certificate, moment).decided_at,
        revoked_at=revoked.decided_at if revoked else None,
        reissued_at=again.decided_at if again else None,
        sha256=shown.file.sha256 if shown else "",
        newest_sha256=newest.file.sha256 if newest else "",
        signer=shown.signer.fingerprint if shown and shown.signer else "",
        is_synthetic=certificate.matter.is_synthetic,
    )


def last_papers(certificates: Iterable[TestCompletionCertificate]) -> dict[int, CertificatePaper]:
    """Return the last paper of each certificate that has one, by the certificate's primary key. One query."""
    rows = CertificatePaper.objects.filter(certificate__in=list(certificates)).select_related("file", "signer")
    return {row.certificate_id: row for row in rows.order_by("pk")}


def revoked_before(scope: TestScope, actor: Actor, *, moment: dt.datetime) -> list[Decision]:
    """Return the revocations (15.2) of certificates on which the entry of `scope` rests (12.5(b)), not issued again.

    Those that stood at `moment` and that `actor` may see. A phase that has started is flagged by them and judged anew;
    it is rolled back by none.
    """
    certificates = TestCompletionCertificate.objects.filter(
        scope__in=precursors_of(scope).values("pk"), matter__in=Matter.objects.visible_to(actor).order_by().values("pk")
    )
    rows = decisions_at(moment).filter(
        matter__in=certificates.values("matter"), effective_at__lte=moment, outcome__in=("REVOKE", "ISSUE")
    )
    last: dict[int, Decision] = {}
    for each in rows.select_related("matter").order_by("matter_id", "sequence"):
        last[each.matter_id] = each
    return [each for each in last.values() if each.outcome == "REVOKE"]


def first_record(decision: Decision) -> Decision:
    """Return the record that a decision corrects, through all corrections; itself where it corrects none."""
    while decision.supersedes is not None:
        decision = decision.supersedes
    return decision


def _as_it_stands(issue: Decision, certificate: TestCompletionCertificate, moment: dt.datetime) -> Decision:
    first = first_record(issue)
    return next((each for each in _in_effect(certificate, moment) if first_record(each).pk == first.pk), issue)


def _in_effect(certificate: TestCompletionCertificate, moment: dt.datetime) -> list[Decision]:
    """Return what stands of the certificate's matter, in the order in which it was first recorded."""
    rows = decisions_at(moment).filter(matter=certificate.matter_id, effective_at__lte=moment)
    return sorted(rows.select_related("supersedes"), key=lambda each: first_record(each).sequence)
