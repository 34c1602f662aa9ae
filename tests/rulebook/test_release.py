"""7.2, 7.3 and 9.8: when a Capability Release is ready, and may go live."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from svtad.rulebook.codec import FactsError
from svtad.rulebook.facts import ChangedDocumentFact, InterfaceRepeatFact
from svtad.rulebook.release import (
    TRANSITIONS,
    ProductionReportFact,
    ReleaseFacts,
    ReleasePhaseFact,
    judge_release,
)
from svtad.rulebook.vocabulary import ReleaseState, Verdict

CLAUSE = "SVTAD 1.23"
DAY = date(2019, 10, 1)


def phase(kind: str, *, complete: bool = True, release: str = "MOC", **more) -> ReleasePhaseFact:
    return ReleasePhaseFact(
        scope=f"{release}-{kind}",
        title=f"{release} {kind}",
        phase_kind=kind,
        state="COMPLETE" if complete else "IN_PROGRESS",
        complete_on=DAY if complete else None,
        **more,
    )


def release(code: str = "MOC", *, without: str = "", **changes) -> ReleaseFacts:
    """A release whose four kinds are complete, with Interface Testing complete for IOC."""
    kinds = [kind for kind in ("PIT", "SIT", "SCT", "DORMANT_MMT") if kind != without]
    values = {
        "phases": tuple(phase(kind, release=code) for kind in kinds),
        "first_release_phases": (phase("INTERFACE", release="IOC"),),
        "production_report": ProductionReportFact(matter="M-9", reported_on=DAY, given_to="the Panel"),
        **changes,
    }
    return ReleaseFacts(
        document="SVTAD",
        version="1.23",
        programme="SMETS1",
        release=code,
        as_at=datetime(2019, 10, 1, 12, tzinfo=UTC),
        **values,
    )


def said(facts: ReleaseFacts) -> dict[str, str]:
    return {finding.key: finding.verdict.value for finding in judge_release(facts).ready}


@pytest.mark.clause(CLAUSE, "7.2", "5.5")
@pytest.mark.parametrize(("kind", "key"), [("PIT", "PIT"), ("SIT", "SIT"), ("SCT", "SCT"), ("DORMANT_MMT", "MT")])
@pytest.mark.parametrize("code", ["MOC", "FOC"])
def test_clause_7_2_a_release_without_one_of_the_four_is_not_ready(code, kind, key) -> None:
    assert judge_release(release(code)).verdict is Verdict.MET
    found = judge_release(release(code, without=kind))
    assert found.verdict is Verdict.NOT_MET
    wanting = next(row for row in found.ready if row.key == f"7.2-{key}")
    assert wanting.summary == f"No {'Migration Testing' if key == 'MT' else key} of {code} is set up."
    assert str(wanting.citation) == "SVTAD v1.23, 7.2"


@pytest.mark.clause(CLAUSE, "7.2", "2.4")
def test_clause_7_2_moc_with_sit_complete_and_sct_open_is_not_ready_and_names_sct() -> None:
    facts = release(without="SCT")
    found = judge_release(replace(facts, phases=(*facts.phases, phase("SCT", complete=False))))
    wanting = [row for row in found.ready if row.verdict is not Verdict.MET]
    assert [(row.key, row.summary) for row in wanting] == [("7.2-SCT", "Not complete: MOC SCT.")]
    assert [(row.reference, row.text) for row in wanting[0].blockers] == [("MOC SCT", "is in progress")]


@pytest.mark.clause(CLAUSE, "7.2")
def test_clause_7_2_every_phase_that_is_set_up_is_complete_not_one_of_them() -> None:
    facts = release()
    second = replace(phase("PIT", complete=False), scope="MOC-PIT-b", title="MOC PIT B")
    assert said(replace(facts, phases=(*facts.phases, second)))["7.2-PIT"] == "NOT_MET"


@pytest.mark.clause(CLAUSE, "7.2", "13.16", "15.2")
def test_a_sit_that_the_panel_took_back_is_not_complete_and_a_revoked_certificate_is_shown() -> None:
    facts = release(without="SIT")
    back = judge_release(replace(facts, phases=(*facts.phases, phase("SIT", contradicted="M-7"))))
    assert back.verdict is Verdict.NOT_MET
    assert "determined otherwise since (M-7)" in back.ready[1].blockers[0].text
    flagged = judge_release(replace(facts, phases=(*facts.phases, phase("SIT", revoked=("TCC-1",)))))
    assert flagged.verdict is Verdict.MET
    assert flagged.ready[1].notes == (
        "Revoked since, and not issued again (15.2): TCC-1. What was done is not undone.",
    )


@pytest.mark.clause(CLAUSE, "7.3", "7.2")
def test_clause_7_3_ioc_with_all_four_but_no_interface_testing_is_not_ready() -> None:
    assert said(release("IOC"))["7.3"] == "NOT_MET"
    facts = release("IOC")
    whole = replace(facts, phases=(*facts.phases, phase("INTERFACE", release="IOC")))
    assert judge_release(whole).verdict is Verdict.MET


@pytest.mark.clause(CLAUSE, "7.3", "5.2(b)")
def test_clause_7_3_without_a_direction_it_is_deemed_met_once_it_is_complete_for_ioc() -> None:
    assert said(release())["7.3"] == "MET"
    for before in ((), (phase("INTERFACE", complete=False, release="IOC"),)):
        found = judge_release(release(first_release_phases=before))
        assert found.ready[-1].verdict is Verdict.NOT_MET
        assert "nothing is deemed to be met" in found.ready[-1].summary
    assert "Deemed to be met" in judge_release(release()).ready[-1].summary


@pytest.mark.clause(CLAUSE, "7.3")
def test_clause_7_3_directed_it_is_conducted_once_the_changed_documents_are_in_effect() -> None:
    def interface(documents: tuple[ChangedDocumentFact, ...], *own: ReleasePhaseFact):
        repeat = InterfaceRepeatFact(matter="M-3", directed_on=DAY, documents=documents)
        facts = release(repeat=repeat)
        return judge_release(replace(facts, phases=(*facts.phases, *own))).ready[-1]

    held = ChangedDocumentFact(document="UTSAD", version="2.0", effective_on=DAY)
    later = replace(held, document="SVTAD", effective_on=date(2019, 10, 2))
    whole = phase("INTERFACE")
    assert "no document version is named" in interface((), whole).summary
    assert "not in effect yet: SVTAD v2.0" in interface((held, later), whole).summary
    assert "not in effect yet" in interface((replace(held, effective_on=None),), whole).summary
    assert interface((held,)).summary.endswith("be repeated for MOC; none is set up.")
    assert interface((held,), phase("INTERFACE", complete=False)).verdict is Verdict.NOT_MET
    assert interface((held,), whole).verdict is Verdict.MET
    asked = release(repeat=InterfaceRepeatFact(matter="M-3"))
    assert said(asked)["7.3"] == "MET"


@pytest.mark.clause(CLAUSE, "9.8")
def test_clause_9_8_a_release_goes_live_with_its_report() -> None:
    assert judge_release(release()).live_verdict is Verdict.MET
    assert judge_release(release()).live[0].summary == "Reported on 2019-10-01 (M-9), given to the Panel."
    unaddressed = ProductionReportFact(matter="M-9", reported_on=DAY)
    assert judge_release(release(production_report=unaddressed)).live[0].summary == "Reported on 2019-10-01 (M-9)."
    assert judge_release(release(production_report=None)).live_verdict is Verdict.NOT_MET


def test_a_release_moves_one_step_at_a_time() -> None:
    assert {state.value: [each.value for each in following] for state, following in TRANSITIONS.items()} == {
        "PLANNED": ["IN_TEST"],
        "IN_TEST": ["READY"],
        "READY": ["LIVE"],
        "LIVE": [],
    }
    assert set(TRANSITIONS) == set(ReleaseState)


def test_the_facts_of_a_release_are_read_back_as_written() -> None:
    facts = release(repeat=InterfaceRepeatFact(matter="M-3", directed_on=DAY))
    assert ReleaseFacts.from_json(facts.to_json()) == facts
    with pytest.raises(FactsError, match="is no release"):
        judge_release(release("EOC"))
