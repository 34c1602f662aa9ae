"""What waits for nobody any more: a referral whose window is over, a request for a view that the matter went past."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from svtad.governance import actions
from svtad.governance.models import Deadline, Matter, ViewRequest
from svtad.governance.queries import waiting_for, waiting_in, waiting_on_others
from svtad.governance.queries.asked import unanswered
from svtad.governance.queries.events import events_for
from svtad.governance.queries.inbox import open_to
from svtad.governance.queries.rest import at_rest, windows_over
from svtad.rulebook.procedures import PROCEDURES
from tests.factories import make_house, make_person
from tests.governance.boards import SYSTEM, T0, TAG_DAY
from tests.opening import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

LAST = dt.datetime(2019, 4, 29, 22, 59, tzinfo=dt.UTC)  # 23:59 in London
OVER = LAST + dt.timedelta(minutes=1)


def step(matter, body: str, outcome: str, at: dt.datetime = TAG_DAY, **more):
    rules = PROCEDURES[matter.procedure]
    needs = [
        need for each in rules.transitions if (each.body, each.outcome) == (body, outcome) for need in each.requires
    ]
    more.setdefault("data", said(needs))
    return actions.record_decision(
        matter=matter, body=body, outcome=outcome, decided_at=at, rationale="So.", by=SYSTEM, at=at, **more
    )


def resting(moment: dt.datetime) -> list[Matter]:
    return list(Matter.objects.filter(at_rest(moment)))


# --- a referral whose window is over -----------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_a_rejected_exclusion_is_at_rest_once_nobody_may_refer_it_any_more(open_matter, registrar):
    matter = open_matter(scope_id="s" * 22)
    step(matter, "TAG", "REJECT")

    def seen(moment: dt.datetime) -> list[bool]:
        return [
            bool(waiting_for(registrar, bodies=("DCC",), moment=moment)),
            bool(waiting_in(registrar, scope_ids=["s" * 22], moment=moment)),
            bool(windows_over([matter], moment=moment)),
            resting(moment) == [matter],
        ]

    assert seen(LAST) == [True, True, False, False]
    assert seen(OVER) == [False, False, True, True]
    assert waiting_on_others(registrar, bodies={"DCC"}, moment=OVER) == []
    # It is derived: a corrected record that gives another day is as good as the first.
    [deadline] = Deadline.objects.filter(matter=matter)
    assert deadline.ended_at is None


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_one_that_was_referred_or_is_not_decided_yet_is_not_at_rest(open_matter):
    open_, referred = open_matter(), open_matter()
    step(referred, "TAG", "REJECT")
    step(referred, "DCC", "REFER", data={"material_impact": "Late."})
    assert resting(OVER + dt.timedelta(days=400)) == []
    assert windows_over([open_, referred], moment=OVER) == frozenset()


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_a_window_that_somebody_moved_is_over_on_its_new_day(open_matter, audience):
    matter = open_matter()
    step(matter, "TAG", "REJECT")
    proclaimed = TAG_DAY + dt.timedelta(hours=4)
    actions.add_override(
        day=dt.date(2019, 4, 26), is_working_day=False, reason="A wedding", source="Proclamation", audience=audience,
        by=SYSTEM, at=proclaimed,
    )  # fmt: skip
    actions.move_deadlines(deadlines=list(Deadline.objects.all()), reason="Proclaimed.", by=SYSTEM, at=proclaimed)
    assert resting(OVER) == []
    assert resting(OVER + dt.timedelta(days=1)) == [matter]


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_the_pages_say_at_rest_and_window_over(open_matter):
    matter = open_matter()
    step(matter, "TAG", "REJECT")  # in 2019: the window is long over
    waiting = open_matter()
    house = make_house()
    address = reverse("governance:matters")
    client = Client()
    client.force_login(make_person("registrar", house.dcc))
    assert (
        "At rest: the window is over"
        in client.get(reverse("governance:matter", args=[matter.public_id])).content.decode()
    )
    assert "at rest, window over" in client.get(address).content.decode()
    for wanted, shown, left_out in (("no", matter, waiting), ("yes", waiting, matter)):
        page = client.get(address, {"open": wanted}).content.decode()
        assert shown.reference in page
        assert left_out.reference not in page
    needs = {name: rows for name, rows, _ in client.get("/inbox/").context["lists"]}
    assert matter not in [each.matter for each in (*needs["Needs you"], *needs["Waits for others"])]


# --- views that nobody waits for any more ------------------------------------------------------------


def wanted_of(matter) -> list[ViewRequest]:
    return unanswered(ViewRequest.objects.filter(matter=matter))


@pytest.mark.clause("SVTAD 1.23", "13.15(c)", "13.16")
def test_a_request_that_was_not_answered_goes_once_the_matter_is_decided(open_matter, registrar):
    matter = open_matter("SIT_COMPLETION")
    assert [each.view for each in waiting_for(registrar, bodies=("TAG",), moment=TAG_DAY)] == wanted_of(matter)
    assert len(wanted_of(matter)) == 1
    step(matter, "PANEL", "CONFIRM")
    assert waiting_for(registrar, bodies=("TAG",), moment=TAG_DAY) == []
    assert open_to(Matter.objects.all(), bodies=("TAG",), moment=TAG_DAY)[matter.pk].view is None


@pytest.mark.clause("SVTAD 1.23", "13.15(c)")
def test_only_the_present_round_s_request_is_kept(open_matter, paper):
    matter = open_matter("SIT_COMPLETION")
    [first] = wanted_of(matter)
    step(matter, "PANEL", "NOT_MET")
    assert wanted_of(matter) == [], "TAG is not consulted between the Panel's two acts"
    step(matter, "PANEL", "DIRECT")
    [second] = wanted_of(matter)
    assert (first.round, second.round) == (0, 2)
    step(matter, "DCC", "REVIEW_WITH_TAG")
    step(matter, "DCC", "SEND_PACKAGE", document=paper)
    assert matter.state == "PACKAGE_SENT"
    assert wanted_of(matter) == [], "the review with TAG was TAG's view"


@pytest.mark.clause("SVTAD 1.23", "13.22")
def test_of_two_requests_to_one_body_the_later_waits_and_an_answer_to_it_is_enough(open_matter):
    matter = open_matter("SCT_COUNT")
    again = actions.ask_view(matter=matter, body="TAG", respond_by=dt.date(2019, 4, 10), by=SYSTEM, at=T0)
    assert wanted_of(matter) == [again]
    actions.record_view(request=again, text="Count it.", by=SYSTEM, at=T0 + dt.timedelta(days=1))
    assert wanted_of(matter) == []


@pytest.mark.clause("SVTAD 1.23", "13.15(c)")
def test_a_calendar_is_told_that_the_day_for_a_view_is_off_and_forgets_it_after_a_month(open_matter, registrar):
    matter = open_matter("SIT_COMPLETION")
    actions.ask_view(matter=matter, body="TAG", respond_by=dt.date(2019, 5, 10), by=SYSTEM, at=T0)

    def cancelled(moment: dt.datetime) -> list[bool]:
        given = events_for(registrar, bodies=("TAG",), moment=moment, link=lambda route, key: f"/{key}")
        return [each.is_cancelled for each in given if each.uid.startswith("view-")]

    assert cancelled(TAG_DAY) == [False]
    step(matter, "PANEL", "CONFIRM")
    assert cancelled(TAG_DAY) == [True]
    assert cancelled(TAG_DAY + dt.timedelta(days=29)) == [True]
    assert cancelled(TAG_DAY + dt.timedelta(days=30)) == []


def test_what_waits_is_read_in_the_same_number_of_queries_however_much_there_is(open_matter, registrar):
    costs = []
    for _ in range(2):
        for _ in range(3):
            open_matter("SCT_COUNT")
            open_matter("SIT_COMPLETION")
        with CaptureQueriesContext(connection) as asked:
            unanswered(ViewRequest.objects.all())
        costs.append(len(asked))
    assert costs == [2, 2]
