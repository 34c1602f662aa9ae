"""From a certificate and the decision that issued it to what its paper says."""

from __future__ import annotations

import datetime as dt

from reports.contents.dossier import Dossier
from reports.contents.words import day, instant, mark_of, plain
from reports.paper_shapes import CertificatePage, DecidedStep, JudgedCriterion, PaperBefore
from svtad.gates.models import Assessment, CertificatePaper, TestCompletionCertificate
from svtad.gates.queries.signed import first_record
from svtad.governance.models import Decision
from svtad.governance.queries.matters import decisions_at
from svtad.lib.signing import SigningKey


def certificate_page(
    certificate: TestCompletionCertificate,
    *,
    issue: Decision,
    assessment: Assessment,
    before: CertificatePaper | None,
    key: SigningKey | None,
    address: str,
    made_at: dt.datetime,
) -> CertificatePage:
    """Return what the paper of one issue says: the judgement it rests on, who approved and issued it, how to verify it.

    `before` is the paper that it takes the place of; `key` signs it, or nobody does; `address` is where anybody asks
    whether it holds. Decisions are those that stood at `made_at`.
    """
    dossier = Dossier(assessment)
    scope = certificate.scope
    standing = _standing(issue, made_at)
    approval = _approval_of(standing, issue)
    issued = next(each for each in standing if first_record(each).pk == first_record(issue).pk)
    return CertificatePage(
        number=certificate.number,
        programme=dossier.facts.programme,
        release=dossier.facts.release,
        phase=dossier.facts.title or scope.name,
        phase_kind=dossier.phase_kind.title,
        provider=certificate.provider.name,
        document=assessment.document,
        version=assessment.version,
        issued_on=day(issued.decided_at),
        is_reissue=issue.to_state == "REISSUED",
        assessment=assessment.public_id,
        judged_at=instant(assessment.recorded_at),
        as_at=instant(assessment.as_at),
        facts_sha256=assessment.facts_sha256,
        criteria=tuple(
            JudgedCriterion(clause=finding.citation.clause, title=finding.title, mark=mark_of(finding))
            for finding in dossier.judgement.criteria
        ),
        steps=tuple(_step(each) for each in (*([approval] if approval else ()), issued)),
        before=_before(before, issue, standing),
        signer=key.name if key else "",
        fingerprint=key.fingerprint if key else "",
        address=address,
        made_at=instant(made_at),
        made_at_iso=made_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        is_synthetic=certificate.matter.is_synthetic or assessment.is_synthetic,
    )


def _standing(issue: Decision, moment: dt.datetime) -> list[Decision]:
    """Return the decisions that stood on the matter, in the order of their first records; the issue among them."""
    rows = list(decisions_at(moment).filter(matter=issue.matter_id).select_related("supersedes", "matter"))
    roots = {first_record(row).pk for row in rows}
    if first_record(issue).pk not in roots:  # its decision is dated after the job that prints it
        rows.append(issue)
    return sorted(rows, key=lambda each: first_record(each).sequence)


def _approval_of(standing: list[Decision], issue: Decision) -> Decision | None:
    place = first_record(issue).sequence
    approvals = [each for each in standing if each.outcome == "APPROVE" and first_record(each).sequence < place]
    return approvals[-1] if approvals else None


def _step(decision: Decision) -> DecidedStep:
    return DecidedStep(
        body=plain(decision.body),
        act=plain(decision.to_state),
        clause=decision.clause,
        decided_at=instant(decision.decided_at),
        effective_at=instant(decision.effective_at),
        recorded_by=decision.recorded_by,
        reference=f"{decision.matter.reference}, decision {decision.sequence}",
    )


def _before(paper: CertificatePaper | None, issue: Decision, standing: list[Decision]) -> PaperBefore | None:
    if paper is None:
        return None
    start, end = first_record(paper.issue).sequence, first_record(issue).sequence
    revoked = next(
        (row for row in standing if row.outcome == "REVOKE" and start < first_record(row).sequence < end), None
    )
    return PaperBefore(
        issued_at=instant(paper.issue.decided_at),
        revoked_at=instant(revoked.decided_at) if revoked else "",
        sha256=paper.file.sha256,
    )
