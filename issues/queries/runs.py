"""The runs an issue showed in, found by the ids that test tools use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from svtad.parties.actors import Actor
from testphases.models import LatestRun, PlannedTest, TestScope


@dataclass(frozen=True, slots=True)
class LatestRuns:
    """The latest runs of a scope's planned tests: `{test id: {DMC reference: run id}}`; "" is no DMC."""

    by_test: dict[str, dict[str, int]] = field(default_factory=dict)

    def find(self, *, test: str, dmc: str = "") -> tuple[int | None, str]:
        """Return (the run's primary key, "") for a test id, or (None, why not).

        `test` may name its DMC itself, as `TC-1@DMC-7`; `dmc` is the issue's own. Where neither says
        and the test ran on several, it is not guessed which.
        """
        name, _, named = test.rpartition("@") if "@" in test else (test, "", "")
        runs = self.by_test.get(test) or self.by_test.get(name)
        wanted = named if test not in self.by_test else ""
        if not runs:
            return None, f"“{test[:60]}” has no run in this phase."
        if wanted or dmc in runs:
            run = runs.get(wanted or dmc)
            return run, "" if run is not None else f"“{name[:60]}” has no run on {wanted} in this phase."
        if len(runs) > 1:
            several = ", ".join(sorted(runs))
            return None, f"“{test[:60]}” ran on several DMCs ({several}): name one, as in {test[:60]}@{min(runs)}."
        return next(iter(runs.values())), ""


def latest_runs(scope: TestScope, *, actor: Actor, tests: Collection[str] | None = None) -> LatestRuns:
    """Return the latest runs in `scope` that `actor` may see: the last execution, else the last attempt.

    `tests` limits it to these test ids (as given, with or without `@DMC`); None takes all. One query.
    """
    rows = LatestRun.objects.filter(scope=scope, planned_test__in=PlannedTest.objects.visible_to(actor))
    if tests is not None:
        names = {*tests, *(test.rpartition("@")[0] for test in tests if "@" in test)}
        rows = rows.filter(planned_test__definition__external_id__in=names)
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    columns = ("planned_test__definition__external_id", "planned_test__dmc__reference")
    for test, dmc, execution, attempt in rows.values_list(*columns, "execution_id", "last_attempt_id"):
        run = execution or attempt
        if run is not None:
            found[test][dmc or ""] = run
    return LatestRuns(dict(found))
