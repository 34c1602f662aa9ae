"""People, memberships, passwords and tokens."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from svtad.audit.models import AuditEvent
from svtad.lib.clock import london_date, now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties import actions
from svtad.parties.actors import ANONYMOUS, Actor, actor_for, system_actor
from svtad.parties.models import Membership, Organisation, OrganisationKind, Person

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


def sign_in(email: str, password: str = PASSWORD) -> Person | None:
    found = authenticate(RequestFactory().post("/sign-in/"), username=email, password=password)
    return found if isinstance(found, Person) else None


def fields(error: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {each.field for each in error.value.errors}


def test_a_password_is_kept_as_a_hash_and_the_address_in_lower_case(person):
    who = person(email="Asha.Verity@Example.ORG", password=PASSWORD)
    assert who.email == "asha.verity@example.org"
    assert PASSWORD not in who.password
    assert sign_in("ASHA.verity@example.org") == who
    assert sign_in("asha.verity@example.org", "another-password") is None


def test_a_person_without_a_password_cannot_sign_in_until_one_is_set(person, administrator):
    who = person()
    assert sign_in(who.email) is None
    assert sign_in(who.email, "") is None
    actions.set_password(person=who, password=PASSWORD, by=administrator)
    assert sign_in(who.email) == who


def test_a_person_changes_their_own_password_and_nobody_elses(person):
    who, other = person("participant"), person()
    actions.set_password(person=who, password=PASSWORD, by=actor_for(who, at=now()))
    with pytest.raises(ActionDenied):
        actions.set_password(person=other, password=PASSWORD, by=actor_for(who, at=now()))
    with pytest.raises(InvalidInput) as error:
        actions.set_password(person=who, password="short", by=actor_for(who, at=now()))
    assert fields(error) == {"password"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"email": "not an address"}, {"email"}),
        ({"email": "TAKEN@example.org"}, {"email"}),
        ({"name": " \n "}, {"name"}),
        ({"password": "password"}, {"password"}),
        ({"password": "person-one@example.org", "email": "person-one@example.org"}, {"password"}),
        ({"password": PASSWORD, "is_service_account": True}, {"password"}),
    ],
)
def test_a_person_that_cannot_be_is_refused_field_by_field(person, wrong, named):
    person(email="taken@example.org")
    with pytest.raises(InvalidInput) as error:
        person(**wrong)
    assert fields(error) == named
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "GUILD"}, {"kind"}),
        ({"code": "no spaces"}, {"code"}),
        ({"code": ""}, {"code"}),
        ({"code": "x" * 25}, {"code"}),
        ({"code": "taken"}, {"code"}),
        ({"name": "Taken"}, {"name"}),
        ({"name": ""}, {"name"}),
    ],
)
def test_an_organisation_that_cannot_be_is_refused_field_by_field(administrator, wrong, named):
    good = {"kind": OrganisationKind.SUPPLIER_PARTY, "code": "new", "name": "New", "by": administrator}
    actions.create_organisation(**good | {"code": "taken", "name": "Taken"})
    before = Organisation.objects.count()
    with pytest.raises(InvalidInput) as error:
        actions.create_organisation(**good | wrong)
    assert fields(error) == named
    assert Organisation.objects.count() == before


def test_a_role_is_held_in_the_kinds_of_organisation_that_have_it(person, organisation, administrator):
    who = person()
    supplier, dcc = organisation(OrganisationKind.SUPPLIER_PARTY), organisation(OrganisationKind.DCC)
    for wrong, field in (
        ({"organisation": supplier, "role": "registrar"}, "role"),
        ({"organisation": dcc, "role": "wizard"}, "role"),
        (
            {
                "organisation": dcc,
                "role": "registrar",
                "starts_on": dt.date(2026, 1, 2),
                "ends_on": dt.date(2026, 1, 1),
            },
            "ends_on",
        ),
    ):
        with pytest.raises(InvalidInput) as error:
            actions.add_membership(person=who, by=administrator, **wrong)
        assert fields(error) == {field}
    actions.add_membership(person=who, organisation=dcc, role="registrar", by=administrator)
    with pytest.raises(InvalidInput, match="holds this role"):
        actions.add_membership(person=who, organisation=dcc, role="registrar", by=administrator)


def test_a_membership_holds_on_its_london_days_both_included(person, organisation, administrator):
    who = person()
    actions.add_membership(
        person=who,
        organisation=organisation(),
        role="registrar",
        starts_on=dt.date(2026, 7, 1),
        ends_on=dt.date(2026, 7, 31),
        by=administrator,
    )

    def may(moment: str) -> bool:
        return actor_for(who, at=dt.datetime.fromisoformat(f"{moment}+00:00")).may("record_decision")

    assert not may("2026-06-30T22:59")
    assert may("2026-06-30T23:00"), "midnight in London"
    assert may("2026-07-31T22:59")
    assert not may("2026-07-31T23:00")


def test_a_membership_that_is_ended_holds_no_more_at_once_and_can_be_given_again(person, organisation, administrator):
    who = person("registrar")
    moment = now()
    membership = Membership.objects.get(person=who)
    assert actor_for(who, at=moment).may("record_decision")
    actions.end_membership(membership=membership, by=administrator, at=moment)
    assert not actor_for(who, at=moment).may("record_decision")
    assert membership.ends_on == london_date(moment)
    with pytest.raises(Refused, match="over already"):
        actions.end_membership(membership=membership, by=administrator)
    actions.add_membership(person=who, organisation=organisation(), role="registrar", by=administrator)
    assert actor_for(who, at=now()).may("record_decision")
    assert Membership.history.filter(person=who).count() == 3


def test_a_membership_can_end_on_a_later_day(person, administrator):
    who = person("registrar")
    membership = Membership.objects.get(person=who)
    last = london_date(now()) + dt.timedelta(days=10)
    actions.end_membership(membership=membership, ends_on=last, by=administrator)
    assert actor_for(who, at=now()).may("record_decision")
    assert not actor_for(who, at=now() + dt.timedelta(days=12)).may("record_decision")
    with pytest.raises(InvalidInput, match="before the first day"):
        actions.end_membership(membership=membership, ends_on=dt.date(2000, 1, 1), by=administrator)


def token_of(header: str) -> Person:
    request = RequestFactory().get("/", headers={"Authorization": f"Bearer {header}"})
    user, _ = TokenAuthentication().authenticate(request)
    return user


def test_a_disabled_person_is_out_at_once_with_every_session_and_token(person, administrator, client):
    who = person("test_manager", password=PASSWORD)
    _, token = actions.issue_token(person=who, by=administrator)
    client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
    assert token_of(token) == who
    actions.disable_person(person=who, reason="Left", by=administrator)
    assert sign_in(who.email) is None
    with pytest.raises(AuthenticationFailed):
        token_of(token)
    from django.contrib.auth import get_user

    request = RequestFactory().get("/")
    request.session = client.session
    assert get_user(request).is_anonymous
    assert actor_for(who, at=now()).permissions == frozenset()
    with pytest.raises(Refused, match="is disabled"):
        actions.issue_token(person=who, by=administrator)
    actions.enable_person(person=who, by=administrator)
    assert sign_in(who.email) == who
    assert not AuthToken.objects.exists()


def test_nobody_disables_themselves_or_without_a_reason(person):
    admin = person("administrator")
    actor = actor_for(admin, at=now())
    with pytest.raises(Refused, match="yourself"):
        actions.disable_person(person=admin, reason="Bored", by=actor)
    with pytest.raises(InvalidInput):
        actions.disable_person(person=person(), reason=" ", by=actor)


def test_a_token_is_shown_once_kept_hashed_and_ends(person, administrator):
    tooling = person("test_tooling", is_service_account=True)
    row, token = actions.issue_token(person=tooling, lifetime=dt.timedelta(days=1), by=administrator)
    assert token not in str([getattr(row, field.attname) for field in row._meta.concrete_fields])
    assert token_of(token) == tooling
    assert actor_for(tooling, at=now()).kind == "API_CLIENT"
    AuthToken.objects.update(expiry=now() - dt.timedelta(seconds=1))
    with pytest.raises(AuthenticationFailed):
        token_of(token)


@pytest.mark.parametrize("lifetime", [dt.timedelta(0), dt.timedelta(days=-1), dt.timedelta(days=366)])
def test_a_token_lives_for_a_year_at_most(person, administrator, lifetime):
    with pytest.raises(InvalidInput):
        actions.issue_token(person=person("test_tooling"), lifetime=lifetime, by=administrator)


def test_a_person_issues_and_revokes_their_own_tokens_and_nobody_elses(person):
    mine, other = person("participant"), person("participant")
    actor = actor_for(mine, at=now())
    row, token = actions.issue_token(person=mine, by=actor)
    with pytest.raises(ActionDenied):
        actions.issue_token(person=other, by=actor)
    foreign, _ = actions.issue_token(person=other, by=system_actor())
    with pytest.raises(ActionDenied):
        actions.revoke_token(token=foreign, by=actor)
    actions.revoke_token(token=row, by=actor)
    with pytest.raises(AuthenticationFailed):
        token_of(token)
    assert AuthToken.objects.get() == foreign


@pytest.mark.parametrize(
    "by", [ANONYMOUS, Actor(kind="PERSON", actor_id="x", label="X", permissions=frozenset({"propose"}))]
)
def test_only_administrators_administer(person, organisation, by):
    who, org = person("registrar"), organisation()
    membership = Membership.objects.get(person=who)
    before = AuditEvent.objects.count()
    for act in (
        lambda: actions.create_organisation(kind="DCC", code="x", name="X", by=by),
        lambda: actions.create_person(email="x@example.org", name="X", by=by),
        lambda: actions.add_membership(person=who, organisation=org, role="registrar", by=by),
        lambda: actions.end_membership(membership=membership, by=by),
        lambda: actions.disable_person(person=who, reason="No", by=by),
        lambda: actions.enable_person(person=who, by=by),
        lambda: actions.set_password(person=who, password=PASSWORD, by=by),
        lambda: actions.issue_token(person=who, by=by),
    ):
        with pytest.raises(ActionDenied):
            act()
    assert AuditEvent.objects.count() == before


def test_each_act_is_audited_once_and_no_secret_is_in_it(person, administrator):
    AuditEvent.objects.count()
    who = person("participant", password=PASSWORD)
    start = AuditEvent.objects.count()
    actions.set_password(person=who, password=PASSWORD + "2", by=administrator)
    row, token = actions.issue_token(person=who, by=administrator)
    actions.revoke_token(token=row, by=administrator)
    actions.disable_person(person=who, reason="Left", by=administrator)
    actions.enable_person(person=who, by=administrator)
    events = AuditEvent.objects.order_by("pk")[start:]
    assert [event.action for event in events] == [
        "set_password",
        "issue_token",
        "revoke_token",
        "disable_person",
        "enable_person",
    ]
    for event in AuditEvent.objects.all():
        assert PASSWORD not in str(event.detail)
        assert token not in str(event.detail)
        assert event.audience_id


def test_the_history_of_a_person_holds_no_password(person):
    who = person(password=PASSWORD)
    assert not any("password" in field.name for field in Person.history.model._meta.fields)
    assert Person.history.filter(id=who.pk).count() == 1
