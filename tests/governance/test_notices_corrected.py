"""Notices of corrected records, of what everybody may read, of windows, and of deadlines that moved."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.governance import actions
from svtad.governance.actions import Given
from svtad.governance.forms import CorrectionForm, DecisionForm
from svtad.governance.models import Deadline, Decision, Delivery, DeliveryAttempt, DeliveryState, Matter, Notice
from svtad.lib.errors import Refused
from svtad.parties.actors import ANONYMOUS
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.rulebook.procedures import procedure
from svtad.rulebook.vocabulary import Body
from tests.factories import MAKER, House, at, decide, heard, make_house, make_paper
from tests.opening import name_dmc, wanted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

SVTAD = "SVTAD 1.23"


@pytest.fixture
def house() -> House:
    """Everybody who is told in these tests, and both Supplier Parties."""
    made = make_house()
    for role in ("tab_member", "tag_member", "panel_member", "registrar", "test_manager"):
        made.actor(role)
    made.actor("participant")
    made.actor("participant", made.other_supplier)
    return made


def matter_of(key: str, **more: Any) -> Matter:
    rules = procedure(key)
    values: dict[str, Any] = {
        "procedure": key,
        "document": rules.document,
        "version": rules.version,
        "title": "DMCs of MOC",
        "rationale": "Because of the rain.",
        "audience": audience_of(*GOVERNANCE),
        "by": MAKER,
        "at": at(),
    }
    given = values | more
    made_up = wanted(given["procedure"], audience=given["audience"], at=given["at"])
    return actions.open_matter(**(made_up | given))


def determined(*, dmcs: str = "DMC 7 and DMC 8") -> Decision:
    """A selection of DMCs: discussed, and determined two hours after it was opened."""
    matter = matter_of("DMC_SELECTION")
    heard(matter, moment=at(hours=1))
    decide(matter, "DCC", "CONCLUDE_DISCUSSION", moment=at(hours=1))
    return decide(matter, "DCC", "DETERMINE", moment=at(hours=2), dmcs=dmcs)


def correct(decision: Decision, *, moment: dt.datetime, outcome: str = "", **given: Any) -> Decision:
    """Correct a record: as it is but for what is `given`."""
    names = ("decided_at", "notified_at", "effective_at", "rationale", "data", "document", "meeting")
    held = {name: getattr(decision, name) for name in names}
    return actions.correct_decision(
        decision=decision,
        outcome=outcome or decision.outcome,
        given=Given(**held | given),
        reason="The minutes say so.",
        by=MAKER,
        at=moment,
    )


def told_of(decision: Decision) -> list[Notice]:
    return list(Notice.objects.filter(decision=decision).order_by("pk"))


def states(notice: Notice) -> set[str]:
    return set(notice.deliveries.values_list("state", flat=True))


def send(notice: Notice) -> None:
    notice.deliveries.update(state=DeliveryState.SENT, sent_at=at(hours=3))


# --- corrections ------------------------------------------------------------------------------------------


@pytest.mark.clause(SVTAD, "13.4")
def test_a_corrected_record_is_told_as_a_correction_and_what_is_not_sent_of_the_wrong_one_is_taken_back(house):
    wrong = determined()
    (first,) = told_of(wrong)
    right = correct(wrong, moment=at(hours=4), data={"dmcs": "DMC 7 and DMC 9"})
    assert states(first) == {DeliveryState.WITHDRAWN}
    assert DeliveryAttempt.objects.filter(delivery__notice=first, outcome="WITHDRAWN").count() == 2
    (second,) = told_of(right)
    assert second.text.startswith("This corrects the notice of 2 March 2026, 11:00")
    assert second.what.startswith(f"{right.matter.reference}, corrected: ")
    assert "DMC 9" in second.text
    assert states(second) == {DeliveryState.QUEUED}
    assert second.deliveries.count() == first.deliveries.count() == 2


def test_what_was_sent_of_a_wrong_record_stays_and_is_corrected(house):
    wrong = determined()
    (first,) = told_of(wrong)
    sent, _ = first.deliveries.order_by("pk")
    Delivery.objects.filter(pk=sent.pk).update(state=DeliveryState.SENT, sent_at=at(hours=3))
    right = correct(wrong, moment=at(hours=4), decided_at=at(hours=1.5))
    assert list(first.deliveries.order_by("pk").values_list("state", flat=True)) == ["SENT", "WITHDRAWN"]
    assert told_of(right)[0].deliveries.count() == 2


@pytest.mark.parametrize(
    "better", [{"meeting": "DMC board 4"}, {"rationale": "In other words."}, {"document": "letter.pdf"}], ids=str
)
def test_a_correction_that_changes_nothing_of_what_was_told_tells_nobody_again(house, better, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    wrong = determined()
    (first,) = told_of(wrong)
    given: dict[str, Any] = {name: make_paper(value) if name == "document" else value for name, value in better.items()}
    right = correct(wrong, moment=at(hours=4), **given)
    assert told_of(right) == []
    assert states(first) == {DeliveryState.QUEUED}
    # The next correction is of what was told then, though the record between them told nobody.
    last = correct(right, moment=at(hours=5), data={"dmcs": "DMC 1"})
    assert told_of(last)[0].text.startswith("This corrects the notice of 2 March 2026, 11:00")
    assert states(first) == {DeliveryState.WITHDRAWN}


@pytest.mark.parametrize(
    "changed",
    [
        {"decided_at": at(hours=1.5)},
        {"notified_at": at(hours=2.5)},
        {"effective_at": at(days=9)},
        {"data": {"dmcs": "DMC 1"}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_correction_of_an_outcome_its_data_or_a_time_is_told(house, changed):
    assert len(told_of(correct(determined(), moment=at(hours=4), **changed))) == 1


def test_a_refused_correction_takes_nothing_back(house):
    wrong = determined()
    correct(wrong, moment=at(hours=4), data={"dmcs": "DMC 9"})
    before = list(Delivery.objects.values_list("pk", "state"))
    with pytest.raises(Refused):
        correct(wrong, moment=at(hours=5), data={"dmcs": "DMC 10"})
    assert list(Delivery.objects.values_list("pk", "state")) == before


@pytest.mark.clause(SVTAD, "13.15(a)")
def test_those_who_were_told_of_what_did_not_happen_are_told_that_it_was_corrected(house, settings, tmp_path):
    """Of a package everybody but the Parties is told: the Parties, told of an announcement, hear of its correction."""
    settings.MEDIA_ROOT = tmp_path
    wrong = decide(matter_of("SIT_COMPLETION", title="SIT of MOC"), "DCC", "ANNOUNCE", moment=at(hours=1))
    (first,) = told_of(wrong)
    send(first)
    right = correct(wrong, moment=at(hours=4), outcome="SEND_PACKAGE", document=make_paper())
    package, others = told_of(right)
    assert package.text.startswith("This corrects the notice of 2 March 2026, 10:00")
    assert others.what == f"Corrected: {first.what}"
    assert others.text.startswith("This corrects the notice of")
    assert {each.told_as for each in others.deliveries.all()} == {"PARTIES"}
    assert others.audience_id == first.audience_id
    reached = Delivery.objects.filter(notice__in=(package, others)).values_list("recipient", flat=True)
    assert sorted(reached) == sorted(first.deliveries.values_list("recipient", flat=True))


def test_nobody_hears_of_the_correction_of_what_they_were_never_told(house, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    wrong = decide(matter_of("SIT_COMPLETION", title="SIT of MOC"), "DCC", "ANNOUNCE", moment=at(hours=1))
    reader = told_of(wrong)[0].deliveries.filter(told_as="PARTIES", person__isnull=False).first()
    assert reader is not None
    Delivery.objects.filter(pk=reader.pk).update(read_at=at(hours=2))  # in the product, before it was sent
    right = correct(wrong, moment=at(hours=4), outcome="SEND_PACKAGE", document=make_paper())
    assert list(told_of(right)[1].deliveries.values_list("recipient", flat=True)) == [reader.recipient]


@pytest.mark.clause(SVTAD, "4.3")
def test_what_was_published_of_a_wrong_record_is_corrected_in_public(house, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    matter = matter_of("MODIFICATION_MINOR", title="A comma")
    wrong = decide(matter, "DCC", "NOTIFY", moment=at(hours=1), document=make_paper())
    (first,) = told_of(wrong)
    assert first.is_published
    right = correct(wrong, moment=at(hours=4), notified_at=at(hours=2))
    (second,) = told_of(right)
    assert second.is_published
    assert second.text.startswith("This corrects the notice of")
    assert second in Notice.objects.visible_to(ANONYMOUS)


# --- what everybody may read, and until when they may refer -----------------------------------------------


@pytest.mark.clause(SVTAD, "13.4")
def test_clause_13_4_supplier_parties_are_told_which_dmcs_and_until_when_they_may_refer(house):
    (notice,) = told_of(determined())
    assert "The DMCs that the DCC decided to use: DMC 7 and DMC 8" in notice.text
    assert "A Supplier Party may refer to the Secretary of State until Mon 16 Mar 2026, 23:59 (SVTAD v1.23, 13.4)." in (
        notice.text
    )
    assert "As discussed." not in notice.text, "the reasons stay with those who may see the matter"
    for supplier in (house.supplier, house.other_supplier):
        assert notice in Notice.objects.visible_to(house.actor("participant", supplier))


@pytest.mark.clause(SVTAD, "13.6", "13.7", "13.9")
def test_clauses_13_6_and_13_7_the_decision_names_the_dmc_and_the_window_and_13_9_the_alternative(
    house, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    matter = matter_of("DMC_DESELECTION", title="A device", audience=audience_of("dcc", "tag"))
    name_dmc(matter, house.scope("SIT", "MOC"))
    said: dict[str, Any] = {"steps_taken": "We wrote to QZX.", "alternative": "Use DMC 12."}
    asked = decide(matter, "DCC", "CONSULT_ON_SUPPLY", moment=at(hours=1), document=make_paper(), **said)
    (to_sos,) = told_of(asked)
    assert "Use DMC 12." in to_sos.text
    assert "QZX" not in to_sos.text
    request = matter.view_requests.get()
    actions.record_view(request=request, text="We agree.", by=MAKER, at=at(hours=2))
    (notice,) = told_of(decide(matter, "DCC", "DESELECT", moment=at(hours=3), dmc="DMC 7"))
    assert "The DMC that the DCC decided on: DMC 7" in notice.text
    assert "may refer to the Secretary of State until Mon 16 Mar 2026, 23:59 (SVTAD v1.23, 13.7)." in notice.text
    assert not matter.deadlines.exclude(last_day=dt.date(2026, 3, 16)).exists()


@pytest.mark.clause(SVTAD, "19.5")
def test_clause_19_5_the_completion_report_is_told_to_tab_tag_and_the_panel_when_each_is_given_it(
    house, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    matter = matter_of("COMPLETION_REPORT", title="SIT of MOC")
    heard(matter, moment=at(hours=1))
    found = {}
    for hour, (body, outcome) in enumerate(
        [("DCC", "PRESENT_TO_TAB"), ("DCC", "PROVIDE_TO_TAG"), ("TAG", "RECOMMEND"), ("DCC", "PROVIDE_TO_PANEL")], 1
    ):
        decided = decide(matter, body, outcome, moment=at(hours=hour), document=make_paper())
        found[outcome] = [(each.to, each.clause) for each in told_of(decided)]
    assert found == {
        "PRESENT_TO_TAB": [(["TAB"], "19.5")],
        "PROVIDE_TO_TAG": [(["TAG"], "9.7")],
        "RECOMMEND": [],
        "PROVIDE_TO_PANEL": [(["PANEL"], "19.5")],
    }


def test_a_determination_against_the_computed_result_says_so_in_its_notice(house, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    values: dict[str, Any] = {
        "body": "SOS", "outcome": "STOP_TESTING", "rationale": "It is graver.", "decided_at": at(hours=3),
        "document": make_paper(), "by": MAKER, "at": at(hours=3),
    }  # fmt: skip
    matters = [matter_of("DMC_DESELECTION") for _ in range(2)]
    for matter in matters:
        name_dmc(matter, house.scope("SIT", "MOC"))
    plain = actions.record_decision(matter=matters[0], **values)
    against = actions.record_decision(matter=matters[1], against_computed=True, **values)
    sentence = "This goes against the computed result."
    assert [sentence in each.text for each in told_of(plain) + told_of(against)] == [False, True]
    marked = correct(plain, moment=at(hours=4), against_computed=True)
    assert [sentence in each.text for each in told_of(marked)] == [True]


# --- deadlines that moved ---------------------------------------------------------------------------------


@pytest.mark.clause(SVTAD, "13.4", "13.21")
def test_a_deadline_that_moves_is_told_to_those_whose_step_it_is_and_to_the_proposer(house):
    decision = determined()
    deadline = Deadline.objects.get(matter=decision.matter, ended_at=None)
    actions.add_override(
        day=dt.date(2026, 3, 10), is_working_day=False, reason="Proclaimed", source="The Gazette",
        audience=audience_of("public"), by=house.actor("administrator"), at=at(days=1),
    )  # fmt: skip
    assert not Notice.objects.filter(key__startswith="moved:").exists(), "nothing moves by itself"
    actions.move_deadlines(
        deadlines=[deadline], reason="The Gazette", by=house.actor("administrator"), at=at(days=1, hours=1)
    )
    notice = Notice.objects.get(key__startswith="moved:")
    assert notice.what.endswith("the last day was 16 Mar 2026, is now 17 Mar 2026")
    assert "The last day was Mon 16 Mar 2026, 23:59." in notice.text
    assert "The last day is now Tue 17 Mar 2026, 23:59." in notice.text
    assert (notice.to, notice.clause, notice.is_required) == (["SUPPLIERS", "PROPOSER"], "13.4", False)
    assert {each.organisation for each in notice.deliveries.select_related("organisation")} == {
        house.supplier, house.other_supplier, house.dcc,
    }  # fmt: skip


@pytest.mark.clause(SVTAD, "13.21")
def test_a_deadline_of_one_suppliers_own_matter_moves_without_a_word_to_another(house):
    own = audience_of(*GOVERNANCE, org_key(house.supplier))
    matter = matter_of("DMC_SELECTION", audience=own, raised_by=house.supplier.code, proposer="SUPPLIER")
    heard(matter, moment=at(hours=1))
    decide(matter, "DCC", "CONCLUDE_DISCUSSION", moment=at(hours=1))
    decide(matter, "DCC", "DETERMINE", moment=at(hours=2), dmcs="DMC 7")
    admin = house.actor("administrator")
    actions.add_override(
        day=dt.date(2026, 3, 10), is_working_day=False, reason="Proclaimed", source="The Gazette",
        audience=audience_of("public"), by=admin, at=at(days=1),
    )  # fmt: skip
    actions.move_deadlines(deadlines=list(Deadline.objects.filter(ended_at=None)), reason="x", by=admin, at=at(days=2))
    notice = Notice.objects.get(key__startswith="moved:")
    assert {each.organisation for each in notice.deliveries.select_related("organisation")} == {house.supplier}
    assert notice not in Notice.objects.visible_to(house.actor("participant", house.other_supplier))


@pytest.mark.parametrize("body", [Body.SOS, Body.AUTHORITY, Body.TAG])
def test_the_form_asks_for_the_document_of_those_who_do_not_act_in_the_product(body):
    steps = [step for rules in (procedure("EXCLUSION"), procedure("NOV20_GO_LIVE")) for step in rules.transitions]
    step = next(each for each in steps if each.body is body and not each.requires)
    form = DecisionForm(procedure="X", step=step, severities=())
    assert form.fields["document"].required is (body is not Body.TAG)
    assert CorrectionForm(procedure="X", step=step, severities=()).fields["document"].required is False


@pytest.mark.clause(SVTAD, "13.15(b)")
def test_clause_13_15_b_the_package_is_asked_for_by_what_it_holds():
    step = procedure("SIT_COMPLETION").transition("ANNOUNCED", body="DCC", outcome="SEND_PACKAGE")
    label = DecisionForm(procedure="SIT_COMPLETION", step=step, severities=()).fields["document"].label
    assert isinstance(label, str)
    for part in ("SIT Completion Report", "SIT Auditor Report", "sections", "redacted"):
        assert part in label
