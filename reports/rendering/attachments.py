"""The full lists as a workbook: every text a text, never a formula, and the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.shapes import AnnexVolume, CompletionReport, CountRow, IssueRow, TestRow
from svtad.lib.xlsxout import workbook

Cell = str | int | None

_ISSUE_HEAD = ("Reference", "Title", "Provider", "Severity", "State", "Raised in", "Counts", "Why", "Disputed")
_TEST_HEAD = ("Reference", "Title", "Kind", "DMC", "Functional group", "Provider", "Status", "Versions")
_COUNT_HEAD = (
    "Name",
    "Planned",
    "De-scoped",
    "To be executed",
    "Executed",
    "Passed",
    "Failed",
    "Not run",
    "Assured",
    "Needed",
)


def full_sheet(report: CompletionReport) -> bytes:
    """Return the workbook of a report: open issues, tests that did not pass, and the counts by DMC and by group."""
    return workbook(
        {
            "Testing Issues": _issues(report.register),
            "Tests that did not pass": _tests(report.open_tests),
            "By DMC": _counts(report.tests.by_dmc),
            "By functional group": _counts(report.tests.by_group),
        }
    )


def annex_sheet(volume: AnnexVolume) -> bytes:
    """Return the workbook of one annex volume."""
    rows = _issues(volume.issues) if volume.issues else _tests(volume.tests)
    return workbook({volume.entry.what[:31]: rows})


def _issues(rows: Sequence[IssueRow]) -> Iterable[Sequence[Cell]]:
    yield _ISSUE_HEAD
    for row in rows:
        yield (
            row.reference,
            row.title,
            row.provider,
            row.severity,
            row.state,
            row.raised_in,
            row.counts,
            row.why,
            "yes" if row.disputed else "no",
        )


def _tests(rows: Sequence[TestRow]) -> Iterable[Sequence[Cell]]:
    yield _TEST_HEAD
    for row in rows:
        yield (row.reference, row.title, row.kind, row.dmc, row.group, row.provider, row.status, row.versions)


def _counts(rows: Sequence[CountRow]) -> Iterable[Sequence[Cell]]:
    yield _COUNT_HEAD
    for row in rows:
        yield (
            row.name,
            row.planned,
            row.descoped,
            row.due,
            row.executed,
            row.passed,
            row.failed,
            row.not_run,
            row.assured,
            row.needed,
        )
