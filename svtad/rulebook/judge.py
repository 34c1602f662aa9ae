"""The judge: facts and a step in, a finding per criterion out. Deterministic; it reads no clock."""

from __future__ import annotations

from dataclasses import dataclass, fields

from svtad.rulebook import codec
from svtad.rulebook.case import Case, Result, as_read
from svtad.rulebook.codec import FactsError, Json
from svtad.rulebook.edition import Criterion, Edition
from svtad.rulebook.editions import edition_of
from svtad.rulebook.facts import Facts, spelled
from svtad.rulebook.findings import Blocker, Finding, Judgement
from svtad.rulebook.integrity import check_integrity
from svtad.rulebook.relevance import relevant_facts
from svtad.rulebook.vocabulary import Step, combine

_RESULT_FIELDS = tuple(field.name for field in fields(Result) if field.name not in ("blockers", "ledger"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Brief:
    """What a judgement rests on: the facts that its step looks at, checked, with their spelling and hash."""

    edition: Edition
    facts: Facts
    step: Step
    provider: str | None
    text: str
    facts_sha256: str


def brief(facts: Facts, *, step: Step, provider: str | None = None, edition: Edition | None = None) -> Brief:
    """Check facts and keep what a step (and provider) looks at. The arguments and errors are those of :func:`judge`."""
    law = edition or edition_of(facts.document, facts.version)
    check_integrity(facts)
    law.check(facts, step=step, provider=provider)
    relevant = relevant_facts(facts, edition=law, step=step, provider=provider)
    text, sha256 = spelled(relevant)
    return Brief(edition=law, facts=relevant, step=step, provider=provider, text=text, facts_sha256=sha256)


def judge(facts: Facts, *, step: Step, provider: str | None = None, edition: Edition | None = None) -> Judgement:
    """Judge a phase at a step under its edition, for one provider's certificate where ``provider`` is given.

    ``edition`` overrides the one that the facts name. Raises :class:`svtad.rulebook.codec.FactsError` for facts that
    contradict themselves or that the edition does not know.
    """
    return judge_brief(brief(facts, step=step, provider=provider, edition=edition))


def judge_brief(held: Brief) -> Judgement:
    """Judge what :func:`brief` kept."""
    law, facts = held.edition, held.facts
    case = Case(edition=law, facts=facts, step=held.step, provider=held.provider)
    findings = tuple(
        _finding(law, criterion, case.once(criterion.judge))
        for criterion in law.phase_kind(facts.phase_kind).criteria_at(held.step)
        if criterion.applies(facts)
    )
    return Judgement(
        document=law.document,
        version=law.version,
        release=facts.release,
        phase_kind=facts.phase_kind,
        scope=facts.scope,
        step=held.step,
        provider=held.provider,
        as_at=codec.encode(facts.as_at),
        facts_sha256=held.facts_sha256,
        verdict=combine(finding.verdict for finding in findings if not finding.is_detail),
        findings=findings,
    )


def _finding(edition: Edition, criterion: Criterion, result: Result) -> Finding:
    return Finding(
        key=criterion.key,
        citation=edition.cite(criterion.clause),
        title=criterion.title,
        clause_text=criterion.clause_text,
        parents=criterion.parents,
        **{name: getattr(result, name) for name in _RESULT_FIELDS},
        blockers=_as_read(result.blockers),
        ledger=tuple(sorted(result.ledger, key=lambda line: as_read(line.reference))),
    )


def _as_read(blockers: tuple[Blocker, ...]) -> tuple[Blocker, ...]:
    """Each kind together, in the order a reader looks for a reference; what names no one thing ("12 more") after it."""
    kinds = list(dict.fromkeys(blocker.kind for blocker in blockers))
    return tuple(
        sorted(
            blockers,
            key=lambda blocker: (
                kinds.index(blocker.kind),
                not blocker.id,
                as_read(blocker.reference if blocker.id else ""),
            ),
        )
    )


def judge_json(value: Json, *, step: str | None = None, provider: str | None = None) -> Judgement:
    """Judge facts given as JSON: the facts themselves, or an envelope ``{"facts": …, "step": …, "provider": …}``.

    An envelope may also hold the ``judgement`` that was stored, which is not looked at. ``step`` and ``provider``
    given here win over the envelope's; without any the phase kind's last step is judged. Raises
    :class:`svtad.rulebook.codec.FactsError` for anything that cannot be read or judged.
    """
    if isinstance(value, dict) and "facts" in value:
        unknown = sorted(set(value) - {"facts", "step", "provider", "judgement"})
        if unknown:
            raise FactsError(unknown[0], "unknown key beside facts, step, provider and judgement")
        step = step or value.get("step")
        provider = provider or value.get("provider")
        value = value["facts"]
    facts = Facts.from_json(value)
    if provider is not None and not isinstance(provider, str):
        raise FactsError("provider", "expected a string")
    return judge(facts, step=_step(facts, step), provider=provider)


def _step(facts: Facts, step: str | None) -> Step:
    if step is None:
        edition = edition_of(facts.document, facts.version)
        edition.check_phase_kind(facts.phase_kind)
        return edition.phase_kind(facts.phase_kind).steps[-1]
    if step not in tuple(Step):
        raise FactsError("step", f"{step!r} is not one of {', '.join(Step)}")
    return Step(step)
