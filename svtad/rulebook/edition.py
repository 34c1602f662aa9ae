"""What an edition is: one version of a document as tables and the criteria that apply to each phase kind.

A further edition is one more module in :mod:`svtad.rulebook.editions` that builds an :class:`Edition`; the judge
reads everything document-specific from here and needs no change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from svtad.rulebook.codec import FactsError
from svtad.rulebook.findings import Citation
from svtad.rulebook.vocabulary import Step

if TYPE_CHECKING:
    from svtad.rulebook.case import Case, Result
    from svtad.rulebook.facts import Facts, IssueFact

ParameterValue = str | bool | Fraction


class ParameterKind(StrEnum):
    """What an administrator may enter."""

    RATE = "RATE"
    """A share from 0 to 1, exact: ``95%``, ``19/20`` or ``0.95``."""
    BOOLEAN = "BOOLEAN"
    """``yes`` or ``no``."""
    CHOICE = "CHOICE"
    """One of the choices."""


_RATE = re.compile(r"(?P<percent>\d+(\.\d+)?)\s*%|(?P<plain>\d+/[1-9]\d*|\d+(\.\d+)?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterSpec:
    """A value that the document leaves open.

    A number has no default: empty means CANNOT_EVALUATE, never a guess. A *reading* setting has one, and ``choices``
    maps each value to what it means in words. ``why`` says what the sources lack. ``phase_kinds`` limits it; empty
    means any.
    """

    key: str
    title: str
    kind: ParameterKind
    clause: str
    why: str
    choices: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    phase_kinds: tuple[str, ...] = ()

    @property
    def is_reading(self) -> bool:
        """Whether it chooses between readings of an unclear text, rather than supplying a missing number."""
        return self.default is not None

    def parse(self, value: str) -> ParameterValue:
        """Read an entered value. Raises ``ValueError`` saying what is expected."""
        text = value.strip()
        if self.kind is ParameterKind.RATE:
            return parse_rate(text)
        if text not in self.choices:
            raise ValueError(f"{text!r} is not one of {', '.join(self.choices)}")
        return text == "yes" if self.kind is ParameterKind.BOOLEAN else text


def parse_rate(text: str) -> Fraction:
    """Read a share exactly: ``95%``, ``19/20``, ``0.95``. Raises ``ValueError`` for anything else or above 1."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a share such as 95%, 19/20 or 0.95")
    percent = match["percent"]
    rate = Fraction(percent) / 100 if percent else Fraction(match["plain"])
    if rate > 1:
        raise ValueError(f"{text!r} is more than the whole")
    return rate


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedReading:
    """A choice of ours where a text is silent that is no setting, kept in one place and shown as a reading."""

    key: str
    clause: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One criterion of a phase kind: its place and the function that judges it.

    The function's docstring is the clause in our words; pages and reports show it. ``steps`` are those in which it is
    judged. ``parents``: it only details those criteria (a row of Table 13.1), and has no say of its own. ``only_if``:
    it is judged only where the facts are such that it applies.
    """

    key: str
    clause: str
    title: str
    judge: Callable[[Case], Result]
    steps: tuple[Step, ...]
    parents: tuple[str, ...] = ()
    only_if: Callable[[Facts], bool] | None = None

    def applies(self, facts: Facts) -> bool:
        """Whether it is judged of such facts."""
        return self.only_if is None or self.only_if(facts)

    @property
    def clause_text(self) -> str:
        """The clause in plain words: the docstring of the function."""
        return " ".join((self.judge.__doc__ or "").split())


@dataclass(frozen=True, kw_only=True, slots=True)
class StageKind:
    """A Test Stage that every phase of a kind has: the Solution Test of SIT, the stages of Migration Testing."""

    key: str
    title: str
    clause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseKind:
    """A kind of Test Phase (or the part of one that exit rules attach to) in an edition.

    ``limits`` is the column of the threshold table, None where another document sets it. ``exclusions``: 13.20 reaches
    it. ``considered_clause``: issues from elsewhere may be counted by a decision under that clause, those of
    ``considered_kinds`` (empty: any). ``presented``: only issues presented to and counted by TAG count (13.23).
    ``entry_document``: it may not start before that document is approved (12.3). ``criteria_document`` holds criteria
    that this edition does not. ``stages`` are the Test Stages that every phase of the kind has.
    """

    key: str
    title: str
    steps: tuple[Step, ...]
    criteria: tuple[Criterion, ...]
    limits: Mapping[str, int] | None = None
    exclusions: bool = False
    considered_clause: str | None = None
    considered_kinds: tuple[str, ...] = ()
    presented: bool = False
    entry_document: str | None = None
    criteria_document: str | None = None
    stages: tuple[StageKind, ...] = ()

    def criteria_at(self, step: Step) -> tuple[Criterion, ...]:
        """The criteria judged in a step, in reading order."""
        return tuple(criterion for criterion in self.criteria if step in criterion.steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One version of a document: phase kinds, severities, the order of releases, tables, parameters, readings.

    ``releases`` is in order, earliest first. ``functional_pass_rate`` is the share of
    Table 13.1 row 1. ``work_off_days`` is the timescale of 15.1 by severity.
    ``presented_always`` are the severities that are always presented under 13.23. ``ttm_exempt`` is the (phase kind,
    release) whose entry needs no TTM. ``overlap`` is the pair of phase kinds that may overlap by agreement (5.7).
    ``readiness`` names the resources of 12.5(d). ``release_phases`` are the groups of phase kinds that are conducted
    for each release (7.2); ``repeated_kind`` the kind that is conducted for the first one only, unless directed (7.3).
    """

    document: str
    version: str
    title: str
    phase_kinds: tuple[PhaseKind, ...]
    severities: tuple[str, ...]
    releases: tuple[str, ...]
    functional_pass_rate: Fraction
    work_off_days: Mapping[str, int]
    presented_always: tuple[str, ...]
    ttm_exempt: tuple[str, str]
    overlap: frozenset[str]
    readiness: Mapping[str, str]
    release_phases: Mapping[str, tuple[str, ...]]
    repeated_kind: str
    parameters: tuple[ParameterSpec, ...]
    readings: tuple[FixedReading, ...]

    def cite(self, clause: str) -> Citation:
        """Cite a clause with this document and version."""
        return Citation(document=self.document, version=self.version, clause=clause)

    def phase_kind(self, key: str) -> PhaseKind:
        """The phase kind of that key. Raises ``KeyError``."""
        return {kind.key: kind for kind in self.phase_kinds}[key]

    def parameter(self, key: str) -> ParameterSpec:
        """The parameter of that key. Raises ``KeyError``."""
        return {spec.key: spec for spec in self.parameters}[key]

    def reading(self, key: str) -> FixedReading:
        """The fixed reading of that key. Raises ``KeyError``."""
        return {reading.key: reading for reading in self.readings}[key]

    def predecessors(self, release: str) -> tuple[str, ...]:
        """The releases before one, earliest first: of FOC, IOC and MOC."""
        return self.releases[: self.releases.index(release)]

    def check(self, facts: Facts, *, step: Step, provider: str | None) -> None:
        """Refuse facts that this edition does not know: a release, phase kind, severity, parameter or step.

        Raises :class:`svtad.rulebook.codec.FactsError` with the path.
        """
        self.check_phase_kind(facts.phase_kind)
        self._known("facts.release", facts.release, self.releases, "release")
        steps = self.phase_kind(facts.phase_kind).steps
        if step not in steps:
            listed = ", ".join(steps)
            raise FactsError("step", f"{facts.phase_kind} is not judged at {step}; its steps are {listed}")
        if provider is not None and provider not in {row.id for row in facts.providers if row.owes_evidence}:
            raise FactsError("provider", f"{provider!r} is no DCC Service Provider that takes part in the phase")
        for name in ("issues", "considered_issues"):
            for index, issue in enumerate(getattr(facts, name)):
                self._check_issue(issue, f"facts.{name}[{index}]")
        for index, dispute in enumerate(facts.disputes):
            path = f"facts.disputes[{index}].participant_severity"
            self._known(path, dispute.participant_severity, self.severities, "severity")
        for index, phase in enumerate(facts.precursors or ()):
            self.check_phase_kind(phase.phase_kind, path=f"facts.precursors[{index}].phase_kind")
        self._check_parameters(facts)

    def check_phase_kind(self, key: str, *, path: str = "facts.phase_kind") -> None:
        """Refuse a phase kind that this edition does not have. Raises :class:`FactsError` with the path."""
        self._known(path, key, tuple(kind.key for kind in self.phase_kinds), "phase kind")

    def _check_issue(self, issue: IssueFact, path: str) -> None:
        self._known(f"{path}.raised_release", issue.raised_release, self.releases, "release")
        if issue.severity is not None:
            self._known(f"{path}.severity", issue.severity, self.severities, "severity")

    def _check_parameters(self, facts: Facts) -> None:
        known = tuple(spec.key for spec in self.parameters)
        for index, row in enumerate(facts.parameters):
            self._known(f"facts.parameters[{index}].key", row.key, known, "parameter")
            if row.value is not None:
                try:
                    self.parameter(row.key).parse(row.value)
                except ValueError as error:
                    raise FactsError(f"facts.parameters[{index}].value", str(error)) from error

    def _known(self, path: str, value: str, known: tuple[str, ...], what: str) -> None:
        if value not in known:
            raise FactsError(
                path, f"{value!r} is no {what} of {self.document} v{self.version}; it has {', '.join(known)}"
            )
