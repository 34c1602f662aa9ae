"""The rounds in which SIT is put before the Panel: announced, package, TAG's review, determination (13.15, 13.16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from svtad.gates.models import EvidenceItem
from svtad.gates.queries.evidence import standing_evidence
from svtad.gates.queries.phases import phase_kind_for
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governance.queries.matters import decisions_at
from svtad.parties.actors import Actor
from svtad.rulebook.procedures.machine import VIEWS
from svtad.rulebook.vocabulary import EvidenceKind, Step
from testphases.models import TestScope

#: What goes with the package besides the DCC's own document (13.15(b)).
OF_PACKAGE = (EvidenceKind.COMPLETION_REPORT, EvidenceKind.SIT_AUDIT_REPORT)
_WORDS = dict(VIEWS)


@dataclass(frozen=True)
class CriterionView:
    """What TAG said of one Exit Criterion when the DCC reviewed the evidence with it (13.15(c))."""

    name: str
    title: str
    view: str
    words: str

    @property
    def said(self) -> str:
        """The view in words."""
        return _WORDS[self.view]


@dataclass(frozen=True)
class Sent:
    """A package given to the Panel, the Authority and the Secretary of State, and what stood with it then."""

    decision: Decision
    document: StoredFile | None
    reports: tuple[EvidenceItem, ...]
    absent: tuple[str, ...]


@dataclass
class Round:
    """One round: what was done in it, in whatever order, and what the Panel determined. The last may be open."""

    number: int
    announced: list[Decision] = field(default_factory=list)
    packages: list[Sent] = field(default_factory=list)
    reviewed: Decision | None = None
    views: tuple[CriterionView, ...] = ()
    determined: Decision | None = None
    criteria: tuple[tuple[str, str], ...] = ()
    directed: Decision | None = None

    @property
    def missing(self) -> list[str]:
        """What of 13.15 this round is without: shown, never refused for (rule 16)."""
        found = []
        if self.number == 1 and not self.announced:
            found.append("the announcement (13.15(a))")
        if not self.packages:
            found.append("the package (13.15(b))")
        if self.reviewed is None:
            found.append("the review with TAG (13.15(c))")
        return found


def criteria_named(matter: Matter) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the Exit Criteria that TAG's review and the Panel's "not met" may name: the edition's at the Panel's step.

    By the keys of the statements (`views`, `criteria`); none where the matter is about no phase of a known edition.
    """
    scope = TestScope.objects.select_related("governed_by__document").filter(public_id=matter.scope_id).first()
    known = criteria_of(scope) if scope is not None else ()
    return {"criteria": known, "views": known}


def criteria_of(scope: TestScope) -> tuple[tuple[str, str], ...]:
    """Return the name and title of each Exit Criterion of a phase that the Panel judges, in reading order."""
    kind = phase_kind_for(scope)
    if kind is None or Step.PANEL not in kind.steps:
        return ()
    return tuple((criterion.key, criterion.title) for criterion in kind.criteria_at(Step.PANEL))


def rounds_of(matter: Matter, scope: TestScope, actor: Actor, *, moment: dt.datetime) -> list[Round]:
    """Return the rounds of a SIT completion matter as they were recorded by `moment`, the first first.

    Directing the DCC to continue begins a new one; the last is where the matter is. Documents only as far as `actor`
    may open them. A package stands with the Completion Report and the SIT Audit Report of the day it was sent.
    """
    rows = decisions_at(moment).filter(matter=matter).select_related("document").order_by("sequence")
    held: Sequence[Decision] = list(rows)
    seen = set(
        StoredFile.objects.visible_to(actor)
        .filter(pk__in=[each.document_id for each in held])
        .values_list("pk", flat=True)
    )
    titles = dict(criteria_of(scope))
    rounds = [Round(number=1)]
    for each in held:
        now = rounds[-1]
        if each.outcome == "ANNOUNCE":
            now.announced.append(each)
        elif each.outcome == "SEND_PACKAGE":
            now.packages.append(_sent(each, scope, actor, seen=seen))
        elif each.outcome == "REVIEW_WITH_TAG":
            now.reviewed = each
            now.views = _views(each, titles)
        elif each.outcome in ("CONFIRM", "NOT_MET"):
            now.determined = each
            named = each.data.get("criteria") or ()
            now.criteria = tuple((name, titles.get(name, "")) for name in named)
        elif each.outcome == "DIRECT":
            now.directed = each
            rounds.append(Round(number=now.number + 1))
    return rounds


def _sent(decision: Decision, scope: TestScope, actor: Actor, *, seen: set[int]) -> Sent:
    standing = {item.kind: item for item in standing_evidence(scope, decision.recorded_at)}
    words = {
        EvidenceKind.COMPLETION_REPORT: "the Completion Report",
        EvidenceKind.SIT_AUDIT_REPORT: "the SIT Audit Report",
    }
    read = EvidenceItem.objects.visible_to(actor).filter(pk__in=[item.pk for item in standing.values()])
    open_to = set(read.values_list("pk", flat=True))
    return Sent(
        decision=decision,
        document=decision.document if decision.document_id in seen else None,
        reports=tuple(standing[kind] for kind in OF_PACKAGE if kind in standing and standing[kind].pk in open_to),
        absent=tuple(words[kind] for kind in OF_PACKAGE if kind not in standing),
    )


def _views(decision: Decision, titles: dict[str, str]) -> tuple[CriterionView, ...]:
    """Return TAG's view of every criterion; of one on which nothing was said there is no view."""
    said = decision.data.get("views") or {}
    names = [*titles, *(name for name in said if name not in titles)]
    return tuple(
        CriterionView(
            name=name,
            title=titles.get(name, ""),
            view=said.get(name, {}).get("view", "NO_VIEW"),
            words=said.get(name, {}).get("words", ""),
        )
        for name in names
    )
