"""SIT beside Interface Testing (5.7), and Interface Testing once more (7.3): neither without leave."""

from __future__ import annotations

from datetime import date

from svtad.rulebook.calendar import london_date
from svtad.rulebook.case import Case, Result, first_and_more
from svtad.rulebook.facts import Facts, InterfaceRepeatFact, OverlapApproval
from svtad.rulebook.findings import Blocker
from svtad.rulebook.vocabulary import Verdict


def may_overlap(case: Case, phase_kind: str) -> bool:
    """Whether 5.7 reaches an overlap of the phase judged with a phase of another kind."""
    return frozenset((case.facts.phase_kind, phase_kind)) == case.edition.overlap


def overlap_notes(overlap: OverlapApproval | None) -> tuple[str, ...]:
    """Say how far the overlap of 5.7 has come, where it is not agreed."""
    if overlap is None:
        return ("No overlap was put before the TAG and the Panel (5.7).",)
    named = f" ({overlap.matter})" if overlap.matter else ""
    if overlap.panel_refused_on is not None:
        return (f"The Panel did not agree to the overlap on {overlap.panel_refused_on.isoformat()}{named}.",)
    if overlap.panel_agreed_on is not None:
        return (
            f"The Panel agreed on {overlap.panel_agreed_on.isoformat()}{named}, which does not hold: 5.7 wants the "
            "TAG's review before it, and it holds from its day.",
        )
    before = "the Panel" if overlap.tag_reviewed_on is not None else "the TAG, for its review"
    return (f"The overlap is before {before}{named}; until it is agreed there is no exception.",)


def overlaps_something(facts: Facts) -> bool:
    """Whether a phase runs that this one would overlap against 5.7."""
    return facts.entry is not None and bool(facts.entry.running)


def overlap_agreed(case: Case) -> Result:
    """SIT and SMETS1 Interface Testing do not overlap without the prior review of the TAG and agreement of the Panel.

    It holds for whichever of the two starts while the other has started and is not complete.
    """
    overlap = case.entry.overlap
    titles = first_and_more(phase.title for phase in case.entry.running)
    readings = (case.reading("overlap.running"),)
    if overlap is not None and overlap.is_agreed_by(london_date(case.facts.as_at)):
        agreed = overlap.panel_agreed_on.isoformat() if overlap.panel_agreed_on else ""
        summary = f"The Panel agreed on {agreed} that it runs beside {titles}."
        return Result(verdict=Verdict.MET, summary=summary, readings=readings)
    pending = overlap is not None and overlap.is_pending
    blockers = tuple(
        Blocker(kind="phase", id=phase.scope, reference=phase.title, text="is running", pending=pending)
        for phase in case.entry.running
    )
    return Result(
        verdict=Verdict.NOT_MET,
        summary=f"It would overlap {titles}, which is not agreed.",
        blockers=blockers,
        readings=readings,
        notes=overlap_notes(overlap),
        awaiting=pending,
    )


def is_a_repetition(facts: Facts) -> bool:
    """Whether the phase would repeat what is conducted for the first release only (7.3)."""
    return facts.entry is not None and facts.entry.repeat is not None


def interface_testing_directed(case: Case) -> Result:
    """SMETS1 Interface Testing is for IOC; it is repeated for MOC or FOC where the Secretary of State directs it.

    The changes to the SVTAD and the approach documents that a repetition needs are made first, by clause 4.
    """
    repeat = case.entry.repeat or InterfaceRepeatFact()
    readings = (case.reading("interface_repeat.direction"), case.reading("interface_repeat.documents"))
    day = london_date(case.facts.as_at)
    barred = repetition_barred(repeat, day)
    if barred is not None:
        summary = f"{barred.reference}: {barred.text}."
        return Result(verdict=Verdict.NOT_MET, summary=summary, blockers=(barred,), readings=readings)
    versions = first_and_more(f"{row.document} v{row.version}" for row in repeat.documents)
    summary = f"The Secretary of State directed it; in effect for it: {versions}."
    return Result(verdict=Verdict.MET, summary=summary, readings=readings)


def repetition_barred(repeat: InterfaceRepeatFact, day: date) -> Blocker | None:
    """Return what bars a repeated Interface Testing on a London day (7.3), None where nothing does."""
    matter = repeat.matter or ""
    if repeat.directed_on is None:
        text = "the Secretary of State has not directed that Interface Testing be repeated"
        return Blocker(kind="matter", id=matter, reference=matter or "Direction under 7.3", text=text)
    reference = f"Directed on {repeat.directed_on.isoformat()}"
    if not repeat.documents:
        text = "no document version is named that was changed for it"
        return Blocker(kind="matter", id=matter, reference=reference, text=text)
    awaited = [f"{row.document} v{row.version}" for row in repeat.documents if not row.is_in_effect(day)]
    if awaited:
        text = f"not in effect yet: {first_and_more(awaited)}"
        return Blocker(kind="matter", id=matter, reference=reference, text=text)
    return None
