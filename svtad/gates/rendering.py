"""Papers of the gates as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PlanLine:
    """One open Testing Issue of a Work Off Plan, as its file shows it."""

    reference: str
    title: str
    provider: str
    severity: str
    raised_in: str
    state: str
    excluded: str
    working_days: str
    due: str


PLAN_HEADER = (
    "Testing Issue", "Title", "DCC Service Provider", "Severity", "Raised in", "State", "Excluded", "Working Days",
    "Due",
)  # fmt: skip


def work_off_plan_csv(lines: Iterable[PlanLine]) -> bytes:
    """Return a Work Off Plan as a CSV file: UTF-8 with a mark that spreadsheets know, formulas defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PLAN_HEADER)
    for line in lines:
        cells = (
            line.reference, line.title, line.provider, line.severity, line.raised_in, line.state, line.excluded,
            line.working_days, line.due,
        )  # fmt: skip
        writer.writerow([_defused(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
