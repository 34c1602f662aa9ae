"""REST: links of a Testing Issue, comments on it, files kept with it."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from issues import actions
from issues.api.life import issue_named, show_whole
from issues.models import IssueAttachment, IssueComment, IssueLink, TestingIssue
from issues.queries import LinkSeen, links_of
from issues.serializers import (
    IssueAttachmentIn,
    IssueAttachmentSerializer,
    IssueCommentIn,
    IssueCommentSerializer,
    IssueDetailSerializer,
    IssueLinkIn,
    IssueLinkSerializer,
    IssueReasonIn,
    IssueRunIn,
)
from svtad.governance.api.work import download
from svtad.lib.rest import answers, checked, find, named
from svtad.parties.api import ApiView

_TAGS = ["issues"]


class Links(ApiView):
    """Links of an issue to others."""

    @extend_schema(
        operation_id="issue_links_list", tags=_TAGS, responses=answers({200: IssueLinkSerializer(many=True)}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the links of an issue, from either end, whose other end the caller may see."""
        issue = issue_named(self.actor, public_id)
        return Response([_show_link(seen) for seen in links_of(issue, actor=self.actor)])

    @extend_schema(
        operation_id="issue_links_make",
        tags=_TAGS,
        request=IssueLinkIn,
        responses=answers({200: IssueLinkSerializer(many=True)}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Link the issue to another; the same again changes nothing. A duplicate counts as it did."""
        issue = issue_named(self.actor, public_id)
        given = checked(IssueLinkIn, request.data)
        seen = TestingIssue.objects.visible_to(self.actor).select_related("scope__release", "raised_by", "provider")
        other = named(seen, given["issue"], field="issue", what="issue")
        actions.link_issues(issue=issue, other=other, kind=given["kind"], reasons=given["reasons"], by=self.actor)
        return Response([_show_link(each) for each in links_of(issue, actor=self.actor)])


class LinkEnd(ApiView):
    """The end of a link."""

    @extend_schema(
        operation_id="issue_links_end",
        tags=_TAGS,
        request=IssueReasonIn,
        responses=answers({200: IssueLinkSerializer(many=True)}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str, link_id: str) -> Response:
        """Take a link back, with reasons; that it stood stays readable."""
        issue = issue_named(self.actor, public_id)
        links = IssueLink.objects.visible_to(self.actor).of(issue)
        link = find(links.select_related("issue__scope__release", "other__scope__release"), link_id)
        actions.unlink_issues(link=link, reasons=checked(IssueReasonIn, request.data)["reasons"], by=self.actor)
        return Response([_show_link(each) for each in links_of(issue, actor=self.actor)])


class Runs(ApiView):
    """Runs that an issue showed in."""

    @extend_schema(
        operation_id="issue_runs_link",
        tags=_TAGS,
        request=IssueRunIn,
        responses=answers({200: IssueDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Link the issue to the latest run of a test of its phase; the same again changes nothing."""
        issue = issue_named(self.actor, public_id)
        test = checked(IssueRunIn, request.data)["test"]
        actions.link_run(issue=issue, external_test_id=test, by=self.actor)
        return Response(show_whole(issue))


class Comments(ApiView):
    """Comments on an issue."""

    @extend_schema(
        operation_id="issue_comments_list", tags=_TAGS, responses=answers({200: IssueCommentSerializer(many=True)}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the comments on an issue that are for the caller, the first first; corrected ones stay."""
        issue = issue_named(self.actor, public_id)
        rows = IssueComment.objects.visible_to(self.actor).filter(issue=issue)
        return Response([_show_comment(row) for row in rows.select_related("corrects", "corrected_by").order_by("pk")])

    @extend_schema(
        operation_id="issue_comments_make",
        tags=_TAGS,
        request=IssueCommentIn,
        responses=answers({201: IssueCommentSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Comment on an issue, or correct a comment of one's own."""
        issue = issue_named(self.actor, public_id)
        given = checked(IssueCommentIn, request.data)
        seen = IssueComment.objects.visible_to(self.actor).filter(issue=issue).select_related("issue")
        given["corrects"] = named(seen, given["corrects"], field="corrects", what="comment")
        made = actions.comment_on_issue(issue=issue, **given, by=self.actor)
        return Response(_show_comment(made), status=201)


class Attachments(ApiView):
    """Files kept with an issue."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="issue_attachments_list",
        tags=_TAGS,
        responses=answers({200: IssueAttachmentSerializer(many=True)}, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the files of an issue that are for the caller, withdrawn ones with their hash too."""
        issue = issue_named(self.actor, public_id)
        rows = IssueAttachment.objects.visible_to(self.actor).filter(issue=issue)
        return Response([_show_file(row) for row in rows.select_related("file", "withdrawal").order_by("pk")])

    @extend_schema(
        operation_id="issue_attachments_make",
        tags=_TAGS,
        request={"multipart/form-data": IssueAttachmentIn},
        responses=answers({201: IssueAttachmentSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Keep a file with an issue under its SHA-256."""
        issue = issue_named(self.actor, public_id)
        given = checked(IssueAttachmentIn, request.data)
        upload = given.pop("file")
        made = actions.attach_file(issue=issue, content=upload.file, name=upload.name, **given, by=self.actor)
        return Response(_show_file(made), status=201)


class AttachmentContent(ApiView):
    """The bytes of a file of an issue."""

    @extend_schema(
        operation_id="issue_attachments_content",
        tags=_TAGS,
        responses={
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The bytes, as a download."),
            **answers({}, 404),
        },
    )
    def get(self, request: Request, public_id: str, attachment_id: str) -> FileResponse:
        """Download a file of an issue; a withdrawn one is handed out no more."""
        issue = issue_named(self.actor, public_id)
        held = find(IssueAttachment.objects.visible_to(self.actor).filter(issue=issue), attachment_id)
        if hasattr(held, "withdrawal"):
            raise NotFound
        return download(held.file)


class AttachmentWithdrawals(ApiView):
    """The withdrawal of a file."""

    @extend_schema(
        operation_id="issue_attachments_withdraw",
        tags=_TAGS,
        request=IssueReasonIn,
        responses=answers({200: IssueAttachmentSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str, attachment_id: str) -> Response:
        """Withdraw a file, with reasons; it stays listed with its hash."""
        issue = issue_named(self.actor, public_id)
        held = find(IssueAttachment.objects.visible_to(self.actor).filter(issue=issue), attachment_id)
        reasons = checked(IssueReasonIn, request.data)["reasons"]
        actions.withdraw_attachment(attachment=held, reasons=reasons, by=self.actor)
        return Response(_show_file(IssueAttachment.objects.select_related("file", "withdrawal").get(pk=held.pk)))


def _show_link(seen: LinkSeen) -> dict[str, Any]:
    link = seen.link
    return {
        "id": link.public_id,
        "kind": link.kind,
        "is_duplicate": seen.is_duplicate,
        "issue": seen.other.public_id,
        "reference": seen.other.reference,
        "reasons": link.reasons,
        "recorded_at": link.recorded_at,
        "recorded_by": link.recorded_by,
    }


def _show_comment(row: IssueComment) -> dict[str, Any]:
    corrected = getattr(row, "corrected_by", None)
    return {
        "id": row.public_id,
        "text": row.text,
        "reach": row.reach,
        "corrects": row.corrects.public_id if row.corrects else None,
        "corrected_by": corrected.public_id if corrected else None,
        "recorded_at": row.recorded_at,
        "recorded_by": row.recorded_by,
    }


def _show_file(row: IssueAttachment) -> dict[str, Any]:
    withdrawal = getattr(row, "withdrawal", None)
    return {
        "id": row.public_id,
        "name": row.file.name,
        "note": row.note,
        "media_type": row.file.media_type,
        "size": row.file.size,
        "sha256": row.file.sha256,
        "reach": row.reach,
        "withdrawn": withdrawal.reasons if withdrawal else None,
        "recorded_at": row.recorded_at,
        "recorded_by": row.recorded_by,
    }


urlpatterns = [
    path("issues/<str:public_id>/links", Links.as_view(), name="api-issue-links"),
    path("issues/<str:public_id>/links/<str:link_id>/end", LinkEnd.as_view(), name="api-issue-link-end"),
    path("issues/<str:public_id>/runs", Runs.as_view(), name="api-issue-runs"),
    path("issues/<str:public_id>/comments", Comments.as_view(), name="api-issue-comments"),
    path("issues/<str:public_id>/attachments", Attachments.as_view(), name="api-issue-attachments"),
    path(
        "issues/<str:public_id>/attachments/<str:attachment_id>/content",
        AttachmentContent.as_view(),
        name="api-issue-attachment-content",
    ),
    path(
        "issues/<str:public_id>/attachments/<str:attachment_id>/withdrawal",
        AttachmentWithdrawals.as_view(),
        name="api-issue-attachment-withdrawal",
    ),
]
