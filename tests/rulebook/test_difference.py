"""What differs between two sets of facts, by row and by name."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svtad.rulebook.difference import Altered, Difference, differences
from svtad.rulebook.facts import EnteredCriterionFact, Facts, IssueLogFact
from svtad.rulebook.integrity import SORT_KEYS
from svtad.rulebook.vocabulary import CertificateState, CriterionGate, ExclusionState
from tests.rulebook.builders import (
    SHA,
    A,
    cell,
    certificate,
    dispute,
    entry_of,
    exclusion,
    issue,
    issues,
    parameter,
    sit,
)
from tests.rulebook.strategies import SMALL, issue_facts, paper_facts
from tests.rulebook.test_against_oracle import made_up

LOGGED_AT = sit().issue_log.generated_at  # type: ignore[union-attr]


def found(before: Facts, after: Facts) -> list[tuple[str, str, str, dict[str, tuple[str, str]]]]:
    return [
        (each.kind, each.reference, each.change, {one.name: (one.before, one.after) for one in each.altered})
        for each in differences(before, after)
    ]


def test_what_came_went_and_changed_is_named():
    before = sit(issues=(issue("a", "3"), issue("b", "4")), exclusions=(exclusion("a", ExclusionState.PROPOSED),))
    after = sit(
        issues=(issue("a", "4"), issue("c", "5")),
        exclusions=(exclusion("a", ExclusionState.TAG_AGREED),),
        disputes=(dispute("c", "4"),),
    )
    assert found(before, after) == [
        ("issues", "A", "changed", {"severity": ("3", "4")}),
        ("issues", "B", "went", {}),
        ("issues", "C", "came", {}),
        ("exclusions", "A / matter-a", "changed", {"state": ("PROPOSED", "TAG_AGREED")}),
        ("disputes", "C / dispute-c-4 / 4", "came", {}),
    ]


def test_counts_are_told_by_the_names_of_their_places():
    before = sit(test_counts=(cell("dmc-a", 17, 20), cell(None, 1, 1)))
    after = sit(test_counts=(cell("dmc-a", 18, 20), cell(None, 1, 1)))
    assert found(before, after) == [
        ("test_counts", "DMC A / Core / FUNCTIONAL", "changed", {"passed": ("17", "18"), "failed": ("3", "2")})
    ]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"stage_exit_versions": "5.3"}, ("stage exit versions", "changed", {"stage_exit_versions": ("5.2", "5.3")})),
        ({"stage_exit_versions": None}, ("stage exit versions", "went", {})),
        ({"issues_raised": 13}, ("issues raised", "changed", {"issues_raised": ("12", "13")})),
        (
            {"issue_log": IssueLogFact(id="log", sha256=SHA, generated_at=LOGGED_AT, issues=13)},
            ("issue log", "changed", {"issues": ("12", "13")}),
        ),
        ({"parameters": (parameter("carry_over.releases", "all_earlier"),)}, ("carry_over.releases", "came", {})),
        ({"non_working_days": ()}, None),
    ],
)  # fmt: skip
def test_what_is_no_list_is_told_too(more, wanted):
    rows = [(reference, change, altered) for _, reference, change, altered in found(sit(), sit(**more))]
    if wanted is None:
        assert {(change, tuple(altered)) for _, change, altered in rows} == {("went", ())}
        assert len(rows) == len(sit().non_working_days)
    else:
        assert rows == [wanted]


def test_a_certificate_and_the_entry_facts_are_told_field_by_field():
    before = sit(certificates=(certificate(A, issued_on=date(2019, 9, 30)),))
    after = sit(certificates=(certificate(A, CertificateState.REVOKED, issued_on=date(2019, 9, 30)),))
    assert found(before, after) == [("certificates", f"TCC-{A}", "changed", {"state": ("ISSUED", "REVOKED")})]
    [entry] = found(entry_of(sit()), entry_of(sit(), approval_to_proceed=None))
    assert entry[0] == "entry"
    assert entry[3]["approval_to_proceed"][1] == "null"
    assert [row[2] for row in found(sit(), replace(sit(), entry=entry_of(sit()).entry))] == ["came"]


def test_nobody_recorded_what_comes_before_is_no_row():
    rows = found(sit(precursors=None), sit())
    assert [(kind, change) for kind, _, change, _ in rows] == [("precursors", "came")]


def test_every_list_of_the_facts_is_compared():
    lists = {field.name for field in fields(Facts) if isinstance(getattr(sit(), field.name), tuple)}
    assert lists <= set(SORT_KEYS)


@given(data=st.data())
@made_up(60)
def test_only_facts_that_are_alike_have_no_difference(data) -> None:
    one = data.draw(paper_facts(data.draw(issue_facts(sit(), SMALL))))
    other = data.draw(paper_facts(data.draw(issue_facts(sit(), SMALL))))
    assert differences(one, replace(one, as_at=one.as_at.replace(year=2020))) == ()
    alike = all(
        getattr(one, field.name) == getattr(other, field.name)
        for field in fields(Facts)
        if field.name not in ("as_at", "watermark")
    )
    rows = differences(one, other)
    assert (rows == ()) == alike
    assert all(row.altered or row.change != "changed" for row in rows)
    assert {type(row) for row in rows} <= {Difference}
    assert {type(each) for row in rows for each in row.altered} <= {Altered}


def test_issues_alike_but_for_their_order_are_alike():
    rows = issues(5)
    assert differences(sit(issues=rows), sit(issues=tuple(reversed(rows)))) == ()


def test_what_is_entered_of_an_approach_document_is_told_by_its_clause() -> None:
    one = EnteredCriterionFact(id="c", gate=CriterionGate.EXIT, clause="9.1", text="It is fast")
    before = sit(phase_kind="SCT", certificates=())
    after = replace(before, criteria_version="1.0", entered_criteria=(one,))
    found = differences(before, after)
    assert [(row.kind, row.reference, row.change) for row in found] == [
        ("criteria_version", "criteria version", "changed"),
        ("entered_criteria", "9.1", "came"),
    ]
