"""What the decisions of boards do to Testing Issues, in the decision's own transaction."""

from __future__ import annotations

import datetime as dt

from django.urls import NoReverseMatch, reverse

from issues.actions.determining import apply_severity_decision
from issues.actions.recording import tell_scopes
from issues.models import CountingQuestion, ExclusionProposal, SeverityDispute, TestingIssue
from issues.queries.boards import OPEN_EXCLUSIONS
from svtad.governance import handlers as governance_handlers
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from svtad.rulebook.vocabulary import DisputeState, ExclusionState

_WITHOUT_ISSUE = "This matter names no Testing Issue: open it from the issue's page."


def _page_of(issue: TestingIssue | None) -> str:
    if issue is None:
        return ""
    try:
        return reverse("issues:issue", args=[issue.public_id])
    except NoReverseMatch:
        return ""


class ExclusionHandler:
    """Exclusion of an issue from the threshold of a scope (13.20, 13.21). The effect is the matter's state."""

    lasting: frozenset[str] = frozenset()
    keeps_dates = False

    def describe(self, matter: Matter) -> str:
        """Return what the matter is about, in a sentence."""
        proposal = self._find(matter)
        if proposal is None:
            return matter.title
        return f"Exclude {proposal.issue.reference} “{proposal.issue.title}” from the count of {proposal.scope}."

    def url(self, matter: Matter) -> str:
        """Return the page of the issue."""
        proposal = self._find(matter)
        return _page_of(proposal.issue if proposal else None)

    def audience(self, matter: Matter) -> Audience:
        """Return who may see the matter: set when it was opened."""
        return matter.audience

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Leave word for every scope that counts the issue; refuse a referral beside another open proposal."""
        proposal = self._find(matter)
        if proposal is None:
            raise Refused(decision.clause, _WITHOUT_ISSUE)
        if decision.to_state == ExclusionState.REFERRED:
            others = ExclusionProposal.objects.filter(
                issue=proposal.issue, scope=proposal.scope, matter__state__in=OPEN_EXCLUSIONS
            ).exclude(pk=proposal.pk)
            other = others.select_related("matter").first()
            if other is not None:
                raise Refused(decision.clause, f"The exclusion was proposed anew ({other.matter.reference}).")
        tell_scopes(raised_in=[proposal.issue.scope, proposal.scope], at=at)

    @staticmethod
    def _find(matter: Matter) -> ExclusionProposal | None:
        found: ExclusionProposal | None = (
            ExclusionProposal.objects.select_related("issue__scope__release", "scope__release")
            .filter(matter=matter)
            .first()
        )
        return found


class SeverityDisputeHandler:
    """A severity dispute (14.2): TAG's decision becomes a determination, in effect from its notification (14.4)."""

    lasting: frozenset[str] = frozenset()
    keeps_dates = True

    def describe(self, matter: Matter) -> str:
        """Return what the matter is about, in a sentence."""
        dispute = self._find(matter)
        if dispute is None:
            return matter.title
        return (
            f"{dispute.raised_by} holds {dispute.issue.reference} “{dispute.issue.title}” to be severity "
            f"{dispute.participant_severity}, the DCC severity {dispute.dcc_severity}."
        )

    def url(self, matter: Matter) -> str:
        """Return the page of the issue."""
        dispute = self._find(matter)
        return _page_of(dispute.issue if dispute else None)

    def audience(self, matter: Matter) -> Audience:
        """Return who may see the matter: set when it was opened."""
        return matter.audience

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Write TAG's determination, or let the raiser withdraw; either way the judgements change."""
        dispute = self._find(matter)
        if dispute is None:
            raise Refused(decision.clause, _WITHOUT_ISSUE)
        if decision.to_state == DisputeState.DECIDED:
            severity = str(decision.data.get("severity", ""))
            apply_severity_decision(issue=dispute.issue, severity=severity, decision=decision, by=by, at=at)
            return
        if decision.to_state == DisputeState.WITHDRAWN and not self._may_withdraw(by, dispute):
            raise ActionDenied(decision.clause, f"Only {dispute.raised_by}, who raised the dispute, withdraws it.")
        tell_scopes(raised_in=[dispute.issue.scope], at=at)

    @staticmethod
    def _may_withdraw(actor: Actor, dispute: SeverityDispute) -> bool:
        """The raiser, or the registrar who records its withdrawal; not the DCC, whose severity is disputed."""
        return dispute.raised_by_id in actor.organisation_pks or actor.may("record_decision")

    @staticmethod
    def _find(matter: Matter) -> SeverityDispute | None:
        found: SeverityDispute | None = (
            SeverityDispute.objects.select_related("issue__scope__release", "raised_by").filter(matter=matter).first()
        )
        return found


class SctCountHandler:
    """Whether an SCT issue counts in SIT (13.22, 13.24). The effect is the matter's state."""

    lasting: frozenset[str] = frozenset()
    keeps_dates = False

    def describe(self, matter: Matter) -> str:
        """Return what the matter is about, in a sentence."""
        question = self._find(matter)
        if question is None:
            return matter.title
        return f"Whether {question.issue.reference} “{question.issue.title}” counts in {question.scope}."

    def url(self, matter: Matter) -> str:
        """Return the page of the issue."""
        question = self._find(matter)
        return _page_of(question.issue if question else None)

    def audience(self, matter: Matter) -> Audience:
        """Return who may see the matter: set when it was opened."""
        return matter.audience

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Leave word for every scope that counts the issue, or may."""
        question = self._find(matter)
        if question is None:
            raise Refused(decision.clause, _WITHOUT_ISSUE)
        tell_scopes(raised_in=[question.issue.scope], at=at)

    @staticmethod
    def _find(matter: Matter) -> CountingQuestion | None:
        found: CountingQuestion | None = (
            CountingQuestion.objects.select_related("issue__scope__release", "scope").filter(matter=matter).first()
        )
        return found


class InterfaceCountHandler(SctCountHandler):
    """Whether a presented issue counts in Interface Testing, and whether its severity is right (13.23, 13.24)."""

    # The severity that TAG or the Secretary of State determined is written anew with each record.
    keeps_dates = True

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Write a severity that was determined; leave word for every scope that counts the issue, or may."""
        question = self._find(matter)
        if question is None:
            raise Refused(decision.clause, _WITHOUT_ISSUE)
        if decision.outcome in ("CHANGE_SEVERITY", "DETERMINE_SEVERITY"):
            severity = str(decision.data.get("severity", ""))
            apply_severity_decision(issue=question.issue, severity=severity, decision=decision, by=by, at=at)
        tell_scopes(raised_in=[question.issue.scope, question.scope], at=at)


def register() -> None:
    """Register the handlers of the procedures whose subject is a Testing Issue."""
    governance_handlers.register("EXCLUSION", ExclusionHandler())
    governance_handlers.register("SEVERITY_DISPUTE", SeverityDisputeHandler())
    governance_handlers.register("SCT_COUNT", SctCountHandler())
    governance_handlers.register("INTERFACE_COUNT", InterfaceCountHandler())
