"""The Testing Issue log as a PDF: as it stood, for who may see it, with the complete log inside."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from issues.actions import attach_file, comment_on_issue, determine_severity
from reports.actions import ISSUE_LOG, produce_issue_log_pdf, request_issue_log
from svtad.governance.files import read_file
from svtad.governance.models import Job, StoredFile
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.audiences import org_key
from tests.factories import MAKER, House, at, make_house, make_issue

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"


@pytest.fixture(scope="class")
def lent_house(lend) -> House:
    return lend(make_house)


@pytest.fixture
def house(lent_house, db, files_of_this_test) -> House:
    return lent_house


@pytest.fixture
def sit(house):
    return house.scope("SIT", "MOC")


def made(by, moment=None, **params) -> tuple[Job, StoredFile, PdfReader]:
    asked = {name: [value] for name, value in params.items()}
    job = request_issue_log(params=asked, moment=moment, by=by)
    result = produce_issue_log_pdf(job=job, progress=lambda done, said: None, hold=lambda: None)
    stored = StoredFile.objects.get(public_id=result["file"])
    return job, stored, PdfReader(io.BytesIO(read_file(stored)))


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.clause(CLAUSE, "9.2", "12.6(e)")
def test_the_log_is_printed_as_it_stood_with_every_history_and_carries_itself_as_a_workbook(house, sit):
    issue = make_issue(
        sit, raised_by=house.supplier, title="Alert lost", severity="3", provider=house.alpha, state="IN_FIX"
    )
    make_issue(sit, raised_by=house.dcc, title="W" * 290, severity="4", provider=house.beta, state="CLOSED")
    held = attach_file(issue=issue, content=b"log", name="bench.log", by=MAKER, at=at(days=1))
    determine_severity(issue=issue, severity="2", reasons="Seen twice.", by=MAKER, at=at(days=3))
    make_issue(sit, raised_by=house.dcc, title="Later", moment=at(days=3))
    job, stored, reader = made(house.actor("tag_member"), at(days=2), scope=sit.public_id)
    said = words(reader)
    assert "2 Testing Issues, 1 of them open." in said
    assert "A past moment" in said
    assert "SYNTHETIC" not in said
    assert f"Test Phase: {sit}" in said
    assert held.file.sha256 in said.replace(" ", "")
    assert "Severity 3, by DCC" in said
    assert all(later not in said for later in ("Seen twice", "Later"))
    assert (stored.media_type, job.kind, stored.audience) == ("application/pdf", ISSUE_LOG, job.audience)
    [content] = reader.attachments["testing-issue-log.xlsx"]
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert [str(row[0].value) for row in list(sheet.iter_rows())[1:]] == ["MOC-SIT-0001", issue.reference]


def test_it_holds_what_the_asker_may_see_and_is_for_who_sees_as_much(house, sit):
    mine = make_issue(sit, raised_by=house.supplier, title="Mine alone", severity="3", provider=house.alpha)
    make_issue(sit, raised_by=house.other_supplier, title="Not yours", severity="3", provider=house.beta)
    comment_on_issue(issue=mine, text="Between us.", reach="OWN", by=house.actor("test_manager"))
    supplier = house.actor("participant")
    _, stored, reader = made(supplier)
    assert "Mine alone" in words(reader)
    assert "Not yours" not in words(reader)
    assert stored.audience.text == org_key(house.supplier)
    foreign = house.actor("participant", house.other_supplier)
    assert not StoredFile.objects.visible_to(foreign).filter(pk=stored.pk).exists()
    sheet = load_workbook(io.BytesIO(reader.attachments["testing-issue-log.xlsx"][0])).worksheets[0]
    held = "".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert "Between us" not in held
    assert "Not yours" not in held


def test_a_second_run_of_the_job_keeps_nothing_twice_and_the_same_request_is_one_job(house, sit):
    manager = house.actor("test_manager")
    job, stored, _ = made(manager)
    again = produce_issue_log_pdf(job=job, progress=lambda done, said: None, hold=lambda: None)
    assert again["file"] == stored.public_id
    first = request_issue_log(params={"open": ["yes"]}, by=manager)
    assert request_issue_log(params={"open": ["yes"]}, by=manager) == first
    assert request_issue_log(params={"open": ["no"]}, by=manager) != first


def test_an_empty_log_says_so(house, sit):
    _, _, reader = made(house.actor("test_manager"), scope=sit.public_id, severity="1")
    assert "No Testing Issue fits" in words(reader)


def test_a_query_that_cannot_be_read_and_too_many_issues_are_refused(house, sit, monkeypatch):
    manager = house.actor("test_manager")
    with pytest.raises(InvalidInput):
        request_issue_log(params={"open": ["perhaps"]}, by=manager)
    make_issue(sit, raised_by=house.dcc)
    monkeypatch.setattr("reports.actions.issue_logs.MOST_ISSUES", 0)
    with pytest.raises(Refused, match="more than a PDF takes"):
        request_issue_log(params={}, by=manager)
