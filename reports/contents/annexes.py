"""The long lists: inside the report while they are short, in volumes of their own beyond that."""

from __future__ import annotations

from reports.shapes import ISSUES, TESTS, AnnexVolume, Cover, IssueRow, TestRow, VolumeEntry

#: More rows than this leave the report for volumes, so that what is put before a Panel stays short.
ROWS_INSIDE = 1_500
#: Rows of one volume at most: what one process renders within its share of memory.
ROWS_A_VOLUME = 1_000


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


def cut(*, cover: Cover, issues: tuple[IssueRow, ...], tests: tuple[TestRow, ...], number: int) -> AnnexVolume:
    """Return one volume of the two lists. Raises LookupError where they make no such volume."""
    entries = volume_entries(issues, tests)
    entry = next((volume for volume in entries if volume.number == number), None)
    if entry is None:
        raise LookupError(f"the report has no annex volume {number}")
    before = sum(volume.rows for volume in entries if volume.what == entry.what and volume.number < number)
    span = slice(before, before + entry.rows)
    return AnnexVolume(
        cover=cover,
        entry=entry,
        of=len(entries),
        issues=issues[span] if entry.what == ISSUES else (),
        tests=tests[span] if entry.what == TESTS else (),
    )
