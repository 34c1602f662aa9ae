"""What the decisions of the reports' procedures do; the writing itself is done by the actions."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from reports import actions, queries
from svtad.gates.models import PartyCopies
from svtad.gates.queries.copies import sections_named
from svtad.governance import handlers as governance_handlers
from svtad.governance.models import Decision, Matter
from svtad.governance.registry import register_missing, register_options
from svtad.parties.actors import Actor
from svtad.parties.models import Audience

_KEY = "REDACTED_COPIES"


class CopiesHandler:
    """Copies of the SIT reports for the Parties (13.17)."""

    # What the Parties were given cannot be taken back: the Panel directs anew, and new copies follow.
    lasting: frozenset[str] = frozenset({"SHARE"})
    keeps_dates = False

    def describe(self, matter: Matter) -> str:
        """Return of which phase and which report the copies are."""
        held = PartyCopies.objects.select_related("scope", "report__file").filter(matter=matter).first()
        if held is None:
            return "Copies of the SIT reports for the Parties, of no package that the product knows"
        of = f", from {held.report.file.name}" if held.report is not None else ""
        return f"Copies of the SIT reports of {held.scope.name} for the Parties{of}"

    def url(self, matter: Matter) -> str:
        """Return the page of the lists and the copies."""
        return reverse("reports:copies", args=[matter.scope_id]) if matter.scope_id else ""

    def audience(self, matter: Matter) -> Audience:
        """Return who may see the matter: set when it was opened."""
        return matter.audience

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Have the copies made on the Panel's direction; give them to the Parties when the DCC shares them."""
        actions.settle_copies(matter=matter, decision=decision, by=by, at=at)


def missing_package(matter: Matter, outcome: str) -> list[str]:
    """Return in words that the Panel directs before a package was sent: shown, never refused for (rule 16)."""
    if outcome != "DIRECT":
        return []
    held = PartyCopies.objects.select_related("scope").filter(matter=matter).first()
    if held is None or held.package_id is not None or queries.packages_of(held.scope):
        return []
    return ["The package of the Completion Report, the SIT Auditor Report and the DCC's list (13.15(b))"]


def register() -> None:
    """Register the handler of each procedure whose subject is a report."""
    governance_handlers.register(_KEY, CopiesHandler())
    register_options(_KEY, sections_named)
    register_missing(_KEY, missing_package)
