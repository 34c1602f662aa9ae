"""What a sealed decision pack holds: one kept judgement, whole, and everything that was decided on it.

Everything is as recorded by one moment, and no clock is read, so that the same inputs give the same members.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reports import queries
from reports.contents.dossier import Dossier
from reports.contents.edition_data import edition_data
from reports.contents.words import STEPS, instant
from reports.paper_shapes import Member, PackContents
from svtad.audit.chain import EVENT_FIELDS
from svtad.gates.models import Assessment
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.rulebook.vocabulary import Step

ReadFile = Callable[[StoredFile], bytes]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What whoever asked could see when they asked: the public ids of the matters, and of the files."""

    matters: frozenset[str]
    files: frozenset[str]


def pack_contents(
    assessment: Assessment, *, matter: Matter | None, sight: Sight, until: dt.datetime, read_file: ReadFile
) -> PackContents:
    """Return the members of the pack of one assessment, and of `matter` where it was asked for of one.

    The matters are those of its phase that `sight` holds, with the decisions recorded by `until`. A document outside
    `sight` is named by its SHA-256 and left out.
    """
    dossier = Dossier(assessment)
    matters = list(
        Matter.objects.filter(scope_id=assessment.scope.public_id, public_id__in=sight.matters, recorded_at__lte=until)
        .select_related("attachment")
        .order_by("pk")
    )
    documents = _Documents(sight=sight.files, read_file=read_file)
    decided = [_matter(each, until, documents) for each in matters]
    papers = [*_reports(assessment, until, documents), *_certificates(assessment, until, documents)]
    subjects = _subjects(assessment, matters, until, documents)
    members = [
        Member(name="facts.json", what="the facts that were judged, byte for byte", content=assessment.facts.encode()),
        _json("findings.json", "what the judge found", dossier.judgement.to_json()),
        _json("assessment.json", "which judgement this is", _assessment(assessment, matter)),
        _json("edition.json", "the edition that judged, as data", edition_data(dossier.edition)),
        _json("decisions.json", "every matter of the phase and what was decided on it", decided),
        _json("papers.json", "the reports and certificates filed", papers),
        _json("audit.json", "the audit events of all these, with their chain", _audit(subjects, until)),
        *documents.members,
    ]
    return PackContents(
        title=f"{assessment.scope}: {STEPS[Step(assessment.step)]}",
        lines=(
            f"Test Phase: {dossier.facts.title or assessment.scope.name}, {dossier.facts.release}",
            f"Judged under: {assessment.document} v{assessment.version}, {STEPS[Step(assessment.step)]}",
            f"Facts as at: {instant(assessment.as_at)}; judgement kept {instant(assessment.recorded_at)}",
            f"Verdict: {assessment.verdict}",
            f"SHA-256 of the facts: {assessment.facts_sha256}",
            *((f"Matter: {matter.reference} {matter.title}",) if matter is not None else ()),
        ),
        judge_command=_command(assessment),
        members=tuple(members),
        left_out=tuple(documents.left_out),
        is_synthetic=assessment.is_synthetic,
    )


def _command(assessment: Assessment) -> str:
    provider = f" --provider {assessment.provider_id_text}" if assessment.provider_id_text else ""
    return f"python -m svtad.rulebook judge facts.json --step {assessment.step}{provider}"


class _Documents:
    """Takes in the files that the pack names: those in sight once each, the others by their hash alone."""

    def __init__(self, *, sight: Collection[str], read_file: ReadFile) -> None:
        self._sight = sight
        self._read = read_file
        self._names: dict[str, str] = {}
        self.members: list[Member] = []
        self.left_out: list[str] = []
        self.ids: set[str] = set()

    def take(self, stored: StoredFile | None, folder: str) -> dict[str, Any] | None:
        """Return what the pack says of a file: its name, its hash, and where it stands inside, if it does."""
        if stored is None:
            return None
        said: dict[str, Any] = {"sha256": stored.sha256, "size": stored.size, "inside": ""}
        if stored.public_id not in self._sight:
            if stored.sha256 not in self._names:
                self.left_out.append(stored.sha256)
            return said
        self.ids.add(stored.public_id)
        if stored.sha256 not in self._names:
            name = f"{folder}/{stored.sha256[:12]}-{_plain_name(stored.name)}"
            self._names[stored.sha256] = name
            self.members.append(Member(name=name, what=stored.purpose, content=self._read(stored)))
        return {**said, "name": stored.name, "inside": self._names[stored.sha256]}


def _plain_name(name: str) -> str:
    """Return a file's name in characters that every unpacker takes: no folder, nothing outside ASCII."""
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "-" for each in name)
    return kept.lstrip(".-")[-80:] or "file"


def _assessment(assessment: Assessment, matter: Matter | None) -> dict[str, Any]:
    return {
        "assessment": assessment.public_id,
        "phase": assessment.scope.public_id,
        "phase_name": str(assessment.scope),
        "step": assessment.step,
        "provider": assessment.provider_id_text,
        "document": assessment.document,
        "version": assessment.version,
        "as_at": assessment.as_at,
        "recorded_at": assessment.recorded_at,
        "recorded_by": assessment.recorded_by,
        "verdict": assessment.verdict,
        "facts_sha256": assessment.facts_sha256,
        "is_synthetic": assessment.is_synthetic,
        "asked_of": matter.reference if matter is not None else "",
    }


def _matter(matter: Matter, until: dt.datetime, documents: _Documents) -> dict[str, Any]:
    rows = Decision.objects.filter(matter=matter, recorded_at__lte=until).select_related("document", "supersedes")
    return {
        "reference": matter.reference,
        "procedure": matter.procedure,
        "document": matter.document,
        "version": matter.version,
        "title": matter.title,
        "rationale": matter.rationale,
        "data": matter.data,
        "attachment": documents.take(matter.attachment, "documents"),
        "opened_at": matter.opened_at,
        "recorded_at": matter.recorded_at,
        "recorded_by": matter.recorded_by,
        "decisions": [_decision(each, documents) for each in rows.order_by("sequence")],
    }


def _decision(decision: Decision, documents: _Documents) -> dict[str, Any]:
    return {
        "decision": decision.public_id,
        "sequence": decision.sequence,
        "body": decision.body,
        "outcome": decision.outcome,
        "from_state": decision.from_state,
        "to_state": decision.to_state,
        "clause": decision.clause,
        "rationale": decision.rationale,
        "data": decision.data,
        "meeting": decision.meeting,
        "against_computed": decision.against_computed,
        "out_of_order": decision.out_of_order,
        "missing": decision.missing,
        "supersedes": decision.supersedes.sequence if decision.supersedes is not None else None,
        "document": documents.take(decision.document, "documents"),
        "decided_at": decision.decided_at,
        "notified_at": decision.notified_at,
        "effective_at": decision.effective_at,
        "recorded_at": decision.recorded_at,
        "recorded_by": decision.recorded_by,
    }


def _reports(assessment: Assessment, until: dt.datetime, documents: _Documents) -> Iterator[dict[str, Any]]:
    for report in queries.reports_of(assessment, until=until):
        yield {
            "kind": report.kind,
            "report": report.public_id,
            "assessment": assessment.public_id,
            "file": documents.take(report.file, "reports"),
            "recorded_at": report.recorded_at,
        }


def _certificates(assessment: Assessment, until: dt.datetime, documents: _Documents) -> Iterator[dict[str, Any]]:
    for paper in queries.papers_of(assessment.scope, until=until):
        yield {
            "kind": "certificate",
            "number": paper.certificate.number,
            "provider": paper.certificate.provider.public_id,
            "assessment": paper.assessment.public_id,
            "issue": paper.issue.public_id,
            "signer": paper.signer.fingerprint if paper.signer is not None else "",
            "before": paper.before.file.sha256 if paper.before is not None else "",
            "file": documents.take(paper.file, "certificates"),
            "recorded_at": paper.recorded_at,
        }


def _subjects(
    assessment: Assessment, matters: Iterable[Matter], until: dt.datetime, documents: _Documents
) -> frozenset[str]:
    """Return the public ids of everything in the pack that an audit event may be about."""
    found = list(matters)
    return frozenset(
        {
            assessment.public_id,
            *(each.public_id for each in found),
            *Decision.objects.filter(matter__in=found, recorded_at__lte=until).values_list("public_id", flat=True),
            *(each.public_id for each in queries.reports_of(assessment, until=until)),
            *(each.certificate.public_id for each in queries.papers_of(assessment.scope, until=until)),
            *documents.ids,
        }
    )


def _audit(subjects: Collection[str], until: dt.datetime) -> dict[str, Any]:
    rows = queries.sealed_events(subjects, until=until)
    return {
        "how": "event_hash is the SHA-256 of the JSON array of the event's columns in this order; seal_hash that of "
        "[sequence, event_id, event_hash, previous_hash]; both written without spaces, in UTF-8.",
        "columns": list(EVENT_FIELDS),
        "events": [{"event": event, "seal": seal} for event, seal in rows],
    }


def _json(name: str, what: str, value: Any) -> Member:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=_plain)
    return Member(name=name, what=what, content=f"{text}\n".encode())


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a pack")
