"""How the operations on many Testing Issues, and on what is said of one, are called."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.calls import Call

#: What a tracker says of an issue that it raises.
_TOLD = {"title": "It fails", "raised_by": "dcc"}


def _bulk(world: Any) -> dict[str, Any]:
    return {"issues": [world.issue.public_id], "environment": "UIT-2", "reason": "As the log shows."}


def _phase(world: Any) -> dict[str, str]:
    return {"phase": world.sit.public_id}


def _log(world: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("log.txt", b"12:00 no answer")}


ISSUE_CALLS: dict[str, Call] = {
    "issues_left_list": Call(lambda w: "/issues/left"),
    "issues_bulk_preview": Call(lambda w: "/issues/bulk/preview", _bulk),
    "issues_bulk_edit": Call(lambda w: "/issues/bulk", lambda w: _bulk(w) | {"preview": "0" * 64}),
    "issues_mirror": Call(
        lambda w: "/issues/mirror", lambda w: _phase(w) | {"source": "jira", "rows": [{"external_id": "J-1"} | _TOLD]}
    ),
    "issues_mirror_one": Call(lambda w: "/issues/mirror/jira/J-2", lambda w: _phase(w) | _TOLD),
    "tracker_terms_list": Call(lambda w: "/tracker-terms"),
    "tracker_terms_set": Call(
        lambda w: "/tracker-terms",
        lambda w: {"source": "jira", "kind": "state", "theirs": "Done", "ours": "FIXED"},
    ),
    "issue_links_list": Call(lambda w: f"/issues/{w.issue.public_id}/links"),
    "issue_links_make": Call(
        lambda w: f"/issues/{w.issue.public_id}/links", lambda w: {"kind": "RELATED", "issue": w.other_issue.public_id}
    ),
    "issue_links_end": Call(
        lambda w: f"/issues/{w.issue.public_id}/links/{w.link.public_id}/end", lambda w: {"reasons": "A slip."}
    ),
    "issue_runs_link": Call(lambda w: f"/issues/{w.issue.public_id}/runs", lambda w: {"test": "TC-1"}),
    "issue_comments_list": Call(lambda w: f"/issues/{w.issue.public_id}/comments"),
    "issue_comments_make": Call(
        lambda w: f"/issues/{w.issue.public_id}/comments", lambda w: {"text": "It happens at night."}
    ),
    "issue_attachments_list": Call(lambda w: f"/issues/{w.issue.public_id}/attachments"),
    "issue_attachments_make": Call(lambda w: f"/issues/{w.issue.public_id}/attachments", _log, upload=True),
    "issue_attachments_content": Call(
        lambda w: f"/issues/{w.issue.public_id}/attachments/{w.attachment.public_id}/content"
    ),
    "issue_attachments_withdraw": Call(
        lambda w: f"/issues/{w.issue.public_id}/attachments/{w.attachment.public_id}/withdrawal",
        lambda w: {"reasons": "Another was meant."},
    ),
}
