"""Papers asked for and made: Completion Reports, copies for the Parties, certificates' papers, sealed packs."""

from reports.actions import certificates, completion_reports, packs
from reports.actions.certificates import produce_certificate_paper, request_certificate_paper
from reports.actions.completion_reports import (
    ANNEX,
    REPORT,
    produce_annex_volume,
    produce_completion_report,
    request_completion_report,
    staleness,
)
from reports.actions.copies import (
    bring_copy,
    direct_copies,
    open_copies,
    produce_party_copy,
    propose_redactions,
    provide_copies,
    request_copies,
    settle_copies,
)
from reports.actions.issue_logs import ISSUE_LOG, produce_issue_log_pdf, request_issue_log
from reports.actions.making import STEPS, Hold, Progress
from reports.actions.packs import PACK, produce_pack, request_pack

__all__ = [
    "ANNEX",
    "ISSUE_LOG",
    "PACK",
    "REPORT",
    "STEPS",
    "Hold",
    "Progress",
    "bring_copy",
    "certificates",
    "completion_reports",
    "direct_copies",
    "open_copies",
    "packs",
    "produce_annex_volume",
    "produce_certificate_paper",
    "produce_completion_report",
    "produce_issue_log_pdf",
    "produce_pack",
    "produce_party_copy",
    "propose_redactions",
    "provide_copies",
    "request_certificate_paper",
    "request_completion_report",
    "request_copies",
    "request_issue_log",
    "request_pack",
    "settle_copies",
    "staleness",
]
