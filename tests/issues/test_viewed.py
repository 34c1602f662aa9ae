"""The log as it stood: every filter asked of the past, exports equal to the view, and what left the count."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from issues.actions import (
    attribute,
    change_state,
    dispute_severity,
    edit_issue,
    propose_exclusion,
)
from issues.queries.viewed import issues_of_view, left_rows, past_rows, rows_of_view
from issues.rendering import LEFT_HEADER, VIEW_HEADER, left_cells, left_xlsx, view_cells, view_xlsx
from svtad.lib.errors import InvalidInput
from tests.factories import MAKER, at, decide, heard, make_dmc, make_issue

CLAUSE = "SVTAD 1.23"


@pytest.fixture
def manager(house):
    return house.actor("test_manager")


@pytest.fixture
def issue(house, sit):
    return make_issue(
        sit, raised_by=house.supplier, title="Alert lost", severity="3", provider=house.alpha, state="IN_FIX"
    )


def listed(actor, moment, **params) -> list[str]:
    asked = {name: [value] for name, value in params.items()}
    return [row.reference for row in past_rows(asked, actor=actor, moment=moment)]


@pytest.mark.clause(CLAUSE, "9.2", "13.20", "14.2")
def test_excluded_and_disputed_are_asked_of_the_moment(house, sit, issue, manager):
    other = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
    proposal = propose_exclusion(issue=issue, scope=sit, rationale="One device.", by=MAKER, at=at(days=1))
    heard(proposal.matter, moment=at(days=1.5))
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=2))
    dispute = dispute_severity(
        issue=other, participant_severity="2", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(days=3)
    )
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=4), severity="2")
    both = [issue.reference, other.reference]
    excluded = [listed(manager, at(days=day), excluded="yes") for day in (1.8, 2.5)]
    assert excluded == [[], [issue.reference]]
    assert [listed(manager, at(days=day), excluded="no") for day in (1.8, 2.5)] == [both, [other.reference]]
    assert [listed(manager, at(days=day), disputed="yes") for day in (2.5, 3.5, 4.5)] == [[], [other.reference], []]
    elsewhere = house.scope("SIT", "IOC")
    assert listed(manager, at(days=2.5), excluded="yes", scope=elsewhere.public_id) == []
    [row] = past_rows({"excluded": ["yes"]}, actor=manager, moment=at(days=2.5))
    assert [(what, state) for what, state, _ in row.boards] == [("Exclusion", "TAG_AGREED")]


def test_what_is_before_a_board_is_in_the_past_view_only_for_who_may_see_it(house, sit, issue):
    propose_exclusion(issue=issue, scope=sit, rationale="One device.", by=MAKER, at=at(days=1))
    [row] = past_rows({}, actor=house.actor("participant"), moment=at(days=2))
    assert row.boards == ()


def test_words_are_asked_of_the_moment_too(house, sit, issue, manager):
    dmc = make_dmc()
    edit_issue(
        issue=issue, title="Clock drifts", environment="UIT-2", requirement="R-7", dmc=dmc, by=MAKER, at=at(days=2)
    )
    for asked in ({"q": "alert"}, {"dmc": "none"}):
        assert [listed(manager, at(days=day), **asked) for day in (1, 3)] == [[issue.reference], []]
    for asked in (
        {"q": "clock"},
        {"environment": "UIT-2"},
        {"requirement": "R-7"},
        {"dmc": dmc.reference},
    ):
        assert [listed(manager, at(days=day), **asked) for day in (1, 3)] == [[], [issue.reference]]
    before, after = (past_rows({}, actor=manager, moment=at(days=day))[0] for day in (1, 3))
    assert (before.title, before.environment, before.dmc) == ("Alert lost", "", "")
    assert (after.title, after.environment, after.requirement, after.dmc) == (
        "Clock drifts", "UIT-2", "R-7", dmc.reference
    )  # fmt: skip
    assert before.external_id == issue.external_id


def test_the_past_view_of_now_is_the_view_of_now(house, sit, issue, manager):
    make_issue(sit, raised_by=house.dcc, severity="4", provider=house.beta, state="CLOSED")
    make_issue(sit, raised_by=house.dcc, severity="4", cause="DEVICE", reasons="The meter.", state="IN_FIX")
    propose_exclusion(issue=issue, scope=sit, rationale="One device.", by=MAKER, at=at(days=1))
    asked: tuple[dict[str, str], ...] = (
        {}, {"open": "yes"}, {"severity": "4"}, {"cause": "DEVICE"}, {"provider": house.beta.code},
        {"provider": "none"}, {"left": "yes"}, {"left": "no"}, {"excluded": "no"}, {"q": "alert"}, {"sort": "-title"},
    )  # fmt: skip
    for each in asked:
        params = {name: [value] for name, value in each.items()}
        now = list(rows_of_view(params, actor=manager, moment=None))
        assert list(rows_of_view(params, actor=manager, moment=at(days=5))) == now, each
        assert issues_of_view(params, actor=manager, moment=at(days=5)).count() == len(now)


def test_a_filter_that_cannot_be_read_is_named_at_a_past_moment_too(manager):
    with pytest.raises(InvalidInput):
        past_rows({"left": ["somehow"]}, actor=manager, moment=at(days=1))


def test_a_workbook_is_the_view_and_runs_no_formula(house, sit, issue, manager):
    make_issue(sit, raised_by=house.dcc, title="=cmd|' /C calc'!A0", severity="4", provider=house.beta)
    rows = list(rows_of_view({}, actor=manager, moment=None))
    content = view_xlsx(rows)
    assert content == view_xlsx(rows)
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    header, *lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert tuple(header) == VIEW_HEADER
    assert [line[0] for line in lines] == [view_cells(row)[0] for row in rows]
    [formula] = [cell for line in sheet.iter_rows() for cell in line if str(cell.value).startswith("=cmd")]
    assert formula.data_type == "s"


@pytest.mark.clause(CLAUSE, "13.18", "13.19")
def test_what_left_the_count_is_listed_with_its_reasons_for_tab_and_tag(house, sit, issue):
    device = make_issue(sit, raised_by=house.supplier, severity="2", state="IN_FIX", cause="DCC", moment=at(days=1))
    attribute(issue=device, cause="DEVICE", provider=None, reasons="The meter's clock.", by=MAKER, at=at(days=2))
    rejected = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.beta, moment=at(days=1))
    change_state(issue=rejected, to_state="REJECTED", reasons="Raised twice.", by=MAKER, at=at(days=3))
    for role in ("tab_member", "tag_member", "panel_member", "sit_auditor"):
        rows = left_rows({}, actor=house.actor(role), moment=None)
        assert [(row.issue.reference, row.left_as, row.reasons, row.by) for row in rows] == [
            (device.reference, "Not DCC-caused", "The meter's clock.", "Test"),
            (rejected.reference, "Rejected", "Raised twice.", "Test"),
        ]
    tag = house.actor("tag_member")
    assert [row.issue.pk for row in left_rows({}, actor=tag, moment=at(days=2.5))] == [device.pk]
    assert [row.issue.pk for row in left_rows({"left": ["REJECTED"]}, actor=tag, moment=None)] == [rejected.pk]
    assert len(left_rows({"left": ["yes"], "severity": ["2"]}, actor=tag, moment=None)) == 1


@pytest.mark.clause(CLAUSE, "13.19", "13.20")
def test_what_comes_back_or_is_closed_or_excluded_is_not_listed_as_left(house, sit, issue):
    tag = house.actor("tag_member")
    device = make_issue(sit, raised_by=house.supplier, severity="2", state="IN_FIX", cause="DEVICE", reasons="Clock")
    attribute(issue=device, cause="DCC_SYSTEM", provider=house.alpha, by=MAKER, at=at(days=1))
    make_issue(sit, raised_by=house.supplier, severity="2", state="CLOSED", cause="DEVICE", reasons="Clock")
    proposal = propose_exclusion(issue=issue, scope=sit, rationale="One device.", by=MAKER, at=at(days=1))
    heard(proposal.matter, moment=at(days=1.5))
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=2))
    assert left_rows({}, actor=tag, moment=None) == []
    assert len(left_rows({}, actor=tag, moment=at(hours=1))) == 1


def test_a_supplier_sees_of_what_left_the_count_its_own_only(house, sit):
    for raiser in (house.supplier, house.other_supplier):
        make_issue(sit, raised_by=raiser, severity="3", state="REJECTED", provider=house.alpha, reasons="Twice.")
    [row] = left_rows({}, actor=house.actor("participant"), moment=None)
    assert row.issue.raised_by_name == "SUPPLIER Ltd"


def test_the_list_of_what_left_is_the_same_as_a_workbook(house, sit):
    make_issue(sit, raised_by=house.supplier, severity="3", state="REJECTED", provider=house.alpha, reasons="=Twice")
    rows = left_rows({}, actor=house.actor("tab_member"), moment=None)
    sheet = load_workbook(io.BytesIO(left_xlsx(rows))).worksheets[0]
    header, line = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert tuple(header) == LEFT_HEADER
    assert (line[0], line[6]) == (left_cells(rows[0])[0], "=Twice")
