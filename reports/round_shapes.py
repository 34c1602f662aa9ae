"""The frozen shapes of SIT before the Panel: each round (13.15, 13.16), and what is redacted of a report (13.17)."""

from __future__ import annotations

from dataclasses import dataclass

#: Which place an attached report of 9.4 or 9.5 is, with its hash behind.
ATTACHED = "attached-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cited:
    """A decision as it is cited: its matter and number, who, what, when, its reasons and its document.

    `marks` is what it is marked with wherever it is shown, such as that it goes against the computed result (rule 16);
    `missing` what was not there before it.
    """

    reference: str
    body: str
    outcome: str
    clause: str
    decided: str
    marks: tuple[str, ...]
    missing: tuple[str, ...]
    rationale: str
    document: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A document with its day and hash."""

    what: str
    name: str
    date: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewRow:
    """What TAG said of one Exit Criterion when the evidence was reviewed with it (13.15(c))."""

    name: str
    title: str
    said: str
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweredRow:
    """An Exit Criterion that the Panel named as not met, and what the next round did about it (13.16).

    Verdicts are words, empty where it was not judged; so are TAG's views.
    """

    name: str
    title: str
    judged: str
    judged_next: str
    summary_next: str
    tag: str
    tag_next: str
    outcome: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageRow:
    """A package given to the Authority, the Panel and the Secretary of State (13.15(b)), with what stood with it."""

    sent: Cited
    reports: tuple[Attachment, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoundEntry:
    """One round before the Panel: what was done in it, what the Panel determined, and what followed.

    `criteria` are those named as not met; `submitted` is what was attached after that. `missing` is what the round is
    without.
    """

    number: int
    announced: tuple[Cited, ...]
    packages: tuple[PackageRow, ...]
    reviewed: Cited | None
    views: tuple[ViewRow, ...]
    unsaid: int
    determined: Cited | None
    directed: Cited | None
    criteria: tuple[AnsweredRow, ...]
    submitted: tuple[Attachment, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounds:
    """SIT before the Panel as it stood when the report was made: its matter, where that was, and each round."""

    matter: str
    state: str
    as_known: str
    rounds: tuple[RoundEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Redaction:
    """What the Panel specified to be redacted of a Completion Report (13.17), and how its places say so.

    `sections` are keys of the report's places, `rows` references, `words` texts. `sentence` stands where something
    was, `short` within a text; `decision` cites the direction. `source_sha256` is the hash of the whole report.
    """

    sections: frozenset[str]
    rows: tuple[str, ...]
    words: tuple[str, ...]
    sentence: str
    short: str
    decision: str
    source_sha256: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is redacted."""
        return not (self.sections or self.rows or self.words)
