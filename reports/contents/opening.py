"""The cover and the answer in one sentence."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from reports.contents.dossier import Dossier
from reports.contents.words import STEPS, count, instant, mark_of_all
from reports.shapes import Cover, CriterionBlock, Mark, Summary, Tally
from svtad.rulebook.vocabulary import Step, Verdict

_MARKS = (Mark.MET, Mark.NOT_MET, Mark.AWAITING, Mark.CANNOT_DECIDE, Mark.NOT_STARTED)


def cover(dossier: Dossier, *, made_at: dt.datetime, made_by: str, stale: str) -> Cover:
    """Return the first page. `stale` says in a sentence that facts changed since, or is empty."""
    assessment, facts = dossier.assessment, dossier.facts
    return Cover(
        title=f"{dossier.short_kind} Completion Report",
        programme=facts.programme,
        release=facts.release,
        phase=facts.title or dossier.phase_kind.title,
        phase_kind=dossier.phase_kind.title,
        document=assessment.document,
        version=assessment.version,
        step=STEPS[Step(assessment.step)],
        step_key=assessment.step,
        provider_key=assessment.provider_id_text,
        provider=dossier.provider(assessment.provider_id_text) if assessment.provider_id_text else "",
        as_at=instant(assessment.as_at),
        judged_at=instant(assessment.recorded_at),
        made_at=instant(made_at),
        made_at_iso=made_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        made_by=made_by,
        assessment=assessment.public_id,
        facts_sha256=assessment.facts_sha256,
        is_synthetic=assessment.is_synthetic,
        of_the_past=not assessment.until_now,
        stale=stale,
    )


def summary(dossier: Dossier, criteria: tuple[CriterionBlock, ...]) -> Summary:
    """Return the answer: the sentence first, then how many criteria have each mark."""
    marks = Counter(block.mark for block in criteria)
    judged = [block for block in criteria if block.mark is not Mark.NOT_STARTED]
    return Summary(
        mark=mark_of_all(dossier.judgement.findings),
        sentence=_sentence(dossier, marks, len(judged)),
        qualifier=_qualifier(dossier),
        tally=tuple(Tally(mark=key, count=marks[key]) for key in _MARKS if marks[key]),
        judged=len(judged),
        audience=_audience(dossier),
    )


def _sentence(dossier: Dossier, marks: Counter[Mark], judged: int) -> str:
    release, kind = dossier.facts.release, dossier.short_kind
    verdict = dossier.judgement.verdict
    failing = marks[Mark.NOT_MET] + marks[Mark.AWAITING]
    undecided = marks[Mark.CANNOT_DECIDE]
    whole = f"{count(judged, 'criterion', 'criteria')} judged"
    if verdict is Verdict.MET:
        return f"{release}: every {kind} Exit Criterion judged at this step is met, {judged} of {judged}."
    if verdict is Verdict.NOT_MET:
        is_are = "is" if failing == 1 else "are"
        more = f", and {undecided} cannot be decided" if undecided else ""
        only = " Only matters still open before a body stand in the way." if failing == marks[Mark.AWAITING] else ""
        return f"{release}: {kind} cannot exit. {failing} of the {whole} {is_are} not met{more}.{only}"
    if verdict is Verdict.BLOCKED:
        return (
            f"{release}: no decision may be made on {kind} exit. A pending severity dispute could change the "
            "result (14.5)."
        )
    return (
        f"{release}: {kind} exit cannot be judged yet. For {marks[Mark.CANNOT_DECIDE]} of the {whole} a fact or a "
        "rule is missing."
    )


def _qualifier(dossier: Dossier) -> str:
    """Return who decides: no verdict of a machine completes SIT (13.15, 13.16)."""
    if dossier.facts.phase_kind != "SIT":
        return ""
    return (
        "This verdict advises. SIT completes only when the Panel determines that the Exit Criteria have been met "
        "(13.15, 13.16)."
    )


def _audience(dossier: Dossier) -> str:
    """Return for whom the report is, and who gets it only on direction (9.7, 13.15, 13.17)."""
    if dossier.facts.phase_kind != "SIT":
        return "For the Panel and TAG (Table 10.1)."
    return (
        "For TAG's recommendation to the Panel (9.7), and for the Authority, the Panel and the Secretary of State "
        "(13.15(b)). The Parties get a copy only on the Panel's direction, redacted as the Panel specifies (13.17)."
    )
