"""From ordinary use to paper: results recorded, boards decided, judged, and the report made of it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from issues.actions import dispute_severity, propose_exclusion
from reports.actions import request_completion_report
from svtad.gates.models import EvidenceItem, FiledReport
from svtad.governance.actions import run_job_now
from svtad.governance.files import read_file
from tests.factories import at, decide, make_house, make_issue
from tests.gates.world import Phase, make_phase
from tests.reports.reading import squeezed, text_of

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test")]


def made_for(phase: Phase) -> bytes:
    """Judge the phase for the Panel, have the report made, and return the file that was filed."""
    phase.assess("PANEL")
    manager = phase.house.actor("test_manager")
    run_job_now(request_completion_report(scope=phase.scope, by=manager))
    filed = FiledReport.objects.latest("pk")
    return read_file(filed.file)


def report_before_tab(phase: Phase) -> bytes:
    """Make the report of a phase whose assurance report TAB has not approved, with what was witnessed."""
    for provider in (phase.house.alpha, phase.house.beta):
        phase.attach("PROVIDER_REPORT", provider=provider, state="ACCEPTED")
    stated = {"executed": 38, "passed": 36, "failed": [{"number": 2, "reason": "The display froze"}]}
    phase.attach("ASSURANCE_REPORT", statements={"13.13": stated})
    return made_for(phase)


def report_of_everything_met(phase: Phase) -> tuple[EvidenceItem, bytes]:
    """Make the report of a phase with everything met; return TAB's assurance report beside it."""
    assurance = phase.reports()
    for provider in (phase.house.alpha, phase.house.beta):
        phase.certify(provider)
    for kind in ("TTM", "TEST_HEATMAP"):
        phase.attach(kind)
    phase.attach("SIT_AUDIT_REPORT", statements={f"19.4({letter})": True for letter in "abcdef"})
    return assurance, made_for(phase)


# Drawing a report takes seconds, so each of these is made once for the tests that read it.


@pytest.fixture(scope="class")
def lent_before_tab(lend) -> bytes:
    return lend(make_house, make_phase, report_before_tab)


@pytest.fixture
def before_tab(lent_before_tab) -> PdfReader:
    return PdfReader(io.BytesIO(lent_before_tab))


@pytest.fixture(scope="class")
def lent_everything_met(lend) -> tuple[EvidenceItem, bytes]:
    return lend(make_house, make_phase, report_of_everything_met)


@pytest.fixture
def everything_met(lent_everything_met) -> tuple[EvidenceItem, PdfReader]:
    assurance, content = lent_everything_met
    return assurance, PdfReader(io.BytesIO(content))


@pytest.fixture(scope="class")
def lent_phase(lend) -> Phase:
    return lend(make_house, make_phase)


@pytest.mark.clause("SVTAD 1.23", "9.7", "13.20", "14.5")
def test_what_the_boards_decided_is_in_the_report_and_judges_to_the_same_findings(lent_phase, tmp_path):
    phase = lent_phase
    house = phase.house
    excluded = make_issue(phase.scope, raised_by=house.alpha, severity="3", provider=house.alpha, state="IN_FIX")
    disputed = make_issue(phase.scope, raised_by=house.beta, severity="3", provider=house.beta, state="IN_FIX")
    proposal = propose_exclusion(
        issue=excluded,
        scope=phase.scope,
        rationale="Only one device of an old make shows it.",
        by=house.actor("test_manager"),
        at=at(days=3),
    )
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=3, hours=2), rationale="Agreed on the evidence shown.")
    dispute = dispute_severity(
        issue=disputed,
        participant_severity="2",
        reasons="It stops top-ups.",
        raised_by=house.beta,
        by=house.actor("provider_tester", house.beta),
        at=at(days=3),
    )
    phase.log(moment=at(days=4, hours=1))
    phase.reports()
    reader = PdfReader(io.BytesIO(made_for(phase)))
    text = text_of(reader)
    assert "Only one device of an old make shows it." in text
    assert "Agreed on the evidence shown." in text
    assert proposal.matter.reference in text
    assert dispute.matter.reference in text
    assert "Blocks the decision (14.5)" in text
    for issue in (excluded, disputed):
        assert issue.reference in squeezed(text)
    facts = tmp_path / "facts.json"
    facts.write_bytes(reader.attachments["facts.json"][0])
    judged = subprocess.run(
        [sys.executable, "-m", "svtad.rulebook", "judge", str(facts), "--step", "PANEL"],
        check=True,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    assert json.loads(judged.stdout) == json.loads(reader.attachments["findings.json"][0])


@pytest.mark.clause("SVTAD 1.23", "9.4", "9.5", "9.7")
def test_the_approved_reports_are_inside_byte_for_byte(everything_met):
    item, reader = everything_met
    inside = {name: files[0] for name, files in reader.attachments.items() if name.endswith(".pdf")}
    assert len(inside) == 3, "two provider reports and the assurance report"
    assert read_file(item.file) in inside.values()
    assert "attached: 03-assurance_report.pdf" in text_of(reader)


@pytest.mark.clause("SVTAD 1.23", "13.15")
def test_a_sit_with_everything_met_says_so_and_leaves_the_decision_to_the_panel(everything_met):
    text = text_of(everything_met[1])
    assert "MOC: every SIT Exit Criterion judged at this step is met, 11 of 11." in text
    assert "SIT completes only when the Panel determines" in text


@pytest.mark.clause("SVTAD 1.23", "9.6")
def test_an_assurance_report_that_tab_has_not_approved_is_not_inside(before_tab):
    assert sorted(before_tab.attachments) == ["facts.json", "findings.json", "lists.xlsx"]


@pytest.mark.clause("SVTAD 1.23", "13.13")
def test_witnessing_stated_with_the_assurance_report_is_printed(before_tab):
    text = text_of(before_tab)
    assert "36/38 (94.7%)" in text
    assert "The display froze" in text
