"""By when Testing Issues are to be resolved, as a phase was last judged (15.1)."""

from __future__ import annotations

from svtad.gates.queries.assessments import findings_of, latest_assessment
from svtad.gates.queries.phases import phase_kind_for
from svtad.rulebook.findings import DueLine
from testphases.models import TestScope


def resolution_dates(scope: TestScope) -> dict[str, DueLine]:
    """Return the dates of 15.1 by the public id of the open Testing Issue; none where the phase was never judged."""
    kind = phase_kind_for(scope)
    latest = latest_assessment(scope, kind.steps[-1]) if kind else None
    if latest is None:
        return {}
    return {line.issue: line for finding in findings_of(latest) for line in finding.dates}
