"""The page that says who may do a thing, and why somebody may not."""

from __future__ import annotations

import datetime as dt

import pytest

from svtad.governance import policies as governance_policies
from svtad.governance.models import Matter
from svtad.lib.clock import london_date, now
from svtad.parties import actions, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import Membership, OrganisationKind, RuleKind
from svtad.parties.policies import allowed, check_records_for
from svtad.parties.roles import PERMISSIONS, ROLES
from svtad.parties.who import act_of, holders, reasons, step_of
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body

pytestmark = pytest.mark.django_db


def today() -> dt.date:
    return london_date(now())


DECIDE = step_of("TAG")


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
    found = holders(act_of(permission), reader=administrator, at=now())
    assert names(found) == wanted
    for row in found:
        assert permission in next(role for role in ROLES.values() if role.title == row.role).permissions
    for key, who in made.items():
        may, told = reasons(who, act_of(permission), at=now())
        assert may is (permission in ROLES[key].permissions)
        assert told
        assert any(reason.good for reason in told) is may


def test_dates_deputies_and_what_waits_are_told(person, administrator):
    member, deputy, waiting, later = person("tag_chair"), person(), person(), person()
    membership = member.memberships.get()
    for who, confirm in ((deputy, True), (waiting, False)):
        made = actions.name_deputy(
            membership=membership, deputy=who, starts_on=today(), ends_on=today(), reason="Leave", by=system_actor()
        )
        if confirm:
            actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)
    actions.add_membership(
        person=later,
        organisation=membership.organisation,
        role="tag_secretary",
        starts_on=today() + dt.timedelta(days=3),
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
    assert [reason.text[:8] for reason in told] == ["No role ", "The role", "The rule"]
    assert who.name not in names(holders(DECIDE, reader=administrator, at=now()))
    Membership.objects.filter(person=who).update(
        ended_at=None, ends_on=today() - dt.timedelta(days=1), starts_on=today() - dt.timedelta(days=9)
    )
    assert "ended on" in reasons(who, DECIDE, at=now())[1][1].text
    actions.disable_person(person=who, reason="Left", by=administrator)
    assert "Shut out" in reasons(who, DECIDE, at=now())[1][0].text


def test_a_second_factor_and_ones_own_matter_are_among_the_reasons(person, administrator, settings):
    settings.SECOND_FACTOR = "deciders"
    who = person("registrar")
    may, told = reasons(who, step_of("TAG", procedure="EXCLUSION"), at=now())
    assert may
    texts = [(reason.good, reason.text) for reason in told]
    assert (False, "A second factor is needed (DCC registrar), and none is set up.") in texts
    good, own = texts[-1]
    assert not good
    assert own.startswith("Who put a matter forward does not record its decision: somebody else does.")
    actions.set_access_rule(kind=RuleKind.OWN_DECISION, key="EXCLUSION", value=True, reason="x", by=administrator)
    assert reasons(who, step_of("TAG", procedure="EXCLUSION"), at=now())[1][-1].good


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
    assert told["permissions"] == list(DECIDE.permissions)
    assert told["may"] is False
    assert [row["name"] for row in told["holders"]] == [""]
    assert ask(registrar, permission="record_decision").json()["holders"][0]["name"] == registrar.name
    assert ask(me, permission="record_decision", body="TAG").status_code == 400
    assert ask(me).status_code == 400
    assert ask(me, permission="assess", person=registrar.public_id).status_code == 403
    admin = person("administrator")
    assert ask(admin, permission="record_decision", person=registrar.public_id).json()["may"] is True
    assert actor_for(me, at=now()).permissions == ROLES["participant"].permissions


# --- the answer is the policy's ------------------------------------------------------------------------

PLACES = [(key, str(kind)) for key, role in ROLES.items() for kind in role.organisations]


def answers_over_rest(client, who, body: str) -> tuple[bool, set[str], list[dict]]:
    """What REST says to `who` of themselves: (whether they may, who is named, the reasons)."""
    _, token = actions.issue_token(person=who, by=system_actor())
    told = client.get("/api/v1/who-may", {"body": body}, headers={"Authorization": f"Bearer {token}"}).json()
    return told["may"], {row["name"] for row in told["holders"]}, told["reasons"]


@pytest.mark.clause("SVTAD 1.23", "14.2", "14.3")
def test_of_every_role_in_every_kind_of_organisation_the_answer_is_what_the_policy_does(person, organisation, client):
    made = {
        (role, kind): person(
            role, org=organisation(kind, f"{role} {kind}"), is_service_account=role == "test_tooling",
            name=f"{role} of {kind}",
        )
        for role, kind in PLACES
    }  # fmt: skip
    reader = system_actor()
    for body in Body:
        lets = {}
        for held, who in made.items():
            lets[held] = allowed(check_records_for, actor_for(who, at=now()), body)
        named = {row.name for row in holders(step_of(body), reader=reader, at=now())}
        assert named == {made[held].name for held, (may, _) in lets.items() if may}, body
        for held, who in made.items():
            may, told = reasons(who, step_of(body), at=now())
            assert may is lets[held][0], (body, held)
            assert any(reason.good for reason in told) is may
            if not may:
                assert any(lets[held][1] in reason.text for reason in told), (body, held, told)
    manager = made["test_manager", "DCC"]
    assert not reasons(manager, step_of("PARTICIPANT"), at=now())[0]
    for asked in ("PARTICIPANT", "SUPPLIER", "PROVIDER", "TAG"):
        for held in (("test_manager", "DCC"), ("participant", "SUPPLIER_PARTY"), ("registrar", "DCC")):
            may, names_, said = answers_over_rest(client, made[held], asked)
            assert may is reasons(made[held], step_of(asked), at=now())[0], (asked, held)
            assert manager.name not in names_
            assert may or any("You may not record a step of" in reason["text"] for reason in said)


@pytest.mark.clause("SVTAD 1.23", "14.2")
def test_the_recording_of_a_matters_step_is_guarded_by_the_same_policy(person, organisation, monkeypatch):
    """`governance.policies` asks `check_records_for` of every step, and adds only sight and one's own proposal."""
    monkeypatch.setattr(governance_policies, "_check_sees", lambda actor, matter: None)
    made = {
        (role, kind): actor_for(
            person(role, org=organisation(kind), is_service_account=role == "test_tooling"), at=now()
        )
        for role, kind in PLACES
    }  # fmt: skip
    for rules in PROCEDURES.values():
        for step in rules.transitions:
            matter = Matter(procedure=rules.key, state=step.source, reference="M-1")
            for held, actor in made.items():
                done = allowed(governance_policies.check_can_record_decision, actor, matter, step=step)
                assert done == allowed(check_records_for, actor, step.body, clause=step.clause), (rules.key, step, held)


def test_a_role_that_serves_only_with_another_is_said_to(person, organisation, administrator):
    """The DCC's test manager who is a Service Provider's tester as well disputes as the tester."""
    who = person("test_manager")
    may, _ = reasons(who, step_of("PARTICIPANT"), at=now())
    assert not may
    actions.add_membership(
        person=who, organisation=organisation(OrganisationKind.DCC_SERVICE_PROVIDER), role="provider_tester",
        starts_on=today(), by=administrator,
    )  # fmt: skip
    may, told = reasons(who, step_of("PARTICIPANT"), at=now())
    assert may
    assert all(reason.good for reason in told)
    rows = [row.role for row in holders(step_of("PARTICIPANT"), reader=administrator, at=now()) if row.name == who.name]
    assert rows == ["DCC Service Provider tester"]


def test_the_page_names_no_test_manager_for_a_participants_step_and_says_why(person, page):
    manager, registrar = person("test_manager", name="Canary Manager"), person("registrar", name="Canary Registrar")
    text = page(manager, "?body=PARTICIPANT&procedure=SEVERITY_DISPUTE")
    assert "Why you may not" in text
    assert "only members of these do" in text
    assert "DCC Service Provider, Supplier Party, Testing Participant" in text
    assert f'<th scope="row">{manager.name}' not in text
    assert f'<th scope="row">{registrar.name}' in text
