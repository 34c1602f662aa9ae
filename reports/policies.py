"""Who may have a report made, and of what."""

from __future__ import annotations

from svtad.gates.models import Assessment, PartyCopies
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


def check_can_open_copies(actor: Actor, scope: TestScope) -> None:
    """Begin the lists of 13.15(b) and 13.17: the DCC, whose proposal comes first, and the Panel, who directs."""
    if not (actor.may("propose") or actor.may("record_decision") or _of_panel(actor)):
        require(actor, "propose", clause="SVTAD 13.17", what="begin the lists of what is redacted for the Parties")
    if not TestScope.objects.visible_to(actor).filter(pk=scope.pk).exists():
        raise ActionDenied("SVTAD 13.17", "There is no such Test Phase among those you may see.")


def check_can_share(actor: Actor, copies: PartyCopies) -> None:
    """Make, bring and share copies: the DCC, and its registrar, where they read the lists."""
    if not actor.may("record_decision"):
        require(actor, "propose", clause="SVTAD 13.17", what="provide the Parties with copies")
    check_can_see_copies(actor, copies)


def check_can_see_copies(actor: Actor, copies: PartyCopies) -> None:
    """The lists are read by the DCC, the Panel, the Authority and the Secretary of State, and by nobody else."""
    if not PartyCopies.objects.visible_to(actor).filter(pk=copies.pk).exists():
        raise ActionDenied("SVTAD 13.17", "There are no such lists among those you may see.")


def _of_panel(actor: Actor) -> bool:
    return actor.may("decide_as_panel") and "PANEL" in actor.organisation_kinds


def check_can_request_pack(actor: Actor, assessment: Assessment) -> None:
    """Have a sealed decision pack made: who sees whole phases and may have reports made, of what the person sees."""
    require(actor, "see_all_phases", what="have a decision pack of a whole phase made")
    check_can_report_on(actor, assessment)


def check_can_see_matter(actor: Actor, matter: Matter) -> None:
    """Have a pack made of a matter: one that the person sees."""
    if not Matter.objects.visible_to(actor).filter(pk=matter.pk).exists():
        raise ActionDenied("", "There is no such matter among those you may see.")
