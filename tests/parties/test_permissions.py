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
from svtad.parties.roles import DECIDING, PERMISSIONS, ROLES, decides_or_administers, permissions_to_record
from svtad.rulebook.vocabulary import Body

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


BOARDS = {"tab": OrganisationKind.TAB, "tag": OrganisationKind.TAG, "panel": OrganisationKind.PANEL}


def test_only_the_registrar_records_for_any_body():
    assert [key for key, role in ROLES.items() if "record_decision" in role.permissions] == ["registrar"]


@pytest.mark.parametrize("board", BOARDS)
def test_a_boards_chair_and_secretary_decide_for_it_its_members_give_views_and_nobody_elses(board):
    decides = {key for key, role in ROLES.items() if f"decide_as_{board}" in role.permissions}
    assert decides == {f"{board}_chair", f"{board}_secretary"}
    for key in (f"{board}_chair", f"{board}_secretary", f"{board}_member"):
        role = ROLES[key]
        assert role.organisations == (BOARDS[board],)
        assert "give_view" in role.permissions
        assert role.permissions & DECIDING <= {f"decide_as_{board}"}
    assert "confirm_deputy" in ROLES[f"{board}_chair"].permissions


def test_every_permission_is_said_in_plain_words():
    held = set().union(*(role.permissions for role in ROLES.values()))
    assert set(PERMISSIONS) == held
    assert all(words and words == words.strip().rstrip(".") for words in PERMISSIONS.values())


def test_a_step_of_a_body_is_recorded_by_the_registrar_or_who_acts_for_that_body():
    for body in Body:
        wanted = permissions_to_record(body)
        assert wanted[0] == "record_decision"
        assert set(wanted) <= set(PERMISSIONS)
    assert permissions_to_record("TAG") == ("record_decision", "decide_as_tag")
    # They do not act in the product themselves (rules.md §3).
    assert permissions_to_record("SOS") == permissions_to_record("AUTHORITY") == ("record_decision",)
    assert permissions_to_record("nobody") == ("record_decision",)


def test_who_decides_or_administers_needs_a_second_factor_as_it_comes():
    assert {key for key, role in ROLES.items() if decides_or_administers(role)} == {
        "registrar", "administrator", "tab_chair", "tab_secretary", "tag_chair", "tag_secretary", "panel_chair",
        "panel_secretary",
    }  # fmt: skip


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
    "tab": {"tab_member", "tab_chair", "tab_secretary"},
    "tag": {"tag_member", "tag_chair", "tag_secretary"},
    "panel": {"panel_member", "panel_chair", "panel_secretary"},
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
