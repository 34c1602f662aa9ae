"""Organisations and people for the tests of parties."""

from __future__ import annotations

from typing import Any

import pytest

from svtad.lib.clock import now
from svtad.parties import actions
from svtad.parties.actors import Actor, actor_for, system_actor
from svtad.parties.models import Organisation, OrganisationKind, Person
from svtad.parties.roles import ROLES


@pytest.fixture
def organisation(db):
    """`organisation(kind)`: one of each kind, or another under a name of its own."""
    made: dict[tuple[str, str], Organisation] = {}

    def make(kind: str = OrganisationKind.DCC, name: str = "") -> Organisation:
        name = name or str(OrganisationKind(kind).label)
        if (kind, name) not in made:
            made[kind, name] = actions.create_organisation(
                kind=kind, code=f"o{len(made)}", name=name, by=system_actor()
            )
        return made[kind, name]

    return make


@pytest.fixture
def person(organisation):
    """`person(role)`: somebody with that role in the first kind of organisation that has it."""
    count = 0

    def make(role: str = "", *, org: Organisation | None = None, **more) -> Person:
        nonlocal count
        count += 1
        values: dict[str, Any] = {"email": f"p{count}@example.org", "name": f"Person {count}", "by": system_actor()}
        who = actions.create_person(**(values | more))
        if role:
            place = org or organisation(ROLES[role].organisations[0])
            actions.add_membership(person=who, organisation=place, role=role, by=system_actor())
        return who

    return make


@pytest.fixture
def administrator(person) -> Actor:
    return actor_for(person("administrator"), at=now())
