"""Test Completion Certificates: drafted by the DCC, approved by TAB, issued by the DCC, revoked by TAB (15.2)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.gates import policies
from svtad.gates.actions.recording import audit, one_at_a_time, tell
from svtad.gates.actions.signed import queue_certificate_paper
from svtad.gates.models import TestCompletionCertificate
from svtad.governance.actions import next_reference, open_matter
from svtad.governance.models import Decision, Matter
from svtad.lib import clock
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor, system_actor
from svtad.parties.models import Organisation
from svtad.rulebook.vocabulary import CertificateState
from testphases.models import TestScope

CLAUSE = "SVTAD 12.6(i)"
#: Who has the paper of an issued certificate made, where nobody pressed a button.
MAKER = "Made when it was issued"


@transaction.atomic
def draft_certificate(
    *, scope: TestScope, provider: Organisation, by: Actor, at: dt.datetime | None = None
) -> TestCompletionCertificate:
    """Draft the certificate of one DCC Service Provider for TAB, resting on its last judgement.

    One that is not in force yet, or no longer, is put on the present judgement instead of drafting a second: so a
    draft whose judgement has gone stale is brought up to date, and a revoked certificate is proposed again.

    Refused unless the provider was judged at the step CERTIFICATES, MET, on the facts as they are now; a pending
    severity dispute that decides it (14.5) refuses too. Raises ActionDenied and Refused with the reason.
    """
    moment = at or clock.now()
    policies.check_can_propose(by, scope, clause=CLAUSE, what="draft a Test Completion Certificate")
    one_at_a_time(scope=scope)
    held = TestCompletionCertificate.objects.select_related("matter").filter(scope=scope, provider=provider).first()
    if held is not None and CertificateState(held.matter.state).is_in_force:
        raise Refused(CLAUSE, f"{held.number} of {provider} is in force already.")
    assessment = policies.check_certifiable(scope, provider)
    if held is not None:
        held.assessment = assessment
        held.save(update_fields=["assessment"])
        certificate = held
    else:
        audience = policies.paper_audience(provider=provider)
        number = next_reference("TCC")
        version = scope.governed_by
        matter = open_matter(
            procedure="TEST_COMPLETION_CERTIFICATE",
            document=version.document.code,
            version=version.version,
            title=f"{number}: Test Completion Certificate of {provider} for {scope}",
            scope_id=scope.public_id,
            audience=audience,
            is_synthetic=scope.is_synthetic,
            by=by,
            at=moment,
        )
        certificate = TestCompletionCertificate.objects.create(
            scope=scope, provider=provider, matter=matter, assessment=assessment, number=number, recorded_at=moment
        )
        tell(scope=scope, at=moment, followers=True)
    audit(
        scope=scope,
        action="draft_certificate",
        subject=certificate,
        audience=certificate.matter.audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={"provider": provider.code, "assessment": assessment.public_id, "matter": certificate.matter.reference},
    )
    return certificate


@transaction.atomic
def settle_certificate(*, matter: Matter, decision: Decision, at: dt.datetime) -> None:
    """Hold a decision on a certificate to what a certificate needs, and tell the phases it bears on.

    TAB approves the judgement that the draft rests on, so that one must still hold. The DCC issues on the last
    judgement, which must hold then; the certificate rests on that one from there. A revocation needs nothing and
    rolls nothing back: phases that follow are judged anew. An issue, and an issue again, gets a paper of its own, made
    by a job: law does not wait for a key or a page. Raises Refused.
    """
    certificate = (
        TestCompletionCertificate.objects.select_for_update(of=("self",))
        .select_related("scope__release", "provider")
        .filter(matter=matter)
        .first()
    )
    if certificate is None:
        raise Refused(CLAUSE, "No certificate was drafted for this matter: draft it from its Test Phase.")
    one_at_a_time(scope=certificate.scope)
    if decision.outcome in ("APPROVE", "ISSUE"):
        assessment = policies.check_certifiable(certificate.scope, certificate.provider)
        if decision.outcome == "APPROVE" and certificate.assessment_id != assessment.pk:
            raise Refused(
                CLAUSE,
                f"{certificate.number} rests on an earlier judgement than the last one: draft it on that one first.",
            )
        if certificate.assessment_id != assessment.pk:
            certificate.assessment = assessment
            certificate.save(update_fields=["assessment"])
        if decision.outcome == "ISSUE":
            queue_certificate_paper(
                certificate=certificate, issue=decision, assessment=assessment, by=system_actor(MAKER), at=at
            )
    tell(scope=certificate.scope, at=at, followers=True)
