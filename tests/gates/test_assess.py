"""Judging a phase and keeping the judgement."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading

import pytest
from django.db import DatabaseError, InternalError, connection, transaction

from svtad.audit.models import AuditEvent
from svtad.gates.actions import assess, assess_scope, file_report
from svtad.gates.gathering import consistent_snapshot, has_changed
from svtad.gates.models import Assessment, AssessmentFinding
from svtad.gates.queries import filed_reports, latest_assessment
from svtad.governance.handlers import handler_for
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError
from svtad.rulebook.codec import canonical_json
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases.models import FactsChanged
from testphases.queries import plan_counts
from tests.at_once import at_once
from tests.factories import MAKER, at, make_document, make_issue
from tests.gates.world import paper, verdicts


def test_a_judgement_is_kept_with_the_facts_it_rests_on_and_their_hash(phase):
    assessment, made = assess(scope=phase.scope, step="REPORTS", by=phase.house.actor("test_manager"))
    assert made
    kept = json.loads(assessment.facts)
    assert assessment.facts == canonical_json(kept)
    del kept["as_at"]
    assert hashlib.sha256(canonical_json(kept).encode()).hexdigest() == assessment.facts_sha256
    assert (assessment.document, assessment.version, assessment.verdict) == ("SVTAD", "1.23", "MET")
    assert assessment.until_now
    event = AuditEvent.objects.get(subject_id=assessment.public_id)
    assert (event.action, event.detail["facts_sha256"]) == ("assess", assessment.facts_sha256)


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(i)", "T13.1-6")
def test_each_step_judges_what_comes_before_it(phase):
    phase.reports()
    assert verdicts(phase.assess("REPORTS"))["12.6(a)"] == "MET"
    assert "12.6(i)" not in verdicts(phase.assess("REPORTS"))
    assert verdicts(phase.assess("CERTIFICATES"))["12.6(i)"] == "MET"
    assert verdicts(phase.assess("COMPLETION"))["12.6(i)"] == "NOT_MET"
    panel = verdicts(phase.assess("PANEL"))
    assert (panel["T13.1-6"], panel["T13.1-8"]) == ("NOT_MET", "MET")


def test_every_finding_is_a_row_that_says_the_same_as_the_rulebook(phase):
    assessment = phase.assess("PANEL")
    judgement = judge(Facts.from_json(json.loads(assessment.facts)), step=Step.PANEL)
    rows = list(assessment.findings.order_by("position"))
    assert [row.data for row in rows] == judgement.to_json()["findings"]
    assert [(row.criterion, row.clause, row.verdict) for row in rows] == [
        (finding.key, finding.citation.clause, finding.verdict) for finding in judgement.findings
    ]
    assert judgement.facts_sha256 == assessment.facts_sha256


def test_judging_the_same_facts_again_keeps_nothing_new(phase):
    first, made = assess(scope=phase.scope, step="PANEL", by=MAKER)
    again, made_again = assess(scope=phase.scope, step="PANEL", by=MAKER)
    assert (made, made_again, again.pk) == (True, False, first.pk)
    assert Assessment.objects.count() == 1
    assert AuditEvent.objects.filter(action="assess").count() == 1


def test_other_facts_are_another_judgement(phase):
    first = phase.assess("REPORTS")
    [test] = phase.plan("a-3")
    second = phase.assess("REPORTS")
    assert (first.verdict, second.verdict) == ("MET", "NOT_MET")
    phase.run(test)
    third = phase.assess("REPORTS")
    assert third.verdict == "MET"
    assert latest_assessment(phase.scope, "REPORTS") == third
    assert len({first.facts_sha256, second.facts_sha256, third.facts_sha256}) == 3


def test_facts_that_return_to_what_they_were_are_judged_anew(phase):
    # The last judgement is the one that must say what holds now, even where an older one said it too.
    first = phase.assess("REPORTS")
    issue = make_issue(phase.scope, raised_by=phase.house.alpha, severity="3", provider=phase.house.alpha)
    second = phase.assess("REPORTS")
    assert second.verdict == "NOT_MET"
    assert issue.pk
    assert latest_assessment(phase.scope, "REPORTS") == second != first


@pytest.mark.parametrize("table", ["gates_assessment", "gates_assessmentfinding"])
@pytest.mark.parametrize("change", ["UPDATE {} SET verdict = 'MET'", "DELETE FROM {}"])
def test_a_judgement_can_not_be_changed_in_the_database_itself(phase, table, change):
    phase.assess("PANEL")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))


def test_a_judgement_can_not_be_changed_from_python(phase):
    assessment = phase.assess("PANEL")
    assessment.verdict = "MET"
    with pytest.raises(AppendOnlyError):
        assessment.save()
    with pytest.raises(AppendOnlyError):
        AssessmentFinding.objects.filter(assessment=assessment).update(verdict="MET")


def test_a_past_moment_is_judged_apart_from_the_present(phase):
    present = phase.assess("REPORTS")
    past, made = assess(scope=phase.scope, step="REPORTS", as_at=at(days=1, hours=1), by=MAKER)
    assert made
    assert not past.until_now
    assert past.as_at == at(days=1, hours=1)
    assert (past.verdict, present.verdict) == ("NOT_MET", "MET")
    assert latest_assessment(phase.scope, "REPORTS") == present
    again, made_again = assess(scope=phase.scope, step="REPORTS", as_at=at(days=1, hours=1), by=MAKER)
    assert (again.pk, made_again) == (past.pk, False)


def test_a_past_moment_that_was_judged_then_is_that_judgement(phase):
    present = phase.assess("REPORTS")
    found, made = assess(
        scope=phase.scope, step="REPORTS", as_at=present.as_at + dt.timedelta(microseconds=1), by=MAKER
    )
    assert (found, made) == (present, False)


def test_a_moment_that_has_not_come_is_not_judged(phase):
    with pytest.raises(InvalidInput, match="not come"):
        assess(scope=phase.scope, step="REPORTS", as_at=at(days=10), at=at(days=9), by=MAKER)
    with pytest.raises(InvalidInput, match="time zone"):
        assess(scope=phase.scope, step="REPORTS", as_at=dt.datetime(2026, 3, 3), by=MAKER)  # noqa: DTZ001


def test_a_step_that_the_phase_has_not_is_not_judged(phase):
    with pytest.raises(InvalidInput, match="not at 'PANEL'"):
        assess(scope=phase.pit, step="PANEL", by=MAKER)


def test_only_a_provider_that_takes_part_is_judged_for_a_certificate(phase):
    with pytest.raises(InvalidInput, match="takes no part"):
        assess(scope=phase.scope, step="CERTIFICATES", provider=phase.house.gamma, by=MAKER)
    with pytest.raises(InvalidInput, match="Only the step CERTIFICATES"):
        assess(scope=phase.scope, step="PANEL", provider=phase.house.alpha, by=MAKER)


def test_nothing_is_judged_by_a_document_of_which_no_edition_is_held(house):
    house.document = make_document("1.5")
    with pytest.raises(Refused, match=r"No edition of SVTAD v1\.5 is held"):
        assess(scope=house.scope("SIT", "FOC"), step="PANEL", by=MAKER)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("test_manager", True),
        ("tab_member", True),
        ("test_tooling", True),
        ("registrar", False),
        ("tag_member", False),
        ("panel_member", False),
        ("sit_auditor", False),
        ("administrator", False),
        ("provider_tester", False),
        ("participant", False),
    ],
)
def test_who_has_a_phase_judged(phase, role, may):
    actor = phase.house.actor(role)
    if may:
        assess(scope=phase.scope, step="PANEL", by=actor)
    else:
        with pytest.raises(ActionDenied):
            assess(scope=phase.scope, step="PANEL", by=actor)
        assert not Assessment.objects.exists()


def test_tooling_of_a_provider_has_only_its_own_phases_judged(phase):
    tooling = phase.house.actor("test_tooling", phase.house.gamma)
    with pytest.raises(ActionDenied):
        assess(scope=phase.scope, step="PANEL", by=tooling)


def test_all_steps_are_judged_from_one_snapshot_and_each_provider_for_its_certificate(phase):
    kept = assess_scope(scope=phase.scope, by=MAKER)
    assert [(row.step, row.provider_id_text) for row, _ in kept] == [
        ("REPORTS", ""),
        ("CERTIFICATES", ""),
        *sorted(
            [("CERTIFICATES", phase.house.alpha.public_id), ("CERTIFICATES", phase.house.beta.public_id)],
        ),
        ("COMPLETION", ""),
        ("PANEL", ""),
    ]
    assert all(made for _, made in kept)
    assert len({row.as_at for row, _ in kept}) == 1
    assert not any(made for _, made in assess_scope(scope=phase.scope, by=MAKER))


@pytest.mark.clause("SVTAD 1.23", "12.5(a)")
def test_a_phase_that_has_not_started_is_judged_for_entry_too(house):
    kept = assess_scope(scope=house.scope("SIT", "MOC"), by=MAKER)
    assert kept[0][0].step == "ENTRY"


def test_judging_all_steps_strikes_off_the_changes_it_covers(phase):
    assert FactsChanged.objects.filter(scope=phase.scope).exists()
    others = FactsChanged.objects.filter(scope=phase.pit).count()
    assess_scope(scope=phase.scope, by=MAKER)
    assert not FactsChanged.objects.filter(scope=phase.scope).exists()
    assert FactsChanged.objects.filter(scope=phase.pit).count() == others > 0


# --- at once --------------------------------------------------------------------------------------


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_at_once_keep_one_judgement(postgres_only, phase):
    results = at_once(8, lambda _: assess(scope=phase.scope, step="PANEL", by=MAKER))
    assert len({assessment.pk for assessment, _ in results}) == 1
    assert [made for _, made in results].count(True) == 1
    assert Assessment.objects.count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_judgement_never_takes_the_place_of_one_of_a_later_snapshot(postgres_only, phase):
    """While facts change, the last judgement kept is always the one of the newest facts."""
    start = threading.Barrier(4)

    def keep_judging() -> None:
        start.wait()
        for _ in range(5):
            assess(scope=phase.scope, step="REPORTS", by=MAKER)
        connection.close()

    threads = [threading.Thread(target=keep_judging) for _ in range(3)]
    for thread in threads:
        thread.start()
    start.wait()
    for number in range(5):
        phase.plan(f"later-{number}", moment=at(days=3))
    for thread in threads:
        thread.join()
    assess(scope=phase.scope, step="REPORTS", by=MAKER)
    kept = Assessment.objects.order_by("pk")
    planned = [sum(cell["planned"] for cell in json.loads(row.facts)["test_counts"]) for row in kept]
    assert planned == sorted(planned)
    assert planned[-1] == 9
    assert len(set(planned)) == len(planned)


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_does_not_see_what_commits_while_it_is_read(phase):
    def plan_one() -> None:
        phase.plan("meanwhile", moment=at(days=3))
        connection.close()

    with consistent_snapshot():
        before = sum(cell.planned for cell in plan_counts(phase.scope).cells)
        thread = threading.Thread(target=plan_one)
        thread.start()
        thread.join()
        within = sum(cell.planned for cell in plan_counts(phase.scope).cells)
    after = sum(cell.planned for cell in plan_counts(phase.scope).cells)
    assert (before, within, after) == (4, 4, 5)


@pytest.mark.django_db(transaction=True)
def test_a_phase_is_judged_where_no_transaction_is_open(phase):
    assessment = phase.assess("REPORTS")
    assert assessment.verdict == "MET"
    phase.plan("a-3")
    assert has_changed(assessment)
    assert all(made for _, made in assess_scope(scope=phase.scope, by=MAKER))
    with transaction.atomic():
        assert not any(made for _, made in assess_scope(scope=phase.scope, by=MAKER))


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_snapshot_can_not_write(postgres_only, phase):
    with pytest.raises(InternalError, match="read-only"), consistent_snapshot():
        FactsChanged.objects.create(scope=phase.scope, recorded_at=at(days=9))


# --- reports made from a judgement ------------------------------------------------------------------


def file(assessment, *, job="job-1", by=MAKER):
    return file_report(
        assessment=assessment, kind="completion_report", file=paper("report.pdf"), pages=12, job_id=job, by=by
    )


@pytest.mark.clause("SVTAD 1.23", "9.7")
def test_a_report_is_filed_once_for_its_job_beside_the_judgement_it_was_made_from(phase):
    assessment = phase.assess("COMPLETION")
    first = file(assessment, by=phase.house.actor("test_manager"))
    assert file(assessment) == first
    second = file(assessment, job="job-2")
    assert list(filed_reports(phase.scope)) == [second, first]
    assert (first.assessment, first.pages) == (assessment, 12)
    event = AuditEvent.objects.get(subject_id=first.public_id)
    assert event.detail["facts_sha256"] == assessment.facts_sha256
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM gates_filedreport")


def test_filing_a_report_is_no_fact_of_the_judgement_it_was_made_from(phase):
    assessment = phase.assess("PANEL")
    file(assessment)
    assert not has_changed(assessment)


@pytest.mark.parametrize("role", ["registrar", "tab_member", "provider_tester", "participant"])
def test_only_who_may_have_a_report_made_files_one(phase, role):
    with pytest.raises(ActionDenied):
        file(phase.assess("COMPLETION"), by=phase.house.actor(role))


def test_a_matter_says_what_it_is_about_and_where_it_is_shown(phase):
    matter = phase.completion_matter()
    for key in (
        "TEST_COMPLETION_CERTIFICATE",
        "ASSURANCE_REPORT",
        "WORK_OFF_PLAN",
        "APPROVAL_TO_PROCEED",
        "SIT_COMPLETION",
        "OVERLAP",
        "TAD_APPROVAL",
    ):
        handler = handler_for(key)
        assert handler is not None
        assert handler.audience(matter) == matter.audience
    handler = handler_for("SIT_COMPLETION")
    assert handler is not None
    assert handler.describe(matter) == "The Panel's determination that SIT is complete, MOC SIT"
    assert phase.scope.public_id in handler.url(matter)
    matter.scope_id = ""
    assert (handler.describe(matter), handler.url(matter)) == ("The Panel's determination that SIT is complete", "")
