"""The long lists: inside the report while they are short, in volumes of their own beyond that."""

from __future__ import annotations

from reports.shapes import AnnexVolume, CompletionReport, IssueRow, TestRow, VolumeEntry

#: More rows than this leave the report for volumes, so that what is put before a Panel stays short.
ROWS_INSIDE = 1_500
#: Rows of one volume at most: what one process renders within its share of memory.
ROWS_A_VOLUME = 1_000

ISSUES = "Testing Issues"
TESTS = "Planned tests that did not pass"


def volume_entries(issues: tuple[IssueRow, ...], tests: tuple[TestRow, ...]) -> tuple[VolumeEntry, ...]:
    """Return the volumes that the two lists make, in order; none while both fit inside the report."""
    if len(issues) + len(tests) <= ROWS_INSIDE:
        return ()
    entries: list[VolumeEntry] = []
    for what, rows in ((ISSUES, issues), (TESTS, tests)):
        volumes = -(-len(rows) // ROWS_A_VOLUME)
        even = -(-len(rows) // max(volumes, 1))  # so that the last one is no stub
        for start in range(0, len(rows), even or 1):
            part = rows[start : start + even]
            entries.append(
                VolumeEntry(
                    number=len(entries) + 1,
                    what=what,
                    rows=len(part),
                    first=part[0].reference,
                    last=part[-1].reference,
                )
            )
    return tuple(entries)


def annex_volume(report: CompletionReport, number: int) -> AnnexVolume:
    """Return one volume of a report. Raises LookupError where the report has no such volume."""
    entry = next((volume for volume in report.volumes if volume.number == number), None)
    if entry is None:
        raise LookupError(f"the report has no annex volume {number}")
    before = sum(volume.rows for volume in report.volumes if volume.what == entry.what and volume.number < number)
    span = slice(before, before + entry.rows)
    return AnnexVolume(
        cover=report.cover,
        entry=entry,
        of=len(report.volumes),
        issues=report.register[span] if entry.what == ISSUES else (),
        tests=report.open_tests[span] if entry.what == TESTS else (),
    )
