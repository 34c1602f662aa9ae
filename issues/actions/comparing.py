"""What rows of a tracker would change in the issues of a scope. Nothing is stored here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from issues import policies
from issues.actions.determining import taking_part
from issues.actions.mirror_rows import IssueChange, IssuePlan, IssueRow, Kept
from issues.actions.recording import CHUNK
from issues.actions.rows import Stamp, attribution_row, severity_row, state_row
from issues.actions.wording import LIMITS, checked_external_id, checked_reasons, checked_text, own_source
from issues.models import NOT_DCC_CAUSES, Attribution, Cause, IssueRunLink, IssueState, TermKind, TestingIssue
from issues.queries.history import AttributionRow, History, SeverityRow, histories
from issues.queries.runs import LatestRuns, latest_runs
from issues.queries.trackers import Terms, terms_of
from svtad.devices.models import DeviceModelCombination
from svtad.lib.clock import LONDON
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused, held_in
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from testphases.models import TestScope

#: What only the DCC says of an issue (H14.39, 13.19): in anyone else's file it may only repeat what holds.
_DETERMINED_BY_DCC = "Only the DCC determines this; leave it empty."


def follows_tracker(by: Actor) -> bool:
    """Return whether what `by` sends is a tracker's word: tooling, and not a person whose determination it is."""
    return by.kind == "API_CLIENT" and not by.may("determine_issue")


def _determined(row: SeverityRow | AttributionRow) -> str:
    """Return who determined what a tracker says otherwise."""
    body = row.body if isinstance(row, SeverityRow) else "DCC"
    who = f"{row.recorded_by} of the DCC" if body == "DCC" else "the Secretary of State" if body == "SOS" else body
    return f"Determined by {who} on {row.effective_at.astimezone(LONDON):%-d %B %Y}; a tracker does not undo it."


@dataclass
class _Gathering:
    """Takes the errors out of what is raised within it."""

    errors: list[FieldError]
    row: IssueRow
    field_name: str

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, raised: BaseException | None, traceback: object) -> bool:
        """Take the errors; let anything else go on."""
        if isinstance(raised, InvalidInput):
            names = {"occurred_at": "raised_at"}
            self.errors += [self._error(names.get(error.field, error.field), error.message) for error in raised.errors]
        elif isinstance(raised, Refused | ActionDenied):
            self.errors.append(self._error(self.field_name, str(raised)))
        return isinstance(raised, InvalidInput | Refused | ActionDenied)

    def _error(self, field_name: str, message: str) -> FieldError:
        return FieldError(self.row.row, field_name, message, held_in(self.row, field_name))


@dataclass
class Comparison:
    """The rows of one file against the issues of one scope.

    `lock` locks the issues that are found for the rest of the transaction, for whoever is about to
    write. Queries do not grow with the rows, but for reading what is known in pieces of 500.
    """

    scope: TestScope
    source: str
    by: Actor
    at: dt.datetime
    lock: bool = False
    _errors: list[FieldError] = field(default_factory=list)
    _seen: dict[tuple[str, str], int | None] = field(default_factory=dict)
    _new_references: set[str] = field(default_factory=set)
    _raisers: set[int] = field(default_factory=set)

    def compare(self, rows: Iterable[IssueRow]) -> IssuePlan:
        """Return what the rows would do, every error named with its row and field."""
        given = list(rows)
        plan = IssuePlan(errors=self._errors)
        self._load([row.external_id.strip() for row in given])
        for row in given:
            before = len(self._errors)
            change = self._change(self._translated(row))
            if change is None or len(self._errors) > before:
                continue
            plan.rows.append(change)
            if change.changes:
                plan.changes.append(change)
            else:
                plan.unchanged += 1
        return plan

    # --- what is known -------------------------------------------------------------------------------

    def _load(self, external_ids: Sequence[str]) -> None:
        self._known: dict[tuple[str, str], TestingIssue] = {}
        self._histories: dict[int, History] = {}
        self._linked: set[tuple[int, int]] = set()
        for start in range(0, len(external_ids), CHUNK):
            issues = TestingIssue.objects.filter(
                external_id__in=external_ids[start : start + CHUNK], source__in=self._sources
            )
            if self.lock:
                issues = issues.select_for_update(of=("self",)).order_by("pk")
            found = list(issues.select_related("dmc", "provider", "raised_by"))
            self._known.update({(issue.source, issue.external_id): issue for issue in found})
            here = TestingIssue.objects.filter(pk__in=[issue.pk for issue in found])
            self._histories.update(histories(here))
            self._linked.update(IssueRunLink.objects.filter(issue__in=here).values_list("issue_id", "run_id"))

    @cached_property
    def _sources(self) -> set[str]:
        if policies.acts_for_dcc(self.by):
            return {plain_line(self.source)}
        own = Organisation.objects.filter(pk__in=self.by.organisation_pks)
        return {own_source(source=self.source, raised_by=organisation, by=self.by) for organisation in own}

    @cached_property
    def _organisations(self) -> dict[str, Organisation]:
        """The organisations that rows may name: anyone but the DCC names its own, and learns of no other."""
        known = Organisation.objects.all()
        if not policies.acts_for_dcc(self.by):
            known = known.filter(pk__in=self.by.organisation_pks)
        return {organisation.code: organisation for organisation in known}

    @cached_property
    def _dmcs(self) -> dict[str, DeviceModelCombination]:
        return {dmc.reference: dmc for dmc in DeviceModelCombination.objects.visible_to(self.by)}

    @cached_property
    def _taking_part(self) -> frozenset[int]:
        return taking_part(scope_pk=self.scope.pk)

    @cached_property
    def _runs(self) -> LatestRuns:
        return latest_runs(self.scope, actor=self.by)

    @cached_property
    def _references(self) -> set[str]:
        return set(TestingIssue.objects.values_list("reference", flat=True))

    @cached_property
    def _default_raiser(self) -> Organisation | None:
        own = [found for found in self._organisations.values() if found.pk in self.by.organisation_pks]
        return own[0] if len(own) == 1 else None

    @cached_property
    def _stamp(self) -> Stamp:
        told = plain_line(self.source) if self._follows else ""
        return Stamp(by=self.by, at=self.at, occurred_at=self.at, effective_at=self.at, mirrored_from=told)

    @cached_property
    def _follows(self) -> bool:
        """Whether a tracker speaks here by itself: what people of the DCC and bodies determined stays as it is."""
        return follows_tracker(self.by)

    @cached_property
    def _terms(self) -> Terms:
        return terms_of(self._sources)

    def _translated(self, row: IssueRow) -> IssueRow:
        """Return the row with the tracker's words as they were said to mean here; other words stay."""
        meaning = self._terms.meaning
        return row._replace(
            state=meaning(TermKind.STATE, row.state),
            severity=meaning(TermKind.SEVERITY, row.severity),
            priority=meaning(TermKind.PRIORITY, row.priority),
            cause=meaning(TermKind.CAUSE, row.cause),
            provider=meaning(TermKind.PROVIDER, row.provider),
        )

    # --- one row ---------------------------------------------------------------------------------------

    def _errors_of(self, row: IssueRow, field_name: str) -> _Gathering:
        """Turn what an act is turned away for into errors of the row; a refusal is of the field `field_name`."""
        return _Gathering(self._errors, row, field_name)

    def _change(self, row: IssueRow) -> IssueChange | None:
        """Return what the row does, or None where it cannot be told; what is wrong is added to the errors."""
        before = len(self._errors)
        change = None
        with self._errors_of(row, "raised_by"):
            raised_by = self._raised_by(row)
            change = self._identity(row, raised_by)
        if change is None:
            return None
        history = self._histories.get(change.issue.pk) or History()
        with self._errors_of(row, "title"):
            self._word(row, change)
        with self._errors_of(row, "severity"):
            self._determine(row, change, history)
        with self._errors_of(row, "cause"):
            self._attribute(row, change, history)
        if len(self._errors) == before:
            with self._errors_of(row, "state"):
                self._move(row, change, history)
        with self._errors_of(row, "tests"):
            self._link(row, change)
        return change

    def _raised_by(self, row: IssueRow) -> Organisation | None:
        """Return who raised it as the row says, or who sends it; None leaves it to what is known."""
        found = self._organisations.get(row.raised_by) if row.raised_by else self._default_raiser
        if found is None and row.raised_by:
            message = f"There is no organisation with the code “{row.raised_by[:24]}” that you raise issues for."
            raise InvalidInput.one("raised_by", message)
        if found is not None and found.pk not in self._raisers:
            policies.check_can_raise(self.by, scope=self.scope, raised_by=found)
            self._raisers.add(found.pk)
        return found

    def _identity(self, row: IssueRow, raised_by: Organisation | None) -> IssueChange:
        external_id = checked_external_id(external_id=row.external_id)
        if not external_id:
            raise InvalidInput.one("external_id", "Give the issue's id in the tracker.")
        known = next(
            (self._known[source, external_id] for source in self._sources if (source, external_id) in self._known), None
        )
        if known is None and raised_by is None:
            raise InvalidInput.one("raised_by", "Give the code of the organisation that raised it.")
        source = known.source if known else ""
        if known is None and raised_by is not None:
            source = own_source(source=self.source, raised_by=raised_by, by=self.by)
        if (source, external_id) in self._seen:
            earlier = self._seen[source, external_id]
            raise InvalidInput.one("external_id", f"The same issue is in row {earlier} already.")
        self._seen[source, external_id] = row.row
        if known is not None:
            self._check_unmoved(row, known)
            return IssueChange(row=row.row, issue=known, is_new=False)
        issue = TestingIssue(
            scope=self.scope,
            source=source,
            external_id=external_id,
            raised_by=raised_by,
            occurred_at=row.raised_at or self.at,
            recorded_at=self.at,
            recorded_by=self.by.label,
            is_synthetic=self.scope.is_synthetic,
            state=IssueState.RAISED,
            reference=self._new_reference(row),
        )
        if issue.occurred_at > self.at:
            raise InvalidInput.one("raised_at", "This is later than now.")
        return IssueChange(row=row.row, issue=issue, is_new=True)

    def _check_unmoved(self, row: IssueRow, known: TestingIssue) -> None:
        """Refuse what does not change once an issue was raised."""
        errors = []
        if known.scope_id != self.scope.pk:
            errors.append(FieldError(None, "external_id", f"This issue was raised in {known.scope}."))
        if row.raised_by and row.raised_by != known.raised_by.code:
            errors.append(FieldError(None, "raised_by", f"{known.raised_by.code} raised it; that does not change."))
        if row.raised_at is not None and row.raised_at != known.occurred_at:
            when = f"{known.occurred_at:%Y-%m-%dT%H:%MZ}"
            errors.append(FieldError(None, "raised_at", f"It was raised {when}; that does not change."))
        if row.reference and row.reference != known.reference:
            errors.append(FieldError(None, "reference", f"It is {known.reference}; that does not change."))
        if errors:
            raise InvalidInput(errors)
        known.scope = self.scope  # with what the caller read of it, not read again for each issue

    def _new_reference(self, row: IssueRow) -> str:
        """Return the reference that the DCC gave a new issue, or "" where the product gives one."""
        reference = plain_line(row.reference)
        if not reference:
            return ""
        if not policies.acts_for_dcc(self.by):
            raise InvalidInput.one("reference", "References are given by the product, or by the DCC.")
        if len(reference) > LIMITS["reference"]:
            raise InvalidInput.one("reference", f"At most {LIMITS['reference']} characters.")
        if reference in self._references or reference in self._new_references:
            raise InvalidInput.one("reference", f"There is an issue {reference} already.")
        self._new_references.add(reference)
        return reference

    def _word(self, row: IssueRow, change: IssueChange) -> None:
        issue = change.issue
        text = checked_text(
            title=row.title or issue.title,
            description=row.description or issue.description,
            functional_group=row.functional_group or issue.functional_group,
            environment=row.environment or issue.environment,
            requirement=row.requirement or issue.requirement,
        )
        wanted: dict[str, Any] = dict(text)
        if row.dmc:
            if row.dmc not in self._dmcs:
                raise InvalidInput.one("dmc", f"There is no DMC “{row.dmc[:40]}”.")
            wanted["dmc"] = self._dmcs[row.dmc]
        for name, value in wanted.items():
            if getattr(issue, name) != value:
                setattr(issue, name, value)
                change.wording.append(name)

    def _determine(self, row: IssueRow, change: IssueChange, history: History) -> None:
        if not row.severity and not row.priority:
            return
        if self._keeps_severity(row, change, history):
            return
        if not row.severity and not change.issue.severity:
            raise InvalidInput.one("severity", "A priority is determined with a severity.")
        change.severity = severity_row(
            issue=change.issue,
            history=history,
            severity=row.severity or change.issue.severity,
            priority=row.priority or None,
            reasons="",
            stamp=self._stamp,
        )
        if change.severity is not None:
            self._only_dcc("severity" if row.severity else "priority")
            change.issue.severity = change.severity.severity
            change.issue.priority = change.severity.priority

    def _keeps_severity(self, row: IssueRow, change: IssueChange, history: History) -> bool:
        """Keep a severity or priority that a person of the DCC or a body determined, and say so."""
        held = history.severity
        if not self._follows or held is None or held.mirrored_from:
            return False
        for name, theirs, ours in (
            ("severity", row.severity, held.severity),
            ("priority", plain_line(row.priority), history.priority),
        ):
            if theirs and theirs != ours:
                change.kept.append(Kept(field=name, theirs=theirs, held=ours, why=_determined(held)))
        return True

    def _keeps_attribution(self, row: IssueRow, change: IssueChange, history: History) -> bool:
        """Keep a cause and a provider that a person of the DCC determined, and say so."""
        held = history.attribution
        if not self._follows or held is None or held.mirrored_from:
            return False
        provider = change.issue.provider.code if change.issue.provider else ""
        for name, theirs, ours in (("cause", row.cause, held.cause), ("provider", row.provider, provider)):
            if theirs and theirs != ours:
                change.kept.append(Kept(field=name, theirs=theirs, held=ours, why=_determined(held)))
        return True

    def _attribute(self, row: IssueRow, change: IssueChange, history: History) -> None:
        if not row.cause and not row.provider:
            return
        if self._keeps_attribution(row, change, history):
            return
        held = history.attribution
        cause = row.cause or change.issue.cause
        provider = self._provider(row, change.issue) if row.provider else self._kept_provider(change.issue, cause)
        reasons = checked_reasons(reasons=row.reasons)
        if held is not None and held.cause == cause and not reasons:
            reasons = held.reasons
        change.attribution = attribution_row(
            issue=change.issue,
            history=history,
            cause=cause,
            provider=provider,
            reasons=reasons if cause in NOT_DCC_CAUSES else "",
            stamp=self._stamp,
            taking_part=self._taking_part,
        )
        if change.attribution is not None:
            self._only_dcc("cause" if row.cause else "provider")
            self._take_up(change.issue, change.attribution)

    def _provider(self, row: IssueRow, issue: TestingIssue) -> Organisation:
        if issue.provider is not None and issue.provider.code == row.provider:
            return issue.provider
        self._only_dcc("provider")
        found = self._organisations.get(row.provider)
        if found is None:
            raise InvalidInput.one("provider", f"There is no organisation with the code “{row.provider[:24]}”.")
        return found

    @staticmethod
    def _kept_provider(issue: TestingIssue, cause: str) -> Organisation | None:
        """Return who answers for the issue where the row does not say: nobody but the DCC for its own systems."""
        held = issue.provider
        if held is None or (cause == Cause.DCC) != (held.kind == OrganisationKind.DCC):
            return None
        return held

    @staticmethod
    def _take_up(issue: TestingIssue, attribution: Attribution) -> None:
        issue.cause, issue.provider = attribution.cause, attribution.provider

    def _move(self, row: IssueRow, change: IssueChange, history: History) -> None:
        if not row.state or row.state == change.issue.state:
            return
        if row.state not in IssueState.values:
            raise InvalidInput.one("state", f"“{row.state[:20]}” is none of {', '.join(IssueState.values)}.")
        self._only_dcc("state")
        why = self._keeps_state(row.state, change.issue.state, history) if self._follows else ""
        if why:
            change.kept.append(Kept(field="state", theirs=row.state, held=change.issue.state, why=why))
            return
        path = policies.path_between(change.issue.state, row.state)
        if path is None:
            raise Refused(policies.CLAUSE, f"By listed moves no way leads from {change.issue.state} to {row.state}.")
        reasons = checked_reasons(reasons=row.reasons) if row.state == IssueState.REJECTED else ""
        for step in path:
            last = step == row.state
            move = state_row(
                issue=change.issue,
                history=history,
                to_state=step,
                reasons=reasons if last else f"On the way to {row.state}, as {self.source} has it.",
                stamp=self._stamp,
            )
            change.moves.append(move)
            change.issue.state = step

    @staticmethod
    def _keeps_state(wanted: str, held: str, history: History) -> str:
        """Return why a tracker does not move the issue, or "": no rejection or reopening by a person is undone."""
        last = history.state
        by_hand = last is not None and not last.mirrored_from
        if last is not None and by_hand and held == IssueState.REJECTED:
            return f"{last.recorded_by} rejected it with reasons: it is reopened here."
        reopened = last is not None and by_hand and last.from_state in policies.CLOSED_STATES
        if last is not None and reopened and wanted in policies.CLOSED_STATES:
            return f"{last.recorded_by} reopened it: report it fixed and retested first, or close it here."
        if wanted == IssueState.REJECTED and history.is_determined_here:
            return "The DCC has determined it here: it is rejected here, with reasons."
        return ""

    def _link(self, row: IssueRow, change: IssueChange) -> None:
        errors = []
        dmc = change.issue.dmc.reference if change.issue.dmc else ""
        for test in dict.fromkeys(row.tests):
            run, problem = self._runs.find(test=test, dmc=dmc)
            if run is None:
                errors.append(FieldError(None, "tests", problem))
            elif (change.issue.pk, run) not in self._linked:
                change.runs.append(run)
        if errors:
            raise InvalidInput(errors)

    def _only_dcc(self, field_name: str) -> None:
        if not (policies.acts_for_dcc(self.by) and (self.by.may("import_issues") or self.by.may("determine_issue"))):
            raise InvalidInput.one(field_name, _DETERMINED_BY_DCC)
