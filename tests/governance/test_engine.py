"""The engine of procedures: determinations out of order, views, corrections, deadlines, what waits for whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from svtad.audit.models import AuditEvent
from svtad.governance import actions, registry
from svtad.governance.actions import Given
from svtad.governance.models import Deadline, Decision, View, ViewRequest
from svtad.governance.queries import (
    deadlines_for,
    reckoned_anew,
    state_at,
    states_at,
    waiting_for,
    waiting_on_others,
    would_move,
)
from svtad.governance.queries.deadlines import count_of
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor, system_actor
from svtad.rulebook import procedures as rulebook
from svtad.rulebook.vocabulary import Body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

T0 = dt.datetime(2019, 4, 1, 9, tzinfo=dt.UTC)
TAG_DAY = dt.datetime(2019, 4, 18, 10, tzinfo=dt.UTC)  # Maundy Thursday: the 5th Working Day is Monday 29 April
SYSTEM = system_actor("Test")


def fields(error: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {each.field for each in error.value.errors}


def rejected(open_matter, registrar, **more):
    """An exclusion that TAG rejected on Maundy Thursday, recorded at once."""
    matter = open_matter()
    actions.record_decision(
        matter=matter, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar, at=TAG_DAY, **more
    )
    return matter


# --- out of order ------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_rule_16_what_the_panel_determines_is_recorded_out_of_its_order_with_reasons(open_matter, registrar, paper):
    matter = open_matter("EXCLUSION")
    upheld = {"matter": matter, "body": "SOS", "outcome": "UPHOLD", "decided_at": TAG_DAY, "by": registrar}
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(**upheld, document=paper)
    assert fields(error) == {"rationale"}
    decision = actions.record_decision(**upheld, document=paper, rationale="Called in.")
    assert (decision.from_state, decision.to_state, decision.out_of_order) == ("PROPOSED", "SOS_UPHELD", True)
    assert AuditEvent.objects.get(action="record_decision").detail["out_of_order"] is True
    with pytest.raises(Refused):
        actions.record_decision(**(upheld | {"outcome": "DISSOLVE"}), document=paper, rationale="No such outcome.")


@pytest.mark.parametrize(("body", "outcome"), [("TAG", "UPHOLD"), ("DCC", "REFER"), ("TAB", "AGREE")])
def test_nobody_else_goes_out_of_order(open_matter, registrar, body, outcome):
    with pytest.raises(Refused) as refused:
        actions.record_decision(
            matter=open_matter(), body=body, outcome=outcome, decided_at=TAG_DAY, rationale="So.", by=registrar
        )
    assert refused.value.clause == "13.20-13.21"


# --- views -------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.22")
def test_a_body_that_shall_be_consulted_is_asked_when_the_matter_opens(open_matter, registrar):
    matter = open_matter("SCT_COUNT")
    request = ViewRequest.objects.get(matter=matter)
    assert (request.body, request.clause, request.respond_by) == ("TAG", "13.22", None)
    view = actions.record_view(request=request, text="It should count.", by=registrar)
    assert view.given_at >= request.asked_at
    decision = actions.record_decision(
        matter=matter, body="DCC", outcome="COUNT", decided_at=TAG_DAY, data={"tag_view": "Count."}, by=registrar
    )
    assert decision.missing == []


@pytest.mark.clause("SVTAD 1.23", "13.15")
def test_what_was_missing_before_a_determination_is_kept_with_it_and_stops_nothing(open_matter, registrar):
    matter = open_matter("SIT_COMPLETION")
    decision = actions.record_decision(matter=matter, body="PANEL", outcome="CONFIRM", decided_at=TAG_DAY, by=registrar)
    announced, package, view = decision.missing
    assert announced == "The announcement that the DCC considers SIT to be completed (13.15(a))"
    assert package.endswith("given to the Panel (13.15(b))")
    assert view.startswith("The view of TAG (13.15(c))")


#: What some steps of 13.15 and 13.16 want stated.
STATED: dict[str, dict[str, Any]] = {
    "REVIEW_WITH_TAG": {"views": {"12.6(a)": {"view": "MET", "words": "Seen."}}},
    "NOT_MET": {"criteria": ["12.6(a)", "12.6(b)"]},
}


def take(matter, body: str, outcome: str, **more):
    more["data"] = STATED.get(outcome)
    return actions.record_decision(
        matter=matter, body=body, outcome=outcome, decided_at=TAG_DAY, rationale="Two criteria.", by=SYSTEM, **more
    )


@pytest.mark.clause("SVTAD 1.23", "13.15(a)", "13.15(b)", "13.15(c)", "13.16")
def test_the_acts_of_13_15_are_had_in_any_order_and_a_new_round_wants_no_new_announcement(open_matter, paper):
    matter = open_matter("SIT_COMPLETION")
    for act in ("REVIEW_WITH_TAG", "ANNOUNCE", "SEND_PACKAGE"):
        take(matter, "DCC", act, document=paper)
    assert matter.state == "PACKAGE_SENT"
    assert take(matter, "PANEL", "NOT_MET").missing == [], "the review with TAG is TAG's view (13.15(c))"
    take(matter, "PANEL", "DIRECT")
    confirmed = take(matter, "PANEL", "CONFIRM")
    assert ["13.15(b)" in confirmed.missing[0], "13.15(c)" in confirmed.missing[1]] == [True, True]
    assert len(confirmed.missing) == 2, "13.16 alone applies again after a direction"


@pytest.mark.clause("SVTAD 1.23", "13.15(a)", "13.15(b)")
def test_an_act_that_was_recorded_by_mistake_was_not_taken(open_matter, paper):
    matter = open_matter("SIT_COMPLETION")
    wrong = take(matter, "DCC", "ANNOUNCE")
    actions.correct_decision(
        decision=wrong, outcome="SEND_PACKAGE", given=Given(decided_at=TAG_DAY, document=paper), by=SYSTEM,
        reason="The package went out; nothing was announced.",
    )  # fmt: skip
    matter.refresh_from_db()
    missing = take(matter, "PANEL", "CONFIRM").missing
    assert [text[-10:] for text in missing if "13.15(a)" in text or "13.15(b)" in text] == ["(13.15(a))"]


def test_a_view_that_the_clause_wants_first_holds_the_step_up_but_not_the_panel(open_matter, registrar, monkeypatch):
    rules = rulebook.PROCEDURES["SIT_COMPLETION"]
    needed = tuple(replace(each, is_needed=True, before=("CONFIRM", "ANNOUNCE")) for each in rules.consultations)
    monkeypatch.setitem(rulebook.PROCEDURES, rules.key, replace(rules, consultations=needed))
    matter = open_matter("SIT_COMPLETION")
    announce = {"matter": matter, "body": "DCC", "outcome": "ANNOUNCE", "decided_at": TAG_DAY, "by": registrar}
    with pytest.raises(Refused) as refused:
        actions.record_decision(**announce)
    assert "The view of TAG" in refused.value.reason
    actions.record_view(request=ViewRequest.objects.get(matter=matter), text="Nearly.", by=registrar)
    assert actions.record_decision(**announce).missing == [], "what comes before the Panel is not wanted before this"
    other = open_matter("SIT_COMPLETION")
    actions.record_decision(matter=other, body="PANEL", outcome="CONFIRM", decided_at=TAG_DAY, by=registrar)
    assert other.state == "CONFIRMED"


def test_no_view_by_a_date_is_recorded_only_once_the_date_is_past(open_matter, registrar):
    matter = open_matter("SCT_COUNT")
    request = actions.ask_view(matter=matter, body="TAG", respond_by=dt.date(2019, 4, 10), by=registrar, at=T0)
    last = dt.datetime(2019, 4, 10, 22, 59, tzinfo=dt.UTC)  # 23:59 in London
    with pytest.raises(Refused):
        actions.record_view(request=request, is_none=True, by=registrar, at=last)
    view = actions.record_view(request=request, is_none=True, by=registrar, at=last + dt.timedelta(minutes=1))
    assert view.is_none
    assert View.objects.count() == 1


def test_a_view_is_not_given_before_it_was_asked_for_nor_empty(open_matter, registrar):
    request = ViewRequest.objects.get(matter=open_matter("SCT_COUNT", at=TAG_DAY))
    with pytest.raises(InvalidInput) as error:
        actions.record_view(request=request, text=" ", given_at=T0, by=registrar)
    assert fields(error) == {"text", "given_at"}
    with pytest.raises(Refused):
        actions.ask_view(matter=request.matter, body="TAB", by=registrar)
    with pytest.raises(InvalidInput):
        actions.ask_view(matter=request.matter, body="TAG", respond_by=T0.date(), by=registrar)


def test_views_are_asked_anew_in_each_round(open_matter, registrar, monkeypatch):
    rules = rulebook.PROCEDURES["SIT_COMPLETION"]
    monkeypatch.setitem(rulebook.PROCEDURES, rules.key, replace(rules, rounds_begin_with=("DIRECT",)))
    matter = open_matter("SIT_COMPLETION")
    actions.record_view(request=ViewRequest.objects.get(matter=matter), text="Not yet.", by=registrar)
    for outcome in ("NOT_MET", "DIRECT"):
        actions.record_decision(
            matter=matter, body="PANEL", outcome=outcome, decided_at=TAG_DAY, rationale="Two criteria.", by=registrar,
            data=STATED.get(outcome),
        )  # fmt: skip
    assert list(ViewRequest.objects.filter(matter=matter).values_list("round", flat=True)) == [0, 2]
    decision = actions.record_decision(matter=matter, body="PANEL", outcome="CONFIRM", decided_at=TAG_DAY, by=registrar)
    assert "13.15(c)" in decision.missing[-1], "what TAG said in the first round is not about the second"


@pytest.mark.clause("SVTAD 1.23", "13.22")
def test_a_boards_chair_or_the_registrar_records_its_view_and_a_members_words_are_a_remark(open_matter, registrar):
    matter = open_matter("SCT_COUNT")
    request = ViewRequest.objects.get(matter=matter)
    member = Actor(
        kind="PERSON", actor_id="t" * 22, label="Tam of TAG", audience_keys=frozenset({"tag"}),
        organisation_kinds=frozenset({"TAG"}), permissions=frozenset({"give_view"}),
    )  # fmt: skip
    chair = replace(member, label="Chris of TAG", permissions=frozenset({"give_view", "decide_as_tag"}))
    say: dict[str, Any] = {"request": request, "text": "Count it."}
    for other in (member, replace(chair, audience_keys=frozenset({"tab"}), organisation_kinds=frozenset({"TAB"}))):
        with pytest.raises(ActionDenied, match="TAG chair, TAG secretary") as denied:
            actions.record_view(**say, by=other)
        assert "DCC registrar" in denied.value.reason
    with pytest.raises(InvalidInput):
        actions.record_view(**say, is_remark=True, is_none=True, by=member)
    remark = actions.record_view(**say, is_remark=True, by=member)
    assert (remark.is_remark, remark.given_by, remark.recorded_by) == (True, "Tam of TAG", "Tam of TAG")
    count: dict[str, Any] = {
        "matter": matter,
        "body": "DCC",
        "outcome": "COUNT",
        "data": {"tag_view": "Count."},
        "by": registrar,
    }
    with pytest.raises(Refused, match="The view of TAG"):
        actions.record_decision(**count, decided_at=TAG_DAY)
    assert [each.view for each in waiting_for(registrar, bodies=("TAG",), moment=TAG_DAY)] == [request]
    actions.record_view(**say, given_by="The meeting of 3 April", by=registrar)
    assert actions.record_view(**say, by=chair).given_by == "Chris of TAG"
    assert actions.record_decision(**count, decided_at=TAG_DAY).missing == []


# --- corrections -------------------------------------------------------------------------------------


def test_a_wrongly_recorded_decision_is_superseded_and_stays_as_it_was(open_matter, registrar):
    matter = rejected(open_matter, registrar)
    [wrong] = matter.decisions.all()
    noticed = TAG_DAY + dt.timedelta(days=1)
    right = actions.correct_decision(
        decision=wrong, outcome="AGREE", given=Given(decided_at=TAG_DAY), reason="The minutes say agreed.",
        by=registrar, at=noticed,
    )  # fmt: skip
    wrong.refresh_from_db()
    assert (wrong.outcome, wrong.to_state, right.supersedes, right.sequence) == ("REJECT", "TAG_REJECTED", wrong, 2)
    assert state_at(matter, TAG_DAY) == "TAG_REJECTED"
    assert state_at(matter, noticed) == "TAG_AGREED"
    assert states_at(type(matter).objects.all(), noticed) == {matter.pk: "TAG_AGREED"}
    assert not Deadline.objects.filter(ended_at=None).exists(), "there is nothing to refer any more"
    assert AuditEvent.objects.get(action="correct_decision").detail["reason"] == "The minutes say agreed."


def test_a_correction_to_a_later_effect_does_not_leave_the_wrong_one_in_force(open_matter, registrar):
    matter = rejected(open_matter, registrar)
    noticed = TAG_DAY + dt.timedelta(days=1)
    actions.correct_decision(
        decision=matter.decisions.get(), outcome="AGREE", reason="Agreed from May.", by=registrar, at=noticed,
        given=Given(decided_at=TAG_DAY, effective_at=TAG_DAY + dt.timedelta(days=20)),
    )  # fmt: skip
    assert state_at(matter, noticed) == "PROPOSED"
    assert state_at(matter, TAG_DAY + dt.timedelta(days=20)) == "TAG_AGREED"


def test_only_the_last_decision_can_be_corrected_and_once(open_matter, registrar):
    matter = rejected(open_matter, registrar)
    first = matter.decisions.get()
    actions.record_decision(
        matter=matter, body="DCC", outcome="REFER", decided_at=TAG_DAY, data={"material_impact": "Late."}, by=registrar
    )
    again = {"outcome": "AGREE", "given": Given(decided_at=TAG_DAY), "reason": "Wrong.", "by": registrar}
    with pytest.raises(Refused):
        actions.correct_decision(decision=first, **again)
    last = matter.decisions.get(outcome="REFER")
    fixed = Given(decided_at=TAG_DAY + dt.timedelta(days=1), data={"material_impact": "MOC is late."})
    actions.correct_decision(decision=last, outcome="REFER", given=fixed, reason="A day later.", by=registrar)
    with pytest.raises(Refused):
        actions.correct_decision(decision=last, outcome="REFER", given=fixed, reason="Again.", by=registrar)
    with pytest.raises(InvalidInput):
        actions.correct_decision(
            decision=matter.decisions.get(supersedes=last), outcome="REFER", given=fixed, reason="", by=registrar
        )
    assert Decision.objects.count() == 3


def test_an_effect_that_cannot_be_revised_keeps_its_outcome(open_matter, registrar, monkeypatch):
    class Lasting:
        lasting = frozenset({"REJECT"})
        keeps_dates = False

        def apply(self, **given) -> None:
            return None

    matter = rejected(open_matter, registrar)
    monkeypatch.setattr(registry, "_handlers", {"EXCLUSION": Lasting()})
    wrong = matter.decisions.get()
    given = Given(decided_at=TAG_DAY, meeting="TAG 41")
    with pytest.raises(Refused) as refused:
        actions.correct_decision(decision=wrong, outcome="AGREE", given=given, reason="Wrong.", by=registrar)
    assert "cannot be taken back" in refused.value.reason
    right = actions.correct_decision(decision=wrong, outcome="REJECT", given=given, reason="No. 41.", by=registrar)
    assert (right.meeting, right.to_state) == ("TAG 41", "TAG_REJECTED")


# --- deadlines ---------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_clause_13_21_the_last_day_is_monday_29_april_and_is_counted_down(open_matter, registrar):
    matter = rejected(open_matter, registrar, notified_at=None)
    deadline = Deadline.objects.get(matter=matter)
    assert (deadline.last_day, deadline.trigger_on, deadline.working_days) == (
        dt.date(2019, 4, 29),
        dt.date(2019, 4, 18),
        5,
    )
    counts = {
        dt.datetime(2019, 4, 18, 20, tzinfo=dt.UTC): "day 0 of 5, last day Mon 29 Apr 2019 23:59",
        dt.datetime(2019, 4, 22, 12, tzinfo=dt.UTC): "day 0 of 5, last day Mon 29 Apr 2019 23:59",  # Easter Monday
        dt.datetime(2019, 4, 25, 12, tzinfo=dt.UTC): "day 3 of 5, last day Mon 29 Apr 2019 23:59",
        dt.datetime(2019, 4, 29, 22, 59, tzinfo=dt.UTC): "day 5 of 5, last day Mon 29 Apr 2019 23:59",
        dt.datetime(2019, 4, 29, 23, 0, tzinfo=dt.UTC): "over, last day Mon 29 Apr 2019 23:59",
    }
    assert {moment: count_of(deadline, moment).text for moment in counts} == counts
    assert count_of(deadline, dt.datetime(2019, 5, 4, tzinfo=dt.UTC)).left < 0  # a Saturday


def test_a_deadline_ends_when_its_step_is_taken_or_the_matter_goes_another_way(open_matter, registrar, paper):
    taken, overtaken = rejected(open_matter, registrar), rejected(open_matter, registrar)
    actions.record_decision(
        matter=taken, body="DCC", outcome="REFER", decided_at=TAG_DAY, data={"material_impact": "Late."}, by=registrar
    )
    actions.record_decision(
        matter=overtaken, body="SOS", outcome="UPHOLD", decided_at=TAG_DAY, rationale="Called in.", document=paper,
        by=registrar,
    )  # fmt: skip
    assert Deadline.objects.get(matter=taken).end == "MET"
    assert Deadline.objects.get(matter=overtaken).end == "OVERTAKEN"


def test_a_holiday_proclaimed_later_shows_what_would_move_and_moves_it_only_when_confirmed(
    open_matter, registrar, audience
):
    deadline = Deadline.objects.get(matter=rejected(open_matter, registrar))
    proclaimed = TAG_DAY + dt.timedelta(hours=4)
    assert would_move(proclaimed) == []
    actions.add_override(
        day=dt.date(2019, 4, 26), is_working_day=False, reason="A royal wedding", source="Proclamation",
        audience=audience, by=SYSTEM, at=proclaimed,
    )  # fmt: skip
    assert would_move(proclaimed) == [(deadline, dt.date(2019, 4, 30))]
    deadline.refresh_from_db()
    assert (deadline.last_day, deadline.ended_at) == (dt.date(2019, 4, 29), None)
    with pytest.raises(ActionDenied):
        actions.move_deadlines(deadlines=[deadline], reason="Proclaimed.", by=registrar, at=proclaimed)
    with pytest.raises(InvalidInput):
        actions.move_deadlines(deadlines=[deadline], reason="", by=SYSTEM, at=proclaimed)
    [moved] = actions.move_deadlines(deadlines=[deadline], reason="Proclaimed.", by=SYSTEM, at=proclaimed)
    deadline.refresh_from_db()
    assert (moved.last_day, moved.replaces, deadline.end) == (dt.date(2019, 4, 30), deadline, "MOVED")
    assert reckoned_anew(moved, proclaimed) == moved.last_day
    with pytest.raises(Refused):
        actions.move_deadlines(deadlines=[deadline], reason="Proclaimed.", by=SYSTEM, at=proclaimed)
    with pytest.raises(Refused):
        actions.move_deadlines(deadlines=[moved], reason="Proclaimed.", by=SYSTEM, at=proclaimed)


# --- what waits for whom -----------------------------------------------------------------------------


def test_an_inbox_holds_what_a_body_decides_what_it_is_asked_and_what_is_due(open_matter, registrar):
    proposed, refused = open_matter(), rejected(open_matter, registrar)
    asked = open_matter("SCT_COUNT")
    rest = open_matter()
    actions.record_decision(matter=rest, body="TAG", outcome="AGREE", decided_at=TAG_DAY, by=registrar, at=TAG_DAY)
    soon = TAG_DAY + dt.timedelta(hours=1)

    def seen(*bodies: str) -> list[str]:
        return [each.matter.reference for each in waiting_for(registrar, bodies=bodies, moment=soon)]

    assert seen("TAG") == [proposed.reference, asked.reference]
    assert seen("DCC") == [refused.reference, asked.reference], "a referral has a last day, so it comes first"
    assert seen("PANEL") == []
    assert [each.matter for each in waiting_on_others(registrar, bodies={Body.DCC}, moment=soon)] == [proposed]
    assert [each.last_day for each in deadlines_for(registrar, bodies=frozenset({"DCC"}))] == [dt.date(2019, 4, 29)]
    later = TAG_DAY + dt.timedelta(days=30)
    late = [each.matter for each in waiting_for(registrar, bodies=("DCC",), moment=later)]
    assert late == [asked], "the window is over: the step is nobody's any more"


def test_an_inbox_costs_the_same_however_much_waits(open_matter, registrar):
    costs = []
    for _ in range(2):
        for _ in range(3):
            rejected(open_matter, registrar)
            open_matter("SCT_COUNT")
        with CaptureQueriesContext(connection) as asked:
            waiting_for(registrar, bodies=("TAG", "DCC"), moment=TAG_DAY)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 6


def test_nobody_finds_in_an_inbox_what_they_may_not_see(open_matter, registrar):
    open_matter()
    stranger = replace(registrar, audience_keys=frozenset({"org:" + "x" * 22}))
    assert waiting_for(stranger, bodies=("TAG",), moment=TAG_DAY) == []
    assert list(deadlines_for(stranger)) == []


# --- who records -------------------------------------------------------------------------------------


def test_a_boards_chair_records_what_that_board_decides_and_no_other(open_matter):
    chair = Actor(
        kind="PERSON", actor_id="c" * 22, label="Chris of TAG", audience_keys=frozenset({"tag"}),
        organisation_kinds=frozenset({"TAG"}), permissions=frozenset({"decide_as_tag"}),
    )  # fmt: skip
    decide = {"matter": open_matter(), "body": "TAG", "outcome": "AGREE", "decided_at": TAG_DAY}
    member = replace(chair, permissions=frozenset({"give_view"}))
    elsewhere = replace(chair, organisation_kinds=frozenset({"TAB"}))
    for other in (member, elsewhere):
        with pytest.raises(ActionDenied):
            actions.record_decision(**decide, by=other)
    assert actions.record_decision(**decide, by=chair).recorded_by == "Chris of TAG"
