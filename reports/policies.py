"""Who may have a report made, and of what."""

from __future__ import annotations

from svtad.gates.models import Assessment
from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor
from svtad.parties.policies import require
from testphases.models import TestScope


def check_can_request_report(actor: Actor, scope: TestScope) -> None:
    """Have the Completion Report of a phase made: the DCC produces it (9.7), of a phase that the person sees."""
    require(actor, "generate_report", clause="SVTAD 9.7", what="have a Completion Report made")
    if not TestScope.objects.visible_to(actor).filter(pk=scope.pk).exists():
        raise ActionDenied("SVTAD 9.7", "There is no such Test Phase among those you may see.")


def check_can_report_on(actor: Actor, assessment: Assessment) -> None:
    """Have a report made of one assessment: who may for its phase, and may see the assessment."""
    check_can_request_report(actor, assessment.scope)
    if not Assessment.objects.visible_to(actor).filter(pk=assessment.pk).exists():
        raise ActionDenied("SVTAD 9.7", "There is no such assessment among those you may see.")


def check_can_request_pack(actor: Actor, assessment: Assessment) -> None:
    """Have a sealed decision pack made: who sees whole phases and may have reports made, of what the person sees."""
    require(actor, "see_all_phases", what="have a decision pack of a whole phase made")
    check_can_report_on(actor, assessment)


def check_can_see_matter(actor: Actor, matter: Matter) -> None:
    """Have a pack made of a matter: one that the person sees."""
    if not Matter.objects.visible_to(actor).filter(pk=matter.pk).exists():
        raise ActionDenied("", "There is no such matter among those you may see.")
