"""Programmes, Capability Releases, test scopes, who takes part and states."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from svtad.audit import actions as audit_actions
from svtad.governing.models import DocumentVersion
from svtad.governing.queries import edition_held
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation
from svtad.rulebook.codec import FactsError
from svtad.rulebook.editions import edition_of
from svtad.rulebook.vocabulary import phase_kind_words
from testphases import policies
from testphases.models import (
    CapabilityRelease,
    FactsChanged,
    Programme,
    ScopeParticipation,
    ScopeStateChange,
    TestScope,
    TestStage,
)
from testphases.models.scopes import ScopeState as S

#: What may follow what (clause 12), and the clause that a refusal cites.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    S.PLANNED: (S.ENTRY_ASSESSED,),
    S.ENTRY_ASSESSED: (S.PLANNED, S.IN_PROGRESS),
    S.IN_PROGRESS: (S.SUSPENDED, S.EXIT_PROPOSED),
    S.SUSPENDED: (S.IN_PROGRESS,),
    S.EXIT_PROPOSED: (S.EXIT_ASSESSED,),
    S.EXIT_ASSESSED: (S.COMPLETE, S.IN_PROGRESS),
    S.COMPLETE: (),
}
_ENTRY_CLAUSE = "SVTAD 12.5"
_EXIT_CLAUSE = "SVTAD 12.6"


def facts_changed(*, scope: TestScope, at: dt.datetime) -> None:
    """Leave word that a judgement of `scope` may rest on something that has just changed."""
    FactsChanged.objects.create(scope=scope, recorded_at=at)


def scope_audience(*, scope: TestScope) -> Audience:
    """Return who may see what concerns a whole scope: those who govern, and who takes part in it."""
    taking_part = Organisation.objects.filter(
        pk__in=ScopeParticipation.objects.current().filter(scope=scope).values("organisation_id")
    )
    return audience_of(*GOVERNANCE, *(org_key(organisation) for organisation in taking_part))


def audit(
    *,
    scope: TestScope,
    action: str,
    by: Actor,
    at: dt.datetime,
    clause: str = "",
    detail: dict[str, Any] | None = None,
    audience: Audience | None = None,
) -> None:
    """Write the one audit event of an action on `scope`; its audience is the scope's unless a narrower is given."""
    audit_actions.record(
        by=by,
        at=at,
        action=action,
        subject_kind="test_scope",
        subject_id=scope.public_id,
        subject_label=str(scope),
        audience_id=(audience or scope_audience(scope=scope)).pk,
        clause=clause,
        scope_id=scope.public_id,
        detail=detail,
    )


def lock_scope(*, scope: TestScope) -> TestScope:
    """Lock the scope's row for the rest of the transaction and return it fresh: one change of a plan at a time."""
    locked: TestScope = TestScope.objects.select_for_update(of=("self",)).select_related("release").get(pk=scope.pk)
    return locked


def _audit_public(kind: str, subject: Any, action: str, *, by: Actor, at: dt.datetime) -> None:
    audit_actions.record(
        by=by,
        at=at,
        action=action,
        subject_kind=kind,
        subject_id=subject.public_id,
        subject_label=str(subject),
        audience_id=audience_of(*GOVERNANCE).pk,
    )


@transaction.atomic
def create_programme(
    *, code: str, name: str, by: Actor, at: dt.datetime | None = None, is_synthetic: bool = False
) -> Programme:
    """Create a programme; `code` is a slug, unique."""
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    _check_text("name", name, 160)
    if not code or slugify(code) != code.lower() or len(code) > 40:
        raise InvalidInput.one("code", "Use up to 40 letters, digits and hyphens.")
    if Programme.objects.filter(code=code).exists():
        raise InvalidInput.one("code", f"There is a programme {code} already.")
    made = Programme.objects.create(code=code, name=name, is_synthetic=is_synthetic, recorded_at=at)
    _audit_public("programme", made, "create_programme", by=by, at=at)
    return made


@transaction.atomic
def create_release(
    *,
    programme: Programme,
    code: str,
    name: str,
    position: int,
    by: Actor,
    at: dt.datetime | None = None,
    is_synthetic: bool | None = None,
) -> CapabilityRelease:
    """Create a Capability Release; `position` is its place in the programme's order, 1 first."""
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    _check_text("code", code, 20)
    _check_text("name", name, 160)
    siblings = CapabilityRelease.objects.filter(programme=programme)
    if siblings.filter(code=code).exists():
        raise InvalidInput.one("code", f"The programme has a release {code} already.")
    if siblings.filter(position=position).exists():
        raise InvalidInput.one("position", "Another release has this place in the order.")
    synthetic = programme.is_synthetic if is_synthetic is None else is_synthetic
    made = CapabilityRelease.objects.create(
        programme=programme, code=code, name=name, position=position, is_synthetic=synthetic, recorded_at=at
    )
    _audit_public("capability_release", made, "create_release", by=by, at=at)
    return made


@transaction.atomic
def create_scope(
    *,
    release: CapabilityRelease,
    kind: str,
    governed_by: DocumentVersion,
    by: Actor,
    name: str = "",
    provider: Organisation | None = None,
    at: dt.datetime | None = None,
    is_synthetic: bool | None = None,
) -> TestScope:
    """Create a test scope of `kind` (a string of the edition that governs it) in a release.

    The edition says which kinds and which releases it knows; where no edition is held for the
    document, any are taken, and its judgement is CANNOT_EVALUATE. The Test Stages that it names for the kind are
    entered with it (the Solution Test of SIT).
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    name = name or f"{release.code} {phase_kind_words(kind)}" + (f" {provider.name}" if provider else "")
    _check_text("name", name, 160)
    _check_edition(release, kind, governed_by)
    same = TestScope.objects.filter(release=release, kind=kind, provider=provider)
    if same.exists():
        raise InvalidInput.one("kind", f"{release} has {same.get()} already.")
    synthetic = release.is_synthetic if is_synthetic is None else is_synthetic
    scope = TestScope.objects.create(
        release=release,
        kind=kind,
        name=name,
        provider=provider,
        governed_by=governed_by,
        is_synthetic=synthetic,
        recorded_at=at,
    )
    if provider:
        ScopeParticipation.objects.create(scope=scope, organisation=provider, valid_from=at)
    stages = _enter_stages(scope, at=at)
    detail = {"kind": kind, "governed_by": str(governed_by), "stages": stages}
    audit(scope=scope, action="create_scope", by=by, at=at, detail=detail)
    facts_changed(scope=scope, at=at)
    return scope


def _enter_stages(scope: TestScope, *, at: dt.datetime) -> list[str]:
    """Give a new phase the Test Stages that its edition names for its kind (12.4); return their names."""
    edition = edition_held(scope.governed_by)
    named = next((kind.stages for kind in edition.phase_kinds if kind.key == scope.kind), ()) if edition else ()
    TestStage.objects.bulk_create(
        TestStage(scope=scope, name=stage.title, kind=stage.key, position=position, recorded_at=at)
        for position, stage in enumerate(named, start=1)
    )
    return [stage.title for stage in named]


def _check_edition(release: CapabilityRelease, kind: str, governed_by: DocumentVersion) -> None:
    """Refuse a phase kind or a release that the governing edition does not know, or releases out of its order."""
    _check_text("kind", kind, 20)
    try:
        edition = edition_of(governed_by.document.code, governed_by.version)
    except FactsError:
        return
    kinds = [known.key for known in edition.phase_kinds]
    if kind not in kinds:
        raise InvalidInput.one("kind", f"{governed_by} knows no phase kind “{kind}”; it has {', '.join(kinds)}.")
    if release.code not in edition.releases:
        known = ", ".join(edition.releases)
        raise InvalidInput.one("release", f"{governed_by} has no release “{release.code}”; it has {known}.")
    siblings = CapabilityRelease.objects.filter(programme=release.programme_id, code__in=edition.releases)
    in_order = list(siblings.order_by("position").values_list("code", flat=True))
    if in_order != sorted(in_order, key=edition.releases.index):
        given, wanted = ", ".join(in_order), ", ".join(edition.releases)
        raise InvalidInput.one("release", f"The programme has its releases in the order {given}; not {wanted}.")


@transaction.atomic
def add_participant(
    *, scope: TestScope, organisation: Organisation, by: Actor, at: dt.datetime | None = None
) -> ScopeParticipation:
    """Record that a DCC Service Provider takes part in `scope` from now on; already taking part changes nothing."""
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    lock_scope(scope=scope)
    current: ScopeParticipation | None = (
        ScopeParticipation.objects.current().filter(scope=scope, organisation=organisation).first()
    )
    if current:
        return current
    if scope.provider_id is not None and scope.provider_id != organisation.pk:
        raise Refused("", f"This phase is {scope.provider}'s own.")
    made = ScopeParticipation.objects.create(scope=scope, organisation=organisation, valid_from=at)
    audit(scope=scope, action="add_participant", by=by, at=at, detail={"organisation": organisation.code})
    facts_changed(scope=scope, at=at)
    return made


@transaction.atomic
def end_participation(
    *, scope: TestScope, organisation: Organisation, reason: str, by: Actor, at: dt.datetime | None = None
) -> None:
    """Record that an organisation no longer takes part in `scope`, with the reason."""
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    _check_text("reason", reason, 300)
    lock_scope(scope=scope)
    current = ScopeParticipation.objects.current().filter(scope=scope, organisation=organisation).first()
    if current is None:
        raise Refused("", f"{organisation} takes no part in {scope}.")
    current.valid_to = at
    current.save(update_fields=["valid_to"])
    detail = {"organisation": organisation.code, "reason": reason}
    audit(scope=scope, action="end_participation", by=by, at=at, detail=detail)
    facts_changed(scope=scope, at=at)


@transaction.atomic
def move_scope(
    *,
    scope: TestScope,
    to_state: str,
    by: Actor,
    reason: str = "",
    occurred_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> ScopeStateChange:
    """Move `scope` to another state. What is not listed in `TRANSITIONS`, or a guard forbids, is refused.

    Raises `Refused` citing 12.5 (entry) or 12.6 (exit).
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    fresh = lock_scope(scope=scope)
    if to_state not in TRANSITIONS.get(fresh.state, ()):
        allowed = ", ".join(S(state).label for state in TRANSITIONS.get(fresh.state, ())) or "nothing further"
        wanted = S(to_state).label if to_state in S.values else to_state
        clause = _ENTRY_CLAUSE if to_state in (S.ENTRY_ASSESSED, S.IN_PROGRESS, S.PLANNED) else _EXIT_CLAUSE
        raise Refused(clause, f"From “{S(fresh.state).label}” the phase may go to: {allowed}. Not to “{wanted}”.")
    policies.ask_guards(fresh, to_state)
    change = ScopeStateChange.objects.create(
        scope=fresh,
        from_state=fresh.state,
        to_state=to_state,
        reason=reason,
        occurred_at=occurred_at or at,
        recorded_at=at,
        recorded_by=by.label,
    )
    fresh.state = to_state
    fresh.save(update_fields=["state"])
    scope.state = to_state
    audit(scope=fresh, action="move_scope", by=by, at=at, clause="SVTAD 12", detail={"to": to_state, "reason": reason})
    facts_changed(scope=fresh, at=at)
    return change


def _check_text(field: str, value: str, longest: int) -> None:
    if not value.strip():
        raise InvalidInput.one(field, "Say something here.")
    if len(value) > longest:
        raise InvalidInput.one(field, f"At most {longest} characters.")
