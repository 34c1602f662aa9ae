"""The matrix of roles and permissions, and who sees what."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from svtad.governance.models import Matter
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import ANONYMOUS, actor_for, system_actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key, visible_audience_ids
from svtad.parties.models import Audience, AudienceKey, OrganisationKind
from svtad.parties.policies import allowed, check_can_manage_people, require
from svtad.parties.roles import ROLES

MATRIX = Path(__file__).with_name("permissions.json")


def matrix() -> dict[str, list[str]]:
    """Who holds each permission, by role."""
    permissions = sorted(set().union(*(role.permissions for role in ROLES.values())))
    return {name: sorted(key for key, role in ROLES.items() if name in role.permissions) for name in permissions}


def test_the_matrix_of_roles_and_permissions_is_the_one_that_was_agreed():
    """A change of what a role may do shows as a change of permissions.json, to be looked at with care."""
    assert json.loads(MATRIX.read_text()) == matrix(), (
        "a role's permissions changed; when that is meant, write the new matrix to permissions.json:\n"
        + json.dumps(matrix(), indent=2)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_an_actor_holds_exactly_its_roles_permissions(person, role):
    actor = actor_for(person(role), at=now())
    for permission, roles in matrix().items():
        assert actor.may(permission) == (role in roles), permission


@pytest.mark.django_db
def test_of_two_roles_one_holds_both_permissions(person, organisation):
    who = person("registrar")
    from svtad.parties.actions import add_membership

    add_membership(person=who, organisation=organisation(), role="administrator", by=system_actor())
    actor = actor_for(who, at=now())
    assert actor.permissions == ROLES["registrar"].permissions | ROLES["administrator"].permissions
    assert actor.roles == {"registrar", "administrator"}


@pytest.mark.parametrize(("held", "what"), [("decides nothing", "record_decision"), ("decides nothing", "open_matter")])
def test_an_administrator_decides_nothing(held, what):
    assert what not in ROLES["administrator"].permissions


def test_no_role_of_a_board_or_a_party_records_decisions():
    for key in ("tab_member", "tag_member", "panel_member", "participant", "provider_tester", "sit_auditor"):
        assert "record_decision" not in ROLES[key].permissions


@pytest.mark.django_db
def test_a_denial_says_what_and_who_may(person):
    actor = actor_for(person("participant"), at=now())
    with pytest.raises(ActionDenied) as denied:
        require(actor, "record_decision", clause="13.20", what="record a decision of TAG")
    assert str(denied.value) == "You may not record a decision of TAG. It is for: DCC registrar. (13.20)"
    with pytest.raises(ActionDenied, match="Sign in to manage people"):
        require(ANONYMOUS, "manage_people")
    with pytest.raises(ActionDenied, match="You may not fly"):
        require(actor, "fly")
    assert allowed(check_can_manage_people, actor) == (
        False,
        "You may not administer people and organisations. It is for: Administrator.",
    )
    assert allowed(check_can_manage_people, system_actor()) == (True, "")


@pytest.mark.django_db
def test_an_audience_is_stored_once_whatever_the_order_of_its_keys():
    assert audience_of("tag", "dcc", "tag") == audience_of("dcc", "tag")
    assert Audience.objects.count() == 1
    assert set(AudienceKey.objects.values_list("key", flat=True)) == {"dcc", "tag"}


#: Who is in each audience, by role of the reader.
SEEN = {
    "dcc": {"test_manager", "registrar", "administrator", "test_tooling"},
    "tab": {"tab_member"},
    "tag": {"tag_member"},
    "panel": {"panel_member"},
    "sit_auditor": {"sit_auditor"},
    "parties": {"participant"},
    "public": set(ROLES),
    "sos": set(),
    "authority": set(),
}


def matter_for(*keys: str) -> Matter:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Matter.objects.create(
        reference="-".join(keys)[:20],
        procedure="EXCLUSION",
        document="SVTAD",
        version="1.23",
        title="T",
        proposer="DCC",
        state="PROPOSED",
        audience=audience_of(*keys),
        opened_at=moment,
        recorded_at=moment,
        recorded_by="T",
    )


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_a_reader_sees_what_its_bodies_are_in_the_audience_of(person, role):
    matters = {key: matter_for(key) for key in SEEN}
    seen = Matter.objects.visible_to(actor_for(person(role), at=now()))
    assert {key for key, matter in matters.items() if matter in seen} == {k for k, v in SEEN.items() if role in v}


@pytest.mark.django_db
def test_two_suppliers_and_two_providers_do_not_see_each_others_matters(person, organisation):
    for kind, role in (
        (OrganisationKind.SUPPLIER_PARTY, "participant"),
        (OrganisationKind.DCC_SERVICE_PROVIDER, "provider_tester"),
    ):
        mine, other = organisation(kind, f"Mine {kind}"), organisation(kind, f"Other {kind}")
        matter_for("dcc", org_key(mine))
        foreign = matter_for("dcc", org_key(other))
        seen = Matter.objects.visible_to(actor_for(person(role, org=mine), at=now()))
        assert seen.count() == 1
        assert foreign not in seen
        foreign.delete()
        Matter.objects.all().delete()


@pytest.mark.django_db
def test_the_anonymous_see_what_is_public_and_the_product_itself_all(db):
    matter_for(*GOVERNANCE)
    public = matter_for("public")
    assert list(Matter.objects.visible_to(ANONYMOUS)) == [public]
    assert Matter.objects.visible_to(system_actor()).count() == 2
    assert visible_audience_ids(system_actor()).count() == Audience.objects.count()


@pytest.mark.django_db
def test_a_person_disabled_or_without_a_role_sees_what_is_public_only(person):
    matter_for("dcc")
    public = matter_for("public")
    idle, out = person(), person("registrar")
    out.is_active = False
    for who in (idle, out):
        actor = actor_for(who, at=now())
        assert not actor.permissions
        assert list(Matter.objects.visible_to(actor)) == [public]
