"""Who may open a matter, record a decision, correct the calendar."""

from __future__ import annotations

from svtad.governance.models import Matter, Meeting
from svtad.governance.registry import RECORD_ONLY
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind, Person
from svtad.parties.policies import check_not_own, check_records_for, require
from svtad.parties.roles import RECORDS_FOR, ROLES, Role, permissions_to_record
from svtad.rulebook.procedures import Procedure, Transition, procedure
from svtad.rulebook.vocabulary import Body

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
    """A registrar opens any matter; the DCC's test manager those the DCC proposes; a participant a dispute.

    What the Secretary of State or a Supplier Party brings, the registrar opens for them.
    """
    if actor.may("open_matter"):
        return
    wanted = {Body.DCC: "propose", Body.PARTICIPANT: "dispute_severity"}.get(procedure.proposer, "open_matter")
    require(actor, wanted, clause=procedure.clause, what=f"put this before a body: {procedure.title}")


def check_can_open_recorded(actor: Actor, procedure: Procedure) -> None:
    """As for any matter; what others than the DCC bring, and is only recorded so far, the registrar opens for them."""
    check_can_open_matter(actor, procedure)
    if procedure.key in RECORD_ONLY and procedure.proposer != Body.DCC:
        require(actor, "open_matter", clause=procedure.clause, what=f"put this before a body: {procedure.title}")


def check_can_record_decision(actor: Actor, matter: Matter, *, step: Transition) -> None:
    """The registrar records what bodies decide; a board's chair or secretary what that board does; the DCC its own.

    The Secretary of State does not act in the product (our choice, rules.md §3). Whether a participant is the one that
    raised the dispute is the handler's question. What another body decides on a matter is not recorded by who put the
    matter forward (`Procedure.answers`), unless an administrator allowed that for the procedure.
    """
    _check_sees(actor, matter)
    check_records_for(actor, step.body, clause=step.clause)
    rules = procedure(matter.procedure)
    if rules.answers(step):
        check_not_own(actor, *matter.put_forward_by, procedure=rules.key, clause=step.clause)


def check_can_ask_view(actor: Actor, matter: Matter) -> None:
    """Views are asked for by whoever brings a matter for the DCC, and by the registrar."""
    _check_sees(actor, matter)
    if not actor.may("record_decision"):
        require(actor, "propose", what="ask a body for its view")


def check_can_give_view(actor: Actor, matter: Matter, *, body: str, is_remark: bool = False) -> None:
    """A board's view is recorded by its chair or secretary, any body's by the registrar; members add remarks.

    No clause says who speaks for TAG: what fulfils a consultation is its view as a body, not any member's (ours).
    """
    _check_sees(actor, matter)
    if actor.may("record_decision"):
        return
    speaking = permissions_to_record(body)
    wanted = {"give_view", *speaking} if is_remark else set(speaking)
    if body in actor.organisation_kinds and any(actor.may(each) for each in wanted):
        return
    what = f"record a remark of a member of {body}" if is_remark else f"record the view of {body} as a body"
    who = ", ".join(role.title for role in ROLES.values() if role.permissions & wanted and _may_be_of(role, body))
    raise ActionDenied("", f"You may not {what}. It is for: {who}.", permission=speaking[-1])


def _may_be_of(role: type[Role], body: str) -> bool:
    return "record_decision" in role.permissions or body in role.organisations


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


def check_can_plan_meetings(actor: Actor, body: str) -> None:
    """A board's meetings are planned and kept by the registrar, and by those of its members who decide for it."""
    own = RECORDS_FOR[Body(body)]
    if actor.may("record_decision") or (actor.may(own) and body in actor.organisation_kinds):
        return
    who = ", ".join(role.title for role in ROLES.values() if role.permissions & {"record_decision", own})
    raise ActionDenied("", f"You may not plan or keep meetings of {body}. It is for: {who}.", permission=own)


def check_can_keep_meeting(actor: Actor, meeting: Meeting) -> None:
    """Agenda, papers, attendance and minutes are kept by who plans the body's meetings and may see this one."""
    if not Meeting.objects.visible_to(actor).filter(pk=meeting.pk).exists():
        raise ActionDenied("", "There is no such meeting among those you may see.")
    check_can_plan_meetings(actor, meeting.body)


def check_sees_matter(actor: Actor, matter: Matter) -> None:
    """Nobody does anything to a matter that they may not see."""
    _check_sees(actor, matter)


def check_can_set_body_rule(actor: Actor) -> None:
    """What no document says of a body's meetings is set by administrators."""
    require(actor, "set_parameter", what="set the quorum of a body")


def check_can_declare_interest(actor: Actor, *, person: Person | None, organisation: Organisation | None) -> None:
    """Everybody declares an interest of their own or of their organisation; the registrar records another's."""
    if person is not None and person.pk == actor.person_pk:
        return
    if organisation is not None and organisation.pk in actor.organisation_pks:
        return
    require(actor, "record_decision", what="declare or withdraw the interest of somebody else")
