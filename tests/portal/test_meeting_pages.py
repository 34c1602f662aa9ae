"""The pages of meetings: planning, agendas, attendance and interests."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest

from svtad.governance import actions
from svtad.governance.models import AgendaItem, Attendance, BodyRule, Interest, Meeting, Paper
from svtad.lib.clock import now
from svtad.parties.models import Person
from tests.factories import MAKER, at, make_house
from tests.portal.boards import MEETINGS, hold, make_exclusions, only, plan, signed_in, text, upload


@pytest.fixture
def house(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return make_house()


@pytest.fixture
def exclusions(house):
    return make_exclusions(house)


@pytest.fixture
def held(exclusions):
    """A meeting that took up the three exclusions."""
    return hold(plan(), *exclusions)


# --- which there are ---------------------------------------------------------------------------------


def test_the_list_narrows_by_body_time_and_state_and_its_csv_is_the_same(house):
    plan()
    plan("TAB 7", body="TAB", starts_at=now() + dt.timedelta(days=3))
    actions.cancel_meeting(meeting=plan("TAG 42"), reason="Easter.", by=MAKER)
    registrar = signed_in(house, "registrar")
    assert "3 meetings" in text(registrar.get(MEETINGS))

    def listed(query: str) -> list[str]:
        rows = csv.DictReader(io.StringIO(b"".join(registrar.get(f"{MEETINGS}?as=csv&{query}")).decode("utf-8-sig")))
        return [row["Meeting"] for row in rows]

    assert listed("") == ["TAB 7", "TAG 42", "TAG 41"]
    assert listed("body=TAG") == ["TAG 42", "TAG 41"]
    assert listed("when=next") == ["TAB 7"]
    assert listed("when=past&state=PLANNED") == ["TAG 41"]
    assert listed("state=CANCELLED") == ["TAG 42"]
    page = text(registrar.get(f"{MEETINGS}?body=TAB&when=next"))
    assert "TAB 7" in page
    assert "TAG 41" not in page
    assert 'href="/governance/decisions/' in page


@pytest.mark.parametrize(
    ("role", "organisation", "sees"),
    [
        ("registrar", "", True), ("test_manager", "", True), ("tag_member", "", True), ("tab_member", "", False),
        ("panel_member", "", False), ("sit_auditor", "", False), ("participant", "", False),
        ("participant", "other_supplier", False), ("provider_tester", "", False),
    ],
)  # fmt: skip
def test_a_meeting_is_for_the_body_and_the_dcc(house, held, role, organisation, sees):
    client = signed_in(house, role, getattr(house, organisation) if organisation else None)
    assert ("TAG 41" in text(client.get(MEETINGS))) == sees
    for address in ("", "agenda/", "file/meeting.ics"):
        assert client.get(f"{MEETINGS}{held.public_id}/{address}").status_code == (200 if sees else 404)


def test_a_calendar_takes_the_meeting_in_and_learns_of_no_matter(house, exclusions):
    meeting = plan(
        "TAG 41; Easter, extra", place="Room 2", link="https://meet.example.org/41", ends_at=at(days=2, hours=1)
    )
    actions.put_on_agenda(meeting=meeting, matters=exclusions, by=MAKER, at=at(days=1))
    actions.change_meeting(
        meeting=meeting, title=meeting.title, starts_at=at(days=2), ends_at=at(days=2, hours=2), place="Room 3",
        link=meeting.link, by=MAKER, at=at(days=1),
    )  # fmt: skip
    response = signed_in(house, "tag_member").get(f"{MEETINGS}{meeting.public_id}/file/meeting.ics")
    assert response.headers["Content-Type"].startswith("text/calendar")
    content = response.content.decode()
    lines = content.replace("\r\n ", "").split("\r\n")
    assert f"UID:meeting-{meeting.public_id}@testing-governance" in lines
    assert "SUMMARY:TAG 41\\; Easter\\, extra" in lines
    assert f"DTSTART;TZID=Europe/London:{at(days=2):%Y%m%dT%H%M%S}" in lines
    assert f"DTEND;TZID=Europe/London:{at(days=2, hours=2):%Y%m%dT%H%M%S}" in lines
    assert "SEQUENCE:1" in lines
    assert "LOCATION:Room 3" in lines
    assert "\n" not in content.replace("\r\n", "")
    assert not any(matter.reference in content or matter.title in content for matter in exclusions)
    actions.cancel_meeting(meeting=meeting, reason="Easter.", by=MAKER)
    gone = signed_in(house, "registrar").get(f"{MEETINGS}{meeting.public_id}/file/meeting.ics").content.decode()
    assert "STATUS:CANCELLED" in gone
    assert "METHOD:CANCEL" in gone


# --- planning ----------------------------------------------------------------------------------------


def test_the_registrar_plans_changes_holds_and_cancels(house):
    registrar = signed_in(house, "registrar")
    given = {"body": "TAG", "title": "TAG 41", "starts_at": "2026-03-04T10:00:00", "place": "Room 2"}
    wrong = text(registrar.post(f"{MEETINGS}plan/", given | {"ends_at": "2026-03-04T09:00:00"}), 400)
    assert "A meeting ends after it began." in wrong
    assert registrar.post(f"{MEETINGS}plan/", given).status_code == 302
    meeting = Meeting.objects.get()
    address = f"{MEETINGS}{meeting.public_id}/"
    assert "Another meeting of TAG has this title" in text(registrar.post(f"{MEETINGS}plan/", given), 400)
    form = text(registrar.get(f"{address}change/"))
    assert 'value="2026-03-04T10:00:00"' in form
    change = {"title": "TAG 41", "starts_at": "2026-03-04T11:00:00", "expected_revision": "0"}
    assert registrar.post(f"{address}change/", change).status_code == 302
    assert registrar.post(f"{address}change/", change).status_code == 409
    assert registrar.post(f"{address}cancel/", {"cancel-reason": ""}).status_code == 400
    assert registrar.post(f"{address}hold/").status_code == 302
    page = text(registrar.get(address))
    assert "TAG 41: held" in page
    assert "No quorum is set" in page
    assert registrar.post(f"{address}cancel/", {"cancel-reason": "Easter."}).status_code == 409


@pytest.mark.parametrize("role", ["test_manager", "tag_member"])
def test_others_see_why_not(house, exclusions, role):
    meeting = plan()
    [item] = actions.put_on_agenda(meeting=meeting, matters=exclusions[:1], by=MAKER, at=at(days=1))
    client = signed_in(house, role)
    address = f"{MEETINGS}{meeting.public_id}/"
    page = text(client.get(address))
    assert "You may not plan or keep meetings of TAG" in page
    assert "Draw the agenda" not in page
    assert "Plan a meeting" not in text(client.get(MEETINGS))
    assert client.get(f"{MEETINGS}plan/").status_code == 403
    posts = {
        "hold/": {}, "cancel/": {"cancel-reason": "x"}, "agenda/draw/": {"matter": exclusions[1].public_id},
        "agenda/add/": {"item-title": "x"}, "agenda/order/": {f"place-{item.public_id}": "1"},
        "agenda/take-off/": {"off-item": item.public_id, "off-reason": "x"},
        "change/": {"title": "x", "starts_at": "2026-03-04T11:00:00"},
        "attendance/": {"at-TOTAL_FORMS": "0", "at-INITIAL_FORMS": "0"},
        "minutes/approve/": {"approve-approved_at": "2026-03-04T11:00:00"},
    }  # fmt: skip
    for path, data in posts.items():
        assert client.post(f"{address}{path}", data).status_code == 403, path
    assert client.get(f"{address}agenda/draw/").status_code == 403
    assert client.get(f"{address}decisions/").status_code == 403
    file = {"paper-item": item.public_id, "paper-file": upload()}
    assert client.post(f"{address}papers/", file).status_code == 403
    assert client.post(f"{address}minutes/", {"minutes-file": upload()}).status_code == 403
    assert Meeting.objects.get().state == "PLANNED"
    assert AgendaItem.objects.get().removed_at is None


# --- agendas -----------------------------------------------------------------------------------------


def test_an_agenda_is_drawn_from_what_waits_with_a_look_first(house, exclusions):
    meeting, other = plan(), plan("TAG 42")
    actions.put_on_agenda(meeting=other, matters=exclusions[2:], by=MAKER, at=at(days=1))
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{meeting.public_id}/"
    shown = text(registrar.get(f"{address}agenda/draw/"))
    assert "3 matters wait for TAG" in shown
    ticked = re.findall(r'value="(\w{22})"[^>]* checked', shown)
    assert ticked == [exclusions[0].public_id, exclusions[1].public_id], "what is on another agenda is not ticked"
    assert not meeting.items.exists()
    assert registrar.post(f"{address}agenda/draw/", {}).status_code == 400
    assert registrar.post(f"{address}agenda/draw/", {"matter": ["x" * 22]}).status_code == 400
    assert registrar.post(f"{address}agenda/draw/", {"matter": ticked}).status_code == 302
    assert [item.matter for item in meeting.items.order_by("position")] == exclusions[:2]
    again = registrar.post(f"{address}agenda/draw/", {"matter": ticked})
    assert "on this agenda already" in text(again, 409)


def test_items_are_added_ordered_and_taken_off(house, exclusions):
    meeting = plan()
    first, second = actions.put_on_agenda(meeting=meeting, matters=exclusions[:2], by=MAKER, at=at(days=1))
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{meeting.public_id}/"
    assert registrar.post(f"{address}agenda/add/", {"item-title": " "}).status_code == 400
    assert registrar.post(f"{address}agenda/add/", {"item-title": "Minutes of TAG 40"}).status_code == 302
    talk = AgendaItem.objects.get(matter=None)
    places = {f"place-{item.public_id}": str(place) for item, place in ((first, 3), (second, 2), (talk, 1))}
    for wrong in ("", "-1", "first", "²"):
        bad = registrar.post(f"{address}agenda/order/", places | {f"place-{second.public_id}": wrong})
        assert exclusions[1].reference in text(bad, 400)
    assert registrar.post(f"{address}agenda/order/", places).status_code == 302
    page = text(registrar.get(f"{address}agenda/"))
    assert page.index("Minutes of TAG 40") < page.index(exclusions[1].reference) < page.index(exclusions[0].reference)
    off = f"{address}agenda/take-off/"
    chosen = {"off-item": first.public_id}
    assert registrar.post(off, chosen | {"off-reason": ""}).status_code == 400
    assert registrar.post(off, chosen | {"off-reason": "Not ready."}).status_code == 302
    assert "Select a valid choice" in text(registrar.post(off, chosen | {"off-reason": "Not ready."}), 400)


def test_a_paper_of_the_dcc_alone_is_not_shown_to_the_body(house, exclusions):
    meeting = plan()
    [item] = actions.put_on_agenda(meeting=meeting, matters=exclusions[:1], by=MAKER, at=at(days=1))
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{meeting.public_id}/"
    papers = f"{address}papers/"
    assert registrar.post(papers, {"paper-item": item.public_id, "paper-title": "None"}).status_code == 400
    assert registrar.post(papers, {"paper-item": "x" * 22, "paper-file": upload()}).status_code == 400
    for title, seen_by in (("For all", "all"), ("For us", "dcc")):
        data = {"paper-item": item.public_id, "paper-file": upload(f"{title}.pdf"), "paper-title": title}
        data["paper-seen_by"] = seen_by
        assert registrar.post(papers, data).status_code == 302
    member = signed_in(house, "tag_member")
    page = text(member.get(address))
    assert "For all" in page
    assert "For us" not in page
    ours = Paper.objects.get(title="For us")
    assert member.get(f"/governance/files/{ours.file.public_id}/").status_code == 404
    assert registrar.get(f"/governance/files/{ours.file.public_id}/").status_code == 200
    back = f"{address}papers/{ours.public_id}/take-back/"
    assert member.post(back, {"reason": "x"}).status_code == 404
    assert registrar.post(back, {"reason": ""}).status_code == 400
    assert registrar.post(back, {"reason": "Wrong one."}).status_code == 302
    registrar.get(address)  # which says that it is taken back
    assert "For us" not in text(registrar.get(address))


def test_the_inbox_and_a_matters_page_lead_to_an_agenda(house, exclusions):
    meeting = plan(starts_at=now() + dt.timedelta(days=3))
    plan("TAB 7", body="TAB")
    matter = exclusions[0]
    manager, registrar = signed_in(house, "test_manager"), signed_in(house, "registrar")
    link = f"{MEETINGS}put/?matter={matter.public_id}"
    assert link in text(registrar.get("/inbox/"))
    assert link not in text(manager.get("/inbox/"))
    address = f"/governance/matters/{matter.public_id}/"
    assert link in text(registrar.get(address))
    assert link not in text(manager.get(address))
    form = text(registrar.get(link))
    assert "TAG 41" in form
    assert "TAB 7" not in form
    data = {"matter": matter.public_id, "meeting": meeting.public_id}
    assert manager.post(f"{MEETINGS}put/", data).status_code == 400
    assert registrar.post(f"{MEETINGS}put/", data | {"meeting": "x"}).status_code == 400
    assert registrar.post(f"{MEETINGS}put/", data).status_code == 302
    assert "TAG 41" in text(signed_in(house, "tag_member").get(address))
    assert "TAG 41" not in text(signed_in(house, "tab_member").get(address))
    assert "There is no planned meeting" in text(registrar.get(link))


# --- who was there -----------------------------------------------------------------------------------


def attendance(page: str) -> dict[str, str]:
    """Return what the form of the attendance holds, as a browser would send it."""
    values = {}
    for name in re.findall(r"<input[^>]*name=\"(at-[^\"]+)\"[^>]*>", page):
        tag = only(rf"(<input[^>]*name=\"{name}\"[^>]*>)", page)
        value = re.search(r'value="([^"]*)"', tag)
        if "checkbox" not in tag:
            values[name] = value.group(1) if value else ""
        elif " checked" in tag:
            values[name] = "on"
    for name in re.findall(r"<select[^>]*name=\"(at-[^\"]+)\"", page):
        options = only(rf"(<select[^>]*name=\"{name}\".*?</select>)", page)
        chosen = re.search(r'value="([^"]*)" selected', options)
        values[name] = chosen.group(1) if chosen else ""
    return values


def test_attendance_is_ticked_off_among_the_members_and_corrected_with_a_reason(house):
    member = Person.objects.get(public_id=house.actor("tag_member").actor_id)
    registrar = signed_in(house, "registrar")
    meeting = plan()
    address = f"{MEETINGS}{meeting.public_id}/"
    sent = attendance(text(registrar.get(address)))
    assert sent["at-0-person"] == member.public_id
    sent |= {"at-0-presence": "PRESENT", "at-0-in_chair": "on", "at-1-name": "Jo of Ofgem", "at-1-capacity": "OBSERVER"}
    sent |= {"at-1-presence": "APOLOGIES"}
    assert registrar.post(f"{address}attendance/", sent | {"at-1-in_chair": "on"}).status_code == 400
    assert registrar.post(f"{address}attendance/", sent).status_code == 302
    page = text(registrar.get(address))
    assert "in the chair" in page
    assert "Jo of Ofgem" in page
    assert "1 member present" in page
    registrar.post(f"{address}hold/")
    sent = attendance(text(registrar.get(address)))
    wrong = next(name for name, value in sent.items() if value == "Jo of Ofgem").replace("-name", "-presence")
    sent[wrong] = "PRESENT"
    assert "This field is required" in text(registrar.post(f"{address}attendance/", sent), 400)
    assert registrar.post(f"{address}attendance/", sent | {"because-reason": "She came late."}).status_code == 302
    assert "corrected: She came late." in text(registrar.get(address))
    assert Attendance.objects.count() == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"at-1-presence": "PRESENT"}, "Say who it is"),
        ({"at-1-name": "Jo", "at-2-name": "jo", "at-1-presence": "PRESENT", "at-2-presence": "PRESENT"}, "here twice"),
        ({"at-0-person": "x" * 22, "at-0-presence": "PRESENT"}, "nobody who acts for the body"),
        ({"at-0-presence": "ASLEEP"}, "Select a valid choice"),
        ({"at-1-name": "x" * 121}, "at most 120"),
        ({"at-TOTAL_FORMS": "many"}, ""),
        ({"at-TOTAL_FORMS": "100000"}, ""),
    ],
)
def test_attendance_that_cannot_be_comes_back_with_what_is_wrong(house, change, says):
    house.actor("tag_member")
    registrar = signed_in(house, "registrar")
    address = f"{MEETINGS}{plan().public_id}/"
    sent = attendance(text(registrar.get(address))) | change
    assert says in text(registrar.post(f"{address}attendance/", sent), 400)
    assert not Attendance.objects.exists()


def test_a_quorum_is_set_by_an_administrator_with_its_source(house):
    administrator, registrar = signed_in(house, "administrator"), signed_in(house, "registrar")
    rules = f"{MEETINGS}rules/"
    assert "no quorum is set" in text(registrar.get(rules))
    given = {"body": "TAG", "quorum": "3", "deputies_count": "", "chair_needed": "no", "source": "Terms, 4.2"}
    assert registrar.post(rules, given).status_code == 403
    assert "From 1 to 100" in text(administrator.post(rules, given | {"quorum": "0"}), 400)
    assert administrator.post(rules, given | {"source": ""}).status_code == 400
    assert administrator.post(rules, given).status_code == 302
    rule = BodyRule.objects.get()
    assert (rule.quorum, rule.deputies_count, rule.chair_needed) == (3, None, False)
    page = text(registrar.get(rules))
    assert "3 members" in page
    assert "Terms, 4.2" in page
    later = plan("TAG 99", starts_at=now() + dt.timedelta(days=1))
    assert "0 members present, 3 needed." in text(registrar.get(f"{MEETINGS}{later.public_id}/"))
    assert administrator.post(rules, given | {"quorum": ""}).status_code == 302
    assert "What held before" in text(registrar.get(rules))


# --- interests ---------------------------------------------------------------------------------------


def test_an_interest_is_declared_and_shown_where_the_matter_is_decided(house, held, exclusions):
    matter = exclusions[0]
    member, registrar = signed_in(house, "tag_member"), signed_in(house, "registrar")
    address = f"/governance/matters/{matter.public_id}/"
    declare = f"{address}interests/"
    assert member.post(declare, {"interest-whose": "me", "interest-text": ""}).status_code == 400
    assert member.post(declare, {"interest-whose": "other", "interest-text": "x"}).status_code == 400
    assert member.post(declare, {"interest-whose": "me", "interest-text": "My firm makes it."}).status_code == 302
    interest = Interest.objects.get()
    item = held.items.get(matter=exclusions[1])
    at_meeting = f"{MEETINGS}{held.public_id}/interests/"
    named = {"interest-item": item.public_id, "interest-whose": "other", "interest-text": "Her device."}
    assert registrar.post(at_meeting, named | {"interest-name": " "}).status_code == 400
    assert registrar.post(at_meeting, named | {"interest-name": "Jo", "interest-item": "x" * 22}).status_code == 400
    assert registrar.post(at_meeting, named | {"interest-name": "Jo"}).status_code == 302
    for page in (
        text(registrar.get(address)),
        text(registrar.get(f"{MEETINGS}{held.public_id}/")),
        text(registrar.get(f"{MEETINGS}{held.public_id}/decisions/")),
        text(registrar.get(f"{MEETINGS}{held.public_id}/agenda/")),
    ):
        assert "My firm makes it." in page
    manager = signed_in(house, "test_manager")
    withdraw = f"/governance/interests/{interest.public_id}/withdraw/"
    assert withdraw not in text(manager.get(address))
    assert manager.post(withdraw, {"reason": "x"}).status_code == 403
    assert member.post(withdraw, {"reason": ""}).status_code == 400
    assert withdraw in text(member.get(address))
    assert member.post(withdraw, {"reason": "I left it."}).status_code == 302
    assert "I left it." in text(registrar.get(address))
    assert "My firm makes it." not in text(registrar.get(f"{MEETINGS}{held.public_id}/decisions/"))
    stranger = signed_in(house, "participant", house.other_supplier)
    assert stranger.post(declare, {"interest-whose": "me", "interest-text": "x"}).status_code == 404
    assert stranger.post(withdraw, {"reason": "x"}).status_code == 404
