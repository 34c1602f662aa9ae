"""Papers that leave the product signed: that one is wanted, that one exists, and by which certificate."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.gates.actions.recording import audit
from svtad.gates.models import (
    Assessment,
    CertificatePaper,
    SealedPack,
    SigningCertificate,
    TestCompletionCertificate,
)
from svtad.governance.actions import enqueue_job
from svtad.governance.models import Decision, Job, Matter, StoredFile
from svtad.lib import clock
from svtad.lib.signing import SigningKey
from svtad.parties.actors import Actor

#: The kind of job that makes a certificate's paper. The app that draws pages does it; it stands above this one.
CERTIFICATE_PAPER = "certificate_paper"
CLAUSE = "SVTAD 12.6(i)"


@transaction.atomic
def queue_certificate_paper(
    *,
    certificate: TestCompletionCertificate,
    issue: Decision,
    assessment: Assessment,
    by: Actor,
    at: dt.datetime | None = None,
) -> Job:
    """Have the paper of one issue of a certificate made; `assessment` is the judgement that the issue rested on.

    Who may ask is the caller's question.
    """
    return enqueue_job(
        kind=CERTIFICATE_PAPER,
        title=f"{certificate.number}: Test Completion Certificate",
        params={
            "certificate": certificate.public_id,
            "issue": issue.public_id,
            "assessment": assessment.public_id,
        },
        unique_key=issue.public_id,
        audience=certificate.matter.audience,
        by=by,
        at=at,
    )


@transaction.atomic
def file_certificate_paper(
    *,
    certificate: TestCompletionCertificate,
    issue: Decision,
    assessment: Assessment,
    file: StoredFile,
    key: SigningKey | None,
    before: CertificatePaper | None,
    pages: int,
    job_id: str,
    by: Actor,
    at: dt.datetime | None = None,
) -> CertificatePaper:
    """Record that a certificate's paper exists; one job files one, however often it runs."""
    moment = at or clock.now()
    held: CertificatePaper | None = CertificatePaper.objects.filter(job_id_text=job_id).first()
    if held is not None:
        return held
    paper: CertificatePaper = CertificatePaper.objects.create(
        certificate=certificate,
        issue=issue,
        assessment=assessment,
        file=file,
        signer=_known(key, at=moment) if key is not None else None,
        before=before,
        pages=pages,
        job_id_text=job_id,
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=certificate.scope,
        action="file_certificate_paper",
        subject=paper,
        audience=file.audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={
            "number": certificate.number,
            "sha256": file.sha256,
            "signer": key.fingerprint if key is not None else "",
            "before": before.file.sha256 if before is not None else "",
            "facts_sha256": assessment.facts_sha256,
        },
    )
    return paper


@transaction.atomic
def file_sealed_pack(
    *,
    assessment: Assessment,
    matter: Matter | None,
    file: StoredFile,
    signature: StoredFile,
    key: SigningKey,
    members: int,
    job_id: str,
    by: Actor,
    at: dt.datetime | None = None,
) -> SealedPack:
    """Record that a sealed decision pack exists; one job files one, however often it runs."""
    moment = at or clock.now()
    held: SealedPack | None = SealedPack.objects.filter(job_id_text=job_id).first()
    if held is not None:
        return held
    pack: SealedPack = SealedPack.objects.create(
        scope=assessment.scope,
        assessment=assessment,
        matter=matter,
        file=file,
        signature=signature,
        signer=_known(key, at=moment),
        members=members,
        job_id_text=job_id,
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=assessment.scope,
        action="file_sealed_pack",
        subject=pack,
        audience=file.audience,
        by=by,
        at=moment,
        detail={
            "assessment": assessment.public_id,
            "matter": matter.reference if matter is not None else "",
            "sha256": file.sha256,
            "signature_sha256": signature.sha256,
            "signer": key.fingerprint,
            "members": members,
        },
    )
    return pack


def _known(key: SigningKey, *, at: dt.datetime) -> SigningCertificate:
    """Return the row of the key's certificate, writing it the first time: from then on it outlives the key."""
    row: SigningCertificate
    row, _ = SigningCertificate.objects.get_or_create(
        fingerprint=key.fingerprint,
        defaults={
            "name": key.name[:200],
            "pem": key.certificate_pem,
            "valid_from": key.certificate.not_valid_before_utc,
            "valid_until": key.certificate.not_valid_after_utc,
            "recorded_at": at,
        },
    )
    return row
