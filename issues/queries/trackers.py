"""What the words of a tracker mean here, and where it is not followed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from issues.models import TestingIssue, TrackerDisagreement, TrackerTerm
from svtad.parties.actors import Actor


@dataclass(frozen=True, slots=True)
class Terms:
    """The meanings that hold for a source's words, by kind and word; words are the same in any case."""

    by_word: dict[tuple[str, str], str] = field(default_factory=dict)

    def meaning(self, kind: str, theirs: str) -> str:
        """Return what a word means here: itself where nobody said, "" where it says nothing."""
        return self.by_word.get((kind, theirs.strip().casefold()), theirs)


def terms_of(sources: Collection[str]) -> Terms:
    """Return the meanings that hold for these sources, in one query."""
    rows = TrackerTerm.objects.filter(source__in=sources).order_by("id").values_list("kind", "theirs", "ours")
    return Terms({(kind, theirs.casefold()): ours for kind, theirs, ours in rows})


def terms_held(source: str = "") -> list[TrackerTerm]:
    """Return the terms that hold, of one source or of all, by source, kind and word."""
    rows = TrackerTerm.objects.order_by("id")
    if source:
        rows = rows.filter(source=source)
    newest = {(row.source, row.kind, row.theirs.casefold()): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def disagreements_of(issue: TestingIssue, *, actor: Actor) -> list[TrackerDisagreement]:
    """Return where the tracker last said otherwise than what still holds, one a field, as `actor` may see them."""
    held = {"severity": issue.severity, "priority": issue.priority, "cause": issue.cause, "state": issue.state}
    held["provider"] = issue.provider.code if issue.provider else ""
    rows = TrackerDisagreement.objects.visible_to(actor).filter(issue=issue).order_by("id")
    newest = {row.field: row for row in rows}
    return [row for row in newest.values() if row.held == held[row.field]]
