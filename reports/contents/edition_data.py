"""An edition of a document as data: what it judges by, in numbers and in our words of its clauses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svtad.rulebook import register
from svtad.rulebook.edition import Edition, ParameterSpec, PhaseKind
from svtad.rulebook.register import RegisterEntry


def edition_data(edition: Edition) -> dict[str, Any]:
    """Return the tables, the criteria, what is left open and how unclear texts are read, ready for JSON.

    `clauses` are our summaries of the document's rules: the text itself is its publisher's.
    """
    return {
        "document": edition.document,
        "version": edition.version,
        "title": edition.title,
        "releases": list(edition.releases),
        "severities": list(edition.severities),
        "functional_pass_rate": str(edition.functional_pass_rate),
        "work_off_days": _plain(edition.work_off_days),
        "presented_always": list(edition.presented_always),
        "ttm_exempt": list(edition.ttm_exempt),
        "overlap": sorted(edition.overlap),
        "readiness": _plain(edition.readiness),
        "phase_kinds": [_phase_kind(kind) for kind in edition.phase_kinds],
        "parameters": [_parameter(spec) for spec in edition.parameters],
        "readings": [{"key": each.key, "clause": each.clause, "text": each.text} for each in edition.readings],
        "clauses": [
            _clause(entry)
            for entry in register.entries()
            if (entry.document, entry.version) == (edition.document, edition.version)
        ],
    }


def _phase_kind(kind: PhaseKind) -> dict[str, Any]:
    return {
        "key": kind.key,
        "title": kind.title,
        "steps": [step.value for step in kind.steps],
        "limits": _plain(kind.limits) if kind.limits is not None else None,
        "exclusions": kind.exclusions,
        "considered_clause": kind.considered_clause,
        "considered_kinds": list(kind.considered_kinds),
        "presented": kind.presented,
        "entry_document": kind.entry_document,
        "criteria_document": kind.criteria_document,
        "stages": [{"key": each.key, "title": each.title, "clause": each.clause} for each in kind.stages],
        "criteria": [
            {
                "key": each.key,
                "clause": each.clause,
                "title": each.title,
                "text": each.clause_text,
                "steps": [step.value for step in each.steps],
                "parents": list(each.parents),
                "only_where_it_applies": each.only_if is not None,
            }
            for each in kind.criteria
        ],
    }


def _parameter(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "key": spec.key,
        "title": spec.title,
        "kind": spec.kind.value,
        "clause": spec.clause,
        "why": spec.why,
        "choices": _plain(spec.choices),
        "default": spec.default,
        "phase_kinds": list(spec.phase_kinds),
    }


def _clause(entry: RegisterEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "clause": entry.clause,
        "title": entry.title,
        "summary": entry.summary,
        "source": entry.source,
        "ambiguity": entry.ambiguity,
    }


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    return dict(table)
