"""What could not be evaluated, the readings, the slips of the source, the parameters and the calendar."""

from __future__ import annotations

from reports.contents.dossier import Dossier
from reports.contents.words import NONE, count, day, plain
from reports.shapes import Labelled, Parameter, Reading, Unjudged


def unjudged(dossier: Dossier) -> tuple[Unjudged, ...]:
    """Return every fact, parameter or document that a judgement lacked, under the criterion that lacked it."""
    return tuple(
        Unjudged(clause=finding.citation.clause, title=finding.title, kind=plain(missing.kind), text=missing.text)
        for finding in dossier.judgement.findings
        for missing in finding.missing
        if not finding.is_detail
    )


def readings(dossier: Dossier) -> tuple[Reading, ...]:
    """Return the readings that the verdicts rest on, each once, with the clauses that use it."""
    used: dict[tuple[str, str], tuple[Reading, list[str]]] = {}
    for finding in dossier.judgement.findings:
        for reading in finding.readings:
            entry = used.setdefault(
                (reading.key, reading.value),
                (
                    Reading(
                        text=reading.text,
                        value="" if reading.value == "fixed" else reading.value,
                        is_setting=reading.value != "fixed",
                        is_default=reading.is_default,
                        used_by="",
                    ),
                    [],
                ),
            )
            entry[1].append(finding.citation.clause)
    return tuple(
        Reading(
            text=reading.text,
            value=reading.value,
            is_setting=reading.is_setting,
            is_default=reading.is_default,
            used_by=", ".join(dict.fromkeys(clauses)),
        )
        for reading, clauses in used.values()
    )


def source_notes(dossier: Dossier) -> tuple[Labelled, ...]:
    """Return what the findings note of the source's own slips and of anything out of the ordinary, each once."""
    notes: dict[str, list[str]] = {}
    for finding in dossier.judgement.findings:
        if finding.is_detail:
            continue
        for note in finding.notes:
            notes.setdefault(note, []).append(finding.citation.clause)
    return tuple(Labelled(label=", ".join(dict.fromkeys(clauses)), value=note) for note, clauses in notes.items())


def parameters(dossier: Dossier) -> tuple[Parameter, ...]:
    """Return the values that administrators set, or left empty, as the facts carry them."""
    titles = {spec.key: spec.title for spec in dossier.edition.parameters}
    return tuple(
        Parameter(
            key=row.key,
            title=titles.get(row.key, row.key),
            value=NONE if row.value is None else row.value,
            source=row.source or NONE,
            approver=row.approver or NONE,
            effective_from=day(row.effective_from),
        )
        for row in dossier.facts.parameters
    )


def non_working_days(dossier: Dossier) -> str:
    """Return in a sentence which calendar the Working Days were counted with; the days are in the facts."""
    days = dossier.facts.non_working_days
    if not days:
        return "The facts carry no non-working days other than Saturdays and Sundays."
    return (
        f"The facts carry {count(len(days), 'non-working day')} from {day(days[0])} to {day(days[-1])}; "
        "Saturdays and Sundays do not count either."
    )
