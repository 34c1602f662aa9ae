"""The referral matrix, the windows and the finality, written a second time from the texts and compared."""

from __future__ import annotations

from datetime import date

import pytest

from svtad.rulebook.deadlines import WINDOWS, Basis
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.procedures.listing import directed_otherwise, referrals

#: Clause: who, to whom, window, duty, and of what holds meanwhile the words that matter.
MATRIX: dict[tuple[str, str, str], list[tuple[object, ...]]] = {
    ("SVTAD", "1.23", "7.5"): [("TAG", "SOS", None, "may", "does not say")],
    ("SVTAD", "1.23", "12.6(a)"): [("DCC", "SOS", None, "shall", "test stays planned")],
    ("SVTAD", "1.23", "13.4"): [("SUPPLIER", "SOS", (10, "DECISION"), "may", "does not say")],
    ("SVTAD", "1.23", "13.7"): [("SUPPLIER", "SOS", (10, "DECISION"), "may", "until then it is kept")],
    ("SVTAD", "1.23", "13.21"): [("DCC", "SOS", (5, "DECISION"), "may", "issue counts")],
    # Once for 13.22, and for 13.23 on each of its two limbs.
    ("SVTAD", "1.23", "13.24"): [("DCC", "SOS", None, "may", "TAG's view stands (inferred)")] * 3,
    ("SVTAD", "1.23", "14.2"): [("PARTICIPANT", "TAG", None, "may", "DCC's severity stands")],
    # The Testing Participant requests; the DCC refers.
    ("SVTAD", "1.23", "14.3"): [("DCC", "SOS", None, "may", "does not say")],
    ("SVTAD", "1.23", "20.7"): [("DCC", "SOS", None, "may", "does not say")],
    ("SVTAD", "1.23", "20.12(b)"): [("DCC", "SOS", None, "shall", "not scheduled")],
    ("SVTAD", "1.23", "20.16"): [("DCC", "SOS", None, "may", "not active (inferred)")],
    ("SVTAD", "1.23", "20.17"): [("DCC", "SOS", None, "may", "not active (inferred)")],
    ("SVTAD", "1.23", "20.22"): [("DCC", "SOS", None, "shall", "not to be used")],
    ("SVTAD", "1.23", "20.23"): [("DCC", "SOS", None, "shall", "option is not followed")],
    ("SVTAD", "1.5", "20.30-20.32"): [("DCC", "SOS", None, "shall", "outcome is pending")],
    ("SVTAD", "1.5", "20.35-20.37"): [("SUPPLIER", "SOS", (10, "RECEIPT"), "may", "EPCL Report is held")],
    # Who refers is not stated: either.
    ("SVTAD", "1.5", "Table 13.1"): [(who, "SOS", None, "may", "not met") for who in ("DCC", "TAG")],
    ("MTAD", "1.3", "Table 9.3 row 2A"): [(who, "SOS", None, "may", "not met") for who in ("DCC", "TAG")],
    ("MTAD", "", "3"): [("DCC", "SOS", None, "may", "not agreed")],
    ("November 2020 SEC Release", "", "4"): [(who, "SOS", None, "may", "not approved") for who in ("DCC", "TAG")],
}
#: Where the text makes the decision final and binding (for v1.5, the figure of changes).
FINAL = {
    ("SVTAD", "1.23", clause) for clause in ("7.5", "13.4", "13.21", "13.24", "14.2", "20.7", "20.16", "20.17", "20.22")
} | {("SVTAD", "1.5", "20.35-20.37")}
NOT_SAID_FINAL = {("SVTAD", "1.23", clause) for clause in ("12.6(a)", "13.7", "14.3", "20.12(b)", "20.23")} | {
    ("SVTAD", "1.5", "20.30-20.32"),
    ("SVTAD", "1.5", "Table 13.1"),
    ("MTAD", "1.3", "Table 9.3 row 2A"),
}

pytestmark = [
    pytest.mark.clause(
        "SVTAD 1.23", "7.5", "12.6(a)", "13.4", "13.7", "13.21", "13.24", "14.2", "14.3", "20.7", "20.12(b)", "20.16",
        "20.17", "20.22", "20.23",
    ),
    pytest.mark.clause("SVTAD 1.5", "20.30", "20.35", "Table 13.1"),
    pytest.mark.clause("MTAD", "3", "Table 9.3 row 2A"),
    pytest.mark.clause("November 2020 SEC Release", "4"),
]  # fmt: skip


def found() -> dict[tuple[str, str, str], list[tuple[object, ...]]]:
    rows: dict[tuple[str, str, str], list[tuple[object, ...]]] = {}
    for rules, row in referrals(PROCEDURES.values()):
        window = (row.within.working_days, row.within.basis.value) if row.within else None
        key = rules.document, rules.version, row.clause
        rows.setdefault(key, []).append((row.by.value, row.to.value, window, row.duty, row.while_pending))
    return rows


def test_the_referral_matrix_is_the_texts_and_nothing_more():
    assert {key: [row[:4] for row in rows] for key, rows in found().items()} == {
        key: [row[:4] for row in rows] for key, rows in MATRIX.items()
    }


@pytest.mark.parametrize("key", MATRIX, ids=" ".join)
def test_what_holds_while_a_referral_is_pending(key):
    for (*_, held), (*_, wanted) in zip(found()[key], MATRIX[key], strict=True):
        assert str(wanted) in str(held)


@pytest.mark.clause("SVTAD 1.23", "20.20(b)", "4.2(b)")
def test_a_course_goes_on_unless_the_secretary_of_state_directs_otherwise():
    assert [
        (rules.key, step.clause, step.body, step.duty, body)
        for rules, step, body in directed_otherwise(PROCEDURES.values())
    ] == [
        ("MODIFICATION_CONSULTED", "4.2(a)", "DCC", "shall", "SOS"),
        ("DMCT_ISSUE", "20.20(b)", "DCC", "shall", "SOS"),
    ]
    impact = PROCEDURES["DMCT_ISSUE"]
    assert impact.next_state("A_IMPACT_PLANNED", body="DCC", outcome="RERUN") == "A_RERUN"
    assert impact.transition("A_IMPACT_PLANNED", body="SOS", outcome="DIRECT_OTHERWISE").target == "A_DIRECTED"
    assert impact.transition("A_DIRECTED", body="DCC", outcome="COMPLY").duty == "shall"


def test_a_decision_is_final_exactly_where_the_text_says_so():
    said = {
        (rules.document, rules.version, step.clause)
        for rules in PROCEDURES.values()
        for step in rules.transitions
        if step.said_final
    }
    assert said == FINAL
    by_referral = {
        (rules.document, rules.version, row.clause): row.said_final for rules, row in referrals(PROCEDURES.values())
    }
    assert {key for key, final in by_referral.items() if final} == FINAL
    assert {key for key, final in by_referral.items() if not final} >= NOT_SAID_FINAL
    assert {key for key, rules in PROCEDURES.items() if rules.decision_is_final} == {
        "REGRESSION_SCOPE", "EXCLUSION", "SEVERITY_DISPUTE", "SCT_COUNT", "INTERFACE_COUNT", "DMC_SELECTION",
        "DMCT_ECONOMIC", "TEST_PACK_STANDARD", "TEST_PACK_NON_STANDARD", "DMCT_ISSUE", "DMCT_EXCLUSION", "DMCT_APPEAL",
    }  # fmt: skip


def test_no_window_is_invented():
    windows = {
        (key, where): within
        for key, rules in PROCEDURES.items()
        for where, within in [
            ("OPEN", rules.opens_within),
            *((step.outcome, step.within) for step in rules.transitions),
            *((due.what, due.within) for due in rules.notices),
        ]
        if within is not None
    }
    assert {where: (within.key, within.working_days, within.basis) for where, within in windows.items()} == {
        ("EXCLUSION", "REFER"): ("13.21", 5, Basis.DECISION),
        ("DMC_SELECTION", "REFER"): ("13.4", 10, Basis.DECISION),
        ("DMC_DESELECTION", "REFER"): ("13.7", 10, Basis.DECISION),
        ("DMCT_APPEAL", "OPEN"): ("20.35", 10, Basis.RECEIPT),
    }
    assert {within.key for within in windows.values()} == set(WINDOWS)


@pytest.mark.clause("SVTAD 1.5", "20.35")
def test_an_appeal_is_in_time_for_ten_working_days_of_its_receipt():
    """Received Thursday 2 April 2020: Good Friday and Easter Monday do not count, so Monday 20 April is the last."""
    easter = (date(2020, 4, 10), date(2020, 4, 13))
    assert WINDOWS["20.35"].last_day(date(2020, 4, 2), non_working_days=easter) == date(2020, 4, 20)


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.7")
def test_a_supplier_party_refers_within_ten_working_days_of_the_decision_whenever_it_was_notified():
    assert WINDOWS["13.4"].last_day(date(2019, 10, 8), non_working_days=()) == date(2019, 10, 22)
    christmas = (date(2019, 12, 25), date(2019, 12, 26), date(2020, 1, 1))
    assert WINDOWS["13.7"].last_day(date(2019, 12, 19), non_working_days=christmas) == date(2020, 1, 7)


@pytest.mark.clause("SVTAD 1.23", "20.12(a)")
def test_a_supplier_partys_disagreement_on_equivalence_is_referred_to_nobody():
    rules = PROCEDURES["DMCT_EQUIVALENCE"]
    assert rules.referrals == ()
    assert rules.deciders == ()
    [step] = rules.transitions
    assert (step.body, step.duty, step.target) == ("DCC", "shall", "SCHEDULED")
