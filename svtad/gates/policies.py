"""Who may do what at the gates, and what a judgement lets through.

The checks of the first half raise `ActionDenied` (who). Those of the second raise `Refused` (what the judgement
allows): only MET opens a gate that the software keeps; BLOCKED (14.5) opens none.
"""

from __future__ import annotations

from svtad.gates.gathering import gather_with_changes, has_changed
from svtad.gates.gathering.releases import gather_release
from svtad.gates.models import Assessment, EvidenceItem
from svtad.gates.queries import latest_assessment, own_cells_only
from svtad.gates.queries.phases import phase_kind_for
from svtad.governance.models import Matter
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation
from svtad.parties.policies import require
from svtad.rulebook import codec
from svtad.rulebook.findings import Judgement
from svtad.rulebook.judge import judge
from svtad.rulebook.release import judge_release
from svtad.rulebook.vocabulary import EvidenceKind, ReleaseState, Step, Verdict
from testphases.models import CapabilityRelease, ScopeParticipation, TestScope
from testphases.models.scopes import ScopeState
from testphases.policies import Basis

#: What a DCC Service Provider attaches itself: its plan (9.1), its report (9.4) and what they rest on.
PROVIDERS_OWN = frozenset({EvidenceKind.TEST_PLAN, EvidenceKind.PROVIDER_REPORT, EvidenceKind.TEST_RESULT})

CLAUSE_OF: dict[EvidenceKind, str] = {
    EvidenceKind.TEST_PLAN: "SVTAD 12.5(a)",
    EvidenceKind.TEST_SPECIFICATION: "SVTAD 12.5(c)",
    EvidenceKind.TTM: "SVTAD 11.1",
    EvidenceKind.READINESS: "SVTAD 12.5(d)",
    EvidenceKind.PROVIDER_REPORT: "SVTAD 9.4",
    EvidenceKind.ASSURANCE_REPORT: "SVTAD 9.5",
    EvidenceKind.COMPLETION_REPORT: "SVTAD 9.7",
    EvidenceKind.SIT_AUDIT_REPORT: "SVTAD 19.4",
    EvidenceKind.TEST_HEATMAP: "SVTAD Table 13.1",
    EvidenceKind.ISSUE_LOG: "SVTAD 12.6(e)",
    EvidenceKind.TEST_RESULT: "SVTAD 12.6(d)",
    EvidenceKind.OTHER: "",
}
"""The clause by which each kind of evidence is asked for."""


# --- who ------------------------------------------------------------------------------------------


def check_can_assess(actor: Actor, scope: TestScope) -> None:
    """Have a phase judged: the DCC, TAB, and tooling, for the phases they see."""
    require(actor, "assess", clause="SVTAD 12", what="have a Test Phase judged")
    _require_sight(actor, scope)


def check_can_ask(actor: Actor) -> None:
    """Ask what would change a judgement: the facts name every provider of the phase, so for those who see all of it."""
    if own_cells_only(actor) is not None:
        require(actor, "see_all_phases", clause="SVTAD 12", what="ask what would change a judgement")


def check_can_attach(actor: Actor, scope: TestScope, *, kind: EvidenceKind, provider: Organisation | None) -> None:
    """Attach evidence: the DCC any, a DCC Service Provider its own plan, report and results, the SIT Auditor its."""
    clause = CLAUSE_OF[kind]
    _require_sight(actor, scope, clause)
    if actor.may("attach_evidence"):
        return
    if kind is EvidenceKind.SIT_AUDIT_REPORT and actor.may("file_audit_report"):
        return
    if actor.may("attach_own_evidence") and kind in PROVIDERS_OWN:
        if provider is None or provider.pk not in actor.organisation_pks:
            raise ActionDenied(clause, "You may attach evidence only for the organisation you act for.")
        return
    require(actor, "attach_evidence", clause=clause, what="attach evidence of this kind")


def check_can_review(actor: Actor, item: EvidenceItem) -> None:
    """Sign off, accept or return a piece of evidence: the DCC (12.5(a), 9.4)."""
    require(actor, "attach_evidence", clause=CLAUSE_OF[EvidenceKind(item.kind)], what="sign off or accept evidence")
    _require_sight(actor, item.scope)


def check_can_withdraw(actor: Actor, item: EvidenceItem) -> None:
    """Withdraw evidence: whoever could have attached it."""
    check_can_attach(actor, item.scope, kind=EvidenceKind(item.kind), provider=item.provider)


def check_can_propose(actor: Actor, scope: TestScope, *, clause: str, what: str) -> None:
    """Put a certificate, a plan or an approval before its body: the DCC."""
    if not actor.may("open_matter"):
        require(actor, "propose", clause=clause, what=what)
    _require_sight(actor, scope, clause)


def check_can_change_plan(actor: Actor, scope: TestScope) -> None:
    """Record that an item of a Work Off Plan is closed or re-run: the DCC (15.1)."""
    require(actor, "work_issue", clause="SVTAD 15.1", what="record progress of a Work Off Plan")
    _require_sight(actor, scope)


def check_can_file_report(actor: Actor, scope: TestScope) -> None:
    """File a report that was made: whoever may have one made."""
    require(actor, "generate_report", clause="SVTAD 9.7", what="make a report")
    _require_sight(actor, scope)


def check_can_open_evidence(actor: Actor, item: EvidenceItem) -> None:
    """Read a piece of evidence: see `EvidenceItem.objects.visible_to`. TAG an assurance report once approved (9.6)."""
    if not EvidenceItem.objects.visible_to(actor).filter(pk=item.pk).exists():
        raise ActionDenied(CLAUSE_OF[EvidenceKind(item.kind)], "There is no such evidence among what you may see.")


def _require_sight(actor: Actor, scope: TestScope, clause: str = "") -> None:
    if not TestScope.objects.visible_to(actor).filter(pk=scope.pk).exists():
        raise ActionDenied(clause, "There is no such Test Phase among those you may see.")


def evidence_audience(*, kind: str, provider: Organisation | None = None) -> Audience:
    """Return who may open a file that is attached as evidence of that kind: to be set when the file is stored.

    Those who govern, and the provider whose it is. TAG is left out of an assurance report until TAB has approved
    it (9.6); from then on it reads the report through the evidence (`check_can_open_evidence`).
    """
    keys = [key for key in GOVERNANCE if not (kind == EvidenceKind.ASSURANCE_REPORT and key == "tag")]
    return audience_of(*keys, *([org_key(provider)] if provider is not None else []))


def paper_audience(*, provider: Organisation | None = None) -> Audience:
    """Return who may see a certificate, a Work Off Plan or an approval: those who govern, and whose it is."""
    return audience_of(*GOVERNANCE, *([org_key(provider)] if provider is not None else []))


# --- what the judgement lets through -----------------------------------------------------------------


def judged_now(scope: TestScope, *, step: Step, provider: Organisation | None = None) -> Judgement:
    """Judge the facts as they are at this moment, without storing it. Raises Refused where no edition is held."""
    gathered = gather_with_changes(scope, as_at=None)
    return judge(gathered.facts, step=step, provider=provider.public_id if provider else None, edition=gathered.edition)


def check_certifiable(scope: TestScope, provider: Organisation) -> Assessment:
    """Return the judgement that a certificate of `provider` may rest on.

    It is the last one at the step CERTIFICATES for that provider: MET, and of the facts as they are now. Another
    provider's certificate is no fact of it. Raises Refused saying which of these fails (12.6(i), 14.5, rule 10).
    """
    clause = "SVTAD 12.6(i)"
    kind = phase_kind_for(scope)
    if kind is None or Step.CERTIFICATES not in kind.steps:
        raise Refused(clause, f"No Test Completion Certificate is issued for {scope}.")
    if not _takes_part(scope, provider):
        raise Refused(clause, f"{provider} takes no part in {scope}.")
    assessment = latest_assessment(scope, Step.CERTIFICATES, provider=provider)
    if assessment is None:
        raise Refused(clause, f"{provider} has not been judged for its certificate: have it judged first.")
    if has_changed(assessment):
        raise Refused(
            clause,
            f"The facts have changed since {provider} was judged on {assessment.as_at:%-d %B %Y at %H:%M} UTC: "
            "have it judged again.",
        )
    if assessment.verdict == Verdict.BLOCKED:
        raise Refused("SVTAD 14.5", f"A pending severity dispute could change whether {provider} meets the criteria.")
    if not Verdict(assessment.verdict).opens_gate:
        unmet = _unmet(assessment)
        raise Refused(clause, f"{provider} does not meet the criteria for its certificate: {unmet}.")
    return assessment


def _unmet(assessment: Assessment) -> str:
    findings = assessment.findings.exclude(verdict=Verdict.MET).order_by("position")
    return ", ".join(
        f"{row.clause} {Verdict(row.verdict).replace('_', ' ').lower()}"
        for row in findings
        if not row.data.get("parents")
    )


def check_may_proceed(scope: TestScope) -> None:
    """Raise Refused unless everything that entry asks for but the approval itself is met (12.5(e): (a) to (d))."""
    judgement = judged_now(scope, step=Step.ENTRY)
    unmet = [
        f"{finding.citation.clause} {finding.verdict.replace('_', ' ').lower()}"
        for finding in judgement.criteria
        if finding.key != "12.5(e)" and not finding.verdict.opens_gate
    ]
    if unmet:
        raise Refused("SVTAD 12.5(e)", f"The approval to proceed comes last; not met yet: {', '.join(unmet)}.")


def check_panel_may_determine(scope: TestScope, *, confirms: bool, against_computed: bool) -> Judgement:
    """Return the present judgement where the Panel's determination can be recorded (13.16, rule 16).

    What the Panel determines is recorded even against the computed result, if it is marked as such, with reasons.
    Only a pending severity dispute stops it (14.5): a confirmation where it could change any criterion, and "not
    met" where it could change the whole.
    """
    judgement = judged_now(scope, step=Step.PANEL)
    disputed = [finding for finding in judgement.criteria if finding.verdict is Verdict.BLOCKED]
    if (disputed and confirms) or judgement.verdict is Verdict.BLOCKED:
        which = ", ".join(finding.citation.clause for finding in disputed)
        raise Refused("SVTAD 14.5", f"A pending severity dispute could change {which}: TAG decides first.")
    if confirms is not judgement.verdict.opens_gate and not against_computed:
        computed = judgement.verdict.replace("_", " ").lower()
        raise Refused(
            "SVTAD 13.16", f"The computed result is {computed}: record it as against the computed result, with reasons."
        )
    return judgement


def missing_judgement(matter: Matter, outcome: str) -> list[str]:
    """Return in words what the Panel's determination of SIT lacks of a judgement: shown, never refused for (rule 16).

    A determination that rests on a judgement whose facts have changed since is recorded, and marked with this.
    """
    if outcome not in ("CONFIRM", "NOT_MET"):
        return []
    scope = TestScope.objects.select_related("release", "governed_by__document").filter(public_id=matter.scope_id)
    held = scope.first()
    if held is None:
        return []
    assessment = latest_assessment(held, Step.PANEL)
    if assessment is None:
        return ["A judgement of the Exit Criteria at the Panel's step: none was made"]
    if has_changed(assessment):
        when = f"{assessment.as_at:%-d %B %Y at %H:%M} UTC"
        return [f"A judgement of the facts as they are: the last one, of {when}, is stale"]
    return []


def guard_start(scope: TestScope) -> None:
    """Refuse that a phase starts before its Entry Criteria are met (12.5, 12.3). Resuming one is no start."""
    if scope.state != ScopeState.ENTRY_ASSESSED:
        return
    judgement = judged_now(scope, step=Step.ENTRY)
    unmet = [finding for finding in judgement.criteria if not finding.verdict.opens_gate]
    if unmet:
        named = "; ".join(f"{finding.citation.clause}: {finding.summary}" for finding in unmet)
        raise Refused("SVTAD 12.5", f"The Entry Criteria are not met. {named}")


def guard_completion(scope: TestScope) -> None:
    """Refuse that a phase is complete before whoever decides it has: the Panel for SIT, certificates for PIT.

    Of UTS and SCT the thresholds, the Work Off Plan and what was entered of their approach documents must be met
    (rule 11). Of Migration Testing, whose thresholds the MTAD holds, nothing may be recorded as not met.
    """
    kind = phase_kind_for(scope)
    if kind is None:
        return
    if Step.PANEL in kind.steps:
        if not Matter.objects.filter(procedure="SIT_COMPLETION", scope_id=scope.public_id, state="CONFIRMED").exists():
            raise Refused("SVTAD 13.15", "SIT is complete only when the Panel has determined it.")
        return
    judgement = judged_now(scope, step=kind.steps[-1])
    if Step.CERTIFICATES in kind.steps:
        if not judgement.verdict.opens_gate:
            raise Refused("SVTAD 12.6", f"The Exit Criteria are {judgement.verdict.replace('_', ' ').lower()}.")
        return
    let_through = {Verdict.MET} if kind.limits is not None else {Verdict.MET, Verdict.CANNOT_EVALUATE}
    unmet = [finding for finding in judgement.criteria if finding.verdict not in let_through]
    if unmet:
        named = "; ".join(f"{finding.citation.clause}: {finding.summary}" for finding in unmet)
        clause = "SVTAD 13.18" if kind.limits is not None else "SVTAD 12.3"
        words = judgement.verdict.replace("_", " ").lower()
        raise Refused(clause, f"The Exit Criteria are {words}. {named}")


def check_can_answer_criterion(actor: Actor, scope: TestScope) -> None:
    """Record whether a criterion of the approach document is met: the DCC (12.3)."""
    require(actor, "attach_evidence", clause="SVTAD 12.3", what="record whether a criterion is met")
    _require_sight(actor, scope)


def check_can_link_release(actor: Actor) -> None:
    """Say what a release's matters and documents are: the DCC (7.3, 9.8)."""
    if not actor.may("open_matter"):
        require(actor, "propose", clause="SVTAD 7.3", what="record what is proposed for a release")


def judge_move(release: CapabilityRelease, to_state: ReleaseState) -> Basis:
    """Return what READY or LIVE rests on, as it is now. Raises Refused naming what is not met (7.2, 7.3, 9.8)."""
    if to_state not in (ReleaseState.READY, ReleaseState.LIVE):
        return Basis()
    facts = gather_release(release, moment=clock.now())
    readiness = judge_release(facts)
    findings = readiness.ready if to_state is ReleaseState.READY else (*readiness.ready, *readiness.live)
    unmet = [finding for finding in findings if not finding.verdict.opens_gate]
    if unmet:
        clause = "SVTAD 7.2" if to_state is ReleaseState.READY else "SVTAD 9.8"
        words = "ready" if to_state is ReleaseState.READY else "to go live"
        named = "; ".join(f"{finding.citation.clause}: {finding.summary}" for finding in unmet)
        raise Refused(clause, f"{release} is not {words}. {named}")
    return Basis(
        facts=facts.to_json(),
        facts_sha256=codec.spelling(facts.to_json(), besides="as_at")[1],
        findings=[codec.encode(finding) for finding in findings],
    )


def _takes_part(scope: TestScope, provider: Organisation) -> bool:
    return ScopeParticipation.objects.current().filter(scope=scope, organisation=provider).exists()
