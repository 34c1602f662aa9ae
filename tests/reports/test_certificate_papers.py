"""The paper of a Test Completion Certificate: made on its issue, signed, verified offline, and made again."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from typing import Any

import pytest
from asn1crypto.cms import ContentInfo
from pyhanko.pdf_utils.reader import PdfFileReader
from pypdf import PdfReader

from reports.actions import request_certificate_paper
from svtad.audit.models import AuditEvent
from svtad.gates.actions import draft_certificate
from svtad.gates.models import CertificatePaper
from svtad.gates.queries.signed import CertificateStanding, Hold, standing_of_number, standing_of_paper
from svtad.governance.actions import run_job_now
from svtad.governance.files import read_file
from svtad.governance.models import Job, StoredFile
from svtad.lib import clock, signing
from svtad.lib.errors import ActionDenied, Refused
from tests.factories import MAKER, at, decide, make_house
from tests.gates.world import Phase, make_phase, paper
from tests.reports.sealing import flipped, openssl, openssl_accepts, reader_accepts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test")]


def report(phase: Phase) -> Phase:
    phase.reports()
    return phase


@pytest.fixture(scope="class")
def lent_reported(lend) -> Phase:
    return lend(make_house, make_phase, report)


@pytest.fixture
def reported(lent_reported, db, files_of_this_test) -> Phase:
    return lent_reported


@pytest.fixture
def no_key(settings, tmp_path) -> None:
    settings.SIGNING_KEY_FILE = tmp_path / "none.pem"


def make_paper() -> CertificatePaper:
    """Do the last paper's job that waits."""
    run_job_now(Job.objects.filter(kind="certificate_paper", state="QUEUED").latest("pk"))
    return CertificatePaper.objects.latest("pk")


def of_paper(sha256: str, *, moment: dt.datetime) -> CertificateStanding:
    found = standing_of_paper(sha256, moment=moment)
    assert found is not None
    return found


def of_number(number: str, *, moment: dt.datetime) -> CertificateStanding:
    found = standing_of_number(number, moment=moment)
    assert found is not None
    return found


def words(made: CertificatePaper) -> str:
    pages = PdfReader(io.BytesIO(read_file(made.file))).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def signature_in(pdf: bytes) -> tuple[bytes, bytes, bytes]:
    """What a PDF's signature consists of: the value, what it signs besides the document, and by which certificate."""
    [signature] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    info = signature.signer_info
    return info["signature"].native, info["signed_attrs"].dump(), signature.signer_cert.dump()


def reissue(phase: Phase, certificate) -> None:
    decide(certificate.matter, "TAB", "REVOKE", moment=at(days=9), rationale="Correction plan late.")
    draft_certificate(scope=phase.scope, provider=certificate.provider, by=MAKER, at=at(days=10))
    decide(certificate.matter, "TAB", "APPROVE", moment=at(days=11))
    decide(certificate.matter, "DCC", "ISSUE", moment=at(days=12), document=paper())


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_what_the_dcc_issues_becomes_a_signed_paper(reported, key, tmp_path):
    certificate = reported.certify(reported.house.alpha)
    made = make_paper()
    assert (made.certificate, made.assessment, made.before) == (certificate, certificate.assessment, None)
    assert made.signer is not None
    assert made.signer.fingerprint == key.fingerprint
    pdf = read_file(made.file)
    (tmp_path / "signer.pem").write_text(made.signer.pem)
    assert reader_accepts(pdf, key)
    assert openssl_accepts(pdf, tmp_path)
    text = words(made)
    for said in (
        certificate.number,
        "ALPHA Ltd",
        "MOC",
        "SVTAD v1.23",
        "TAB approved",
        "12.6(i)",
        "9 March 2026",
        "CMS Verification successful",
        "/verification/",
    ):
        assert said in text
    together = text.replace(" ", "")
    assert certificate.assessment.facts_sha256 in together
    assert key.fingerprint in together
    assert AuditEvent.objects.filter(action="file_certificate_paper", subject_id=made.public_id).count() == 1


def test_the_paper_is_tagged_and_carries_its_fonts(reported, key):
    reported.certify(reported.house.alpha)
    reader = PdfReader(io.BytesIO(read_file(make_paper().file)))
    root = reader.root_object
    assert str(root["/Lang"]) == "en-GB"
    assert "/StructTreeRoot" in root
    pages: list[Any] = list(reader.pages)
    for page in pages:
        for font in page["/Resources"]["/Font"].values():
            [inner] = font.get_object()["/DescendantFonts"]
            assert "/FontFile2" in inner.get_object()["/FontDescriptor"].get_object()


def test_a_fingerprint_is_what_openssl_prints(key, tmp_path):
    (tmp_path / "signer.pem").write_text(key.certificate_pem)
    said = openssl("x509", "-in", "signer.pem", "-noout", "-fingerprint", "-sha256", folder=tmp_path).stdout
    assert said.strip().split("=")[1].replace(":", "").lower() == key.fingerprint


@pytest.mark.parametrize("every", [pytest.param(397, id="sample"), pytest.param(1, id="all", marks=pytest.mark.soak)])
def test_one_changed_byte_of_the_document_and_no_reader_takes_it(reported, key, every):
    reported.certify(reported.house.alpha)
    pdf = read_file(make_paper().file)
    assert reader_accepts(pdf, key)
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    container = range(start, pdf.index(b">", start))
    for place in range(0, len(pdf), every):
        changed = flipped(pdf, place)
        if reader_accepts(changed, key):
            # Not of the document: bytes of the signature's container that its standard leaves out of the signature.
            assert place in container, place
            assert signature_in(changed) == signature_in(pdf), place
        assert standing_of_paper(hashlib.sha256(changed).hexdigest(), moment=clock.now()) is None


def test_the_signature_fills_its_room_and_all_else_is_signed(reported, key):
    reported.certify(reported.house.alpha)
    pdf = read_file(make_paper().file)
    start, length, after, rest = map(int, re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)[-1])
    assert (start, after + rest) == (0, len(pdf))
    held = bytes.fromhex(pdf[length + 1 : after - 1].decode())
    assert ContentInfo.load(held, strict=True).dump() == held, "no byte is left over"


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_a_certificate_waits_for_no_key_and_its_paper_says_that_it_is_not_signed(reported, no_key):
    certificate = reported.certify(reported.house.alpha)
    assert certificate.matter.state == "ISSUED"
    made = make_paper()
    assert made.signer is None
    assert "NOT SIGNED" in words(made)
    assert b"/ByteRange" not in read_file(made.file)


def test_an_unsigned_paper_is_signed_once_there_is_a_key(reported, no_key, key_text):
    certificate = reported.certify(reported.house.alpha)
    first = make_paper()
    manager = reported.house.actor("test_manager")
    with pytest.raises(Refused, match="No signing key is set up"):
        request_certificate_paper(certificate=certificate, by=manager)
    signing.keep_key(key_text)
    request_certificate_paper(certificate=certificate, by=manager)
    second = make_paper()
    assert second.before == first
    assert second.assessment == first.assessment
    assert reader_accepts(read_file(second.file), signing.read_key(key_text))
    assert first.file.sha256 in words(second).replace(" ", "")
    with pytest.raises(Refused, match="is signed"):
        request_certificate_paper(certificate=certificate, by=manager)
    moment = clock.now()
    assert of_paper(first.file.sha256, moment=moment).hold == Hold.REPLACED
    assert of_paper(second.file.sha256, moment=moment).hold == Hold.VALID


@pytest.mark.parametrize("role", ["tab_member", "provider_tester", "registrar", "participant"])
def test_only_who_makes_reports_has_a_paper_made_again(reported, key, role):
    certificate = reported.certify(reported.house.alpha)
    with pytest.raises(ActionDenied):
        request_certificate_paper(certificate=certificate, by=reported.house.actor(role))


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke", "12.6(i)")
def test_a_reissue_is_a_new_paper_that_names_the_one_before(reported, key):
    certificate = reported.certify(reported.house.alpha)
    first = make_paper()
    before = clock.now()
    assert of_paper(first.file.sha256, moment=before).hold == Hold.VALID
    reissue(reported, certificate)
    moment = clock.now()
    held = of_paper(first.file.sha256, moment=moment)
    assert (held.hold, held.revoked_at, held.reissued_at) == (Hold.REISSUED, at(days=9), at(days=12))
    waiting = of_number(certificate.number, moment=moment)
    assert (waiting.hold, waiting.sha256) == (Hold.VALID, ""), "its paper is not made yet, and the one before is not it"
    second = make_paper()
    assert second.before == first
    text = words(second)
    assert "Issued again" in text
    assert "11 March 2026" in text, "the day of the revocation"
    assert first.file.sha256 in text.replace(" ", "")
    again = of_number(certificate.number, moment=moment)
    assert (again.hold, again.sha256, again.issued_at) == (Hold.VALID, second.file.sha256, at(days=12))
    assert CertificatePaper.objects.count() == 2, "nothing is deleted"
    assert reader_accepts(read_file(first.file), key), "a revocation undoes no signature"


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke")
def test_a_revoked_certificate_says_so_by_number_and_by_paper(reported, key):
    certificate = reported.certify(reported.house.alpha)
    made = make_paper()
    decide(certificate.matter, "TAB", "REVOKE", moment=at(days=9), rationale="Correction plan late.")
    moment = clock.now()
    for held in (
        of_number(certificate.number.lower(), moment=moment),
        of_paper(made.file.sha256.upper(), moment=moment),
    ):
        assert (held.hold, held.revoked_at) == (Hold.REVOKED, at(days=9))
    assert standing_of_number("TCC-9999", moment=moment) is None
    assert standing_of_paper("0" * 64, moment=moment) is None


def test_a_paper_is_filed_once_however_often_its_job_runs(reported, key):
    reported.certify(reported.house.alpha)
    made = make_paper()
    job = Job.objects.get(public_id=made.job_id_text)
    Job.objects.filter(pk=job.pk).update(state="QUEUED")
    job.refresh_from_db()
    again = run_job_now(job)
    assert (again.result or {})["file"] == made.file.public_id
    assert CertificatePaper.objects.count() == 1


def test_rotation_keeps_what_was_signed_verifiable(reported, key, tmp_path):
    certificate = reported.certify(reported.house.alpha)
    first = make_paper()
    other = signing.new_key(name="The DCC, next", years=1, at=clock.now())
    with pytest.raises(signing.KeyExists):
        signing.keep_key(other)
    signing.keep_key(other, replace=True)
    reissue(reported, certificate)
    second = make_paper()
    assert second.signer != first.signer
    (tmp_path / "signer.pem").write_text(first.signer.pem if first.signer else "")
    assert openssl_accepts(read_file(first.file), tmp_path)
    assert not openssl_accepts(read_file(second.file), tmp_path)


def test_a_paper_is_for_those_who_govern_and_for_its_provider(reported, key):
    reported.certify(reported.house.alpha)
    made = make_paper()
    own = reported.house.actor("provider_tester")
    other = reported.house.actor("provider_tester", reported.house.beta)
    assert StoredFile.objects.visible_to(own).filter(pk=made.file_id).exists()
    assert not StoredFile.objects.visible_to(other).filter(pk=made.file_id).exists()
