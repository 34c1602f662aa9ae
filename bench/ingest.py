"""Import of 100,000 results: file to committed rows, matched, idempotent, the latest kept, against bare COPY."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import Ratio, database, median_of_pairs, timed

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
DMCS = 40
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def run() -> list[Ratio]:
    """Measure import, import again, and memory."""
    with database() as vendor, tempfile.TemporaryDirectory() as folder:
        from django.conf import settings

        settings.MEDIA_ROOT = Path(folder) / "files"
        scope_id = make_plan()
        path = Path(folder) / "results.xml"
        write_junit(path)
        print(f"{ROWS:,} testcases, {path.stat().st_size / 1e6:.0f} MB, on {vendor}", flush=True)
        import_file(scope_id, path, "warm-up")
        floor = Floor() if vendor == "postgresql" else None
        firsts: list[tuple[float, float]] = []
        agains: list[tuple[float, float]] = []
        for number in range(ROUNDS):
            empty()
            first = timed(lambda n=number: import_file(scope_id, path, f"round-{n}"))  # type: ignore[misc]
            again = timed(lambda n=number: import_file(scope_id, path, f"round-{n}"))  # type: ignore[misc]
            agains.append((again, first))
            if floor:
                floor.empty()
                firsts.append((first, timed(floor.copy)))
        ratios = []
        if firsts:
            ours, bare = median_of_pairs(firsts)
            ratios.append(
                Ratio("import of results, to COPY with the same indexes and keys", ours, bare, 2.0,
                      note=f"{ROWS / ours:,.0f} rows/s")
            )  # fmt: skip
        again, first = median_of_pairs(agains)
        ratios.append(Ratio("the same file again, to the first time", again, first, 0.5))
        idle, peak = memory(scope_id, path)
        ratios.append(
            Ratio("memory above idle while importing, to 150 MB", peak - idle, 150.0, 1.0, unit="MB",
                  note=f"idle {idle:.0f} MB, peak {peak:.0f} MB")
        )  # fmt: skip
        return ratios


def make_plan() -> str:
    """Plan ROWS tests over DMCS DMCs in a phase of their own; return the phase's public id."""
    from django.utils import timezone

    from svtad.devices.actions import create_dmc
    from svtad.governing.models import DocumentVersion, GoverningDocument
    from svtad.parties.actors import system_actor
    from testphases.actions import PlanRow, create_programme, create_release, create_scope, plan_tests

    by, now = system_actor("bench"), timezone.now()
    document = GoverningDocument.objects.create(code="SVTAD", title="SVTAD", recorded_at=now)
    version = DocumentVersion.objects.create(document=document, version="1.23", recorded_at=now)
    programme = create_programme(code="bench", name="Bench", by=by)
    release = create_release(programme=programme, code="IOC", name="IOC", position=1, by=by)
    scope = create_scope(release=release, kind="SIT", governed_by=version, by=by)
    for number in range(DMCS):
        create_dmc(reference=f"DMC-{number:03}", name=f"DMC {number}", by=by)
    rows = (
        PlanRow(
            external_id=test_name(number),
            title=f"Test {number}",
            functional_group=f"Group {number % 12}",
            dmc=f"DMC-{number % DMCS:03}",
        )
        for number in range(ROWS)
    )
    plan_tests(scope=scope, rows=rows, by=by)
    return scope.public_id


def test_name(number: int) -> str:
    """Return the id of the numbered test: the same test runs on every DMC."""
    return f"sit.regression.group{number // DMCS % 12:02}.ServiceRequestTests.test_service_request_{number // DMCS:05}"


def write_junit(path: Path) -> None:
    """Write a file like a tool's: a suite a DMC, one in twelve failed with a message, one in fifty skipped."""
    with path.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n')
        for dmc in range(DMCS):
            numbers = range(dmc, ROWS, DMCS)
            stamp = f"2026-03-02T0{dmc % 9}:15:00"
            out.write(
                f'<testsuite name="SIT on DMC-{dmc:03}" tests="{len(numbers)}" timestamp="{stamp}">\n'
                f'<properties><property name="dmc" value="DMC-{dmc:03}"/>'
                '<property name="versions" value="DSP=5.2; S1SP=3.1"/></properties>\n'
            )
            for number in numbers:
                classname, _, name = test_name(number).rpartition(".")
                out.write(
                    f'<testcase classname="{classname}" name="{name}" file="sit/regression/service_requests.py" '
                    f'line="{number % 900}" time="{number % 977 / 100}">'
                )
                if number % 12 == 0:
                    text = f"expected response 0x0A in {number % 60} s, got a timeout. " * 5
                    out.write(f'<failure message="AssertionError: {text}">{text}</failure>')
                elif number % 50 == 1:
                    out.write('<skipped message="no device in this region"/>')
                else:
                    out.write(f"<system-out>request {number} sent, response checked, {'.' * 120}</system-out>")
                out.write("</testcase>\n")
            out.write("</testsuite>\n")
        out.write("</testsuites>\n")


def import_file(scope_id: str, path: Path, run_id: str) -> None:
    """Import the file by the engine, from its bytes on disk to committed rows."""
    from svtad.intake import actions
    from svtad.parties.actors import system_actor

    with path.open("rb") as stream:
        batch = actions.import_file(
            importer_key="junit",
            scope_id=scope_id,
            content=stream,
            name=path.name,
            source="bench",
            run_id=run_id,
            by=system_actor("bench"),
        )
    counts = batch.summary["counts"]
    if batch.state != "COMMITTED" or counts["recorded"] + counts["already"] != ROWS or counts["unmatched"]:
        raise RuntimeError(f"{batch.state}: {batch.refusal} {counts}")


def empty() -> None:
    """Let every run go, so that each round starts from an empty table."""
    from django.db import connection

    tables = ("testphases_latestrun", "testphases_testrun")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            cursor.execute("VACUUM ANALYZE testphases_plannedtest, testphases_plannedtestversion, testphases_testrun")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("DROP TRIGGER testphases_testrun_no_delete")
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(
                "CREATE TRIGGER testphases_testrun_no_delete BEFORE DELETE ON testphases_testrun "
                "BEGIN SELECT RAISE(ABORT, 'testphases_testrun is append-only'); END"
            )


class Floor:
    """Bare COPY of the very rows that the import made, into a table with the same indexes and foreign keys."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns "
                "WHERE table_name = 'testphases_testrun' AND column_name <> 'id'"
            )
            self._columns = cursor.fetchone()[0]
            cursor.execute("CREATE TABLE bench_floor (LIKE testphases_testrun INCLUDING ALL)")
            cursor.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE conrelid = 'testphases_testrun'::regclass AND contype = 'f'"
            )
            for number, (definition,) in enumerate(cursor.fetchall()):
                cursor.execute(f"ALTER TABLE bench_floor ADD CONSTRAINT bench_floor_{number} {definition}")
            rows = io.StringIO()
            cursor.copy_expert(f"COPY (SELECT {self._columns} FROM testphases_testrun ORDER BY id) TO STDOUT", rows)
            cursor.execute("SELECT (SELECT COUNT(*) FROM pg_indexes WHERE tablename = 'testphases_testrun') "
                           "- (SELECT COUNT(*) FROM pg_indexes WHERE tablename = 'bench_floor')")  # fmt: skip
            if cursor.fetchone()[0]:
                raise RuntimeError("the floor's table lacks an index")
        self._rows = rows.getvalue()

    def empty(self) -> None:
        """Empty the table before the next round."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE bench_floor")
            cursor.execute("CHECKPOINT")

    def copy(self) -> None:
        """Copy the rows into the table and commit."""
        from django.db import connection, transaction

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_expert(f"COPY bench_floor ({self._columns}) FROM STDIN", io.StringIO(self._rows))


def memory(scope_id: str, path: Path) -> tuple[float, float]:
    """Return the resident MB of a fresh process that has done one query, and its peak once it has imported the file."""
    from django.conf import settings
    from django.db import connection

    empty()
    code = (
        "import sys; from pathlib import Path; import django; django.setup()\n"
        "from django.conf import settings; from django.db import connection\n"
        "settings.MEDIA_ROOT = Path(sys.argv[1]); connection.settings_dict['NAME'] = sys.argv[2]\n"
        "from bench import ingest; from testphases.models import TestScope; TestScope.objects.count()\n"
        "import svtad.intake.actions, testphases.importers\n"
        "def rss(key):\n"
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key))\n"
        "idle = rss('VmRSS'); ingest.import_file(sys.argv[3], Path(sys.argv[4]), 'memory')\n"
        "print(idle, rss('VmHWM'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(settings.MEDIA_ROOT), connection.settings_dict["NAME"], scope_id, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    idle, peak = done.stdout.split()[-2:]
    return float(idle), float(peak)
