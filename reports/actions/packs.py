"""Sealed decision packs: asked for by who sees the whole phase, made, signed and filed by a job."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db import transaction

from reports import policies, queries
from reports.actions.making import STEPS, Hold, Progress, maker_of
from reports.contents.packs import Sight, pack_contents
from svtad.gates.actions import file_sealed_pack
from svtad.gates.models import Assessment, SealedPack
from svtad.gates.queries import assessment_at, latest_assessment, step_shown
from svtad.governance.actions import enqueue_job, store_file
from svtad.governance.files import read_file
from svtad.governance.models import Job, Matter, StoredFile
from svtad.governance.queries import last_decision
from svtad.governance.queries.meetings import common_keys
from svtad.governance.queries.redacted import hidden_from
from svtad.lib import clock, signing
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience
from svtad.rulebook.procedures import procedure
from testphases.models import TestScope

PACK = "sealed_pack"
#: How the zip is called wherever it is verified.
_ZIP, _SIGNATURE = "application/zip", "application/octet-stream"


@transaction.atomic
def request_pack(
    *,
    by: Actor,
    assessment: Assessment | None = None,
    matter: Matter | None = None,
    at: dt.datetime | None = None,
) -> Job:
    """Queue the making of a sealed decision pack and return its job.

    Of a kept `assessment`; or of a phase's `matter`: then of the judgement of its last step that stood when the last
    decision on it was taken, or stands now where there is none. While the same pack is being made for the same person,
    that job is returned. What the person may see is settled now. Raises ActionDenied; Refused where there is no key to
    seal it with, or no judgement.
    """
    moment = at or clock.now()
    if assessment is None:
        if matter is None:
            raise TypeError("a pack is made of an assessment or of a matter")
        policies.check_can_see_matter(by, matter)
        assessment = _of_matter(matter, moment)
    policies.check_can_request_pack(by, assessment)
    if signing.signing_key(moment) is None:
        raise Refused("", "No signing key is set up, and a pack without a seal is none.")
    sight = _sight(by, assessment, until=moment)
    return enqueue_job(
        kind=PACK,
        title=f"{assessment.scope}: sealed decision pack",
        params={
            "assessment": assessment.public_id,
            "matter": matter.public_id if matter is not None else "",
            "matters": sorted(sight.matters),
            "files": sorted(sight.files),
        },
        unique_key=f"{assessment.public_id} {matter.public_id if matter is not None else ''} {by.person_pk or 0}",
        audience=audience_of(*GOVERNANCE),
        by=by,
        at=moment,
    )


def produce_pack(*, job: Job, progress: Progress, hold: Hold) -> dict[str, Any]:
    """Make the pack that `job` asks for, sign it, store and file it; return what the page shows of it.

    Run again after a crash it makes the same zip and files it once. Where the same bytes are sealed already under the
    same certificate for the same eyes, that pack is the answer.
    """
    held = SealedPack.objects.select_related("file", "signature", "signer").filter(job_id_text=job.public_id).first()
    if held is not None:
        return _result(held)
    assessment = Assessment.objects.select_related("scope__release__programme").get(public_id=job.params["assessment"])
    matter = Matter.objects.filter(public_id=job.params["matter"] or "-").first()
    sight = Sight(matters=frozenset(job.params["matters"]), files=frozenset(job.params["files"]))
    progress(5, "Gathering what was decided")
    contents = pack_contents(assessment, matter=matter, sight=sight, until=job.recorded_at, read_file=read_file)
    from reports.rendering.packs import pack_zip

    progress(50, f"Packing {len(contents.members)} files")
    content = pack_zip(contents)
    key = signing.signing_key(job.recorded_at)
    if key is None:
        raise Refused("", "No signing key is set up, and a pack without a seal is none.")
    audience = _audience(sight)
    sealed = queries.sealed_before(
        sha256=hashlib.sha256(content).hexdigest(),
        fingerprint=key.fingerprint,
        audience_id=audience.pk,
        assessment=assessment,
    )
    if sealed is not None:
        progress(STEPS, "The same pack is sealed already")
        return _result(sealed)
    progress(80, "Sealing it")
    seal = signing.seal(content, key=key)
    maker = maker_of(job)
    name = f"{assessment.scope} decision pack {clock.london_date(assessment.as_at):%Y-%m-%d}.zip"
    with transaction.atomic():
        hold()
        stored, signature = (
            store_file(
                content=each,
                name=called,
                media_type=kind,
                purpose=PACK,
                audience=audience,
                by=maker,
                is_synthetic=assessment.is_synthetic,
            )
            for each, called, kind in ((content, name, _ZIP), (seal, f"{name}.sig", _SIGNATURE))
        )
        pack = file_sealed_pack(
            assessment=assessment,
            matter=matter,
            file=stored,
            signature=signature,
            key=key,
            members=len(contents.members) + 2,
            job_id=job.public_id,
            by=maker,
        )
    progress(STEPS, "Done")
    return _result(pack)


def _of_matter(matter: Matter, moment: dt.datetime) -> Assessment:
    scope = TestScope.objects.select_related("release").filter(public_id=matter.scope_id).first()
    step = step_shown(scope) if scope is not None else None
    if scope is None or step is None:
        raise Refused("", f"{matter.reference} is about no phase that is judged.")
    last = last_decision(matter)
    found = assessment_at(scope, step, moment=last.recorded_at) if last is not None else None
    found = found or latest_assessment(scope, step)
    if found is None:
        raise Refused("", f"{scope} has not been assessed yet: have it judged first.")
    return found


def _sight(actor: Actor, assessment: Assessment, *, until: dt.datetime) -> Sight:
    """Return which matters of the phase, and which of the files that the pack would hold, the asker may see."""
    matters = Matter.objects.visible_to(actor).filter(scope_id=assessment.scope.public_id, recorded_at__lte=until)
    if (hidden := hidden_from(actor)) is not None:
        matters = matters.exclude(hidden)  # what is given redacted is in no pack: it holds matters whole
    files = queries.files_of(matters, assessment, until=until)
    return Sight(
        matters=frozenset(matters.order_by().values_list("public_id", flat=True)),
        files=frozenset(
            StoredFile.objects.visible_to(actor).filter(pk__in=files).order_by().values_list("public_id", flat=True)
        ),
    )


def _audience(sight: Sight) -> Audience:
    """Return who may open the pack: only who may read every matter, and open every document, that is in it."""
    matters = Matter.objects.filter(public_id__in=sight.matters)
    files = StoredFile.objects.filter(public_id__in=sight.files).order_by().values("audience")
    inside = Audience.objects.filter(pk__in=matters.order_by().values("audience")) | Audience.objects.filter(
        pk__in=files
    )
    kinds = set(matters.order_by().values_list("procedure", flat=True))
    redacted = {body.lower() for kind in kinds for body in procedure(kind).redacted_for}
    keys = common_keys([audience_of(*GOVERNANCE), *inside.distinct()]) - redacted
    if not keys:
        raise Refused("", "Nobody may see all that would be in this pack: its documents have nobody in common.")
    return audience_of(*keys)


def _result(pack: SealedPack) -> dict[str, Any]:
    return {
        "pack": pack.public_id,
        "file": pack.file.public_id,
        "sha256": pack.file.sha256,
        "signature": pack.signature.public_id,
        "signer": pack.signer.fingerprint,
        "members": pack.members,
    }
