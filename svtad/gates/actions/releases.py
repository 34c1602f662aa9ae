"""What is put before a body for a whole release (7.3, 9.8), and criteria of approach documents answered (12.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from svtad.audit import actions as audit_actions
from svtad.gates import policies
from svtad.gates.actions.recording import audit, tell
from svtad.gates.models import CriterionAnswer, EvidenceItem, ReleaseMatter, RepeatDocument
from svtad.gates.queries.evidence import is_withdrawn
from svtad.gates.queries.phases import edition_for
from svtad.governance.actions import open_matter
from svtad.governance.models import Matter
from svtad.governing.models import DocumentVersion, EnteredCriterion
from svtad.governing.queries import version_in_force
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.procedures import procedure as procedure_of
from testphases.models import CapabilityRelease, TestScope
from testphases.models.scopes import ScopeState

#: Procedures whose subject is a release.
OF_RELEASE = ("INTERFACE_REPEAT", "CODE_PROMOTION")


@transaction.atomic
def open_release_matter(
    *,
    release: CapabilityRelease,
    procedure: str,
    title: str,
    by: Actor,
    rationale: str = "",
    data: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> ReleaseMatter:
    """Open a matter about a release: whether Interface Testing is repeated (7.3), or a promotion of code (9.4, 9.8).

    Raises ActionDenied, and InvalidInput: for another procedure, 7.3 of the release that Interface Testing is for, or
    whatever the procedure wants and was not given.
    """
    moment = at or clock.now()
    policies.check_can_link_release(by)
    if procedure not in OF_RELEASE:
        raise InvalidInput.one("procedure", f"About a release are {', '.join(OF_RELEASE)}.")
    rules = procedure_of(procedure)
    if procedure == "INTERFACE_REPEAT" and not _is_repeated(release):
        raise InvalidInput.one(
            "release", f"Interface Testing is conducted for {release}: 7.3 repeats it for later ones."
        )
    matter = open_matter(
        procedure=procedure,
        document=rules.document,
        version=rules.version,
        title=title or f"{rules.title}: {release}",
        rationale=rationale,
        data=data,
        audience=audience_of(*GOVERNANCE),
        is_synthetic=release.is_synthetic,
        by=by,
        at=moment,
    )
    made: ReleaseMatter = ReleaseMatter.objects.create(
        release=release, matter=matter, recorded_at=moment, recorded_by=by.label
    )
    detail = {"matter": matter.reference, "procedure": procedure}
    _audit(release, "open_release_matter", by=by, at=moment, clause=f"SVTAD {rules.clause}", detail=detail)
    _tell(release, at=moment)
    return made


def _is_repeated(release: CapabilityRelease) -> bool:
    """Return whether 7.3 speaks of the release: any but the first of the edition that governs its phases."""
    for scope in TestScope.objects.filter(release=release).select_related("governed_by__document"):
        edition = edition_for(scope)
        if edition is not None:
            return release.code != edition.releases[0]
    return release.position > 1


@transaction.atomic
def name_repeat_document(
    *, release: CapabilityRelease, version: DocumentVersion, by: Actor, at: dt.datetime | None = None
) -> RepeatDocument:
    """Name a document version that was changed for a repeated Interface Testing of `release` (7.3). Twice is once.

    Raises ActionDenied, and Refused for a release that is not directed.
    """
    moment = at or clock.now()
    policies.check_can_link_release(by)
    directed = ReleaseMatter.objects.filter(
        release=release,
        matter__procedure="INTERFACE_REPEAT",
        matter__state__in=("REPETITION_DIRECTED", "CHANGES_PROPOSED"),
    )
    if not directed.exists():
        raise Refused("SVTAD 7.3", f"No direction that Interface Testing be repeated for {release} is recorded.")
    list(CapabilityRelease.objects.select_for_update(no_key=True).filter(pk=release.pk).values_list("pk"))
    held: RepeatDocument | None = RepeatDocument.objects.current().filter(release=release, version=version).first()
    if held is not None:
        return held
    made: RepeatDocument = RepeatDocument.objects.create(
        release=release, version=version, valid_from=moment, recorded_by=by.label
    )
    detail = {"version": str(version)}
    _audit(release, "name_repeat_document", by=by, at=moment, clause="SVTAD 7.3", detail=detail)
    _tell(release, at=moment)
    return made


@transaction.atomic
def withdraw_repeat_document(
    *, document: RepeatDocument, reason: str, by: Actor, at: dt.datetime | None = None
) -> None:
    """Take a document version back that was named for 7.3, with the reason. Raises Refused where it is."""
    moment = at or clock.now()
    policies.check_can_link_release(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    if not RepeatDocument.objects.current().filter(pk=document.pk).update(valid_to=moment):
        raise Refused("SVTAD 7.3", f"{document.version} is taken back already.")
    detail = {"version": str(document.version), "reason": reason}
    _audit(document.release, "withdraw_repeat_document", by=by, at=moment, clause="SVTAD 7.3", detail=detail)
    _tell(document.release, at=moment)


@transaction.atomic
def settle_release_matter(*, matter: Matter, at: dt.datetime) -> None:
    """Have the phases judged anew that a direction of 7.3 bears on. A matter that names no release has no effect."""
    link = ReleaseMatter.objects.select_related("release").filter(matter=matter).first()
    if link is not None:
        _tell(link.release, at=at)


def _tell(release: CapabilityRelease, *, at: dt.datetime) -> None:
    for scope in TestScope.objects.filter(release=release).exclude(state=ScopeState.COMPLETE):
        edition = edition_for(scope)
        if edition is not None and scope.kind == edition.repeated_kind:
            tell(scope=scope, at=at)


def _audit(
    release: CapabilityRelease, action: str, *, by: Actor, at: dt.datetime, clause: str, detail: dict[str, str]
) -> None:
    audit_actions.record(
        by=by,
        at=at,
        action=action,
        subject_kind="capability_release",
        subject_id=release.public_id,
        subject_label=str(release),
        audience_id=audience_of(*GOVERNANCE).pk,
        clause=clause,
        detail=detail,
    )


# --- criteria of approach documents -----------------------------------------------------------------


@transaction.atomic
def answer_criterion(
    *,
    scope: TestScope,
    criterion: EnteredCriterion,
    met: bool,
    reasons: str,
    by: Actor,
    evidence: EvidenceItem | None = None,
    at: dt.datetime | None = None,
) -> CriterionAnswer:
    """Record whether a criterion of the phase's approach document is met, with reasons; the last answer holds.

    `evidence` is an item of the phase's own. Raises ActionDenied, InvalidInput, and Refused for a criterion that is
    withdrawn, of another kind of phase, or of a version that is not in effect, and for a phase that is complete.
    """
    moment = at or clock.now()
    policies.check_can_answer_criterion(by, scope)
    clause = "SVTAD 12.3"
    text = reasons.strip()
    if not text:
        raise InvalidInput.one("reasons", "State what shows it, or what is wanting.")
    if len(text) > 400:
        raise InvalidInput.one("reasons", "At most 400 characters.")
    if evidence is not None and (evidence.scope_id != scope.pk or is_withdrawn(evidence)):
        raise InvalidInput.one("evidence", "This is no evidence of the phase that stands.")
    state = TestScope.objects.select_for_update(no_key=True).values_list("state", flat=True).get(pk=scope.pk)
    if state == ScopeState.COMPLETE:
        raise Refused(clause, f"{scope} is complete: what it was judged by stays.")
    if criterion.phase_kind != scope.kind:
        raise Refused(clause, f"{criterion} is a criterion of {criterion.phase_kind}, not of {scope.kind}.")
    if not EnteredCriterion.objects.current().filter(pk=criterion.pk).exists():
        raise Refused(clause, f"{criterion} is withdrawn.")
    held = version_in_force(criterion.version.document.code, None)
    if held is None or held.version_id != criterion.version_id:
        now_held = str(held.version) if held else "none"
        raise Refused(clause, f"{criterion.version} is not the version in effect; that is {now_held}.")
    made: CriterionAnswer = CriterionAnswer.objects.create(
        scope=scope,
        criterion=criterion,
        met=met,
        reasons=text,
        evidence=evidence,
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=scope,
        action="answer_criterion",
        subject=criterion,
        audience=audience_of(*GOVERNANCE),
        by=by,
        at=moment,
        clause=clause,
        detail={"clause": criterion.clause, "met": met, "reasons": text},
    )
    tell(scope=scope, at=moment)
    return made
