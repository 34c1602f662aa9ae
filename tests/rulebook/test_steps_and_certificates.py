"""12.6(i), Table 13.1 row 8, rule 10: steps that ignore their own outputs, one certificate per provider; 12.2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from svtad.rulebook.codec import FactsError
from svtad.rulebook.editions.svtad_1_23 import EDITION
from svtad.rulebook.facts import ProviderFact, facts_sha256
from svtad.rulebook.judge import judge
from svtad.rulebook.relevance import relevant_facts
from svtad.rulebook.vocabulary import (
    Cause,
    CertificateState,
    EvidenceKind,
    EvidenceState,
    ExclusionState,
    Step,
    Verdict,
)
from tests.rulebook.builders import (
    PROVIDERS,
    SHA,
    A,
    B,
    C,
    audited,
    certificate,
    dispute,
    entry_of,
    evidence,
    exclusion,
    issue,
    issues,
    item,
    parameter,
    pit,
    plan,
    precursor,
    reports,
    sit,
    with_plan,
)

steps = pytest.mark.clause("SVTAD 1.23", "12.6(i)", "12.6")

GENERIC = [f"12.6({letter})" for letter in "abcdefghi"]


@steps
@pytest.mark.clause("SVTAD 1.23", "13.14", "12.7")
@pytest.mark.parametrize(
    ("step", "generic", "rows"),
    [
        (Step.REPORTS, GENERIC[:8], [1, 2, 3, 4, 5]),
        (Step.CERTIFICATES, GENERIC, [1, 2, 3, 4, 5, 8]),
        (Step.COMPLETION, GENERIC, [1, 2, 3, 4, 5, 8]),
        (Step.PANEL, GENERIC, [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_clause_13_14_each_step_of_sit_judges_what_comes_before_it(step, generic, rows) -> None:
    judgement = judge(sit(), step=step)
    assert [finding.key for finding in judgement.findings] == generic + [f"T13.1-{row}" for row in rows]
    assert judgement.verdict is Verdict.MET
    counted = [finding.key for finding in judgement.criteria]
    assert counted == generic + [f"T13.1-{row}" for row in rows if row in (6, 7)]


@steps
def test_sit_before_the_panel_leads_with_eleven_criteria() -> None:
    judgement = judge(sit(), step=Step.PANEL)
    assert len(judgement.criteria) == 11
    parents = {finding.key: finding.parents for finding in judgement.findings if finding.parents}
    assert parents == {
        "T13.1-1": ("12.6(a)", "12.6(b)"),
        "T13.1-2": ("12.6(f)",),
        "T13.1-3": ("12.6(c)",),
        "T13.1-4": ("12.6(d)",),
        "T13.1-5": ("12.6(e)",),
        "T13.1-8": ("12.6(i)",),
    }


@steps
@pytest.mark.clause("SVTAD 1.23", "1")
def test_clause_12_6_i_two_of_three_certificates_are_not_enough() -> None:
    two = (certificate(A), certificate(B))
    one = judge(sit(certificates=two), step=Step.COMPLETION).finding("12.6(i)")
    assert one.verdict is Verdict.NOT_MET
    assert [(row.kind, row.id) for row in one.blockers] == [("provider", C)]
    assert {number.label: number.value for number in one.numbers}["Certificates in force"] == "2"
    before = judge(sit(certificates=two), step=Step.CERTIFICATES).finding("12.6(i)")
    assert before.verdict is Verdict.MET
    assert "not looked at in this step" in before.summary


@steps
@pytest.mark.clause("SVTAD 1.23", "15.2")
@pytest.mark.parametrize("state", list(CertificateState))
def test_clause_15_2_only_a_certificate_in_force_counts(state) -> None:
    held = (certificate(A), certificate(B), certificate(C, state))
    one = judge(sit(certificates=held), step=Step.COMPLETION).finding("12.6(i)")
    in_force = state in (CertificateState.ISSUED, CertificateState.REISSUED)
    assert one.verdict is (Verdict.MET if in_force else Verdict.NOT_MET)
    assert one.awaiting is (not in_force and state is not CertificateState.REVOKED)


@steps
def test_clause_12_6_i_a_provider_over_its_threshold_gets_no_certificate_and_another_may() -> None:
    facts = with_plan(sit(issues=(*issues(16), *issues(3, provider=C))))
    assert judge(facts, step=Step.CERTIFICATES, provider=A).verdict is Verdict.NOT_MET
    for_c = judge(facts, step=Step.CERTIFICATES, provider=C)
    assert for_c.verdict is Verdict.MET
    assert {cell.provider for cell in for_c.finding("12.6(c)").thresholds} == {C}
    assert judge(facts, step=Step.COMPLETION).verdict is Verdict.NOT_MET


@steps
def test_clause_12_6_i_issuing_one_certificate_does_not_make_the_others_assessment_stale() -> None:
    before = sit(certificates=())
    after = sit(certificates=(certificate(A),))
    for provider in (B, None):
        first = judge(before, step=Step.CERTIFICATES, provider=provider)
        assert judge(after, step=Step.CERTIFICATES, provider=provider) == first
    assert judge(before, step=Step.COMPLETION).facts_sha256 != judge(after, step=Step.COMPLETION).facts_sha256
    for_b = judge(before, step=Step.COMPLETION, provider=B)
    assert judge(after, step=Step.COMPLETION, provider=B).facts_sha256 == for_b.facts_sha256


@steps
def test_a_step_ignores_its_own_and_later_outputs() -> None:
    full, none = sit(), sit(evidence=(), certificates=())
    assert judge(full, step=Step.REPORTS) == judge(none, step=Step.REPORTS)
    until_reports = sit(certificates=(), evidence=reports(A, B, C))
    assert judge(full, step=Step.CERTIFICATES) == judge(until_reports, step=Step.CERTIFICATES)
    until_certificates = sit(evidence=reports(A, B, C))
    assert judge(full, step=Step.COMPLETION) == judge(until_certificates, step=Step.COMPLETION)
    assert judge(full, step=Step.PANEL) != judge(until_certificates, step=Step.PANEL)


@steps
@pytest.mark.clause("SVTAD 1.23", "9.4", "9.5")
def test_clause_12_6_i_a_report_is_due_from_each_provider_and_an_assurance_report() -> None:
    one = judge(sit(evidence=reports(A, B)), step=Step.CERTIFICATES).finding("12.6(i)")
    assert one.verdict is Verdict.NOT_MET
    assert one.summary == "Missing: Provider C: 9.4 report (not produced)."
    returned = (
        *reports(A, B),
        evidence(EvidenceKind.PROVIDER_REPORT, EvidenceState.RETURNED, C),
    )
    sent_back = judge(sit(evidence=returned), step=Step.CERTIFICATES).finding("12.6(i)")
    assert [(row.kind, row.text) for row in sent_back.blockers] == [("evidence", "(it is returned)")]
    none = judge(sit(evidence=()), step=Step.CERTIFICATES).finding("12.6(i)")
    assert len(none.blockers) == 9
    lone = judge(pit(evidence=()), step=Step.CERTIFICATES).finding("12.6(i)")
    assert [row.id for row in lone.blockers] == [A, A]


@steps
@pytest.mark.clause("SVTAD 1.23", "9.6", "Table 13.1 row 8")
@pytest.mark.parametrize(
    ("state", "more", "verdict", "text"),
    [
        (EvidenceState.APPROVED, {"matter": "tab-1"}, Verdict.MET, None),
        (EvidenceState.SHARED_WITH_TAG, {"matter": "tab-1"}, Verdict.MET, None),
        (EvidenceState.REJECTED, {"matter": "tab-1"}, Verdict.NOT_MET, "(it is rejected)"),
        (EvidenceState.PRESENTED, {"matter": "tab-1"}, Verdict.NOT_MET, "(it is presented)"),
        (EvidenceState.APPROVED, {}, Verdict.NOT_MET, "(no decision of the TAB is recorded)"),
        (EvidenceState.APPROVED, {"matter": "tab-1", "sha256": None}, Verdict.NOT_MET, "(no file is attached)"),
        (EvidenceState.APPROVED, {"matter": "t", "intact": False}, Verdict.NOT_MET,
         "(its stored file is gone or no longer matches its SHA-256)"),
    ],
)  # fmt: skip
def test_table_13_1_row_8_hangs_on_the_recorded_approval_of_the_tab(state, more, verdict, text) -> None:
    given = (*reports(A, B, C)[:3], evidence(EvidenceKind.ASSURANCE_REPORT, state, **more))
    judgement = judge(sit(evidence=given), step=Step.CERTIFICATES)
    row = judgement.finding("T13.1-8")
    assert row.verdict is verdict
    assert judgement.finding("12.6(i)").verdict is verdict
    assert row.awaiting is (state is EvidenceState.PRESENTED)
    assert {blocker.text for blocker in row.blockers} == ({text} if text else set())
    assert row.notes == ("The SIT Completion Report, its evidence, is to follow.",)


@pytest.mark.clause("SVTAD 1.23", "Table 13.1 row 8")
def test_table_13_1_row_8_lists_the_completion_report_once_it_is_there() -> None:
    given = (*reports(A, B, C), *audited(), evidence(EvidenceKind.COMPLETION_REPORT, EvidenceState.ISSUED))
    row = judge(sit(evidence=given), step=Step.PANEL).finding("T13.1-8")
    assert row.notes == ()
    assert [line.kind for line in row.evidence] == ["ASSURANCE_REPORT", "COMPLETION_REPORT"]


@steps
def test_clause_12_6_i_without_a_recorded_provider_it_cannot_be_evaluated() -> None:
    dcc = (ProviderFact(id="dcc", name="DCC", is_dcc=True),)
    facts = sit(providers=dcc, evidence=(), certificates=(), precursors=())
    judgement = judge(facts, step=Step.COMPLETION)
    assert judgement.finding("12.6(i)").verdict is Verdict.CANNOT_EVALUATE
    assert judgement.finding("T13.1-8").verdict is Verdict.CANNOT_EVALUATE


@steps
def test_pit_ends_at_completion_without_row_8() -> None:
    judgement = judge(pit(evidence=(*reports(A)[:1], replace(reports(A)[1], matter=None))), step=Step.COMPLETION)
    assert [finding.key for finding in judgement.findings] == GENERIC
    assert judgement.verdict is Verdict.MET
    with pytest.raises(FactsError, match="PIT is not judged at PANEL; its steps are ENTRY, REPORTS"):
        judge(pit(), step=Step.PANEL)


@pytest.mark.clause("SVTAD 1.23", "12.2", "13.18", "15.1")
@pytest.mark.parametrize(("kind", "document"), [("SCT", "SCTAD"), ("INTERFACE", "UTSAD")])
def test_clause_12_2_other_phases_have_thresholds_and_a_plan_and_the_rest_is_not_held(kind, document) -> None:
    over = judge(with_plan(sit(phase_kind=kind, issues=issues(1, "2", kind=kind), certificates=())), step=Step.REPORTS)
    assert [finding.key for finding in over.findings] == ["13.18", "15.1", "12.3"]
    rest = over.finding("12.3")
    assert (rest.verdict, rest.missing[0].key) == (Verdict.CANNOT_EVALUATE, document)
    assert "12.5 holds the Entry Criteria" in rest.notes[0]


@pytest.mark.clause("SVTAD 1.23", "12.2", "Table 13.2")
def test_clause_12_2_sct_over_a_limit_is_not_met_although_its_approach_document_is_not_held() -> None:
    def verdict(number: int) -> Verdict:
        facts = sit(phase_kind="SCT", issues=issues(number, kind="SCT"), certificates=())
        return judge(with_plan(facts), step=Step.REPORTS).verdict

    assert verdict(16) is Verdict.NOT_MET
    assert verdict(15) is Verdict.CANNOT_EVALUATE


@pytest.mark.clause("SVTAD 1.23", "13.19")
@pytest.mark.parametrize("kind", ["ACTIVE_MMT", "DORMANT_MMT", "MIXED_MMT"])
def test_clause_13_19_migration_thresholds_are_in_a_document_that_is_not_held(kind) -> None:
    judgement = judge(sit(phase_kind=kind, certificates=()), step=Step.COMPLETION)
    thresholds = judgement.finding("13.19")
    assert (thresholds.verdict, thresholds.missing[0].key) == (Verdict.CANNOT_EVALUATE, "MTAD")
    assert judgement.verdict is Verdict.CANNOT_EVALUATE


@pytest.mark.clause("SVTAD 1.23", "12.2")
def test_clause_12_2_the_slip_is_shown_and_not_silently_mended() -> None:
    notes = judge(sit(), step=Step.REPORTS).finding("12.6(a)").notes
    assert any(note.startswith("12.2 says that the generic Exit Criteria are in 12.5") for note in notes)


def test_what_a_step_looks_at_is_the_same_looked_at_twice() -> None:
    facts = sit(
        issues=(issue("a"), issue("b", provider=B), issue("n", provider=None), issue("d", None, None, cause=Cause.DCC)),
        considered_issues=issues(1, kind="SCT"),
        disputes=(dispute("a", "2"), dispute("b", "2")),
        exclusions=(exclusion("b", ExclusionState.PROPOSED),),
        work_off_plans=(plan(issue("a"), provider=A), plan(issue("b"), id="other", provider=B)),
        precursors=(precursor(item(issue("a")), item(issue("b", provider=B))),),
    )
    for step in Step:
        for provider in (None, A):
            once = relevant_facts(facts, edition=EDITION, step=step, provider=provider)
            assert relevant_facts(once, edition=EDITION, step=step, provider=provider) == once
            judgement = judge(facts, step=step, provider=provider)
            assert judgement == judge(once, step=step, provider=provider)
            assert judgement.facts_sha256 == facts_sha256(once)
    for_a = relevant_facts(facts, edition=EDITION, step=Step.PANEL, provider=A)
    assert [one.id for one in for_a.issues] == ["a", "n"]
    assert (for_a.exclusions, [one.issue for one in for_a.disputes]) == ((), ["a"])
    assert [one.id for one in for_a.work_off_plans] == ["wop"]
    (earlier,) = for_a.precursors or ()
    assert [one.reference for one in earlier.work_off_plans[0].items] == ["A"]
    assert [one.provider for one in earlier.certificates] == [A]


def test_a_provider_is_judged_even_where_nobody_recorded_the_earlier_phases() -> None:
    for step in (Step.ENTRY, Step.REPORTS):
        judgement = judge(entry_of(sit(precursors=None)), step=step, provider=A)
        assert judgement.verdict is Verdict.CANNOT_EVALUATE


def test_only_the_settings_of_the_phase_kind_are_in_its_facts() -> None:
    both = (parameter("pit.minimum_pass_rate", "95%"), parameter("disputes.severities", "any"))
    kept = relevant_facts(sit(parameters=both), edition=EDITION, step=Step.REPORTS)
    assert [row.key for row in kept.parameters] == ["disputes.severities"]
    assert (
        judge(sit(parameters=both), step=Step.PANEL).facts_sha256
        == judge(sit(parameters=both[1:]), step=Step.PANEL).facts_sha256
    )


@pytest.mark.parametrize("provider", ["nobody", "dcc"])
def test_a_certificate_is_judged_only_for_a_provider_that_takes_part(provider) -> None:
    dcc = ProviderFact(id="dcc", name="DCC", is_dcc=True)
    with pytest.raises(FactsError, match="is no DCC Service Provider that takes part"):
        judge(sit(providers=(*PROVIDERS, dcc)), step=Step.CERTIFICATES, provider=provider)


def test_the_hash_does_not_depend_on_when_one_looks() -> None:
    facts = sit()
    later = replace(facts, as_at=facts.as_at.replace(year=2020))
    assert judge(later, step=Step.PANEL).facts_sha256 == judge(facts, step=Step.PANEL).facts_sha256
    assert SHA not in judge(facts, step=Step.PANEL).facts_sha256
