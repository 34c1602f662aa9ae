"""What was asked of boards about Testing Issues, and how far it had come at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from issues.models import CountingQuestion, ExclusionProposal, SeverityDispute, TestingIssue
from svtad.governance.models import Matter
from svtad.governance.queries import states_at
from svtad.lib import clock
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import CountState, DisputeState, ExclusionState
from testphases.models import TestScope

#: A proposal that waits for a body's answer. While there is one, no second one is taken.
OPEN_EXCLUSIONS = (ExclusionState.PROPOSED, ExclusionState.REFERRED)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExclusionAt:
    """A proposal that an issue should not count in a scope (13.20), as it stood at a moment."""

    issue_pk: int
    issue_public_id: str
    issue_reference: str
    state: ExclusionState
    rationale: str
    matter_pk: int
    matter_public_id: str
    matter_reference: str
    proposed_at: dt.datetime

    @property
    def excludes(self) -> bool:
        """Whether it takes the issue out of the count: TAG agreed or the Secretary of State upheld."""
        return self.state.excludes


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeAt:
    """A dispute of an issue's severity (14.2), as it stood at a moment."""

    issue_pk: int
    issue_public_id: str
    issue_reference: str
    dcc_severity: str
    participant_severity: str
    raised_by_name: str
    state: DisputeState
    matter_pk: int
    matter_public_id: str
    matter_reference: str
    raised_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CountingAt:
    """Whether an issue from elsewhere counts in a scope (13.22), as it stood at a moment."""

    issue_pk: int
    issue_public_id: str
    issue_reference: str
    state: CountState
    matter_pk: int
    matter_public_id: str
    matter_reference: str
    asked_at: dt.datetime


def exclusions_at(scope: TestScope, moment: dt.datetime | None) -> list[ExclusionAt]:
    """Return how exclusion from `scope` stood for each issue it was proposed for: one row an issue.

    Where an issue was proposed more than once, the proposal that excludes it, else the last one.
    """
    asked = ExclusionProposal.objects.filter(_recorded_by(moment), scope=scope)
    states = _states(asked, moment)
    chosen: dict[int, ExclusionAt] = {}
    for proposal in asked.select_related("issue", "matter").order_by("id"):
        row = ExclusionAt(
            issue_pk=proposal.issue_id,
            issue_public_id=proposal.issue.public_id,
            issue_reference=proposal.issue.reference,
            state=ExclusionState(states[proposal.matter_id]),
            rationale=proposal.rationale,
            matter_pk=proposal.matter_id,
            matter_public_id=proposal.matter.public_id,
            matter_reference=proposal.matter.reference,
            proposed_at=proposal.recorded_at,
        )
        earlier = chosen.get(row.issue_pk)
        if earlier is None or row.excludes or not earlier.excludes:
            chosen[row.issue_pk] = row
    return list(chosen.values())


def disputes_at(scope_ids: Collection[int], moment: dt.datetime | None) -> list[DisputeAt]:
    """Return the severity disputes of issues raised in these scopes (primary keys), in order of raising."""
    asked = SeverityDispute.objects.filter(_recorded_by(moment), issue__scope_id__in=scope_ids)
    states = _states(asked, moment)
    return [
        DisputeAt(
            issue_pk=dispute.issue_id,
            issue_public_id=dispute.issue.public_id,
            issue_reference=dispute.issue.reference,
            dcc_severity=dispute.dcc_severity,
            participant_severity=dispute.participant_severity,
            raised_by_name=dispute.raised_by.name,
            state=DisputeState(states[dispute.matter_id]),
            matter_pk=dispute.matter_id,
            matter_public_id=dispute.matter.public_id,
            matter_reference=dispute.matter.reference,
            raised_at=dispute.recorded_at,
        )
        for dispute in asked.select_related("issue", "matter", "raised_by").order_by("id")
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class BeforeBoard:
    """An exclusion or a dispute of an issue as it stood at a moment. `scope_public_id` is where it should not count."""

    issue_pk: int
    what: str
    state: str
    matter_public_id: str
    matter_reference: str
    scope_public_id: str = ""

    @property
    def excludes(self) -> bool:
        """Whether it takes the issue out of a count (13.20, 13.21)."""
        return self.what == "Exclusion" and ExclusionState(self.state).excludes

    @property
    def is_pending_dispute(self) -> bool:
        """Whether the severity was before TAG (14.2)."""
        return self.what == "Dispute" and DisputeState(self.state).is_pending


def before_boards_at(
    issues: QuerySet[TestingIssue], moment: dt.datetime | None, *, actor: Actor
) -> dict[int, list[BeforeBoard]]:
    """Return what was before boards about these issues, of what `actor` may see, by the issues' primary keys.

    Queries do not grow with the issues.
    """
    here = issues.order_by().values("pk")
    proposed = ExclusionProposal.objects.visible_to(actor).filter(_recorded_by(moment), issue__in=here)
    disputed = SeverityDispute.objects.visible_to(actor).filter(_recorded_by(moment), issue__in=here)
    excluded_then, disputed_then = _states(proposed, moment), _states(disputed, moment)
    found: dict[int, list[BeforeBoard]] = {}
    columns = ("issue_id", "matter_id", "matter__public_id", "matter__reference")
    for issue, matter, public_id, reference, scope in proposed.order_by("id").values_list(*columns, "scope__public_id"):
        found.setdefault(issue, []).append(
            BeforeBoard(
                issue_pk=issue,
                what="Exclusion",
                state=excluded_then[matter],
                matter_public_id=public_id,
                matter_reference=reference,
                scope_public_id=scope,
            )
        )
    for issue, matter, public_id, reference in disputed.order_by("id").values_list(*columns):
        found.setdefault(issue, []).append(
            BeforeBoard(
                issue_pk=issue,
                what="Dispute",
                state=disputed_then[matter],
                matter_public_id=public_id,
                matter_reference=reference,
            )
        )
    return found


def pending_disputes_at(scope_ids: Collection[int], moment: dt.datetime | None) -> list[DisputeAt]:
    """Return the disputes that TAG had not decided and notified by `moment`, nor the raiser withdrawn (14.4)."""
    return [dispute for dispute in disputes_at(scope_ids, moment) if dispute.state.is_pending]


def counting_at(scope: TestScope, moment: dt.datetime | None) -> list[CountingAt]:
    """Return how each counting question put for `scope` stood. An issue never asked about is not in it."""
    asked = CountingQuestion.objects.filter(_recorded_by(moment), scope=scope)
    states = _states(asked, moment)
    return [
        CountingAt(
            issue_pk=question.issue_id,
            issue_public_id=question.issue.public_id,
            issue_reference=question.issue.reference,
            state=_count_state(states[question.matter_id]),
            matter_pk=question.matter_id,
            matter_public_id=question.matter.public_id,
            matter_reference=question.matter.reference,
            asked_at=question.recorded_at,
        )
        for question in asked.select_related("issue", "matter").order_by("id")
    ]


def _count_state(state: str) -> CountState:
    """Return what a matter's state says of the count: while TAG looks at the severity, nobody has decided (13.23)."""
    return CountState(state) if state in CountState.__members__ else CountState.UNDECIDED


def _recorded_by(moment: dt.datetime | None) -> Q:
    return Q() if moment is None else Q(recorded_at__lte=moment)


def _states(asked: QuerySet[Any], moment: dt.datetime | None) -> dict[int, str]:
    matters: QuerySet[Matter] = Matter.objects.filter(pk__in=asked.order_by().values("matter_id"))
    return states_at(matters, moment or clock.now())
