"""What is handed to the actions in bulk: rows of a plan, rows of results, and what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class PlanRow(NamedTuple):
    """A test to plan. `dmc` is a DMC reference, `provider` an organisation code, `stage` a stage's name.

    Empty means none. `source` names whose ids `external_id` is one of. `row` is where it stood in its
    file (1-based), for errors.
    """

    external_id: str
    title: str = ""
    kind: str = "FUNCTIONAL"
    functional_group: str = ""
    dmc: str = ""
    installation_type: str = ""
    provider: str = ""
    stage: str = ""
    requirement: str = ""
    source: str = "plan"
    row: int | None = None


@dataclass(frozen=True)
class PlanResult:
    """How many planned tests were new, changed, and already as given."""

    created: int
    changed: int
    unchanged: int


class RunRow(NamedTuple):
    """One result. `names` are the ids it may be planned under, the most telling first.

    `position` is its place in what it came in (1-based); with the source and the run id it makes the
    run's key. `occurred_at` None takes the moment of recording and is flagged uncertain. `dmc` is what
    the result itself names, `default_dmc` what was said of the whole file. `components` are versions by
    component. `planned_test_id` skips matching.
    """

    position: int
    names: tuple[str, ...]
    outcome: str
    occurred_at: dt.datetime | None = None
    time_uncertain: bool = False
    dmc: str = ""
    default_dmc: str = ""
    installation_type: str = ""
    components: Mapping[str, str] | None = None
    duration_ms: int | None = None
    message: str = ""
    tester: str = ""
    environment: str = ""
    no_file_needed: str = ""
    planned_test_id: int | None = None


@dataclass(frozen=True)
class RunsResult:
    """What became of the rows: recorded as runs, recorded before, or known to no plan (and kept as such)."""

    recorded: int
    already: int
    unmatched: int
