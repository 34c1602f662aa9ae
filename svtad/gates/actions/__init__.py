"""What is written at the gates. Only these write; each checks, writes and audits in one transaction."""

from svtad.gates.actions.assessing import assess, assess_scope, file_report, queue_assessments, sweep_changes
from svtad.gates.actions.certificates import draft_certificate, settle_certificate
from svtad.gates.actions.completion import settle_sit_completion
from svtad.gates.actions.completion_reports import settle_completion_report
from svtad.gates.actions.copies import file_party_copy, share_copies, start_copies
from svtad.gates.actions.corrections import open_correction_plan, present_correction_plan, settle_correction_plan
from svtad.gates.actions.deselecting import propose_deselection, settle_deselection
from svtad.gates.actions.evidence import (
    attach_evidence,
    present_assurance_report,
    review_evidence,
    settle_assurance_report,
    withdraw_evidence,
)
from svtad.gates.actions.proceeding import request_approval_to_proceed, settle_approval, settle_entry_matter
from svtad.gates.actions.releases import (
    answer_criterion,
    name_repeat_document,
    open_release_matter,
    settle_release_matter,
    withdraw_repeat_document,
)
from svtad.gates.actions.signed import file_certificate_paper, file_sealed_pack, queue_certificate_paper
from svtad.gates.actions.work_off_plans import change_plan_item, draw_up_work_off_plan, settle_work_off_plan

__all__ = [
    "answer_criterion",
    "assess",
    "assess_scope",
    "attach_evidence",
    "change_plan_item",
    "draft_certificate",
    "draw_up_work_off_plan",
    "file_certificate_paper",
    "file_party_copy",
    "file_report",
    "file_sealed_pack",
    "name_repeat_document",
    "open_correction_plan",
    "open_release_matter",
    "present_assurance_report",
    "present_correction_plan",
    "propose_deselection",
    "queue_assessments",
    "queue_certificate_paper",
    "request_approval_to_proceed",
    "review_evidence",
    "settle_approval",
    "settle_assurance_report",
    "settle_certificate",
    "settle_completion_report",
    "settle_correction_plan",
    "settle_deselection",
    "settle_entry_matter",
    "settle_release_matter",
    "settle_sit_completion",
    "settle_work_off_plan",
    "share_copies",
    "start_copies",
    "sweep_changes",
    "withdraw_evidence",
    "withdraw_repeat_document",
]
