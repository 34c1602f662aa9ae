"""Who may do what to a Testing Issue, and what its state allows.

The checks of the first half raise `ActionDenied` (who), those of the second `Refused` (what state).
"""

from __future__ import annotations

from collections import deque

from issues.models import (
    CountingQuestion,
    ExclusionProposal,
    IssueAttachment,
    IssueComment,
    SeverityDispute,
    TestingIssue,
)
from issues.models import IssueState as S
from issues.queries.boards import OPEN_EXCLUSIONS
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.parties.policies import require
from svtad.rulebook.vocabulary import DisputeState, ExclusionState
from testphases.models import ScopeParticipation, TestScope
from testphases.models.eligibility import PARTY_KINDS
from testphases.queries.eligibility import completed_by

#: The phases whose issues section H14.37 of the Code does not reach (14.1 names SIT, UTS, SCT and MT):
#: in PIT a DCC Service Provider resolves its issues by itself, and 14.2 is not available.
PHASES_OUTSIDE_H14 = ("PIT",)

#: The life of a Testing Issue: what may follow what. "" is before it was raised.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "": (S.RAISED,),
    S.RAISED: (S.DETERMINED, S.REJECTED),
    S.DETERMINED: (S.IN_FIX, S.REJECTED),
    S.IN_FIX: (S.FIXED, S.REJECTED),
    S.FIXED: (S.RETEST,),
    S.RETEST: (S.CLOSED, S.IN_FIX),
    S.CLOSED: (S.IN_FIX,),
    S.REJECTED: (S.IN_FIX,),
}
CLOSED_STATES = (S.CLOSED, S.REJECTED)
#: The DCC's determinations; the rest of the life is work on the issue.
DETERMINATIONS = (S.DETERMINED, S.REJECTED)
CLAUSE = "SVTAD 14.1"
#: Any one of these lets somebody comment on an issue they see; the same for files.
MAY_COMMENT = ("raise_issue", "work_issue", "give_view", "open_matter", "file_audit_report")
MAY_ATTACH = ("raise_issue", "work_issue", "attach_evidence", "attach_own_evidence")


# --- who ------------------------------------------------------------------------------------------


def acts_for_dcc(actor: Actor) -> bool:
    """Return whether `actor` acts for the DCC: its people, its tooling, or the product itself."""
    return actor.kind == "SYSTEM" or OrganisationKind.DCC in actor.organisation_kinds


def check_sees(actor: Actor, issue: TestingIssue) -> None:
    """Whether the issue is among those `actor` may see; the refusal does not say that there is one."""
    if not TestingIssue.objects.visible_to(actor).filter(pk=issue.pk).exists():
        raise ActionDenied("", "There is no such Testing Issue among those you may see.")


def check_can_raise(actor: Actor, *, scope: TestScope, raised_by: Organisation) -> None:
    """An issue is raised for the organisation one acts for; the DCC raises it for anyone.

    A DCC Service Provider raises issues of the phases it takes part in; any other Testing Participant
    of those that section H14.37 reaches (14.1).
    """
    require(actor, "raise_issue", clause=CLAUSE, what="raise a Testing Issue")
    if acts_for_dcc(actor):
        return
    if raised_by.pk not in actor.organisation_pks:
        raise ActionDenied(CLAUSE, "You may raise a Testing Issue only for the organisation you act for.")
    if raised_by.kind == OrganisationKind.DCC_SERVICE_PROVIDER:
        if not takes_part(raised_by, scope):
            raise ActionDenied(CLAUSE, "Your organisation takes no part in this Test Phase.")
    elif scope.kind in PHASES_OUTSIDE_H14:
        raise ActionDenied(CLAUSE, "Testing Issues of this Test Phase are the DCC Service Providers' own.")


def check_can_edit(actor: Actor, issue: TestingIssue) -> None:
    """The wording is its raiser's to mend, or the DCC's."""
    check_sees(actor, issue)
    check_may_edit(actor, issue)


def check_may_edit(actor: Actor, issue: TestingIssue) -> None:
    """As `check_can_edit`, of an issue that `actor` is known to see: many at once are looked up at once."""
    if actor.may("work_issue") or _is_dcc_tooling(actor):
        return
    require(actor, "raise_issue", clause=CLAUSE, what="reword a Testing Issue")
    if issue.raised_by_id not in actor.organisation_pks:
        raise ActionDenied(CLAUSE, "Only who raised a Testing Issue, or the DCC, rewords it.")


def check_can_determine(actor: Actor, issue: TestingIssue) -> None:
    """Severity, priority, cause and provider, and a rejection, are the DCC's to determine (H14.39, 13.19)."""
    check_sees(actor, issue)
    check_may_determine(actor)


def check_may_determine(actor: Actor) -> None:
    """As `check_can_determine`, of an issue that `actor` is known to see."""
    if not _is_dcc_tooling(actor):
        require(actor, "determine_issue", clause=CLAUSE, what="determine a Testing Issue")


def check_can_work(actor: Actor, issue: TestingIssue) -> None:
    """Moving an issue through fix and retest, and linking it to runs."""
    check_sees(actor, issue)
    check_may_work(actor)


def check_may_work(actor: Actor) -> None:
    """As `check_can_work`, of an issue that `actor` is known to see."""
    if not _is_dcc_tooling(actor):
        require(actor, "work_issue", clause=CLAUSE, what="work on a Testing Issue")


def check_can_change_state(actor: Actor, issue: TestingIssue, to_state: str) -> None:
    """Who may make this move, whatever state the issue is in."""
    check_sees(actor, issue)
    check_may_move(actor, to_state)


def check_may_move(actor: Actor, to_state: str) -> None:
    """As `check_can_change_state`, of an issue that `actor` is known to see."""
    if to_state in DETERMINATIONS:
        check_may_determine(actor)
    else:
        check_may_work(actor)


def check_can_bulk_edit(actor: Actor) -> None:
    """Who may change issues at all may change many at once; what is allowed of each is asked row by row."""
    if not any(map(actor.may, ("determine_issue", "work_issue", "raise_issue"))):
        require(actor, "work_issue", clause=CLAUSE, what="change Testing Issues")


def check_can_link(actor: Actor, issue: TestingIssue) -> None:
    """An issue is linked to a run, or to another issue, by whoever works on it, or raised it."""
    check_can_edit(actor, issue)


def check_can_comment(actor: Actor, issue: TestingIssue) -> None:
    """Whoever has a part in the issue says something of it: its raiser, the DCC, a board, the SIT Auditor."""
    check_sees(actor, issue)
    if not any(map(actor.may, MAY_COMMENT)):
        require(actor, MAY_COMMENT[0], clause=CLAUSE, what="comment on a Testing Issue")


def check_can_correct(actor: Actor, comment: IssueComment) -> None:
    """A comment is corrected by who made it, once; a correction is corrected in its turn."""
    check_can_comment(actor, comment.issue)
    if actor.kind != "SYSTEM" and (actor.person_pk is None or comment.author_id != actor.person_pk):
        raise ActionDenied(CLAUSE, "Only who made a comment corrects it.")
    if hasattr(comment, "corrected_by"):
        raise Refused(CLAUSE, "This comment was corrected already: correct the correction.")


def check_can_attach(actor: Actor, issue: TestingIssue) -> None:
    """Files are attached by who raised the issue or works on it, and by who keeps evidence."""
    check_sees(actor, issue)
    if not any(map(actor.may, MAY_ATTACH)):
        require(actor, MAY_ATTACH[0], clause=CLAUSE, what="attach a file to a Testing Issue")


def check_can_withdraw_attachment(actor: Actor, attachment: IssueAttachment) -> None:
    """An attachment is withdrawn by who attached it, or by the DCC; its row and its hash stay."""
    check_sees(actor, attachment.issue)
    if attachment.author_id is None or attachment.author_id != actor.person_pk:
        require(actor, "work_issue", clause=CLAUSE, what="withdraw somebody else's attachment")
    if hasattr(attachment, "withdrawal"):
        raise Refused(CLAUSE, f"{attachment.file.name} was withdrawn already.")


def check_can_see_terms(actor: Actor) -> None:
    """What trackers' words mean names every provider: it is for those who see all issues, and the DCC's tooling."""
    if not _is_dcc_tooling(actor):
        require(actor, "see_all_issues", clause=CLAUSE, what="see what trackers' words mean")


def check_can_set_terms(actor: Actor) -> None:
    """What a tracker's words mean is the DCC's to say: the count rests on it."""
    require(actor, "determine_issue", clause=CLAUSE, what="say what a tracker's words mean")


def check_can_propose_exclusion(actor: Actor, issue: TestingIssue) -> None:
    """An exclusion is the DCC's to propose (13.20)."""
    check_sees(actor, issue)
    _require_opener(actor, "propose", clause="SVTAD 13.20", what="propose that a Testing Issue should not count")


def check_can_ask_counting(actor: Actor, issue: TestingIssue) -> None:
    """Whether an SCT issue counts is the DCC's to discuss with TAG (13.22); so is what it presents to TAG (13.23)."""
    check_sees(actor, issue)
    _require_opener(actor, "propose", clause="SVTAD 13.22", what="ask whether a Testing Issue counts")


def _require_opener(actor: Actor, permission: str, *, clause: str, what: str) -> None:
    """The registrar opens for others what they put before a body; else `permission` is needed."""
    if not actor.may("open_matter"):
        require(actor, permission, clause=clause, what=what)


def check_can_dispute(actor: Actor, issue: TestingIssue, *, raised_by: Organisation) -> None:
    """A Testing Participant disputes a severity for itself; the DCC enters one that came to it (14.2).

    Who is a Testing Participant: any organisation that takes part in the phase or raised the issue,
    and any that only tests; not the DCC, which made the determination, nor a body (our reading: 14.2
    does not say whether only the raiser may).
    """
    clause = "SVTAD 14.2"
    check_sees(actor, issue)
    _require_opener(actor, "dispute_severity", clause=clause, what="dispute a Testing Issue's severity")
    if raised_by.kind == OrganisationKind.DCC:
        raise ActionDenied(clause, "The severity is the DCC's own determination: a Testing Participant disputes it.")
    if not acts_for_dcc(actor) and raised_by.pk not in actor.organisation_pks:
        raise ActionDenied(clause, "You may dispute a severity only for the organisation you act for.")
    participates = raised_by.kind in (OrganisationKind.SUPPLIER_PARTY, OrganisationKind.TESTING_PARTICIPANT)
    if not (participates or issue.raised_by_id == raised_by.pk or takes_part(raised_by, issue.scope)):
        raise ActionDenied(clause, f"{raised_by} is no Testing Participant of this Test Phase.")


def check_can_produce_log(actor: Actor) -> None:
    """The Testing Issue log is the DCC's to produce and keep (9.2)."""
    require(actor, "attach_evidence", clause="SVTAD 9.2", what="produce the Testing Issue log")


def check_can_import(actor: Actor, scope: TestScope) -> None:
    """Issues are sent in by the DCC, or by the tooling of a DCC Service Provider that takes part."""
    require(actor, "import_issues", clause="SVTAD 9.2", what="import Testing Issues")
    if not TestScope.objects.visible_to(actor).filter(pk=scope.pk).exists():
        raise ActionDenied("", "You take no part in this Test Phase.")


def takes_part(organisation: Organisation, scope: TestScope) -> bool:
    """Return whether the organisation takes part in the phase, or took part: what it answers for does not lapse."""
    return ScopeParticipation.objects.filter(scope=scope, organisation=organisation).exists()


def _is_dcc_tooling(actor: Actor) -> bool:
    """The DCC's own tracker mirrors its determinations; a provider's tooling may only raise."""
    return acts_for_dcc(actor) and actor.may("import_issues")


# --- what the state allows -------------------------------------------------------------------------


def check_is_open(issue: TestingIssue, *, what: str, clause: str = CLAUSE) -> None:
    """Refuse what is done only to an open issue."""
    if issue.state in CLOSED_STATES:
        raise Refused(clause, f"{issue.reference} is {S(issue.state).label.lower()}: {what} needs it reopened first.")


def check_not_excluded(issue: TestingIssue, scope: TestScope) -> None:
    """Refuse a second proposal while one is open or agreed, and any after the Secretary of State dismissed one."""
    proposals = ExclusionProposal.objects.filter(issue=issue, scope=scope).select_related("matter")
    for proposal in proposals.order_by("id"):
        matter, state = proposal.matter, ExclusionState(proposal.matter.state)
        if state.excludes:
            raise Refused("SVTAD 13.20", f"{issue.reference} is excluded from {scope} already ({matter.reference}).")
        if state in OPEN_EXCLUSIONS:
            raise Refused("SVTAD 13.20", f"{matter.reference} proposes this already and is still open.")
        if state == ExclusionState.SOS_DISMISSED:
            raise Refused("SVTAD 13.21", f"The Secretary of State dismissed it finally ({matter.reference}).")


def check_not_disputed(issue: TestingIssue) -> None:
    """Refuse a second dispute while one is open, and any after TAG decided: that is final (14.2)."""
    for dispute in SeverityDispute.objects.filter(issue=issue).select_related("matter").order_by("id"):
        state = DisputeState(dispute.matter.state)
        if state.is_pending:
            raise Refused("SVTAD 14.2", f"{dispute.matter.reference} disputes this severity already.")
        if state == DisputeState.DECIDED:
            raise Refused("SVTAD 14.2", f"TAG decided on this severity finally ({dispute.matter.reference}).")


def check_raiser_is_eligible(issue: TestingIssue) -> None:
    """Refuse to present an issue of severity 4 or 5 before its Party completed Eligibility Testing (13.23(b)).

    Not where its severity is disputed: what TAG decides may make it one of 1 to 3, which (a) presents.
    """
    if completed_by([issue.raised_by_id], None):
        return
    pending = [state for state in DisputeState if state.is_pending]
    if SeverityDispute.objects.filter(issue=issue, matter__state__in=pending).exists():
        return
    party = issue.raised_by
    if party.kind not in PARTY_KINDS:
        reason = f"{party}, which raised it, is no Party that completes it"
    else:
        reason = f"{party}, which raised it, has not: it is presented once that is recorded"
    raise Refused(
        "SVTAD 13.23(b)",
        f"{issue.reference} is of severity {issue.severity}: of those, what Parties raised that completed Eligibility "
        f"Testing is presented. {reason}.",
    )


def check_not_asked(issue: TestingIssue, scope: TestScope) -> None:
    """Refuse to ask a second time whether an issue counts in a phase (13.22, 13.23)."""
    asked = CountingQuestion.objects.filter(issue=issue, scope=scope).select_related("matter").first()
    if asked is not None:
        raise Refused("SVTAD 13.22", f"{asked.matter.reference} asks already whether it counts in {scope}.")


def check_transition(issue: TestingIssue, to_state: str) -> None:
    """Refuse a move that the life of a Testing Issue does not list, or that lacks what it rests on."""
    listed = TRANSITIONS[issue.state]
    if to_state not in listed:
        options = ", ".join(S(state).label for state in listed)
        wanted = S(to_state).label if to_state in S.values else to_state
        raise Refused(
            CLAUSE, f"{issue.reference} is “{S(issue.state).label}”: it may go to {options}, not to “{wanted}”."
        )
    if to_state == S.DETERMINED:
        missing = missing_for_determination(issue)
        if missing:
            raise Refused(CLAUSE, f"{issue.reference} is not determined while it lacks {' and '.join(missing)}.")


def missing_for_determination(issue: TestingIssue) -> list[str]:
    """Return what the DCC has not determined yet: severity, cause, and whose it is where the DCC's systems are."""
    missing = [] if issue.severity else ["a severity"]
    if not issue.cause:
        missing.append("a cause")
    elif issue.cause == "DCC_SYSTEM" and issue.provider_id is None:
        missing.append("a DCC Service Provider")
    return missing


def path_between(state: str, target: str) -> tuple[str, ...] | None:
    """Return the shortest way by listed moves from `state` to `target`, `target` last, or None.

    A tracker tells where an issue is, not how it came there; the moves in between are recorded. None
    leads through a rejection, which is a determination of its own.
    """
    if target == S.REJECTED:
        return (target,) if target in TRANSITIONS[state] else None
    waiting: deque[tuple[str, ...]] = deque([()])
    seen = {state}
    while waiting:
        path = waiting.popleft()
        for following in TRANSITIONS[path[-1] if path else state]:
            if following == target:
                return (*path, following)
            if following not in seen and following not in CLOSED_STATES:
                seen.add(following)
                waiting.append((*path, following))
    return None
