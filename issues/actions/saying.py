"""Comments on a Testing Issue and files attached to it: kept as they were said and sent, for whom they are for."""

from __future__ import annotations

import datetime as dt
from typing import BinaryIO

from django.db import transaction

from issues import policies
from issues.actions.attachment_files import checked_file
from issues.actions.recording import audit
from issues.actions.wording import REASONS_LIMIT, checked_reasons, plain_text
from issues.models import AttachmentWithdrawal, IssueAttachment, IssueComment, Reach, TestingIssue
from svtad.governance.actions import store_file
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience

PURPOSE = "issue_attachment"
#: So many files are kept with one issue.
MOST_FILES = 100
_NOTE_LIMIT = 300


@transaction.atomic
def comment_on_issue(
    *,
    issue: TestingIssue,
    text: str,
    by: Actor,
    reach: str = Reach.ISSUE,
    corrects: IssueComment | None = None,
    at: dt.datetime | None = None,
) -> IssueComment:
    """Say something of an issue, for whom `reach` says; return the comment.

    A comment is never edited: its author corrects it with another (`corrects`), for the same readers, and both stay
    readable. Raises ActionDenied, Refused for a comment that was corrected already, and InvalidInput by field.
    """
    at = at or clock.now()
    policies.check_can_comment(by, issue)
    kept = plain_text(text=text)
    if not kept:
        raise InvalidInput.one("text", "Say something.")
    if len(kept) > REASONS_LIMIT:
        raise InvalidInput.one("text", f"At most {REASONS_LIMIT:,} characters.")
    if corrects is not None:
        if corrects.issue_id != issue.pk:
            raise InvalidInput.one("corrects", "That comment is on another issue.")
        # Two corrections at once: the second waits here, and finds the first.
        corrects = IssueComment.objects.select_for_update(of=("self",)).select_related("audience").get(pk=corrects.pk)
        policies.check_can_correct(by, corrects)
        reach, audience = corrects.reach, corrects.audience
    else:
        audience = _audience(issue, reach, by)
    made: IssueComment = IssueComment.objects.create(
        issue=issue,
        text=kept,
        reach=reach,
        corrects=corrects,
        audience=audience,
        author_id=by.person_pk,
        recorded_at=at,
        recorded_by=by.label,
    )
    action = "comment_on_issue" if corrects is None else "correct_comment"
    detail = {"comment": made.public_id, "for": reach} | ({"corrects": corrects.public_id} if corrects else {})
    audit(issue=issue, action=action, by=by, at=at, audience=audience, clause=policies.CLAUSE, detail=detail)
    return made


@transaction.atomic
def attach_file(
    *,
    issue: TestingIssue,
    content: bytes | BinaryIO,
    name: str,
    by: Actor,
    note: str = "",
    reach: str = Reach.ISSUE,
    at: dt.datetime | None = None,
) -> IssueAttachment:
    """Keep a file with an issue, for whom `reach` says, under its SHA-256; return the attachment.

    What it is goes by its name and its bytes, never by what the sender says; a kind that a browser or an office
    program would run is not taken. The same bytes again are kept once. Raises ActionDenied, Refused where the issue
    holds as many as it may, and InvalidInput for a file that is not taken.
    """
    at = at or clock.now()
    policies.check_can_attach(by, issue)
    audience = _audience(issue, reach, by)
    kept = plain_line(note)
    if len(kept) > _NOTE_LIMIT:
        raise InvalidInput.one("note", f"At most {_NOTE_LIMIT} characters.")
    if issue.attachments.count() >= MOST_FILES:
        raise Refused("", f"{issue.reference} holds {MOST_FILES} files, as many as it may.")
    taken = checked_file(content=content, name=name)
    stored = store_file(
        content=taken.stream,
        name=taken.name,
        media_type=taken.media_type,
        purpose=PURPOSE,
        # Handed out with the issue and nowhere else: who may see it is asked anew each time.
        audience=audience_of(f"issue:{issue.public_id}"),
        by=by,
        at=at,
        is_synthetic=issue.is_synthetic,
    )
    made: IssueAttachment = IssueAttachment.objects.create(
        issue=issue,
        file=stored,
        note=kept,
        reach=reach,
        audience=audience,
        author_id=by.person_pk,
        recorded_at=at,
        recorded_by=by.label,
    )
    detail = {"name": stored.name, "sha256": stored.sha256, "size": stored.size, "for": reach}
    audit(issue=issue, action="attach_file", by=by, at=at, audience=audience, clause=policies.CLAUSE, detail=detail)
    return made


@transaction.atomic
def withdraw_attachment(
    *, attachment: IssueAttachment, reasons: str, by: Actor, at: dt.datetime | None = None
) -> AttachmentWithdrawal:
    """Withdraw an attachment, with reasons: it stays listed with its hash and is handed out no more.

    Raises ActionDenied, Refused where it was withdrawn already, and InvalidInput without reasons.
    """
    at = at or clock.now()
    held = (
        IssueAttachment.objects.select_for_update(of=("self",)).select_related("file", "audience").get(pk=attachment.pk)
    )
    policies.check_can_withdraw_attachment(by, held)
    kept = checked_reasons(reasons=reasons)
    if not kept:
        raise InvalidInput.one("reasons", "Say why the file is withdrawn.")
    made: AttachmentWithdrawal = AttachmentWithdrawal.objects.create(
        attachment=held, reasons=kept, recorded_at=at, recorded_by=by.label
    )
    detail = {"name": held.file.name, "sha256": held.file.sha256, "reasons": kept}
    audit(
        issue=held.issue,
        action="withdraw_attachment",
        by=by,
        at=at,
        audience=held.audience,
        clause=policies.CLAUSE,
        detail=detail,
    )
    return made


def _audience(issue: TestingIssue, reach: str, by: Actor) -> Audience:
    """Return who is told: the author's own organisations always among them."""
    own = {key for key in by.audience_keys if key.startswith("org:")}
    if reach == Reach.ISSUE:
        ends = [each for each in (issue.raised_by, issue.provider) if each is not None]
        return audience_of(*GOVERNANCE, *map(org_key, ends), *own)
    if reach == Reach.GOVERNANCE:
        return audience_of(*GOVERNANCE, *own)
    if reach == Reach.OWN:
        return audience_of("dcc", *own)
    raise InvalidInput.one("reach", f"“{reach[:20]}” is none of {', '.join(Reach.values)}.")
