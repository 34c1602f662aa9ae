"""Who may do a thing, through which role; and why somebody may not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.parties.models import Deputyship, DeputyStep, Membership, OrganisationKind, Person
from svtad.parties.queries.access import factors_of, own_decision_allowed, second_factor_roles
from svtad.parties.queries.organisations import organisations_for
from svtad.parties.roles import ROLES
from svtad.rulebook.procedures import PROCEDURES


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


def holders(permissions: Collection[str], *, reader: Actor, at: dt.datetime) -> list[Holder]:
    """Return who holds any of `permissions` at the instant `at` or will, by role, organisation and name.

    Who governs reads names; others read those of their own organisations, and elsewhere the role alone. Organisations
    that the reader may not know of are left out.
    """
    today = london_date(at)
    rows = (
        _memberships_with(permissions)
        .filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=today),
            Q(ended_at__isnull=True) | Q(ended_at__gt=at),
            person__is_active=True,
            organisation__in=organisations_for(reader),
        )
        .select_related("person", "organisation")
    )
    deputyships = Deputyship.objects.with_names().filter(
        membership__in=rows, ends_on__gte=today, deputy__is_active=True
    )
    found = [
        _holder(row.person, row, row.starts_on, row.ends_on, reader, waits=_not_begun(row.starts_on, today))
        for row in rows
    ]
    for each in deputyships:
        steps = {step.step for step in each.steps.all()}
        if steps & {DeputyStep.REFUSED, DeputyStep.ENDED}:
            continue
        waits = _not_begun(each.starts_on, today) if steps else "waits to be confirmed"
        found.append(
            _holder(each.deputy, each.membership, each.starts_on, each.ends_on, reader, deputy=True, waits=waits)
        )
    return sorted(found, key=lambda row: (row.organisation, row.role, row.deputy_for, row.name, row.starts_on))


def reasons(
    person: Person,
    permissions: Collection[str],
    *,
    at: dt.datetime,
    procedure: str = "",
    body: str = "",
    outcome: str = "",
) -> tuple[bool, list[Reason]]:
    """Return (whether `person` may do the thing as themselves, why or why not), most telling first.

    `procedure` adds what holds of who put a matter of it forward: for the steps of `body`, or one of them (`outcome`).
    """
    if not person.is_active:
        return False, [Reason("Shut out by an administrator: no sign-in, no session and no token holds.")]
    today = london_date(at)
    held, other = [], []
    for row in _memberships_with(permissions).filter(person=person).select_related("organisation"):
        role = f"{ROLES[row.role].title} in {row.organisation}"
        ended = (row.ended_at is not None and row.ended_at <= at) or (row.ends_on is not None and row.ends_on < today)
        if ended:
            other.append(Reason(f"The role {role} ended on {row.ends_on:%-d %B %Y}."))
        elif row.starts_on > today:
            other.append(Reason(f"The role {role} begins on {row.starts_on:%-d %B %Y}."))
        else:
            until = f", until {row.ends_on:%-d %B %Y}" if row.ends_on else ""
            held.append((row.role, Reason(f"{role} lets do it{until}.", good=True)))
    told = [reason for _, reason in held]
    if held:
        told += _second_factor(person, {role for role, _ in held})
    else:
        told += [Reason(_roles_without(person, at=at)), *other]
    told += _as_deputy(person, permissions, at=at)
    if procedure:
        told += _own(procedure, body=body, outcome=outcome)
    return bool(held), told


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


def _as_deputy(person: Person, permissions: Collection[str], *, at: dt.datetime) -> Iterator[Reason]:
    today = london_date(at)
    rows = Deputyship.objects.with_names().filter(
        deputy=person, membership__in=_memberships_with(permissions), ends_on__gte=today
    )
    holding = set(Deputyship.objects.held_at(at).filter(deputy=person).values_list("pk", flat=True))
    for each in rows:
        steps = {step.step for step in each.steps.all()}
        whom = f"Deputy for {each.membership.person} ({ROLES[each.membership.role].title})"
        if each.pk in holding:
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


def _own(procedure: str, *, body: str, outcome: str) -> Iterator[Reason]:
    """Say what holds of who put a matter forward: the reading is that of `Procedure.answers`."""
    rules = PROCEDURES[procedure]
    steps = [each for each in rules.transitions if body in ("", each.body) and outcome in ("", each.outcome)]
    if steps and not any(rules.answers(each) for each in steps):
        yield Reason(
            "Who put a matter forward may record this: it is a step of the body that proposes, a referral, or of a "
            "body that does not decide here, and so approves nothing (our reading).",
            good=True,
        )
    elif own_decision_allowed(procedure):
        yield Reason("Who put a matter of this procedure forward may record its decision too.", good=True)
    else:
        yield Reason(
            "Who put a matter forward does not record its decision: somebody else does. Who opened it, or recorded a "
            "step that brought it before the body, would approve their own proposal; a deputy counts as both people. "
            "No clause says so: it is our choice, and administrators may allow it by procedure."
        )
