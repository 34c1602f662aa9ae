"""What the append-only rows of an issue amount to: the one place where a history becomes a present.

The current columns of `TestingIssue` and every "as at" question are both answered from here, so that
they cannot differ.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Max, Q, QuerySet

from issues.models import Attribution, IssueState, IssueStateChange, SeverityDetermination, TestingIssue

#: Whose determination of a severity prevails. TAG's is final and binding (14.2), so the DCC's cannot
#: come after it; the Secretary of State's is final over both (13.24). Among equals the latest holds.
STANDING = {"DCC": 0, "TAG": 1, "SOS": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class SeverityRow:
    """A determination of a severity. `severity` is the edition's string, `body` a key of `STANDING`.

    `mirrored_from`, here and below, is the tracker that said so; "" where a person or a body did.
    """

    pk: int
    public_id: str
    severity: str
    priority: str
    body: str
    reasons: str
    effective_at: dt.datetime
    recorded_at: dt.datetime
    recorded_by: str
    mirrored_from: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributionRow:
    """A determination of cause and provider; `cause` "" means not determined."""

    pk: int
    public_id: str
    cause: str
    provider_pk: int | None
    reasons: str
    effective_at: dt.datetime
    recorded_at: dt.datetime
    recorded_by: str
    mirrored_from: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StateRow:
    """A move from one state to another; the first comes from ""."""

    pk: int
    public_id: str
    from_state: str
    to_state: str
    reasons: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    recorded_by: str
    mirrored_from: str = ""


@dataclass(slots=True)
class History:
    """All that was determined of one issue, each list in the order in which it was recorded."""

    severities: list[SeverityRow] = field(default_factory=list)
    attributions: list[AttributionRow] = field(default_factory=list)
    states: list[StateRow] = field(default_factory=list)

    @property
    def severity(self) -> SeverityRow | None:
        """Return the determination that prevails: by standing of the body, then the latest in effect."""
        return max(self.severities, key=lambda row: (STANDING.get(row.body, 0), row.effective_at, row.pk), default=None)

    @property
    def priority(self) -> str:
        """Return the priority last determined. No board decides it (14.2: the severity level only)."""
        latest = max(self.severities, key=lambda row: (row.effective_at, row.pk), default=None)
        return latest.priority if latest else ""

    @property
    def attribution(self) -> AttributionRow | None:
        """Return the attribution last in effect."""
        return max(self.attributions, key=lambda row: (row.effective_at, row.pk), default=None)

    @property
    def state(self) -> StateRow | None:
        """Return the move last recorded: the states are a chain in the order of their recording."""
        return max(self.states, key=lambda row: row.pk, default=None)

    @property
    def is_determined_here(self) -> bool:
        """Whether a person of the DCC, or a body, determined anything of it: no tracker undoes that."""
        moved = (row for row in self.states if row.to_state in (IssueState.DETERMINED, IssueState.REJECTED))
        told = [row.mirrored_from for row in self.severities]
        told += [row.mirrored_from for row in self.attributions]
        return not all((*told, *(row.mirrored_from for row in moved)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The present that a history amounts to, in the shape of the issue's current columns."""

    state: str
    severity: str
    priority: str
    cause: str
    provider_id: int | None

    @property
    def columns(self) -> tuple[str | int | None, ...]:
        """Return the values in the order of the columns state, severity, priority, cause, provider_id."""
        return self.state, self.severity, self.priority, self.cause, self.provider_id

    @classmethod
    def of(cls, history: History) -> Standing:
        """Return what `history` amounts to."""
        severity, attribution, state = history.severity, history.attribution, history.state
        return cls(
            state=state.to_state if state else IssueState.RAISED.value,
            severity=severity.severity if severity else "",
            priority=history.priority,
            cause=attribution.cause if attribution else "",
            provider_id=attribution.provider_pk if attribution else None,
        )


def histories(
    issues: QuerySet[TestingIssue], *, until: dt.datetime | None = None, last_moves_only: bool = False
) -> dict[int, History]:
    """Return the history of each of `issues` by primary key, in three queries however many there are.

    With `until` (aware), only what was recorded by then and, where law gives it a time of effect, in
    effect by then. `last_moves_only` reads of the moves each issue's last, which is all that its
    present needs. An issue of which nothing is recorded is not in the result.
    """
    found: defaultdict[int, History] = defaultdict(History)
    for issue_pk, severity in _severity_rows(issues, until):
        found[issue_pk].severities.append(severity)
    for issue_pk, attribution in _attribution_rows(issues, until):
        found[issue_pk].attributions.append(attribution)
    for issue_pk, state in _state_rows(issues, until, last_only=last_moves_only):
        found[issue_pk].states.append(state)
    return dict(found)


_RECORDED = ("recorded_at", "recorded_by", "mirrored_from")


def _until(until: dt.datetime | None, *, effective: bool) -> Q:
    if until is None:
        return Q()
    return Q(recorded_at__lte=until, effective_at__lte=until) if effective else Q(recorded_at__lte=until)


def _severity_rows(issues: QuerySet[TestingIssue], until: dt.datetime | None) -> Iterable[tuple[int, SeverityRow]]:
    rows = SeverityDetermination.objects.filter(_until(until, effective=True), issue__in=issues.order_by())
    fields = ("issue_id", "id", "public_id", "severity", "priority", "body", "reasons")
    for row in rows.order_by("id").values_list(*fields, "effective_at", *_RECORDED):
        yield row[0], SeverityRow(
            pk=row[1], public_id=row[2], severity=row[3], priority=row[4], body=row[5], reasons=row[6],
            effective_at=row[7], recorded_at=row[8], recorded_by=row[9], mirrored_from=row[10],
        )  # fmt: skip


def _attribution_rows(
    issues: QuerySet[TestingIssue], until: dt.datetime | None
) -> Iterable[tuple[int, AttributionRow]]:
    rows = Attribution.objects.filter(_until(until, effective=True), issue__in=issues.order_by())
    fields = ("issue_id", "id", "public_id", "cause", "provider_id", "reasons")
    for row in rows.order_by("id").values_list(*fields, "effective_at", *_RECORDED):
        yield row[0], AttributionRow(
            pk=row[1], public_id=row[2], cause=row[3], provider_pk=row[4], reasons=row[5],
            effective_at=row[6], recorded_at=row[7], recorded_by=row[8], mirrored_from=row[9],
        )  # fmt: skip


def _state_rows(
    issues: QuerySet[TestingIssue], until: dt.datetime | None, *, last_only: bool
) -> Iterable[tuple[int, StateRow]]:
    rows = IssueStateChange.objects.filter(_until(until, effective=False), issue__in=issues.order_by())
    if last_only:
        last = rows.order_by().values("issue_id").annotate(last=Max("id")).values("last")
        rows = IssueStateChange.objects.filter(pk__in=last)
    fields = ("issue_id", "id", "public_id", "from_state", "to_state", "reasons")
    for row in rows.order_by("id").values_list(*fields, "occurred_at", *_RECORDED):
        yield row[0], StateRow(
            pk=row[1], public_id=row[2], from_state=row[3], to_state=row[4], reasons=row[5],
            occurred_at=row[6], recorded_at=row[7], recorded_by=row[8], mirrored_from=row[9],
        )  # fmt: skip
