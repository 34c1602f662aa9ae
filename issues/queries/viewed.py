"""The list of Testing Issues as it is looked at, now or at a past moment: one reading for page, CSV, XLSX and PDF.

At a past moment everything that changes with time is asked of the past: the state and what was determined, what was
before boards, and the words, which people reword.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from issues.models import Cause, ExclusionProposal, IssueState, SeverityDispute, TestingIssue
from issues.queries.asat import IssueAt, issue_rows, wordings_at
from issues.queries.boards import BeforeBoard, before_boards_at
from issues.queries.lists import NONE, issue_list
from svtad.parties.actors import Actor

Params = Mapping[str, list[str]]
#: Filters whose answer is determined: at a past moment they are asked of the rows of then.
_DETERMINED = ("state", "open", "severity", "cause", "provider", "excluded", "disputed", "left")
#: Filters on words, which may have been others then.
_WORDS = ("q", "dmc", "functional_group", "environment", "requirement")
_CAUSES = dict(Cause.choices)


@dataclass(frozen=True)
class LogRow:
    """One line of the log, of now or of a past moment."""

    public_id: str
    reference: str
    external_id: str
    title: str
    severity: str
    priority: str
    state: str
    state_label: str
    cause: str
    provider: str
    dmc: str
    functional_group: str
    environment: str
    requirement: str
    phase: str
    release: str
    raised_by: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    boards: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Return whether the issue is not finally closed."""
        return self.state not in (IssueState.CLOSED, IssueState.REJECTED)


def with_boards(found: QuerySet[TestingIssue], actor: Actor) -> QuerySet[TestingIssue]:
    """Return the issues with what is before boards about them read, as far as `actor` may see it."""
    return found.prefetch_related(
        Prefetch("exclusions", ExclusionProposal.objects.visible_to(actor).select_related("matter")),
        Prefetch("disputes", SeverityDispute.objects.visible_to(actor).select_related("matter")),
    )


def rows_now(issues: Iterable[TestingIssue]) -> Iterator[LogRow]:
    """Yield the lines of issues read by `with_boards`."""
    for issue in issues:
        boards = [("Exclusion", each.matter.state, each.matter.public_id) for each in issue.exclusions.all()]
        boards += [("Dispute", each.matter.state, each.matter.public_id) for each in issue.disputes.all()]
        yield LogRow(
            public_id=issue.public_id,
            reference=issue.reference,
            external_id=issue.external_id,
            title=issue.title,
            severity=issue.severity,
            priority=issue.priority,
            state=issue.state,
            state_label=issue.get_state_display(),
            cause=_CAUSES.get(issue.cause, issue.cause),
            provider=issue.provider.name if issue.provider else "",
            dmc=issue.dmc.reference if issue.dmc else "",
            functional_group=issue.functional_group,
            environment=issue.environment,
            requirement=issue.requirement,
            phase=issue.scope.name,
            release=issue.scope.release.code,
            raised_by=issue.raised_by.name,
            occurred_at=issue.occurred_at,
            recorded_at=issue.recorded_at,
            boards=tuple(boards),
        )


def rows_of_view(params: Params, *, actor: Actor, moment: dt.datetime | None) -> Iterable[LogRow]:
    """Return the whole list that the parameters ask for, as it is or as it stood at `moment`."""
    if moment is not None:
        return past_rows(params, actor=actor, moment=moment)
    return rows_now(with_boards(issue_list(params, actor=actor), actor).iterator(chunk_size=500))


def past_rows(params: Params, *, actor: Actor, moment: dt.datetime) -> list[LogRow]:
    """Return the list as it stood at `moment`, of the issues that `actor` may see."""
    found, boards = _past(params, actor=actor, moment=moment)
    rows = [_past_row(each, boards.get(each.pk, [])) for each in found]
    asked = next(iter(_asked(params, "sort")), "reference")
    key = asked.removeprefix("-")
    if key in _PAST_SORTS:
        rows.sort(key=lambda row: (str(getattr(row, _PAST_SORTS[key])), row.reference), reverse=asked.startswith("-"))
    return rows


def issues_of_view(params: Params, *, actor: Actor, moment: dt.datetime | None) -> QuerySet[TestingIssue]:
    """Return the issues themselves that the parameters ask for, as it is or as it stood at `moment`."""
    if moment is None:
        return TestingIssue.objects.filter(pk__in=issue_list(params, actor=actor).order_by().values("pk"))
    found, _ = _past(params, actor=actor, moment=moment)
    return TestingIssue.objects.filter(pk__in=[each.pk for each in found])


def past_issues(params: Params, *, actor: Actor, moment: dt.datetime | None) -> list[IssueAt]:
    """Return the issues that the parameters ask for as they stood at `moment` (None: now), by reference."""
    if moment is not None:
        return _past(params, actor=actor, moment=moment)[0]
    return issue_rows(TestingIssue.objects.filter(pk__in=issue_list(params, actor=actor).order_by().values("pk")), None)


def _past(params: Params, *, actor: Actor, moment: dt.datetime) -> tuple[list[IssueAt], dict[int, list[BeforeBoard]]]:
    issue_list(params, actor=actor)  # says what is wrong with any of them
    steady = {name: values for name, values in params.items() if name not in (*_DETERMINED, "sort")}
    wordless = {name: values for name, values in steady.items() if name not in _WORDS}
    issues = issue_list(wordless, actor=actor).filter(recorded_at__lte=moment)
    keys = set(issue_list(steady, actor=actor).filter(recorded_at__lte=moment).values_list("pk", flat=True))
    if any(_asked(params, name) for name in _WORDS):
        reworded = wordings_at(issues, moment)
        external = dict(issues.filter(pk__in=list(reworded)).values_list("pk", "external_id")) if reworded else {}
        references = dict(issues.filter(pk__in=list(reworded)).values_list("pk", "reference")) if reworded else {}
        keys -= set(reworded)
        keys |= {pk for pk, words in reworded.items() if _reads(words, f"{references[pk]} {external[pk]}", params)}
    found = [each for each in issue_rows(issues, moment) if each.pk in keys]
    boards = before_boards_at(issues, moment, actor=actor)
    return [each for each in found if _fits(each, boards.get(each.pk, []), params)], boards


_PAST_SORTS = {
    "reference": "reference",
    "title": "title",
    "severity": "severity",
    "priority": "priority",
    "state": "state",
    "provider": "provider",
    "cause": "cause",
    "raised_by": "raised_by",
    "raised": "occurred_at",
    "recorded": "recorded_at",
    "dmc": "dmc",
    "phase": "phase",
}


def _asked(params: Params, name: str) -> list[str]:
    given: str | Sequence[str] = params.get(name, [])
    return [value.strip() for value in ([given] if isinstance(given, str) else given) if value.strip()]


def _reads(words: Mapping[str, Any], ids: str, params: Params) -> bool:
    """Return whether an issue that was reworded since read then as the parameters ask."""
    text = f"{ids} {words['title']} {words['description']}".casefold()
    if not all(word.casefold() in text for word in next(iter(_asked(params, "q")), "").split()):
        return False
    dmcs = _asked(params, "dmc")
    if dmcs and (words["dmc__reference"] or NONE) not in dmcs:
        return False
    others = ("functional_group", "environment", "requirement")
    return all(not _asked(params, name) or words[name] in _asked(params, name) for name in others)


def _fits(issue: IssueAt, boards: Sequence[BeforeBoard], params: Params) -> bool:
    scopes = _asked(params, "scope")
    excluded = any(each.excludes and (not scopes or each.scope_public_id in scopes) for each in boards)
    disputed = any(each.is_pending_dispute for each in boards)
    left = _asked(params, "left")
    return (
        (not _asked(params, "state") or issue.state in _asked(params, "state"))
        and _is(params, "open", issue.is_open)
        and _is(params, "excluded", excluded)
        and _is(params, "disputed", disputed)
        and (not _asked(params, "severity") or (issue.severity or NONE) in _asked(params, "severity"))
        and (not _asked(params, "cause") or (issue.cause or NONE) in _asked(params, "cause"))
        and (not _asked(params, "provider") or bool(_whose(issue) & set(_asked(params, "provider"))))
        and (not left or issue.left == left[0] or (left[0] in ("yes", "no") and bool(issue.left) == (left[0] == "yes")))
    )


def _is(params: Params, name: str, held: bool) -> bool:
    asked = _asked(params, name)
    return not asked or held == (asked[0] == "yes")


def _whose(issue: IssueAt) -> set[str]:
    return {issue.provider_public_id, issue.provider_code} if issue.provider_public_id else {NONE}


def _past_row(issue: IssueAt, boards: Sequence[BeforeBoard]) -> LogRow:
    return LogRow(
        public_id=issue.public_id,
        reference=issue.reference,
        external_id=issue.external_id,
        title=issue.title,
        severity=issue.severity,
        priority=issue.priority,
        state=issue.state,
        state_label=IssueState(issue.state).label,
        cause=_CAUSES.get(issue.cause, issue.cause),
        provider=issue.provider_name,
        dmc=issue.dmc_reference,
        functional_group=issue.functional_group,
        environment=issue.environment,
        requirement=issue.requirement,
        phase=issue.phase_name,
        release=issue.release,
        raised_by=issue.raised_by_name,
        occurred_at=issue.occurred_at,
        recorded_at=issue.recorded_at,
        boards=tuple((each.what, each.state, each.matter_public_id) for each in boards),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftRow:
    """An issue that left the count as rejected or as not DCC-caused, with the determination that took it out."""

    issue: IssueAt
    left_as: str
    cause: str
    reasons: str
    by: str
    determined_at: dt.datetime
    recorded_at: dt.datetime
    determination: str


def left_rows(params: Params, *, actor: Actor, moment: dt.datetime | None) -> list[LeftRow]:
    """Return the issues that left the count by a determination, for TAB and TAG (rule 4; 13.18, 13.19), by reference.

    `params` narrow as they do the list. An exclusion that TAG agreed (13.20) is not among them: it is TAG's own.
    """
    wanted = dict(params)
    if next(iter(_asked(params, "left")), "") not in ("REJECTED", "NOT_DCC_CAUSED"):
        wanted["left"] = ["yes"]
    found = []
    for issue in past_issues(wanted, actor=actor, moment=moment):
        row = issue.state_row if issue.left == "REJECTED" else issue.attribution_row
        if row is None or not issue.left:
            continue
        found.append(
            LeftRow(
                issue=issue,
                left_as="Rejected" if issue.left == "REJECTED" else "Not DCC-caused",
                cause=_CAUSES.get(issue.cause, issue.cause),
                reasons=row.reasons,
                by=f"{row.recorded_by}, as {row.mirrored_from} had it" if row.mirrored_from else row.recorded_by,
                determined_at=row.occurred_at if issue.left == "REJECTED" else row.effective_at,  # type: ignore[union-attr]
                recorded_at=row.recorded_at,
                determination=row.public_id,
            )
        )
    return found
