"""Proposing that planned tests be de-scoped (12.6(a)); what an approval does is in `handlers`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from svtad.governance import actions as governance_actions
from svtad.governance.models import Decision
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from testphases import policies
from testphases.actions.scopes import facts_changed, lock_scope, scope_audience
from testphases.models import (
    DescopeItem,
    DescopeRequest,
    Descoping,
    DescopingEnd,
    LatestRun,
    Outcome,
    PlannedTest,
    PlannedTestVersion,
    TestScope,
)

#: The procedure by phase kind: in SIT the Secretary of State decides after TAB, in PIT TAB alone.
PROCEDURES = {"PIT": "DESCOPE_PIT", "SIT": "DESCOPE_SIT"}
#: The state of each procedure's matter that is final approval, and those that end it without one.
APPROVED = {"DESCOPE_PIT": "TAB_APPROVED", "DESCOPE_SIT": "SOS_APPROVED"}
ENDED = ("TAB_REJECTED", "SOS_REJECTED")


@transaction.atomic
def propose_descope(
    *,
    scope: TestScope,
    planned_tests: Iterable[PlannedTest],
    justification: str,
    by: Actor,
    at: dt.datetime | None = None,
) -> DescopeRequest:
    """Propose that planned tests be de-scoped in exceptional circumstances; opens the matter.

    The tests still count until the approval is final: TAB's in PIT, the Secretary of State's in SIT.
    """
    at = at or clock.now()
    policies.check_can_propose_descoping(by)
    procedure = PROCEDURES.get(scope.kind)
    if procedure is None:
        raise Refused("SVTAD 12.6(a)", f"De-scoping is for PIT and SIT; this phase is {scope.kind}.")
    if not justification.strip():
        raise InvalidInput.one("justification", "Say what the exceptional circumstances are.")
    lock_scope(scope=scope)
    tests = list({test.pk: test for test in planned_tests}.values())
    _check_descopable(scope, tests)
    count = f"{len(tests)} planned test" + ("s" if len(tests) > 1 else "")
    version = scope.governed_by
    matter = governance_actions.open_matter(
        procedure=procedure,
        document=version.document.code,
        version=version.version,
        title=f"De-scope {count} of {scope.name}",
        rationale=justification,
        data={"exceptional_circumstances": justification},
        scope_id=scope.public_id,
        audience=scope_audience(scope=scope),
        is_synthetic=scope.is_synthetic,
        by=by,
        at=at,
    )
    request = DescopeRequest.objects.create(scope=scope, matter=matter, justification=justification, recorded_at=at)
    DescopeItem.objects.bulk_create([DescopeItem(request=request, planned_test=test) for test in tests])
    facts_changed(scope=scope, at=at)
    return request


@transaction.atomic
def apply_decision(*, request: DescopeRequest, decision: Decision, at: dt.datetime) -> int:
    """Give a decision on a de-scoping its effect; return how many tests it de-scoped.

    Only the final approval de-scopes. A test whose current result is a failure is marked "ran and
    failed" for good, wherever it is listed. Any other decision that comes after it, out of its order
    (rule 16) or as a correction, ends what it de-scoped: the tests are due again, and may be proposed
    anew; as at an earlier moment they were de-scoped. The decision's own audit event covers this.
    """
    lock_scope(scope=request.scope)
    de_scoped = 0
    standing = request.descopings.standing()
    if decision.to_state == APPROVED[decision.matter.procedure]:
        wanted = list(request.items.values_list("planned_test_id", flat=True))
        failed = set(
            LatestRun.objects.filter(planned_test_id__in=wanted, outcome=Outcome.FAILED).values_list("pk", flat=True)
        )
        if decision.supersedes_id is not None:  # the record's day of effect may have been put right
            _end(standing.exclude(effective_at=decision.effective_at), decision=decision, at=at)
        done = set(standing.all().values_list("planned_test_id", flat=True))
        rows = [
            Descoping(
                planned_test_id=pk,
                request=request,
                decision=decision,
                ran_and_failed=pk in failed,
                effective_at=decision.effective_at,
                recorded_at=at,
            )
            for pk in wanted
            if pk not in done
        ]
        Descoping.objects.bulk_create(rows)
        de_scoped = len(rows)
    else:
        _end(standing, decision=decision, at=at)
    facts_changed(scope=request.scope, at=at)
    return de_scoped


def _end(descopings: QuerySet[Descoping], *, decision: Decision, at: dt.datetime) -> None:
    DescopingEnd.objects.bulk_create(
        DescopingEnd(
            descoping=each,
            decision=decision,
            reason=decision.rationale,
            # What was recorded wrongly never held.
            effective_at=decision.effective_at if decision.supersedes_id is None else each.effective_at,
            recorded_at=at,
        )
        for each in descopings
    )


def _check_descopable(scope: TestScope, tests: list[PlannedTest]) -> None:
    if not tests:
        raise InvalidInput.one("planned_tests", "Choose at least one planned test.")
    pks = [test.pk for test in tests]
    planned = set(
        PlannedTestVersion.objects.current()
        .filter(scope=scope, planned_test_id__in=pks)
        .values_list("planned_test_id", flat=True)
    )
    strangers = [str(test) for test in tests if test.pk not in planned]
    if strangers:
        raise InvalidInput.one("planned_tests", f"Not planned in this phase: {', '.join(strangers[:5])}.")
    if Descoping.objects.standing().filter(planned_test_id__in=pks).exists():
        raise Refused("SVTAD 12.6(a)", "One of these tests is de-scoped already.")
    pending = DescopeItem.objects.filter(planned_test_id__in=pks).exclude(request__matter__state__in=ENDED)
    if pending.exists():
        reference = pending.values_list("request__matter__reference", flat=True)[0]
        raise Refused("SVTAD 12.6(a)", f"One of these tests is before the boards already ({reference}).")
