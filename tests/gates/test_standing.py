"""Where do we stand: words, order, headroom, and who sees what of a judgement."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.actions import dispute_severity, propose_exclusion
from svtad.gates.actions import assess, assess_scope
from svtad.gates.models import Assessment
from svtad.gates.queries import (
    Word,
    assessment_at,
    criteria,
    findings_for,
    findings_of,
    headroom,
    latest_assessment,
    shown,
    shown_overall,
    shown_stored,
    standing,
)
from svtad.rulebook.vocabulary import Verdict
from testphases.models import TestScope
from tests.factories import MAKER, at, make_document, make_house, make_issue
from tests.gates.world import Phase, fill_up, finding, last, make_phase


@pytest.fixture(scope="class")
def lent_full(lend) -> Phase:
    return lend(make_house, make_phase, fill_up)


@pytest.fixture
def full(lent_full, db) -> Phase:
    """The phase with Alpha at its limit."""
    return lent_full


def judge_one_over(phase: Phase) -> tuple[Phase, Assessment]:
    over_by(phase, 1)
    return phase, phase.assess("PANEL")


@pytest.fixture(scope="class")
def lent_over(lend) -> tuple[Phase, Assessment]:
    return lend(make_house, make_phase, fill_up, judge_one_over)


@pytest.fixture
def over(lent_over, db) -> tuple[Phase, Assessment]:
    """The phase with one more than that, and its judgement."""
    return lent_over


def over_by(phase, count, *, severity="3", provider=None):
    provider = provider or phase.house.alpha
    return [
        make_issue(phase.scope, raised_by=phase.house.alpha, severity=severity, provider=provider, moment=at(days=3))
        for _ in range(count)
    ]


def now_at(phase, step="PANEL"):
    """The phase judged now, with its findings."""
    assessment = phase.assess(step)
    return assessment, findings_of(assessment)


# --- words and order --------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "12.7", "T13.1-1", "T13.1-6", "T13.1-7")
def test_eleven_criteria_lead_and_every_other_row_stands_beneath_what_it_details(phase):
    _, findings = now_at(phase)
    leading = criteria(findings)
    assert [row.finding.key for row in leading] == [
        *(f"12.6({letter})" for letter in "abcdefghi"),
        "T13.1-6",
        "T13.1-7",
    ]
    beneath = {row.finding.key: [detail.key for detail in row.details] for row in leading if row.details}
    assert beneath == {
        "12.6(a)": ["T13.1-1"],
        "12.6(c)": ["T13.1-3"],
        "12.6(d)": ["T13.1-4"],
        "12.6(e)": ["T13.1-5"],
        "12.6(f)": ["T13.1-2"],
        "12.6(i)": ["T13.1-8"],
    }
    assert len(leading) + sum(map(len, beneath.values())) == len(findings)


def test_awaiting_is_shown_only_where_a_body_s_answer_alone_would_lift_it(full):
    phase = full
    [sixteenth] = over_by(phase, 1)
    phase.log(moment=at(days=5))
    phase.plan_work()
    threshold = finding(phase.assess("REPORTS"), "12.6(c)")
    assert (threshold.verdict, shown(threshold).word) == (Verdict.NOT_MET, Word.NOT_MET)
    propose_exclusion(issue=sixteenth, scope=phase.scope, rationale="One meter.", by=MAKER, at=at(days=6))
    assessment, findings = now_at(phase, "REPORTS")
    threshold = finding(assessment, "12.6(c)")
    assert (threshold.verdict, shown(threshold).word) == (Verdict.NOT_MET, Word.AWAITING)
    assert assessment.verdict == Verdict.NOT_MET, "what is stored is NOT_MET"
    assert shown_overall(findings).word is Word.AWAITING
    assert shown_stored(assessment.verdict, summary=assessment.summary).word is Word.AWAITING
    over_by(phase, 1)
    assessment, findings = now_at(phase, "REPORTS")
    assert shown_overall(findings).word is Word.NOT_MET, "the new issue is in no plan, which no body decides"
    assert shown_stored(assessment.verdict, summary=assessment.summary).word is Word.NOT_MET


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_cannot_decide_says_which_of_the_two_it_is(full):
    phase = full
    [issue] = over_by(phase, 1, severity="4")
    dispute_severity(
        issue=issue, participant_severity="3", reasons="Worse.", raised_by=phase.house.supplier, by=MAKER, at=at(days=4)
    )
    blocked = shown(finding(phase.assess("REPORTS"), "12.6(c)"))
    assert (blocked.word, "14.5" in blocked.why) == (Word.CANNOT_DECIDE, True)
    unattributed = make_issue(phase.pit, raised_by=phase.house.alpha)
    pit, _ = assess(scope=phase.pit, step="REPORTS", by=MAKER)
    unknown = shown(finding(pit, "12.6(c)"))
    assert (unknown.word, "evaluated" in unknown.why) == (Word.CANNOT_DECIDE, True)
    assert unattributed.pk


def test_a_stored_verdict_is_shown_as_its_findings_are(phase):
    for step in ("REPORTS", "CERTIFICATES", "COMPLETION", "PANEL"):
        assessment, findings = now_at(phase, step)
        assert shown_stored(assessment.verdict, summary=assessment.summary) == shown_overall(findings)


def test_the_judgement_that_stood_at_a_moment_is_found(phase):
    first = phase.assess("REPORTS")
    phase.plan("a-3")
    second = phase.assess("REPORTS")
    assert assessment_at(phase.scope, "REPORTS", moment=first.as_at) == first
    assert assessment_at(phase.scope, "REPORTS", moment=second.as_at) == second
    assert assessment_at(phase.scope, "REPORTS", moment=at()) is None
    assess(scope=phase.scope, step="REPORTS", as_at=at(days=1, hours=1), by=MAKER)
    assert latest_assessment(phase.scope, "REPORTS") == second


# --- the home page ----------------------------------------------------------------------------------


def test_each_phase_stands_where_its_last_judgement_put_it(phase):
    house = phase.house
    over_by(phase, 2)
    assess_scope(scope=phase.scope, by=MAKER)
    rows = {row.scope.pk: row for row in standing(house.actor("panel_member"))}
    sit, pit = rows[phase.scope.pk], rows[phase.pit.pk]
    assert (sit.step, sit.shown.word, sit.criteria) == ("PANEL", Word.NOT_MET, 11)
    assert sit.met == last(phase.scope, "PANEL").summary["met"] > 0
    assert not sit.stale
    assert [(cell.provider_name, cell.count, cell.headroom) for cell in sit.headroom if cell.severity == "3"] == [
        (name, count, 15 - count)
        for _, name, count in sorted(
            [(house.alpha.public_id, house.alpha.name, 2), (house.beta.public_id, house.beta.name, 0)]
        )
    ]
    assert (pit.step, pit.shown.word, pit.assessment) == ("ENTRY", Word.NOT_STARTED, None)


def test_a_phase_that_is_not_judged_yet_or_has_no_edition_says_so(phase):
    house = phase.house
    house.document = make_document("1.5")
    unknown = house.scope("SIT", "FOC")
    TestScope.objects.filter(pk=unknown.pk).update(state="IN_PROGRESS")
    rows = {row.scope.pk: row for row in standing(house.actor("test_manager"))}
    assert rows[phase.scope.pk].shown.why == "not judged yet"
    assert rows[phase.scope.pk].stale
    assert rows[unknown.pk].shown.why == "no edition of its document is held"
    assert rows[unknown.pk].step is None


def test_a_change_that_is_pending_shows(phase):
    assess_scope(scope=phase.scope, by=MAKER)
    phase.plan("a-3")
    [sit] = [row for row in standing(phase.house.actor("test_manager")) if row.scope == phase.scope]
    assert sit.stale


def test_the_home_page_costs_the_same_however_many_phases_there_are(phase):
    house = phase.house
    manager = house.actor("test_manager")

    def cost():
        with CaptureQueriesContext(connection) as captured:
            rows = standing(manager)
        return len(captured), len(rows)

    assess_scope(scope=phase.scope, by=MAKER)
    before, few = cost()
    for kind in ("SIT", "PIT", "SCT", "INTERFACE"):
        for release in ("IOC", "MOC", "FOC"):
            assess_scope(scope=house.scope(kind, release), by=MAKER)
    after, many = cost()
    assert many > few
    assert after == before <= 5


def test_a_release_can_be_asked_for_alone(phase):
    phase.house.scope("SIT", "IOC")
    rows = standing(phase.house.actor("test_manager"), release=phase.house.releases["IOC"])
    assert {row.scope.release.code for row in rows} == {"IOC"}


# --- who sees what ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role", ["test_manager", "registrar", "administrator", "tab_member", "tag_member", "panel_member", "sit_auditor"]
)
def test_those_who_govern_see_a_judgement_whole(over, role):
    phase, assessment = over
    assert findings_for(phase.house.actor(role), assessment) == findings_of(assessment)


def test_a_supplier_party_sees_no_judgement(phase):
    assessment = phase.assess("PANEL")
    supplier = phase.house.actor("participant")
    assert findings_for(supplier, assessment) == ()
    assert not Assessment.objects.visible_to(supplier).exists()
    assert standing(supplier) == []


def test_a_provider_that_takes_no_part_sees_none(phase):
    assessment = phase.assess("PANEL")
    stranger = phase.house.actor("provider_tester", phase.house.gamma)
    assert findings_for(stranger, assessment) == ()
    assert standing(stranger) == []


def test_a_provider_sees_its_own_cells_and_no_other_provider_s_name_issue_or_paper(phase):
    house = phase.house
    own = over_by(phase, 2, provider=house.alpha)
    foreign = over_by(phase, 17, provider=house.beta)
    nobodys = make_issue(phase.scope, raised_by=house.supplier)
    [test] = phase.plan("b-2", provider="beta")
    phase.run(test, "FAILED")
    [alphas] = phase.plan("a-3")
    phase.run(alphas, "FAILED")
    phase.plan_work(house.beta, approve=False)
    phase.attach("PROVIDER_REPORT", provider=house.beta)
    phase.attach("PROVIDER_REPORT", provider=house.alpha)
    dispute_severity(issue=foreign[0], participant_severity="4", reasons="Milder.", raised_by=house.supplier, by=MAKER)
    assess_scope(scope=phase.scope, by=MAKER)
    alpha = house.actor("provider_tester")
    assessment = last(phase.scope, "PANEL")
    seen = findings_for(alpha, assessment)
    whole = findings_of(assessment)
    assert [row.key for row in seen] == [row.key for row in whole]
    threshold = next(row for row in seen if row.key == "12.6(c)")
    assert {cell.provider for cell in threshold.thresholds} == {house.alpha.public_id}
    assert {line.reference for line in threshold.ledger} == {issue.reference for issue in own}
    assert {blocker.reference for row in seen for blocker in row.blockers if blocker.kind == "test"} == {"a-3"}
    text = repr(seen)
    hidden = [
        house.beta.name,
        house.beta.public_id,
        "b-2",
        nobodys.reference,
        *(issue.reference for issue in foreign),
        *(issue.public_id for issue in foreign),
    ]
    assert [secret for secret in hidden if secret in repr(whole)] == hidden, "the whole judgement does name them"
    assert [secret for secret in hidden if secret in text] == []


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_a_provider_is_told_its_own_threshold_verdict(over):
    phase, _ = over
    assessment = phase.assess("REPORTS")

    def told(organisation):
        rows = findings_for(phase.house.actor("provider_tester", organisation), assessment)
        return {row.key: row.verdict.value for row in rows if row.key in ("12.6(c)", "T13.1-3")}

    assert told(phase.house.alpha) == {"12.6(c)": "NOT_MET", "T13.1-3": "NOT_MET"}
    assert told(phase.house.beta) == {"12.6(c)": "MET", "T13.1-3": "MET"}


def test_a_provider_does_not_see_the_judgement_of_another_s_certificate(phase):
    house = phase.house
    own = phase.assess("CERTIFICATES", provider=house.alpha)
    other = phase.assess("CERTIFICATES", provider=house.beta)
    alpha = house.actor("provider_tester")
    assert set(Assessment.objects.visible_to(alpha)) == {own}
    assert findings_for(alpha, other) == ()
    assert findings_for(alpha, own) != ()


def test_a_provider_s_home_page_shows_its_own_headroom(phase):
    over_by(phase, 3, provider=phase.house.beta)
    assess_scope(scope=phase.scope, by=MAKER)
    rows = standing(phase.house.actor("provider_tester"))
    assert {cell.provider for row in rows for cell in row.headroom} == {phase.house.alpha.public_id}


def test_headroom_of_many_judgements_is_one_query(phase):
    assess_scope(scope=phase.scope, by=MAKER)
    assess_scope(scope=phase.house.scope("SCT", "MOC"), by=MAKER)
    rows = list(Assessment.objects.defer("facts"))
    with CaptureQueriesContext(connection) as captured:
        cells = headroom(rows)
    assert len(captured) == 1
    assert {len(row) for pk, row in cells.items() if Assessment.objects.get(pk=pk).step == "PANEL"} == {10}
