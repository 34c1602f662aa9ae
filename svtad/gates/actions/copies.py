"""Copies of the SIT reports for the Parties (13.17): of which package, that one is made, and that they were given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from svtad.gates.actions.recording import audit
from svtad.gates.models import EvidenceItem, FiledReport, PartyCopies, PartyCopy, SharedCopy
from svtad.governance.actions import open_matter
from svtad.governance.files import name_again
from svtad.governance.models import Decision, StoredFile
from svtad.lib import clock
from svtad.lib.ids import new_public_id
from svtad.parties.actors import Actor, system_actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.procedures import procedure
from testphases.models import TestScope

CLAUSE = "SVTAD 13.17"
#: Who reads what is to be redacted: 13.15(b) names them besides the DCC, whose list it is.
LISTS_FOR = ("dcc", "panel", "authority", "sos")
#: Who may open a copy that was shared: the Parties, and those who read the whole report anyway.
COPIES_FOR = (*GOVERNANCE, "parties")


@transaction.atomic
def start_copies(
    *,
    scope: TestScope,
    package: Decision | None,
    report: FiledReport | None,
    audit_report: EvidenceItem | None,
    sections: Sequence[tuple[str, str]],
    by: Actor,
    at: dt.datetime | None = None,
) -> PartyCopies:
    """Open the matter in which both lists for one package are kept, and say of which reports they are.

    To open it proposes nothing, so it is the product's act and keeps nobody from recording what the Panel directs.
    Who may is the caller's question.
    """
    moment = at or clock.now()
    rules = procedure("REDACTED_COPIES")
    product = system_actor(f"{by.label}, opening the lists of 13.17"[:200])
    matter = open_matter(
        procedure=rules.key,
        document=rules.document,
        version=rules.version,
        title=f"Copies of the SIT reports for the Parties, {scope.name}",
        audience=audience_of(*LISTS_FOR),
        scope_id=scope.public_id,
        is_synthetic=scope.is_synthetic,
        by=product,
        at=moment,
    )
    made: PartyCopies = PartyCopies.objects.create(
        scope=scope,
        matter=matter,
        package=package,
        report=report,
        audit=audit_report,
        sections=[list(each) for each in sections],
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=scope,
        action="start_copies",
        subject=made,
        audience=matter.audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={
            "matter": matter.reference,
            "package": package.public_id if package else "",
            "report": report.file.sha256 if report else "",
            "audit_report": audit_report.file.sha256 if audit_report else "",
        },
    )
    return made


@transaction.atomic
def file_party_copy(
    *,
    copies: PartyCopies,
    direction: Decision,
    part: str,
    file: StoredFile,
    source_sha256: str,
    by: Actor,
    number: int = 0,
    found: dict[str, int] | None = None,
    pages: int = 0,
    job_id: str = "",
    at: dt.datetime | None = None,
) -> PartyCopy:
    """Record that a copy exists as `direction` wants it; a job files each part once, however often it runs.

    Nobody is given it by this. Without a `job_id` the DCC brought it.
    """
    moment = at or clock.now()
    held: PartyCopy | None = None
    if job_id:
        held = PartyCopy.objects.filter(made_by=job_id, part=part, number=number).first()
    if held is not None:
        return held
    made: PartyCopy = PartyCopy.objects.create(
        copies=copies,
        direction=direction,
        part=part,
        number=number,
        file=file,
        source_sha256=source_sha256,
        found=found or {},
        pages=pages,
        made_by=job_id or new_public_id(),
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=copies.scope,
        action="file_party_copy",
        subject=made,
        audience=copies.matter.audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={
            "matter": copies.matter.reference,
            "direction": direction.public_id,
            "part": part,
            "sha256": file.sha256,
            "of": source_sha256,
        },
    )
    return made


@transaction.atomic
def share_copies(
    *, copies: PartyCopies, decision: Decision, parts: Iterable[PartyCopy], by: Actor, at: dt.datetime | None = None
) -> list[SharedCopy]:
    """Let the Parties open each of `parts`, in the transaction of the DCC's `decision` to provide them."""
    moment = at or clock.now()
    audience = audience_of(*COPIES_FOR)
    shared: list[SharedCopy] = []
    for part in parts:
        made: SharedCopy = SharedCopy.objects.create(
            copy=part,
            scope=copies.scope,
            decision=decision,
            file=name_again(part.file, audience=audience, by=by, at=moment),
            recorded_at=moment,
            recorded_by=by.label,
        )
        detail: dict[str, Any] = {"part": part.part, "sha256": part.file.sha256}
        # The Parties may read this event: it says that a copy was provided, and nothing of the lists.
        audit(
            scope=copies.scope,
            action="share_copy",
            subject=made,
            audience=audience,
            by=by,
            at=moment,
            clause=CLAUSE,
            detail=detail,
        )
        shared.append(made)
    return shared
