"""Planned tests as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, ClassVar

from svtad.intake.csvrows import Column, CsvRow, read_csv
from svtad.intake.registry import RowProblem, Summary, Target
from svtad.parties.actors import Actor
from testphases import policies
from testphases.actions import PlanResult, PlanRow, compare_plan, plan_tests
from testphases.actions.planning import PlanDiff
from testphases.importers import base

COLUMNS = (
    Column("external_id", required=True, help="The test's id in its source."),
    Column("title", required=True),
    Column("kind", required=True, help="FUNCTIONAL or REGRESSION."),
    Column("functional_group", required=True, longest=120),
    Column("dmc", help="The DMC's reference; empty for a test tied to none."),
    Column("installation_type", help="DORMANT, ACTIVE or MIXED; empty where it does not matter."),
    Column("provider", help="The code of the DCC Service Provider."),
    Column("stage", longest=80, help="A stage of the phase, by name."),
    Column("requirement", longest=120, help="What the test traces to."),
)
LABELS: Mapping[str, str] = {
    "planned": "Planned tests in the file",
    "created": "Newly planned",
    "changed": "Changed",
    "unchanged": "As they are",
}


class PlanImporter(base.ScopeImporter[PlanRow]):
    """What the importers of plans share."""

    media_types = ("text/csv",)
    suffixes = (".csv",)
    labels: ClassVar[Mapping[str, str]] = LABELS

    def check_may_import(self, actor: Actor, scope_id: str) -> None:
        """Raise `ActionDenied` unless the actor may plan tests in the scope."""
        policies.check_can_plan(actor, self.scope(scope_id))


class PlannedTestsImporter(PlanImporter):
    """Planned tests as CSV: new ones are added, changed ones get a new version, what is not in the file stays."""

    key = "planned_tests"
    title = "Planned tests (CSV)"
    columns = COLUMNS

    def parse(self, stream: BinaryIO, params: Mapping[str, str]) -> Iterator[PlanRow | RowProblem]:
        """Yield a planned test for each line."""
        for row in read_csv(stream, COLUMNS):
            yield row if isinstance(row, RowProblem) else _planned(row)

    def preview(self, target: Target, rows: Iterable[PlanRow]) -> Summary:
        """Compare the rows with the plan."""
        diff = compare_plan(scope=self.scope(target.scope_id), rows=_from(rows, target.source), by=target.by)
        take_errors(target, diff)
        return summary_of(diff.result(), diff)

    def commit(self, target: Target, rows: Iterable[PlanRow]) -> Summary:
        """Plan the tests."""
        scope = self.scope(target.scope_id)
        result = plan_tests(
            scope=scope, rows=_from(rows, target.source), by=target.by, at=target.at, batch=target.batch
        )
        return summary_of(result)


def _planned(row: CsvRow) -> PlanRow:
    return PlanRow(
        external_id=row["external_id"],
        title=row["title"],
        kind=row["kind"].upper(),
        functional_group=row["functional_group"],
        dmc=row["dmc"],
        installation_type=row["installation_type"].upper(),
        provider=row["provider"],
        stage=row["stage"],
        requirement=row["requirement"],
        row=row.number,
    )


def _from(rows: Iterable[PlanRow], source: str) -> Iterator[PlanRow]:
    """Say of each row whose ids its id is one of."""
    return (row._replace(source=source) for row in rows)


def take_errors(target: Target, diff: PlanDiff) -> None:
    """Hand the plan's errors to the engine."""
    for error in diff.errors:
        target.problems.add(RowProblem(error.row or 0, error.field, error.message, error.value))


def summary_of(result: PlanResult, diff: PlanDiff | None = None) -> Summary:
    """Return the counts of a plan's import, and the first changes as examples."""
    examples = [
        {"row": row.row, "what": row.external_id, "reason": "Changes: " + ", ".join(_changes(held.planned, planned))}
        for held, planned, row in (diff.change[:50] if diff else ())
    ]
    total = result.created + result.changed + result.unchanged
    counts = {
        "planned": total,
        "created": result.created,
        "changed": result.changed,
        "unchanged": result.unchanged,
    }
    return Summary(rows=total, counts=counts, examples=tuple(examples))


_FIELD_NAMES = {"provider_id": "provider", "stage_id": "stage", "functional_group": "functional group"}


def _changes(before: tuple[object, ...], after: tuple[object, ...]) -> list[str]:
    fields = after._fields if hasattr(after, "_fields") else ()
    return [_FIELD_NAMES.get(name, name) for name, old, new in zip(fields, before, after, strict=True) if old != new]
