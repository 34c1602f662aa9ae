"""What the next round did about the Exit Criteria that the Panel named as not met (13.16): then, and since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from svtad.gates.models import AssessmentFinding, EvidenceItem
from svtad.gates.queries.assessments import assessment_at
from svtad.gates.queries.rounds import CriterionView, Round
from svtad.gates.queries.wording import shown
from svtad.parties.actors import Actor
from svtad.rulebook import codec
from svtad.rulebook.findings import Finding
from svtad.rulebook.vocabulary import Step
from testphases.models import TestScope


@dataclass(frozen=True, kw_only=True)
class Judged:
    """How a criterion was judged at a moment: the verdict's word, and what was measured. Empty: it was not."""

    word: str = ""
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One Exit Criterion that the Panel named: how it stood when it did, and what became of it in the next round.

    `tag` and `tag_next` are TAG's views in the round and in the next, `outcome` what the Panel said of it next.
    """

    name: str
    title: str
    judged: Judged
    judged_next: Judged
    tag: CriterionView | None
    tag_next: CriterionView | None
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A round that ended with "not met": its criteria one by one, and what was submitted after the direction."""

    round: Round
    criteria: tuple[Answer, ...]
    submitted: tuple[EvidenceItem, ...]


def answered(rounds: Sequence[Round], scope: TestScope, actor: Actor, *, moment: dt.datetime) -> dict[int, Answered]:
    """Return what was done about each round's criteria that were not met, by the round's number, as at `moment`.

    The evidence is what `actor` may see. A few queries for each round that ended with "not met".
    """
    found = {}
    for place, each in enumerate(rounds):
        determined = each.determined
        if determined is None or not each.criteria:
            continue
        later = rounds[place + 1] if place + 1 < len(rounds) else None
        until = later.determined.recorded_at if later and later.determined else moment
        then = _judged(scope, determined.recorded_at)
        since = _judged(scope, until)
        found[each.number] = Answered(
            round=each,
            criteria=tuple(
                Answer(
                    name=name,
                    title=title,
                    judged=then.get(name, Judged()),
                    judged_next=since.get(name, Judged()),
                    tag=_view(each, name),
                    tag_next=_view(later, name) if later else None,
                    outcome=_outcome(later, name),
                )
                for name, title in each.criteria
            ),
            submitted=_submitted(scope, actor, since=determined.recorded_at, until=until),
        )
    return found


def _judged(scope: TestScope, moment: dt.datetime) -> dict[str, Judged]:
    """Return how each criterion stood at `moment` in the judgement that the Panel has, by its key."""
    held = assessment_at(scope, Step.PANEL, moment=moment)
    if held is None:
        return {}
    rows = AssessmentFinding.objects.filter(assessment=held).values_list("data", flat=True)
    findings = [
        codec.decode(Finding, {**data, "ledger": [], "blockers": data["blockers"][:1], "dates": []}, path="finding")
        for data in rows
    ]
    return {each.key: Judged(word=shown(each).word.value, summary=each.summary) for each in findings}


def _view(held: Round | None, name: str) -> CriterionView | None:
    return next((each for each in held.views if each.name == name), None) if held is not None else None


def _outcome(later: Round | None, name: str) -> str:
    if later is None:
        return "no direction to continue yet"
    if later.determined is None:
        return "the Panel has not determined again"
    if later.determined.outcome == "CONFIRM":
        return "the Panel confirmed"
    return "named again" if name in dict(later.criteria) else "not named again"


def _submitted(scope: TestScope, actor: Actor, *, since: dt.datetime, until: dt.datetime) -> tuple[EvidenceItem, ...]:
    """Return the documentation and evidence attached after the determination, as far as `actor` may see it."""
    rows = EvidenceItem.objects.visible_to(actor).filter(scope=scope, recorded_at__gt=since, recorded_at__lte=until)
    return tuple(rows.select_related("file", "provider").order_by("pk"))
