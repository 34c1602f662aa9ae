"""Which test runs on which DMC, as CSV: plans known tests on DMCs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from svtad.intake.csvrows import Column, read_csv
from svtad.intake.registry import RowProblem, Summary, Target
from svtad.lib.errors import InvalidInput
from testphases.actions import PlanResult, PlanRow, compare_plan, plan_tests, withdraw_tests
from testphases.importers.plans import PlanImporter, summary_of, take_errors
from testphases.models import PlannedTestVersion, TestScope
from testphases.models.scopes import ScopeState

COLUMNS = (
    Column("external_id", required=True, help="The id of a test that is planned in the phase already."),
    Column("dmc", required=True, help="The DMC's reference."),
    Column("provider", help="The code of the DCC Service Provider; empty takes the test's own."),
    Column("functional_group", longest=120, help="Empty takes the test's own."),
)


class MappingImporter(PlanImporter):
    """Plans tests on DMCs: each line takes what is planned of the test elsewhere in the phase and plans it on a DMC.

    A test that was planned on no DMC is on none any more once it is mapped, if the phase has not started;
    afterwards it stays planned there too, until it is de-scoped (12.6(a)).
    """

    key = "test_dmc_mapping"
    title = "Test to DMC mapping (CSV)"
    columns = COLUMNS

    def parse(self, stream: BinaryIO, params: Mapping[str, str]) -> Iterator[PlanRow | RowProblem]:
        """Yield what each line says; the rest of the plan row is filled in against the plan."""
        for row in read_csv(stream, COLUMNS):
            if isinstance(row, RowProblem):
                yield row
            else:
                yield PlanRow(
                    external_id=row["external_id"],
                    dmc=row["dmc"],
                    provider=row["provider"],
                    functional_group=row["functional_group"],
                    row=row.number,
                )

    def preview(self, target: Target, rows: Iterable[PlanRow]) -> Summary:
        """Compare the mapping with the plan."""
        scope = self.scope(target.scope_id)
        filled = self._filled(scope, rows, target)
        diff = compare_plan(scope=scope, rows=filled, by=target.by)
        take_errors(target, diff)
        return self._summary(diff.result(), scope, filled, summary_of(diff.result(), diff))

    def commit(self, target: Target, rows: Iterable[PlanRow]) -> Summary:
        """Plan the tests on their DMCs."""
        scope = self.scope(target.scope_id)
        filled = self._filled(scope, rows, target)
        if target.problems:
            raise InvalidInput([])  # the problems are with the target
        result = plan_tests(scope=scope, rows=filled, by=target.by, at=target.at, batch=target.batch)
        summary = self._summary(result, scope, filled, summary_of(result))
        mapped = _on_no_dmc(scope, filled)
        if mapped and scope.state in (ScopeState.PLANNED, ScopeState.ENTRY_ASSESSED):
            tests = [version.planned_test for version in mapped]
            withdraw_tests(scope=scope, planned_tests=tests, reason="Mapped to DMCs.", by=target.by, at=target.at)
        return summary

    @staticmethod
    def _filled(scope: TestScope, rows: Iterable[PlanRow], target: Target) -> list[PlanRow]:
        """Return the rows with what the plan says of their tests; an unknown test is a problem of its row."""
        known = _planned(scope)
        filled = []
        for row in rows:
            versions = known.get(row.external_id)
            if not versions:
                message = "No test of this id is planned in the phase."
                target.problems.add(RowProblem(row.row or 0, "external_id", message, row.external_id))
                continue
            # The version on that very DMC if there is one (an edit), else the first on another or on none.
            pattern = next((v for v in versions if v["planned_test__dmc__reference"] == row.dmc), versions[0])
            filled.append(
                row._replace(
                    source=pattern["planned_test__definition__source"],
                    installation_type=pattern["planned_test__installation_type"],
                    title=pattern["title"],
                    kind=pattern["kind"],
                    functional_group=row.functional_group or pattern["functional_group"],
                    provider=row.provider or pattern["provider__code"] or "",
                    stage=pattern["stage__name"] or "",
                    requirement=pattern["requirement"],
                )
            )
        return filled

    @staticmethod
    def _summary(result: PlanResult, scope: TestScope, filled: list[PlanRow], summary: Summary) -> Summary:
        left = len(_on_no_dmc(scope, filled))
        if not left:
            return summary
        if scope.state in (ScopeState.PLANNED, ScopeState.ENTRY_ASSESSED):
            warning = f"{left} tests were planned on no DMC; they are planned on their DMCs instead."
        else:
            warning = (
                f"{left} tests stay planned on no DMC as well: the phase has started, and a planned test leaves it "
                "only by being de-scoped (12.6(a))."
            )
        return Summary(
            rows=summary.rows, counts=summary.counts, examples=summary.examples, warnings=(*summary.warnings, warning)
        )


def _planned(scope: TestScope) -> dict[str, list[dict[str, Any]]]:
    values = (
        PlannedTestVersion.objects.current()
        .filter(scope=scope)
        .order_by("planned_test_id")
        .values(
            "planned_test__definition__external_id",
            "planned_test__definition__source",
            "planned_test__dmc__reference",
            "planned_test__installation_type",
            "title",
            "kind",
            "functional_group",
            "provider__code",
            "stage__name",
            "requirement",
        )
    )
    known: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for value in values.iterator(chunk_size=5000):
        known[value["planned_test__definition__external_id"]].append(value)
    return known


def _on_no_dmc(scope: TestScope, rows: Iterable[PlanRow]) -> list[PlannedTestVersion]:
    """Return the current versions, tied to no DMC, of the tests that `rows` map."""
    ids = {(row.source, row.external_id) for row in rows}
    held = (
        PlannedTestVersion.objects.current()
        .filter(scope=scope, planned_test__dmc__isnull=True)
        .select_related("planned_test__definition")
    )
    return [
        version
        for version in held
        if (version.planned_test.definition.source, version.planned_test.definition.external_id) in ids
    ]
