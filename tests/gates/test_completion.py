"""The Panel determines SIT: recorded even against the computed result, stopped only by 14.5."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from issues.actions import dispute_severity
from svtad.gates.queries import contradicted, standing
from svtad.governance.actions import Given, correct_decision, record_decision
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.models import Person
from testphases.actions import move_scope
from testphases.models import TestScope
from tests.factories import MAKER, at, decide, make_house, make_issue
from tests.gates.world import AUDIT, Phase, fill_up, make_phase, paper


def complete_it(phase: Phase) -> Phase:
    phase.reports()
    phase.certify(phase.house.alpha)
    phase.certify(phase.house.beta)
    phase.attach("TTM", moment=at(days=8))
    phase.attach("TEST_HEATMAP", moment=at(days=8))
    phase.attach("COMPLETION_REPORT", moment=at(days=8))
    phase.attach("SIT_AUDIT_REPORT", statements=AUDIT, moment=at(days=8))
    return phase


@pytest.fixture(scope="class")
def lent_complete(lend) -> Phase:
    return lend(make_house, make_phase, complete_it)


@pytest.fixture
def complete(lent_complete, db) -> Phase:
    """The phase with all eleven criteria met."""
    return lent_complete


def determine(matter, outcome, *, against=False, rationale=""):
    return record_decision(
        matter=matter,
        body="PANEL",
        outcome=outcome,
        decided_at=at(days=10),
        rationale=rationale or ("Of its own." if outcome == "NOT_MET" else ""),
        data={"criteria": ["12.6(a)"]} if outcome == "NOT_MET" else None,
        against_computed=against,
        by=MAKER,
        at=at(days=10),
    )


def state(phase):
    return TestScope.objects.get(pk=phase.scope.pk).state


@pytest.mark.clause("SVTAD 1.23", "13.14", "13.15", "13.16", "T13.1-6", "T13.1-7")
def test_with_all_eleven_criteria_met_the_panel_s_confirmation_completes_sit(complete):
    judged = complete.assess("PANEL")
    assert (judged.verdict, judged.summary["met"], judged.summary["criteria"]) == ("MET", 11, 11)
    determine(complete.completion_matter(), "CONFIRM")
    assert state(complete) == "COMPLETE"


@pytest.mark.clause("SVTAD 1.23", "13.15")
def test_nobody_but_the_panel_completes_sit(complete):
    TestScope.objects.filter(pk=complete.scope.pk).update(state="EXIT_ASSESSED")
    with pytest.raises(Refused, match="only when the Panel"):
        move_scope(scope=complete.scope, to_state="COMPLETE", by=complete.house.actor("test_manager"))


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_against_the_computed_result_it_is_recorded_if_marked_with_reasons(phase):
    matter = phase.completion_matter()
    assert phase.assess("PANEL").verdict == "NOT_MET"
    with pytest.raises(Refused, match="computed result is not met"):
        determine(matter, "CONFIRM")
    with pytest.raises(InvalidInput):
        record_decision(
            matter=matter,
            body="PANEL",
            outcome="CONFIRM",
            decided_at=at(days=10),
            against_computed=True,
            by=MAKER,
            at=at(days=10),
        )
    decision = determine(matter, "CONFIRM", against=True, rationale="The Panel heard the auditor.")
    assert decision.against_computed
    assert state(phase) == "COMPLETE"


@pytest.mark.clause("SVTAD 1.23", "13.16", "13.16-loop")
def test_not_met_lets_the_phase_go_on_and_the_panel_determine_again(complete):
    matter = complete.completion_matter()
    TestScope.objects.filter(pk=complete.scope.pk).update(state="EXIT_ASSESSED")
    with pytest.raises(Refused, match="computed result is met"):
        determine(matter, "NOT_MET")
    determine(matter, "NOT_MET", against=True, rationale="12.6(a): coverage of gas meters.")
    assert state(complete) == "IN_PROGRESS"
    decide(matter, "PANEL", "DIRECT", moment=at(days=11), rationale="Go on.")
    decide(matter, "DCC", "SEND_PACKAGE", moment=at(days=12), document=paper())
    record_decision(matter=matter, body="PANEL", outcome="CONFIRM", decided_at=at(days=13), by=MAKER, at=at(days=13))
    assert [row.outcome for row in matter.decisions.filter(body="PANEL")] == ["NOT_MET", "DIRECT", "CONFIRM"]
    assert state(complete) == "COMPLETE"


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_a_pending_dispute_that_decides_a_criterion_stops_the_confirmation_even_against_the_result(phase):
    house = fill_up(phase).house
    disputed = make_issue(phase.scope, raised_by=house.alpha, severity="4", provider=house.alpha, moment=at(days=3))
    dispute_severity(
        issue=disputed, participant_severity="3", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(days=4)
    )
    matter = phase.completion_matter()
    with pytest.raises(Refused) as raised:
        determine(matter, "CONFIRM", against=True, rationale="All the same.")
    assert raised.value.clause == "SVTAD 14.5"
    assert state(phase) == "IN_PROGRESS"
    # Other criteria are not met whatever TAG decides, so the Panel may say so.
    determine(matter, "NOT_MET")


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_where_only_the_dispute_decides_the_panel_says_neither(complete):
    house = fill_up(complete).house
    disputed = make_issue(complete.scope, raised_by=house.alpha, severity="4", provider=house.alpha, moment=at(days=3))
    dispute = dispute_severity(
        issue=disputed, participant_severity="3", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(days=4)
    )
    complete.log(moment=at(days=9))
    complete.plan_work()
    assert complete.assess("PANEL").verdict == "BLOCKED"
    matter = complete.completion_matter()
    for outcome in ("CONFIRM", "NOT_MET"):
        with pytest.raises(Refused) as raised:
            determine(matter, outcome, against=True, rationale="All the same.")
        assert raised.value.clause == "SVTAD 14.5"
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=9), severity="4")
    assert complete.assess("PANEL").verdict == "MET"
    determine(matter, "CONFIRM")


@pytest.mark.clause("SVTAD 1.23", "13.15(a)", "13.15(b)", "13.15(c)")
def test_the_acts_before_the_panel_come_in_any_order_and_move_nothing(phase):
    matter = phase.completion_matter()
    decide(matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=9), views={"12.6(a)": {"view": "MET", "words": ""}})
    decide(matter, "DCC", "ANNOUNCE", moment=at(days=9))
    decide(matter, "DCC", "SEND_PACKAGE", moment=at(days=9), document=paper())
    assert state(phase) == "IN_PROGRESS"


def test_a_phase_that_the_product_does_not_know_to_have_started_is_not_moved(phase):
    TestScope.objects.filter(pk=phase.scope.pk).update(state="PLANNED")
    matter = phase.completion_matter()
    determine(matter, "CONFIRM", against=True, rationale="It ran before this product was used.")
    assert (matter.state, state(phase)) == ("CONFIRMED", "PLANNED")


# --- the Panel determines otherwise, after it had confirmed ------------------------------------------


def shown_to(actor, address):
    client = Client()
    client.force_login(Person.objects.get(public_id=actor.actor_id))
    return client.get(address).content.decode()


def told_of(shown):
    """What a contradiction says, without its moment."""
    return None if shown is None else {key: value for key, value in shown.items() if key != "decided_at"}


def over_rest(actor, address):
    client = Client()
    client.force_login(Person.objects.get(public_id=actor.actor_id))
    answer = client.get(f"/api/v1{address}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def over_again(matter, outcome, day):
    return record_decision(
        matter=matter, body="PANEL", outcome=outcome, decided_at=at(days=day), rationale="Heard again.",
        against_computed=outcome == "NOT_MET", by=MAKER, at=at(days=day),
        data={"criteria": ["12.6(a)"]} if outcome == "NOT_MET" else None,
    )  # fmt: skip


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.16")
def test_not_met_after_a_confirmation_marks_the_phase_and_rolls_nothing_back(complete):
    matter = complete.completion_matter()
    determine(matter, "CONFIRM")
    scopes = TestScope.objects.filter(pk=complete.scope.pk)
    assert contradicted(scopes) == {}
    otherwise = over_again(matter, "NOT_MET", 12)
    assert (otherwise.out_of_order, matter.state, state(complete)) == (True, "NOT_MET", "COMPLETE")
    assert contradicted(scopes) == {complete.scope.pk: otherwise}
    [shown] = [each for each in standing(complete.house.actor("test_manager")) if each.scope == complete.scope]
    assert shown.contradicted == otherwise
    over_again(matter, "CONFIRM", 13)
    assert (contradicted(scopes), state(complete)) == ({}, "COMPLETE")


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_every_page_of_a_contradicted_phase_says_so_and_names_the_matter_to_those_who_see_it(complete):
    matter = complete.completion_matter()
    determine(matter, "CONFIRM")
    over_again(matter, "NOT_MET", 12)
    house, phase = complete.house, complete.scope.public_id
    for page in ("gates:phase", "testphases:heatmap", "testphases:scope"):
        text = shown_to(house.actor("test_manager"), reverse(page, args=[phase]))
        assert "contradicted by the Panel" in text, page
        assert matter.reference in text, page
    assert "Complete, contradicted by the Panel" in shown_to(house.actor("test_manager"), reverse("testphases:phases"))
    text = shown_to(house.actor("provider_tester", house.alpha), reverse("gates:phase", args=[phase]))
    assert "contradicted by the Panel" in text
    assert matter.public_id not in text


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_over_rest_the_phase_the_matter_and_the_confirmation_are_contradicted_as_on_their_pages(complete):
    matter = complete.completion_matter()
    confirmed = determine(matter, "CONFIRM")
    house, phase = complete.house, complete.scope.public_id
    manager, provider = (house.actor("test_manager"), house.actor("provider_tester", house.alpha))
    calls = [f"/phases/{phase}", f"/matters/{matter.public_id}"]
    assert [over_rest(manager, each)["contradicted"] for each in calls] == [None, None]
    otherwise = over_again(matter, "NOT_MET", 12)
    said = {
        "clause": otherwise.clause, "matter": matter.public_id, "decision": otherwise.public_id,
    }  # fmt: skip
    for actor, told in ((manager, said), (provider, said | {"matter": None, "decision": None})):
        assert told_of(over_rest(actor, f"/phases/{phase}")["contradicted"]) == told
        [row] = [each for each in over_rest(actor, "/phases")["results"] if each["id"] == phase]
        assert told_of(row["contradicted"]) == told
    shown = over_rest(manager, f"/matters/{matter.public_id}")
    register = over_rest(manager, "/decisions")["results"]
    assert told_of(shown["contradicted"]) == said
    for rows in (shown["decisions"], register):
        marked = {each["id"]: told_of(each["contradicted"]) for each in rows if each["contradicted"]}
        assert marked == {confirmed.public_id: said}
    for address in (f"/governance/matters/{matter.public_id}/", "/governance/decisions/"):
        assert shown_to(manager, address).count("contradicted since</span>") == 1, address
    over_again(matter, "CONFIRM", 13)
    assert over_rest(manager, f"/phases/{phase}")["contradicted"] is None
    assert "contradicted since</span>" not in shown_to(manager, f"/governance/matters/{matter.public_id}/")


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_a_determination_that_corrects_the_confirmation_leaves_it_superseded_not_contradicted(complete):
    matter = complete.completion_matter()
    first = determine(matter, "CONFIRM")
    named = {"criteria": ["12.6(a)"]}
    given = Given(decided_at=at(days=10), rationale="As minuted.", against_computed=True, data=named)
    correct_decision(decision=first, outcome="NOT_MET", given=given, reason="The minutes.", by=MAKER, at=at(days=11))
    shown = over_rest(complete.house.actor("test_manager"), f"/matters/{matter.public_id}")
    assert shown["contradicted"]
    assert [each["contradicted"] for each in shown["decisions"]] == [None] * len(shown["decisions"])


@pytest.mark.clause("SVTAD 1.23", "13.16")
@pytest.mark.parametrize(("wrong", "right"), [("CONFIRM", "NOT_MET"), ("NOT_MET", "CONFIRM")])
def test_a_wrongly_recorded_determination_is_corrected(complete, wrong, right):
    TestScope.objects.filter(pk=complete.scope.pk).update(state="EXIT_ASSESSED")
    matter = complete.completion_matter()
    first = determine(matter, wrong, against=wrong == "NOT_MET", rationale="As heard.")
    named = {"criteria": ["12.6(a)"]} if right == "NOT_MET" else None
    given = Given(decided_at=at(days=10), rationale="As minuted.", against_computed=right == "NOT_MET", data=named)
    second = correct_decision(
        decision=first, outcome=right, given=given, reason="The minutes.", by=MAKER, at=at(days=11)
    )
    matter.refresh_from_db()
    assert (second.to_state, matter.state, state(complete)) == (second.to_state, second.to_state, "COMPLETE")
    marked = contradicted(TestScope.objects.filter(pk=complete.scope.pk))
    assert marked == ({complete.scope.pk: second} if right == "NOT_MET" else {})
