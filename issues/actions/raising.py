"""Raising a Testing Issue, and mending its wording."""

from __future__ import annotations

import datetime as dt
import enum

from django.db import IntegrityError, transaction

from issues import policies
from issues.actions.recording import audit, happened, locked, tell_scopes
from issues.actions.wording import (
    checked_external_id,
    checked_reference,
    checked_text,
    create_with_history,
    next_issue_references,
    own_source,
    reword_with_history,
)
from issues.models import IssueState, IssueStateChange, TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from testphases.models import TestScope


class Keep(enum.Enum):
    """What a caller passes for "leave it as it is" where None means "none"."""

    KEEP = "keep"


KEEP = Keep.KEEP


@transaction.atomic
def raise_issue(
    *,
    scope: TestScope,
    title: str,
    raised_by: Organisation,
    by: Actor,
    description: str = "",
    occurred_at: dt.datetime | None = None,
    dmc: DeviceModelCombination | None = None,
    functional_group: str = "",
    environment: str = "",
    requirement: str = "",
    source: str = "product",
    external_id: str = "",
    reference: str | None = None,
    is_synthetic: bool | None = None,
    at: dt.datetime | None = None,
) -> TestingIssue:
    """Raise a Testing Issue in `scope` and return it.

    `source` and `external_id` name it in the tool it comes from: the same again with the same content
    changes nothing, with other content rewords it; neither moves it to another phase or raiser. With
    no `external_id` it is the product's own. Anyone but the DCC gets its organisation's code put
    before the source. `reference` is given by the product unless the DCC has one already.
    `occurred_at` is when it was found (default: now).

    Raises ActionDenied, and InvalidInput by field.
    """
    at = at or clock.now()
    policies.check_can_raise(by, scope=scope, raised_by=raised_by)
    text = checked_text(
        title=title,
        description=description,
        functional_group=functional_group,
        environment=environment,
        requirement=requirement,
    )
    _check_dmc(dmc, by)
    when = happened(name="occurred_at", moment=occurred_at, at=at)
    source = own_source(source=source, raised_by=raised_by, by=by)
    external_id = checked_external_id(external_id=external_id)
    issue = TestingIssue(
        scope=scope,
        source=source,
        raised_by=raised_by,
        dmc=dmc,
        occurred_at=when,
        recorded_at=at,
        recorded_by=by.label,
        is_synthetic=scope.is_synthetic if is_synthetic is None else is_synthetic,
        **text,
    )
    issue.external_id = external_id or issue.public_id
    known = _known(issue)
    if known is None:
        issue.reference = (
            next_issue_references(scope=scope, raised_by=raised_by)[0]
            if reference is None
            else checked_reference(reference=reference, by=by)
        )
        try:
            with transaction.atomic():
                create_with_history(issues=[issue], by=by, at=at)
        except IntegrityError:
            # Somebody sent the same one between our look and our row.
            known = _known(issue)
            if known is None:
                raise
    if known is not None:
        return _raised_again(known, issue, by=by, at=at, when_given=occurred_at is not None)
    IssueStateChange.objects.create(
        issue=issue, from_state="", to_state=IssueState.RAISED, occurred_at=when, recorded_at=at, recorded_by=by.label
    )
    detail = {"source": source, "external_id": issue.external_id, "raised_by": raised_by.code}
    audit(issue=issue, action="raise_issue", by=by, at=at, clause=policies.CLAUSE, detail=detail)
    tell_scopes(raised_in=[scope], at=at)
    return issue


@transaction.atomic
def edit_issue(
    *,
    issue: TestingIssue,
    by: Actor,
    title: str | None = None,
    description: str | None = None,
    functional_group: str | None = None,
    environment: str | None = None,
    requirement: str | None = None,
    dmc: DeviceModelCombination | Keep | None = KEEP,
    at: dt.datetime | None = None,
) -> TestingIssue:
    """Mend the wording of an issue, or what it concerns; what is left out stays. Nothing changed, nothing stored.

    The words before stay readable in the issue's history. Raises ActionDenied, and InvalidInput by field.
    """
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_edit(by, fresh)
    text = checked_text(
        title=fresh.title if title is None else title,
        description=fresh.description if description is None else description,
        functional_group=fresh.functional_group if functional_group is None else functional_group,
        environment=fresh.environment if environment is None else environment,
        requirement=fresh.requirement if requirement is None else requirement,
    )
    changed = [name for name in text if text[name] != getattr(fresh, name)]
    for name in changed:
        setattr(fresh, name, text[name])
    if not isinstance(dmc, Keep) and fresh.dmc != dmc:
        _check_dmc(dmc, by)
        fresh.dmc = dmc
        changed.append("dmc")
    if changed:
        reword_with_history(issues=[fresh], fields=changed, by=by, at=at)
        audit(issue=fresh, action="edit_issue", by=by, at=at, detail={"changed": sorted(changed)})
        tell_scopes(raised_in=[fresh.scope], at=at)
        for name in changed:
            setattr(issue, name, getattr(fresh, name))
    return issue


def _check_dmc(dmc: DeviceModelCombination | None, by: Actor) -> None:
    """Refuse a DMC that `by` may not see: an issue must not be the way to find out which there are."""
    if dmc is not None and not DeviceModelCombination.objects.visible_to(by).filter(pk=dmc.pk).exists():
        raise InvalidInput.one("dmc", "There is no such DMC among those you may see.")


def _known(issue: TestingIssue) -> TestingIssue | None:
    known: TestingIssue | None = (
        TestingIssue.objects.select_related("scope", "raised_by", "provider")
        .filter(source=issue.source, external_id=issue.external_id)
        .first()
    )
    return known


def _raised_again(
    known: TestingIssue, sent: TestingIssue, *, by: Actor, at: dt.datetime, when_given: bool
) -> TestingIssue:
    """Take an issue that is there already: reword it where it reads differently, refuse what cannot change."""
    policies.check_sees(by, known)
    errors = []
    if sent.scope_id != known.scope_id:
        errors.append(FieldError(None, "external_id", f"This issue was raised in {known.scope}; that does not change."))
    if sent.raised_by_id != known.raised_by_id:
        errors.append(FieldError(None, "raised_by", f"{known.raised_by} raised this issue; that does not change."))
    if when_given and sent.occurred_at != known.occurred_at:
        when = f"{known.occurred_at:%Y-%m-%d %H:%M %Z}"
        errors.append(FieldError(None, "occurred_at", f"It was raised {when}; that does not change."))
    if errors:
        raise InvalidInput(errors)
    return edit_issue(
        issue=known,
        by=by,
        title=sent.title,
        description=sent.description,
        functional_group=sent.functional_group,
        environment=sent.environment,
        requirement=sent.requirement,
        dmc=sent.dmc,
        at=at,
    )
