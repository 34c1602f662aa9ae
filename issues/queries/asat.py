"""Testing Issues as they stood at a moment: what the judgement of a Test Phase rests on.

Everything here is read from append-only rows: recorded by the moment and, where law gives a time of
effect, in effect by then. The number of queries does not grow with the number of issues.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import QuerySet

from issues.models import NOT_DCC_CAUSES, IssueState, TestingIssue
from issues.queries.history import AttributionRow, History, SeverityRow, StateRow, histories
from svtad.devices.models import DeviceModelCombination
from svtad.parties.models import Organisation, OrganisationKind


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueAt:
    """A Testing Issue as it stood at a moment.

    `phase_kind` and `release` say where it was raised (13.18 counts by that). `severity` "" is not
    determined; `cause` "" is not determined. `provider_is_dcc` tells the DCC's own cell from a DCC
    Service Provider's. `state_row`, `severity_row` and `attribution_row` are the rows that made it so,
    with who recorded them, when and why.
    """

    pk: int
    public_id: str
    reference: str
    external_id: str
    title: str
    scope_pk: int
    scope_public_id: str
    phase_kind: str
    phase_name: str
    release: str
    release_position: int
    raised_by_pk: int
    raised_by_public_id: str
    raised_by_name: str
    dmc_reference: str
    functional_group: str
    environment: str
    requirement: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    state: IssueState
    severity: str
    priority: str
    cause: str
    provider_pk: int | None
    provider_public_id: str | None
    provider_code: str
    provider_name: str
    provider_is_dcc: bool
    state_row: StateRow | None
    severity_row: SeverityRow | None
    attribution_row: AttributionRow | None

    @property
    def is_open(self) -> bool:
        """Whether it is not finally closed: fixed and awaiting its retest is open (rule 5)."""
        return self.state not in (IssueState.CLOSED, IssueState.REJECTED)

    @property
    def left(self) -> Literal["", "REJECTED", "NOT_DCC_CAUSED"]:
        """Return why it does not count although it was not closed, or "" (rule 4)."""
        if self.state == IssueState.REJECTED:
            return "REJECTED"
        if self.is_open and self.cause in NOT_DCC_CAUSES:
            return "NOT_DCC_CAUSED"
        return ""

    @property
    def left_reasons(self) -> str:
        """Return the reasons recorded with the determination by which it left the count."""
        row = self._left_row
        return row.reasons if row else ""

    @property
    def left_determination(self) -> str | None:
        """Return the public id of the determination by which it left the count."""
        row = self._left_row
        return row.public_id if row else None

    @property
    def _left_row(self) -> StateRow | AttributionRow | None:
        if self.left == "REJECTED":
            return self.state_row
        return self.attribution_row if self.left else None


_FIELDS = (
    "id", "public_id", "reference", "external_id", "title", "scope_id", "scope__public_id", "scope__kind",
    "scope__name", "scope__release__code", "scope__release__position", "raised_by_id", "dmc__reference",
    "functional_group", "environment", "requirement", "occurred_at", "recorded_at",
)  # fmt: skip


def issues_at(scope_ids: Collection[int], moment: dt.datetime | None) -> list[IssueAt]:
    """Return every issue raised in these scopes, closed ones too, as it stood at `moment`, by reference.

    `scope_ids` are primary keys of `TestScope`; `moment` is aware, None is the present. Six queries
    at most, however many issues there are.
    """
    issues = TestingIssue.objects.filter(scope_id__in=scope_ids)
    if moment is not None:
        issues = issues.filter(recorded_at__lte=moment)
    return issue_rows(issues, moment)


def issue_rows(issues: QuerySet[TestingIssue], moment: dt.datetime | None) -> list[IssueAt]:
    """Return the issues of any unsliced queryset as they stood at `moment` (None: now), by reference."""
    rows = list(issues.order_by("reference").values(*_FIELDS))
    if not rows:
        return []
    found = histories(issues, until=moment, last_moves_only=True)
    if moment is not None:
        reworded = wordings_at(issues, moment)
        rows = [row | reworded.get(row["id"], {}) for row in rows]
    named = {row["raised_by_id"] for row in rows} | _providers(found.values())
    organisations = {organisation.pk: organisation for organisation in Organisation.objects.filter(pk__in=named)}
    return [_issue_at(row, found.get(row["id"]) or History(), organisations) for row in rows]


def _providers(found: Iterable[History]) -> set[int]:
    return {row.provider_pk for history in found for row in history.attributions if row.provider_pk is not None}


#: What of an issue is edited: the wording, and what it concerns.
WORDED = ("title", "description", "functional_group", "environment", "requirement", "dmc__reference")


def wordings_at(issues: QuerySet[TestingIssue], moment: dt.datetime) -> dict[int, dict[str, Any]]:
    """Return the words of the issues that were reworded after `moment`, as they were at it, by primary key.

    The keys are `WORDED`. Two queries; most issues are never reworded, and are not in it.
    """
    versions = TestingIssue.history.all()
    later = versions.filter(id__in=issues.order_by().values("pk"), history_date__gt=moment, history_type="~")
    then = versions.filter(id__in=later.order_by().values("id"), history_date__lte=moment)
    columns = ("id", "dmc_id", *(name for name in WORDED if name != "dmc__reference"))
    found = {row.pop("id"): row for row in then.order_by("history_date", "history_id").values(*columns)}
    pks = {row["dmc_id"] for row in found.values() if row["dmc_id"]}
    dmcs = dict(DeviceModelCombination.objects.filter(pk__in=pks).values_list("pk", "reference")) if pks else {}
    for row in found.values():
        row["dmc__reference"] = dmcs.get(row.pop("dmc_id"))
    return found


def _issue_at(row: dict[str, Any], history: History, organisations: dict[int, Organisation]) -> IssueAt:
    severity, attribution, state = history.severity, history.attribution, history.state
    raised_by = organisations[row["raised_by_id"]]
    provider_pk = attribution.provider_pk if attribution else None
    provider = organisations[provider_pk] if provider_pk is not None else None
    return IssueAt(
        pk=row["id"],
        public_id=row["public_id"],
        reference=row["reference"],
        external_id=row["external_id"],
        title=row["title"],
        scope_pk=row["scope_id"],
        scope_public_id=row["scope__public_id"],
        phase_kind=row["scope__kind"],
        phase_name=row["scope__name"],
        release=row["scope__release__code"],
        release_position=row["scope__release__position"],
        raised_by_pk=raised_by.pk,
        raised_by_public_id=raised_by.public_id,
        raised_by_name=raised_by.name,
        dmc_reference=row["dmc__reference"] or "",
        functional_group=row["functional_group"],
        environment=row["environment"],
        requirement=row["requirement"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        state=IssueState(state.to_state) if state else IssueState.RAISED,
        severity=severity.severity if severity else "",
        priority=history.priority,
        cause=attribution.cause if attribution else "",
        provider_pk=provider_pk,
        provider_public_id=provider.public_id if provider else None,
        provider_code=provider.code if provider else "",
        provider_name=provider.name if provider else "",
        provider_is_dcc=provider is not None and provider.kind == OrganisationKind.DCC,
        state_row=state,
        severity_row=severity,
        attribution_row=attribution,
    )
