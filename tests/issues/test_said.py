"""Comments and files of an issue: who reads whose, kept as they were, and no file that a browser would run."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from issues.actions import attach_file, attribute, comment_on_issue, withdraw_attachment
from issues.actions.attachment_files import KINDS
from issues.models import IssueAttachment, IssueComment
from issues.queries.logs import complete_log
from issues.rendering import log_rows
from svtad.audit.models import AuditEvent
from svtad.governance.files import read_file
from svtad.governance.models import StoredFile
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError
from svtad.parties.models import Audience
from tests.factories import MAKER, at, make_issue

CLAUSE = "SVTAD 1.23"
READERS = ("test_manager", "tab_chair", "tag_member", "sit_auditor", "provider_tester", "participant")


@pytest.fixture
def issue(house, sit):
    return make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def readers(house, model) -> set[str]:
    found = {role for role in READERS if model.objects.visible_to(house.actor(role)).exists()}
    others = (("participant", house.other_supplier), ("provider_tester", house.beta))
    return found | {
        f"{role} of {home.code}" for role, home in others if model.objects.visible_to(house.actor(role, home))
    }


GOVERN = {"test_manager", "tab_chair", "tag_member", "sit_auditor"}


@pytest.mark.parametrize(
    ("author", "reach", "expected"),
    [
        ("test_manager", "ISSUE", GOVERN | {"provider_tester", "participant"}),
        ("test_manager", "GOVERNANCE", GOVERN),
        ("test_manager", "OWN", {"test_manager"}),
        ("participant", "ISSUE", GOVERN | {"provider_tester", "participant"}),
        ("participant", "GOVERNANCE", GOVERN | {"participant"}),
        ("participant", "OWN", {"test_manager", "participant"}),
        ("provider_tester", "OWN", {"test_manager", "provider_tester"}),
        ("tag_member", "OWN", {"test_manager", "tag_member"}),
    ],
)
def test_what_is_said_and_sent_is_read_by_whom_it_is_for(house, issue, author, reach, expected):
    by = house.actor(author)
    comment_on_issue(issue=issue, text="It happens at night.", reach=reach, by=by, at=at(days=1))
    assert readers(house, IssueComment) == expected
    if author != "tag_member":
        attach_file(issue=issue, content=b"log", name="a.log", reach=reach, by=by, at=at(days=1))
        assert readers(house, IssueAttachment) == expected
    event = AuditEvent.objects.filter(action="comment_on_issue").get()
    keys = set(Audience.objects.get(pk=event.audience_id).text.split(","))
    assert ("tag" in keys) == (reach != "OWN")
    assert "It happens" not in str(event.detail)


def test_who_answers_for_it_later_reads_what_is_for_whoever_sees_it_and_who_no_longer_does_reads_nothing(house, issue):
    comment_on_issue(issue=issue, text="For all.", by=house.actor("test_manager"), at=at(days=1))
    attach_file(issue=issue, content=b"log", name="a.log", by=house.actor("test_manager"), at=at(days=1))
    attribute(issue=issue, cause="DCC_SYSTEM", provider=house.beta, by=MAKER, at=at(days=2))
    for model in (IssueComment, IssueAttachment):
        assert model.objects.visible_to(house.actor("provider_tester", house.beta)).count() == 1
        assert model.objects.visible_to(house.actor("provider_tester")).count() == 0


def test_a_file_is_handed_out_with_its_issue_and_nowhere_else(house, issue):
    made = attach_file(issue=issue, content=b"log", name="a.log", by=house.actor("participant"), at=at(days=1))
    for role in READERS:
        assert not StoredFile.objects.visible_to(house.actor(role)).filter(pk=made.file_id).exists()


def test_a_comment_is_corrected_beside_itself_by_who_made_it_once(house, issue):
    supplier = house.actor("participant")
    first = comment_on_issue(issue=issue, text="At night.", reach="OWN", by=supplier, at=at(days=1))
    with pytest.raises(ActionDenied):
        comment_on_issue(issue=issue, text="x", corrects=first, by=house.actor("test_manager"), at=at(days=2))
    second = comment_on_issue(issue=issue, text="At noon.", reach="ISSUE", corrects=first, by=supplier, at=at(days=2))
    assert (second.reach, second.audience) == (first.reach, first.audience)
    with pytest.raises(Refused, match="corrected already"):
        comment_on_issue(issue=issue, text="x", corrects=first, by=supplier, at=at(days=3))
    comment_on_issue(issue=issue, text="At one.", corrects=second, by=supplier, at=at(days=3))
    assert list(IssueComment.objects.values_list("text", flat=True)) == ["At night.", "At noon.", "At one."]
    assert AuditEvent.objects.filter(action="correct_comment").count() == 2


def test_no_comment_or_attachment_is_changed_or_taken_away(house, issue):
    comment = comment_on_issue(issue=issue, text="At night.", by=MAKER, at=at(days=1))
    held = attach_file(issue=issue, content=b"log", name="a.log", by=MAKER, at=at(days=1))
    for row in (comment, held):
        for act in (row.save, row.delete, type(row).objects.all().delete):
            with pytest.raises(AppendOnlyError):
                act()


@pytest.mark.parametrize("text", ["", "  \n", "x" * 20_001])
def test_a_comment_says_something_and_not_too_much(issue, text):
    with pytest.raises(InvalidInput):
        comment_on_issue(issue=issue, text=text, by=MAKER)


@pytest.mark.parametrize("role", ["administrator"])
def test_who_has_no_part_in_it_says_nothing(house, issue, role):
    with pytest.raises(ActionDenied):
        comment_on_issue(issue=issue, text="x", by=house.actor(role))
    with pytest.raises(ActionDenied):
        attach_file(issue=issue, content=b"x", name="a.log", by=house.actor(role))
    with pytest.raises(ActionDenied):
        comment_on_issue(issue=issue, text="x", by=house.actor("participant", house.other_supplier))


def test_a_file_is_kept_under_its_hash_and_called_what_its_name_and_bytes_are(house, issue):
    content = b"12:00 no answer\n"
    made = attach_file(
        issue=issue,
        content=content,
        name="../x/bench\u202e.LOG",
        note="Night",
        by=house.actor("participant"),
        at=at(days=1),
    )
    assert (made.file.name, made.file.media_type, made.file.size) == ("bench.LOG", "text/plain", len(content))
    assert made.file.sha256 == hashlib.sha256(content).hexdigest()
    assert read_file(made.file) == content
    event = AuditEvent.objects.get(action="attach_file")
    assert event.detail["sha256"] == made.file.sha256


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>1</script>"),
        ("picture.svg", b"<svg onload='x'/>"),
        ("run.exe", b"MZ"),
        ("macro.xlsm", archive("xl/a.xml")),
        ("noend", b"x"),
        ("empty.txt", b""),
        ("not.pdf", b"<html>"),
        ("not.png", b"\xff\xd8\xff"),
        ("binary.txt", b"MZ\x00\x01"),
        ("macro.docx", archive("word/document.xml", "word/vbaProject.bin")),
        ("zip.docx", archive("a.txt")),
        ("zip.xlsx", archive("word/document.xml")),
        ("broken.zip", b"PK\x03\x04broken"),
        ("mark.txt", b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!"),
        ("many.zip", archive(*(f"{number}" for number in range(5_001)))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_might_be_run_or_is_not_what_it_says_is_refused_and_nothing_is_kept(issue, name, content):
    files = StoredFile.objects.count()
    with pytest.raises(InvalidInput) as turned:
        attach_file(issue=issue, content=content, name=name, by=MAKER)
    assert [error.field for error in turned.value.errors] == ["file"]
    assert (StoredFile.objects.count(), IssueAttachment.objects.count()) == (files, 0)


def test_a_file_over_the_limit_is_refused(issue, settings):
    settings.ISSUE_ATTACHMENT_MAX_BYTES = 10
    attach_file(issue=issue, content=b"x" * 10, name="a.txt", by=MAKER)
    with pytest.raises(InvalidInput, match="larger than 10"):
        attach_file(issue=issue, content=b"x" * 11, name="a.txt", by=MAKER)


def test_nothing_that_is_taken_is_handed_out_as_a_page():
    assert not {media for media, _ in KINDS.values()} & {"text/html", "image/svg+xml", "application/xml", "text/xml"}


def test_a_withdrawn_file_stays_listed_with_its_hash(house, issue):
    supplier = house.actor("participant")
    made = attach_file(issue=issue, content=b"log", name="a.log", by=supplier, at=at(days=1))
    with pytest.raises(ActionDenied):
        withdraw_attachment(attachment=made, reasons="x", by=house.actor("provider_tester"))
    with pytest.raises(InvalidInput):
        withdraw_attachment(attachment=made, reasons=" ", by=supplier)
    withdraw_attachment(attachment=made, reasons="Another was meant.", by=supplier, at=at(days=2))
    with pytest.raises(Refused):
        withdraw_attachment(attachment=IssueAttachment.objects.get(), reasons="x", by=MAKER)
    event = AuditEvent.objects.get(action="withdraw_attachment")
    assert (event.detail["sha256"], event.detail["reasons"]) == (made.file.sha256, "Another was meant.")


@pytest.mark.clause(CLAUSE, "9.2")
def test_the_log_lists_what_was_said_and_sent_as_far_as_it_is_for_the_reader(house, issue):
    manager, supplier = house.actor("test_manager"), house.actor("participant")
    comment_on_issue(issue=issue, text="For us.", reach="OWN", by=manager, at=at(days=1))
    comment_on_issue(issue=issue, text="For all.", by=manager, at=at(days=1))
    made = attach_file(issue=issue, content=b"log", name="a.log", by=supplier, at=at(days=2))

    def cells(actor, moment=None) -> tuple[str, str]:
        [row] = log_rows(complete_log(type(issue).objects.filter(pk=issue.pk), moment, actor=actor))
        return row[-2], row[-1]

    files, said = cells(supplier)
    assert made.file.sha256 in files
    assert ("For all." in said, "For us." in said) == (True, False)
    assert "For us." in cells(manager)[1]
    assert "For us." not in cells(None)[1]
    assert cells(supplier, at(days=0.5)) == ("", "")
    assert cells(supplier, at(days=1.5))[0] == ""
