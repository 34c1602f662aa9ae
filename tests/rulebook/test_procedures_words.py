"""A procedure in words, drawn, and explained: nothing of it is lost or laid over something else."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from svtad.rulebook.explain import explain
from svtad.rulebook.procedures import PROCEDURES, Procedure, Recipient, procedure, wording
from svtad.rulebook.procedures.drawing import svg
from svtad.rulebook.procedures.listing import as_markdown, grouped
from svtad.rulebook.vocabulary import Body

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"

every_procedure = pytest.mark.parametrize("rules", PROCEDURES.values(), ids=PROCEDURES)


# --- what must be given ------------------------------------------------------------------------------


@pytest.mark.clause(
    "SVTAD 1.23", "4.3", "7.3", "7.5", "9.8", "12.6(a)", "13.3", "13.5(a)", "13.5(b)", "13.9", "13.15(b)", "13.17",
    "13.20", "13.21", "13.23", "14.2", "15.2", "20.17", "20.20(b)", "20.23",
)  # fmt: skip
@pytest.mark.parametrize(
    ("key", "outcome", "needs"),
    [
        ("MODIFICATION_MINOR", "OPEN", ["why_minor"]),
        ("INTERFACE_REPEAT", "NOTIFY_VIEWS", ["dcc_view", "tag_view"]),
        ("REGRESSION_SCOPE", "DECLINE", ["impact"]),
        ("CODE_PROMOTION", "REPORT_FOR_PRODUCTION", ["document", "given_to"]),
        ("DESCOPE_SIT", "OPEN", ["exceptional_circumstances"]),
        ("DMC_SELECTION", "OPEN", ["rationale"]),
        ("DMC_SELECTION", "REFER", ["supplier"]),
        ("DMC_DESELECTION", "CONSULT_ON_ISSUE", ["action", "delay", "document"]),
        ("DMC_DESELECTION", "CONSULT_ON_SUPPLY", ["steps_taken", "alternative", "document"]),
        ("REDACTED_COPIES", "OPEN", []),
        ("REDACTED_COPIES", "PROPOSE", ["redactions"]),
        ("REDACTED_COPIES", "DIRECT", ["redactions"]),
        ("EXCLUSION", "OPEN", ["rationale"]),
        ("EXCLUSION", "REFER", ["material_impact"]),
        ("INTERFACE_COUNT", "OPEN", ["presented_under"]),
        ("INTERFACE_COUNT", "CHANGE_SEVERITY", ["severity"]),
        ("SEVERITY_DISPUTE", "OPEN", ["participant_severity", "rationale"]),
        ("CORRECTION_PLAN", "OPEN", ["aware_on"]),
        ("CORRECTION_PLAN", "PRESENT", ["document", "due"]),
        ("CORRECTION_PLAN", "APPROVE_AND_REVOKE", ["revoked"]),
        ("SIT_COMPLETION", "REVIEW_WITH_TAG", ["views"]),
        ("SIT_COMPLETION", "NOT_MET", ["criteria", "rationale"]),
        ("CORRECTION_PLAN", "APPROVE", []),
        ("TEST_PACK_NON_STANDARD", "OPEN", ["document", "rationale"]),
        ("DMCT_ISSUE", "PLAN_WITH_IMPACT", ["material_impact"]),
        ("DMCT_ISSUE", "PLAN_WITHOUT_IMPACT", []),
        ("DMCT_ISSUE", "RECOMMEND_C", ["change_needed"]),
        ("DMCT_OUTCOME", "DECLARE_UNEXECUTABLE", ["unexecuted"]),
        ("DMCT_APPEAL", "OPEN", ["ground", "result_changes"]),
    ],
)
def test_what_has_to_be_given(key, outcome, needs):
    rules = procedure(key)
    if outcome == "OPEN":
        assert [need.key for need in rules.opens_with] == needs
        return
    steps = [step for step in rules.transitions if step.outcome == outcome]
    assert steps
    assert all([need.key for need in step.requires] == needs for step in steps)


@every_procedure
def test_every_decision_of_the_secretary_of_state_and_every_document_is_named_as_to_be_attached(rules):
    attached = wording.attachments(rules)
    for step in rules.transitions:
        has_file = any(need.kind == "file" for need in step.requires)
        listed = (step.body, step.outcome) in {(body, outcome) for body, outcome, _ in attached}
        assert listed == (has_file or step.body in (Body.SOS, Body.AUTHORITY))
    opening = [title for _, outcome, title in attached if outcome == "OPEN"]
    assert opening == [need.title for need in rules.opens_with if need.kind == "file"]
    assert len(set(attached)) == len(attached)


# --- words -------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21", "20.23")
def test_a_step_is_called_by_who_may_or_shall_do_what_and_by_which_clause():
    assert wording.label(procedure("EXCLUSION").transition("PROPOSED", body="TAG", outcome="REJECT")) == (
        "TAG may: reject 13.21"
    )
    promoted = procedure("DMCT_ISSUE").transition("C_RECOMMENDED", body="DCC", outcome="RECOMMEND_TO_SOS")
    assert wording.label(promoted) == "DCC shall: recommend to SoS 20.23"
    assert wording.state_words("NOT_B") == "Not (b)"
    assert wording.state_words("SOS_NOT_COUNT") == "SoS not count"
    assert {wording.who(each) for each in (*Body, *Recipient)} >= {"the Secretary of State", "stakeholders"}
    assert wording.listed((Body.TAG,)) == "TAG"
    assert wording.listed((Body.TAG, Body.PANEL, Recipient.PARTIES)) == "TAG, the Panel and Parties"


@pytest.mark.clause("SVTAD 1.23", "13.20", "20.12(a)", "20.20")
def test_notices_and_referrals_are_told_in_sentences():
    exclusion, issue = procedure("EXCLUSION"), procedure("DMCT_ISSUE")
    assert wording.notice(exclusion.notices[0]) == (
        "TAB, TAG and the Panel shall be told when it is opened (13.20): "
        "The proposal to exclude the Testing Issue, and its rationale."
    )
    assert wording.notice(issue.notices_on("PLAN_WITH_IMPACT")[0]).startswith(
        "Parties, the Panel, the Authority and the Secretary of State shall be told on “plan with impact”, "
        "before “rerun”"
    )
    assert wording.referral(exclusion.referrals[0]) == (
        "The DCC may refer to the Secretary of State (13.21), within 5 Working Days of the TAG's decision. "
        "Meanwhile: The issue counts. The decision is final."
    )
    assert wording.referral(procedure("DMCT_TIMING").referrals[0]) == (
        "The DCC shall refer to the Secretary of State (20.12(b)), without a stated window. "
        "Meanwhile: The DMC is not scheduled."
    )
    assert wording.deciders(exclusion) == "TAG, then the Secretary of State"
    assert wording.deciders(procedure("DMCT_EQUIVALENCE")) == "Nobody: the step follows of itself"


def test_a_citation_leaves_out_a_version_that_the_sources_do_not_name():
    assert procedure("EXCLUSION").citation == "SVTAD v1.23, 13.20-13.21"
    assert procedure("MTAD_DEPTH_BREADTH").citation == "MTAD, 3"
    assert procedure("EXCLUSION").cite("13.21") == "SVTAD v1.23, 13.21"


@pytest.mark.clause("SVTAD 1.23", "20.24", "13.9", "10.2")
def test_a_procedure_knows_every_clause_that_it_cites_ranges_written_out():
    assert procedure("EXCLUSION").clauses == ("13.20", "13.21")
    assert set(procedure("DMCT_ISSUE").clauses) >= {"20.19", "20.22", "20.24", "20.25", "20.20(b)"}
    assert set(procedure("CODE_PROMOTION").clauses) == {"9.4", "9.5", "9.6", "9.8", "9.10"}
    assert "13.9" in procedure("DMC_DESELECTION").clauses
    assert "10.2" in procedure("COMPLETION_REPORT").clauses


# --- explain and the listing -------------------------------------------------------------------------


def procedures_told(query: str) -> set[str]:
    return set(re.findall(r"^Procedure (\w+):", explain(query) or "", flags=re.MULTILINE))


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "13.24", "20.24")
@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("12.6(a)", {"DESCOPE_PIT", "DESCOPE_SIT"}),
        ("12.6", {"DESCOPE_PIT", "DESCOPE_SIT", "TEST_COMPLETION_CERTIFICATE", "WORK_OFF_PLAN"}),
        ("SVTAD-13.24", {"SCT_COUNT", "INTERFACE_COUNT"}),
        ("20.24", {"DMCT_ISSUE"}),
        ("20.31", {"DMCT_VERSIONS", "DMCT_OUTCOME"}),
        ("SVTAD-20.31", {"DMCT_VERSIONS"}),
        ("SVTAD15-20.35", {"DMCT_APPEAL", "DMCT_OUTCOME", "DMCT_EXCLUSION"}),
        ("MTAD-3-depth", {"MTAD_DEPTH_BREADTH"}),
        ("MTAD-T9.3-2A", {"END_OF_CYCLE_MT"}),
        ("SVTAD15-T13.1-eoc", {"END_OF_CYCLE_SIT"}),
        ("NOV20-4-golive", {
            "NOV20_SEC_ELEMENTS", "NOV20_BEIS_ELEMENTS", "NOV20_BEIS_COMPLETION", "NOV20_GO_LIVE",
        }),
        ("Attachment 1", {"SVTAD_REDESIGNATION"}),
        ("11.1", set()),
        ("99", set()),
    ],
)  # fmt: skip
def test_explain_tells_the_procedures_of_a_clause(query, keys):
    assert procedures_told(query) == keys


def test_explain_tells_all_that_a_procedure_holds():
    text = explain("13.6") or ""
    rules = procedure("DMC_DESELECTION")
    assert rules.summary in text
    assert rules.effect_while_pending in text
    assert all(note in text for note in rules.notes)
    assert all(wording.notice(due) in text for due in rules.notices)
    assert "TAG shall be asked (13.5)" in text
    assert "DESELECTED -> REFERRED  [SUPPLIER may REFER; 13.7; needs: The Supplier Party that disagrees" in text


def test_the_list_of_procedures_is_up_to_date():
    held = (ROOT / "docs" / "procedures.md").read_text(encoding="utf-8")
    assert held == as_markdown(PROCEDURES.values()) + "\n", "run script/procedures"


def test_the_groups_hold_every_procedure_once_and_leave_out_what_is_empty():
    assert sorted(rules.key for _, held in grouped(PROCEDURES.values()) for rules in held) == sorted(PROCEDURES)
    assert [group for group, _ in grouped([procedure("EXCLUSION")])] == ["ISSUES"]


# --- the drawing -------------------------------------------------------------------------------------


def drawn(rules: Procedure) -> ElementTree.Element:
    return ElementTree.fromstring(svg(rules))


def words_in(image: ElementTree.Element) -> str:
    return " ".join(" ".join(text.text or "" for text in image.iter(f"{SVG}text")).split())


def boxes(image: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box and label; the inner line of a state of rest is left out."""
    found = []
    for rect in image.iter(f"{SVG}rect"):
        if rect.get("class") != "edge":
            x, y, width, height = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


@every_procedure
def test_a_drawing_names_every_state_and_every_step_and_says_them_to_who_cannot_see_it(rules):
    image = drawn(rules)
    told = image.findtext(f"{SVG}desc", "")
    assert image.get("role") == "img"
    named = (image.get("aria-labelledby") or "").split()
    assert named == [element.get("id") for element in (*image.iter(f"{SVG}title"), *image.iter(f"{SVG}desc"))]
    seen = words_in(image)
    for state in rules.states:
        assert wording.state_words(state) in seen
    for step in rules.transitions:
        assert wording.label(step) in seen
        assert (
            f"{wording.state_words(step.source)}: {wording.label(step)}, to {wording.state_words(step.target)}." in told
        )
    assert f"It begins as {wording.state_words(rules.initial)}." in told


@every_procedure
def test_in_a_drawing_nothing_lies_over_anything_else_or_outside(rules):
    image = drawn(rules)
    width, height = float(image.get("width", "")), float(image.get("height", ""))
    held = boxes(image)
    assert all(0 <= left < right <= width and 0 <= top < bottom <= height for left, top, right, bottom in held)
    for one, other in combinations(held, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    assert width <= 1400, "the largest has to be readable without much scrolling"


@every_procedure
def test_a_drawing_marks_where_a_matter_rests_and_takes_its_colours_from_attributes(rules):
    image = drawn(rules)
    resting = [rect for rect in image.iter(f"{SVG}rect") if rect.get("class") == "rest"]
    assert len(resting) == len(rules.final)
    assert len([rect for rect in image.iter(f"{SVG}rect") if rect.get("class") == "edge"]) == len(rules.final)
    for element in image.iter():
        if element.tag.removeprefix(SVG) in ("rect", "text", "path", "circle"):
            assert element.get("class")
            assert {element.get("fill"), element.get("stroke")} & {f"#{colour}" for colour in (
                "12202b", "51606d", "ffffff", "edf1f4", "dff3f1",
            )}  # fmt: skip
            assert "var(" not in str(element.attrib)
    assert svg(rules) == svg(rules)


@pytest.mark.clause("SVTAD 1.23", "13.15")
def test_acts_that_come_in_any_order_are_one_box():
    image = drawn(procedure("SIT_COMPLETION"))
    assert "Not started, Announced, Package sent, TAG reviewed, Continue in any order:" in words_in(image)
    assert words_in(image).count("Panel may: confirm 13.16") == 1
    assert "DCC shall: announce 13.15(a) → Announced" in words_in(image)
    assert "Panel shall: direct 13.16 → Continue" in words_in(image)


@pytest.mark.clause("SVTAD 1.23", "20.21", "20.25(b)")
def test_many_ways_back_are_written_and_few_are_drawn():
    assert "DCC may: recommend (b) 20.25(b) ↑ (b) recommended" in words_in(drawn(procedure("DMCT_ISSUE")))
    few = drawn(procedure("ASSURANCE_REPORT"))
    assert "↑" not in words_in(few)
    heads = [path for path in few.iter(f"{SVG}path") if path.get("class") == "head"]
    assert len(heads) == len(procedure("ASSURANCE_REPORT").transitions)
    assert any("l-4 7" in path.get("d", "") for path in heads), "an arrow that leads up"
