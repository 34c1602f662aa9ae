"""What the decisions of gates' procedures do; the writing itself is done by the actions."""

from __future__ import annotations

import datetime as dt

from django.urls import NoReverseMatch, reverse

from svtad.gates import actions
from svtad.gates.models import CorrectionPlan, ReleaseMatter
from svtad.gates.policies import missing_judgement
from svtad.gates.queries.contradicted import contradicted_by_id
from svtad.gates.queries.corrections import revocable
from svtad.gates.queries.rounds import criteria_named
from svtad.governance import handlers as governance_handlers
from svtad.governance.models import Decision, Matter
from svtad.governance.registry import register_contradictions, register_missing, register_options
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from svtad.rulebook.procedures import procedure
from testphases.models import TestScope


class GatesHandler:
    """What all of gates' handlers have in common: a matter of one Test Phase, shown on that phase's page."""

    lasting: frozenset[str] = frozenset()
    keeps_dates = False

    def describe(self, matter: Matter) -> str:
        """Return what the matter is about, in a sentence."""
        scope = TestScope.objects.filter(public_id=matter.scope_id).first()
        what = procedure(matter.procedure).title
        return f"{what}, {scope.name}" if scope else what

    def url(self, matter: Matter) -> str:
        """Return the page of the phase, or nothing where no page is served."""
        try:
            return reverse("gates:phase", args=[matter.scope_id]) if matter.scope_id else ""
        except NoReverseMatch:
            return ""

    def audience(self, matter: Matter) -> Audience:
        """Return who may see the matter: set when it was opened."""
        return matter.audience

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Have the phase judged anew."""
        actions.settle_entry_matter(matter=matter, at=at)


class CertificateHandler(GatesHandler):
    """Test Completion Certificates (12.6(i), 15.2)."""

    # One that was issued went out to its provider, and the clock of 15.1 runs from it: TAB revokes it.
    lasting = frozenset({"ISSUE"})

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Hold approval and issue to a judgement that still holds; tell dependants of a revocation."""
        actions.settle_certificate(matter=matter, decision=decision, at=at)


class AssuranceReportHandler(GatesHandler):
    """TAB's approval of the assurance report (9.6)."""

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Have the phase judged anew."""
        actions.settle_assurance_report(matter=matter, at=at)


class WorkOffPlanHandler(GatesHandler):
    """Work Off Plans (15.1)."""

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Check the days that TAB set, and that a plan declared complete is."""
        actions.settle_work_off_plan(matter=matter, decision=decision, at=at)


class CorrectionPlanHandler(GatesHandler):
    """Correction plans for Work Off Plans that will be late (15.2)."""

    # A certificate that TAB revoked with it comes back by TAB's approval and the DCC's issue, not by a correction.
    lasting = frozenset({"APPROVE_AND_REVOKE", "REJECT_AND_REVOKE"})

    def url(self, matter: Matter) -> str:
        """Return the page of the Work Off Plan."""
        held = CorrectionPlan.objects.select_related("plan").filter(matter=matter).first()
        return reverse("gates:plan", args=[held.plan.public_id]) if held else super().url(matter)

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Check the days proposed, and revoke the certificates that TAB elected to."""
        actions.settle_correction_plan(matter=matter, decision=decision, by=by, at=at)


class ApprovalHandler(GatesHandler):
    """The approval to proceed (12.5(e))."""

    # A phase may have started on it.
    lasting = frozenset({"ISSUE"})

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Let it be issued only while the rest of 12.5 is met."""
        actions.settle_approval(matter=matter, decision=decision, at=at)


class SitCompletionHandler(GatesHandler):
    """The Panel's determination (13.15, 13.16). A phase that it completed wrongly is marked, not rolled back."""

    def url(self, matter: Matter) -> str:
        """Return the page on which the rounds of the phase are shown."""
        return reverse("gates:papers", args=[matter.scope_id]) if matter.scope_id else ""

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Complete the phase on a confirmation; refuse only by 14.5."""
        actions.settle_sit_completion(matter=matter, decision=decision, by=by, at=at)


class CompletionReportHandler(GatesHandler):
    """SIT's Completion Report, to TAB, TAG and the Panel (9.7, 19.5)."""

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Hold its steps to the reports that go before it."""
        actions.settle_completion_report(matter=matter, decision=decision, at=at)


class DeselectionHandler(GatesHandler):
    """De-selection of a DMC (13.5 to 13.9)."""

    def url(self, matter: Matter) -> str:
        """Return the page of the phase's DMCs."""
        return reverse("gates:dmcs", args=[matter.scope_id]) if matter.scope_id else ""

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Have the phase judged anew, with or without the DMC's tests."""
        actions.settle_deselection(matter=matter, decision=decision, at=at)


class ReleaseHandler(GatesHandler):
    """What is decided about a release: Interface Testing repeated (7.3), code promoted (9.4, 9.8)."""

    def describe(self, matter: Matter) -> str:
        """Return what the matter is about, in a sentence."""
        link = self._link(matter)
        what = procedure(matter.procedure).title
        return f"{what}, {link.release.code}" if link else matter.title

    def url(self, matter: Matter) -> str:
        """Return the page of the release."""
        link = self._link(matter)
        return reverse("gates:release", args=[link.release.public_id]) if link else ""

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Have the phases judged anew that it bears on."""
        actions.settle_release_matter(matter=matter, at=at)

    @staticmethod
    def _link(matter: Matter) -> ReleaseMatter | None:
        found: ReleaseMatter | None = ReleaseMatter.objects.select_related("release").filter(matter=matter).first()
        return found


def register() -> None:
    """Register the handler of each procedure whose subject stands in gates."""
    for key, handler in (
        ("TEST_COMPLETION_CERTIFICATE", CertificateHandler()),
        ("ASSURANCE_REPORT", AssuranceReportHandler()),
        ("WORK_OFF_PLAN", WorkOffPlanHandler()),
        ("CORRECTION_PLAN", CorrectionPlanHandler()),
        ("APPROVAL_TO_PROCEED", ApprovalHandler()),
        ("SIT_COMPLETION", SitCompletionHandler()),
        ("COMPLETION_REPORT", CompletionReportHandler()),
        ("DMC_DESELECTION", DeselectionHandler()),
        ("OVERLAP", GatesHandler()),
        ("TAD_APPROVAL", GatesHandler()),
        ("INTERFACE_REPEAT", ReleaseHandler()),
        ("CODE_PROMOTION", ReleaseHandler()),
    ):
        governance_handlers.register(key, handler)
    register_contradictions(contradicted_by_id)
    register_options("CORRECTION_PLAN", revocable)
    register_options("SIT_COMPLETION", criteria_named)
    register_missing("SIT_COMPLETION", missing_judgement)
