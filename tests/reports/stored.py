"""Rows as the gates app stores them, for the tests of what is printed from them."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from svtad.gates.models import Assessment, AssessmentFinding, EvidenceItem
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governing.models import DocumentVersion, GoverningDocument
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook import codec
from svtad.rulebook.editions import edition_of
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import judge
from svtad.rulebook.relevance import relevant_facts
from svtad.rulebook.vocabulary import Step
from testphases.models import CapabilityRelease, Programme, TestScope


def scope_for(facts: Facts, *, kind: str = "SIT") -> TestScope:
    """A test scope in a programme and release of its own."""
    at = facts.as_at - dt.timedelta(days=100)
    document, _ = GoverningDocument.objects.get_or_create(
        code="SVTAD", defaults={"title": "Testing Approach Document", "recorded_at": at}
    )
    version, _ = DocumentVersion.objects.get_or_create(document=document, version="1.23", defaults={"recorded_at": at})
    programme, _ = Programme.objects.get_or_create(
        code="demo", defaults={"name": facts.programme[:160], "is_synthetic": True, "recorded_at": at}
    )
    release, _ = CapabilityRelease.objects.get_or_create(
        programme=programme,
        code=facts.release,
        defaults={"name": facts.release, "position": 2, "is_synthetic": True, "recorded_at": at},
    )
    scope, _ = TestScope.objects.get_or_create(
        release=release,
        kind=kind,
        defaults={"name": f"{facts.release} {kind}", "governed_by": version, "is_synthetic": True, "recorded_at": at},
    )
    return scope


def assessment_of(facts: Facts, *, step: Step = Step.PANEL, provider: str | None = None, **more) -> Assessment:
    """Judge the facts and store the judgement with its findings."""
    edition = edition_of(facts.document, facts.version)
    facts = relevant_facts(facts, edition=edition, step=step, provider=provider)
    judged = judge(facts, step=step, provider=provider)
    values = {
        "scope": scope_for(facts, kind=facts.phase_kind),
        "step": step.value,
        "provider_id_text": provider or "",
        "document": facts.document,
        "version": facts.version,
        "as_at": facts.as_at,
        "facts": facts.canonical_json(),
        "facts_sha256": judged.facts_sha256,
        "verdict": judged.verdict.value,
        "recorded_at": facts.as_at,
        "recorded_by": "Robin Tester",
        "trigger": "button",
        "is_synthetic": True,
    }
    stored = Assessment.objects.create(**(values | more))
    AssessmentFinding.objects.bulk_create(
        AssessmentFinding(
            assessment=stored,
            position=position,
            criterion=finding.key,
            clause=finding.citation.clause,
            verdict=finding.verdict.value,
            data=codec.encode(finding),
        )
        for position, finding in enumerate(judged.findings)
    )
    return stored


def file_of(content: bytes, name: str, *, at: dt.datetime, sha256: str | None = None) -> StoredFile:
    """A stored file's row; the bytes are the caller's business."""
    return StoredFile.objects.create(
        name=name,
        media_type="application/pdf",
        size=len(content),
        sha256=sha256 or hashlib.sha256(content).hexdigest(),
        purpose="evidence",
        audience=audience_of(*GOVERNANCE),
        is_synthetic=True,
        recorded_at=at,
        recorded_by="Robin Tester",
    )


def evidence_rows(facts: Facts, *, statements: dict[str, dict] | None = None) -> list[EvidenceItem]:
    """The evidence that the facts name, each with its file's row, attached some days before."""
    scope = scope_for(facts, kind=facts.phase_kind)
    made = []
    for place, item in enumerate(facts.evidence):
        at = facts.as_at - dt.timedelta(days=9 - place)
        made.append(
            EvidenceItem.objects.create(
                public_id=item.id[:22],
                scope=scope,
                kind=item.kind.value,
                state=item.state.value,
                statements=(statements or {}).get(item.id, {}),
                file=file_of(b"", f"{item.title}.pdf", at=at, sha256=item.sha256),
                occurred_at=at,
                recorded_at=at,
                recorded_by="Robin Tester",
            )
        )
    return made


def matter(reference: str, *, procedure: str, rationale: str, at: dt.datetime, state: str) -> Matter:
    """A matter under its human reference."""
    return Matter.objects.create(
        reference=reference,
        procedure=procedure,
        document="SVTAD",
        version="1.23",
        title=reference,
        proposer="DCC",
        rationale=rationale,
        state=state,
        audience=audience_of(*GOVERNANCE),
        is_synthetic=True,
        opened_at=at,
        recorded_at=at,
        recorded_by="Rowan Registrar",
    )


def decision(
    on: Matter, *, body: str, outcome: str, to_state: str, rationale: str, at: dt.datetime, **more: Any
) -> Decision:
    """A decision recorded on a matter, with its minutes."""
    return Decision.objects.create(
        matter=on,
        sequence=Decision.objects.filter(matter=on).count() + 1,
        body=body,
        outcome=outcome,
        from_state=on.state,
        to_state=to_state,
        clause="13.20",
        rationale=rationale,
        document=file_of(f"{on.reference} {body}".encode(), f"{body} minutes {on.reference}.pdf", at=at),
        decided_at=at,
        notified_at=at + dt.timedelta(hours=3),
        effective_at=at,
        recorded_at=at + dt.timedelta(hours=4),
        recorded_by="Rowan Registrar",
        **more,
    )


def matters(facts: Facts) -> None:
    """The matters that the sample names: an exclusion agreed, one proposed, a dispute, two counting decisions."""
    at = facts.as_at - dt.timedelta(days=20)
    agreed = matter(
        "M-0001",
        procedure="EXCLUSION",
        rationale=(
            "The top-up is refused by the meter itself once supply returns; the message that the DCC passes on is "
            "correct. No customer loses credit, and the correction is in the manufacturer's next firmware."
        ),
        at=at,
        state="PROPOSED",
    )
    decision(
        agreed,
        body="TAG",
        outcome="AGREE",
        to_state="TAG_AGREED",
        rationale="Agreed for MOC SIT. It stays in the Work Off Plan and is looked at again before UTS.",
        at=at + dt.timedelta(days=6),
    )
    matter(
        "M-0003",
        procedure="EXCLUSION",
        rationale="Seen once, on a device with firmware that MOC does not cover; it could not be reproduced.",
        at=at + dt.timedelta(days=14),
        state="PROPOSED",
    )
    matter("M-0004", procedure="SEVERITY_DISPUTE", rationale="Settlement uses these values.", at=at, state="RAISED")
