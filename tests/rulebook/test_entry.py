"""12.5(a) to (e) and 12.3: what a phase needs before it starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from svtad.rulebook.facts import (
    ApproachDocumentFact,
    ApprovalToProceedFact,
    OverlapApproval,
    ProviderFact,
    ReadinessItem,
)
from svtad.rulebook.findings import Finding
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import (
    ApprovalState,
    CertificateState,
    DocumentState,
    EvidenceKind,
    EvidenceState,
    Step,
    Verdict,
)
from tests.rulebook.builders import A, B, C, certificate, entry_of, evidence, pit, precursor, sit


def entry(facts, key: str) -> Finding:
    """One entry criterion."""
    return judge(facts, step=Step.ENTRY).finding(key)


@pytest.mark.clause("SVTAD 1.23", "12.5", "12.1")
def test_clause_12_5_a_phase_with_everything_in_place_may_start() -> None:
    for facts in (entry_of(sit()), entry_of(pit())):
        judgement = judge(facts, step=Step.ENTRY)
        assert [finding.key for finding in judgement.findings] == [f"12.5({letter})" for letter in "abcde"]
        assert judgement.verdict is Verdict.MET
        assert judgement.verdict.opens_gate


@pytest.mark.clause("SVTAD 1.23", "12.5")
def test_clause_12_5_with_nothing_recorded_nothing_is_met() -> None:
    judgement = judge(sit(evidence=(), entry=None), step=Step.ENTRY)
    assert {finding.key: finding.verdict.value for finding in judgement.findings} == {
        "12.5(a)": "NOT_MET",
        "12.5(b)": "MET",
        "12.5(c)": "NOT_MET",
        "12.5(d)": "NOT_MET",
        "12.5(e)": "NOT_MET",
    }


@pytest.mark.clause("SVTAD 1.23", "12.5(a)", "9.1")
def test_clause_12_5_a_every_providers_current_plan_is_signed_off() -> None:
    facts = entry_of(sit())
    without = replace(facts, evidence=tuple(one for one in facts.evidence if one.provider != C))
    assert entry(without, "12.5(a)").verdict is Verdict.NOT_MET
    assert [one.id for one in entry(without, "12.5(a)").blockers] == [C]
    second = evidence(EvidenceKind.TEST_PLAN, EvidenceState.SUBMITTED, A, id="plan-v2", title="Plan v2")
    unsigned = replace(facts, evidence=(*facts.evidence, second))
    one = entry(unsigned, "12.5(a)")
    assert (one.verdict, one.summary) == (Verdict.NOT_MET, "Not signed off: Plan v2.")
    signed = replace(facts, evidence=(*facts.evidence, replace(second, state=EvidenceState.SIGNED_OFF)))
    assert entry(signed, "12.5(a)").verdict is Verdict.MET
    nobody = entry_of(
        sit(providers=(ProviderFact(id="dcc", name="DCC", is_dcc=True),), evidence=(), certificates=(), precursors=())
    )
    assert entry(nobody, "12.5(a)").verdict is Verdict.CANNOT_EVALUATE


@pytest.mark.clause("SVTAD 1.23", "12.5(b)", "15.2")
@pytest.mark.parametrize("state", list(CertificateState))
def test_clause_12_5_b_only_certificates_in_force_satisfy_it(state) -> None:
    held = (certificate(A), certificate(B, state), certificate(C))
    one = entry(entry_of(sit(precursors=(precursor(certificates=held),))), "12.5(b)")
    in_force = state in (CertificateState.ISSUED, CertificateState.REISSUED)
    assert one.verdict is (Verdict.MET if in_force else Verdict.NOT_MET)
    if not in_force:
        words = f"(CERTIFICATE {state.replace('_', ' ')})"
        assert [(row.kind, row.text.upper()) for row in one.blockers] == [("certificate", words)]


@pytest.mark.clause("SVTAD 1.23", "12.5(b)")
def test_clause_12_5_b_names_what_is_missing_or_not_recorded() -> None:
    one = entry(entry_of(sit(precursors=(precursor(certificates=(certificate(A), certificate(B))),))), "12.5(b)")
    assert one.summary == "No certificate in force: PIT of MOC, Provider C."
    unrecorded = entry(entry_of(sit(precursors=None)), "12.5(b)")
    assert (unrecorded.verdict, unrecorded.missing[0].key) == (Verdict.CANNOT_EVALUATE, "precursors")
    capacity = entry(entry_of(sit(phase_kind="SCT", precursors=None)), "12.5(b)")
    assert (capacity.verdict, capacity.missing[0].key) == (Verdict.CANNOT_EVALUATE, "precursors.SCT")
    nobody = entry(entry_of(sit(precursors=(precursor(providers=()),))), "12.5(b)")
    assert (nobody.verdict, nobody.missing[0].key) == (Verdict.CANNOT_EVALUATE, "precursors.pit-scope.providers")
    first = entry(entry_of(pit()), "12.5(b)")
    assert (first.verdict, first.summary) == (Verdict.MET, "0 of 0 certificates are in force.")


AGREED = OverlapApproval(tag_reviewed_on=date(2019, 9, 1), panel_agreed_on=date(2019, 9, 8))


@pytest.mark.clause("SVTAD 1.23", "5.7", "12.5(b)")
@pytest.mark.parametrize(
    ("overlap", "verdict"),
    [
        (AGREED, Verdict.MET),
        (None, Verdict.NOT_MET),
        (replace(AGREED, panel_agreed_on=None), Verdict.NOT_MET),
        (replace(AGREED, tag_reviewed_on=None), Verdict.NOT_MET),
        (replace(AGREED, tag_reviewed_on=date(2019, 9, 9)), Verdict.NOT_MET),
        (replace(AGREED, panel_agreed_on=date(2019, 10, 2)), Verdict.NOT_MET),
    ],
    ids=["agreed", "none", "TAG only", "Panel only", "TAG after the Panel", "agreed only later"],
)
def test_clause_5_7_interface_testing_may_overlap_sit_after_tag_and_then_the_panel(overlap, verdict) -> None:
    running = precursor(kind="SIT", certificates=())
    facts = entry_of(sit(phase_kind="INTERFACE", precursors=(precursor(), running), certificates=()), overlap=overlap)
    one = entry(facts, "12.5(b)")
    assert one.verdict is verdict
    excepted = "Excepted by the agreed overlap (5.7): SIT of MOC."
    assert (excepted in one.notes) is (verdict is Verdict.MET)


@pytest.mark.clause("SVTAD 1.23", "5.7", "12.5(b)")
def test_clause_5_7_an_overlap_of_pit_and_sit_has_no_exception() -> None:
    facts = entry_of(sit(precursors=(precursor(certificates=()),)), overlap=AGREED)
    assert entry(facts, "12.5(b)").verdict is Verdict.NOT_MET


@pytest.mark.clause("SVTAD 1.23", "12.5(c)", "11.2")
@pytest.mark.parametrize(
    ("kind", "release", "specification", "ttm", "verdict"),
    [
        ("SIT", "IOC", True, False, Verdict.MET),
        ("SIT", "MOC", True, False, Verdict.NOT_MET),
        ("SIT", "MOC", True, True, Verdict.MET),
        ("SIT", "IOC", False, True, Verdict.NOT_MET),
        ("PIT", "IOC", True, False, Verdict.NOT_MET),
    ],
)
def test_clause_12_5_c_only_sit_for_ioc_may_start_without_a_ttm(kind, release, specification, ttm, verdict) -> None:
    facts = entry_of(sit(phase_kind=kind, release=release))
    wanted = {EvidenceKind.TEST_SPECIFICATION: specification, EvidenceKind.TTM: ttm}
    one = entry(replace(facts, evidence=tuple(row for row in facts.evidence if wanted.get(row.kind, True))), "12.5(c)")
    assert one.verdict is verdict
    assert ("specification.ttm_only" in {row.key for row in one.readings}) is ((kind, release) == ("SIT", "IOC"))


@pytest.mark.clause("SVTAD 1.23", "12.5(c)")
def test_clause_12_5_c_a_draft_specification_is_not_prepared() -> None:
    facts = entry_of(sit())
    drafts = tuple(
        replace(row, state=EvidenceState.DRAFT) if row.kind is EvidenceKind.TEST_SPECIFICATION else row
        for row in facts.evidence
    )
    one = entry(replace(facts, evidence=drafts), "12.5(c)")
    assert (one.verdict, one.summary) == (Verdict.NOT_MET, "Test specification (it is draft).")


@pytest.mark.clause("SVTAD 1.23", "12.5(d)")
def test_clause_12_5_d_each_of_six_resources_is_in_place_secure_and_ready() -> None:
    entry_facts = entry_of(sit()).entry
    assert entry_facts is not None
    ready = entry_facts.readiness
    insecure = tuple(replace(row, secure=row.item != "data") for row in ready)
    one = entry(entry_of(sit(), readiness=insecure), "12.5(d)")
    assert (one.verdict, one.summary) == (
        Verdict.NOT_MET,
        "5 of 6 kinds of test resource are in place, secure and ready.",
    )
    assert [(row.id, row.text) for row in one.blockers] == [("data", "not confirmed to be secure")]
    missing = entry(entry_of(sit(), readiness=ready[1:]), "12.5(d)")
    assert [(row.id, row.text) for row in missing.blockers] == [("laboratories", "nothing is confirmed")]
    nothing = (ReadinessItem(item="tools", in_place=False, secure=False, ready=False), *ready[:2], *ready[3:])
    assert entry(entry_of(sit(), readiness=nothing), "12.5(d)").blockers[0].text == (
        "not confirmed to be in place or secure or ready"
    )


@pytest.mark.clause("SVTAD 1.23", "12.5(e)")
def test_clause_12_5_e_the_approval_to_proceed_is_issued() -> None:
    draft = ApprovalToProceedFact(id="atp", state=ApprovalState.DRAFT)
    one = entry(entry_of(sit(), approval_to_proceed=draft), "12.5(e)")
    assert (one.verdict, one.blockers[0].id) == (Verdict.NOT_MET, "atp")
    assert entry(entry_of(sit(), approval_to_proceed=None), "12.5(e)").verdict is Verdict.NOT_MET
    issued = entry(entry_of(sit()), "12.5(e)")
    assert (issued.verdict, issued.summary) == (Verdict.MET, "Issued: ATP-1.")


@pytest.mark.clause("SVTAD 1.23", "12.3", "3.4")
@pytest.mark.parametrize(
    ("held", "verdict", "words"),
    [
        (None, Verdict.NOT_MET, "MTAD: no approved version is recorded."),
        (ApproachDocumentFact(document="UTSAD", version="1", state=DocumentState.EFFECTIVE), Verdict.NOT_MET,
         "MTAD: no approved version is recorded."),
        (ApproachDocumentFact(document="MTAD", version="1.2", state=DocumentState.SUBMITTED), Verdict.NOT_MET,
         "MTAD v1.2: is submitted, not approved."),
        (ApproachDocumentFact(document="MTAD", version="1.2", state=DocumentState.APPROVED), Verdict.MET,
         "MTAD v1.2 is approved."),
        (ApproachDocumentFact(document="MTAD", version="1.2", state=DocumentState.EFFECTIVE,
                              effective_on=date(2019, 10, 1)), Verdict.MET, "MTAD v1.2 is approved."),
        (ApproachDocumentFact(document="MTAD", version="1.2", state=DocumentState.APPROVED,
                              effective_on=date(2019, 10, 2)), Verdict.NOT_MET,
         "MTAD v1.2: takes effect on 2019-10-02."),
    ],
)  # fmt: skip
def test_clause_12_3_migration_testing_waits_for_its_approach_document(held, verdict, words) -> None:
    facts = entry_of(sit(phase_kind="DORMANT_MMT", certificates=()), approach_document=held)
    one = entry(facts, "12.3")
    assert (one.verdict, one.summary) == (verdict, words)


@pytest.mark.clause("SVTAD 1.23", "12.3")
def test_clause_12_3_the_gate_is_for_migration_and_user_testing_only() -> None:
    def keys(kind: str) -> set[str]:
        return {finding.key for finding in judge(entry_of(sit(phase_kind=kind)), step=Step.ENTRY).findings}

    assert {kind: "12.3" in keys(kind) for kind in ("PIT", "SIT", "SCT", "INTERFACE", "ACTIVE_MMT")} == {
        "PIT": False,
        "SIT": False,
        "SCT": False,
        "INTERFACE": True,
        "ACTIVE_MMT": True,
    }
