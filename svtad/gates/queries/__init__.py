"""Reading judgements, where phases stand, and what is on paper."""

from svtad.gates.queries.assessments import (
    NOT_STARTED,
    Criterion,
    assessment_at,
    criteria,
    filed_reports,
    findings_of,
    headroom,
    latest_assessment,
    latest_assessments,
    of_present,
    provider_names,
    step_shown,
    steps_for,
)
from svtad.gates.queries.contradicted import contradicted
from svtad.gates.queries.phases import edition_for, followers_of, phase_kind_for, precursor_kinds
from svtad.gates.queries.staleness import is_stale, pending_changes
from svtad.gates.queries.standing import Standing, standing
from svtad.gates.queries.visibility import findings_for, own_cells_only, short_findings_for
from svtad.gates.queries.wording import Shown, Word, shown, shown_overall, shown_stored, summary_of

__all__ = [
    "NOT_STARTED",
    "Criterion",
    "Shown",
    "Standing",
    "Word",
    "assessment_at",
    "contradicted",
    "criteria",
    "edition_for",
    "filed_reports",
    "findings_for",
    "findings_of",
    "followers_of",
    "headroom",
    "is_stale",
    "latest_assessment",
    "latest_assessments",
    "of_present",
    "own_cells_only",
    "pending_changes",
    "phase_kind_for",
    "precursor_kinds",
    "provider_names",
    "short_findings_for",
    "shown",
    "shown_overall",
    "shown_stored",
    "standing",
    "step_shown",
    "steps_for",
    "summary_of",
]
