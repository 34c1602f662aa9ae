"""The issue log's filters, its order and its counts: one reading of a query string for page, REST and export.

Interface principle 3, one URL is the view: whoever shows, counts or exports issues passes the same
mapping of query parameters here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from issues.models import NOT_DCC_CAUSES, Cause, ExclusionProposal, IssueState, SeverityDispute, TestingIssue
from svtad.lib.clock import LONDON
from svtad.lib.errors import FieldError, InvalidInput
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import DisputeState, ExclusionState

#: The value of a filter that asks for "has none": not determined, tied to no DMC.
NONE = "none"
CLOSED_STATES = (IssueState.CLOSED.value, IssueState.REJECTED.value)
#: What takes an issue out of the count (13.20, 13.21).
EXCLUDING_STATES = tuple(state.value for state in ExclusionState if state.excludes)
PENDING_STATES = tuple(state.value for state in DisputeState if state.is_pending)

#: What a list can be sorted by; a leading "-" turns it round. The reference settles ties.
SORTS = {
    "reference": "reference",
    "title": "title",
    "severity": "severity",
    "priority": "priority",
    "state": "state",
    "provider": "provider__name",
    "cause": "cause",
    "raised_by": "raised_by__name",
    "raised": "occurred_at",
    "recorded": "recorded_at",
    "dmc": "dmc__reference",
    "phase": "scope__name",
}

Params = Mapping[str, "str | Sequence[str]"]


def issue_list(params: Params, *, actor: Actor) -> QuerySet[TestingIssue]:
    """Return the issues that `actor` may see, filtered and ordered as the query parameters say.

    `params` maps a name to one value or several (a `QueryDict` as `dict(request.GET.lists())`);
    blank values and names not listed here are passed over. Several values of one name are
    alternatives; different names narrow.

    - `q`: words in reference, external id, title or description, all of them
    - `scope`: public ids · `release`, `kind`: the codes of where it was raised
    - `state`: of `IssueState` · `open`: "yes" or "no"
    - `severity`: the edition's strings, or "none" · `cause`: of `Cause`, or "none"
    - `provider`, `raised_by`: an organisation's public id or code; `provider` takes "none" too
    - `dmc`: references, or "none" · `functional_group`, `environment`, `requirement`, as they are written
    - `left`: "yes" or "no", "REJECTED" or "NOT_DCC_CAUSED": out of the count by a determination (rule 4)
    - `excluded`: "yes" or "no", from one of the scopes given if any is · `disputed`: "yes" or "no";
      as far as `actor` may see what is before the boards
    - `raised_from`, `raised_to`: London dates (YYYY-MM-DD), both included
    - `sort`: of `SORTS`, "-" before it for descending

    A name nobody knows (a provider, a scope) is no error: it lists nothing, as it does for someone
    who may not see it. Raises `InvalidInput` naming every parameter whose value is not of its kind.
    """
    reading = _Reading(params, actor)
    condition = reading.condition()
    order = reading.order()
    if reading.errors:
        raise InvalidInput(reading.errors)
    issues: QuerySet[TestingIssue] = TestingIssue.objects.visible_to(actor)
    return issues.filter(condition).select_related("scope__release", "provider", "raised_by", "dmc").order_by(*order)


@dataclass
class _Reading:
    """Query parameters being read; `errors` gathers what is wrong with them."""

    params: Params
    actor: Actor
    errors: list[FieldError] = field(default_factory=list)

    def condition(self) -> Q:
        found = self._words() & self._where_raised() & self._who()
        found &= self._any_of("state", "state", allowed=IssueState.values)
        found &= self._any_of("severity", "severity", none="")
        found &= self._any_of("cause", "cause", allowed=[value for value in Cause.values if value], none="")
        found &= self._yes_no("open", ~Q(state__in=CLOSED_STATES)) & self._left()
        found &= self._yes_no("excluded", Exists(self._excluded()))
        disputed = SeverityDispute.objects.visible_to(self.actor).filter(
            issue=OuterRef("pk"), matter__state__in=PENDING_STATES
        )
        found &= self._yes_no("disputed", Exists(disputed))
        return found & self._between()

    def order(self) -> tuple[str, ...]:
        wanted = self._first("sort") or "reference"
        name, turned = wanted.removeprefix("-"), wanted.startswith("-")
        if name not in SORTS:
            self._wrong("sort", wanted, list(SORTS))
            return ()
        return tuple(dict.fromkeys((f"-{SORTS[name]}" if turned else SORTS[name], "reference")))

    def values(self, name: str) -> list[str]:
        given = self.params.get(name, ())
        several = [given] if isinstance(given, str) else list(given)
        return [value.strip() for value in several if value.strip()]

    def _first(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    def _wrong(self, name: str, value: str, allowed: Sequence[str]) -> None:
        self.errors.append(FieldError(None, name, f"{value[:40]!r} is not one of {', '.join(allowed)}"))

    def _words(self) -> Q:
        found = Q()
        for word in self._first("q").split():
            found &= (
                Q(reference__icontains=word)
                | Q(external_id__icontains=word)
                | Q(title__icontains=word)
                | Q(description__icontains=word)
            )
        return found

    def _where_raised(self) -> Q:
        found = self._any_of("scope", "scope__public_id") & self._any_of("release", "scope__release__code")
        found &= self._any_of("kind", "scope__kind") & self._any_of("functional_group", "functional_group")
        found &= self._any_of("environment", "environment") & self._any_of("requirement", "requirement")
        return found & self._any_of("dmc", "dmc__reference", none=None)

    def _who(self) -> Q:
        raised_by, provider = self.values("raised_by"), self.values("provider")
        found = Q(raised_by__public_id__in=raised_by) | Q(raised_by__code__in=raised_by) if raised_by else Q()
        if provider:
            answers = Q(provider__public_id__in=provider) | Q(provider__code__in=provider)
            found &= answers | Q(provider__isnull=True) if NONE in provider else answers
        return found

    def _any_of(
        self, name: str, column: str, *, allowed: Sequence[str] | None = None, none: str | Any | None = Ellipsis
    ) -> Q:
        """Return the condition for `column`; `none` is what the column holds where it has none, if it can."""
        values = self.values(name)
        if not values:
            return Q()
        names = [value for value in values if not (value == NONE and none is not Ellipsis)]
        for value in names:
            if allowed is not None and value not in allowed:
                self._wrong(name, value, [*allowed, *([] if none is Ellipsis else [NONE])])
        found = Q(**{f"{column}__in": names})
        if len(names) < len(values):
            found |= Q(**{f"{column}__isnull": True}) if none is None else Q(**{column: none})
        return found

    def _yes_no(self, name: str, condition: Q | Exists) -> Q:
        value = self._first(name)
        if not value:
            return Q()
        if value not in ("yes", "no"):
            self._wrong(name, value, ("yes", "no"))
        return Q(condition) if value == "yes" else ~Q(condition)

    def _left(self) -> Q:
        value = self._first("left")
        rejected = Q(state=IssueState.REJECTED)
        not_dcc = ~Q(state__in=CLOSED_STATES) & Q(cause__in=NOT_DCC_CAUSES)
        conditions = {
            "": Q(),
            "yes": rejected | not_dcc,
            "no": ~(rejected | not_dcc),
            "REJECTED": rejected,
            "NOT_DCC_CAUSED": not_dcc,
        }
        if value not in conditions:
            self._wrong("left", value, [each for each in conditions if each])
        return conditions.get(value, Q())

    def _excluded(self) -> QuerySet[ExclusionProposal]:
        proposals: QuerySet[ExclusionProposal] = ExclusionProposal.objects.visible_to(self.actor).filter(
            issue=OuterRef("pk"), matter__state__in=EXCLUDING_STATES
        )
        scopes = self.values("scope")
        return proposals.filter(scope__public_id__in=scopes) if scopes else proposals

    def _between(self) -> Q:
        found = Q()
        first, last = self._day("raised_from"), self._day("raised_to")
        if first:
            found &= Q(occurred_at__gte=_start_of(first))
        if last:
            found &= Q(occurred_at__lt=_start_of(last + dt.timedelta(days=1)))
        return found

    def _day(self, name: str) -> dt.date | None:
        value = self._first(name)
        if not value:
            return None
        try:
            day = dt.date.fromisoformat(value)
        except ValueError:
            self.errors.append(FieldError(None, name, f"{value[:40]!r} is not a date as YYYY-MM-DD"))
            return None
        if not _YEARS[0] <= day.year <= _YEARS[1]:
            self.errors.append(FieldError(None, name, f"{value[:40]!r} is not between {_YEARS[0]} and {_YEARS[1]}"))
            return None
        return day


#: Instants of the very first and last years cannot be reckoned in every time zone.
_YEARS = (1900, 2999)


def _start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=LONDON)


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueCount:
    """How many issues of one provider and severity there are. Without a provider: not attributed."""

    provider_public_id: str | None
    provider_name: str
    severity: str
    open: int
    closed: int


def counts_by_provider_and_severity(issues: QuerySet[TestingIssue]) -> list[IssueCount]:
    """Return the counts of a list by provider and severity, in one query.

    They are counts of the list, for its heading: what counts against a threshold is the rulebook's to
    say (13.18 to 13.22), and stands in the assessment.
    """
    is_closed = Q(state__in=CLOSED_STATES)
    rows = (
        issues.order_by()
        .values("provider__public_id", "provider__name", "severity")
        .annotate(open=Count("pk", filter=~is_closed), closed=Count("pk", filter=is_closed))
        .order_by("provider__name", "provider__public_id", "severity")
    )
    return [
        IssueCount(
            provider_public_id=row["provider__public_id"],
            provider_name=row["provider__name"] or "",
            severity=row["severity"],
            open=row["open"],
            closed=row["closed"],
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterChoices:
    """What the filters of a list can be set to, from what the reader may see. Pairs are (value, text)."""

    providers: tuple[tuple[str, str], ...]
    raisers: tuple[tuple[str, str], ...]
    severities: tuple[str, ...]
    functional_groups: tuple[str, ...]
    dmcs: tuple[str, ...]
    environments: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


def filter_choices(*, actor: Actor, scope_id: int | None = None) -> FilterChoices:
    """Return the filter values that occur in the issues that `actor` may see, of one scope (primary key) or all."""
    seen = TestingIssue.objects.visible_to(actor).order_by()
    if scope_id is not None:
        seen = seen.filter(scope_id=scope_id)

    def occurring(*columns: str) -> list[tuple[Any, ...]]:
        found = {row for row in seen.values_list(*columns).distinct() if row[0]}
        return sorted(found, key=lambda row: str(row[-1]))

    return FilterChoices(
        providers=tuple(occurring("provider__public_id", "provider__name")),
        raisers=tuple(occurring("raised_by__public_id", "raised_by__name")),
        severities=tuple(row[0] for row in occurring("severity")),
        functional_groups=tuple(row[0] for row in occurring("functional_group")),
        dmcs=tuple(row[0] for row in occurring("dmc__reference")),
        environments=tuple(row[0] for row in occurring("environment")),
        requirements=tuple(row[0] for row in occurring("requirement")),
    )
