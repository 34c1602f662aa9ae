"""Shapes of the issues app."""

from issues.models.decisions import CountingQuestion, ExclusionProposal, SeverityDispute
from issues.models.issue import (
    NOT_DCC_CAUSES,
    Attribution,
    Cause,
    IssueLog,
    IssueRunLink,
    IssueState,
    IssueStateChange,
    SeverityDetermination,
    TestingIssue,
)
from issues.models.links import IssueLink, IssueLinkEnd, LinkKind
from issues.models.said import AttachmentWithdrawal, IssueAttachment, IssueComment, Reach
from issues.models.trackers import TermKind, TrackerDisagreement, TrackerTerm

__all__ = [
    "NOT_DCC_CAUSES",
    "AttachmentWithdrawal",
    "Attribution",
    "Cause",
    "CountingQuestion",
    "ExclusionProposal",
    "IssueAttachment",
    "IssueComment",
    "IssueLink",
    "IssueLinkEnd",
    "IssueLog",
    "IssueRunLink",
    "IssueState",
    "IssueStateChange",
    "LinkKind",
    "Reach",
    "SeverityDetermination",
    "SeverityDispute",
    "TermKind",
    "TestingIssue",
    "TrackerDisagreement",
    "TrackerTerm",
]
