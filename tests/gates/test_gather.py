"""From rows to facts: what is counted, named and dated, now and as at a past moment."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.actions import ask_counting, change_state, determine_severity, dispute_severity, propose_exclusion
from svtad.gates.actions import assess, review_evidence, withdraw_evidence
from svtad.gates.gathering import gather, gather_with_changes, has_changed
from svtad.gates.queries import followers_of, is_stale
from svtad.governance.actions import add_override, open_matter
from svtad.governance.files import address, storage, verify_file
from svtad.governing.actions import set_parameter
from svtad.lib import clock
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.facts import facts_sha256
from svtad.rulebook.integrity import check_integrity
from svtad.rulebook.relevance import relevant_facts
from svtad.rulebook.vocabulary import Cause, EvidenceState, Step
from testphases import actions as phase_actions
from testphases.actions import PlanRow
from tests.factories import MAKER, at, decide, heard, make_dmc, make_issue
from tests.gates.world import READINESS, judged, paper, verdicts


def facts_of(scope, moment=None):
    facts = gather(scope, as_at=moment)
    check_integrity(facts)
    return facts


def sha256_at(scope, moment, step=Step.PANEL):
    gathered = gather_with_changes(scope, as_at=moment)
    return facts_sha256(relevant_facts(gathered.facts, edition=gathered.edition, step=step))


# --- what is in the facts -----------------------------------------------------------------------------


def test_facts_name_things_by_public_ids_and_people_s_references(phase):
    house = phase.house
    issue = make_issue(phase.scope, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
    exclusion = propose_exclusion(issue=issue, scope=phase.scope, rationale="One meter only.", by=MAKER)
    facts = facts_of(phase.scope)
    assert (facts.scope, facts.programme, facts.release) == (phase.scope.public_id, house.programme.code, "MOC")
    assert (facts.phase_kind, facts.title) == ("SIT", "MOC SIT")
    assert {row.id: row.name for row in facts.providers} == {
        house.alpha.public_id: house.alpha.name,
        house.beta.public_id: house.beta.name,
    }
    assert [(row.id, row.name) for row in facts.dmcs] == [(phase.dmc.public_id, "D1")]
    assert [(row.id, row.reference) for row in facts.issues] == [(issue.public_id, issue.reference)]
    assert [row.matter for row in facts.exclusions] == [exclusion.matter.reference]


def test_tests_are_counted_by_dmc_group_kind_and_provider(phase):
    [failing] = phase.plan("a-3")
    phase.plan("a-4")
    phase.run(failing, "FAILED")
    facts = facts_of(phase.scope)
    cells = {(cell.kind.value, cell.provider): cell for cell in facts.test_counts}
    alpha = cells["FUNCTIONAL", phase.house.alpha.public_id]
    assert (alpha.planned, alpha.executed, alpha.passed, alpha.failed, alpha.not_run) == (4, 3, 2, 1, 1)
    regression = cells["REGRESSION", phase.house.alpha.public_id]
    assert (regression.exit_executed, regression.exit_passed) == (1, 1)
    assert {(row.reference, row.status.value) for row in facts.test_rows} == {("a-3", "FAILED"), ("a-4", "NOT_RUN")}
    assert facts.stage_exit_versions == "5.2"
    assert facts.execution_evidence is not None
    assert (facts.execution_evidence.executed, facts.execution_evidence.no_file_needed) == (5, 5)
    assert facts.last_execution_at == at(days=2)


@pytest.mark.clause("SVTAD 1.23", "13.18-own", "13.18-carry")
def test_open_issues_of_the_same_phase_in_this_and_earlier_releases_are_listed(phase):
    house = phase.house
    listed = [
        make_issue(house.scope("SIT", "MOC"), raised_by=house.alpha),
        make_issue(house.scope("SIT", "IOC"), raised_by=house.alpha, severity="3", provider=house.alpha, state="FIXED"),
    ]
    make_issue(house.scope("SIT", "IOC"), raised_by=house.alpha, severity="3", provider=house.alpha, state="CLOSED")
    make_issue(house.scope("PIT", "IOC"), raised_by=house.alpha)
    make_issue(house.scope("PIT", "MOC"), raised_by=house.alpha)
    make_issue(house.scope("SIT", "FOC"), raised_by=house.alpha)
    assert {row.reference for row in facts_of(phase.scope).issues} == {issue.reference for issue in listed}


def test_carry_over_of_a_phase_of_one_provider_is_that_providers(house):
    scopes = {}
    for release in ("IOC", "MOC"):
        for provider in (house.alpha, house.beta):
            scopes[release, provider.code] = phase_actions.create_scope(
                release=house.releases[release],
                kind="PIT",
                provider=provider,
                governed_by=house.document,
                by=MAKER,
                at=at(),
            )
    own = make_issue(scopes["IOC", "alpha"], raised_by=house.alpha)
    make_issue(scopes["IOC", "beta"], raised_by=house.beta)
    make_issue(scopes["MOC", "beta"], raised_by=house.beta)
    assert [row.reference for row in facts_of(scopes["MOC", "alpha"]).issues] == [own.reference]


@pytest.mark.clause("SVTAD 1.23", "13.22")
def test_open_sct_issues_of_the_release_are_considered_in_sit_with_what_came_of_them(phase):
    house = phase.house
    make_issue(house.scope("SCT", "IOC"), raised_by=house.alpha, severity="3", provider=house.alpha)
    undecided = make_issue(house.scope("SCT", "MOC"), raised_by=house.alpha, severity="3", provider=house.alpha)
    counted = make_issue(house.scope("SCT", "MOC"), raised_by=house.alpha, severity="3", provider=house.alpha)
    question = ask_counting(issue=counted, scope=phase.scope, by=MAKER, at=at(days=2))
    heard(question.matter, moment=at(days=3))
    decide(question.matter, "DCC", "COUNT", moment=at(days=3), tag_view="It counts.")
    facts = facts_of(phase.scope)
    assert {row.reference for row in facts.considered_issues} == {undecided.reference, counted.reference}
    assert [(row.issue, row.state.value) for row in facts.count_decisions] == [(counted.public_id, "COUNT")]
    assert verdicts(judged(facts))["12.6(c)"] == "CANNOT_EVALUATE"
    second = ask_counting(issue=undecided, scope=phase.scope, by=MAKER, at=at(days=2))
    heard(second.matter, moment=at(days=3))
    decide(second.matter, "DCC", "NOT_COUNT", moment=at(days=3), tag_view="It does not.")
    assert verdicts(judged(facts_of(phase.scope)))["12.6(c)"] == "MET"


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_an_issue_leaves_the_count_with_the_determination_and_its_reasons(phase):
    house = phase.house
    device = make_issue(phase.scope, raised_by=house.alpha, severity="1", cause="DEVICE", reasons="The meter's own.")
    rejected = make_issue(phase.scope, raised_by=house.alpha, state="REJECTED", reasons="As specified.")
    left = {row.reference: row.left for row in facts_of(phase.scope).issues}
    assert left[device.reference].reasons == "The meter's own."
    assert left[device.reference].determination == device.attributions.latest("id").public_id
    assert left[rejected.reference].reasons == "As specified."
    assert verdicts(judged(facts_of(phase.scope)))["12.6(c)"] == "MET"


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_what_the_dcc_caused_is_in_a_cell_of_its_own_and_the_dcc_owes_no_certificate(phase):
    house = phase.house
    make_issue(phase.scope, raised_by=house.alpha, severity="3", cause="DCC", provider=house.dcc)
    facts = facts_of(phase.scope)
    assert [row.cause for row in facts.issues] == [Cause.DCC]
    dcc = next(row for row in facts.providers if row.id == house.dcc.public_id)
    assert (dcc.is_dcc, dcc.takes_part, dcc.owes_evidence) == (True, False, False)
    cells = judged(facts).finding("12.6(c)").thresholds
    assert {(cell.provider, cell.count) for cell in cells if cell.severity == "3"} == {
        (house.alpha.public_id, 0),
        (house.beta.public_id, 0),
        (house.dcc.public_id, 1),
    }


def test_a_provider_that_left_still_answers_for_its_issues(phase):
    house = phase.house
    make_issue(phase.scope, raised_by=house.beta, severity="3", provider=house.beta)
    phase_actions.end_participation(
        scope=phase.scope, organisation=house.beta, reason="Contract ended.", by=MAKER, at=at(days=5)
    )
    beta = next(row for row in facts_of(phase.scope).providers if row.id == house.beta.public_id)
    assert not beta.takes_part


@pytest.mark.clause("SVTAD 1.23", "12.5(b)", "12.6(h)")
def test_pit_comes_before_sit_and_what_comes_before_sct_is_not_recorded(phase):
    house = phase.house
    precursors = facts_of(phase.scope).precursors
    assert precursors is not None
    [before] = precursors
    assert (before.scope, before.phase_kind) == (phase.pit.public_id, "PIT")
    assert set(before.providers) == {house.alpha.public_id, house.beta.public_id}
    assert facts_of(phase.pit).precursors == ()
    assert facts_of(house.scope("SCT", "MOC")).precursors is None
    assert facts_of(house.scope("SIT", "FOC")).precursors is None  # no PIT of FOC is recorded


@pytest.mark.clause("SVTAD 1.23", "12.5(b)")
def test_what_comes_before_sct_is_what_the_administrator_set(phase):
    """No clause says it: nothing is recorded until somebody sets it with its source, and then that holds."""
    sct = phase.house.scope("SCT", "MOC")
    assert gather(sct, as_at=None).precursors is None
    for value, expected in (("none", ()), ("SIT", (phase.scope.public_id,))):
        set_parameter(
            version=sct.governed_by,
            key="precursors.SCT",
            value=value,
            source="Agreed with TAG",
            approver="A. Person",
            effective_from=at().date(),
            by=MAKER,
            at=at(days=6),
        )
        found = gather(sct, as_at=None).precursors
        assert found is not None
        assert tuple(row.scope for row in found) == expected
        following = set(followers_of(phase.scope).values_list("pk", flat=True))
        assert (sct.pk in following) is (value == "SIT")


@pytest.mark.clause("SVTAD 1.23", "12.5(d)")
def test_readiness_is_read_from_the_standing_statement(phase):
    phase.attach("READINESS", statements=READINESS | {"data": {"in_place": True, "secure": False, "ready": True}})
    finding = judged(facts_of(phase.scope), Step.ENTRY).finding("12.5(d)")
    assert [blocker.reference for blocker in finding.blockers] == ["Data"]
    phase.attach("READINESS", statements=READINESS, moment=at(days=7))
    assert verdicts(judged(facts_of(phase.scope), Step.ENTRY))["12.5(d)"] == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.5(a)")
def test_a_plan_sent_in_anew_has_to_be_signed_off_anew(phase):
    house = phase.house
    for provider in (house.alpha, house.beta):
        phase.attach("TEST_PLAN", provider=provider, state="SIGNED_OFF")
    assert verdicts(judged(facts_of(phase.scope), Step.ENTRY))["12.5(a)"] == "MET"
    second = phase.attach("TEST_PLAN", provider=house.alpha, moment=at(days=7))
    assert verdicts(judged(facts_of(phase.scope), Step.ENTRY))["12.5(a)"] == "NOT_MET"
    review_evidence(item=second, state="SIGNED_OFF", by=MAKER, at=at(days=8))
    assert verdicts(judged(facts_of(phase.scope), Step.ENTRY))["12.5(a)"] == "MET"


@pytest.mark.clause("SVTAD 1.23", "5.7", "12.5(b)")
def test_an_agreed_overlap_is_found_on_whichever_of_the_two_phases_it_was_opened(phase):
    interface = phase.house.scope("INTERFACE", "MOC")
    assert verdicts(judged(facts_of(interface), Step.ENTRY))["12.5(b)"] == "NOT_MET"
    matter = open_matter(
        procedure="OVERLAP",
        document="SVTAD",
        version="1.23",
        title="Overlap of SIT and Interface Testing",
        rationale="To keep the plan.",
        scope_id=phase.scope.public_id,
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=at(days=1),
    )
    decide(matter, "TAG", "REVIEW", moment=at(days=2))
    assert verdicts(judged(facts_of(interface), Step.ENTRY))["12.5(b)"] == "NOT_MET"
    decide(matter, "PANEL", "AGREE", moment=at(days=3))
    assert verdicts(judged(facts_of(interface), Step.ENTRY))["12.5(b)"] == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.3-gate")
def test_interface_testing_waits_for_its_approach_document(phase):
    interface = phase.house.scope("INTERFACE", "MOC")
    matter = open_matter(
        procedure="TAD_APPROVAL",
        document="SVTAD",
        version="1.23",
        title="UTSAD v1.0",
        scope_id=interface.public_id,
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=at(days=1),
    )
    decide(matter, "DCC", "CONSULT", moment=at(days=2))
    heard(matter, moment=at(days=2))
    decide(matter, "DCC", "SUBMIT", moment=at(days=3), document=paper())
    assert verdicts(judged(facts_of(interface), Step.ENTRY))["12.3"] == "NOT_MET"
    decide(matter, "SOS", "APPROVE", moment=at(days=4), version="1.0")
    finding = judged(facts_of(interface), Step.ENTRY).finding("12.3")
    assert (finding.verdict, finding.summary) == ("MET", "UTSAD v1.0 is approved.")


def test_a_file_that_failed_its_last_check_is_no_evidence(phase):
    item = phase.reports()
    assert verdicts(judged(facts_of(phase.scope)))["T13.1-8"] == "MET"
    kept = storage().path(address(item.file.sha256))
    with open(kept, "ab") as stream:
        stream.write(b"!")
    verify_file(item.file, at(days=9))
    assert verdicts(judged(facts_of(phase.scope)))["T13.1-8"] == "NOT_MET"
    assert verdicts(judged(facts_of(phase.scope, at(days=8))))["T13.1-8"] == "MET"


def test_withdrawn_evidence_proves_nothing_from_then_on(phase):
    item = phase.attach("TTM")
    withdraw_evidence(item=item, reason="The wrong file.", by=MAKER, at=at(days=8))
    assert facts_of(phase.scope).evidence == ()
    assert [row.id for row in facts_of(phase.scope, at(days=7)).evidence] == [item.public_id]


def test_a_parameter_is_read_as_the_rulebook_spells_it_from_its_day_on(phase):
    set_parameter(
        version=phase.house.document,
        key="pit.minimum_pass_rate",
        value="95%",
        source="Board paper 7",
        approver="Head of testing",
        effective_from=at(days=3).date(),
        by=MAKER,
        at=at(days=2),
    )
    assert facts_of(phase.pit, at(days=2, hours=1)).parameters == ()
    [held] = facts_of(phase.pit).parameters
    assert (held.key, held.value, held.source) == ("pit.minimum_pass_rate", "95%", "Board paper 7")


def test_a_day_proclaimed_later_changes_no_past_facts(phase):
    proclaimed = dt.date(2026, 5, 8)
    before = facts_of(phase.scope, at(days=5))
    add_override(
        day=proclaimed,
        is_working_day=False,
        reason="Proclaimed",
        source="Gazette",
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=at(days=6),
    )
    assert proclaimed in facts_of(phase.scope).non_working_days
    assert facts_of(phase.scope, at(days=5)) == before


def test_the_jurisdiction_set_decides_whose_bank_holidays_count(phase):
    st_andrew = dt.date(2026, 11, 30)
    assert st_andrew not in facts_of(phase.scope).non_working_days
    set_parameter(
        version=phase.house.document,
        key="working_days.jurisdiction",
        value="great_britain",
        source="Legal advice",
        approver="Counsel",
        effective_from=at().date(),
        by=MAKER,
        at=at(days=1),
    )
    days = facts_of(phase.scope).non_working_days
    assert st_andrew in days
    assert dt.date(2026, 4, 6) in days  # Easter Monday, no bank holiday in Scotland


# --- as at ----------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.18-own", "T13.1-1")
def test_a_planned_test_a_severity_and_a_run_each_changed_later_leave_yesterday_as_it_was(phase):
    house = phase.house
    issue = make_issue(phase.scope, raised_by=house.alpha, severity="4", provider=house.alpha, moment=at(days=2))
    dispute = dispute_severity(
        issue=issue,
        participant_severity="3",
        reasons="Meters stop.",
        raised_by=house.supplier,
        by=MAKER,
        at=at(days=2, hours=1),
    )
    yesterday, today = at(days=5), at(days=6)
    row = PlanRow(
        external_id="b-1", kind="FUNCTIONAL", dmc="D1", provider="beta", functional_group="Leave", title="Other"
    )
    passed = phase.run(phase.plan("a-0")[0])
    then, _ = assess(scope=phase.scope, step="PANEL", as_at=yesterday, by=MAKER)
    changes = {
        "a planned test's group": lambda: phase_actions.plan_tests(scope=phase.scope, rows=[row], by=MAKER, at=today),
        "a further planned test": lambda: phase.plan("a-9", moment=today),
        "the DCC's severity": lambda: determine_severity(issue=issue, severity="2", by=MAKER, at=today),
        "a run": lambda: phase.run(phase.plan("a-1")[0], "FAILED", moment=today),
        "a run declared void": lambda: phase_actions.void_run(run=passed, reason="Wrong.", by=MAKER, at=today),
        "an issue's state": lambda: change_state(issue=issue, to_state="DETERMINED", by=MAKER, at=today),
        "TAG's severity": lambda: decide(dispute.matter, "TAG", "DECIDE", moment=today, severity="3"),
        "the issue log": lambda: phase.log(moment=today),
        "evidence": lambda: phase.attach("TTM", moment=today),
        "who takes part": lambda: phase_actions.add_participant(
            scope=phase.scope, organisation=house.gamma, by=MAKER, at=today
        ),
    }
    for what, change in changes.items():
        before = sha256_at(phase.scope, None)
        change()
        assert sha256_at(phase.scope, yesterday) == then.facts_sha256, what
        assert sha256_at(phase.scope, None) != before, f"{what} is no change of the present facts"
    again, made = assess(scope=phase.scope, step="PANEL", as_at=yesterday, by=MAKER)
    assert (again.pk, made) == (then.pk, False)


def test_the_present_is_the_past_of_this_moment(phase):
    """The kept latest results and the window over all runs say the same."""
    [test] = phase.plan("a-3")
    phase.run(test, "FAILED", moment=at(days=3))
    phase.run(test, "PASSED", moment=at(days=2, hours=5))
    make_issue(phase.scope, raised_by=phase.house.alpha, severity="3", provider=phase.house.alpha)
    phase.reports()
    now = clock.now()
    present = gather(phase.scope, as_at=None, at=now)
    assert present == gather(phase.scope, as_at=now)
    assert present.as_at == now


def test_what_was_judged_at_a_moment_is_what_as_at_that_moment_says(phase):
    kept = []
    for number in range(4):
        kept.append(phase.assess("PANEL"))
        make_issue(phase.scope, raised_by=phase.house.alpha, severity="5", moment=clock.now())
        phase.run(phase.plan("a-1")[0], "FAILED" if number % 2 else "PASSED", moment=clock.now())
    for assessment in kept:
        assert sha256_at(phase.scope, assessment.as_at) == assessment.facts_sha256


# --- stale -----------------------------------------------------------------------------------------


def test_a_judgement_is_stale_once_a_change_is_pending_that_it_does_not_cover(phase):
    assessment = phase.assess("PANEL")
    assert not is_stale(assessment)
    assert not has_changed(assessment)
    phase.plan("a-3")
    assert is_stale(assessment)
    assert has_changed(assessment)
    later = phase.assess("PANEL")
    assert not is_stale(later)


def test_a_change_that_matters_to_nothing_judged_leaves_the_facts_as_they_were(phase):
    assessment = phase.assess("REPORTS")
    phase.attach("TTM")
    assert is_stale(assessment)
    assert not has_changed(assessment)


# --- cost ------------------------------------------------------------------------------------------


def test_the_number_of_queries_does_not_grow_with_what_is_stored(phase):
    house = phase.house

    def grow(count):
        for number in range(count):
            issue = make_issue(phase.scope, raised_by=house.alpha, severity="5", provider=house.alpha)
            propose_exclusion(issue=issue, scope=phase.scope, rationale="One meter.", by=MAKER)
            dispute_severity(
                issue=issue, participant_severity="4", reasons="Worse.", raised_by=house.supplier, by=MAKER
            )
            sct = make_issue(house.scope("SCT", "MOC"), raised_by=house.alpha, severity="5", provider=house.alpha)
            ask_counting(issue=sct, scope=phase.scope, by=MAKER)
            [test] = phase.plan(f"more-{number}-{count}")
            phase.run(test, "FAILED")
            phase.attach("OTHER")

    def cost(moment):
        with CaptureQueriesContext(connection) as captured:
            gather(phase.scope, as_at=moment)
        return len(captured)

    make_dmc("D2")
    grow(1)
    phase.reports()
    phase.plan_work(approve=False)
    present, past = cost(None), cost(clock.now())
    grow(6)
    assert (cost(None), cost(clock.now())) == (present, past)
    assert present < 60


def test_evidence_states_follow_the_decisions_on_their_matter(phase):
    house = phase.house
    for provider in (house.alpha, house.beta):
        phase.attach("PROVIDER_REPORT", provider=provider, state="ACCEPTED")
    item = phase.attach("ASSURANCE_REPORT")

    def state(moment=None):
        return next(row.state for row in facts_of(phase.scope, moment).evidence if row.id == item.public_id)

    assert state() is EvidenceState.DRAFT
    decide(item.matter, "DCC", "PRESENT", moment=at(days=7), document=item.file)
    decide(item.matter, "TAB", "REJECT", moment=at(days=8))
    assert state() is EvidenceState.REJECTED
    assert state(at(days=7)) is EvidenceState.PRESENTED
