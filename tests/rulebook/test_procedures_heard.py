"""What a clause wants before a step, whom it gives a matter redacted, and what goes with a notice."""

from __future__ import annotations

import pytest

from svtad.rulebook.procedures import DETERMINING, PROCEDURES, Directed, procedure
from svtad.rulebook.procedures.listing import as_markdown
from svtad.rulebook.procedures.wording import act_wanted, as_text, consultation, notice, redacted
from svtad.rulebook.vocabulary import Body

SVTAD = "SVTAD 1.23"


@pytest.mark.clause(SVTAD, "3.1", "4.1", "4.2", "7.3", "7.5", "10.2", "13.3", "13.5(a)", "13.22", "20.7", "20.19")
def test_the_steps_of_the_dcc_that_wait_until_somebody_was_heard():
    held = {
        (rules.key, each.clause, outcome)
        for rules in PROCEDURES.values()
        for each in rules.consultations
        for outcome in each.before
        if each.is_needed
    }
    assert held == {
        ("TAD_APPROVAL", "3.1", "SUBMIT"),
        ("MODIFICATION_DIRECTED", "4.1", "CONCLUDE_CONSULTATION"),
        ("MODIFICATION_CONSULTED", "4.2", "PRESENT"),
        ("INTERFACE_REPEAT", "7.3", "NOTIFY_VIEWS"),
        ("REGRESSION_SCOPE", "7.5", "SETTLE"),
        ("COMPLETION_REPORT", "10.2", "PRESENT_TO_TAB"),
        ("DMC_SELECTION", "13.3", "CONCLUDE_DISCUSSION"),
        ("DMC_DESELECTION", "13.5", "DESELECT"),
        ("DMC_DESELECTION", "13.5", "KEEP"),
        ("SCT_COUNT", "13.22", "COUNT"),
        ("SCT_COUNT", "13.22", "NOT_COUNT"),
        ("DMCT_ECONOMIC", "20.7", "PROPOSE"),
        *(("DMCT_ISSUE", "20.19", f"RECOMMEND_{option}") for option in "ABCD"),
    }
    for key, _, outcome in held:
        bodies = {step.body for step in PROCEDURES[key].transitions if step.outcome == outcome}
        assert bodies - DETERMINING == {Body.DCC}, "what others determine by that name is refused for nothing (rule 16)"


def test_a_consultation_and_an_act_say_whether_the_step_waits_for_them():
    [tag] = procedure("SCT_COUNT").consultations
    assert consultation(tag) == (
        "TAG shall be asked (13.22): Whether the SCT issue should count in SIT. Until the view, or that none was given "
        "by the day set, is recorded, “count” or “not count” is refused."
    )
    [stakeholders] = procedure("SVTAD_REDESIGNATION").consultations
    assert consultation(stakeholders).endswith("(1): The changes proposed to the SVTAD.")
    announced, _ = procedure("SIT_COMPLETION").acts_wanted
    assert act_wanted(announced).endswith("What is missing is shown, and refuses nothing.")


@pytest.mark.clause(SVTAD, "3.3")
def test_clause_3_3_a_direction_says_what_is_directed_and_re_consulting_holds_up_the_next_submission():
    rules = procedure("TAD_APPROVAL")
    [direction] = rules.transition("SUBMITTED", body="SOS", outcome="RETURN").requires
    assert (direction.key, direction.kind) == ("direction", "choices")
    assert [name for name, _ in direction.choices] == ["RECONSIDER", "RECONSULT", "RESUBMIT"]
    [act] = rules.acts_wanted
    assert (act.body, act.outcome, act.before, act.is_needed) == (Body.DCC, "CONSULT", ("SUBMIT",), True)
    assert act.directed == Directed(outcome="RETURN", key="direction", choice="RECONSULT")
    assert "after “return” directed it" in act_wanted(act)
    assert act_wanted(act).endswith("Without it the step is refused.")
    assert act_wanted(act) in as_text(rules)


@pytest.mark.clause(SVTAD, "13.5(a)", "13.5(b)")
def test_clause_13_5_tag_is_given_the_matter_redacted_and_the_document_that_is_for_it():
    rules = procedure("DMC_DESELECTION")
    assert rules.redacted_for == (Body.TAG,)
    given = {(step.outcome, body) for step in rules.transitions for need in step.requires for body in need.given_to}
    assert given == {("CONSULT_ON_ISSUE", Body.TAG), ("CONSULT_ON_SUPPLY", Body.TAG)}
    said = redacted(rules)
    assert said.startswith("TAG is given the matter anonymised and redacted")
    assert said in as_text(rules)
    assert said in as_markdown([rules])
    assert redacted(procedure("DMC_SELECTION")) == ""
    assert any("13.5 speaks of TAG alone" in note for note in rules.notes)


@pytest.mark.clause(SVTAD, "4.3", "9.10", "13.17")
@pytest.mark.parametrize(
    ("key", "outcome"),
    [("MODIFICATION_MINOR", "NOTIFY"), ("CODE_PROMOTION", "SEND_RELEASE_NOTE"), ("REDACTED_COPIES", "SHARE")],
)
def test_the_document_of_the_step_goes_with_the_notice_where_the_clause_gives_it(key, outcome):
    [due] = procedure(key).notices_on(outcome)
    assert due.with_document
    assert notice(due).endswith("The document of that step goes with it.")
    [plain] = procedure("DMC_SELECTION").notices_on("DETERMINE")
    assert not plain.with_document
    assert "goes with it" not in notice(plain)


@pytest.mark.clause(SVTAD, "13.4", "13.7")
@pytest.mark.parametrize("key", ["DMC_SELECTION", "DMC_DESELECTION", "DMCT_APPEAL"])
def test_that_a_supplier_partys_step_is_recorded_on_its_letter_is_said_as_a_reading(key):
    assert any("the DCC's registrar does, on its letter" in note for note in procedure(key).notes)
