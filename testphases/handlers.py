"""What a final approval of a de-scoping does (12.6(a)), in the decision's own transaction."""

from __future__ import annotations

import datetime as dt

from django.urls import NoReverseMatch, reverse

from svtad.governance import handlers as governance_handlers
from svtad.governance.models import Decision, Matter
from svtad.governance.registry import Phase, register_phases
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from testphases.actions.descoping import APPROVED, apply_decision
from testphases.models import DescopeRequest, TestScope


class DescopeHandler:
    """De-scopes the tests of a request once the deciding body has finally approved it."""

    lasting: frozenset[str] = frozenset()
    keeps_dates = True

    def describe(self, matter: Matter) -> str:
        """Return what the matter is about, in a sentence."""
        request = self._request(matter)
        if request is None:
            return matter.title
        count = request.items.count()
        tests = "1 planned test" if count == 1 else f"{count} planned tests"
        return f"De-scope {tests} of {request.scope.name}: {request.justification}"

    def url(self, matter: Matter) -> str:
        """Return the page of the phase, or nothing where no page is served."""
        request = self._request(matter)
        if request is None:
            return ""
        try:
            return reverse("testphases:scope", args=[request.scope.public_id])
        except NoReverseMatch:
            return ""

    def audience(self, matter: Matter) -> Audience:
        """Return who may see the matter: set when it was opened."""
        return matter.audience

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Write a Descoping for each test where `decision` is the final approval; any other ends those written before.

        Raises `Refused` for a matter that names no tests: there would be nothing to approve.
        """
        request = self._request(matter)
        if request is None:
            raise Refused("SVTAD 12.6(a)", "This matter names no planned tests: propose it from the phase's tests.")
        apply_decision(request=request, decision=decision, at=at)

    @staticmethod
    def _request(matter: Matter) -> DescopeRequest | None:
        return DescopeRequest.objects.select_related("scope").filter(matter=matter).first()


def phase_of(actor: Actor, public_id: str) -> Phase | None:
    """Return what a matter has to know of a test scope, or None where `actor` may not see it."""
    found = TestScope.objects.visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        return None
    return Phase(public_id=found.public_id, kind=found.kind, is_synthetic=found.is_synthetic)


def register() -> None:
    """Register the handler for both de-scoping procedures, and tell matters of the phases that they are about."""
    register_phases(phase_of)
    for procedure in APPROVED:
        governance_handlers.register(procedure, DescopeHandler())
