"""Planning tests: what is new, what is edited, what is withdrawn. Plans are denominators, so they are versioned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from svtad.devices.models import DeviceModelCombination
from svtad.intake.models import ImportBatch
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput, Refused, held_in
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from testphases import policies
from testphases.actions.rows import PlanResult, PlanRow
from testphases.actions.scopes import audit, facts_changed, lock_scope
from testphases.models import (
    InstallationType,
    PlannedTest,
    PlannedTestVersion,
    TestDefinition,
    TestKind,
    TestScope,
    TestStage,
)
from testphases.models.scopes import ScopeState

#: Rows written at once.
_BATCH = 2000
#: Up to here a plan may still shrink freely; afterwards a test leaves it by de-scoping only (12.6(a)).
_BEFORE_START = (ScopeState.PLANNED, ScopeState.ENTRY_ASSESSED)
_LIMITS = {"external_id": 300, "title": 300, "functional_group": 120, "requirement": 120, "source": 60}


class _Key(NamedTuple):
    """The identity of a planned test within a scope."""

    source: str
    external_id: str
    dmc_id: int | None
    installation_type: str


class _Planned(NamedTuple):
    """What is planned of one test, as compared and stored."""

    title: str
    kind: str
    functional_group: str
    provider_id: int | None
    stage_id: int | None
    requirement: str


class _Current(NamedTuple):
    """A planned test's version that holds."""

    planned_test_id: int
    number: int
    valid_from: dt.datetime
    planned: _Planned


@dataclass
class PlanDiff:
    """What rows would change in a plan, and what is wrong with them. Nothing is stored by making one."""

    create: list[tuple[_Key, _Planned]] = field(default_factory=list)
    change: list[tuple[_Current, _Planned, PlanRow]] = field(default_factory=list)
    unchanged: int = 0
    errors: list[FieldError] = field(default_factory=list)

    def result(self) -> PlanResult:
        """Return the counts."""
        return PlanResult(created=len(self.create), changed=len(self.change), unchanged=self.unchanged)


def compare_plan(*, scope: TestScope, rows: Iterable[PlanRow], by: Actor) -> PlanDiff:
    """Return what `rows` would change in the plan of `scope`, every error named with its row and field."""
    names = _Names.of(scope, by)
    current = _current_plan(scope)
    started = scope.state not in _BEFORE_START
    diff = PlanDiff()
    seen: dict[_Key, int | None] = {}
    for row in rows:
        errors = list(names.problems(row))
        key = names.key(row)
        if not errors and key in seen:
            errors.append(_error(row, "external_id", f"The same test is in row {seen[key]} already."))
        if errors:
            diff.errors.extend(errors)
            continue
        seen[key] = row.row
        planned = names.planned(row)
        held = current.get(key)
        if held is None:
            diff.create.append((key, planned))
        elif held.planned == planned:
            diff.unchanged += 1
        else:
            problem = names.edit_problem(row, held.planned, planned, started=started)
            if problem:
                diff.errors.append(problem)
            else:
                diff.change.append((held, planned, row))
    return diff


@transaction.atomic
def plan_tests(
    *,
    scope: TestScope,
    rows: Iterable[PlanRow],
    by: Actor,
    at: dt.datetime | None = None,
    batch: ImportBatch | None = None,
    reason: str = "",
) -> PlanResult:
    """Plan tests: new ones are added, a changed one's version is closed and its next opened, equal ones are left.

    Raises `InvalidInput` naming every bad row; then nothing is stored. A test that `rows` leave out
    stays planned.
    """
    at = at or clock.now()
    policies.check_can_plan(by, scope)
    scope = lock_scope(scope=scope)
    diff = compare_plan(scope=scope, rows=rows, by=by)
    if diff.errors:
        raise InvalidInput(diff.errors)
    _apply(scope, diff, by=by, at=at, reason=reason)
    result = diff.result()
    if result.created or result.changed:
        detail = {"created": result.created, "changed": result.changed, "batch": batch.public_id if batch else ""}
        audit(scope=scope, action="plan_tests", by=by, at=at, clause="SVTAD 9.1", detail=detail)
        facts_changed(scope=scope, at=at)
    return result


def edit_planned_test(
    *,
    planned_test: PlannedTest,
    by: Actor,
    reason: str,
    at: dt.datetime | None = None,
    title: str | None = None,
    kind: str | None = None,
    functional_group: str | None = None,
    provider: str | None = None,
    stage: str | None = None,
    requirement: str | None = None,
) -> PlanResult:
    """Change what is planned about one test; None leaves a field as it is. Raises like `plan_tests`."""
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why the plan changes.")
    version = (
        PlannedTestVersion.objects.current()
        .select_related("provider", "stage")
        .filter(planned_test=planned_test)
        .first()
    )
    if version is None:
        raise Refused("", "This test is no longer planned.")

    def pick(given: str | None, held: str) -> str:
        return held if given is None else given

    row = PlanRow(
        external_id=planned_test.definition.external_id,
        source=planned_test.definition.source,
        dmc=planned_test.dmc.reference if planned_test.dmc else "",
        installation_type=planned_test.installation_type,
        title=pick(title, version.title),
        kind=pick(kind, version.kind),
        functional_group=pick(functional_group, version.functional_group),
        provider=pick(provider, version.provider.code if version.provider else ""),
        stage=pick(stage, version.stage.name if version.stage else ""),
        requirement=pick(requirement, version.requirement),
    )
    return plan_tests(scope=planned_test.scope, rows=[row], by=by, at=at, reason=reason)


@transaction.atomic
def withdraw_tests(
    *, scope: TestScope, planned_tests: Iterable[PlannedTest], reason: str, by: Actor, at: dt.datetime | None = None
) -> int:
    """Take tests out of a plan that has not started yet; return how many were planned.

    Once the phase is in progress it is refused: all planned tests are executed, or de-scoped (12.6(a)).
    """
    at = at or clock.now()
    policies.check_can_plan(by, scope)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why these tests are no longer planned.")
    scope = lock_scope(scope=scope)
    if scope.state not in _BEFORE_START:
        raise Refused("SVTAD 12.6(a)", "The phase has started: a planned test leaves it only by being de-scoped.")
    limit = policies.provider_limit(by)
    wanted = {test.pk for test in planned_tests}
    held = PlannedTestVersion.objects.current().filter(scope=scope, planned_test_id__in=wanted)
    if limit is not None:
        held = held.filter(provider_id__in=limit)
    if held.filter(valid_from__gt=at).exists():
        raise Refused("", "A later version of the plan holds already.")
    withdrawn: int = held.update(valid_to=at)
    if withdrawn:
        audit(scope=scope, action="withdraw_tests", by=by, at=at, detail={"withdrawn": withdrawn, "reason": reason})
        facts_changed(scope=scope, at=at)
    return withdrawn


@dataclass(frozen=True)
class _Names:
    """The names that rows may use in a scope, resolved once."""

    dmcs: dict[str, int]
    providers: dict[str, int]
    stages: dict[str, int]
    limit: frozenset[int] | None
    own_provider_id: int | None

    @classmethod
    def of(cls, scope: TestScope, by: Actor) -> _Names:
        return cls(
            dmcs=dict(DeviceModelCombination.objects.values_list("reference", "pk")),
            providers=dict(Organisation.objects.values_list("code", "pk")),
            stages=dict(TestStage.objects.filter(scope=scope).values_list("name", "pk")),
            limit=policies.provider_limit(by),
            own_provider_id=scope.provider_id,
        )

    def provider_id(self, row: PlanRow) -> int | None:
        return self.providers.get(row.provider) if row.provider else self.own_provider_id

    def key(self, row: PlanRow) -> _Key:
        return _Key(row.source, row.external_id, self.dmcs.get(row.dmc), row.installation_type)

    def planned(self, row: PlanRow) -> _Planned:
        return _Planned(
            title=row.title or row.external_id,
            kind=row.kind,
            functional_group=row.functional_group,
            provider_id=self.provider_id(row),
            stage_id=self.stages.get(row.stage),
            requirement=row.requirement,
        )

    def problems(self, row: PlanRow) -> Iterator[FieldError]:
        for name, longest in _LIMITS.items():
            if len(getattr(row, name)) > longest:
                yield _error(row, name, f"At most {longest} characters.")
        if not row.external_id.strip():
            yield _error(row, "external_id", "Give the test's id.")
        if row.kind not in TestKind.values:
            yield _error(row, "kind", f"“{row.kind}” is neither FUNCTIONAL nor REGRESSION.")
        if row.installation_type not in InstallationType.values:
            known = ", ".join(filter(None, InstallationType.values))
            yield _error(row, "installation_type", f"“{row.installation_type}” is none of {known}, nor empty.")
        if row.dmc and row.dmc not in self.dmcs:
            yield _error(row, "dmc", f"There is no DMC “{row.dmc}”: the reference of one is expected, or nothing.")
        if row.stage and row.stage not in self.stages:
            expected = f"one of {', '.join(sorted(self.stages))}, or nothing" if self.stages else "nothing: it has none"
            yield _error(row, "stage", f"The phase has no stage “{row.stage}”: expected is {expected}.")
        if row.provider and row.provider not in self.providers:
            yield _error(row, "provider", f"There is no organisation “{row.provider}”: the code of one is expected.")
        elif self.own_provider_id is not None and self.provider_id(row) != self.own_provider_id:
            own = self._code_of(self.own_provider_id)
            yield _error(
                row, "provider", f"This phase is another DCC Service Provider's own: expected is {own}, or nothing."
            )
        elif self.limit is not None and self.provider_id(row) not in self.limit:
            own = ", ".join(sorted(self._code_of(each) for each in self.limit))
            yield _error(row, "provider", f"You may plan your own organisation's tests only: expected is {own}.")

    def _code_of(self, provider_id: int) -> str:
        return next((code for code, pk in self.providers.items() if pk == provider_id), "its own")

    def edit_problem(self, row: PlanRow, held: _Planned, planned: _Planned, *, started: bool) -> FieldError | None:
        """Return why a planned test may not be edited so, if it may not."""
        if self.limit is not None and held.provider_id not in self.limit:
            return _error(row, "provider", "You may change your own organisation's tests only.")
        if started and held.kind != planned.kind:
            # Another kind is another criterion: the test would leave its own by the back door.
            return _error(
                row,
                "kind",
                "The phase has started: a test leaves its criterion only by being de-scoped (12.6(a)). "
                f"Expected is {held.kind}, as it is planned.",
            )
        return None


def _error(row: PlanRow, field: str, message: str) -> FieldError:
    """Return an error of a row's field with what the field held."""
    return FieldError(row.row, field, message, held_in(row, field))


def _current_plan(scope: TestScope) -> dict[_Key, _Current]:
    held = PlannedTestVersion.objects.current().filter(scope=scope)
    values = held.values_list(
        "planned_test__definition__source",
        "planned_test__definition__external_id",
        "planned_test__dmc_id",
        "planned_test__installation_type",
        "planned_test_id",
        "number",
        "valid_from",
        "title",
        "kind",
        "functional_group",
        "provider_id",
        "stage_id",
        "requirement",
    )
    return {
        _Key(*row[:4]): _Current(row[4], row[5], row[6], _Planned(*row[7:])) for row in values.iterator(chunk_size=5000)
    }


def _apply(scope: TestScope, diff: PlanDiff, *, by: Actor, at: dt.datetime, reason: str) -> None:
    late = [row for held, _, row in diff.change if held.valid_from > at]
    if late:
        raise InvalidInput([_error(row, "external_id", "A later version is planned already.") for row in late])
    versions = [
        _version(scope, held.planned_test_id, held.number + 1, planned, by=by, at=at, reason=reason)
        for held, planned, _ in diff.change
    ]
    for chunk in _chunks([held.planned_test_id for held, _, _ in diff.change]):
        PlannedTestVersion.objects.current().filter(planned_test_id__in=chunk).update(valid_to=at)
    versions += _new_versions(scope, diff.create, by=by, at=at, reason=reason)
    PlannedTestVersion.objects.bulk_create(versions, batch_size=_BATCH)


def _new_versions(
    scope: TestScope, create: list[tuple[_Key, _Planned]], *, by: Actor, at: dt.datetime, reason: str
) -> list[PlannedTestVersion]:
    """Make the definitions and planned tests that are missing; return first versions (not yet saved) of each."""
    if not create:
        return []
    definitions = _definitions(scope, {(key.source, key.external_id) for key, _ in create}, at)
    # A test that was withdrawn and is planned again keeps its identity, its runs and its numbering.
    withdrawn = {
        (row[0], row[1], row[2]): (row[3], row[4])
        for row in PlannedTest.objects.filter(scope=scope)
        .exclude(pk__in=PlannedTestVersion.objects.current().filter(scope=scope).values("planned_test_id"))
        .annotate(last=Max("versions__number"))
        .values_list("definition_id", "dmc_id", "installation_type", "pk", "last")
    }
    numbers: list[int] = []
    tests: list[PlannedTest] = []
    fresh: list[PlannedTest] = []
    for key, _ in create:
        definition_id = definitions[key.source, key.external_id]
        known = withdrawn.get((definition_id, key.dmc_id, key.installation_type))
        test = PlannedTest(
            pk=known[0] if known else None,
            scope=scope,
            definition_id=definition_id,
            dmc_id=key.dmc_id,
            installation_type=key.installation_type,
            recorded_at=at,
        )
        tests.append(test)
        numbers.append((known[1] or 0) + 1 if known else 1)
        if not known:
            fresh.append(test)
    PlannedTest.objects.bulk_create(fresh, batch_size=_BATCH)
    return [
        _version(scope, test.pk, number, planned, by=by, at=at, reason=reason)
        for test, number, (_, planned) in zip(tests, numbers, create, strict=True)
    ]


def _definitions(scope: TestScope, names: set[tuple[str, str]], at: dt.datetime) -> dict[tuple[str, str], int]:
    """Return the ids of the definitions of these (source, external id), making those the programme lacks."""
    programme_id = scope.release.programme_id
    wanted = sorted(names)
    rows = [
        TestDefinition(programme_id=programme_id, source=source, external_id=external_id, recorded_at=at)
        for source, external_id in wanted
    ]
    TestDefinition.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
    found: dict[tuple[str, str], int] = {}
    for chunk in _chunks([external_id for _, external_id in wanted]):
        held = TestDefinition.objects.filter(programme_id=programme_id, external_id__in=chunk)
        found.update({(row[0], row[1]): row[2] for row in held.values_list("source", "external_id", "pk")})
    return found


def _version(
    scope: TestScope, planned_test_id: int, number: int, planned: _Planned, *, by: Actor, at: dt.datetime, reason: str
) -> PlannedTestVersion:
    return PlannedTestVersion(
        planned_test_id=planned_test_id,
        scope=scope,
        number=number,
        valid_from=at,
        reason=reason[:300],
        recorded_by=by.label,
        **planned._asdict(),
    )


def _chunks(values: list[Any]) -> Iterator[list[Any]]:
    it = iter(values)
    while chunk := list(islice(it, _BATCH)):
        yield chunk
