"""What is said of an issue and tied to it: comments, files, other issues; and what a tracker's words mean."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from issues import actions, policies
from issues.forms import AttachForm, CommentForm, CorrectionForm, ReasonForm, TermForm
from issues.models import IssueAttachment, IssueComment, IssueLink, TestingIssue
from issues.queries.trackers import terms_held
from issues.views.issue import issue_page, visible_issue
from svtad.governance.views.files import sent
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page


@page("POST")
def comment(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Say something of the issue."""
    issue = visible_issue(request, public_id)
    form = CommentForm(request.POST, prefix="comment")

    def act() -> Any:
        return actions.comment_on_issue(issue=issue, **form.cleaned_data, by=request.actor)

    return _act(request, issue, form, act, said="Your comment is kept.", place="said")


@page("POST")
def correct(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Correct a comment of one's own; both stay readable."""
    held = get_object_or_404(
        IssueComment.objects.visible_to(request.actor).select_related("issue"), public_id=public_id
    )
    issue = visible_issue(request, held.issue.public_id)
    form = CorrectionForm(request.POST, prefix=f"correct-{held.pk}")

    def act() -> Any:
        return actions.comment_on_issue(issue=issue, corrects=held, **form.cleaned_data, by=request.actor)

    return _act(request, issue, form, act, said="The correction is kept beside the comment.", place="said")


@page("POST")
def attach(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Keep a file with the issue."""
    issue = visible_issue(request, public_id)
    form = AttachForm(request.POST, request.FILES, prefix="attach")

    def act() -> Any:
        upload = form.cleaned_data["file"]
        return actions.attach_file(
            issue=issue,
            content=upload.file,
            name=upload.name or "",
            note=form.cleaned_data["note"],
            reach=form.cleaned_data["reach"],
            by=request.actor,
        )

    return _act(request, issue, form, act, said="The file is kept.", place="files")


@page("GET")
def attachment(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send a file of an issue as a download; a withdrawn one is handed out no more."""
    held = get_object_or_404(
        IssueAttachment.objects.visible_to(request.actor).select_related("file", "withdrawal"), public_id=public_id
    )
    if hasattr(held, "withdrawal"):
        raise Http404
    return sent(request, held.file)


@page("POST")
def withdraw(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Withdraw a file, with a reason; its row and its hash stay."""
    held = get_object_or_404(
        IssueAttachment.objects.visible_to(request.actor).select_related("issue"), public_id=public_id
    )
    issue = visible_issue(request, held.issue.public_id)
    form = ReasonForm(request.POST, prefix=f"withdraw-{held.pk}")

    def act() -> Any:
        return actions.withdraw_attachment(attachment=held, **form.cleaned_data, by=request.actor)

    return _act(request, issue, form, act, said="The file is withdrawn; its hash stays listed.", place="files")


@page("POST")
def unlink(request: PageRequest, public_id: str, link_id: str) -> HttpResponseBase:
    """Take a link to another issue back, with a reason."""
    issue = visible_issue(request, public_id)
    links = (
        IssueLink.objects.visible_to(request.actor)
        .of(issue)
        .select_related("issue__scope__release", "other__scope__release")
    )
    held = get_object_or_404(links, public_id=link_id)
    form = ReasonForm(request.POST, prefix=f"unlink-{held.pk}")

    def act() -> Any:
        return actions.unlink_issues(link=held, **form.cleaned_data, by=request.actor)

    return _act(request, issue, form, act, said="The link is taken back.", place="links")


def _act(
    request: PageRequest, issue: TestingIssue, form: Form, act: Callable[[], Any], *, said: str, place: str
) -> HttpResponseBase:
    if carried_out(form, act) is None:
        return issue_page(request, issue, said={str(form.prefix): form})
    return done(request, said, f"{_address(issue)}#{place}")


def _address(issue: TestingIssue) -> str:
    return reverse("issues:issue", args=[issue.public_id])


@page("GET", "POST")
def trackers(request: PageRequest) -> HttpResponseBase:
    """List what the words of trackers mean here; who determines issues says so."""
    may, refused = allowed(policies.check_can_set_terms, request.actor)
    policies.check_can_see_terms(request.actor)
    form = TermForm(request.POST or None)
    if request.method == "POST":
        made = carried_out(form, lambda: actions.set_tracker_term(**form.cleaned_data, by=request.actor))
        if made is not None:
            return done(request, f"{made}.", "issues:trackers")
    context = {
        "title": "What trackers' words mean",
        "terms": terms_held(),
        "form": form if may else None,
        "refused": refused,
    }
    return render(request, "issues/trackers.html", context, status=HTTPStatus.BAD_REQUEST if form.errors else 200)
