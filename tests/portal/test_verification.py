"""The public verification page: whether a certificate holds, for anybody, and nothing confidential."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.core.cache import cache

from reports.rendering.packs import VERIFY as VERIFY_PACK
from svtad.gates.actions import draft_certificate
from svtad.gates.models import CertificatePaper, TestCompletionCertificate
from svtad.governance.actions import run_job_now
from svtad.governance.files import read_file
from svtad.governance.models import Job
from svtad.lib import signing
from svtad.portal.views.verification import CUT_OUT, MOST, VERIFY
from testphases.models import TestScope
from tests.factories import MAKER, at, decide, make_house
from tests.gates.world import Phase, make_phase, paper
from tests.portal.boards import signed_in

PAGE = "/verification/"


def certified(phase: Phase) -> Phase:
    phase.reports()
    phase.certify(phase.house.alpha)
    return phase


@pytest.fixture(scope="class")
def lent_certified(lend) -> Phase:
    return lend(make_house, make_phase, certified)


@pytest.fixture
def phase(lent_certified, db, files_of_this_test) -> Phase:
    cache.clear()
    return lent_certified


@pytest.fixture
def printed(phase, key_text, settings, tmp_path) -> CertificatePaper:
    settings.SIGNING_KEY_FILE = tmp_path / "key.pem"
    signing.keep_key(key_text)
    run_job_now(Job.objects.get(kind="certificate_paper"))
    return CertificatePaper.objects.get()


def words(answer) -> str:
    page = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def reissue(printed: CertificatePaper, *, issue: bool = True) -> None:
    certificate = printed.certificate
    decide(certificate.matter, "TAB", "REVOKE", moment=at(days=9), rationale="Correction plan late.")
    if issue:
        draft_certificate(scope=certificate.scope, provider=certificate.provider, by=MAKER, at=at(days=10))
        decide(certificate.matter, "TAB", "APPROVE", moment=at(days=11))
        decide(certificate.matter, "DCC", "ISSUE", moment=at(days=12), document=paper())
        run_job_now(Job.objects.get(kind="certificate_paper", state="QUEUED"))


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_anybody_is_told_that_a_certificate_holds(printed, client):
    for asked in (printed.certificate.number, printed.file.sha256, printed.file.sha256.upper()):
        said = words(client.get(PAGE, {"q": asked}))
        assert f"{printed.certificate.number} holds" in said
        assert printed.file.sha256 in said
        assert printed.signer.fingerprint in said


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke")
def test_anybody_is_told_of_a_revocation_and_of_a_reissue(printed, client):
    reissue(printed, issue=False)
    said = words(client.get(PAGE, {"q": printed.file.sha256}))
    assert f"{printed.certificate.number} is revoked" in said
    assert "11 Mar 2026" in said


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke", "12.6(i)")
def test_the_paper_before_a_reissue_leads_to_the_one_after(printed, client):
    reissue(printed)
    newest = CertificatePaper.objects.latest("pk")
    said = words(client.get(PAGE, {"q": printed.file.sha256}))
    assert "was revoked and issued again" in said
    assert newest.file.sha256 in said
    assert f"{printed.certificate.number} holds" in words(client.get(PAGE, {"q": printed.certificate.number}))


def test_nothing_confidential_is_said(printed, client):
    house = printed.certificate.scope
    for asked in ("", printed.certificate.number, printed.file.sha256):
        page = client.get(PAGE, {"q": asked}).content.decode()
        for hidden in (printed.certificate.provider.name, str(house), "ALPHA", printed.assessment.public_id):
            assert hidden not in page


def test_what_is_only_drafted_and_what_never_was_are_answered_alike(phase, client):
    phase.assess("CERTIFICATES", provider=phase.house.beta)
    drafted = draft_certificate(scope=phase.scope, provider=phase.house.beta, by=MAKER, at=at(days=8))
    for asked in (drafted.number, "TCC-9999", "0" * 64, "<script>", "é" * 50):
        assert "No certificate of that number or SHA-256 was issued here" in words(client.get(PAGE, {"q": asked}))


def test_one_address_asks_only_so_often(phase, client):
    for _ in range(MOST):
        assert client.get(PAGE, {"q": "TCC-9999"}).status_code == 200
    answer = client.get(PAGE, {"q": "TCC-9999"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert client.get(PAGE, {"q": "TCC-9999"}, REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.get(PAGE).status_code == 200, "the page itself is there"


def test_signing_certificates_are_published(printed, client):
    answer = client.get(f"/verification/signers/{printed.signer.fingerprint}.pem")
    assert answer.content.decode() == printed.signer.pem
    assert b"PRIVATE" not in answer.content
    assert client.get(f"/verification/signers/{'0' * 64}.pem").status_code == 404


def test_the_published_commands_verify_a_certificate(printed, client, tmp_path):
    page = client.get(PAGE).content.decode()
    assert VERIFY in page
    assert VERIFY_PACK in page
    (tmp_path / "cut.py").write_text(CUT_OUT)
    (tmp_path / "certificate.pdf").write_bytes(read_file(printed.file))
    (tmp_path / "signer.pem").write_text(printed.signer.pem)
    subprocess.run([sys.executable, "cut.py", "certificate.pdf"], cwd=tmp_path, check=True)
    ran = subprocess.run(VERIFY, cwd=tmp_path, shell=True, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.strip()) == (0, "CMS Verification successful")


def test_the_page_of_a_phase_s_papers_leads_to_pdf_and_verification(phase, printed):
    client = signed_in(phase.house, "test_manager")
    page = client.get(f"/phases/{printed.certificate.scope.public_id}/papers/").content.decode()
    assert f"/files/{printed.file.public_id}" in page
    assert f"{PAGE}?q={printed.file.sha256}" in page
    assert "Sign it now" not in page


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke", "12.5(b)")
def test_a_phase_that_follows_is_flagged_and_not_rolled_back(phase):
    interface = phase.house.scope("INTERFACE", "MOC")
    certificate = Job.objects.get(kind="certificate_paper").params["certificate"]
    TestScope.objects.filter(pk=interface.pk).update(state="IN_PROGRESS")
    held = TestCompletionCertificate.objects.get(public_id=certificate)
    client = signed_in(phase.house, "test_manager")
    page = f"/phases/{interface.public_id}/"
    flag = "A certificate that entry rests on is revoked"
    assert flag not in words(client.get(page))
    decide(held.matter, "TAB", "REVOKE", moment=at(days=9), rationale="Correction plan late.")
    said = words(client.get(page))
    assert flag in said
    assert "is not undone" in said
    assert flag in words(client.get(f"{page}entry/"))
    interface.refresh_from_db()
    assert interface.state == "IN_PROGRESS"
