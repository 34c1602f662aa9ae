"""Links between issues, seen from either end, and what else a test, a DMC, a requirement or an environment shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from issues.models import IssueLink, LinkKind, TestingIssue
from svtad.parties.actors import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkSeen:
    """A link as one of its ends shows it: `words` of this end, and the issue at the other."""

    link: IssueLink
    words: str
    other: TestingIssue
    is_duplicate: bool
    """Whether this end is the duplicate: it says again what the other says."""


def links_of(issue: TestingIssue, *, actor: Actor, moment: dt.datetime | None = None) -> list[LinkSeen]:
    """Return the links of `issue`, from either end, that stood at `moment` (None: now) and that `actor` may see."""
    links = IssueLink.objects.visible_to(actor).held_at(moment).of(issue)
    return [_seen(link, issue) for link in links.select_related("issue__scope", "other__scope").order_by("pk")]


def _seen(link: IssueLink, issue: TestingIssue) -> LinkSeen:
    here = link.issue_id == issue.pk
    duplicate = link.kind == LinkKind.DUPLICATE_OF
    words = "Related to" if not duplicate else "Duplicate of" if here else "Has the duplicate"
    return LinkSeen(link=link, words=words, other=link.other if here else link.issue, is_duplicate=duplicate and here)


def chain_of_duplicates(issue: TestingIssue) -> list[int]:
    """Return the primary keys from `issue` to what it is a duplicate of, and so on to the end."""
    found = [issue.pk]
    while True:
        held = IssueLink.objects.held_at(None).filter(issue_id=found[-1], kind=LinkKind.DUPLICATE_OF)
        following: int | None = held.values_list("other_id", flat=True).first()
        if following is None or following in found:
            return found
        found.append(following)
