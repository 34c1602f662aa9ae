"""Pages of the issue log: many changed at once without a script, exports, what left the count, what is said."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from issues.actions import attach_file, comment_on_issue, determine_severity, link_issues, set_tracker_term
from issues.models import IssueAttachment, IssueComment, IssueLink, TestingIssue, TrackerTerm
from tests.factories import MAKER, make_issue

pytestmark = pytest.mark.django_db


def client_of(world, role: str, organisation=None) -> Client:
    client = Client()
    client.force_login(world.person(role, organisation))
    return client


@pytest.fixture
def manager(world):
    return client_of(world, "test_manager")


@pytest.fixture
def other(world):
    return make_issue(
        world.sit, raised_by=world.house.supplier, severity="4", provider=world.house.beta, state="IN_FIX"
    )


def hidden(response) -> dict[str, str]:
    """What the form that confirms would send."""
    html = response.content.decode()
    form = html[: html.index("Change what I asked")].rsplit("<form", 2)[1]
    fields = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', form)
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def test_issues_are_ticked_on_the_log_changed_previewed_and_confirmed_without_a_script(world, manager, other):
    log = manager.get("/issues/").content.decode()
    assert f'name="pick" value="{other.public_id}" form="bulk"' in log
    picked = {"pick": [other.public_id, world.issue.public_id]}
    page = manager.get("/issues/bulk/", picked)
    assert page.context["count"] == 2
    said = {"issues": ",".join(picked["pick"]), "severity": "5", "dmc": "", "reason": "Graded anew."}
    preview = manager.post("/issues/bulk/", said)
    assert preview.status_code == 200
    assert "2 of 2 Testing Issues would change" in preview.content.decode()
    assert TestingIssue.objects.get(pk=other.pk).severity == "4"
    sent = hidden(preview)
    assert sent["reason"] == "Graded anew."
    assert manager.post("/issues/bulk/", sent)["Location"] == "/issues/"
    assert {TestingIssue.objects.get(public_id=each).severity for each in picked["pick"]} == {"5"}


def test_all_of_a_view_is_chosen_by_its_address(world, manager, other):
    assert manager.get("/issues/bulk/?all=yes&severity=4").context["count"] == 1
    assert manager.get("/issues/bulk/?all=yes").context["count"] == 2
    assert manager.get("/issues/bulk/").status_code == 400


def test_a_preview_that_went_stale_is_shown_anew_and_nothing_is_changed(world, manager, other):
    said = {"issues": other.public_id, "severity": "5", "dmc": "", "reason": "Graded anew."}
    sent = hidden(manager.post("/issues/bulk/", said))
    determine_severity(issue=other, severity="3", by=MAKER)
    again = manager.post("/issues/bulk/", sent)
    assert again.status_code == 409
    assert "out of date" in again.content.decode()
    assert hidden(again)["preview"] != sent["preview"]
    assert TestingIssue.objects.get(pk=other.pk).severity == "3"


def test_a_bulk_form_that_lacks_something_says_what(world, manager, other):
    page = manager.post("/issues/bulk/", {"issues": other.public_id, "severity": "5", "dmc": ""})
    assert (page.status_code, "This field is required" in page.content.decode()) == (400, True)
    page = manager.post("/issues/bulk/", {"issues": other.public_id, "dmc": "", "reason": "x"})
    assert (page.status_code, "Say which field changes" in page.content.decode()) == (400, True)


def test_who_changes_no_issue_is_offered_no_boxes_and_turned_away(world, other):
    tag = client_of(world, "tag_member")
    assert 'name="pick"' not in tag.get("/issues/").content.decode()
    assert tag.get(f"/issues/bulk/?pick={other.public_id}").status_code == 403


def test_a_supplier_changes_the_words_of_its_own_and_is_offered_no_determination(world, other):
    supplier = client_of(world, "participant")
    page = supplier.get(f"/issues/bulk/?pick={other.public_id}")
    assert "severity" not in page.context["form"].fields
    sent = {"issues": other.public_id, "environment": "Bench 2", "dmc": "", "severity": "1", "reason": "Named."}
    supplier.post("/issues/bulk/", hidden(supplier.post("/issues/bulk/", sent)))
    held = TestingIssue.objects.get(pk=other.pk)
    assert (held.environment, held.severity) == ("Bench 2", "4")


def test_a_preview_costs_no_query_a_row(world, manager):
    def queries(count: int) -> int:
        made = [
            make_issue(world.sit, raised_by=world.house.supplier, severity="4", provider=world.house.beta)
            for _ in range(count)
        ]
        said = {"issues": ",".join(each.public_id for each in made), "severity": "5", "dmc": "", "reason": "x"}
        manager.post("/issues/bulk/", said)
        with CaptureQueriesContext(connection) as captured:
            assert manager.post("/issues/bulk/", said).status_code == 200
        return len(captured)

    assert queries(12) <= queries(2)


def test_every_export_is_the_view(world, manager, other):
    def csv_rows(query: str) -> list[dict[str, str]]:
        text = b"".join(manager.get(f"/issues/?{query}").streaming_content).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    for query in ("", "severity=4", "open=no", "left=yes"):
        shown = [row.reference for row in manager.get(f"/issues/?{query}").context["rows"]]
        assert [row["Reference"] for row in csv_rows(f"{query}&as=csv")] == shown
        assert [row["Reference"] for row in csv_rows(f"{query}&as=log-csv")] == sorted(shown)
        for kind in ("xlsx", "log-xlsx"):
            answer = manager.get(f"/issues/?{query}&as={kind}")
            sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
            assert sorted(str(row[0].value) for row in list(sheet.iter_rows())[1:]) == sorted(shown)
            assert answer["X-Content-Type-Options"] == "nosniff"
    assert manager.get("/issues/?as=docx").status_code == 400


def test_what_left_the_count_has_a_page_for_tab_and_tag(world, other):
    made = make_issue(
        world.sit, raised_by=world.house.supplier, severity="3", provider=world.house.alpha, state="REJECTED",
        reasons="Raised twice.",
    )  # fmt: skip
    for role in ("tab_member", "tag_member"):
        page = client_of(world, role).get(f"/issues/out-of-the-count/?scope={world.sit.public_id}").content.decode()
        assert made.reference in page
        assert "Raised twice." in page
        assert other.reference not in page
    empty = client_of(world, "tag_member").get("/issues/out-of-the-count/?left=NOT_DCC_CAUSED").content.decode()
    assert "No issue left the count that fits" in empty


def test_comments_and_files_are_kept_from_the_page_and_handed_out_safely(world, manager):
    page = f"/issues/{world.issue.public_id}/"
    sent = {"comment-text": "Seen again.", "comment-reach": "GOVERNANCE"}
    assert manager.post(f"{page}comment/", sent)["Location"] == f"{page}#said"
    assert "Seen again." in manager.get(page).content.decode()
    assert "Seen again." not in client_of(world, "participant").get(page).content.decode()
    comment = IssueComment.objects.get()
    manager.post(f"/issues/comments/{comment.public_id}/correct/", {f"correct-{comment.pk}-text": "Seen twice."})
    html = manager.get(page).content.decode()
    assert all(words in html for words in ("Seen again.", "Seen twice.", "Corrected"))
    upload = SimpleUploadedFile("a.log", b"12:00 <script>1</script>", "text/html")
    manager.post(f"{page}attach/", {"attach-file": upload, "attach-reach": "ISSUE"})
    held = IssueAttachment.objects.get()
    answer: Any = client_of(world, "participant").get(f"/issues/files/{held.public_id}/")
    assert b"".join(answer.streaming_content) == b"12:00 <script>1</script>"
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("text/plain", "nosniff")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    foreign = client_of(world, "participant", world.house.other_supplier)
    assert foreign.get(f"/issues/files/{held.public_id}/").status_code == 404
    wrong = manager.post(f"{page}attach/", {"attach-file": SimpleUploadedFile("a.html", b"x"), "attach-reach": "ISSUE"})
    assert (wrong.status_code, "is not taken" in wrong.content.decode()) == (400, True)
    manager.post(f"/issues/files/{held.public_id}/withdraw/", {f"withdraw-{held.pk}-reasons": "Another was meant."})
    assert manager.get(f"/issues/files/{held.public_id}/").status_code == 404
    assert held.file.sha256 in manager.get(page).content.decode()


def test_issues_are_tied_from_the_page_and_both_ends_show_it(world, manager, other):
    page, there = f"/issues/{world.issue.public_id}/", f"/issues/{other.public_id}/"
    sent = {"relate-kind": "DUPLICATE_OF", "relate-reference": other.reference.lower(), "relate-reasons": ""}
    assert manager.post(f"{page}relate/", sent).status_code == 302
    assert "It counts as before" in manager.get(page).content.decode()
    assert "Has the duplicate" in manager.get(there).content.decode()
    sent["relate-reference"] = "NO-SUCH-1"
    assert "no such issue" in manager.post(f"{page}relate/", sent).content.decode()
    link = IssueLink.objects.get()
    manager.post(f"{there}links/{link.public_id}/end/", {f"unlink-{link.pk}-reasons": "Another night."})
    assert "Has the duplicate" not in manager.get(there).content.decode()


def test_a_test_and_a_dmc_show_the_issues_that_concern_them(world, manager, other):
    part = manager.get(f"/issues/of-dmc/{world.issue.dmc.public_id}/", headers={"HX-Request": "true"}).content.decode()
    assert world.issue.reference in part
    assert "<html" not in part
    assert "<html" in manager.get(f"/issues/of-dmc/{world.issue.dmc.public_id}/").content.decode()
    assert manager.get(f"/issues/of-test/{world.tests[0].public_id}/").status_code == 200


def test_what_a_trackers_words_mean_is_set_on_a_page(world, manager):
    sent = {"source": "jira", "kind": "state", "theirs": "Done", "ours": "FIXED", "reason": ""}
    assert manager.post("/issues/trackers/", sent).status_code == 302
    assert "Done" in client_of(world, "tag_member").get("/issues/trackers/").content.decode()
    assert manager.post("/issues/trackers/", sent | {"ours": "OVER"}).status_code == 400
    assert client_of(world, "tag_member").post("/issues/trackers/", sent).status_code == 403
    assert client_of(world, "provider_tester").get("/issues/trackers/").status_code == 403
    assert TrackerTerm.objects.count() == 1


def test_no_page_asks_more_for_more_that_is_said(world, manager, other):
    def grow(count: int) -> None:
        for _ in range(count):
            comment_on_issue(issue=world.issue, text="Again.", by=MAKER)
            attach_file(issue=world.issue, content=b"x", name="a.log", by=MAKER)
            made = make_issue(world.sit, raised_by=world.house.supplier, severity="3", state="REJECTED",
                              provider=world.house.alpha, reasons="Twice")  # fmt: skip
            link_issues(issue=world.issue, other=made, kind="RELATED", by=MAKER)
            set_tracker_term(source="jira", kind="state", theirs=made.reference, ours="FIXED", by=MAKER)

    def asked() -> list[int]:
        found = []
        for path in (f"/issues/{world.issue.public_id}/", "/issues/out-of-the-count/", "/issues/trackers/"):
            manager.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert manager.get(path).status_code == 200
            found.append(len(captured))
        return found

    grow(1)
    few = asked()
    grow(4)
    assert asked() <= few
