"""Whether a snapshot hangs together: counts that add up, nothing given twice, no dangling identifier.

It also says what identifies a row of each list, which is what the lists are sorted by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from svtad.rulebook.codec import FactsError

if TYPE_CHECKING:
    from svtad.rulebook.facts import Facts, WorkOffPlanFact


def check_integrity(facts: Facts) -> None:
    """Refuse facts that contradict themselves: counts that do not add up, twice the same id, a dangling id.

    Raises :class:`FactsError` with the path. Whether a severity, phase kind or release exists is the edition's
    business, not checked here.
    """
    for name, key in _UNIQUE.items():
        _check_unique(getattr(facts, name), key, f"facts.{name}")
    if facts.as_at.tzinfo is None:
        raise FactsError("facts.as_at", "an instant needs its time zone")
    _check_counts(facts)
    _check_references(facts)


_UNIQUE: dict[str, Callable[[Any], Any]] = {
    "providers": attrgetter("id"),
    "dmcs": attrgetter("id"),
    "test_counts": attrgetter("dmc", "functional_group", "kind", "provider"),
    "test_rows": attrgetter("id"),
    "issues": attrgetter("id"),
    "considered_issues": attrgetter("id"),
    "count_decisions": attrgetter("issue"),
    "evidence": attrgetter("id"),
    "certificates": attrgetter("provider"),
    "work_off_plans": attrgetter("id"),
    "entered_criteria": attrgetter("id"),
    "parameters": attrgetter("key"),
    "non_working_days": lambda day: day,
}


def _nothing_first(key: Callable[[Any], tuple[str | None, ...]]) -> Callable[[Any], tuple[str, ...]]:
    """A sort key from an identity of several parts: None sorts first, as the empty string."""
    return lambda row: tuple(part or "" for part in key(row))


SORT_KEYS: dict[str, Callable[[Any], Any]] = {
    **_UNIQUE,
    "test_counts": _nothing_first(_UNIQUE["test_counts"]),
    "exclusions": _nothing_first(attrgetter("issue", "matter", "state")),
    "disputes": _nothing_first(attrgetter("issue", "matter", "participant_severity")),
    "precursors": attrgetter("scope"),
}


def _check_unique(rows: Iterable[Any], key: Callable[[Any], object], path: str) -> None:
    seen: set[object] = set()
    for index, row in enumerate(rows):
        if key(row) in seen:
            raise FactsError(f"{path}[{index}]", f"given twice: {_plain(key(row))}")
        seen.add(key(row))


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return " / ".join("none" if part is None else str(part) for part in value)
    return str(value)


def _check_counts(facts: Facts) -> None:
    for index, cell in enumerate(facts.test_counts):
        path = f"facts.test_counts[{index}]"
        if cell.planned != cell.descoped + cell.executed + cell.not_run:
            raise FactsError(path, "planned is not descoped + executed + not_run")
        if cell.executed != cell.passed + cell.failed:
            raise FactsError(path, "executed is not passed + failed")
        if cell.assured_passed > cell.passed:
            raise FactsError(path, "more assured as passed than passed")
        if not cell.exit_passed <= cell.exit_executed <= cell.executed:
            raise FactsError(path, "more passed or executed on the stage exit versions than executed at all")
    held = facts.execution_evidence
    if held is not None:
        path = "facts.execution_evidence"
        if held.executed != held.with_evidence + held.no_file_needed + held.missing:
            raise FactsError(path, "executed is not with_evidence + no_file_needed + missing")
        if held.hash_failed > held.with_evidence:
            raise FactsError(path, "more files failed their hash than executions have evidence")


def _check_references(facts: Facts) -> None:
    issues = {issue.id for issue in facts.issues} | {issue.id for issue in facts.considered_issues}
    if len(issues) != len(facts.issues) + len(facts.considered_issues):
        raise FactsError("facts.considered_issues", "an issue is listed both as the phase's and from elsewhere")
    if sum(provider.is_dcc for provider in facts.providers) > 1:
        raise FactsError("facts.providers", "the DCC is listed twice")
    known = {
        "provider": {provider.id for provider in facts.providers},
        "dmc": {dmc.id for dmc in facts.dmcs},
        "issue": issues,
    }
    for name, attribute in _REFERENCES:
        for index, row in enumerate(getattr(facts, name)):
            _check_known(known, attribute, getattr(row, attribute), f"facts.{name}[{index}].{attribute}")
    _check_plans(facts.work_off_plans, "facts.work_off_plans", known)
    for index, phase in enumerate(facts.precursors or ()):
        path = f"facts.precursors[{index}]"
        for number, provider in enumerate(phase.providers):
            _check_known(known, "provider", provider, f"{path}.providers[{number}]")
        _check_unique(phase.certificates, lambda row: row.provider, f"{path}.certificates")
        for number, certificate in enumerate(phase.certificates):
            _check_known(known, "provider", certificate.provider, f"{path}.certificates[{number}].provider")
        _check_plans(phase.work_off_plans, f"{path}.work_off_plans", known)


_REFERENCES: tuple[tuple[str, str], ...] = (
    ("test_counts", "provider"),
    ("test_rows", "provider"),
    ("issues", "provider"),
    ("considered_issues", "provider"),
    ("evidence", "provider"),
    ("certificates", "provider"),
    ("test_counts", "dmc"),
    ("test_rows", "dmc"),
    ("exclusions", "issue"),
    ("disputes", "issue"),
    ("count_decisions", "issue"),
)


def _check_known(known: dict[str, set[str]], what: str, value: str | None, path: str) -> None:
    if value is not None and value not in known[what]:
        raise FactsError(path, f"{value!r} is not among the facts' {what}s")


def _check_plans(plans: tuple[WorkOffPlanFact, ...], path: str, known: dict[str, set[str]]) -> None:
    for index, plan in enumerate(plans):
        _check_known(known, "provider", plan.provider, f"{path}[{index}].provider")
        for number, item in enumerate(plan.items):
            _check_known(known, "provider", item.provider, f"{path}[{index}].items[{number}].provider")
