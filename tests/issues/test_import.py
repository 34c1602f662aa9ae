"""Testing Issues from CSV: previewed, all or nothing, and the same file twice changes nothing."""

from __future__ import annotations

import pytest

from issues.actions import change_state, dispute_severity
from issues.actions.mirror_rows import IssueRow
from issues.importers import COLUMNS, IssuesImporter
from issues.models import Attribution, IssueRunLink, IssueStateChange, SeverityDetermination, TestingIssue
from issues.policies import TRANSITIONS
from issues.queries import issues_at
from svtad.audit.models import AuditEvent
from svtad.governance.models import Job
from svtad.intake import actions as intake
from svtad.intake.models import ImportBatch
from svtad.lib.errors import ActionDenied
from testphases.actions import PlanRow, plan_tests
from testphases.models import FactsChanged, PlannedTest
from tests.factories import MAKER, at, decide, make_dmc, make_issue

CLAUSE = "SVTAD 1.23"
HEADER = "external_id,title,raised_by,raised_at,severity,priority,provider,cause,reasons,state"
FILE = f"""{HEADER}
J-1,Alert lost,dcc,2026-02-03 09:30,3,high,alpha,DCC_SYSTEM,,in fix
J-2,Clock drifts,supplier,2026-02-04T10:00:00Z,4,,,DEVICE,The meter's clock,DETERMINED
J-3,Join fails,alpha,,,,,,,
J-4,Not an issue,supplier,,5,,,PARTICIPANT,Its own script,REJECTED
"""
KEPT = (TestingIssue, SeverityDetermination, Attribution, IssueStateChange, IssueRunLink)


def send(scope, text: str, *, by=MAKER, moment=None, params=None) -> ImportBatch:
    return intake.import_file(
        importer_key="issues_csv",
        scope_id=scope.public_id,
        content=text.encode(),
        name="issues.csv",
        source="jira",
        params=params,
        by=by,
        at=moment or at(days=1),
    )


def errors_of(batch) -> list[tuple[int, str]]:
    return [(error.row, error.field) for error in batch.row_errors.all()]


def kept() -> list[int]:
    return [model.objects.count() for model in KEPT]


def line(**cells: str) -> str:
    """A file of one row."""
    return f"{','.join(cells)}\n{','.join(cells.values())}\n"


@pytest.mark.clause(CLAUSE, "9.2")
def test_a_file_brings_in_issues_where_the_tracker_has_them(house, sit):
    batch = send(sit, FILE)
    assert (batch.state, batch.summary["counts"]) == (
        "COMMITTED",
        {"issues": 4, "created": 4, "changed": 0, "unchanged": 0},
    )
    issues = {issue.external_id: issue for issue in TestingIssue.objects.select_related("raised_by", "provider")}
    first = issues["J-1"]
    assert (first.state, first.severity, first.priority, first.provider, first.batch) == (
        "IN_FIX",
        "3",
        "high",
        house.alpha,
        batch,
    )
    assert first.occurred_at.isoformat() == "2026-02-03T09:30:00+00:00"
    assert [issues[key].reference for key in ("J-1", "J-2", "J-3")] == [
        "MOC-SIT-0001", "MOC-SIT-SUPPLIER-0001", "MOC-SIT-ALPHA-0001"
    ]  # fmt: skip
    assert (issues["J-3"].state, issues["J-3"].severity) == ("RAISED", "")
    assert (issues["J-4"].state, issues["J-4"].cause) == ("REJECTED", "PARTICIPANT")
    assert IssueStateChange.objects.get(to_state="REJECTED").reasons == "Its own script"


@pytest.mark.clause(CLAUSE, "14.1")
def test_every_move_on_the_way_is_a_listed_one_and_is_recorded(house, sit):
    send(sit, FILE.replace("in fix", "CLOSED"))
    issue = TestingIssue.objects.get(external_id="J-1")
    moves = list(issue.state_changes.order_by("id").values_list("from_state", "to_state", "reasons"))
    assert [(before, after) for before, after, _ in moves] == [
        ("", "RAISED"), ("RAISED", "DETERMINED"), ("DETERMINED", "IN_FIX"), ("IN_FIX", "FIXED"),
        ("FIXED", "RETEST"), ("RETEST", "CLOSED"),
    ]  # fmt: skip
    assert all(after in TRANSITIONS[before] for before, after, _ in moves)
    assert [reasons for _, _, reasons in moves][1:5] == ["On the way to CLOSED, as jira has it."] * 4


def test_the_same_file_twice_changes_nothing(house, sit):
    send(sit, FILE)
    before = (kept(), FactsChanged.objects.count(), TestingIssue.history.count())
    events = AuditEvent.objects.filter(action="mirror_issues").count()
    again = send(sit, FILE, moment=at(days=2))
    assert again.summary["counts"] == {"issues": 4, "created": 0, "changed": 0, "unchanged": 4}
    assert (kept(), FactsChanged.objects.count(), TestingIssue.history.count()) == before
    assert AuditEvent.objects.filter(action="mirror_issues").count() == events == 1


def test_what_a_later_file_says_otherwise_is_added_and_the_past_stays(house, sit):
    send(sit, FILE)
    batch = send(
        sit,
        FILE.replace("Alert lost", "Alert lost twice").replace("3,high,alpha", "2,low,beta").replace("in fix", "FIXED"),
        moment=at(days=2),
    )
    assert batch.summary["counts"]["changed"] == 1
    issue = TestingIssue.objects.get(external_id="J-1")
    assert (issue.title, issue.severity, issue.priority, issue.provider, issue.state) == (
        "Alert lost twice", "2", "low", house.beta, "FIXED"
    )  # fmt: skip
    then = next(row for row in issues_at([sit.pk], at(days=1.5)) if row.pk == issue.pk)
    assert (then.title, then.severity, then.priority, then.provider_name, then.state) == (
        "Alert lost", "3", "high", "ALPHA Ltd", "IN_FIX"
    )  # fmt: skip


def test_an_empty_cell_says_nothing(house, sit):
    send(sit, FILE)
    before = kept()
    send(sit, f"{HEADER}\nJ-1,,,,,,,,,\nJ-2,,,,,,,,,\n", moment=at(days=2))
    send(sit, "external_id\nJ-1\n", moment=at(days=3))
    assert kept() == before


def test_a_preview_says_issue_by_issue_what_would_change_and_stores_nothing(house, sit):
    send(sit, FILE)
    before = kept()
    batch = intake.receive_file(
        importer_key="issues_csv",
        scope_id=sit.public_id,
        content=FILE.replace("in fix", "FIXED").replace("J-3", "J-5").encode(),
        name="issues.csv",
        source="jira",
        by=house.actor("test_manager"),
        at=at(days=2),
    )
    assert Job.objects.filter(kind=intake.PREVIEW).count() == 1
    intake.preview_batch(batch=batch, by=house.actor("test_manager"), at=at(days=2))
    batch.refresh_from_db()
    assert batch.state == "PREVIEWED"
    assert batch.summary["counts"] == {"issues": 4, "created": 1, "changed": 1, "unchanged": 2}
    assert batch.summary["examples"] == [
        {"row": "2", "what": "MOC-SIT-0001 Alert lost", "reason": "moved to Fixed"},
        {"row": "4", "what": "New Join fails", "reason": "raised"},
    ]
    assert kept() == before


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"title": "x"}, "external_id"),
        ({"external_id": "J-9", "raised_by": "dcc"}, "title"),
        ({"external_id": "J-9", "title": "x" * 301, "raised_by": "dcc"}, "title"),
        ({"external_id": "J-9", "title": "x", "raised_by": "nobody"}, "raised_by"),
        ({"external_id": "J-9", "title": "x"}, "raised_by"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "raised_at": "last week"}, "raised_at"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "raised_at": "2030-01-01"}, "raised_at"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "severity": "7"}, "severity"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "priority": "high"}, "severity"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "severity": "3", "priority": "h" * 21}, "priority"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "cause": "METEOR"}, "cause"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "cause": "DEVICE"}, "reasons"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "provider": "nobody"}, "provider"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "provider": "gamma"}, "provider"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "state": "BROKEN"}, "state"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "state": "IN_FIX"}, "state"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "state": "REJECTED"}, "reasons"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "dmc": "D-404"}, "dmc"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "tests": "TC-404"}, "tests"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "reference": "MOC-SIT-0001"}, "reference"),
        ({"external_id": "J-9", "title": "x", "raised_by": "dcc", "reference": "R" * 41}, "reference"),
        ({"external_id": "J-1", "raised_by": "alpha"}, "raised_by"),
        ({"external_id": "J-1", "raised_at": "2026-02-05"}, "raised_at"),
        ({"external_id": "J-1", "reference": "OTHER-1"}, "reference"),
        ({"external_id": "J-1", "state": "RAISED"}, "state"),
        ({"external_id": "J-1", "state": "DETERMINED"}, "state"),
        ({"external_id": "J-4", "severity": "1"}, "severity"),
    ],
)
def test_what_is_wrong_with_a_row_is_named_and_nothing_of_the_file_is_stored(house, sit, cells, field):
    send(sit, FILE)
    before = kept()
    good = dict.fromkeys(cells, "") | {"external_id": "J-8", "title": "Good", "raised_by": "dcc"}
    header = list(good)
    rows = [",".join(row.get(name, "") for name in header) for row in (good, cells)]
    batch = send(sit, "\n".join([",".join(header), *rows]) + "\n", moment=at(days=2))
    assert batch.state != "COMMITTED"
    assert errors_of(batch) == [(3, field)]
    assert kept() == before


def test_every_wrong_cell_of_a_row_is_named_at_once(house, sit):
    wrong = line(external_id="J-9", title="x", raised_by="dcc", severity="7", cause="METEOR", dmc="D-404", tests="TC-0")
    assert errors_of(send(sit, wrong)) == [(2, "dmc"), (2, "severity"), (2, "cause"), (2, "tests")]


def test_an_issue_twice_in_a_file_is_named_with_its_first_row(house, sit):
    batch = send(sit, f"{FILE}J-1,Alert lost,dcc,,,,,,,\n")
    [error] = batch.row_errors.all()
    assert (error.row, error.field) == (6, "external_id")
    assert "row 2" in error.message


@pytest.mark.parametrize("text", ["", "title\nx\n", "external_id,colour\nJ-1,red\n", "external_id,external_id\na,b\n"])
def test_a_file_whose_columns_do_not_fit_is_refused_with_the_reason(house, sit, text):
    batch = send(sit, text)
    assert batch.state == "REFUSED"
    assert batch.refusal
    assert TestingIssue.objects.count() == 0


def test_an_issue_of_another_phase_is_not_moved(house, sit):
    send(sit, FILE)
    batch = send(house.scope("SCT"), "external_id,title\nJ-1,Alert lost\n", moment=at(days=2))
    assert errors_of(batch) == [(2, "external_id")]


def test_issues_are_linked_to_the_latest_runs_of_their_tests_once(house, sit):
    dmc = make_dmc("D-1")
    one, two = house.plan(sit, "TC-1", "TC-2", dmc=dmc)
    runs = {house.run(one).pk, house.run(two).pk}
    text = line(external_id="J-1", title="x", raised_by="dcc", dmc="D-1", tests="TC-1; TC-2@D-1;TC-1")
    assert send(sit, text).state == "COMMITTED"
    assert set(IssueRunLink.objects.values_list("run_id", flat=True)) == runs
    assert send(sit, text, moment=at(days=2)).summary["counts"]["unchanged"] == 1


def test_references_given_in_a_file_and_by_the_product_do_not_meet(house, sit):
    send(sit, "external_id,title,raised_by,reference\nA,x,dcc,\nB,x,dcc,MOC-SIT-0001\nC,x,dcc,MOC-SIT-0003\nD,x,dcc,\n")
    given = dict(TestingIssue.objects.values_list("external_id", "reference"))
    assert given == {"A": "MOC-SIT-0002", "B": "MOC-SIT-0001", "C": "MOC-SIT-0003", "D": "MOC-SIT-0004"}


def test_the_dccs_own_systems_have_no_provider(house, sit):
    send(sit, line(external_id="J-1", title="x", raised_by="dcc", severity="3", provider="alpha", cause="DCC_SYSTEM"))
    assert send(sit, line(external_id="J-1", cause="DCC"), moment=at(days=2)).state == "COMMITTED"
    issue = TestingIssue.objects.get()
    assert (issue.cause, issue.provider) == ("DCC", None)


@pytest.mark.clause(CLAUSE, "14.2")
def test_a_tracker_does_not_undo_what_tag_determined(house, sit):
    send(sit, FILE)
    issue = TestingIssue.objects.get(external_id="J-1")
    dispute = dispute_severity(
        issue=issue, participant_severity="2", reasons="Worse", raised_by=house.supplier, by=MAKER, at=at(days=2)
    )
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=3), severity="2")
    [error] = send(sit, FILE, moment=at(days=4)).row_errors.all()
    assert (error.row, error.field) == (2, "severity")
    assert "TAG" in error.message
    assert TestingIssue.objects.get(external_id="J-1").severity == "2"


def test_what_was_done_in_the_product_meanwhile_is_taken_up_from_there(house, sit):
    send(sit, FILE)
    issue = TestingIssue.objects.get(external_id="J-1")
    change_state(issue=issue, to_state="FIXED", by=MAKER, at=at(days=2))
    send(sit, FILE.replace("in fix", "RETEST"), moment=at(days=3))
    moves = issue.state_changes.order_by("id").values_list("to_state", flat=True)
    assert list(moves) == ["RAISED", "DETERMINED", "IN_FIX", "FIXED", "RETEST"]


def test_a_time_without_a_zone_is_londons_unless_another_is_said(house, sit):
    text = line(external_id="J-1", title="x", raised_by="dcc", raised_at="2025-07-01 12:00")
    send(sit, text)
    assert TestingIssue.objects.get().occurred_at.isoformat() == "2025-07-01T11:00:00+00:00"
    uncertain = line(external_id="J-2", title="x", raised_by="dcc", raised_at="2025-10-26 01:30")
    assert "twice" in send(sit, uncertain, moment=at(days=2)).summary["warnings"][0]
    utc = send(sit, uncertain.replace("J-2", "J-3"), params={"zone": "UTC"}, moment=at(days=2))
    assert utc.summary["warnings"] == []


# --- who may --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role", ["registrar", "administrator", "tab_member", "tag_member", "sit_auditor", "provider_tester", "participant"]
)
def test_who_may_not_import_issues(house, sit, role):
    with pytest.raises(ActionDenied):
        send(sit, FILE, by=house.actor(role))
    assert ImportBatch.objects.count() == 0


@pytest.mark.parametrize("role", ["test_manager", "test_tooling"])
def test_the_dcc_imports_determinations_and_all(house, sit, role):
    assert send(sit, FILE, by=house.actor(role)).state == "COMMITTED"


def test_the_tooling_of_a_provider_raises_its_own_issues_and_determines_nothing(house, sit):
    tooling = house.actor("test_tooling", house.alpha)
    plain = "external_id,title,raised_by,state\nT-1,Mine,alpha,RAISED\nT-2,Mine too,,\n"
    assert send(sit, plain, by=tooling).state == "COMMITTED"
    assert set(TestingIssue.objects.values_list("source", "raised_by__code")) == {("alpha:jira", "alpha")}
    for column, cell in (("severity", "3"), ("cause", "DCC_SYSTEM"), ("provider", "alpha"), ("state", "DETERMINED")):
        batch = send(sit, line(external_id="T-1", **{column: cell}), by=tooling, moment=at(days=2))
        assert errors_of(batch) == [(2, column)]
    assert errors_of(send(sit, line(external_id="T-3", title="x", raised_by="beta"), by=tooling)) == [(2, "raised_by")]
    assert errors_of(send(sit, line(external_id="T-3", title="x", reference="R-1"), by=tooling)) == [(2, "reference")]
    reworded = send(sit, line(external_id="T-1", title="Mine reworded"), by=tooling, moment=at(days=3))
    assert reworded.summary["counts"]["changed"] == 1


def test_a_provider_cannot_touch_or_find_the_dccs_issues_by_their_ids(house, sit):
    send(sit, FILE)
    tooling = house.actor("test_tooling", house.alpha)
    batch = send(sit, line(external_id="J-1", title="Taken over"), by=tooling, moment=at(days=2))
    assert batch.summary["counts"] == {"issues": 1, "created": 1, "changed": 0, "unchanged": 0}
    assert TestingIssue.objects.get(source="jira", external_id="J-1").title == "Alert lost"


def test_a_provider_learns_of_no_other_by_what_its_file_names(house, sit):
    tooling = house.actor("test_tooling", house.alpha)
    theirs = house.plan(sit, "TC-ALPHA")[0]
    house.run(theirs)
    plan_tests(scope=sit, rows=[PlanRow(external_id="TC-BETA", provider="beta")], by=MAKER, at=at())
    house.run(PlannedTest.objects.get(definition__external_id="TC-BETA"))

    def said(**cells: str) -> str:
        batch = send(sit, line(external_id="T-1", title="x", **cells), by=tooling)
        return "; ".join(error.message for error in batch.row_errors.all())

    assert said(raised_by="beta").replace("beta", "nobody") == said(raised_by="nobody")
    assert said(provider="beta") == said(provider="nobody")
    assert said(tests="TC-BETA").replace("BETA", "404") == said(tests="TC-404")
    assert said(tests="TC-ALPHA") == ""


def test_a_provider_that_takes_no_part_sends_nothing_in(house, sit):
    with pytest.raises(ActionDenied):
        send(sit, FILE, by=house.actor("test_tooling", house.gamma))


def test_the_documented_columns_are_those_of_a_row():
    named = {column.name for column in COLUMNS}
    assert named == set(IssueRow._fields) - {"row"}
    assert IssuesImporter.key == "issues_csv"


def test_one_file_leaves_one_event_and_one_word_of_change_for_each_phase(house, sit):
    house.scope("SIT", "FOC")
    FactsChanged.objects.all().delete()
    send(sit, FILE)
    assert AuditEvent.objects.filter(action="mirror_issues").count() == 1
    assert AuditEvent.objects.filter(subject_kind="testing_issue").count() == 0
    assert FactsChanged.objects.count() == 2


def test_a_mirror_and_a_person_come_to_the_same(house, sit):
    """What a file does to an issue is what the same done by hand does."""
    send(sit, FILE)
    by_hand = make_issue(
        sit, raised_by=house.dcc, title="By hand", severity="3", priority="high", provider=house.alpha, state="IN_FIX"
    )
    mirrored = TestingIssue.objects.get(external_id="J-1")
    for related in ("severities", "attributions", "state_changes"):
        ours, theirs = (
            [
                {
                    name: value
                    for name, value in row.items()
                    if name
                    not in ("id", "public_id", "issue_id", "occurred_at", "effective_at", "recorded_at", "reasons")
                }
                for row in getattr(issue, related).order_by("id").values()
            ]
            for issue in (mirrored, by_hand)
        )
        assert ours == theirs
