"""The page that says who may do a thing, and why somebody may not."""

from __future__ import annotations

import datetime as dt

import pytest

from svtad.lib.clock import london_date, now
from svtad.parties import actions, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import Membership, OrganisationKind, RuleKind
from svtad.parties.queries import holders, reasons
from svtad.parties.roles import PERMISSIONS, ROLES

pytestmark = pytest.mark.django_db

TODAY = london_date(now())
DECIDE = ("record_decision", "decide_as_tag")


@pytest.fixture
def page(client):
    """`page(person, "?permission=assess")`: what the page says to them."""

    def get(who, query: str = "") -> str:
        client.force_login(who, backend=sessions.BACKEND)
        answer = client.get(f"/people/who/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def names(rows) -> set[str]:
    return {f"{row.name} for {row.deputy_for}" if row.deputy_for else row.name for row in rows}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_every_holder_of_a_permission_is_found_through_their_role_and_nobody_else(person, administrator, permission):
    made = {key: person(key, is_service_account=key == "test_tooling") for key in ROLES if key != "administrator"}
    wanted = {made[key].name for key, role in ROLES.items() if key in made and permission in role.permissions}
    if permission in ROLES["administrator"].permissions:
        wanted.add(administrator.label)
    found = holders([permission], reader=administrator, at=now())
    assert names(found) == wanted
    for row in found:
        assert permission in next(role for role in ROLES.values() if role.title == row.role).permissions
    for key, who in made.items():
        may, told = reasons(who, [permission], at=now())
        assert may is (permission in ROLES[key].permissions)
        assert told
        assert any(reason.good for reason in told) is may


def test_dates_deputies_and_what_waits_are_told(person, administrator):
    member, deputy, waiting, later = person("tag_chair"), person(), person(), person()
    membership = member.memberships.get()
    for who, confirm in ((deputy, True), (waiting, False)):
        made = actions.name_deputy(
            membership=membership, deputy=who, starts_on=TODAY, ends_on=TODAY, reason="Leave", by=system_actor()
        )
        if confirm:
            actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)
    actions.add_membership(
        person=later,
        organisation=membership.organisation,
        role="tag_secretary",
        starts_on=TODAY + dt.timedelta(days=3),
        by=administrator,
    )
    found = {row.name: row for row in holders(DECIDE, reader=administrator, at=now())}
    assert found[member.name].waits == ""
    assert (found[deputy.name].deputy_for, found[deputy.name].waits) == (member.name, "")
    assert found[waiting.name].waits == "waits to be confirmed"
    assert found[later.name].waits.startswith("begins on")
    for who, words in ((deputy, "acting as the deputy"), (waiting, "waits to be confirmed"), (later, "begins on")):
        may, told = reasons(who, DECIDE, at=now())
        assert not may
        assert any(words in reason.text for reason in told), [reason.text for reason in told]


def test_what_is_over_is_said_to_be_over(person, administrator):
    who = person("registrar")
    actions.end_membership(membership=who.memberships.get(), by=administrator)
    may, told = reasons(who, DECIDE, at=now())
    assert not may
    assert [reason.text[:8] for reason in told] == ["No role ", "The role"]
    assert who.name not in names(holders(DECIDE, reader=administrator, at=now()))
    Membership.objects.filter(person=who).update(
        ended_at=None, ends_on=TODAY - dt.timedelta(days=1), starts_on=TODAY - dt.timedelta(days=9)
    )
    assert "ended on" in reasons(who, DECIDE, at=now())[1][1].text
    actions.disable_person(person=who, reason="Left", by=administrator)
    assert "Shut out" in reasons(who, DECIDE, at=now())[1][0].text


def test_a_second_factor_and_ones_own_matter_are_among_the_reasons(person, administrator, settings):
    settings.SECOND_FACTOR = "deciders"
    who = person("registrar")
    may, told = reasons(who, DECIDE, at=now(), procedure="EXCLUSION")
    assert may
    texts = [(reason.good, reason.text) for reason in told]
    assert (False, "A second factor is needed (DCC registrar), and none is set up.") in texts
    good, own = texts[-1]
    assert not good
    assert own.startswith("Who put a matter forward does not record its decision: somebody else does.")
    actions.set_access_rule(kind=RuleKind.OWN_DECISION, key="EXCLUSION", value=True, reason="x", by=administrator)
    assert reasons(who, DECIDE, at=now(), procedure="EXCLUSION")[1][-1].good


def test_a_supplier_learns_roles_and_no_names_and_nothing_of_other_suppliers(person, organisation, page):
    mine, other = (
        organisation(OrganisationKind.SUPPLIER_PARTY, "Mine"),
        organisation(OrganisationKind.SUPPLIER_PARTY, "Other"),
    )
    me = person("participant", org=mine, name="Mine Myself")
    colleague = person("participant", org=mine, name="Mine Colleague")
    stranger = person("participant", org=other, name="Canary Stranger")
    registrar = person("registrar", name="Canary Registrar")
    text = page(me, "?permission=raise_issue")
    assert colleague.name in text
    assert stranger.name not in text
    assert other.name not in text
    text = page(me, "?permission=record_decision")
    assert registrar.name not in text
    assert "somebody there" in text
    assert "DCC registrar" in text


def test_the_csv_is_the_view(person, client):
    me, registrar = person("participant"), person("registrar", name="Canary Registrar")
    for who, learns in ((me, False), (registrar, True)):
        client.force_login(who, backend=sessions.BACKEND)
        answer = client.get("/people/who/?permission=record_decision&as=csv")
        text = b"".join(answer.streaming_content).decode()
        assert "DCC registrar" in text
        assert (registrar.name in text) is learns


def test_one_asks_about_oneself_and_only_administrators_about_others(person, page):
    who, other = person("tab_member"), person("registrar")
    text = page(who, f"?permission=record_decision&person={other.email}")
    assert "Why you may not" in text
    assert f"{other} may" not in text
    admin = person("administrator")
    for asked in (other.email.upper(), other.public_id, other.name):
        assert f"Why {other} may" in page(admin, f"?permission=record_decision&person={asked}")
    assert "Nobody is called" in page(admin, "?permission=record_decision&person=zzz")


def test_a_step_of_a_body_in_a_procedure_is_named_with_its_clause(person, page):
    who = person("tag_secretary")
    text = page(who, "?body=TAG&procedure=EXCLUSION&outcome=AGREE")
    assert "record TAG: agree" in text
    assert "13.20" in text
    assert "Why you may" in text
    assert "Why you may not" in page(who, "?body=TAB")
    for nonsense in ("?body=LUCK", "?permission=fly", "?procedure=EXCUSE", "?body=TAG&procedure=X&outcome=Y"):
        page(who, nonsense)


def test_a_refusal_leads_to_it(person, client):
    who = person("participant")
    client.force_login(who, backend=sessions.BACKEND)
    refused = client.get("/people/")
    assert refused.status_code == 403
    assert "/people/who/?permission=manage_people" in refused.content.decode()


def test_rest_says_the_same(person, client):
    registrar, me = person("registrar", name="Canary Registrar"), person("participant")

    def ask(who, **query):
        _, token = actions.issue_token(person=who, by=system_actor())
        return client.get("/api/v1/who-may", query, headers={"Authorization": f"Bearer {token}"})

    told = ask(me, body="TAG", procedure="EXCLUSION").json()
    assert told["permissions"] == list(DECIDE)
    assert told["may"] is False
    assert [row["name"] for row in told["holders"]] == [""]
    assert ask(registrar, permission="record_decision").json()["holders"][0]["name"] == registrar.name
    assert ask(me, permission="record_decision", body="TAG").status_code == 400
    assert ask(me).status_code == 400
    assert ask(me, permission="assess", person=registrar.public_id).status_code == 403
    admin = person("administrator")
    assert ask(admin, permission="record_decision", person=registrar.public_id).json()["may"] is True
    assert actor_for(me, at=now()).permissions == ROLES["participant"].permissions
