"""What the report says, and that it says nothing that the stored assessment does not."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

import pytest
from django.template.loader import render_to_string

from reports.contents import annex_volume, annexes, completion_report, words
from reports.contents.counts import NO_GROUP
from reports.rendering.long_texts import LongTexts
from reports.shapes import Mark
from svtad.governance.models import Matter, StoredFile
from svtad.lib.errors import Refused
from svtad.rulebook.facts import DmcFact, ExclusionFact, Statement
from svtad.rulebook.vocabulary import DmcState, EvidenceKind, EvidenceState, ExclusionState, Step
from tests.reports import samples, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test")]


@pytest.fixture
def facts():
    return samples.facts()


def all_met():
    """The sample with everything that stands in its way put right."""
    base = samples.facts()
    cells = tuple(replace(cell, passed=cell.due, executed=cell.due, failed=0, not_run=0) for cell in base.test_counts)
    evidence = tuple(
        replace(
            item,
            state=EvidenceState.APPROVED if item.kind is EvidenceKind.ASSURANCE_REPORT else item.state,
            matter="M-0009" if item.kind is EvidenceKind.ASSURANCE_REPORT else None,
            statements=tuple(Statement(clause=row.clause, confirmed=True) for row in item.statements),
        )
        for item in base.evidence
    )
    missing = replace(evidence[0], id="evidence-94-smso", provider="prov-smso", sha256=samples.digest("smso"))
    certificates = tuple(
        replace(base.certificates[0], id=f"certificate-{key}", provider=key, reference=f"TCC-{key}")
        for key, _ in samples.PROVIDERS
    )
    total = sum(cell.executed for cell in cells)
    assert base.execution_evidence is not None
    return replace(
        base,
        test_counts=cells,
        test_rows=tuple(row for row in base.test_rows if row.status == "DESCOPED"),
        stage_exit_versions="DSP 5.2, CH 4.2",
        disputes=(),
        evidence=(*evidence, missing),
        certificates=certificates,
        execution_evidence=replace(base.execution_evidence, executed=total, with_evidence=total - 40),
    )


# --- the answer -------------------------------------------------------------------------------------


def test_the_answer_counts_what_is_not_met_and_what_cannot_be_decided(facts):
    summary = completion_report(stored.assessment_of(facts)).summary
    assert summary.sentence == (
        "MOC: SIT cannot exit. 3 of the 11 criteria judged are not met, and 2 cannot be decided."
    )
    assert {tally.mark: tally.count for tally in summary.tally} == {
        Mark.MET: 6,
        Mark.NOT_MET: 2,
        Mark.AWAITING: 1,
        Mark.CANNOT_DECIDE: 2,
    }


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.16")
def test_an_answer_that_all_is_met_still_says_that_the_panel_decides():
    report = completion_report(stored.assessment_of(all_met()))
    assert report.summary.mark is Mark.MET
    assert report.summary.sentence == "MOC: every SIT Exit Criterion judged at this step is met, 11 of 11."
    assert "only when the Panel determines" in report.summary.qualifier


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_where_only_a_dispute_stands_in_the_way_no_decision_may_be_made():
    met = all_met()
    report = completion_report(stored.assessment_of(replace(met, disputes=samples.facts().disputes)))
    assert report.summary.mark is Mark.CANNOT_DECIDE
    assert "no decision may be made on SIT exit" in report.summary.sentence
    assert report.issues.disputes[0].blocks


def test_where_only_a_fact_is_missing_exit_cannot_be_judged_yet():
    report = completion_report(stored.assessment_of(replace(all_met(), stage_exit_versions=None)))
    assert report.summary.mark is Mark.CANNOT_DECIDE
    assert "cannot be judged yet" in report.summary.sentence
    assert [(row.clause, row.kind) for row in report.unjudged] == [("12.6(f)", "Fact")]


def test_what_waits_only_for_a_body_is_shown_as_awaiting(facts):
    report = completion_report(stored.assessment_of(facts))
    (first,) = [block for block in report.criteria if block.key == "12.6(a)"]
    assert first.mark is Mark.AWAITING
    assert "stored as Not met" in first.why


def test_a_step_before_the_last_says_what_it_does_not_judge(facts):
    report = completion_report(stored.assessment_of(facts, step=Step.REPORTS))
    marks = {block.key: block.mark for block in report.criteria}
    assert marks["12.6(i)"] is marks["T13.1-6"] is marks["T13.1-7"] is Mark.NOT_STARTED
    assert "8 criteria judged" in report.summary.sentence


# --- numbers ------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "T13.1-1")
def test_each_combination_has_its_numbers_what_it_needs_and_its_verdict(facts):
    report = completion_report(stored.assessment_of(facts))
    rows = {row.name.split()[0]: row for row in report.tests.by_dmc}
    short = rows["DMC-201"]
    assert (short.planned, short.due, short.executed, short.passed, short.not_run) == (203, 203, 202, 183, 1)
    assert (short.needed, short.short, short.mark) == (183, 0, Mark.NOT_MET)
    descoped = rows["DMC-102"]
    assert descoped.due == descoped.planned - 2
    assert rows["DMC-101"].mark is Mark.MET
    assert report.tests.by_dmc[-1].name == "No DMC"


def test_the_tables_of_counts_agree_with_each_other(facts):
    tests = completion_report(stored.assessment_of(facts)).tests
    functional = tests.kinds[0]
    for rows in (tests.by_dmc, tests.by_group):
        for name in ("planned", "descoped", "due", "executed", "passed", "failed", "not_run"):
            assert sum(getattr(row, name) for row in rows) == getattr(functional, name)
    crossed = [cell for grid in tests.grids for row in grid.rows for cell in row.cells if cell]
    assert sum(cell.passed for cell in crossed) == functional.passed
    assert sum(cell.due for cell in crossed) == functional.due
    assert sum(row.planned for row in tests.by_provider) == sum(row.planned for row in tests.kinds)


def test_where_nothing_is_planned_there_is_no_coverage_rather_than_nought_per_cent(facts):
    (grid,) = completion_report(stored.assessment_of(facts)).tests.grids
    (prepayment,) = [row for row in grid.rows if row.group == "Prepayment"]
    assert prepayment.cells[5] is None


@pytest.mark.parametrize(
    ("passed", "due", "said"),
    [(899, 1000, "89.9%"), (8999, 10000, "89.9%"), (9, 10, "90.0%"), (17, 19, "89.4%"), (0, 3, "0.0%"), (0, 0, "–")],
)
def test_a_rate_is_never_rounded_up(passed, due, said):
    assert words.rate(passed, due) == said


@pytest.mark.clause("SVTAD 1.23", "13.6")
def test_a_combination_removed_by_de_selection_leaves_the_counts_and_is_named(facts):
    dmcs = tuple(
        DmcFact(id=dmc.id, name=dmc.name, state=DmcState.DESELECTED) if dmc.id == "dmc-6" else dmc for dmc in facts.dmcs
    )
    report = completion_report(stored.assessment_of(replace(facts, dmcs=dmcs)))
    assert [row.label for row in report.tests.removed_dmcs] == ["DMC-301 Garnock CH, Humber ESME"]
    assert "planned tests left out" in report.tests.removed_dmcs[0].value
    assert "DMC-301" not in " ".join(row.name for row in report.tests.by_dmc)
    assert not [row for row in report.open_tests if row.dmc.startswith("DMC-301")]


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_a_de_scoped_test_is_listed_and_marked_where_it_had_failed(facts):
    listed = completion_report(stored.assessment_of(facts)).tests.descoped
    assert [row.counts for row in listed] == ["No", "No", "Yes, until finally approved"]
    assert [row.ran_and_failed for row in listed] == [True, False, False]


def test_what_has_no_functional_group_is_said_to_have_none(facts):
    cells = tuple(replace(cell, functional_group=None) if cell.dmc is None else cell for cell in facts.test_counts)
    rows = tuple(replace(row, functional_group=None) if row.dmc is None else row for row in facts.test_rows)
    report = completion_report(stored.assessment_of(replace(facts, test_counts=cells, test_rows=rows)))
    assert report.tests.by_group[-1].name == NO_GROUP


# --- issues -------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")
def test_an_excluded_issue_is_there_with_its_rationale_and_what_tag_decided(facts):
    stored.matters(facts)
    (entry,) = completion_report(stored.assessment_of(facts)).issues.excluded
    assert entry.issue.reference == "TI-0040"
    assert entry.rationale.startswith("The top-up is refused by the meter")
    (decided,) = entry.decisions
    assert (decided.body, decided.outcome, decided.decided) == ("TAG", "Agree", "4 Jun 2026")
    assert decided.rationale.startswith("Agreed for MOC SIT.")
    assert decided.document == "TAG minutes M-0001.pdf"
    assert len(decided.sha256) == 64


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_an_exclusion_that_is_only_proposed_still_counts(facts):
    stored.matters(facts)
    report = completion_report(stored.assessment_of(facts))
    (entry,) = report.issues.proposed
    assert (entry.issue.reference, entry.issue.counts, entry.decisions) == ("TI-0021", "Counts", ())
    assert "TI-0021" in {row.reference for row in report.issues.counted}


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_a_decision_recorded_after_the_moment_is_not_in_a_report_of_that_moment(facts):
    stored.matters(facts)
    early = facts.as_at - dt.timedelta(days=15)
    report = completion_report(stored.assessment_of(replace(facts, as_at=early)))
    assert report.issues.excluded[0].decisions == ()


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_an_issue_that_left_the_count_says_by_what_determination_and_why(facts):
    left = completion_report(stored.assessment_of(facts)).issues.left
    assert {row.reference: row.why for row in left} == {
        "TI-0090": ("Rejected: Works as specified: the request is answered after supply returns. (13.19)"),
        "TI-0091": (
            "Not caused by the DCC or its systems: The display's own cache; reproduced without the DCC Total System. "
            "(13.19)"
        ),
    }


@pytest.mark.clause("SVTAD 1.23", "13.22")
def test_an_issue_of_another_phase_is_listed_whether_it_counts_or_not(facts):
    found = completion_report(stored.assessment_of(facts)).issues
    assert "TI-0201" in {row.reference for row in found.counted}
    assert [row.reference for row in found.not_counted] == ["TI-0202"]
    undecided = replace(facts, count_decisions=())
    found = completion_report(stored.assessment_of(undecided)).issues
    assert {row.reference for row in found.undecided} == {"TI-0201", "TI-0202"}


def test_no_issue_is_lost_between_the_lists(facts):
    report = completion_report(stored.assessment_of(facts))
    found = report.issues
    listed = [
        *(row.reference for row in (*found.counted, *found.undecided, *found.left, *found.not_counted)),
        *(entry.issue.reference for entry in found.excluded),
    ]
    assert sorted(listed) == sorted(issue.reference for issue in (*facts.issues, *facts.considered_issues))
    assert sorted(row.reference for row in report.register) == sorted(listed)


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_an_exclusion_that_the_secretary_of_state_upheld_is_among_the_excluded(facts):
    upheld = (ExclusionFact(issue="issue-040", state=ExclusionState.SOS_UPHELD, matter="M-0001"),)
    (entry,) = completion_report(stored.assessment_of(replace(facts, exclusions=upheld))).issues.excluded
    assert entry.state == "Secretary of State upheld"


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")
def test_a_decision_on_an_exclusion_carries_its_marks_into_the_report(facts):
    """What goes against the computed result, or came out of its order, says so wherever it is shown (rule 16)."""
    stored.matters(facts)
    matter = Matter.objects.get(reference="M-0001")
    at = facts.as_at - dt.timedelta(days=10)
    upheld = stored.decision(
        matter, body="SOS", outcome="UPHOLD", to_state="SOS_UPHELD", rationale="The Minister has decided.", at=at,
        against_computed=True, out_of_order=True, missing=["The referral (13.21)"],
    )  # fmt: skip
    (entry,) = completion_report(stored.assessment_of(facts)).issues.excluded
    assert [row.marks for row in entry.decisions] == [
        (), ("against the computed result", "out of its listed order", "something missing before it"),
    ]  # fmt: skip
    printed = render_to_string("reports/exclusion.html", {"entry": entry, "long_texts": LongTexts()})
    assert printed.count('<span class="sub">against the computed result</span>') == 1
    stored.decision(
        matter, body="SOS", outcome="UPHOLD", to_state="SOS_UPHELD", rationale="As in the letter.", at=at,
        supersedes=upheld,
    )  # fmt: skip
    (entry,) = completion_report(stored.assessment_of(facts)).issues.excluded
    assert [row.marks[-1] for row in entry.decisions[1:]] == ["something missing before it", "correction"]
    assert "superseded" in entry.decisions[1].marks


# --- papers -------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "9.4", "9.5", "9.7")
def test_a_report_that_is_not_there_is_said_not_to_be_provided(facts):
    papers = completion_report(stored.assessment_of(facts)).papers
    missing = [(paper.clause, paper.provider) for paper in papers if not paper.provided]
    assert ("9.4", "Meterbridge SMSO") in missing
    assert ("12.6(i)", "Northern Comms") in missing
    assert {paper.state for paper in papers if not paper.provided} == {"Not provided"}


def test_what_a_step_does_not_look_at_is_not_called_missing(facts):
    papers = completion_report(stored.assessment_of(facts, step=Step.REPORTS)).papers
    unseen = [paper for paper in papers if paper.clause in ("9.4", "9.5", "12.6(i)", "19.4")]
    assert len(unseen) == 4 + 1 + 4 + 1
    assert {paper.state for paper in unseen} == {"Not looked at in this step"}


@pytest.mark.clause("SVTAD 1.23", "9.6", "9.7")
def test_the_reports_are_carried_inside_only_once_tab_has_approved(facts):
    content = b"%PDF the report of a provider"
    approved = tuple(
        replace(item, sha256=hashlib.sha256(content).hexdigest(), state=EvidenceState.APPROVED, matter="M-0009")
        if item.kind is EvidenceKind.ASSURANCE_REPORT
        else replace(item, sha256=hashlib.sha256(content + item.id.encode()).hexdigest())
        for item in facts.evidence
    )
    known = replace(facts, evidence=approved)
    stored.evidence_rows(known)
    by_id = {item.id: content if item.id == "evidence-95" else content + item.id.encode() for item in approved}
    report = completion_report(stored.assessment_of(known), read_file=lambda item: by_id[item.public_id])
    assert len(report.included) == 4
    assert {hashlib.sha256(file.content).hexdigest() for file in report.included} == {
        file.sha256 for file in report.included
    }
    assert all(paper.included for paper in report.papers if paper.clause in ("9.4", "9.5") and paper.provided)
    presented = completion_report(stored.assessment_of(facts), read_file=lambda item: b"")
    assert presented.included == ()


@pytest.mark.clause("SVTAD 1.23", "9.7")
def test_reports_too_large_to_carry_are_named_by_their_hash(facts, monkeypatch):
    known = replace(
        facts,
        evidence=tuple(
            replace(item, state=EvidenceState.APPROVED, matter="M-0009")
            if item.kind is EvidenceKind.ASSURANCE_REPORT
            else item
            for item in facts.evidence
        ),
    )
    stored.evidence_rows(known)
    assert StoredFile.objects.filter(size=0).count() == len(facts.evidence)
    monkeypatch.setattr("reports.contents.INCLUDED_BYTES", -1)
    report = completion_report(stored.assessment_of(known), read_file=lambda item: b"")
    assert report.included == ()
    assert [paper.sha256 for paper in report.papers if paper.clause == "9.5"] == [samples.digest("95")]


@pytest.mark.clause("SVTAD 1.23", "13.13")
def test_witnessing_is_not_provided_where_nothing_states_it(facts):
    stored.evidence_rows(facts)
    witnessing = completion_report(stored.assessment_of(facts)).witnessing
    assert (witnessing.provided, witnessing.passed, witnessing.executed) == (False, None, None)


@pytest.mark.clause("SVTAD 1.23", "13.13")
def test_witnessing_is_a_ratio_of_what_was_executed(facts):
    stated = {"executed": 38, "passed": 36, "failed": [{"number": 2, "reason": "Wrong tariff shown"}]}
    stored.evidence_rows(facts, statements={"evidence-95": {"13.13": stated}})
    witnessing = completion_report(stored.assessment_of(facts)).witnessing
    assert witnessing.provided
    assert witnessing.ratio == "36/38 (94.7%)"
    assert [(row.label, row.value) for row in witnessing.failures] == [("2", "Wrong tariff shown")]


@pytest.mark.clause("SVTAD 1.23", "13.13")
def test_witnessing_of_nothing_has_no_ratio(facts):
    stored.evidence_rows(facts, statements={"evidence-95": {"13.13": {"executed": 0, "passed": 0}}})
    assert completion_report(stored.assessment_of(facts)).witnessing.ratio == "not applicable: none executed"


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_the_dates_of_work_off_are_those_that_the_judge_counted(facts):
    rows = completion_report(stored.assessment_of(facts)).work_off.dates
    (third,) = [row for row in rows if row.provider == "Dataline Services" and row.severity == "3"]
    assert (third.clock_start, third.days, third.due) == ("12 Jun 2026", "20 Working Days", "10 Jul 2026")


# --- readings, and what no report is made of ---------------------------------------------------------


def test_readings_and_slips_of_the_source_are_shown_as_such(facts):
    report = completion_report(stored.assessment_of(facts))
    between = [row for row in report.readings if row.value == "between"]
    assert [(row.is_setting, row.is_default, row.used_by) for row in between] == [(True, True, "12.6(c)")]
    assert any("12.5 holds the Entry Criteria" in note.value for note in report.source_notes)
    (parameter,) = report.parameters
    assert (parameter.value, parameter.source, parameter.approver) == (
        "between",
        "Reading note 4",
        "Head of Test Assurance",
    )


@pytest.mark.clause("SVTAD 1.23", "16.5")
def test_there_is_no_completion_report_for_pit(facts):
    assessment = stored.assessment_of(facts)
    assessment.scope.kind = "PIT"
    with pytest.raises(Refused, match="no Completion Report for PIT"):
        completion_report(assessment)


@pytest.mark.clause("SVTAD 1.23", "16.5")
def test_there_is_no_completion_report_of_a_judgement_on_entry(facts):
    with pytest.raises(Refused, match="judgement on entry"):
        completion_report(stored.assessment_of(facts, step=Step.ENTRY))


def test_a_phase_without_table_13_1_has_no_such_rows(facts):
    sct = replace(facts, phase_kind="SCT", exclusions=(), considered_issues=(), count_decisions=(), parameters=())
    report = completion_report(stored.assessment_of(sct, step=Step.COMPLETION))
    assert report.rows == ()
    assert report.cover.title == "System Capacity Testing Completion Report"
    assert report.summary.qualifier == ""


def test_contents_ask_no_more_of_the_database_for_longer_lists(facts, django_assert_max_num_queries):
    stored.matters(facts)
    stored.evidence_rows(facts)
    short = stored.assessment_of(facts)
    long = stored.assessment_of(samples.many(facts, open_issues=300, open_tests=300))
    for assessment in (short, long):
        with django_assert_max_num_queries(7):
            completion_report(assessment)


# --- long lists -------------------------------------------------------------------------------------


AT = dt.datetime(2026, 6, 19, 9, tzinfo=dt.UTC)


def volume_of(assessment, number):
    return annex_volume(assessment, number=number, made_at=AT, made_by="Robin", stale="Something changed.")


def test_short_lists_stay_inside_the_report(facts):
    assert completion_report(stored.assessment_of(facts)).volumes == ()


def test_long_lists_become_volumes_that_leave_nothing_out(facts, monkeypatch):
    monkeypatch.setattr(annexes, "ROWS_INSIDE", 50)
    monkeypatch.setattr(annexes, "ROWS_A_VOLUME", 40)
    assessment = stored.assessment_of(facts)
    report = completion_report(assessment, made_at=AT, made_by="Robin", stale="Something changed.")
    assert [volume.number for volume in report.volumes] == list(range(1, len(report.volumes) + 1))
    volumes = [volume_of(assessment, entry.number) for entry in report.volumes]
    assert tuple(row for volume in volumes for row in volume.issues) == report.register
    assert tuple(row for volume in volumes for row in volume.tests) == report.open_tests
    for volume in volumes:
        rows = volume.issues or volume.tests
        assert (volume.entry.first, volume.entry.last) == (rows[0].reference, rows[-1].reference)
        assert len(rows) == volume.entry.rows <= 40
    assert {volume.cover for volume in volumes} == {report.cover}
    assert {volume.of for volume in volumes} == {len(volumes)}
    sizes = [volume.entry.rows for volume in volumes if volume.issues]
    assert max(sizes) - min(sizes) <= 1, "no volume is a stub"
    with pytest.raises(LookupError):
        volume_of(assessment, len(volumes) + 1)
