"""Sealed decision packs over REST: asked for, made, listed, and verified with what REST alone gives."""

from __future__ import annotations

from reports.rendering.packs import VERIFY
from svtad.gates.actions import assess
from svtad.gates.models import SealedPack
from svtad.governance.actions import run_job_now
from svtad.governance.models import Job
from tests.factories import MAKER
from tests.reports.sealing import published


def test_a_pack_is_asked_for_made_once_and_verified(key, manager, sit, tmp_path):
    judged, _ = assess(scope=sit, step="PANEL", by=MAKER)
    body = {"assessment": judged.public_id}
    asked = manager.client.post("/api/v1/packs", body, format="json", headers={"Idempotency-Key": "once"})
    again = manager.client.post("/api/v1/packs", body, format="json", headers={"Idempotency-Key": "once"})
    assert (asked.status_code, again.json()) == (202, asked.json())
    job = run_job_now(Job.objects.get(public_id=asked.json()["id"]))
    [pack] = manager.all("/packs", phase=sit.public_id)
    assert job.result
    assert (pack["id"], pack["assessment"], pack["matter"]) == (job.result["pack"], judged.public_id, "")
    for name, file in (("pack.zip", pack["file"]), ("pack.zip.sig", pack["signature"])):
        answer = manager.get(f"/files/{file}/content")
        (tmp_path / name).write_bytes(b"".join(answer.streaming_content))
    (tmp_path / "signer.pem").write_text(pack["signer_pem"])
    assert published(VERIFY, tmp_path)
    later = manager.post("/packs", body)
    assert run_job_now(Job.objects.get(public_id=later.json()["id"])).result == job.result
    assert SealedPack.objects.count() == 1


def test_a_pack_is_refused_with_the_reason(manager, caller, sit, settings, tmp_path):
    settings.SIGNING_KEY_FILE = tmp_path / "none.pem"
    judged, _ = assess(scope=sit, step="PANEL", by=MAKER)
    body = {"assessment": judged.public_id}
    assert manager.post("/packs", body).status_code == 409
    assert manager.post("/packs", {}).status_code == 400
    assert manager.post("/packs", {"assessment": "A" * 22}).status_code == 403
    assert caller("tab_member").post("/packs", body).status_code == 403
