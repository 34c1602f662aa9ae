"""A rule with its source, how it is judged, who decides under it, and the readings it rests on, as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from svtad.rulebook import register
from svtad.rulebook.edition import Edition, ParameterSpec
from svtad.rulebook.editions import EDITIONS
from svtad.rulebook.procedures import PROCEDURES, Procedure, wording
from svtad.rulebook.register import RegisterEntry, covers, normalise


def explain(query: str) -> str | None:
    """Everything held about a clause, as text; None where nothing is."""
    found = register.find(query)
    blocks = [_entry(entry) for entry in found]
    for edition in EDITIONS:
        own = [entry for entry in found if (entry.document, entry.version) == (edition.document, edition.version)]
        clauses = {normalise(entry.clause) for entry in own} if found else {normalise(query)}
        blocks.extend(_criteria(edition, clauses))
        blocks.extend(_readings(edition, clauses))
    blocks.extend(wording.as_text(each) for each in PROCEDURES.values() if _is_under(each, found, query))
    return "\n\n".join(blocks) or None


def _entry(entry: RegisterEntry) -> str:
    lines = [f"{entry.citation}: {entry.title}  [{entry.id}]", f"  {entry.summary}", f"  Source: {entry.source}."]
    if entry.deadline != "none":
        lines.append(f"  Deadline: {entry.deadline}.")
    if entry.ambiguity:
        lines.append(f"  Unclear: {entry.ambiguity}")
    return "\n".join(lines)


def _criteria(edition: Edition, clauses: set[str]) -> Iterator[str]:
    """How the edition judges the clause; one block for a criterion that several phase kinds share."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for kind in edition.phase_kinds:
        for criterion in kind.criteria:
            if _is_of(criterion.clause, clauses):
                text = f"{edition.cite(criterion.clause)}: {criterion.title}"
                kinds.setdefault((text, criterion.clause_text), []).append(kind.key)
    for (title, text), keys in kinds.items():
        yield f"Judged for {', '.join(keys)} as {title}\n  {text}"


def _readings(edition: Edition, clauses: set[str]) -> Iterator[str]:
    for reading in edition.readings:
        if _is_of(reading.clause, clauses):
            yield f"Reading {reading.key}\n  {reading.text}"
    for spec in edition.parameters:
        if _is_of(spec.clause, clauses):
            yield _parameter(spec)


def _parameter(spec: ParameterSpec) -> str:
    lines = [f"Setting {spec.key}: {spec.title}", f"  {spec.why}"]
    for value, text in spec.choices.items():
        mark = " (default)" if value == spec.default else ""
        lines.append(f"  {value}{mark}: {text}")
    if not spec.is_reading:
        lines.append("  A number that no source gives: CANNOT_EVALUATE until an administrator sets it.")
    return "\n".join(lines)


def _is_under(procedure: Procedure, found: tuple[RegisterEntry, ...], query: str) -> bool:
    """Whether a procedure cites the clause, or one of the rules found, of its own document and version."""
    if not found:
        return any(covers(normalise(query), normalise(cited)) for cited in procedure.clauses)
    own = {
        normalise(entry.clause)
        for entry in found
        # Rules of the MTAD are held without a version.
        if entry.document == procedure.document and entry.version in (procedure.version, "")
    }
    return any(covers(wanted, normalise(cited)) for cited in procedure.clauses for wanted in own)


def _is_of(clause: str, clauses: set[str]) -> bool:
    own = normalise(clause)
    return any(covers(wanted, own) for wanted in clauses)
