"""The demonstration's documents and decisions: evidence, approvals, certificates, Work Off Plans."""

from __future__ import annotations

import datetime as dt
from typing import Any

from issues.actions import produce_issue_log
from svtad.gates.actions import (
    assess,
    attach_evidence,
    draft_certificate,
    draw_up_work_off_plan,
    present_assurance_report,
    request_approval_to_proceed,
)
from svtad.gates.queries.rounds import criteria_of
from svtad.governance.actions import open_matter, record_decision
from svtad.governance.files import store_file
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation
from svtad.portal.demo.cast import Cast
from svtad.rulebook.editions import edition_of
from svtad.rulebook.vocabulary import Body, EvidenceKind, EvidenceState, Step
from testphases.actions import move_scope
from testphases.models import TestScope

_AUDIT_ITEMS = tuple(f"19.4({letter})" for letter in "abcdef")


def paper(cast: Cast, title: str, *, at: dt.datetime) -> StoredFile:
    """Store a short document that says what it is, and that it is synthetic."""
    text = (
        f"{title}\n\nSYNTHETIC DEMONSTRATION DOCUMENT. It stands where a real one would; "
        "no organisation wrote it and nothing in it happened.\n"
    )
    name = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return store_file(
        content=text.encode(),
        name=f"{name}.txt",
        media_type="text/plain",
        purpose="evidence",
        audience=audience_of(*GOVERNANCE),
        is_synthetic=True,
        by=cast.actor("manager", at),
        at=at,
    )


def decide(
    cast: Cast,
    matter: Matter,
    *,
    body: str,
    outcome: str,
    at: dt.datetime,
    rationale: str = "",
    data: dict[str, Any] | None = None,
    against_computed: bool = False,
) -> Decision:
    """Have what a body decided recorded with its document: by the registrar, and the DCC's own steps by the manager."""
    return record_decision(
        matter=matter,
        body=body,
        outcome=outcome,
        decided_at=at,
        notified_at=at,
        rationale=rationale,
        data=data,
        against_computed=against_computed,
        document=paper(cast, f"{body} {outcome.lower()} {matter.reference}", at=at),
        by=cast.actor("manager" if body == Body.DCC else "registrar", at),
        at=at,
    )


def attach(
    cast: Cast,
    scope: TestScope,
    *,
    kind: EvidenceKind,
    title: str,
    at: dt.datetime,
    provider: Organisation | None = None,
    state: str = "",
    statements: dict[str, Any] | None = None,
    by: str = "manager",
) -> Any:
    """Attach one document as evidence, signed off or accepted where the DCC does so."""
    return attach_evidence(
        scope=scope,
        kind=kind,
        file=paper(cast, f"{title}, {scope}{f', {provider}' if provider else ''}", at=at),
        provider=provider,
        state=state,
        statements=statements,
        by=cast.actor(by, at),
        at=at,
    )


def taking_part(cast: Cast, scope: TestScope) -> tuple[Organisation, ...]:
    """Return the providers of a phase: one in PIT, else all."""
    return (scope.provider,) if scope.provider else cast.providers


def enter(*, cast: Cast, scope: TestScope, at: dt.datetime) -> None:
    """Meet 12.5(a) to (e) for a phase and start it."""
    for provider in taking_part(cast, scope):
        attach(
            cast,
            scope,
            kind=EvidenceKind.TEST_PLAN,
            title="Test plan",
            provider=provider,
            state=EvidenceState.SIGNED_OFF,
            at=at,
        )
    attach(
        cast,
        scope,
        kind=EvidenceKind.TEST_SPECIFICATION,
        title="Test specification",
        state=EvidenceState.ACCEPTED,
        at=at,
    )
    attach(cast, scope, kind=EvidenceKind.TTM, title="Test Traceability Matrix", state=EvidenceState.ACCEPTED, at=at)
    ready = {"in_place": True, "secure": True, "ready": True}
    attach(
        cast,
        scope,
        kind=EvidenceKind.READINESS,
        title="Readiness statement",
        state=EvidenceState.ACCEPTED,
        statements=dict.fromkeys(edition_of("SVTAD", "1.23").readiness, ready),
        at=at,
    )
    approval = request_approval_to_proceed(scope=scope, by=cast.actor("manager", at), at=at)
    decide(cast, approval.matter, body="DCC", outcome="ISSUE", at=at)
    assess(scope=scope, step=Step.ENTRY, by=cast.actor("manager", at), at=at)
    for state in ("ENTRY_ASSESSED", "IN_PROGRESS"):
        move_scope(scope=scope, to_state=state, by=cast.actor("manager", at), at=at)


def plan_work_off(*, cast: Cast, scope: TestScope, at: dt.datetime, provider: Organisation | None = None) -> None:
    """Draw up a Work Off Plan, of a provider or of all that is in none yet, and have TAB approve it (15.1)."""
    plan = draw_up_work_off_plan(scope=scope, provider=provider, by=cast.actor("manager", at), at=at)
    decide(cast, plan.matter, body="TAB", outcome="APPROVE", at=at)


def log_issues(*, cast: Cast, scope: TestScope, at: dt.datetime) -> None:
    """Produce the phase's Testing Issue log (9.2)."""
    produce_issue_log(scope=scope, by=cast.actor("manager", at), at=at)


def report_9_4(*, cast: Cast, scope: TestScope, provider: Organisation, at: dt.datetime) -> None:
    """Attach a provider's report of 9.4, accepted by the DCC."""
    attach(
        cast,
        scope,
        kind=EvidenceKind.PROVIDER_REPORT,
        title="Report under 9.4",
        provider=provider,
        state=EvidenceState.ACCEPTED,
        at=at,
    )


def assurance_report(*, cast: Cast, scope: TestScope, at: dt.datetime, approved: bool) -> None:
    """Attach the DCC assurance report of 9.5, present it to TAB, and have it approved if so (9.6)."""
    item = attach(cast, scope, kind=EvidenceKind.ASSURANCE_REPORT, title="DCC assurance report", at=at)
    matter = present_assurance_report(item=item, by=cast.actor("manager", at), at=at)
    if approved:
        decide(cast, matter, body="TAB", outcome="APPROVE", at=at)


def certify(*, cast: Cast, scope: TestScope, provider: Organisation, at: dt.datetime) -> None:
    """Judge a provider for its certificate, have TAB approve it and the DCC issue it."""
    manager = cast.actor("manager", at)
    assess(scope=scope, step=Step.CERTIFICATES, provider=provider, by=manager, at=at)
    certificate = draft_certificate(scope=scope, provider=provider, by=manager, at=at)
    decide(cast, certificate.matter, body="TAB", outcome="APPROVE", at=at)
    decide(cast, certificate.matter, body="DCC", outcome="ISSUE", at=at)


def finish(*, cast: Cast, scope: TestScope, at: dt.datetime) -> None:
    """Take a phase whose tests passed through its reports and certificates to its end."""
    log_issues(cast=cast, scope=scope, at=at)
    for provider in taking_part(cast, scope):
        report_9_4(cast=cast, scope=scope, provider=provider, at=at)
    assurance_report(cast=cast, scope=scope, at=at, approved=True)
    for provider in taking_part(cast, scope):
        certify(cast=cast, scope=scope, provider=provider, at=at)
    manager = cast.actor("manager", at)
    if scope.kind != "SIT":
        for state in ("EXIT_PROPOSED", "EXIT_ASSESSED", "COMPLETE"):
            move_scope(scope=scope, to_state=state, by=manager, at=at)
        return
    attach(
        cast,
        scope,
        kind=EvidenceKind.SIT_AUDIT_REPORT,
        title="SIT Audit Report",
        state=EvidenceState.FINAL,
        statements=dict.fromkeys(_AUDIT_ITEMS, True),
        by="auditor",
        at=at,
    )
    attach(cast, scope, kind=EvidenceKind.TEST_HEATMAP, title="Test heatmap", state=EvidenceState.ACCEPTED, at=at)
    attach(cast, scope, kind=EvidenceKind.COMPLETION_REPORT, title="SIT Completion Report", at=at)
    assess(scope=scope, step=Step.PANEL, by=manager, at=at)
    confirm_completion(cast=cast, scope=scope, at=at)


def confirm_completion(*, cast: Cast, scope: TestScope, at: dt.datetime) -> None:
    """Announce SIT's completion, send the package, review it with TAG, and have the Panel confirm it (13.15, 13.16)."""
    matter = open_matter(
        procedure="SIT_COMPLETION",
        document="SVTAD",
        version="1.23",
        title=f"Completion of {scope}",
        scope_id=scope.public_id,
        audience=audience_of(*GOVERNANCE),
        is_synthetic=True,
        by=cast.actor("manager", at),
        at=at,
    )
    views = {name: {"view": "MET", "words": ""} for name, _ in criteria_of(scope)}
    for outcome in ("ANNOUNCE", "SEND_PACKAGE", "REVIEW_WITH_TAG"):
        data = {"views": views} if outcome == "REVIEW_WITH_TAG" else None
        decide(cast, matter, body="DCC", outcome=outcome, data=data, at=at)
    decide(cast, matter, body="PANEL", outcome="CONFIRM", rationale="The Exit Criteria have been met.", at=at)
