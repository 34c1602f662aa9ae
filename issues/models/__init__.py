"""Shapes of the issues app."""

from issues.models.decisions import CountingQuestion, ExclusionProposal, SeverityDispute
from issues.models.issue import (
    Attribution,
    Cause,
    IssueLog,
    IssueRunLink,
    IssueState,
    IssueStateChange,
    SeverityDetermination,
    TestingIssue,
)

__all__ = [
    "Attribution",
    "Cause",
    "CountingQuestion",
    "ExclusionProposal",
    "IssueLog",
    "IssueRunLink",
    "IssueState",
    "IssueStateChange",
    "SeverityDetermination",
    "SeverityDispute",
    "TestingIssue",
]
