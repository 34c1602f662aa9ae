"""Who may do a thing, through which role; and why somebody may not.

What is answered is what the policy answers that guards the act: it is asked of each person with the roles that they
hold, so that no second rule can say otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from svtad.lib.clock import london_date
from svtad.parties.actors import Actor, acting, actor_for
from svtad.parties.models import Deputyship, DeputyStep, Membership, OrganisationKind, Person
from svtad.parties.policies import allowed, check_records_for, require
from svtad.parties.queries import factors_of, organisations_for, own_decision_allowed, second_factor_roles
from svtad.parties.roles import ACT_FOR, PERMISSIONS, ROLES, permissions_to_record
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body


@dataclass(frozen=True, kw_only=True)
class Act:
    """What somebody may do or not: the permissions any one of which it takes, and the policy that guards it.

    `check` raises ActionDenied with its reason. Of a step, `procedure`, `body` and `outcome` say of which.
    """

    permissions: tuple[str, ...]
    check: Callable[[Actor], None]
    procedure: str = ""
    body: str = ""
    outcome: str = ""


def act_of(permission: str) -> Act:
    """Return the act that takes that one permission."""
    return Act(permissions=(permission,), check=lambda actor: require(actor, permission, what=PERMISSIONS[permission]))


def step_of(body: str, *, procedure: str = "", outcome: str = "") -> Act:
    """Return the recording of a step of `body`: of any, or of that `procedure`, and of that `outcome` of it."""
    return Act(
        permissions=permissions_to_record(body),
        check=lambda actor: check_records_for(actor, Body(body)),
        procedure=procedure,
        body=body,
        outcome=outcome,
    )


@dataclass(frozen=True)
class Holder:
    """Somebody who may do the thing: through which role, where, from when to when, and for whom as a deputy.

    `name` and `person` are empty where the reader does not learn who it is; `waits` says what keeps it from holding
    now ("" where it holds).
    """

    person: str
    name: str
    role: str
    organisation: str
    starts_on: dt.date
    ends_on: dt.date | None
    deputy_for: str = ""
    waits: str = ""


@dataclass(frozen=True)
class Reason:
    """One thing that lets somebody do it (`good`) or keeps them from it."""

    text: str
    good: bool = False


def holders(act: Act, *, reader: Actor, at: dt.datetime) -> list[Holder]:
    """Return who may do it at the instant `at`, or will, by role, organisation and name.

    Who governs reads names; others read those of their own organisations, and elsewhere the role alone. Organisations
    that the reader may not know of are left out.
    """
    today = london_date(at)
    lasting = Membership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today), Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    )
    rows = (
        _memberships_with(act.permissions)
        .filter(pk__in=lasting.values("pk"), person__is_active=True, organisation__in=organisations_for(reader))
        .select_related("person", "organisation")
    )
    doing = _let_do(
        act, list(rows), list(lasting.filter(person__in=rows.values("person")).select_related("organisation"))
    )
    deputyships = Deputyship.objects.with_names().filter(
        membership__in=[row.pk for row in doing], ends_on__gte=today, deputy__is_active=True
    )
    found = [
        _holder(row.person, row, row.starts_on, row.ends_on, reader, waits=_not_begun(row.starts_on, today))
        for row in doing
    ]
    for each in deputyships:
        if not _does(act, each.deputy, [each.membership]):
            continue
        steps = {step.step for step in each.steps.all()}
        if steps & {DeputyStep.REFUSED, DeputyStep.ENDED}:
            continue
        waits = _not_begun(each.starts_on, today) if steps else "waits to be confirmed"
        found.append(
            _holder(each.deputy, each.membership, each.starts_on, each.ends_on, reader, deputy=True, waits=waits)
        )
    return sorted(found, key=lambda row: (row.organisation, row.role, row.deputy_for, row.name, row.starts_on))


def _let_do(act: Act, rows: list[Membership], beside: list[Membership]) -> list[Membership]:
    """Return those of `rows` that let their person do it: alone, or only with what the person holds `beside`."""
    alone = {row.pk for row in rows if _does(act, row.person, [row])}
    served = {row.person_id for row in rows if row.pk in alone}
    found = []
    for row in rows:
        theirs = [each for each in beside if each.person_id == row.person_id and each.starts_on <= row.starts_on]
        if row.pk in alone or (row.person_id not in served and _does(act, row.person, [row, *theirs])):
            found.append(row)
    return found


def _does(act: Act, person: Person, held: list[Membership]) -> bool:
    return not _refusal(act, acting(person, held))


def _refusal(act: Act, actor: Actor) -> str:
    """Return why the policy turns `actor` away, or "" where it lets them."""
    return allowed(act.check, actor)[1]


def members_words(act: Act | None) -> str:
    """Return whose members alone may do it by the permission of their own body, or "" where that is not asked."""
    kinds = ACT_FOR.get(Body(act.body), frozenset()) if act is not None and act.body else frozenset()
    return ", ".join(sorted(str(kind.label) for kind in kinds))


def may_now(act: Act, actor: Actor) -> bool:
    """Return whether the policy lets `actor`, whoever they act as."""
    return not _refusal(act, actor)


def reasons(person: Person, act: Act, *, at: dt.datetime) -> tuple[bool, list[Reason]]:
    """Return (whether `person` may do it as themselves, why or why not), most telling first.

    Of a step of a procedure it is said too what holds of who put a matter of it forward.
    """
    if not person.is_active:
        return False, [Reason("Shut out by an administrator: no sign-in, no session and no token holds.")]
    today = london_date(at)
    why_not = _refusal(act, actor_for(person, at=at))
    held, other = [], []
    for row in _memberships_with(act.permissions).filter(person=person).select_related("organisation"):
        role = f"{ROLES[row.role].title} in {row.organisation}"
        ended = (row.ended_at is not None and row.ended_at <= at) or (row.ends_on is not None and row.ends_on < today)
        if ended:
            other.append(Reason(f"The role {role} ended on {row.ends_on:%-d %B %Y}."))
        elif row.starts_on > today:
            other.append(Reason(f"The role {role} begins on {row.starts_on:%-d %B %Y}."))
        elif alone := _refusal(act, acting(person, [row])):
            together = "" if why_not else " It does so together with another role."
            other.append(Reason(f"The role {role} by itself does not let do it. {alone}{together}", good=not why_not))
        else:
            until = f", until {row.ends_on:%-d %B %Y}" if row.ends_on else ""
            held.append((row.role, Reason(f"{role} lets do it{until}.", good=True)))
    told = [reason for _, reason in held]
    if why_not:
        told += [Reason(_roles_without(person, at=at)), *other, Reason(f"The rule says: {why_not}")]
    else:
        told += [reason for reason in other if reason.good]
        told += _second_factor(person, {role for role, _ in held} or actor_for(person, at=at).roles)
    told += _as_deputy(person, act, at=at)
    if act.procedure:
        told += _own(act)
    return not why_not, told


def _memberships_with(permissions: Collection[str]) -> QuerySet[Membership]:
    wanted = set(permissions)
    return Membership.objects.filter(role__in=[key for key, role in ROLES.items() if wanted & role.permissions])


def _holder(
    person: Person,
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date | None,
    reader: Actor,
    *,
    deputy: bool = False,
    waits: str = "",
) -> Holder:
    named = _reads_names(reader) or membership.organisation_id in reader.organisation_pks
    return Holder(
        person=person.public_id if named else "",
        name=person.name if named else "",
        role=ROLES[membership.role].title,
        organisation=membership.organisation.name,
        starts_on=starts_on,
        ends_on=ends_on,
        deputy_for=(membership.person.name if named else "a member") if deputy else "",
        waits=waits,
    )


def _reads_names(reader: Actor) -> bool:
    return (
        reader.sees_everything
        or reader.may("see_all_phases")
        or reader.may("manage_people")
        or OrganisationKind.DCC in reader.organisation_kinds
    )


def _not_begun(starts_on: dt.date, today: dt.date) -> str:
    return f"begins on {starts_on:%-d %B %Y}" if starts_on > today else ""


def _roles_without(person: Person, *, at: dt.datetime) -> str:
    now_held = person.memberships.select_related("organisation").held_at(at)
    titles = [f"{ROLES[row.role].title} in {row.organisation}" for row in now_held if row.role in ROLES]
    if not titles:
        return "No role is held today."
    return f"Roles held today do not let do it: {'; '.join(titles)}."


def _second_factor(person: Person, roles: Iterable[str]) -> Iterator[Reason]:
    wanting = sorted(ROLES[role].title for role in second_factor_roles() & set(roles))
    if wanting and not factors_of(person):
        yield Reason(f"A second factor is needed ({', '.join(wanting)}), and none is set up.")
    elif wanting:
        yield Reason(f"A second factor is needed at sign-in ({', '.join(wanting)}); one is set up.", good=True)


def _as_deputy(person: Person, act: Act, *, at: dt.datetime) -> Iterator[Reason]:
    today = london_date(at)
    rows = Deputyship.objects.with_names().filter(
        deputy=person, membership__in=_memberships_with(act.permissions), ends_on__gte=today
    )
    holding = set(Deputyship.objects.held_at(at).filter(deputy=person).values_list("pk", flat=True))
    for each in rows:
        steps = {step.step for step in each.steps.all()}
        whom = f"Deputy for {each.membership.person} ({ROLES[each.membership.role].title})"
        if each.pk in holding and (refused := _refusal(act, acting(person, [each.membership]))):
            yield Reason(f"{whom}: does not let do it. {refused}")
        elif each.pk in holding:
            yield Reason(f"{whom}, until {each.ends_on:%-d %B %Y}: acting as the deputy lets do it.", good=True)
        elif DeputyStep.ENDED in steps:
            yield Reason(f"{whom}: ended.")
        elif DeputyStep.REFUSED in steps:
            yield Reason(f"{whom}: refused.")
        elif not steps:
            yield Reason(f"{whom}: waits to be confirmed.")
        elif each.starts_on > today:
            yield Reason(f"{whom}: begins on {each.starts_on:%-d %B %Y}.")
        else:
            yield Reason(f"{whom}: the role or one of the two people does not hold any more.")


def _own(act: Act) -> Iterator[Reason]:
    """Say what holds of who put a matter forward: the reading is that of `Procedure.answers`."""
    rules = PROCEDURES[act.procedure]
    steps = [each for each in rules.transitions if act.body in ("", each.body) and act.outcome in ("", each.outcome)]
    if steps and not any(rules.answers(each) for each in steps):
        yield Reason(
            "Who put a matter forward may record this: it is a step of the body that proposes, a referral, or of a "
            "body that does not decide here, and so approves nothing (our reading).",
            good=True,
        )
    elif own_decision_allowed(act.procedure):
        yield Reason("Who put a matter of this procedure forward may record its decision too.", good=True)
    else:
        yield Reason(
            "Who put a matter forward does not record its decision: somebody else does. Who opened it, or recorded a "
            "step that brought it before the body, would approve their own proposal; a deputy counts as both people. "
            "No clause says so: it is our choice, and administrators may allow it by procedure."
        )
