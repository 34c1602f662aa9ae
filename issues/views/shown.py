"""What the page of an issue shows of comments, files and links, and the forms beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.forms import Form

from issues import policies
from issues.forms import AttachForm, CommentForm, CorrectionForm, ReasonForm
from issues.models import IssueAttachment, IssueComment, TestingIssue
from issues.queries import LinkSeen, links_of
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed


@dataclass(frozen=True)
class CommentLine:
    """A comment as the page shows it, with what corrected it and the form to correct it, where one may."""

    comment: IssueComment
    corrected_by: IssueComment | None
    form: Form | None


@dataclass(frozen=True)
class FileLine:
    """An attachment as the page shows it."""

    attachment: IssueAttachment
    withdrawn: Any
    form: Form | None


def said_context(issue: TestingIssue, actor: Actor, tried: dict[str, Form]) -> dict[str, Any]:
    """Return what the page of an issue shows of comments and files, with forms that were `tried` in their places."""
    comments = list(
        IssueComment.objects.visible_to(actor).filter(issue=issue).select_related("author", "issue").order_by("pk")
    )
    corrections = {each.corrects_id: each for each in comments if each.corrects_id}
    files = IssueAttachment.objects.visible_to(actor).filter(issue=issue)
    may_comment, comment_refused = allowed(policies.check_can_comment, actor, issue)
    may_attach, attach_refused = allowed(policies.check_can_attach, actor, issue)
    return {
        "comments": [
            CommentLine(
                comment=each,
                corrected_by=corrections.get(each.pk),
                form=_correction(each, actor, corrections, tried, may=may_comment),
            )
            for each in comments
        ],
        "comment_form": tried.get("comment") or CommentForm(prefix="comment") if may_comment else None,
        "comment_refused": comment_refused,
        "files": [
            FileLine(
                attachment=each,
                withdrawn=getattr(each, "withdrawal", None),
                form=_withdrawal(each, actor, tried),
            )
            for each in files.select_related("file", "withdrawal", "issue").order_by("pk")
        ],
        "attach_form": tried.get("attach") or AttachForm(prefix="attach") if may_attach else None,
        "attach_refused": attach_refused,
    }


def _correction(
    comment: IssueComment, actor: Actor, corrections: dict[Any, IssueComment], tried: dict[str, Form], *, may: bool
) -> Form | None:
    if not may or comment.pk in corrections or comment.author_id is None or comment.author_id != actor.person_pk:
        return None
    name = f"correct-{comment.pk}"
    return tried.get(name) or CorrectionForm(prefix=name)


def _withdrawal(attachment: IssueAttachment, actor: Actor, tried: dict[str, Form]) -> Form | None:
    own = attachment.author_id is not None and attachment.author_id == actor.person_pk
    if hasattr(attachment, "withdrawal") or not (own or actor.may("work_issue")):
        return None
    name = f"withdraw-{attachment.pk}"
    return tried.get(name) or ReasonForm(prefix=name)


@dataclass(frozen=True)
class LinkLine:
    """A link to another issue as the page shows it, with the form to take it back, where one may."""

    seen: LinkSeen
    form: Form | None


def link_lines(issue: TestingIssue, actor: Actor, tried: dict[str, Form]) -> list[LinkLine]:
    """Return the links of the issue, seen from it."""
    may, _ = allowed(policies.check_can_link, actor, issue)
    lines = []
    for seen in links_of(issue, actor=actor):
        name = f"unlink-{seen.link.pk}"
        lines.append(LinkLine(seen=seen, form=tried.get(name) or ReasonForm(prefix=name) if may else None))
    return lines
