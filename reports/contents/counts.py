"""Planned, run, passed, failed and not run: by kind, DMC, functional group and provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reports.contents.dossier import NO_DMC, Dossier
from reports.contents.words import mark_of_verdict, plain, rate
from reports.shapes import CountRow, DescopedRow, Grid, GridCell, GridRow, Labelled, TestRow, Tests
from svtad.rulebook.facts import TestCount
from svtad.rulebook.findings import DmcCell
from svtad.rulebook.vocabulary import TestKind, TestRowStatus

#: As many DMCs as stand beside each other on a page.
GRID_WIDTH = 7
NO_GROUP = "No functional group"

_KINDS = {TestKind.FUNCTIONAL: "Functional", TestKind.REGRESSION: "Regression"}
_STATUSES = {
    TestRowStatus.NOT_RUN: "not run",
    TestRowStatus.FAILED: "failed",
    TestRowStatus.WRONG_VERSION: "not on the exit versions",
    TestRowStatus.DESCOPED: "de-scoped",
}


def tests(dossier: Dossier) -> Tests:
    """Return every table of counts. Functional tests stand by DMC and by group, as Table 13.1 row 1 judges them."""
    counted, removed = _split(dossier)
    functional = [cell for cell in counted if cell.kind is TestKind.FUNCTIONAL]
    regression = [cell for cell in counted if cell.kind is TestKind.REGRESSION]
    return Tests(
        kinds=tuple(
            _row(_KINDS[kind], cells)
            for kind, cells in ((TestKind.FUNCTIONAL, functional), (TestKind.REGRESSION, regression))
            if cells
        ),
        by_dmc=_by_dmc(dossier, functional),
        by_group=_grouped(functional, key=lambda cell: cell.functional_group, name=lambda key: key or NO_GROUP),
        by_provider=_grouped(counted, key=lambda cell: cell.provider, name=dossier.provider),
        grids=_grids(dossier, functional),
        regression=_regression(dossier, regression),
        exit_versions=dossier.facts.stage_exit_versions or "",
        descoped=_descoped(dossier),
        removed_dmcs=tuple(
            Labelled(
                label=dmc.name,
                value=f"{plain(dmc.state)} (13.6)"
                + (f", {dossier.matter(dmc.decision)}" if dmc.decision else "")
                + (f": {sum(cell.planned for cell in removed if cell.dmc == dmc.id):,} planned tests left out"),
            )
            for dmc in dossier.facts.dmcs
            if not dmc.counts
        ),
    )


def open_tests(dossier: Dossier) -> tuple[TestRow, ...]:
    """Return every planned test that did not simply pass and is not de-scoped, by DMC, group and reference."""
    gone = {dmc.id for dmc in dossier.facts.dmcs if not dmc.counts}
    rows = [
        TestRow(
            reference=row.reference,
            title=row.title,
            kind=_KINDS[row.kind],
            dmc=dossier.dmc(row.dmc),
            group=row.functional_group or NO_GROUP,
            provider=dossier.provider(row.provider) if row.provider else "",
            status=_STATUSES[row.status] + (f"; de-scoping: {plain(row.descope)}" if row.descope else ""),
            versions=row.versions or "",
        )
        for row in dossier.facts.test_rows
        if row.status is not TestRowStatus.DESCOPED and row.dmc not in gone
    ]
    return tuple(sorted(rows, key=lambda row: (row.dmc == NO_DMC, row.dmc, row.group, row.reference)))


def _split(dossier: Dossier) -> tuple[list[TestCount], list[TestCount]]:
    """The counts that are in the criteria, and those of DMCs that left (13.6)."""
    gone = {dmc.id for dmc in dossier.facts.dmcs if not dmc.counts}
    counted = [cell for cell in dossier.facts.test_counts if cell.dmc not in gone]
    return counted, [cell for cell in dossier.facts.test_counts if cell.dmc in gone]


def _row(name: str, cells: Iterable[TestCount], judged: DmcCell | None = None) -> CountRow:
    listed = list(cells)
    due = sum(cell.due for cell in listed)
    passed = sum(cell.passed for cell in listed)
    needed = judged.needed if judged and judged.verdict else None
    return CountRow(
        name=name,
        planned=sum(cell.planned for cell in listed),
        descoped=sum(cell.descoped for cell in listed),
        due=due,
        executed=sum(cell.executed for cell in listed),
        passed=passed,
        failed=sum(cell.failed for cell in listed),
        not_run=sum(cell.not_run for cell in listed),
        assured=sum(cell.assured_passed for cell in listed),
        rate=rate(passed, due),
        needed=needed,
        short=None if needed is None else max(0, needed - passed),
        mark=mark_of_verdict(judged.verdict) if judged and judged.verdict else None,
        note=judged.note if judged else "",
    )


def _by_dmc(dossier: Dossier, functional: list[TestCount]) -> tuple[CountRow, ...]:
    """One row per DMC with its needed passes and verdict, as the finding judged it."""
    judged = {cell.dmc: cell for finding in dossier.judgement.findings for cell in finding.dmcs}
    return tuple(
        _row(dossier.dmc(dmc), [cell for cell in functional if cell.dmc == dmc], judged.get(dmc))
        for dmc in _dmcs(dossier, functional)
    )


def _dmcs(dossier: Dossier, cells: Iterable[TestCount]) -> list[str | None]:
    """The DMCs of some counts by name, the bucket of tests tied to none last."""
    return sorted({cell.dmc for cell in cells}, key=lambda key: (key is None, dossier.dmc(key), key or ""))


def _grouped(
    cells: list[TestCount], *, key: Callable[[TestCount], str | None], name: Callable[[str | None], str]
) -> tuple[CountRow, ...]:
    keys = sorted({key(cell) for cell in cells}, key=lambda value: (value is None, name(value), value or ""))
    return tuple(_row(name(value), [cell for cell in cells if key(cell) == value]) for value in keys)


def _grids(dossier: Dossier, functional: list[TestCount]) -> tuple[Grid, ...]:
    dmcs = _dmcs(dossier, functional)
    groups = sorted({cell.functional_group for cell in functional}, key=lambda group: (group is None, group or ""))
    sums: dict[tuple[str | None, str | None], list[int]] = {}
    for cell in functional:
        due_passed = sums.setdefault((cell.functional_group, cell.dmc), [0, 0])
        due_passed[0] += cell.due
        due_passed[1] += cell.passed
    grids = []
    for start in range(0, len(dmcs), GRID_WIDTH):
        part = dmcs[start : start + GRID_WIDTH]
        rows = tuple(
            GridRow(group=group or NO_GROUP, cells=tuple(_grid_cell(sums.get((group, dmc))) for dmc in part))
            for group in groups
            if part != [None] or (group, None) in sums
        )
        grids.append(Grid(dmcs=tuple(dossier.dmc(dmc) for dmc in part), rows=rows))
    return tuple(grids)


def _grid_cell(due_passed: list[int] | None) -> GridCell | None:
    """A cell, or None where nothing is planned: no coverage is neither 0% nor green."""
    if due_passed is None or due_passed[0] == 0:
        return None
    due, passed = due_passed
    level = "full" if passed == due else "ninety" if 10 * passed >= 9 * due else "below"
    return GridCell(due=due, passed=passed, rate=rate(passed, due), level=level)


def _regression(dossier: Dossier, cells: list[TestCount]) -> tuple[CountRow, ...]:
    """Regression by DMC, where only runs on the stage exit versions count (Table 13.1 row 2)."""
    rows = []
    for dmc in _dmcs(dossier, cells):
        of_dmc = [cell for cell in cells if cell.dmc == dmc]
        due = sum(cell.due for cell in of_dmc)
        executed = sum(cell.exit_executed for cell in of_dmc)
        passed = sum(cell.exit_passed for cell in of_dmc)
        rows.append(
            CountRow(
                name=dossier.dmc(dmc),
                planned=sum(cell.planned for cell in of_dmc),
                descoped=sum(cell.descoped for cell in of_dmc),
                due=due,
                executed=executed,
                passed=passed,
                failed=executed - passed,
                not_run=due - executed,
                assured=sum(cell.assured_passed for cell in of_dmc),
                rate=rate(passed, due),
                needed=due,
                short=due - passed,
            )
        )
    return tuple(rows)


def _descoped(dossier: Dossier) -> tuple[DescopedRow, ...]:
    """Every planned test that is de-scoped or proposed for it, and whether it still counts (12.6(a))."""
    rows = [
        DescopedRow(
            reference=row.reference,
            title=row.title,
            dmc=dossier.dmc(row.dmc),
            state=plain(row.descope) if row.descope else "De-scoped",
            counts="No" if row.status is TestRowStatus.DESCOPED else "Yes, until finally approved",
            matter=dossier.matter(row.descope_matter),
            ran_and_failed=row.ran_and_failed,
        )
        for row in dossier.facts.test_rows
        if row.descope or row.status is TestRowStatus.DESCOPED
    ]
    return tuple(sorted(rows, key=lambda row: row.reference))
