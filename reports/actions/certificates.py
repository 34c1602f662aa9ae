"""A certificate's paper: asked for again where it is missing or unsigned, and made, signed and filed by a job."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction

from reports import policies, queries
from reports.actions.making import STEPS, Hold, Progress, checked_pages, maker_of
from reports.contents.certificates import certificate_page
from svtad.gates.actions import file_certificate_paper, queue_certificate_paper
from svtad.gates.models import Assessment, CertificatePaper, TestCompletionCertificate
from svtad.governance.actions import store_file
from svtad.governance.models import Decision, Job
from svtad.lib import clock, signing
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor

_PURPOSE = "certificate_paper"


@transaction.atomic
def request_certificate_paper(
    *, certificate: TestCompletionCertificate, by: Actor, at: dt.datetime | None = None
) -> Job:
    """Have the paper of a certificate's last issue made, or made again and signed, and return the job.

    Refused where none was issued, where its last paper is signed, and where that one is unsigned and there is still no
    key. Raises ActionDenied.
    """
    moment = at or clock.now()
    policies.check_can_request_report(by, certificate.scope)
    issue = queries.last_issue(certificate)
    if issue is None:
        raise Refused("SVTAD 12.6(i)", f"{certificate.number} was not issued: it has no paper yet.")
    paper = queries.last_paper(certificate)
    if paper is not None and paper.issue_id == issue.pk:
        if paper.signer_id is not None:
            raise Refused("", f"The paper of {certificate.number} is signed.")
        if signing.signing_key(moment) is None:
            raise Refused("", "No signing key is set up: an administrator of the server makes one first.")
    assessment = queries.judgement_of_issue(issue) or certificate.assessment
    if assessment is None:
        raise Refused("SVTAD 12.6(i)", f"{certificate.number} rests on no judgement.")
    return queue_certificate_paper(certificate=certificate, issue=issue, assessment=assessment, by=by, at=moment)


def produce_certificate_paper(*, job: Job, progress: Progress, hold: Hold) -> dict[str, Any]:
    """Make the paper that `job` asks for, sign it where there is a key, store and file it; return what the page shows.

    Run again after a crash it files once. The judgement is the one that the certificate rested on when it was issued.
    """
    held = CertificatePaper.objects.select_related("file", "signer").filter(job_id_text=job.public_id).first()
    if held is not None:
        return _result(held)
    certificate = TestCompletionCertificate.objects.select_related(
        "scope__release__programme", "provider", "matter__audience"
    ).get(public_id=job.params["certificate"])
    issue = Decision.objects.select_related("matter", "supersedes").get(public_id=job.params["issue"])
    assessment = Assessment.objects.select_related("scope").get(public_id=job.params["assessment"])
    moment = clock.now()
    key = signing.signing_key(moment)
    before = queries.last_paper(certificate)
    progress(10, "Laying out the certificate")
    page = certificate_page(
        certificate,
        issue=issue,
        assessment=assessment,
        before=before,
        key=key,
        address=f"{settings.SITE_URL.rstrip('/')}/verification/",
        made_at=moment,
    )
    from reports.rendering.certificates import render_certificate  # only a job that makes pages pays for it

    content = render_certificate(page)
    progress(70, "Signing it" if key else "No signing key is set up: it says that it is not signed")
    if key is not None:
        content = signing.sign_pdf(content, key=key, reason=f"Test Completion Certificate {certificate.number}")
    pages = checked_pages(content)
    maker = maker_of(job)
    with transaction.atomic():
        hold()
        stored = store_file(
            content=content,
            name=f"{certificate.number} {certificate.provider.code} {clock.london_date(moment):%Y-%m-%d}.pdf",
            media_type="application/pdf",
            purpose=_PURPOSE,
            audience=certificate.matter.audience,
            by=maker,
            at=moment,
            is_synthetic=page.is_synthetic,
        )
        paper = file_certificate_paper(
            certificate=certificate,
            issue=issue,
            assessment=assessment,
            file=stored,
            key=key,
            before=before,
            pages=pages,
            job_id=job.public_id,
            by=maker,
            at=moment,
        )
    progress(STEPS, "Done")
    return _result(paper)


def _result(paper: CertificatePaper) -> dict[str, Any]:
    return {
        "file": paper.file.public_id,
        "sha256": paper.file.sha256,
        "pages": paper.pages,
        "signed": paper.signer is not None,
    }
