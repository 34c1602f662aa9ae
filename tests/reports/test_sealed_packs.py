"""Sealed decision packs: what is in one, that the same inputs give the same bytes, and that a stranger verifies it."""

from __future__ import annotations

import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile

import pytest

from reports.actions import request_completion_report, request_pack
from reports.rendering.packs import VERIFY
from svtad.audit.actions import seal_events
from svtad.audit.chain import event_hash, seal_hash
from svtad.audit.models import AuditEvent
from svtad.gates.models import Assessment, SealedPack
from svtad.governance.actions import run_job_now
from svtad.governance.files import read_file
from svtad.governance.models import Decision, Job, Matter, StoredFile
from svtad.lib import clock, signing
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.audiences import audience_of
from tests.factories import at, decide, make_house
from tests.gates.world import Phase, make_phase
from tests.house.ladder import ROOT
from tests.reports.sealing import flipped, published

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test")]

FIXED = {"README.txt", "manifest.json", "facts.json", "findings.json", "assessment.json", "edition.json"}
FIXED |= {"decisions.json", "papers.json", "audit.json"}


def finish(phase: Phase) -> Phase:
    phase.reports()
    phase.certify(phase.house.alpha)
    phase.assess("PANEL")
    return phase


@pytest.fixture(scope="class")
def lent_finished(lend) -> Phase:
    return lend(make_house, make_phase, finish)


@pytest.fixture
def finished(lent_finished, db, files_of_this_test) -> Phase:
    return lent_finished


@pytest.fixture
def manager(finished):
    return finished.house.actor("test_manager")


@pytest.fixture
def judged(finished) -> Assessment:
    return Assessment.objects.filter(scope=finished.scope, step="PANEL").latest("pk")


def sealed(job: Job) -> SealedPack:
    return SealedPack.objects.get(public_id=(run_job_now(job).result or {})["pack"])


def members(pack: SealedPack) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(read_file(pack.file))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lay_out(pack: SealedPack, folder) -> None:
    (folder / "pack.zip").write_bytes(read_file(pack.file))
    (folder / "pack.zip.sig").write_bytes(read_file(pack.signature))
    (folder / "signer.pem").write_text(pack.signer.pem)


def test_a_stranger_verifies_a_pack_with_the_published_command(key, judged, manager, tmp_path):
    lay_out(sealed(request_pack(assessment=judged, by=manager)), tmp_path)
    assert published(VERIFY, tmp_path)
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert f"  {VERIFY}\n" in archive.read("README.txt").decode()


def test_the_facts_inside_are_judged_to_the_same_findings_again(key, judged, manager, tmp_path):
    held = members(sealed(request_pack(assessment=judged, by=manager)))
    (tmp_path / "facts.json").write_bytes(held["facts.json"])
    [command] = [line.strip() for line in held["README.txt"].decode().splitlines() if "svtad.rulebook judge" in line]
    arguments = command.split()[1:]
    arguments[arguments.index("facts.json")] = str(tmp_path / "facts.json")
    ran = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    again, stored = json.loads(ran.stdout), json.loads(held["findings.json"])
    assert again == stored
    assert again["facts_sha256"] == judged.facts_sha256
    assert held["facts.json"].decode() == judged.facts


def test_what_is_in_a_pack(key, finished, judged, manager):
    run_job_now(Job.objects.filter(kind="certificate_paper").latest("pk"))
    run_job_now(request_completion_report(assessment=judged, by=manager))
    seal_events(at=clock.now())
    pack = sealed(request_pack(assessment=judged, by=manager))
    held = members(pack)
    assert set(held) >= FIXED
    assert pack.members == len(held)
    manifest = {row["name"]: row for row in json.loads(held["manifest.json"])["members"]}
    assert set(manifest) == set(held) - {"manifest.json"}
    for name, row in manifest.items():
        assert (row["sha256"], row["size"]) == (hashlib.sha256(held[name]).hexdigest(), len(held[name]))
    papers = {row["kind"]: row for row in json.loads(held["papers.json"])}
    assert set(papers) == {"completion_report", "certificate"}
    for row in papers.values():
        assert hashlib.sha256(held[row["file"]["inside"]]).hexdigest() == row["file"]["sha256"]
    decisions = {row["procedure"]: row for row in json.loads(held["decisions.json"])}
    steps = [each["outcome"] for each in decisions["TEST_COMPLETION_CERTIFICATE"]["decisions"]]
    assert steps == ["APPROVE", "ISSUE"]
    document = decisions["TEST_COMPLETION_CERTIFICATE"]["decisions"][1]["document"]
    assert hashlib.sha256(held[document["inside"]]).hexdigest() == document["sha256"]
    edition = json.loads(held["edition.json"])
    assert (edition["document"], edition["version"]) == ("SVTAD", "1.23")
    assert {"12.6(i)", "13.20"} <= {row["clause"] for row in edition["clauses"]}


def test_the_audit_events_inside_follow_from_their_own_hashes(key, finished, judged, manager):
    seal_events(at=clock.now())
    trail = json.loads(members(sealed(request_pack(assessment=judged, by=manager)))["audit.json"])
    assert trail["events"]
    for row in trail["events"]:
        assert event_hash(row["event"]) == row["seal"]["event_hash"]
        assert row["seal"]["seal_hash"] == seal_hash(
            sequence=row["seal"]["sequence"],
            event_id=row["seal"]["event_id"],
            hash_of_event=row["seal"]["event_hash"],
            previous_hash=row["seal"]["previous_hash"],
        )


def test_the_same_inputs_give_the_same_bytes_and_one_pack(key, judged, manager, finished):
    first = sealed(request_pack(assessment=judged, by=manager))
    other = finished.house.actor("test_manager")
    again = sealed(request_pack(assessment=judged, by=other))
    assert again == first
    assert SealedPack.objects.count() == 1
    job = Job.objects.get(public_id=first.job_id_text)
    Job.objects.filter(pk=job.pk).update(state="QUEUED")
    job.refresh_from_db()
    assert sealed(job) == first
    with zipfile.ZipFile(io.BytesIO(read_file(first.file))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert read_file(first.signature) == signing.seal(read_file(first.file), key=key)


@pytest.mark.parametrize(
    "flips", [pytest.param(60, id="sample"), pytest.param(3000, id="many", marks=pytest.mark.soak)]
)
def test_one_changed_byte_of_the_zip_is_found(key, judged, manager, tmp_path, flips):
    lay_out(sealed(request_pack(assessment=judged, by=manager)), tmp_path)
    content = (tmp_path / "pack.zip").read_bytes()
    chance = random.Random(20_260_302)
    ends = [0, 1, len(content) - 1]
    for place in (*ends, *(chance.randrange(len(content)) for _ in range(flips))):
        (tmp_path / "pack.zip").write_bytes(flipped(content, place, 1 << chance.randrange(8)))
        assert not published(VERIFY, tmp_path), f"byte {place}"
    (tmp_path / "pack.zip").write_bytes(content + b"\0")
    assert not published(VERIFY, tmp_path), "a byte more"


@pytest.mark.parametrize("step", [pytest.param(9, id="sample"), pytest.param(1, id="all", marks=pytest.mark.soak)])
def test_one_changed_byte_of_the_seal_is_found_wherever_it_is(key, judged, manager, tmp_path, step):
    lay_out(sealed(request_pack(assessment=judged, by=manager)), tmp_path)
    seal = (tmp_path / "pack.zip.sig").read_bytes()
    chance = random.Random(20_260_303)
    assert len(seal) == signing.KEY_BITS // 8
    for place in {*range(0, len(seal), step), len(seal) - 1}:
        (tmp_path / "pack.zip.sig").write_bytes(flipped(seal, place, 1 << chance.randrange(8)))
        assert not published(VERIFY, tmp_path), f"byte {place}"
    for other in (seal + b"\0", b"\0" + seal, seal[:-1], b""):
        (tmp_path / "pack.zip.sig").write_bytes(other)
        assert not published(VERIFY, tmp_path), "another length"


@pytest.mark.clause("SVTAD 1.23", "13.15")
def test_a_pack_of_the_panel_s_matter_is_of_the_judgement_that_it_decided_on(key, finished, manager):
    matter = finished.completion_matter()
    stood = Assessment.objects.filter(scope=finished.scope, step="PANEL").latest("pk")
    pack = sealed(request_pack(matter=matter, by=manager))
    assert (pack.matter, pack.assessment) == (matter, stood)
    held = members(pack)
    assert json.loads(held["assessment.json"])["asked_of"] == matter.reference
    assert matter.reference in {row["reference"] for row in json.loads(held["decisions.json"])}


def test_a_pack_needs_a_key(judged, manager, settings, tmp_path):
    settings.SIGNING_KEY_FILE = tmp_path / "none.pem"
    with pytest.raises(Refused, match="without a seal is none"):
        request_pack(assessment=judged, by=manager)


@pytest.mark.parametrize("role", ["provider_tester", "tab_member", "registrar", "administrator", "participant"])
def test_only_who_sees_whole_phases_and_makes_reports_asks_for_a_pack(key, finished, judged, role):
    with pytest.raises(ActionDenied):
        request_pack(assessment=judged, by=finished.house.actor(role))


def test_a_pack_is_opened_by_who_may_open_all_that_is_in_it(key, finished, judged, manager):
    whole = sealed(request_pack(assessment=judged, by=manager))
    house = finished.house
    # The assurance report's matter is not TAG's to see (9.6), and it is in the pack.
    readers = {"tab_member": True, "registrar": True, "tag_member": False, "provider_tester": False}
    for role, may in readers.items():
        assert SealedPack.objects.visible_to(house.actor(role)).filter(pk=whole.pk).exists() is may, role
    document = Decision.objects.filter(outcome="ISSUE").latest("pk").document
    StoredFile.objects.filter(pk=document.pk).update(audience=audience_of("dcc", "panel"))
    held = Assessment.objects.filter(pk__lt=judged.pk).latest("pk")
    narrower = sealed(request_pack(assessment=held, by=manager))
    for role, may in {**readers, "tab_member": False}.items():
        assert SealedPack.objects.visible_to(house.actor(role)).filter(pk=narrower.pk).exists() is may, role


def test_what_the_asker_may_not_open_is_named_and_left_out(key, finished, judged, manager):
    certificate = finished.certify(finished.house.beta)
    [issue] = certificate.matter.decisions.filter(outcome="ISSUE")
    StoredFile.objects.filter(pk=issue.document_id).update(audience=audience_of("sos"))
    held = members(sealed(request_pack(assessment=judged, by=manager)))
    [row] = [
        step
        for matter in json.loads(held["decisions.json"])
        for step in matter["decisions"]
        if step["decision"] == issue.public_id
    ]
    assert row["document"]["inside"] == ""
    assert "name" not in row["document"]
    assert issue.document.sha256 in held["README.txt"].decode()
    assert issue.document.sha256 not in {hashlib.sha256(content).hexdigest() for content in held.values()}


def test_asking_for_a_pack_and_sealing_it_are_audited(key, judged, manager):
    pack = sealed(request_pack(assessment=judged, by=manager))
    assert AuditEvent.objects.filter(action="enqueue_job", actor_id=manager.actor_id).exists()
    [event] = AuditEvent.objects.filter(action="file_sealed_pack")
    assert event.detail["sha256"] == pack.file.sha256
    assert event.detail["signer"] == key.fingerprint


def test_a_later_decision_makes_another_pack(key, finished, judged, manager):
    first = sealed(request_pack(assessment=judged, by=manager))
    certificate = next(
        row for row in json.loads(members(first)["decisions.json"]) if row["procedure"].startswith("TEST_")
    )
    decide(
        Matter.objects.get(reference=certificate["reference"]),
        "TAB",
        "REVOKE",
        moment=at(days=9),
        rationale="Correction plan late.",
    )
    second = sealed(request_pack(assessment=judged, by=manager))
    assert second.file.sha256 != first.file.sha256
    assert SealedPack.objects.count() == 2
