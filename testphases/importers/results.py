"""Results as CSV: for what no tool writes as JUnit XML, tests done by hand among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, ClassVar

from svtad.intake.csvrows import Column, CsvRow, read_csv
from svtad.intake.registry import Parameter, RowProblem
from testphases.actions.rows import RunRow
from testphases.importers import base
from testphases.models import InstallationType, Outcome

COLUMNS = (
    Column("external_id", required=True, help="The test's id, as planned."),
    Column("outcome", required=True, help="PASSED, FAILED, SKIPPED or IMPEDED."),
    Column("occurred_at", required=True, help="When it ran: 2026-03-02 09:30."),
    Column("dmc", help="The DMC's reference."),
    Column("installation_type", help="DORMANT, ACTIVE or MIXED."),
    Column("versions", help=base.VERSIONS_HELP),
    Column("environment", longest=80),
    Column("tester", longest=120),
    Column("message", longest=400),
    Column("duration_seconds", longest=20),
    Column("no_file_needed", longest=200, help="Why no evidence file is needed (12.6(d))."),
)
_WORDS = {"PASS": "PASSED", "FAIL": "FAILED", "ERROR": "FAILED", "SKIP": "SKIPPED", "BLOCKED": "IMPEDED"}


class ResultsCsvImporter(base.ResultsImporter):
    """Test results as CSV."""

    key = "results"
    title = "Test results (CSV)"
    media_types = ("text/csv",)
    suffixes = (".csv",)
    parameters: ClassVar[tuple[Parameter, ...]] = (base.DMC, base.VERSIONS, base.ZONE)
    columns = COLUMNS

    def parse(self, stream: BinaryIO, params: Mapping[str, str]) -> Iterator[RunRow | RowProblem]:
        """Yield a row for each line; a run's position is its row in the file."""
        times = base.Times(base.zone_of(params))
        default_versions = base.versions_of(params)
        for row in read_csv(stream, COLUMNS):
            if isinstance(row, RowProblem):
                yield row
            else:
                yield _result(row, params, times, default_versions)


def _result(
    row: CsvRow, params: Mapping[str, str], times: base.Times, default_versions: Mapping[str, str] | None
) -> RunRow | RowProblem:
    outcome = row["outcome"].upper()
    outcome = _WORDS.get(outcome, outcome)
    if outcome not in Outcome.values:
        return RowProblem(row.number, "outcome", "Is none of PASSED, FAILED, SKIPPED, IMPEDED.", row["outcome"])
    moment, uncertain = times.read(row["occurred_at"])
    if moment is None:
        return RowProblem(row.number, "occurred_at", "Is no time such as 2026-03-02 09:30.", row["occurred_at"])
    installation_type = row["installation_type"].upper()
    if installation_type not in InstallationType.values:
        return RowProblem(row.number, "installation_type", "Is none of DORMANT, ACTIVE, MIXED.", installation_type)
    components = default_versions
    if row["versions"]:
        try:
            components = base.parse_versions(row["versions"])
        except ValueError as error:
            return RowProblem(row.number, "versions", str(error), row["versions"])
    duration = None
    if row["duration_seconds"]:
        try:
            duration = round(float(row["duration_seconds"]) * 1000)
        except (ValueError, OverflowError):
            duration = -1
        if not 0 <= duration < 2**31:
            return RowProblem(row.number, "duration_seconds", "Is no number of seconds.", row["duration_seconds"])
    return RunRow(
        position=row.number,
        names=(row["external_id"],),
        outcome=outcome,
        occurred_at=moment,
        time_uncertain=uncertain,
        dmc=row["dmc"],
        default_dmc=params.get("dmc", ""),
        installation_type=installation_type,
        components=components,
        duration_ms=duration,
        message=row["message"],
        tester=row["tester"],
        environment=row["environment"],
        no_file_needed=row["no_file_needed"],
    )
