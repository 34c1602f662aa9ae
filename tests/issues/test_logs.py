"""The Testing Issue log of a phase: complete, as it stood, kept as a file (9.2, 12.6(e))."""

from __future__ import annotations

import csv
import io

import pytest

from issues.actions import (
    attribute,
    change_state,
    determine_severity,
    dispute_severity,
    link_run,
    produce_issue_log,
    propose_exclusion,
)
from issues.models import IssueLog
from issues.queries import issue_log_at, issues_raised_at, last_issue_raised_at
from svtad.audit.models import AuditEvent
from svtad.governance.files import read_file
from svtad.lib.models import AppendOnlyError
from testphases.models import FactsChanged
from tests.factories import MAKER, at, make_issue

CLAUSE = "SVTAD 1.23"


def rows_of(log: IssueLog) -> list[dict[str, str]]:
    text = read_file(log.file).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.clause(CLAUSE, "9.2", "12.6(e)")
def test_the_log_holds_every_issue_closed_ones_too_with_its_whole_history(house, sit):
    issue = make_issue(sit, raised_by=house.supplier, title="Alert lost", description="Line\ntwo", moment=at(days=1))
    determine_severity(issue=issue, severity="4", priority="high", by=MAKER, at=at(days=2))
    attribute(issue=issue, cause="DCC_SYSTEM", provider=house.alpha, by=MAKER, at=at(days=2))
    change_state(issue=issue, to_state="DETERMINED", by=MAKER, at=at(days=2))
    determine_severity(issue=issue, severity="3", reasons="Seen\ntwice", by=MAKER, at=at(days=3))
    change_state(issue=issue, to_state="REJECTED", reasons="A | duplicate", by=MAKER, at=at(days=4))
    still = make_issue(sit, raised_by=house.dcc, severity="5", provider=house.beta, moment=at(days=4))
    propose_exclusion(issue=still, scope=sit, rationale="x", by=MAKER, at=at(days=4))
    dispute_severity(
        issue=still, participant_severity="4", reasons="x", raised_by=house.supplier, by=MAKER, at=at(days=4)
    )
    link_run(issue=still, run=house.run(house.plan(sit, "TC-1")[0], moment=at(days=3)), by=MAKER, at=at(days=4))
    make_issue(house.scope("SCT"), raised_by=house.dcc)

    log = produce_issue_log(scope=sit, by=house.actor("test_manager"), at=at(days=5))
    assert (log.issue_count, log.covers_to, log.scope) == (2, at(days=5), sit)
    second, first = rows_of(log)
    assert (first["Reference"], first["State"], first["Open"], first["Severity"]) == (
        issue.reference,
        "Rejected",
        "no",
        "3",
    )
    assert first["Description"] == "Line\ntwo"
    assert first["Raised by"] == "SUPPLIER Ltd"
    assert first["Severity history"].split(" | ") == [
        "2026-03-04T09:00Z DCC: severity 4, priority high by Test",
        "2026-03-05T09:00Z DCC: severity 3, priority high by Test: Seen twice",
    ]
    assert first["State history"].startswith("2026-03-03T09:00Z RAISED by Test | 2026-03-04T09:00Z DETERMINED by Test")
    assert first["State history"].endswith("REJECTED by Test: A | duplicate")
    assert first["Attribution history"] == "2026-03-04T09:00Z DCC_SYSTEM, ALPHA Ltd by Test"
    assert (second["Reference"], second["Open"], second["Runs"]) == (still.reference, "yes", "TC-1 2026-03-05T09:00Z")
    assert second["Excluded"].startswith("PROPOSED M-")
    assert second["Severity disputed"].startswith("RAISED M-")


@pytest.mark.clause(CLAUSE, "12.6(e)")
def test_the_log_shows_the_moment_it_was_produced_at_and_nothing_later(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="4", moment=at(days=1))
    early = produce_issue_log(scope=sit, by=MAKER, at=at(days=2))
    determine_severity(issue=issue, severity="3", by=MAKER, at=at(days=3))
    make_issue(sit, raised_by=house.dcc, moment=at(days=3))
    late = produce_issue_log(scope=sit, by=MAKER, at=at(days=4))
    assert [row["Severity"] for row in rows_of(early)] == ["4"]
    assert [row["Severity"] for row in rows_of(late)] == ["3", ""]
    assert issue_log_at(sit, at(days=1)) is None
    assert issue_log_at(sit, at(days=3)) == early
    assert issue_log_at(sit, None) == late
    # What a judgement compares: the early log is complete then, and stale once another issue is raised.
    assert (early.issue_count, issues_raised_at(sit, at(days=2)), issues_raised_at(sit, at(days=3))) == (1, 1, 2)
    newest = last_issue_raised_at(sit, None)
    assert newest is not None
    assert early.covers_to < newest <= late.covers_to


def test_an_empty_log_is_a_log(house, sit):
    log = produce_issue_log(scope=sit, by=MAKER, at=at(days=1))
    assert (log.issue_count, rows_of(log)) == (0, [])


def test_a_log_is_audited_told_of_and_never_changed(house, sit):
    FactsChanged.objects.all().delete()
    log = produce_issue_log(scope=sit, by=MAKER, at=at(days=1))
    event = AuditEvent.objects.get(action="produce_issue_log")
    assert (event.subject_id, event.detail["sha256"]) == (log.public_id, log.file.sha256)
    assert [row.scope for row in FactsChanged.objects.select_related("scope")] == [sit]
    with pytest.raises(AppendOnlyError):
        log.save()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "＝"])
def test_no_cell_of_a_log_is_run_as_a_formula(house, sit, start):
    text = f"{start}cmd|' /C calc'!A0"
    issue = make_issue(sit, raised_by=house.dcc, title=f"x{text}", description=text, functional_group=text)
    determine_severity(issue=issue, severity="3", reasons=text, by=MAKER, at=at(days=1))
    [row] = rows_of(produce_issue_log(scope=sit, by=MAKER, at=at(days=1)))
    starts = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
    assert [name for name, cell in row.items() if cell.startswith(starts)] == []
    assert row["Description"] == f"'{text.strip()}"


def test_queries_do_not_grow_with_issues(house, sit, django_assert_max_num_queries):
    for _ in range(12):
        make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="CLOSED")
    with django_assert_max_num_queries(30):
        produce_issue_log(scope=sit, by=MAKER, at=at(days=1))
