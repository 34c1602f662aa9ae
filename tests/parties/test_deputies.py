"""Deputies: named, confirmed by somebody else, held on their London days, and recorded as "X for Y"."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from svtad.audit.models import AuditEvent
from svtad.governance.actions import run_job_now
from svtad.intake.actions import receive_file, request_commit
from svtad.intake.models import ImportBatch
from svtad.lib.clock import LONDON, london_date, now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError
from svtad.parties import actions, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import Deputyship, DeputyshipStep, Membership, OrganisationKind, Person
from svtad.parties.queries import deputyships_for
from svtad.parties.roles import ROLES
from tests.factories import MAKER, make_house

pytestmark = pytest.mark.django_db


def days(number: int) -> dt.date:
    return london_date(now()) + dt.timedelta(days=number)


@pytest.fixture
def name(person):
    """`name(member, deputy)`: a deputyship, by default for today."""

    def make(member, deputy, *, by=None, first: int = 0, last: int = 0, **more) -> Deputyship:
        values: dict[str, Any] = {"reason": "On leave.", "starts_on": days(first), "ends_on": days(last)} | more
        return actions.name_deputy(
            membership=member.memberships.latest("id"), deputy=deputy, by=by or actor_for(member, at=now()), **values
        )

    return make


@pytest.fixture
def held(name, administrator):
    """`held(member, deputy)`: a deputyship that an administrator confirmed."""

    def make(member, deputy, **more) -> Deputyship:
        made = name(member, deputy, **more)
        actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)
        return made

    return make


def acting(made: Deputyship, *, at: dt.datetime | None = None):
    return actor_for(made.deputy, at=at or now(), deputyship=made.public_id)


def test_a_deputy_holds_what_the_membership_holds_and_nothing_of_their_own(person, held):
    member, deputy = person("tag_chair"), person("registrar")
    actor = acting(held(member, deputy))
    assert actor.permissions == ROLES["tag_chair"].permissions
    assert actor.audience_keys == actor_for(member, at=now()).audience_keys
    assert (actor.actor_id, actor.acting_for) == (deputy.public_id, member.public_id)
    assert actor.label == f"{deputy} for {member}"
    as_oneself = actor_for(deputy, at=now())
    assert as_oneself.permissions == ROLES["registrar"].permissions
    assert as_oneself.label == deputy.name


@pytest.mark.parametrize("role", ROLES)
def test_of_a_member_with_two_roles_the_deputy_holds_the_one_that_was_named(person, organisation, held, role):
    member = person("participant" if role != "participant" else "registrar")
    place = organisation(ROLES[role].organisations[0])
    actions.add_membership(person=member, organisation=place, role=role, by=system_actor())
    actor = acting(held(member, person()))
    assert actor.permissions == ROLES[role].permissions
    assert actor.roles == {role}


def test_it_holds_only_once_somebody_confirmed_it(person, name, administrator):
    member, deputy = person("tab_member"), person()
    made = name(member, deputy)
    with pytest.raises(ActionDenied):
        acting(made)
    actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)
    assert acting(made).may("give_view")
    with pytest.raises(Refused, match="already"):
        actions.answer_deputyship(deputyship=made, confirm=False, reason="Late", by=administrator)


def test_a_refusal_says_why_and_is_the_end_of_it(person, name, administrator):
    made = name(person("tab_member"), person())
    with pytest.raises(InvalidInput):
        actions.answer_deputyship(deputyship=made, confirm=False, by=administrator)
    actions.answer_deputyship(deputyship=made, confirm=False, reason="Not of the board.", by=administrator)
    with pytest.raises(Refused):
        actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)
    with pytest.raises(Refused):
        actions.end_deputyship(deputyship=made, by=administrator)
    with pytest.raises(ActionDenied):
        acting(made)


def test_its_days_are_london_days_both_included(person, held):
    member = person("tab_member")
    Membership.objects.filter(person=member).update(starts_on=dt.date(2026, 1, 1))
    first, last = dt.date(2027, 3, 27), dt.date(2027, 3, 28)  # the clocks go forward on the second
    made = held(member, person(), starts_on=first, ends_on=last)
    for moment, holds in (
        ("2027-03-26T23:59:59+00:00", False),
        ("2027-03-27T00:00:00+00:00", True),
        ("2027-03-28T22:59:59+00:00", True),
        ("2027-03-28T23:00:00+00:00", False),
    ):
        at = dt.datetime.fromisoformat(moment)
        assert Deputyship.objects.held_at(at).filter(pk=made.pk).exists() is holds, moment


def test_a_confirmation_holds_from_its_moment_and_an_end_at_once(person, name, administrator):
    moment = dt.datetime.combine(days(0), dt.time(12), tzinfo=LONDON)
    made = name(person("tab_member"), person(), last=3, at=moment - dt.timedelta(hours=2))
    actions.answer_deputyship(deputyship=made, confirm=True, by=administrator, at=moment - dt.timedelta(hours=1))
    actions.end_deputyship(deputyship=made, by=administrator, reason="Back early", at=moment)
    held_at = Deputyship.objects.held_at
    second = dt.timedelta(seconds=1)
    assert not held_at(moment - dt.timedelta(hours=1) - second).exists()
    assert held_at(moment - dt.timedelta(hours=1)).exists()
    assert held_at(moment - second).exists()
    assert not held_at(moment).exists()


@pytest.mark.parametrize("what", ["the membership ends", "the member is shut out", "the deputy is shut out"])
def test_it_does_not_outlive_what_it_rests_on(person, held, administrator, what):
    member, deputy = person("tab_member"), person()
    made = held(member, deputy)
    assert acting(made)
    if what == "the membership ends":
        actions.end_membership(membership=made.membership, by=administrator)
    else:
        actions.disable_person(person=member if "member" in what else deputy, reason="Left", by=administrator)
    with pytest.raises(ActionDenied):
        acting(made)


def test_another_persons_deputyship_is_of_no_use(person, held):
    made = held(person("tab_member"), person())
    with pytest.raises(ActionDenied):
        actor_for(person(), at=now(), deputyship=made.public_id)
    with pytest.raises(ActionDenied):
        actor_for(made.deputy, at=now(), deputyship="x" * 22)


# --- who names, who confirms ------------------------------------------------------------------------------


def test_a_member_names_for_a_role_of_their_own_an_administrator_for_anybodys(person, name, administrator):
    member, other = person("tab_member"), person("tab_member")
    name(member, person())
    name(member, person(), by=administrator)
    with pytest.raises(ActionDenied):
        name(member, person(), by=actor_for(other, at=now()))


def test_neither_of_the_two_nor_who_named_it_confirms_it(person, name, administrator):
    admin = person("administrator")
    member, deputy = person("tab_chair"), person("administrator")
    made = name(member, deputy, by=actor_for(admin, at=now()))
    for who in (member, deputy, admin):
        with pytest.raises(ActionDenied, match="Somebody else"):
            actions.answer_deputyship(deputyship=made, confirm=True, by=actor_for(who, at=now()))
    actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)


def test_the_boards_chair_confirms_for_the_board_and_for_no_other(person, organisation, name):
    member, chair = person("tag_member"), person("tag_chair")
    made = name(member, person())
    for role in ("tag_member", "tag_secretary", "tab_chair", "registrar"):
        with pytest.raises(ActionDenied):
            actions.answer_deputyship(deputyship=made, confirm=True, by=actor_for(person(role), at=now()))
    # Chair of one board and member of the other: what the one lets do does not reach the other.
    both = person("tab_chair")
    actions.add_membership(
        person=both, organisation=organisation(OrganisationKind.TAG), role="tag_member", by=system_actor()
    )
    with pytest.raises(ActionDenied):
        actions.answer_deputyship(deputyship=made, confirm=True, by=actor_for(both, at=now()))
    actions.answer_deputyship(deputyship=made, confirm=True, by=actor_for(chair, at=now()))


def test_a_chairs_deputy_confirms_no_deputies_and_names_none(person, held, name):
    as_chair = acting(held(person("tag_chair"), person("tag_member")))
    made = name(person("tag_member"), person())
    with pytest.raises(ActionDenied):
        actions.answer_deputyship(deputyship=made, confirm=True, by=as_chair)
    with pytest.raises(ActionDenied, match="as yourself"):
        name(person("tag_member"), person(), by=as_chair)


def test_the_member_the_deputy_the_chair_or_an_administrator_ends_it(person, held, administrator):
    member, deputy, chair = person("tag_member"), person(), person("tag_chair")
    for who in (member, deputy, chair):
        actions.end_deputyship(deputyship=held(member, deputy), by=actor_for(who, at=now()))
    made = held(member, deputy)
    with pytest.raises(ActionDenied):
        actions.end_deputyship(deputyship=made, by=actor_for(person("tag_member"), at=now()))
    actions.end_deputyship(deputyship=made, by=administrator)
    with pytest.raises(Refused, match="over"):
        actions.end_deputyship(deputyship=made, by=administrator)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first": 2, "last": 1}, "ends_on"),
        ({"first": -3, "last": -1}, "ends_on"),
        ({"first": -30}, "starts_on"),
        ({"last": 40}, "ends_on"),
        ({"reason": "  "}, "reason"),
    ],
)
def test_a_deputyship_that_cannot_be_is_refused_by_field(person, name, wrong, field):
    member = person("tab_member")
    Membership.objects.filter(person=member).update(starts_on=days(-20), ends_on=days(30))
    with pytest.raises(InvalidInput) as error:
        name(member, person(), **wrong)
    assert {each.field for each in error.value.errors} == {field}
    name(member, person(), first=-20, last=30)


def test_a_deputy_is_somebody_else_who_can_sign_in(person, name, administrator):
    member, out = person("tab_member"), person()
    actions.disable_person(person=out, reason="Left", by=administrator)
    for who in (member, out, person(is_service_account=True)):
        with pytest.raises(InvalidInput) as error:
            name(member, who)
        assert {each.field for each in error.value.errors} == {"deputy"}
    actions.end_membership(membership=member.memberships.get(), by=administrator)
    with pytest.raises(Refused, match="over"):
        name(member, person(), by=administrator)


def test_rows_are_only_ever_added(person, held):
    made = held(person("tab_member"), person())
    for row in (made, DeputyshipStep.objects.get()):
        with pytest.raises(AppendOnlyError):
            row.save()
    for table in ("parties_deputyship", "parties_deputyshipstep"):
        for statement in (f"UPDATE {table} SET reason = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_one_answer_and_one_end_is_all_there_can_be(person, name, administrator):
    made = name(person("tab_member"), person())
    actions.answer_deputyship(deputyship=made, confirm=True, by=administrator)
    with pytest.raises(DatabaseError), transaction.atomic():
        DeputyshipStep.objects.create(deputyship=made, step="REFUSED", recorded_at=now(), recorded_by="x")


def test_each_act_is_audited_with_both_people(person, held, administrator):
    member, deputy = person("tab_member"), person()
    start = AuditEvent.objects.count()
    made = held(member, deputy)
    actions.end_deputyship(deputyship=made, by=actor_for(deputy, at=now()))
    told = list(AuditEvent.objects.order_by("pk")[start:])
    assert [event.action for event in told] == ["name_deputy", "confirm_deputy", "end_deputyship"]
    for event in told:
        assert (event.detail["member"], event.detail["deputy"]) == (member.public_id, deputy.public_id)


def test_one_knows_of_the_deputyships_one_is_part_of_or_confirms(person, held, administrator):
    member, deputy, chair = person("tag_member"), person(), person("tag_chair")
    held(member, deputy)
    held(person("tab_member"), person())
    for who, count in ((member, 1), (deputy, 1), (chair, 1), (person("registrar"), 0), (person("tab_chair"), 1)):
        assert deputyships_for(actor_for(who, at=now()), at=now()).count() == count
    assert deputyships_for(administrator, at=now()).count() == 2


# --- acting --------------------------------------------------------------------------------------------------


@pytest.fixture
def inside(client):
    """`inside(person)`: sign them in."""

    def put(who) -> Client:
        client.force_login(who, backend=sessions.BACKEND)
        return client

    return put


def test_everything_a_deputy_records_says_for_whom(person, held, administrator, inside):
    other_admin, deputy = person("administrator"), person()
    made = held(other_admin, deputy)
    client = inside(deputy)
    assert client.get("/people/").status_code == 403
    assert client.post("/people/acting/", {"deputyship": made.public_id}).status_code == 302
    page = client.get("/people/")
    assert f"You act as {deputy} for {other_admin}" in page.content.decode()
    client.post("/people/organisations/", {"kind": "DCC_SERVICE_PROVIDER", "code": "new", "name": "New Ltd"})
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_id) == ("create_organisation", deputy.public_id)
    assert event.actor_label == f"{deputy} for {other_admin}"
    client.post("/people/acting/", {"deputyship": ""})
    assert client.get("/people/").status_code == 403


def test_over_rest_a_header_says_so(person, held, client):
    admin, deputy = person("administrator"), person()
    made = held(admin, deputy)
    _, token = actions.issue_token(person=deputy, by=system_actor())
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/people", headers=headers).status_code == 403
    acting_headers = headers | {"Acting-For": made.public_id}
    me = client.get("/api/v1/me", headers=acting_headers).json()
    assert (me["name"], me["acting_for"]) == (f"{deputy} for {admin}", admin.public_id)
    assert [each["id"] for each in me["deputyships"]] == [made.public_id]
    assert client.get("/api/v1/people", headers=acting_headers).status_code == 200
    wrong = client.get("/api/v1/me", headers=headers | {"Acting-For": "x" * 22})
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (403, "application/problem+json")


def test_a_job_that_a_deputy_asked_for_is_done_in_the_deputyship_while_it_holds(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    house = make_house()
    sit = house.scope("SIT", "MOC")
    house.plan(sit, "TC-1")
    member = Person.objects.get(public_id=house.actor("test_manager").actor_id)
    deputy = Person.objects.get(public_id=house.actor("participant").actor_id)
    made = actions.name_deputy(
        membership=member.memberships.get(), deputy=deputy, starts_on=days(0), ends_on=days(0), reason="x", by=MAKER
    )
    actions.answer_deputyship(deputyship=made, confirm=True, by=MAKER)

    def sent(run: str, *, end: bool) -> ImportBatch:
        batch = receive_file(
            importer_key="results",
            scope_id=sit.public_id,
            content=b"external_id,outcome,occurred_at\nTC-1,PASSED,2026-03-02T09:00:00Z\n",
            name="results.csv",
            source="jenkins",
            run_id=run,
            by=acting(made),
        )
        assert batch.job is not None
        run_job_now(batch.job)
        job = request_commit(batch=batch, by=acting(made))
        if end:
            actions.end_deputyship(deputyship=made, by=MAKER)
        run_job_now(job)
        batch.refresh_from_db()
        return batch

    assert sent("1", end=False).state == "COMMITTED"
    assert AuditEvent.objects.get(action="commit_batch").actor_label == f"{deputy} for {member}"
    with pytest.raises(Refused, match="no deputy there"):
        sent("2", end=True)


def test_when_it_is_over_one_acts_as_oneself_and_what_was_meant_for_the_other_is_refused(
    person, held, administrator, inside
):
    admin, deputy = person("administrator"), person("administrator")
    made = held(admin, deputy)
    client = inside(deputy)
    client.post("/people/acting/", {"deputyship": made.public_id})
    actions.end_deputyship(deputyship=made, by=administrator)
    sent = {"kind": "DCC_SERVICE_PROVIDER", "code": "new", "name": "New Ltd"}
    refused = client.post("/people/organisations/", sent)
    assert refused.status_code == 403, "as oneself it would have gone through"
    assert "act as yourself" in refused.content.decode()
    assert client.post("/people/organisations/", sent).status_code == 302
    assert AuditEvent.objects.latest("pk").actor_label == deputy.name


def test_one_cannot_act_in_what_does_not_hold(person, name, inside):
    made = name(person("administrator"), person())
    client = inside(made.deputy)
    assert client.post("/people/acting/", {"deputyship": made.public_id}).status_code == 403
    assert client.get("/people/").status_code == 403


def test_ones_own_account_is_not_the_members(person, held, inside):
    made = held(person("tab_member"), person())
    client = inside(made.deputy)
    client.post("/people/acting/", {"deputyship": made.public_id})
    for path in ("/account/app/", "/account/passkey/", "/account/password/"):
        assert client.get(path).status_code == 403, path
    assert client.post("/account/sessions/end/").status_code == 403
    assert client.get("/account/").status_code == 200


def test_the_role_that_is_acted_in_may_need_a_second_factor(person, held, inside, settings):
    settings.SECOND_FACTOR = "deciders"
    made = held(person("tag_chair"), person("participant"))
    client = inside(made.deputy)
    assert client.get("/issues/").status_code == 200
    client.post("/people/acting/", {"deputyship": made.public_id})
    assert client.get("/issues/")["Location"].startswith("/sign-in/second/")
    client.post("/people/acting/", {"deputyship": ""})
    assert client.get("/issues/").status_code == 200


def test_the_pages_name_confirm_and_end(person, inside, administrator):
    member, deputy, chair = person("tag_member"), person(), person("tag_chair")
    membership = member.memberships.get()
    client = inside(member)
    assert client.get(f"/people/memberships/{membership.public_id}/deputy/").status_code == 200
    sent = {"deputy": deputy.email.upper(), "starts_on": days(0), "ends_on": days(2), "reason": "Leave"}
    path = f"/people/memberships/{membership.public_id}/deputy/"
    assert client.post(path, sent | {"deputy": "nobody@example.org"}).status_code == 400
    assert client.post(path, sent | {"ends_on": days(-2)}).status_code == 400
    assert client.post(path, sent).status_code == 302
    made = Deputyship.objects.get()
    assert "Somebody else confirms it" in client.get("/people/deputies/").content.decode()
    client = inside(chair)
    answer = f"/people/deputies/{made.public_id}/answer/"
    assert client.post(answer, {f"{made.public_id}-confirm": "no"}).status_code == 400
    assert client.post(answer, {f"{made.public_id}-confirm": "yes"}).status_code == 302
    client = inside(deputy)
    page = client.get("/people/deputies/").content.decode()
    assert f"Act for {member}" in page
    assert client.post(f"/people/deputies/{made.public_id}/end/").status_code == 302
    assert f"Act for {member}" not in client.get("/people/deputies/").content.decode()
    client = inside(person("registrar"))
    assert client.post(f"/people/deputies/{made.public_id}/end/").status_code == 404
