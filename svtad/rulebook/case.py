"""What a criterion sees: the facts of its step, its edition, the parameters and the readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TypeVar, cast

from svtad.rulebook.edition import Edition, PhaseKind, parse_rate
from svtad.rulebook.facts import EntryFacts, Facts, ProviderFact
from svtad.rulebook.findings import (
    Blocker,
    DmcCell,
    DueLine,
    EvidenceLine,
    LedgerLine,
    Missing,
    Number,
    ReadingUsed,
    ThresholdCell,
)
from svtad.rulebook.vocabulary import Step, Verdict

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a criterion's function answers: a finding without its name and clause, which the judge adds."""

    verdict: Verdict
    summary: str
    numbers: tuple[Number, ...] = ()
    limit: str | None = None
    thresholds: tuple[ThresholdCell, ...] = ()
    dmcs: tuple[DmcCell, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    readings: tuple[ReadingUsed, ...] = ()
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    evidence: tuple[EvidenceLine, ...] = ()
    dates: tuple[DueLine, ...] = ()
    awaiting: bool = False


def number(label: str, value: int | Fraction | str) -> Number:
    """A labelled number; a fraction stays exact, written ``17/20``."""
    return Number(label=label, value=str(value))


def first_and_more(items: Iterable[str], *, limit: int = 5) -> str:
    """Join names for a sentence: the first few, then how many more there are."""
    names = list(items)
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


_DIGITS = re.compile("([0-9]+)")


@lru_cache(maxsize=8192)
def as_read(reference: str) -> tuple[tuple[int, str], ...]:
    """Return the key that sorts references as a reader does: TI-9 before TI-10."""
    # Every second part is a number: the longer is the greater. No `int`, which refuses very long ones.
    parts = _DIGITS.split(reference)
    numbers = (part.lstrip("0") for part in parts)
    return tuple(
        (len(digits), digits) if place % 2 else (0, part)
        for place, (part, digits) in enumerate(zip(parts, numbers, strict=True))
    )


class Case:
    """One judgement in progress. ``facts`` are already those of the step (and provider)."""

    def __init__(self, *, edition: Edition, facts: Facts, step: Step, provider: str | None) -> None:
        self.edition = edition
        self.facts = facts
        self.step = step
        self.provider = provider
        self._made: dict[object, object] = {}

    def once(self, make: Callable[[Case], T]) -> T:
        """What ``make`` builds from this case, built once: a row that details a criterion is not judged twice."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast(T, self._made[make])

    @cached_property
    def phase_kind(self) -> PhaseKind:
        """The edition's entry for the phase kind judged."""
        return self.edition.phase_kind(self.facts.phase_kind)

    @cached_property
    def entry(self) -> EntryFacts:
        """The entry facts; without any, nothing was confirmed."""
        return self.facts.entry or EntryFacts()

    @cached_property
    def providers(self) -> tuple[ProviderFact, ...]:
        """The providers whose plans, reports and certificates are asked for: all that take part, or the one judged."""
        return tuple(row for row in self.facts.providers if row.owes_evidence and self.provider in (None, row.id))

    @cached_property
    def provider_names(self) -> dict[str, str]:
        """Names of all providers by id."""
        return {row.id: row.name for row in self.facts.providers}

    @cached_property
    def _parameters(self) -> dict[str, str]:
        return {row.key: row.value for row in self.facts.parameters if row.value is not None}

    def setting(self, key: str) -> ReadingUsed:
        """The reading chosen by a setting, with its meaning in words."""
        spec = self.edition.parameter(key)
        default = spec.default or ""
        value = self._parameters.get(key, default).strip()
        return ReadingUsed(key=key, value=value, text=spec.choices[value], is_default=value == default)

    def is_answered(self, key: str) -> bool:
        """Whether a setting was set, or has a default reading."""
        return bool(self._parameters.get(key) or self.edition.parameter(key).default)

    def reading(self, key: str) -> ReadingUsed:
        """A fixed reading, to be shown beside a verdict that rests on it."""
        return ReadingUsed(key=key, value="fixed", text=self.edition.reading(key).text, is_default=True)

    def rate(self, key: str) -> Fraction | None:
        """A configured share, None where it is empty."""
        value = self._parameters.get(key)
        return None if value is None else parse_rate(value)

    def missing_parameter(self, key: str) -> Missing:
        """Say that an empty parameter stands in the way."""
        spec = self.edition.parameter(key)
        return Missing(kind="parameter", key=key, text=f"{spec.title} is not set. {spec.why}")
