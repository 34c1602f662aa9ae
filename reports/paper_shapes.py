"""The frozen shapes of what is signed: a certificate's paper, and the members of a sealed decision pack."""

from __future__ import annotations

from dataclasses import dataclass

from reports.shapes import Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class DecidedStep:
    """One decision that the certificate rests on: who, what, by which clause, when, and where it was recorded."""

    body: str
    act: str
    clause: str
    decided_at: str
    effective_at: str
    recorded_by: str
    reference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedCriterion:
    """One criterion of the judgement and how it was found."""

    clause: str
    title: str
    mark: Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperBefore:
    """The issue that this one takes the place of. `revoked_at` is empty where only the paper was made anew."""

    issued_at: str
    revoked_at: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificatePage:
    """All that a certificate's paper says. Instants are London time; without `fingerprint` it is not signed."""

    number: str
    programme: str
    release: str
    phase: str
    phase_kind: str
    provider: str
    document: str
    version: str
    issued_on: str
    is_reissue: bool
    assessment: str
    judged_at: str
    as_at: str
    facts_sha256: str
    criteria: tuple[JudgedCriterion, ...]
    steps: tuple[DecidedStep, ...]
    before: PaperBefore | None
    signer: str
    fingerprint: str
    address: str
    made_at: str
    made_at_iso: str
    is_synthetic: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file of a sealed pack, and what it is in words."""

    name: str
    what: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class PackContents:
    """What goes into a sealed pack, in order, before the manifest and the README are written over it."""

    title: str
    lines: tuple[str, ...]
    judge_command: str
    members: tuple[Member, ...]
    left_out: tuple[str, ...]
    is_synthetic: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LogCell:
    """Open issues of the log by who answers for them, one number a severity."""

    provider: str
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One Testing Issue of the log as it stood: its line in the register and its history."""

    reference: str
    external_id: str
    title: str
    severity: str
    priority: str
    state: str
    is_open: bool
    cause: str
    provider: str
    raised_in: str
    raised_by: str
    found: str
    concerns: str
    boards: tuple[str, ...]
    history: tuple[str, ...]
    ties: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueLogPaper:
    """The Testing Issue log as a document: what it covers, counts, every issue with its history.

    `narrowed` says in words what it was narrowed to. `workbook` is the same log as XLSX, carried inside.
    """

    title: str
    covers: str
    narrowed: tuple[str, ...]
    as_at: str
    is_past: bool
    made_at: str
    made_at_iso: str
    made_by: str
    is_synthetic: bool
    issues: int
    open_issues: int
    severities: tuple[str, ...]
    cells: tuple[LogCell, ...]
    lines: tuple[LogLine, ...]
    workbook: bytes
    workbook_sha256: str
