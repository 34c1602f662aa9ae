"""What is handed over to change many issues at once, and what a preview of it says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from issues.actions.mirror_rows import IssueChange
from issues.actions.raising import KEEP, Keep
from issues.models import Cause, IssueState, TestingIssue
from issues.queries.cells import CellChange
from svtad.devices.models import DeviceModelCombination
from svtad.parties.models import Organisation

#: What a bulk edit may change, in the order in which it is done and shown.
FIELDS = (
    "severity",
    "priority",
    "cause",
    "provider",
    "state",
    "dmc",
    "functional_group",
    "environment",
    "requirement",
)
LABELS = {
    "severity": "Severity",
    "priority": "Priority",
    "cause": "Cause",
    "provider": "Who answers for it",
    "state": "State",
    "dmc": "DMC",
    "functional_group": "Functional group",
    "environment": "Environment",
    "requirement": "Requirement",
}


@dataclass(frozen=True, kw_only=True)
class BulkEdit:
    """Which fields change to what, with one reason. What is left at its default stays as it is.

    `severity`, `cause` and `to_state` "" stay; of the others None stays and "" empties; `dmc` KEEP stays.
    """

    reason: str
    severity: str = ""
    priority: str | None = None
    cause: str = ""
    provider: Organisation | None = None
    to_state: str = ""
    dmc: DeviceModelCombination | Keep | None = KEEP
    functional_group: str | None = None
    environment: str | None = None
    requirement: str | None = None

    @property
    def wording(self) -> dict[str, str]:
        """Return the texts that change."""
        given = {name: getattr(self, name) for name in ("functional_group", "environment", "requirement")}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def said(self) -> dict[str, str]:
        """Return each field that changes with what it changes to, in words."""
        found = {"severity": self.severity, "provider": self.provider.name if self.provider else ""}
        found |= {"cause": dict(Cause.choices).get(self.cause, self.cause) if self.cause else ""}
        found |= {"state": dict(IssueState.choices).get(self.to_state, self.to_state)}
        said = {name: text for name, text in found.items() if text}
        if self.priority is not None:
            said["priority"] = self.priority or "none"
        if not isinstance(self.dmc, Keep):
            said["dmc"] = self.dmc.reference if self.dmc else "none"
        said |= {name: text or "none" for name, text in self.wording.items()}
        return {name: said[name] for name in FIELDS if name in said}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field of one issue before and after."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """Return what the field is called."""
        return LABELS[self.field]


@dataclass(kw_only=True)
class BulkRow:
    """What a bulk edit does to one issue: its changes, or why it is refused, all reasons at once."""

    issue: TestingIssue
    changes: list[FieldChange] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    change: IssueChange | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it changes something and nothing stands against it."""
        return bool(self.changes) and not self.refused


@dataclass(kw_only=True)
class BulkPlan:
    """What a bulk edit would do: row by row, and to the counts. `missing` ids are none that the person may see."""

    edit: BulkEdit
    rows: list[BulkRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    cells: list[CellChange] = field(default_factory=list)
    actor_id: str = ""

    @property
    def ready(self) -> list[BulkRow]:
        """Return the rows that would change."""
        return [row for row in self.rows if row.is_ready]

    @property
    def refused(self) -> list[BulkRow]:
        """Return the rows that are refused."""
        return [row for row in self.rows if row.refused]

    @property
    def unchanged(self) -> list[BulkRow]:
        """Return the rows that are as wanted already."""
        return [row for row in self.rows if not row.changes and not row.refused]

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that the preview shows: another means that something changed meanwhile."""
        shown: dict[str, Any] = {
            "by": self.actor_id,
            "edit": [self.edit.reason, self.edit.said],
            "rows": [
                [row.issue.public_id, [[each.field, each.before, each.after] for each in row.changes], row.refused]
                for row in self.rows
            ],
            "missing": self.missing,
            "cells": [[each.phase, each.provider, each.severity, each.before, each.after] for each in self.cells],
        }
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
