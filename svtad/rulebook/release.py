"""Whether a Capability Release is ready, and may go live (7.2, 7.3, 9.8)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from svtad.rulebook import codec
from svtad.rulebook.calendar import london_date
from svtad.rulebook.case import Result, first_and_more, number
from svtad.rulebook.codec import Id, Json
from svtad.rulebook.criteria.overlap import repetition_barred
from svtad.rulebook.edition import Edition
from svtad.rulebook.editions import edition_of
from svtad.rulebook.entry_facts import InterfaceRepeatFact
from svtad.rulebook.findings import Blocker, Finding, ReadingUsed
from svtad.rulebook.vocabulary import ReleaseState, Verdict, combine, phase_kind_words

TRANSITIONS: dict[ReleaseState, tuple[ReleaseState, ...]] = {
    ReleaseState.PLANNED: (ReleaseState.IN_TEST,),
    ReleaseState.IN_TEST: (ReleaseState.READY,),
    ReleaseState.READY: (ReleaseState.LIVE,),
    ReleaseState.LIVE: (),
}
"""What may follow what; every other step is refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasePhaseFact:
    """A Test Phase of a release. ``complete_on`` is the London day on which it was recorded as complete.

    ``contradicted`` names the matter by which the Panel determined otherwise since (13.16); ``revoked`` the
    certificates that were revoked and not issued again (15.2).
    """

    scope: Id
    title: str
    phase_kind: Id
    state: Id
    complete_on: date | None = None
    contradicted: str | None = None
    revoked: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether it is complete, and the Panel has not determined otherwise since."""
        return self.complete_on is not None and self.contradicted is None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductionReportFact:
    """The report on the testing undertaken before code goes to production (9.8), and whom it was given to."""

    matter: Id
    reported_on: date
    given_to: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFacts:
    """What the readiness of a release is judged by, at ``as_at``.

    ``phases`` are its own; ``first_release_phases`` those of the first release that 7.3 speaks of (Interface Testing
    for IOC). ``repeat`` is what 7.3 asks of a later one.
    """

    document: Id
    version: Id
    programme: str
    release: Id
    as_at: datetime
    phases: tuple[ReleasePhaseFact, ...] = ()
    first_release_phases: tuple[ReleasePhaseFact, ...] = ()
    repeat: InterfaceRepeatFact | None = None
    production_report: ProductionReportFact | None = None

    @classmethod
    def from_json(cls, value: Json) -> ReleaseFacts:
        """Read the JSON form. Raises :class:`svtad.rulebook.codec.FactsError` naming the path of a bad value."""
        return codec.decode(cls, value, path="facts")

    def to_json(self) -> dict[str, Json]:
        """The JSON form, every field written."""
        result: dict[str, Json] = codec.encode(self)
        return result


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """A release judged: ``ready`` holds what READY asks for, ``live`` what going live asks for besides."""

    ready: tuple[Finding, ...]
    live: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict on READY."""
        return combine(finding.verdict for finding in self.ready)

    @property
    def live_verdict(self) -> Verdict:
        """The verdict on LIVE, of a release that is ready."""
        return combine(finding.verdict for finding in self.live)


def judge_release(facts: ReleaseFacts) -> Readiness:
    """Judge a release under the edition that its facts name.

    Raises :class:`svtad.rulebook.codec.FactsError` for a document version or a release that is not known.
    """
    law = edition_of(facts.document, facts.version)
    if facts.release not in law.releases:
        raise codec.FactsError("facts.release", f"{facts.release!r} is no release of {law.document} v{law.version}")
    groups = tuple(
        _finding(law, f"7.2-{name}", "7.2", _title(name), _CONDUCTED, _conducted(law, facts, name))
        for name in law.release_phases
    )
    interface = _finding(
        law, "7.3", "7.3", phase_kind_words(law.repeated_kind), _INTERFACE, _interface_testing(law, facts)
    )
    report = _finding(law, "9.8", "9.8", "Report before production", _REPORT, _production_report(law, facts))
    return Readiness(ready=(*groups, interface), live=(report,))


_CONDUCTED = "The PIT, SIT, SCT and MT Test Phases are conducted for each of IOC, MOC and FOC."
_INTERFACE = (
    "SMETS1 Interface Testing is conducted for IOC; for MOC and FOC it is repeated only where the Secretary of State "
    "directs it, once the documents are changed for it. Without a direction 5.2(b)(ii) is deemed to be met by the "
    "Interface Testing completed for IOC."
)
_REPORT = "Before code goes from test to production the DCC produces a report on the testing that was undertaken."


def _title(name: str) -> str:
    return {"MT": "Migration Testing"}.get(name, name)


def _finding(law: Edition, key: str, clause: str, title: str, text: str, result: Result) -> Finding:
    names = {field.name for field in fields(Result)}
    return Finding(
        key=key,
        citation=law.cite(clause),
        title=title,
        clause_text=text,
        **{name: getattr(result, name) for name in names},
    )


def _reading(law: Edition, key: str) -> ReadingUsed:
    return ReadingUsed(key=key, value="fixed", text=law.reading(key).text, is_default=True)


def _conducted(law: Edition, facts: ReleaseFacts, name: str) -> Result:
    kinds = law.release_phases[name]
    rows = tuple(row for row in facts.phases if row.phase_kind in kinds)
    made = _complete(rows, none=f"No {_title(name)} of {facts.release} is set up.")
    keys = ["release.phases", *(["release.migration"] if len(kinds) > 1 else [])]
    return replace(made, readings=tuple(_reading(law, key) for key in keys))


def _complete(rows: tuple[ReleasePhaseFact, ...], *, none: str) -> Result:
    """Judge that there is a phase, and that all of them are complete."""
    if not rows:
        return Result(verdict=Verdict.NOT_MET, summary=none)
    undone = [row for row in rows if not row.is_complete]
    revoked = [name for row in rows for name in row.revoked]
    return Result(
        verdict=Verdict.NOT_MET if undone else Verdict.MET,
        summary=(
            f"Not complete: {first_and_more(row.title for row in undone)}."
            if undone
            else f"Complete: {first_and_more(row.title for row in rows)}."
        ),
        numbers=(number("Test Phases", len(rows)), number("Complete", len(rows) - len(undone))),
        blockers=tuple(_undone(row) for row in undone),
        notes=(
            (f"Revoked since, and not issued again (15.2): {first_and_more(revoked)}. What was done is not undone.",)
            if revoked
            else ()
        ),
    )


def _undone(row: ReleasePhaseFact) -> Blocker:
    text = f"is {row.state.replace('_', ' ').lower()}"
    if row.contradicted is not None:
        text = f"was confirmed, and the Panel has determined otherwise since ({row.contradicted})"
    return Blocker(kind="phase", id=row.scope, reference=row.title, text=text)


def _interface_testing(law: Edition, facts: ReleaseFacts) -> Result:
    own = tuple(row for row in facts.phases if row.phase_kind == law.repeated_kind)
    name = phase_kind_words(law.repeated_kind)
    first = law.releases[0]
    if facts.release == first:
        return _complete(own, none=f"No {name} of {facts.release} is set up.")
    readings = (_reading(law, "interface_repeat.direction"), _reading(law, "interface_repeat.documents"))
    repeat = facts.repeat or InterfaceRepeatFact()
    if not repeat.is_directed:
        made = _complete(facts.first_release_phases, none=f"No {name} of {first} is set up.")
        met = made.verdict is Verdict.MET
        summary = (
            f"Deemed to be met: no direction under 7.3, and {name} is complete for {first}."
            if met
            else f"No direction under 7.3, but {name} for {first} is not complete: nothing is deemed to be met."
        )
        return replace(made, summary=summary, readings=readings)
    barred = repetition_barred(repeat, london_date(facts.as_at))
    if barred is not None:
        summary = f"{barred.reference}: {barred.text}."
        return Result(verdict=Verdict.NOT_MET, summary=summary, blockers=(barred,), readings=readings)
    none = f"The Secretary of State directed that {name} be repeated for {facts.release}; none is set up."
    return replace(_complete(own, none=none), readings=readings)


def _production_report(law: Edition, facts: ReleaseFacts) -> Result:
    readings = (_reading(law, "release.live"),)
    held = facts.production_report
    if held is None:
        summary = "No report under 9.8 is recorded for the release."
        return Result(verdict=Verdict.NOT_MET, summary=summary, readings=readings)
    to = f", given to {held.given_to}" if held.given_to else ""
    summary = f"Reported on {held.reported_on.isoformat()} ({held.matter}){to}."
    return Result(verdict=Verdict.MET, summary=summary, readings=readings)
