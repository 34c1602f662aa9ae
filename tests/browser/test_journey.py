"""The main journey, with a real worker: a file in, looked at, imported, judged, and on paper."""

from __future__ import annotations

import hashlib
import io

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from reports.actions import REPORT
from svtad.gates.models import FiledReport
from testphases.models import TestRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="night" timestamp="2026-03-05T22:00:00Z">
  <testcase classname="meters" name="TC-2" time="1.5"/>
  <testcase classname="meters" name="TC-3" time="0.5"/>
  <testcase classname="meters" name="TC-99" time="0.5"/>
  <testcase classname="meters" name="TC-1"><skipped message="no device"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.clause("SVTAD 1.23", "12.6", "9.7", "16.5")
def test_results_are_sent_in_looked_at_imported_judged_and_reported(live_world, worker, page, sign_in, visit, tmp_path):
    upload = tmp_path / "night.xml"
    upload.write_text(JUNIT)
    sign_in(page, live_world.person("test_manager"))
    visit("/imports/")
    page.get_by_role("link", name="MOC SIT").click()
    page.get_by_role("link", name="Test results (JUnit XML)").click()
    page.get_by_label("File", exact=True).set_input_files(upload)
    page.get_by_label("Comes from").fill("night bench")
    page.get_by_role("button", name="Send it in and look").click()

    expect(page.get_by_role("heading", name="What it would change")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("night.xml: ready, nothing imported yet")
    assert TestRun.objects.count() == 2, "a preview stores no run"
    expect(page.get_by_text("No test of this name is planned.")).to_be_visible()
    page.get_by_role("button", name="Import it").click()

    expect(page.get_by_role("heading", name="What it changed")).to_be_visible(timeout=30_000)
    assert TestRun.objects.filter(outcome="PASSED").count() == 3
    page.get_by_role("link", name="Results known to no plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 result known to no plan")

    page.get_by_role("link", name="Exit", exact=True).click()
    page.get_by_role("button", name="Judge").click()
    expect(page.get_by_role("row", name="1 All planned tests executed")).to_contain_text("Met")
    expect(page.get_by_role("row", name="2 Minimum test success rate")).to_contain_text("Met")

    page.locator("nav[aria-label='MOC SIT']").get_by_role("link", name="Reports").click()
    page.get_by_role("button", name="Generate the SIT Completion Report").click()
    expect(page.get_by_role("link", name="See what came of it")).to_be_visible(timeout=120_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="See what came of it").click()
    content = download.value.path().read_bytes()
    filed = FiledReport.objects.get(kind=REPORT)
    assert hashlib.sha256(content).hexdigest() == filed.file.sha256
    assert len(PdfReader(io.BytesIO(content)).pages) == filed.pages
    visit(f"/reports/?scope={live_world.sit.public_id}")
    expect(page.get_by_text(filed.file.sha256)).to_be_visible()


def test_a_file_with_wrong_rows_is_not_imported_and_comes_back_with_its_errors(
    live_world, worker, page, sign_in, visit, tmp_path
):
    upload = tmp_path / "plan.csv"
    upload.write_text("external_id,title,kind,functional_group\nTC-7,Good,FUNCTIONAL,Reads\nTC-8,Bad,NONSENSE,Reads\n")
    sign_in(page, live_world.person("test_manager"))
    visit(f"/imports/?scope={live_world.sit.public_id}&kind=planned_tests")
    page.get_by_label("File", exact=True).set_input_files(upload)
    page.get_by_label("Comes from").fill("plan")
    page.get_by_role("button", name="Send it in and look").click()
    expect(page.get_by_role("heading", name="Errors")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Import it")).to_be_disabled()
    expect(page.get_by_text("nothing of this file is imported until all of it is right")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="My file with its errors beside the rows").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "external_id,title,kind,functional_group,errors"
    assert lines[1] == "TC-7,Good,FUNCTIONAL,Reads,"
    assert lines[2].startswith("TC-8,Bad,NONSENSE,Reads,kind:")
    page.get_by_role("button", name="Set it aside").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("plan.csv: set aside")


def test_what_is_no_such_file_at_all_is_refused_with_the_reason(live_world, worker, page, sign_in, visit, tmp_path):
    upload = tmp_path / "picture.xml"
    upload.write_bytes(b"\x89PNG\r\n\x1a\n not xml")
    sign_in(page, live_world.person("test_manager"))
    visit(f"/imports/?scope={live_world.sit.public_id}&kind=junit")
    page.get_by_label("File", exact=True).set_input_files(upload)
    page.get_by_label("Comes from").fill("bench")
    page.get_by_role("button", name="Send it in and look").click()
    expect(page.get_by_text("The file cannot be taken.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Import it")).to_have_count(0)
