"""Who may open a matter, record a decision, correct the calendar."""

from __future__ import annotations

from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor
from svtad.parties.models import OrganisationKind
from svtad.parties.policies import require
from svtad.rulebook.procedures import Procedure
from svtad.rulebook.vocabulary import Body

#: Kinds of organisation that are Testing Participants.
_PARTICIPANTS = frozenset(
    {
        OrganisationKind.SUPPLIER_PARTY,
        OrganisationKind.TESTING_PARTICIPANT,
        OrganisationKind.DCC_SERVICE_PROVIDER,
        OrganisationKind.DCC,
    }
)


#: For which bodies of the procedures the members of each kind of organisation act.
_BODIES = {
    OrganisationKind.DCC: Body.DCC,
    OrganisationKind.TAB: Body.TAB,
    OrganisationKind.TAG: Body.TAG,
    OrganisationKind.PANEL: Body.PANEL,
    OrganisationKind.SIT_AUDITOR: Body.SIT_AUDITOR,
    OrganisationKind.DCC_SERVICE_PROVIDER: Body.PROVIDER,
    OrganisationKind.SUPPLIER_PARTY: Body.SUPPLIER,
    OrganisationKind.TESTING_PARTICIPANT: Body.PARTICIPANT,
}


def bodies_of(actor: Actor) -> frozenset[Body]:
    """Return the bodies for which `actor` acts; a registrar also for those that do not act in the product."""
    own = {_BODIES[kind] for kind in map(OrganisationKind, actor.organisation_kinds) if kind in _BODIES}
    if own & {Body.SUPPLIER, Body.PROVIDER}:
        own.add(Body.PARTICIPANT)
    if actor.may("record_decision"):
        own |= {Body.SOS, Body.AUTHORITY}
    return frozenset(own)


def check_can_open_matter(actor: Actor, procedure: Procedure) -> None:
    """A registrar opens any matter; the DCC's test manager those the DCC proposes; a participant a dispute."""
    if actor.may("open_matter"):
        return
    if procedure.proposer == Body.DCC:
        require(actor, "propose", clause=procedure.clause, what=f"put this before a body: {procedure.title}")
        return
    require(actor, "dispute_severity", clause=procedure.clause, what=f"put this before a body: {procedure.title}")


def check_can_record_decision(actor: Actor, matter: Matter, *, body: str, clause: str) -> None:
    """The registrar records what bodies decide; the DCC's own steps its test manager too; a withdrawal who disputed.

    Boards and the Secretary of State do not act in the product themselves (our choice, rules.md §3).
    Whether a participant is the one that raised the dispute is the handler's question.
    """
    _check_sees(actor, matter)
    if actor.may("record_decision"):
        return
    if body == Body.DCC and actor.may("propose"):
        return
    if body == Body.PARTICIPANT and actor.may("dispute_severity") and actor.organisation_kinds & _PARTICIPANTS:
        return
    require(actor, "record_decision", clause=clause, what=f"record a step of {body}")


def check_can_ask_view(actor: Actor, matter: Matter) -> None:
    """Views are asked for by whoever brings a matter for the DCC, and by the registrar."""
    _check_sees(actor, matter)
    if not actor.may("record_decision"):
        require(actor, "propose", what="ask a body for its view")


def check_can_give_view(actor: Actor, matter: Matter, *, body: str) -> None:
    """A body's view is given by those of its members who may, or recorded by the registrar."""
    _check_sees(actor, matter)
    if actor.may("give_view") and body in actor.organisation_kinds:
        return
    require(actor, "record_decision", what=f"record the view of {body}")


def check_can_keep_document(actor: Actor) -> None:
    """Documents that decisions rest on are kept by those who record or propose them."""
    if not (actor.may("record_decision") or actor.may("propose")):
        require(actor, "attach_evidence", what="keep a document of a decision")


def check_can_manage_notices(actor: Actor) -> None:
    """What goes by hand is recorded by the registrar, who also sends again and withdraws."""
    require(actor, "record_decision", what="record or change how a notice is delivered")


def check_can_set_notice_address(actor: Actor) -> None:
    """Addresses outside the product are set by administrators."""
    require(actor, "manage_people", what="set an address outside the product")


def check_can_see_outbox(actor: Actor) -> None:
    """Where every e-mail is, and to which address, is for those who look after it."""
    if not actor.may("record_decision"):
        require(actor, "manage_people", what="see where every notice is")


def check_can_manage_calendar(actor: Actor) -> None:
    """Correcting the holiday list is for administrators."""
    require(actor, "manage_calendar", what="correct the calendar of Working Days")


def _check_sees(actor: Actor, matter: Matter) -> None:
    if not Matter.objects.visible_to(actor).filter(pk=matter.pk).exists():
        raise ActionDenied("", "There is no such matter among those you may see.")
