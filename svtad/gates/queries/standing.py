"""Where do we stand: every phase that a person may see, in one pass."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from svtad.gates.models import Assessment
from svtad.gates.queries.assessments import NOT_STARTED, headroom, latest_assessments, step_shown
from svtad.gates.queries.contradicted import contradicted
from svtad.gates.queries.visibility import findings_for, own_cells_only
from svtad.gates.queries.wording import Shown, Word, shown_overall, shown_stored, summary_of
from svtad.governance.models import Decision
from svtad.parties.actors import Actor
from svtad.rulebook.findings import ThresholdCell
from svtad.rulebook.vocabulary import Step
from testphases.models import CapabilityRelease, FactsChanged, TestScope


@dataclass(frozen=True)
class Standing:
    """Where one phase stands. `met` of `criteria` are met; without an assessment both are 0.

    `summary` counts the criteria by verdict, as the reader is shown them. `step` None: no edition is held for the
    phase's document, so it is never judged. `stale`: something has changed since, and is not judged yet.
    `contradicted` is the Panel's determination that the phase, complete by an earlier one, does not meet its criteria.
    """

    scope: TestScope
    step: Step | None
    shown: Shown
    assessment: Assessment | None
    stale: bool
    headroom: tuple[ThresholdCell, ...]
    summary: Mapping[str, Any]
    contradicted: Decision | None = None

    @property
    def met(self) -> int:
        """How many criteria are met."""
        return int(self.summary.get("met", 0))

    @property
    def criteria(self) -> int:
        """How many criteria there are at this step."""
        return int(self.summary.get("criteria", 0))

    @property
    def judged_at(self) -> dt.datetime | None:
        """When it was last judged anew; the facts may have been looked at since and found the same."""
        return self.assessment.recorded_at if self.assessment else None


def standing(actor: Actor, *, release: CapabilityRelease | None = None) -> list[Standing]:
    """Return where each phase stands that `actor` may see, in the order of releases.

    Six queries, however many phases, runs and judgements there are; two more a phase for a DCC Service Provider,
    which is told of its own cells only, here as on the phase's own page.
    """
    visible = TestScope.objects.visible_to(actor)
    if release is not None:
        visible = visible.filter(release=release)
    scopes = list(
        visible.select_related("release__programme", "governed_by__document", "provider").order_by(
            "release__programme__name", "release__position", "pk"
        )
    )
    latest = latest_assessments(scopes, steps=[step.value for step in Step])
    cells = headroom(latest.values())
    pending: defaultdict[int, set[int]] = defaultdict(set)
    for pk, scope_pk in FactsChanged.objects.filter(scope__in=scopes).values_list("pk", "scope_id"):
        pending[scope_pk].add(pk)
    against = contradicted(scopes)
    return [
        replace(_standing(scope, latest, cells, pending[scope.pk], actor), contradicted=against.get(scope.pk))
        for scope in scopes
    ]


def _standing(
    scope: TestScope,
    latest: dict[tuple[int, str], Assessment],
    cells: dict[int, tuple[ThresholdCell, ...]],
    pending: set[int],
    actor: Actor,
) -> Standing:
    step = step_shown(scope)
    assessment = latest.get((scope.pk, step.value)) if step else None
    own = own_cells_only(actor)
    summary: Mapping[str, Any] = assessment.summary if assessment else {}
    seen = findings_for(actor, assessment) if assessment and own is not None else None
    if seen is not None:
        summary = summary_of(seen)
    if scope.state in NOT_STARTED:
        word = Shown(Word.NOT_STARTED)
    elif assessment is None:
        word = Shown(Word.CANNOT_DECIDE, "no edition of its document is held" if step is None else "not judged yet")
    elif seen is not None:
        word = shown_overall(seen)
    else:
        word = shown_stored(assessment.verdict, summary=summary)
    held = cells.get(assessment.pk, ()) if assessment else ()
    return Standing(
        scope=scope,
        step=step,
        shown=word,
        assessment=assessment,
        stale=bool(pending - set(assessment.summary.get("covered", ()))) if assessment else bool(pending),
        headroom=held if own is None else tuple(cell for cell in held if cell.provider in own),
        summary=summary,
    )
