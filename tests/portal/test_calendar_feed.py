"""The feed of a person's calendar: who sees what in it, how its address is made and ends, what stays the same."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.test import Client

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.models import Deadline
from svtad.governance.queries import events
from svtad.lib.clock import LONDON, london_date, now
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties import actions as party_actions
from svtad.parties.actors import actor_for
from svtad.parties.models import CalendarFeed, Membership, Person
from tests.factories import MAKER, make_house, make_person
from tests.lib.icalendar_reader import Component, instant, read
from tests.portal.boards import plan, signed_in, text
from tests.portal.deadlines import determined, proclaim, rejected

ACCOUNT = "/account/"


@pytest.fixture(scope="class")
def lent_house(lend):
    return lend(make_house)


@pytest.fixture
def house(lent_house, db, files_of_this_test):
    return lent_house


def person_of(house, role, organisation=None) -> Person:
    return Person.objects.get(public_id=house.actor(role, organisation).actor_id)


def address(person: Person) -> str:
    """Make the address of a person's calendar."""
    _, secret = party_actions.make_calendar_feed(person=person, by=actor_for(person, at=now()))
    return f"/calendar/feed/{secret}.ics"


def fetched(where: str) -> Component:
    """Fetch a calendar as a calendar does: without any cookie."""
    response = Client().get(where)
    assert response.status_code == 200
    return read(response.content)


def summaries(where: str) -> list[str]:
    return [event["SUMMARY"] for event in fetched(where).all("VEVENT")]


# --- who sees what -----------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.21")
@pytest.mark.parametrize(
    ("role", "organisation", "sees"),
    [
        ("test_manager", "", {"13.21", "13.4", "TAG 41", "TAB 7"}),
        ("registrar", "", {"13.21", "13.4", "TAG 41", "TAB 7"}),
        ("tag_member", "", {"TAG 41"}),
        ("tab_member", "", {"TAB 7"}),
        ("panel_member", "", set()),
        ("provider_tester", "", set()),
        ("participant", "", {"13.4"}),
        ("participant", "other_supplier", set()),
    ],
)
def test_each_role_sees_its_own_last_days_and_meetings(house, role, organisation, sees):
    rejected(house)
    determined(house, house.supplier)
    plan("TAG 41", starts_at=now() + dt.timedelta(days=3))
    plan("TAB 7", body="TAB", starts_at=now() + dt.timedelta(days=4))
    where = address(person_of(house, role, getattr(house, organisation) if organisation else None))
    found = {mark for mark in ("13.21", "13.4)", "TAG 41", "TAB 7") for each in summaries(where) if mark in each}
    assert {mark.rstrip(")") for mark in found} == sees


def test_it_names_no_matter_by_its_title(house):
    deadline = determined(house, house.supplier)
    where = address(person_of(house, "participant"))
    [event] = fetched(where).all("VEVENT")
    content = Client().get(where).content.decode()
    assert event["SUMMARY"] == f"Last day: A Supplier Party may refer · {deadline.matter.reference} (13.4)"
    assert "DMCs that only" not in content
    assert "They are in use" not in content


def test_whoever_holds_no_role_any_more_gets_an_empty_calendar_at_once(house):
    rejected(house)
    manager = person_of(house, "test_manager")
    where = address(manager)
    assert summaries(where)
    party_actions.end_membership(membership=Membership.objects.get(person=manager), by=MAKER)
    assert summaries(where) == []


def test_a_disabled_person_has_no_calendar_nor_when_enabled_again(house):
    manager = person_of(house, "test_manager")
    where = address(manager)
    party_actions.disable_person(person=manager, by=MAKER, reason="Left.")
    assert Client().get(where).status_code == 404
    party_actions.enable_person(person=manager, by=MAKER)
    assert Client().get(where).status_code == 404
    assert summaries(address(manager)) == []


def test_a_view_that_is_wanted_by_a_day_is_in_the_calendar_of_whose_view_it_is(house):
    day = london_date(now()) + dt.timedelta(days=9)
    deadline = rejected(house)
    matter = actions.open_matter(
        procedure="SIT_COMPLETION", document="SVTAD", version="1.23", title="SIT of MOC",
        audience=deadline.matter.audience, scope_id=house.scope("SIT", "MOC").public_id, by=MAKER,
    )  # fmt: skip
    asked = actions.ask_view(matter=matter, body="TAG", respond_by=day, by=MAKER)
    where = address(person_of(house, "tag_member"))
    [event] = fetched(where).all("VEVENT")
    assert event["SUMMARY"].startswith("View of TAG wanted")
    assert event["DTSTART"] == f"{day:%Y%m%d}"
    actions.record_view(request=asked, text="Each is met.", by=MAKER)
    [event] = fetched(where).all("VEVENT")
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", "1")


# --- what stays the same, and what changes -----------------------------------------------------------


def test_a_fetch_in_which_nothing_changed_is_the_same_and_is_told_so(house):
    rejected(house)
    plan("TAG 41", starts_at=now() + dt.timedelta(days=3))
    where = address(person_of(house, "test_manager"))
    first, again = Client().get(where), Client().get(where)
    assert first.content == again.content
    unchanged = Client().get(where, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["Cache-Control"] == "private, no-cache"


def test_a_moved_last_day_moves_the_event(house):
    deadline = rejected(house)
    where = address(person_of(house, "test_manager"))
    [before] = fetched(where).all("VEVENT")
    proclaim()
    assert fetched(where).all("VEVENT")[0].properties == before.properties  # nothing moves by itself
    [moved] = actions.move_deadlines(deadlines=[deadline], reason="Proclaimed; once,\nand for all", by=MAKER)
    [after] = fetched(where).all("VEVENT")
    assert after["UID"] == before["UID"] == f"deadline-{deadline.public_id}@testing-governance"
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("0", "1")
    assert after["DTSTART"] == f"{moved.last_day:%Y%m%d}"
    assert after["LAST-MODIFIED"] == after["DTSTAMP"] >= before["DTSTAMP"]
    assert "Proclaimed; once,\nand for all" in after["DESCRIPTION"]


def test_what_ended_is_cancelled_for_a_month_and_then_gone(house):
    deadline = rejected(house)
    manager = person_of(house, "test_manager")
    where = address(manager)
    Deadline.objects.filter(pk=deadline.pk).update(ended_at=now(), end="MET")
    [event] = fetched(where).all("VEVENT")
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", "1")
    Deadline.objects.filter(pk=deadline.pk).update(ended_at=now() - events.KEPT_CANCELLED)
    assert summaries(where) == []


def test_a_meeting_is_at_its_london_time_before_and_after_the_clocks_change(house):
    year = now().year + 1
    winter = dt.datetime(year, 1, 14, 16, tzinfo=LONDON)
    summer = dt.datetime(year, 7, 14, 16, tzinfo=LONDON)
    actions.plan_meeting(body="TAG", title="TAG winter", starts_at=winter, by=MAKER)
    meeting = actions.plan_meeting(body="TAG", title="TAG summer", starts_at=summer, by=MAKER)
    where = address(person_of(house, "tag_member"))
    found = fetched(where)
    starts = [event.property("DTSTART") for event in found.all("VEVENT")]
    assert [start.value[9:] for start in starts if start] == ["160000", "160000"]
    assert [instant(found, start) for start in starts if start] == [winter, summer]
    actions.cancel_meeting(meeting=meeting, reason="Too hot.", by=MAKER)
    gone = fetched(where).all("VEVENT")[1]
    assert (gone["STATUS"], gone["SEQUENCE"]) == ("CANCELLED", "1")


def test_hostile_text_of_a_meeting_makes_no_event_of_its_own(house):
    hostile = 'TAG \\n; BEGIN:VEVENT,"' + "é" * 60
    actions.plan_meeting(
        body="TAG", title=hostile, starts_at=now() + dt.timedelta(days=1), place="; X=1:2, room\\", by=MAKER
    )
    [event] = fetched(address(person_of(house, "tag_member"))).all("VEVENT")
    assert (event["SUMMARY"], event["LOCATION"]) == (hostile, "; X=1:2, room\\")


def test_it_costs_the_same_however_much_there_is(house, django_assert_num_queries):
    rejected(house)
    plan("TAG 41", starts_at=now() + dt.timedelta(days=3))
    where = address(person_of(house, "test_manager"))
    with django_assert_num_queries(6):  # the address, the roles, last days, views, meetings and when they changed
        fetched(where)
    for number in range(4):
        rejected(house)
        plan(f"TAG 5{number}", starts_at=now() + dt.timedelta(days=number))
    with django_assert_num_queries(6):
        fetched(where)


# --- the address -------------------------------------------------------------------------------------


def test_it_is_made_shown_once_renewed_and_revoked_on_the_account_page(house):
    client, person = signed_in(house, "test_manager"), person_of(house, "test_manager")
    assert "Make the address" in text(client.get(ACCOUNT))
    shown = text(client.post("/account/calendar/make/"))
    first = shown.partition("/calendar/feed/")[2].partition(".ics")[0]
    assert len(first) == 43
    assert first not in text(client.get(ACCOUNT))
    [row] = CalendarFeed.objects.all()
    assert row.digest == hashlib.sha256(first.encode()).hexdigest()
    assert first not in " ".join(str(value) for value in vars(row).values())
    assert Client().get(f"/calendar/feed/{first}.ics").status_code == 200
    renewed = text(client.post("/account/calendar/make/"))
    assert "The address of before has ended" in renewed
    second = renewed.partition("/calendar/feed/")[2].partition(".ics")[0]
    assert Client().get(f"/calendar/feed/{first}.ics").status_code == 404
    assert Client().get(f"/calendar/feed/{second}.ics").status_code == 200
    assert client.post("/account/calendar/revoke/").status_code == 302
    assert Client().get(f"/calendar/feed/{second}.ics").status_code == 404
    assert client.post("/account/calendar/revoke/").status_code == 409
    acts = list(AuditEvent.objects.filter(action__endswith="calendar_feed").order_by("pk"))
    assert [each.action for each in acts] == ["make_calendar_feed", "renew_calendar_feed", "revoke_calendar_feed"]
    assert all(each.actor_id == each.subject_id == person.public_id for each in acts)
    assert not any(secret in str(each.detail) for each in acts for secret in (first, second))


def test_what_is_wrong_revoked_or_somebody_elses_is_answered_alike(house, django_assert_num_queries):
    manager = person_of(house, "test_manager")
    revoked = address(manager)
    disabled = address(make_person("registrar", house.dcc))
    Person.objects.filter(email__startswith="registrar").update(is_active=False)
    party_actions.revoke_calendar_feed(person=manager, by=MAKER)
    answers = []
    for where in ("/calendar/feed/wrong.ics", f"/calendar/feed/{'A' * 43}.ics", revoked, disabled):
        with django_assert_num_queries(1):
            answer = Client().get(where)
        answers.append((answer.status_code, answer.content, dict(answer.headers)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 404


def test_no_cookie_is_wanted_or_given_and_no_shared_cache_keeps_it(house):
    where = address(person_of(house, "test_manager"))
    for client in (signed_in(house, "tag_member"), Client()):
        response = client.get(where)
        assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
    assert Client().head(where).status_code == 200
    assert Client().post(where).status_code == 405


def test_the_secret_is_in_no_log(house, caplog):
    secret = "Z" * 43
    Client().get(f"/calendar/feed/{secret}.ics")
    assert caplog.records
    assert secret not in caplog.text


def test_nobody_makes_the_address_of_another_or_of_a_machine(house):
    manager = person_of(house, "test_manager")
    for actor in (MAKER, house.actor("administrator")):
        with pytest.raises(ActionDenied):
            party_actions.make_calendar_feed(person=manager, by=actor)
    tooling = person_of(house, "test_tooling")
    with pytest.raises(Refused):
        party_actions.make_calendar_feed(person=tooling, by=house.actor("test_tooling"))
    address(manager)
    with pytest.raises(ActionDenied):
        party_actions.revoke_calendar_feed(person=manager, by=house.actor("registrar"))
    party_actions.revoke_calendar_feed(person=manager, by=house.actor("administrator"))
