"""The Testing Issues CSV: a tracker's issues, brought in line with what it says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, ClassVar

from issues import policies
from issues.actions import IssueChange, IssueRow, IssuesResult, compare_issues, mirror_issues
from issues.models import Cause, IssueState
from svtad.intake import registry
from svtad.intake.csvrows import Column, CsvRow, read_csv
from svtad.intake.registry import Parameter, RowProblem, Summary, Target
from svtad.parties.actors import Actor
from testphases.importers.base import ZONE, ScopeImporter, Times, zone_of

#: Changes shown one by one in a preview; all are counted.
_EXAMPLES = 50

COLUMNS: tuple[Column, ...] = (
    Column("external_id", required=True, help="The issue's id in the tracker.", longest=120),
    Column("reference", help="What the DCC calls it; empty: the product gives a reference.", longest=40),
    Column("title", help="Needed for an issue that is new.", longest=300),
    Column("description", longest=100_000, multiline=True),
    Column("raised_by", help="The code of the organisation that raised it; empty: who sends the file.", longest=24),
    Column("raised_at", help="When it was found, as 2026-03-02 09:30; empty: now.", longest=60),
    Column("severity", help="As the DCC determined it: of the governing document.", longest=4),
    Column("priority", longest=20),
    Column("provider", help="The code of the DCC Service Provider that answers for it.", longest=24),
    Column("cause", help=f"One of {', '.join(value for value in Cause.values if value)}.", longest=20),
    Column("reasons", help="For a cause outside the DCC, and for a rejection.", longest=20_000, multiline=True),
    Column("state", help=f"One of {', '.join(IssueState.values)}: reached by the listed moves.", longest=20),
    Column("dmc", help="The reference of the DMC.", longest=40),
    Column("functional_group", longest=120),
    Column("environment", longest=80),
    Column("requirement", help="What of the requirements it touches, as the tests name it.", longest=120),
    Column(
        "tests",
        help="Ids of tests whose latest run showed it, separated by “;”: TC-1; TC-2@DMC-7.",
        longest=2_000,
        multiline=True,
    ),
)
"""The columns of a Testing Issues file. A cell left empty says nothing, and leaves what is known as it is."""

_STATES = {name.casefold(): state.value for state in IssueState for name in (state.value, state.label)}


class IssuesImporter(ScopeImporter[IssueRow]):
    """Testing Issues from CSV: new ones are raised, known ones brought in line, the same again changes nothing."""

    key = "issues_csv"
    title = "Testing Issues (CSV)"
    media_types = ("text/csv",)
    suffixes = (".csv",)
    labels: ClassVar[Mapping[str, str]] = {
        "issues": "Issues in the file",
        "created": "New issues",
        "changed": "Issues that change",
        "unchanged": "Issues already as in the file",
    }
    parameters: ClassVar[tuple[Parameter, ...]] = (ZONE,)
    columns = COLUMNS
    most_bytes = 50 * 1024 * 1024

    def __init__(self) -> None:
        self._uncertain = 0

    def check_may_import(self, actor: Actor, scope_id: str) -> None:
        """Raise `ActionDenied` unless the actor may send in issues of the scope."""
        policies.check_can_import(actor, self.scope(scope_id))

    def parse(self, stream: BinaryIO, params: Mapping[str, str]) -> Iterator[IssueRow | RowProblem]:
        """Read the file row by row."""
        times = Times(zone_of(params))
        for row in read_csv(stream, COLUMNS):
            if isinstance(row, RowProblem):
                yield row
                continue
            yield self._row(row, times)

    def _row(self, row: CsvRow, times: Times) -> IssueRow | RowProblem:
        raised_at = None
        if row["raised_at"]:
            raised_at, uncertain = times.read(row["raised_at"])
            self._uncertain += uncertain
            if raised_at is None:
                message = "Is no time such as 2026-03-02 09:30."
                return RowProblem(row.number, "raised_at", message, row["raised_at"])
        return IssueRow(
            external_id=row["external_id"],
            title=row["title"],
            description=row["description"],
            raised_by=row["raised_by"],
            raised_at=raised_at,
            severity=row["severity"],
            priority=row["priority"],
            provider=row["provider"],
            cause=row["cause"].upper().replace(" ", "_"),
            reasons=row["reasons"],
            state=_STATES.get(row["state"].casefold(), row["state"]),
            dmc=row["dmc"],
            functional_group=row["functional_group"],
            environment=row["environment"],
            requirement=row["requirement"],
            tests=tuple(test for part in row["tests"].replace("\n", ";").split(";") if (test := part.strip())),
            reference=row["reference"],
            row=row.number,
        )

    def preview(self, target: Target, rows: Iterable[IssueRow]) -> Summary:
        """Say what the file would change, issue by issue, and what is wrong with its rows."""
        plan = compare_issues(
            scope=self.scope(target.scope_id), rows=rows, source=target.source, by=target.by, at=target.at
        )
        for error in plan.errors:
            target.problems.add(RowProblem(error.row or 0, error.field, error.message, error.value))
        return self._summary(plan.result(), plan.changes)

    def commit(self, target: Target, rows: Iterable[IssueRow]) -> Summary:
        """Bring the issues of the scope in line with the file."""
        result = mirror_issues(
            scope=self.scope(target.scope_id),
            rows=rows,
            source=target.source,
            batch=target.batch,
            by=target.by,
            at=target.at,
        )
        return self._summary(result, ())

    def _summary(self, result: IssuesResult, changes: Iterable[IssueChange]) -> Summary:
        total = result.created + result.changed + result.unchanged
        examples = [
            {
                "row": str(change.row or ""),
                "what": f"{change.issue.reference or 'New'} {change.issue.title}",
                "reason": "; ".join(change.words),
            }
            for change in list(changes)[:_EXAMPLES]
        ]
        counts = {
            "issues": total,
            "created": result.created,
            "changed": result.changed,
            "unchanged": result.unchanged,
        }
        return Summary(rows=total, counts=counts, examples=tuple(examples))

    def warnings(self) -> tuple[str, ...]:
        """Return what is worth saying of the file as a whole."""
        if not self._uncertain:
            return ()
        return (f"{self._uncertain} issues were raised at a time that the clocks showed twice, or never.",)


def register() -> None:
    """Make the importer known to the engine."""
    registry.register(IssuesImporter)
