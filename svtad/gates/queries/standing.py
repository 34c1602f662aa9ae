"""Where do we stand: every phase that a person may see, in one pass."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from svtad.gates.models import Assessment
from svtad.gates.queries.assessments import NOT_STARTED, headroom, latest_assessments, step_shown
from svtad.gates.queries.wording import Shown, Word, shown_stored
from svtad.parties.actors import Actor
from svtad.rulebook.findings import ThresholdCell
from svtad.rulebook.vocabulary import Step
from testphases.models import CapabilityRelease, FactsChanged, TestScope


@dataclass(frozen=True)
class Standing:
    """Where one phase stands. `met` of `criteria` are met; without an assessment both are 0.

    `step` None: no edition is held for the phase's document, so it is never judged. `stale`: something has changed
    since, and is not judged yet.
    """

    scope: TestScope
    step: Step | None
    shown: Shown
    assessment: Assessment | None
    stale: bool
    headroom: tuple[ThresholdCell, ...]

    @property
    def met(self) -> int:
        """How many criteria are met."""
        return int(self.assessment.summary.get("met", 0)) if self.assessment else 0

    @property
    def criteria(self) -> int:
        """How many criteria there are at this step."""
        return int(self.assessment.summary.get("criteria", 0)) if self.assessment else 0

    @property
    def judged_at(self) -> dt.datetime | None:
        """When it was last judged anew; the facts may have been looked at since and found the same."""
        return self.assessment.recorded_at if self.assessment else None


def standing(actor: Actor, *, release: CapabilityRelease | None = None) -> list[Standing]:
    """Return where each phase stands that `actor` may see, in the order of releases.

    Five queries, however many phases, runs and judgements there are. A DCC Service Provider is told of its own
    cells only.
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
    own = own_cells_only(actor)
    return [_standing(scope, latest, cells, pending[scope.pk], own) for scope in scopes]


def own_cells_only(actor: Actor) -> frozenset[str] | None:
    """Return the public ids of the providers whose cells `actor` is held to, or None where it sees all."""
    if actor.sees_everything or actor.may("see_all_phases") or "DCC" in actor.organisation_kinds:
        return None
    return frozenset(key.removeprefix("org:") for key in actor.audience_keys if key.startswith("org:"))


def _standing(
    scope: TestScope,
    latest: dict[tuple[int, str], Assessment],
    cells: dict[int, tuple[ThresholdCell, ...]],
    pending: set[int],
    own: frozenset[str] | None,
) -> Standing:
    step = step_shown(scope)
    assessment = latest.get((scope.pk, step.value)) if step else None
    if scope.state in NOT_STARTED:
        word = Shown(Word.NOT_STARTED)
    elif assessment is None:
        word = Shown(Word.CANNOT_DECIDE, "no edition of its document is held" if step is None else "not judged yet")
    else:
        word = shown_stored(assessment.verdict, summary=assessment.summary)
    held = cells.get(assessment.pk, ()) if assessment else ()
    return Standing(
        scope=scope,
        step=step,
        shown=word,
        assessment=assessment,
        stale=bool(pending - set(assessment.summary.get("covered", ()))) if assessment else bool(pending),
        headroom=held if own is None else tuple(cell for cell in held if cell.provider in own),
    )
