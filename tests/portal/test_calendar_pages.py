"""The calendar's pages: a month as each person may see it, and what a correction would move."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.models import Deadline, NonWorkingDayOverride
from svtad.governing.actions import set_parameter
from svtad.lib.clock import LONDON, london_date, now
from svtad.parties.audiences import audience_of, org_key
from tests.factories import MAKER, make_house
from tests.portal.boards import plan, signed_in, text
from tests.portal.deadlines import determined, proclaim, rejected

CALENDAR = "/governance/calendar/"
HOLIDAYS = f"{CALENDAR}holidays/"
MOVES = f"{CALENDAR}moves/"


@pytest.fixture(scope="class")
def lent_house(lend):
    return lend(make_house)


@pytest.fixture
def house(lent_house, db, files_of_this_test):
    return lent_house


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def month_of(day: dt.date) -> str:
    return f"{CALENDAR}?month={day:%Y-%m}"


# --- a month -----------------------------------------------------------------------------------------


def test_a_month_is_a_table_of_weeks_with_the_holidays_and_their_source(house):
    client = signed_in(house, "participant")
    page = text(client.get(f"{CALENDAR}?month=2020-05"))
    assert "May 2020: 0 last days, 0 meetings, 19 Working Days" in words(page)
    assert re.findall(r'<th scope="col">(\w+day)</th>', page)[::6] == ["Monday", "Sunday"]
    table = page.partition('<table class="month">')[2].partition("</table>")[0]
    assert re.findall(r'datetime="([^"]+)"', table)[:5] == [
        f"2020-{day}" for day in ("04-27", "04-28", "04-29", "04-30", "05-01")
    ]
    assert len(re.findall(r"<td", table)) == 35
    assert "May Day: not a Working Day England and Wales; published" in words(page)
    assert "Nothing that you may see falls due in this month" in page
    proclaim(dt.date(2020, 5, 12))
    corrected = text(client.get(f"{CALENDAR}?month=2020-05"))
    assert "A royal wedding: not a Working Day England and Wales; corrected: The Gazette" in words(corrected)
    assert "18 Working Days" in corrected


def test_a_holiday_taken_away_says_that_it_is_a_working_day(house):
    actions.add_override(
        day=dt.date(2020, 5, 25), is_working_day=True, reason="Moved", source="The Gazette",
        audience=audience_of("dcc"), by=MAKER,
    )  # fmt: skip
    page = words(text(signed_in(house, "registrar").get(f"{CALENDAR}?month=2020-05")))
    assert "Moved: a Working Day by correction" in page
    assert "20 Working Days" in page


def test_months_are_gone_through_by_address_without_a_script(house):
    client = signed_in(house, "registrar")
    page = text(client.get(f"{CALENDAR}?month=2026-12&where=scotland"))
    assert 'href="?month=2026-11&amp;where=scotland"' in page
    assert 'href="?month=2027-01&amp;where=scotland"' in page
    today = london_date(now())
    assert f"{today:%B %Y}:" in text(client.get(CALENDAR))
    assert 'aria-current="date"' in text(client.get(CALENDAR))
    for wrong in ("2026-13", "1999-12", "2100-01", "x", "2026", "0001-01"):
        assert "such as 2026-11" in text(client.get(f"{CALENDAR}?month={wrong}"), 400)


def test_whose_days_are_drawn_is_the_reading_in_force_unless_asked_otherwise(house):
    client = signed_in(house, "test_manager")
    page = words(text(client.get(f"{CALENDAR}?month=2026-08")))
    assert "Working Days of England and Wales." in page
    assert "Bank holidays of England and Wales. Our default" in page
    assert "The day of the trigger is not counted; the period ends with the last Working Day. Our default" in page
    assert "Runs from the decision, as the clause says" in page
    assert "Runs from the receipt" in page
    assert "20 Working Days" in page
    scottish = words(text(client.get(f"{CALENDAR}?month=2026-08&where=scotland")))
    assert "not a Working Day Scotland; published" in scottish
    set_parameter(
        version=house.document, key="working_days.jurisdiction", value="scotland", source="SEC Section A",
        approver="The Panel", effective_from=dt.date(2026, 1, 1), by=MAKER,
    )  # fmt: skip
    set_ = words(text(client.get(f"{CALENDAR}?month=2026-08&where=nowhere")))
    assert "Working Days of Scotland." in set_
    assert "Bank holidays of Scotland. As an administrator set it" in set_


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.21")
@pytest.mark.parametrize(
    ("role", "organisation", "sees"),
    [
        ("test_manager", "", "exclusion selection meeting"),
        ("tag_member", "", "exclusion meeting"),
        ("panel_member", "", "exclusion"),
        ("participant", "", "selection"),
        ("participant", "other_supplier", ""),
        ("provider_tester", "", ""),
    ],
)
def test_each_role_finds_in_a_month_what_it_may_see_and_its_csv_is_the_same(house, role, organisation, sees):
    exclusion, selection = rejected(house), determined(house, house.supplier)
    meeting = plan("TAG 41", starts_at=dt.datetime.combine(exclusion.last_day, dt.time(10), tzinfo=LONDON))
    marks = {"exclusion": exclusion.matter.reference, "selection": selection.matter.reference, "meeting": meeting.title}
    client = signed_in(house, role, getattr(house, organisation) if organisation else None)
    found, listed = set(), set()
    for day in {exclusion.last_day.replace(day=1), selection.last_day.replace(day=1)}:
        page = text(client.get(month_of(day)))
        found |= {name for name, mark in marks.items() if mark in page}
        content = b"".join(client.get(f"{month_of(day)}&as=csv")).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content)))
        listed |= {name for name, mark in marks.items() for row in rows if mark in (row["Matter"], row["Name"])}
    assert found == listed == set(sees.split())


def test_the_csv_of_a_month_has_a_line_for_everything_in_it(house):
    deadline = rejected(house)
    content = b"".join(signed_in(house, "test_manager").get(f"{month_of(deadline.last_day)}&as=csv"))
    rows = [row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))) if row["Matter"]]
    assert [(row["Day"], row["What"], row["Name"], row["Clause"], row["State"]) for row in rows] == [
        (deadline.last_day.isoformat(), "Last day", "refer", "13.21", "Open")
    ]
    assert rows[0]["Working Days left"] == "5"


def test_a_month_costs_the_same_however_much_there_is(house, django_assert_max_num_queries):
    day = rejected(house).last_day
    client = signed_in(house, "test_manager")
    plan("TAG 41", starts_at=dt.datetime.combine(day, dt.time(10), tzinfo=LONDON))
    with django_assert_max_num_queries(100) as few:
        client.get(month_of(day))
    for number in range(5):
        rejected(house)
        plan(f"TAG 5{number}", starts_at=dt.datetime.combine(day, dt.time(10), tzinfo=LONDON))
    with django_assert_max_num_queries(len(few)):
        client.get(month_of(day))


# --- corrections, and what they would move -------------------------------------------------------------


@pytest.fixture
def corrected(house):
    """A deadline of 13.21 and one of 13.4 before one Supplier Party, and a holiday on each one's last day."""
    seen, unseen = rejected(house), determined(house, house.supplier)
    proclaim(seen.last_day)
    return seen, unseen


def form_of(page: str) -> dict[str, list[str]]:
    """Return what the page's form would send with everything ticked as it is shown."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="checkbox" name="(\w+)" value="([^"]+)"', page):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_correcting_a_day_leads_to_what_it_would_move_and_moves_nothing(house):
    deadline = rejected(house)
    client = signed_in(house, "administrator")
    given = {
        "day": deadline.last_day,
        "is_working_day": "no",
        "jurisdiction": "ENG",
        "reason": "Wedding",
        "source": "Gazette",
    }
    response = client.post(HOLIDAYS, given)
    assert response.headers["Location"] == MOVES
    page = words(text(client.get(MOVES)))
    assert "Nothing has moved yet: see what would." in page
    assert "1 open deadline would move" in page
    deadline.refresh_from_db()
    assert deadline.ended_at is None
    override = NonWorkingDayOverride.objects.get()
    assert client.post(f"{CALENDAR}{override.pk}/remove/").headers["Location"] == HOLIDAYS
    assert "Nothing: every open deadline" in words(text(client.get(MOVES)))


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.21")
def test_what_would_move_is_named_to_who_may_see_it_and_counted_for_who_confirms(house, corrected):
    seen, unseen = corrected
    outsider = words(text(signed_in(house, "participant", house.other_supplier).get(MOVES)))
    assert "0 open deadlines that you may see would move" in outsider
    supplier = words(text(signed_in(house, "participant").get(MOVES)))
    assert "1 open deadline that you may see would move" in supplier
    assert unseen.matter.reference in supplier
    assert seen.matter.reference not in supplier
    assert "Move them" in supplier
    administrator = text(signed_in(house, "administrator").get(MOVES))
    assert "2 open deadlines would move" in administrator
    assert f"{seen.last_day:%a %-d %b %Y}" in administrator
    assert "day 0 of 5, 4 left" in administrator
    assert "day 0 of 5, 5 left" in administrator


def test_only_an_administrator_confirms(house, corrected):
    seen, _ = corrected
    page = text(signed_in(house, "administrator").get(MOVES))
    for role in ("test_manager", "registrar", "tag_chair", "participant"):
        assert signed_in(house, role).post(MOVES, form_of(page) | {"reason": "Wedding"}).status_code == 403
    assert Deadline.objects.filter(end="MOVED").count() == 0
    assert seen.matter.reference in page


def test_what_is_confirmed_moves_is_audited_and_is_counted_anew_for_who_waits(house, corrected):
    seen, unseen = corrected
    client = signed_in(house, "administrator")
    page = text(client.get(MOVES))
    assert client.post(MOVES, form_of(page) | {"reason": " "}).status_code == 400
    assert not Deadline.objects.filter(end="MOVED").exists()
    response = client.post(MOVES, form_of(page) | {"reason": "The royal wedding"})
    assert response.status_code == 302
    moved = {each.replaces_id: each for each in Deadline.objects.filter(ended_at=None)}
    assert moved.keys() == {seen.pk, unseen.pk}
    assert moved[seen.pk].last_day > seen.last_day
    audited = AuditEvent.objects.filter(action="move_deadline")
    assert {each.subject_id for each in audited} == {seen.matter.public_id, unseen.matter.public_id}
    assert all(each.detail["reason"] == "The royal wedding" for each in audited)
    inbox = words(text(signed_in(house, "test_manager").get("/inbox/")))
    assert f"{moved[seen.pk].last_day:%-d %b %Y}" in inbox
    assert "Nothing: every open deadline" in words(text(client.get(MOVES)))


def test_what_is_not_ticked_stays_and_what_changed_meanwhile_is_refused(house, corrected):
    seen, unseen = corrected
    client = signed_in(house, "administrator")
    sent = form_of(text(client.get(MOVES)))
    keys = [key for key in sent["deadline"] if key.startswith(seen.public_id)]
    assert "Tick the deadlines" in text(client.post(MOVES, {"reason": "Wedding"}), 400)
    proclaim(Deadline.objects.get(pk=seen.pk).last_day + dt.timedelta(days=-1 if seen.last_day.weekday() else -3))
    refused = client.post(MOVES, {"reason": "Wedding", "deadline": keys})
    assert refused.status_code == 409
    keys = [key for key in form_of(text(client.get(MOVES)))["deadline"] if key.startswith(seen.public_id)]
    assert client.post(MOVES, {"reason": "Wedding", "deadline": keys}).status_code == 302
    unseen.refresh_from_db()
    assert unseen.ended_at is None
    assert client.post(MOVES, {"reason": "Wedding", "deadline": keys}).status_code == 409
    assert client.post(MOVES, {"reason": "Wedding", "unseen": "7"}).status_code == 409


def test_of_what_the_administrator_may_not_see_only_the_number_is_told_and_it_moves_with_the_rest(house):
    hidden = determined(house, house.supplier, audience_of(org_key(house.supplier)))
    proclaim()
    client = signed_in(house, "administrator")
    page = text(client.get(MOVES))
    assert "1 open deadline would move" in page
    assert "Move the 1 too that you may not see" in page
    assert hidden.matter.reference not in page
    assert hidden.matter.title not in page
    assert form_of(page) == {"unseen": ["1"]}
    assert client.post(MOVES, {"unseen": "2", "reason": "Wedding"}).status_code == 409
    done = client.post(MOVES, form_of(page) | {"reason": "Wedding"}, follow=True)
    assert "1 deadline moved" in done.content.decode()
    moved = Deadline.objects.get(replaces=hidden)
    inbox = words(text(signed_in(house, "participant").get("/inbox/")))
    assert f"{moved.last_day:%-d %b %Y}" in inbox
