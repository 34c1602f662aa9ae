"""The boards' procedures as data: only listed steps, and what a state means for the facts."""

from __future__ import annotations

import pytest

from svtad.rulebook.procedures import PROCEDURES, Recipient, UnlistedStep, procedure
from svtad.rulebook.vocabulary import (
    CertificateState,
    CountState,
    DescopeState,
    DisputeState,
    DocumentState,
    ExclusionState,
    WorkOffPlanState,
)


def walk(key: str, *steps: tuple[str, str]) -> str:
    """The state after these (body, outcome) steps from the start."""
    found = procedure(key)
    state = found.initial
    for body, outcome in steps:
        state = found.next_state(state, body=body, outcome=outcome)
    return state


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")
def test_clause_13_20_an_exclusion_goes_from_tag_to_the_sos_within_five_working_days() -> None:
    assert walk("EXCLUSION", ("TAG", "AGREE")) == ExclusionState.TAG_AGREED
    referred = walk("EXCLUSION", ("TAG", "REJECT"), ("DCC", "REFER"))
    assert referred == ExclusionState.REFERRED
    assert walk("EXCLUSION", ("TAG", "REJECT"), ("DCC", "REFER"), ("SOS", "UPHOLD")) == ExclusionState.SOS_UPHELD
    refer = procedure("EXCLUSION").transition("TAG_REJECTED", body="DCC", outcome="REFER")
    assert refer.within is not None
    assert refer.within.working_days == 5
    assert [one.key for one in refer.requires] == ["material_impact"]
    assert procedure("EXCLUSION").informed == (Recipient.TAB, Recipient.TAG, Recipient.PANEL)


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")
def test_an_unlisted_step_is_refused_with_its_clause() -> None:
    with pytest.raises(
        UnlistedStep, match=r"SVTAD v1\.23, 13\.20-13\.21 .*SOS UPHOLD is not a step from PROPOSED"
    ) as one:
        walk("EXCLUSION", ("SOS", "UPHOLD"))
    assert one.value.clause == "13.20-13.21"
    assert [step.outcome for step in one.value.allowed] == ["AGREE", "REJECT"]
    assert (one.value.state, one.value.body, one.value.outcome) == ("PROPOSED", "SOS", "UPHOLD")
    with pytest.raises(UnlistedStep, match="listed: nothing more"):
        walk("EXCLUSION", ("TAG", "AGREE"), ("TAG", "REJECT"))
    with pytest.raises(KeyError, match="no procedure 'NONE'"):
        procedure("NONE")


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_clause_12_6_a_descoping_ends_with_the_tab_in_pit_and_with_the_sos_in_sit() -> None:
    assert walk("DESCOPE_PIT", ("TAB", "APPROVE")) == DescopeState.TAB_APPROVED
    assert procedure("DESCOPE_PIT").is_final("TAB_APPROVED")
    assert not procedure("DESCOPE_SIT").is_final("TAB_APPROVED")
    assert procedure("DESCOPE_SIT").transition("TAB_APPROVED", body="DCC", outcome="REFER").duty == "shall"
    steps = (("TAB", "APPROVE"), ("DCC", "REFER"), ("SOS", "APPROVE"))
    assert walk("DESCOPE_SIT", *steps) == DescopeState.SOS_APPROVED
    with pytest.raises(UnlistedStep):
        walk("DESCOPE_SIT", ("TAB", "APPROVE"), ("SOS", "APPROVE"))


@pytest.mark.clause("SVTAD 1.23", "14.2")
def test_clause_14_2_a_dispute_is_decided_by_tag_or_withdrawn() -> None:
    assert walk("SEVERITY_DISPUTE", ("TAG", "DECIDE")) == DisputeState.DECIDED
    assert walk("SEVERITY_DISPUTE", ("PARTICIPANT", "WITHDRAW")) == DisputeState.WITHDRAWN
    assert [state for state in DisputeState if state.is_pending] == [DisputeState.RAISED]


@pytest.mark.clause("SVTAD 1.23", "15.2", "1")
def test_clause_15_2_a_certificate_may_be_revoked_and_issued_again() -> None:
    issued = (("TAB", "APPROVE"), ("DCC", "ISSUE"))
    assert walk("TEST_COMPLETION_CERTIFICATE", *issued) == CertificateState.ISSUED
    again = (*issued, ("TAB", "REVOKE"), ("TAB", "APPROVE"), ("DCC", "ISSUE"))
    assert walk("TEST_COMPLETION_CERTIFICATE", *again) == CertificateState.REISSUED
    assert walk("TEST_COMPLETION_CERTIFICATE", *again, ("TAB", "REVOKE")) == CertificateState.REVOKED
    with pytest.raises(UnlistedStep):
        walk("TEST_COMPLETION_CERTIFICATE", ("DCC", "ISSUE"))


@pytest.mark.clause("SVTAD 1.23", "13.22", "13.24")
def test_clause_13_24_tags_view_stands_until_the_sos_decides() -> None:
    assert CountState(walk("SCT_COUNT")).counts is None
    assert CountState(walk("SCT_COUNT", ("DCC", "COUNT"))).counts is True
    assert CountState(walk("SCT_COUNT", ("DCC", "COUNT"), ("DCC", "REFER"))).counts is True
    assert CountState(walk("SCT_COUNT", ("DCC", "NOT_COUNT"), ("DCC", "REFER"))).counts is False
    decided = walk("SCT_COUNT", ("DCC", "NOT_COUNT"), ("DCC", "REFER"), ("SOS", "COUNT"))
    assert CountState(decided).counts is True
    assert procedure("SCT_COUNT").transition("COUNT", body="DCC", outcome="REFER").within is None


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.16")
def test_clause_13_16_the_panel_may_determine_from_any_state_and_in_rounds() -> None:
    for before in ((), (("DCC", "ANNOUNCE"),), (("DCC", "REVIEW_WITH_TAG"), ("DCC", "SEND_PACKAGE"))):
        assert walk("SIT_COMPLETION", *before, ("PANEL", "CONFIRM")) == "CONFIRMED"
    second = (("PANEL", "NOT_MET"), ("PANEL", "DIRECT"), ("DCC", "SEND_PACKAGE"), ("PANEL", "CONFIRM"))
    assert walk("SIT_COMPLETION", *second) == "CONFIRMED"
    with pytest.raises(UnlistedStep):
        walk("SIT_COMPLETION", ("DCC", "CONFIRM"))


@pytest.mark.clause("SVTAD 1.23", "9.6", "5.7", "15.1", "12.5(e)", "3.4")
def test_the_other_procedures_lead_where_their_clauses_say() -> None:
    assert walk("ASSURANCE_REPORT", ("DCC", "PRESENT"), ("TAB", "REJECT"), ("DCC", "REVISE")) == "DRAFT"
    assert walk("ASSURANCE_REPORT", ("DCC", "PRESENT"), ("TAB", "APPROVE"), ("DCC", "SHARE")) == "SHARED_WITH_TAG"
    assert walk("OVERLAP", ("TAG", "REVIEW"), ("PANEL", "AGREE")) == "PANEL_AGREED"
    assert WorkOffPlanState(walk("WORK_OFF_PLAN", ("TAB", "APPROVE"))).is_approved
    assert not WorkOffPlanState(walk("WORK_OFF_PLAN")).is_approved
    assert walk("APPROVAL_TO_PROCEED", ("DCC", "ISSUE")) == "ISSUED"
    submitted = (("DCC", "CONSULT"), ("DCC", "SUBMIT"), ("SOS", "RETURN"), ("DCC", "SUBMIT"), ("SOS", "APPROVE"))
    assert DocumentState(walk("TAD_APPROVAL", *submitted)).is_approved


@pytest.mark.clause("SVTAD 1.23", "13.16", "13.20", "13.21", "14.2")
def test_a_decision_on_what_others_put_forward_is_told_from_their_own_steps_and_referrals() -> None:
    def answers(key: str) -> set[tuple[str, str]]:
        rules = procedure(key)
        return {(step.body, step.outcome) for step in rules.transitions if rules.answers(step)}

    assert answers("EXCLUSION") == {("TAG", "AGREE"), ("TAG", "REJECT"), ("SOS", "UPHOLD"), ("SOS", "DISMISS")}
    assert {body for body, _ in answers("SEVERITY_DISPUTE")} == {"TAG"}
    assert {body for body, _ in answers("SIT_COMPLETION")} == {"PANEL"}
    for rules in PROCEDURES.values():
        for step in rules.transitions:
            assert not (rules.answers(step) and rules.puts_forward(step))
            assert rules.puts_forward(step) or rules.answers(step) or step.body not in rules.deciders
