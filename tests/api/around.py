"""What stands around a phase (stages, approach documents, eligibility, releases), and how each is called."""

from __future__ import annotations

from dataclasses import dataclass

from svtad.governing.models import DocumentVersion, EnteredCriterion
from testphases.actions import add_stage, enter_eligibility, enter_stage_criterion, plan_stage
from testphases.models import Eligibility, StageCriterion, TestScope, TestStage
from tests.api.calls import Call
from tests.factories import House, make_approach


@dataclass(frozen=True)
class Around:
    """A gated stage of SIT with a criterion, the SCTAD with one, SCT of MOC, and a Supplier's Eligibility Testing."""

    stage: TestStage
    stage_criterion: StageCriterion
    eligibility: Eligibility
    approach: DocumentVersion
    criterion: EnteredCriterion
    sct: TestScope


def make_around(house: House, sit: TestScope) -> Around:
    """Make one of each."""
    manager = house.actor("test_manager")
    stage = add_stage(scope=sit, name="Install", by=manager)
    plan_stage(stage=stage, has_entry_gate=True, test_plan="Test plan 1.0, section 4", by=manager)
    approach, [criterion] = make_approach("SCTAD", {"SCT": ["Capacity is shown"]})
    return Around(
        stage=stage,
        stage_criterion=enter_stage_criterion(stage=stage, gate="ENTRY", text="The rig is wired", by=manager),
        eligibility=enter_eligibility(organisation=house.supplier, role="Import Supplier", by=manager),
        approach=approach,
        criterion=criterion,
        sct=house.scope("SCT", "MOC"),
    )


#: Operations by their id: the path below /api/v1 and, where one is sent or asked with, what.
AROUND: dict[str, Call] = {
    "phases_criteria": Call(
        lambda w: f"/phases/{w.around.sct.public_id}/criteria",
    ),
    "phases_answer_criterion": Call(
        lambda w: f"/phases/{w.around.sct.public_id}/criteria/{w.around.criterion.public_id}/answers",
        lambda w: {"met": True, "reasons": "As measured."},
    ),
    "stages_list": Call(
        lambda w: f"/phases/{w.sit.public_id}/stages",
    ),
    "stages_add": Call(lambda w: f"/phases/{w.sit.public_id}/stages", lambda w: {"name": "Another"}),
    "stages_plan": Call(lambda w: f"/stages/{w.around.stage.public_id}/plan", lambda w: {"starts_on": "2026-03-09"}),
    "stages_move": Call(lambda w: f"/stages/{w.around.stage.public_id}/state", lambda w: {"state": "RUNNING"}),
    "stages_enter_criterion": Call(
        lambda w: f"/stages/{w.around.stage.public_id}/criteria",
        lambda w: {"gate": "ENTRY", "text": "The data is loaded"},
    ),
    "stages_answer": Call(
        lambda w: f"/stage-criteria/{w.around.stage_criterion.public_id}/answers",
        lambda w: {"met": True, "reasons": "Seen on site."},
    ),
    "eligibility_list": Call(
        lambda w: "/eligibility",
    ),
    "eligibility_enter": Call(lambda w: "/eligibility", lambda w: {"organisation": "supplier", "role": "Gas Supplier"}),
    "eligibility_move": Call(
        lambda w: f"/eligibility/{w.around.eligibility.public_id}/state",
        lambda w: {"state": "IN_PROGRESS"},
    ),
    "releases_readiness": Call(
        lambda w: f"/releases/{w.sit.release.public_id}/readiness",
    ),
    "releases_move": Call(lambda w: f"/releases/{w.sit.release.public_id}/state", lambda w: {"state": "READY"}),
    "releases_open_matter": Call(
        lambda w: f"/releases/{w.sit.release.public_id}/matters",
        lambda w: {"procedure": "CODE_PROMOTION", "title": "MOC to production"},
    ),
    "releases_name_document": Call(
        lambda w: f"/releases/{w.sit.release.public_id}/documents",
        lambda w: {"version": w.around.approach.public_id},
    ),
    "document_versions_list": Call(
        lambda w: "/document-versions",
    ),
    "document_versions_enter": Call(lambda w: "/document-versions", lambda w: {"document": "UTSAD", "version": "2.0"}),
    "document_versions_record_standing": Call(
        lambda w: f"/document-versions/{w.around.approach.public_id}/standing",
        lambda w: {
            "route": "APPROVED",
            "decided_on": "2026-03-02",
            "effective_from": "2026-03-02",
            "source": "Letter.",
        },
    ),
    "document_versions_enter_criterion": Call(
        lambda w: f"/document-versions/{w.around.approach.public_id}/criteria",
        lambda w: {"phase_kind": "SCT", "gate": "EXIT", "clause": "9.9", "text": "It is fast"},
    ),
}
