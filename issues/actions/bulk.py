"""Changing many issues at once: previewed row by row, then all of what was previewed or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from issues import policies
from issues.actions.bulk_rows import FIELDS, BulkEdit, BulkPlan, BulkRow, FieldChange
from issues.actions.determining import taking_part
from issues.actions.mirror_rows import IssueChange
from issues.actions.mirroring import store_changes
from issues.actions.raising import Keep
from issues.actions.recording import CHUNK, issue_audience, tell_scopes
from issues.actions.rows import Stamp, attribution_row, severity_row, state_row
from issues.actions.wording import checked_reasons, checked_text
from issues.models import Cause, IssueState, SeverityDispute, TestingIssue
from issues.queries.cells import Cell, cell_changes, cell_of, cells_of, excluded_of
from issues.queries.history import History, histories
from issues.queries.lists import PENDING_STATES
from svtad.audit import actions as audit_actions
from svtad.audit.actions import Subject
from svtad.devices.models import DeviceModelCombination
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind

#: So many issues are changed in one go.
MOST = 2000


def preview_bulk_edit(*, issues: Sequence[str], edit: BulkEdit, by: Actor, at: dt.datetime | None = None) -> BulkPlan:
    """Return what `edit` would do to these issues (public ids), row by row, and to the counts. Nothing is stored.

    Every refused row has its reasons. Queries do not grow with the rows, but for reading them in pieces of 500.
    Raises ActionDenied, and InvalidInput where the edit itself cannot be taken.
    """
    return _Planning(edit=_checked(issues, edit, by), by=by, at=at or clock.now()).plan(issues)


@transaction.atomic
def bulk_edit(
    *, issues: Sequence[str], edit: BulkEdit, preview: str, by: Actor, at: dt.datetime | None = None
) -> BulkPlan:
    """Change these issues as they were previewed; return what was done.

    `preview` is the fingerprint of the preview that the person saw. The rows that were ready in it change, all or
    none, each with an audit event of its own; refused rows stay as they are. Raises Refused where anything the
    preview showed is otherwise by now, and as `preview_bulk_edit`.
    """
    at = at or clock.now()
    plan = _Planning(edit=_checked(issues, edit, by), by=by, at=at, lock=True).plan(issues)
    if plan.fingerprint != preview:
        text = "What you looked at is out of date: an issue or a count changed meanwhile."
        raise Refused(policies.CLAUSE, f"{text} Nothing was changed: look again.")
    if not plan.ready:
        raise InvalidInput.one("issues", "None of these issues would change.")
    store_changes(changes=[row.change for row in plan.ready if row.change], batch=None, by=by, at=at)
    _audit(plan, by=by, at=at)
    tell_scopes(raised_in={row.issue.scope_id: row.issue.scope for row in plan.ready}.values(), at=at)
    return plan


def _checked(issues: Sequence[str], edit: BulkEdit, by: Actor) -> BulkEdit:
    policies.check_can_bulk_edit(by)
    if not issues:
        raise InvalidInput.one("issues", "Choose at least one issue.")
    if len(set(issues)) > MOST:
        raise InvalidInput.one("issues", f"At most {MOST:,} issues at once; these are {len(set(issues)):,}.")
    if not checked_reasons(reasons=edit.reason):
        raise InvalidInput.one("reason", "Say why: the reason is kept with every issue.")
    if not edit.said:
        raise InvalidInput.one("issues", "Say which field changes, and to what.")
    if edit.to_state and edit.to_state not in IssueState.values:
        raise InvalidInput.one("state", f"“{edit.to_state[:20]}” is none of {', '.join(IssueState.values)}.")
    dmc = edit.dmc
    seen = DeviceModelCombination.objects.visible_to(by)
    if isinstance(dmc, DeviceModelCombination) and not seen.filter(pk=dmc.pk).exists():
        raise InvalidInput.one("dmc", "There is no such DMC among those you may see.")
    return edit


def _audit(plan: BulkPlan, *, by: Actor, at: dt.datetime) -> None:
    """Write an event a row; rows with the same raiser and provider have the same audience."""
    audiences: dict[tuple[int, int | None], int] = {}
    subjects = []
    ready, fingerprint = plan.ready, plan.fingerprint
    for row in ready:
        issue = row.issue
        key = (issue.raised_by_id, issue.provider_id)
        if key not in audiences:
            audiences[key] = issue_audience(raised_by=issue.raised_by, provider=issue.provider).pk
        subjects.append(
            Subject(
                kind="testing_issue",
                id=issue.public_id,
                label=f"{issue.reference} {issue.title}",
                audience_id=audiences[key],
                scope_id=issue.scope.public_id,
                detail={
                    "reason": plan.edit.reason,
                    "changed": {each.field: [each.before, each.after] for each in row.changes},
                    "preview": fingerprint,
                    "of": len(ready),
                },
            )
        )
    audit_actions.record_each(by=by, at=at, action="bulk_edit_issue", subjects=subjects, clause=policies.CLAUSE)


@dataclass
class _Refusals:
    """Takes what a row is refused for out of what is raised within it."""

    row: BulkRow

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, raised: BaseException | None, traceback: object) -> bool:
        """Take the reasons; let anything else go on."""
        if isinstance(raised, InvalidInput):
            self.row.refused += [error.message for error in raised.errors]
        elif isinstance(raised, Refused | ActionDenied):
            self.row.refused.append(str(raised))
        return isinstance(raised, InvalidInput | Refused | ActionDenied)


@dataclass
class _Planning:
    """One bulk edit being worked out. `lock` locks the issues for whoever is about to write."""

    edit: BulkEdit
    by: Actor
    at: dt.datetime
    lock: bool = False
    _taking_part: dict[int, frozenset[int]] = field(default_factory=dict)

    def plan(self, public_ids: Sequence[str]) -> BulkPlan:
        """Return the plan, its rows by reference."""
        wanted = list(dict.fromkeys(public_ids))
        issues = self._issues(wanted)
        known = {issue.public_id for issue in issues}
        plan = BulkPlan(edit=self.edit, actor_id=self.by.actor_id)
        plan.missing = [each for each in wanted if each not in known]
        pks = [issue.pk for issue in issues]
        found: dict[int, History] = {}
        disputed: dict[int, str] = {}
        for start in range(0, len(pks), CHUNK):
            piece = TestingIssue.objects.filter(pk__in=pks[start : start + CHUNK])
            found |= histories(piece, last_moves_only=True)
            disputed |= self._disputed(piece)
        scopes = {issue.scope_id: issue.scope for issue in issues}
        excluded = excluded_of(list(scopes))
        moved: list[tuple[Cell | None, Cell | None]] = []
        for issue in issues:
            before = cell_of(issue, excluded=excluded)
            row = self._row(issue, found.get(issue.pk) or History())
            if issue.pk in disputed:
                row.notes.append(f"Its severity is before TAG ({disputed[issue.pk]}, 14.2).")
            if issue.pk in excluded:
                row.notes.append("It is excluded from the count (13.20).")
            if row.is_ready:
                moved.append((before, cell_of(issue, excluded=excluded)))
            plan.rows.append(row)
        # Counted before anything is stored, also where the rows are locked to be changed.
        plan.cells = cell_changes(cells_of(list(scopes), excluded=excluded), moved, scopes=scopes)
        return plan

    def _issues(self, wanted: Sequence[str]) -> list[TestingIssue]:
        """Return the issues that the person may see, by reference; locked in the order of their keys, where asked."""
        pks: list[int] = []
        for start in range(0, len(wanted), CHUNK):
            here = wanted[start : start + CHUNK]
            pks += TestingIssue.objects.visible_to(self.by).filter(public_id__in=here).values_list("pk", flat=True)
        pks.sort()  # whoever locks many locks them in one order
        found: list[TestingIssue] = []
        related = ("scope__release", "scope__governed_by__document", "provider", "raised_by", "dmc")
        for start in range(0, len(pks), CHUNK):
            issues = TestingIssue.objects.filter(pk__in=pks[start : start + CHUNK])
            if self.lock:
                issues = issues.select_for_update(of=("self",))
            found += issues.order_by("pk").select_related(*related)
        return sorted(found, key=lambda issue: issue.reference)

    @staticmethod
    def _disputed(issues: Any) -> dict[int, str]:
        pending = SeverityDispute.objects.filter(issue__in=issues, matter__state__in=PENDING_STATES)
        return dict(pending.values_list("issue_id", "matter__reference"))

    def _row(self, issue: TestingIssue, history: History) -> BulkRow:
        row = BulkRow(issue=issue)
        before = _shown(issue)
        change = row.change = IssueChange(row=None, issue=issue, is_new=False)
        stamp = Stamp(by=self.by, at=self.at, occurred_at=self.at, effective_at=self.at)
        with _Refusals(row):
            self._word(change)
        with _Refusals(row):
            self._determine(change, history, stamp)
        with _Refusals(row):
            self._attribute(change, history, stamp)
        # A move may rest on what is determined with it; what it lacks is not said twice.
        if not row.refused:
            with _Refusals(row):
                self._move(change, history, stamp)
        after = _shown(issue)
        if row.refused:
            row.change = None
        else:
            row.changes = [
                FieldChange(field=name, before=before[name], after=after[name])
                for name in FIELDS
                if before[name] != after[name]
            ]
        return row

    def _word(self, change: IssueChange) -> None:
        issue, edit = change.issue, self.edit
        given = edit.wording
        if not given and isinstance(edit.dmc, Keep):
            return
        policies.check_may_edit(self.by, issue)
        text = checked_text(
            title=issue.title,
            functional_group=given.get("functional_group", ""),
            environment=given.get("environment", ""),
            requirement=given.get("requirement", ""),
        )
        wanted: dict[str, Any] = {name: text[name] for name in given}
        if not isinstance(edit.dmc, Keep):
            wanted["dmc"] = edit.dmc
        for name, value in wanted.items():
            if getattr(issue, name) != value:
                setattr(issue, name, value)
                change.wording.append(name)

    def _determine(self, change: IssueChange, history: History, stamp: Stamp) -> None:
        edit, issue = self.edit, change.issue
        if not edit.severity and edit.priority is None:
            return
        policies.check_may_determine(self.by)
        severity = edit.severity or issue.severity
        if not severity:
            raise InvalidInput.one("severity", "A priority is determined with a severity, and it has none yet.")
        made = severity_row(
            issue=issue,
            history=history,
            severity=severity,
            priority=edit.priority,
            reasons=checked_reasons(reasons=edit.reason),
            stamp=stamp,
        )
        if made is not None:
            change.severity = made
            issue.severity, issue.priority = made.severity, made.priority

    def _attribute(self, change: IssueChange, history: History, stamp: Stamp) -> None:
        edit, issue = self.edit, change.issue
        if not edit.cause and edit.provider is None:
            return
        policies.check_may_determine(self.by)
        cause = edit.cause or issue.cause
        if not cause:
            raise InvalidInput.one("cause", "Who answers for it is determined with a cause, and it has none yet.")
        provider = edit.provider or _kept_provider(issue, cause)
        if (cause, provider.pk if provider else None) == (issue.cause, issue.provider_id):
            return
        if issue.scope_id not in self._taking_part:
            self._taking_part[issue.scope_id] = taking_part(scope_pk=issue.scope_id)
        made = attribution_row(
            issue=issue,
            history=history,
            cause=cause,
            provider=provider,
            reasons=checked_reasons(reasons=edit.reason),
            stamp=stamp,
            taking_part=self._taking_part[issue.scope_id],
        )
        if made is not None:
            change.attribution = made
            issue.cause, issue.provider = made.cause, provider

    def _move(self, change: IssueChange, history: History, stamp: Stamp) -> None:
        edit, issue = self.edit, change.issue
        if not edit.to_state or edit.to_state == issue.state:
            return
        policies.check_may_move(self.by, edit.to_state)
        made = state_row(
            issue=issue,
            history=history,
            to_state=edit.to_state,
            reasons=checked_reasons(reasons=edit.reason),
            stamp=stamp,
        )
        change.moves.append(made)
        issue.state = edit.to_state


def _kept_provider(issue: TestingIssue, cause: str) -> Organisation | None:
    """Return who answers for the issue where only the cause changes: nobody but the DCC for its own systems."""
    held = issue.provider
    if held is None or (cause == Cause.DCC) != (held.kind == OrganisationKind.DCC):
        return None
    return held


def _shown(issue: TestingIssue) -> dict[str, str]:
    return {
        "severity": issue.severity,
        "priority": issue.priority,
        "cause": Cause(issue.cause).label,
        "provider": issue.provider.name if issue.provider else "",
        "state": IssueState(issue.state).label,
        "dmc": issue.dmc.reference if issue.dmc else "",
        "functional_group": issue.functional_group,
        "environment": issue.environment,
        "requirement": issue.requirement,
    }
