"""What is handed over to mirror a tracker: rows of issues, and what they come to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

from issues.models import Attribution, IssueStateChange, SeverityDetermination, TestingIssue
from svtad.lib.errors import FieldError


class IssueRow(NamedTuple):
    """An issue as a tracker has it. What is empty says nothing: it leaves what is known as it is.

    `raised_by` and `provider` are organisation codes, `dmc` a DMC reference, `state` and `cause` the
    names of `IssueState` and `Cause`, `tests` test ids (`TC-1`, or `TC-1@DMC-7`). `reasons` go with a
    rejection and with a cause outside the DCC. `row` is where it stood in its file (1-based).
    """

    external_id: str
    title: str = ""
    description: str = ""
    raised_by: str = ""
    raised_at: dt.datetime | None = None
    severity: str = ""
    priority: str = ""
    provider: str = ""
    cause: str = ""
    reasons: str = ""
    state: str = ""
    dmc: str = ""
    functional_group: str = ""
    environment: str = ""
    requirement: str = ""
    tests: tuple[str, ...] = ()
    reference: str = ""
    row: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Where a tracker says otherwise than what a person of the DCC or a body determined, which stays."""

    field: str
    theirs: str
    held: str
    why: str


@dataclass(kw_only=True)
class IssueChange:
    """What one row would do: a new issue or an old one's, and the rows it adds. Nothing of it is stored."""

    row: int | None
    issue: TestingIssue
    is_new: bool
    wording: list[str] = field(default_factory=list)
    severity: SeverityDetermination | None = None
    attribution: Attribution | None = None
    moves: list[IssueStateChange] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether it does anything."""
        return bool(self.is_new or self.wording or self.severity or self.attribution or self.moves or self.runs)

    @property
    def words(self) -> list[str]:
        """Return what it does, in a few words each."""
        said = ["raised"] if self.is_new else [f"{name.replace('_', ' ')} reworded" for name in self.wording]
        if self.severity:
            said.append(f"severity {self.severity.severity}")
        if self.attribution:
            whose = f" ({self.attribution.provider})" if self.attribution.provider else ""
            said.append(f"cause {self.attribution.get_cause_display()}{whose}")
        said += [f"moved to {move.get_to_state_display()}" for move in self.moves]
        if self.runs:
            said.append(f"linked to {len(self.runs)} run{'s' if len(self.runs) > 1 else ''}")
        return said


@dataclass(frozen=True)
class IssuesResult:
    """How many issues were new, changed, and already as given; and what became of each row, in their order."""

    created: int
    changed: int
    unchanged: int
    rows: tuple[IssueChange, ...] = ()


@dataclass
class IssuePlan:
    """What rows would do to the issues of a scope, and what is wrong with them."""

    changes: list[IssueChange] = field(default_factory=list)
    unchanged: int = 0
    rows: list[IssueChange] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)

    def result(self) -> IssuesResult:
        """Return the counts."""
        created = sum(change.is_new for change in self.changes)
        return IssuesResult(
            created=created, changed=len(self.changes) - created, unchanged=self.unchanged, rows=tuple(self.rows)
        )
