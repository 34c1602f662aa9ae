"""Copies of the SIT reports for the Parties (13.15(b), 13.17): both lists, the copies made by the Panel's, the sharing.

The lists are decisions of one matter for each package: the DCC proposes, the Panel directs, and only the Panel's list
is applied. A direction queues the job that makes the copies; nobody is given any until the DCC shares them.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from reports import policies, queries
from reports.actions.completion_reports import contents_of
from reports.actions.making import STEPS, Hold, Progress, checked_pages, maker_of
from reports.contents import annex_volume
from reports.contents.redacting import redacted
from reports.contents.rounds import cited
from reports.contents.words import day
from reports.round_shapes import Redaction
from svtad.gates.actions import file_party_copy, share_copies, start_copies
from svtad.gates.models import EvidenceItem, FiledReport, PartyCopies, PartyCopy, SharedCopy
from svtad.gates.queries.copies import PARTY_COPY, Entry, entries_of, lacking, lists_of
from svtad.gates.queries.evidence import standing_evidence
from svtad.governance.actions import enqueue_job, record_decision, store_file
from svtad.governance.files import name_again, read_file
from svtad.governance.models import Decision, Job, Matter, StoredFile
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import EvidenceKind
from testphases.models import TestScope

CLAUSE = "SVTAD 13.17"
REPORT, ANNEX, AUDIT = "COMPLETION_REPORT", "ANNEX", "SIT_AUDIT_REPORT"
SENTENCE = "Redacted by direction of the Panel under 13.17"
SHORT = "[redacted under 13.17]"
#: A single letter would be gone from every word of the report.
SHORTEST = 3


# --- the lists ----------------------------------------------------------------------------------------


@transaction.atomic
def open_copies(
    *,
    scope: TestScope,
    by: Actor,
    package: Decision | None = None,
    report: FiledReport | None = None,
    at: dt.datetime | None = None,
) -> PartyCopies:
    """Begin the lists for one package (13.15(b)), or return those that are there for it.

    `report` is the Completion Report of the package that was made here, from which the copy is made. Raises
    ActionDenied; Refused for a phase that is no SIT; InvalidInput where report or package are not the phase's.
    """
    moment = at or clock.now()
    policies.check_can_open_copies(by, scope)
    if scope.kind != "SIT":
        raise Refused(CLAUSE, "Copies under 13.17 are of the reports of SIT.")
    if report is not None and (report.scope_id != scope.pk or report.kind != "completion_report"):
        raise InvalidInput.one("report", "This is no Completion Report of the phase.")
    if package is not None and package.pk not in {each.pk for each in queries.packages_of(scope)}:
        raise InvalidInput.one("package", "This is no package of the phase.")
    # Two that begin at once would keep two lists of one package.
    list(TestScope.objects.select_for_update(no_key=True).filter(pk=scope.pk).values_list("pk"))
    held: PartyCopies | None = PartyCopies.objects.filter(scope=scope, package=package, report=report).first()
    if held is not None:
        return held
    standing = standing_evidence(scope, package.recorded_at if package is not None else moment)
    audit = next((item for item in standing if item.kind == EvidenceKind.SIT_AUDIT_REPORT), None)
    return start_copies(
        scope=scope,
        package=package,
        report=report,
        audit_report=audit,
        sections=_sections(report) if report is not None else (),
        by=by,
        at=moment,
    )


def _sections(report: FiledReport) -> list[tuple[str, str]]:
    from reports.rendering.pages import places  # the fonts that it reads are for those who need them

    return places(contents_of(report))


def propose_redactions(
    *, copies: PartyCopies, entries: Sequence[dict[str, str]], by: Actor, at: dt.datetime | None = None, **given: Any
) -> Decision:
    """Record what the DCC considers should be redacted, each with why (13.15(b)); it may be nothing."""
    return _record(copies, "DCC", "PROPOSE", entries, by=by, at=at, given=given)


def direct_copies(
    *, copies: PartyCopies, entries: Sequence[dict[str, str]], by: Actor, at: dt.datetime | None = None, **given: Any
) -> Decision:
    """Record that the Panel directs copies to be provided, and what it specifies to be redacted; it may be nothing."""
    return _record(copies, "PANEL", "DIRECT", entries, by=by, at=at, given=given)


def _record(
    copies: PartyCopies,
    body: str,
    outcome: str,
    entries: Sequence[dict[str, str]],
    *,
    by: Actor,
    at: dt.datetime | None,
    given: dict[str, Any],
) -> Decision:
    titles = dict(copies.sections)
    named = [_titled(each, titles) for each in entries]
    moment = at or clock.now()
    return record_decision(
        matter=copies.matter,
        body=body,
        outcome=outcome,
        data={"redactions": named},
        by=by,
        at=moment,
        **{"decided_at": moment, **given},
    )


def _titled(entry: dict[str, str], titles: dict[str, str]) -> dict[str, str]:
    is_place = (entry.get("report"), entry.get("part")) == (REPORT, "SECTION")
    title = titles.get(str(entry.get("which"))) if is_place else None
    return {**entry, "title": title} if title else entry


@transaction.atomic
def settle_copies(*, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
    """Give a step of 13.15(b) or 13.17 its effect: a direction has the copies made, sharing gives them to the Parties.

    A matter that names no package of the product is only recorded. Raises InvalidInput for a list that names what the
    report has not, Refused where what is shared are not the copies that the Panel's list wants.
    """
    copies = PartyCopies.objects.select_related("scope", "matter__audience", "report__file", "audit__file").filter(
        matter=matter
    )
    held = copies.first()
    if held is None:
        return
    if decision.outcome in ("PROPOSE", "DIRECT"):
        _check_list(held, decision)
    if decision.outcome == "DIRECT" and held.report is not None:
        _queue(held, decision, by=by, at=at)
    if decision.outcome == "SHARE":
        _share(held, decision, by=by, at=at)


def _check_list(copies: PartyCopies, decision: Decision) -> None:
    """Raise InvalidInput for each line that names what cannot be redacted, and for a proposal without its reasons."""
    known = dict(copies.sections)
    errors = []
    for number, each in enumerate(entries_of(decision), start=1):
        place = f"redactions {number}"
        if each.report == REPORT and copies.report is not None and each.part == "SECTION" and each.which not in known:
            errors.append(FieldError(None, place, f"The report has no section {each.which[:60]}."))
        if each.part != "SECTION" and len(each.which.strip()) < SHORTEST:
            errors.append(FieldError(None, place, f"“{each.which}” is too short to be found and nothing else."))
        if each.report == AUDIT and each.part == "ROW":
            errors.append(FieldError(None, place, "Rows of the SIT Auditor Report are named as a section of it."))
        if decision.outcome == "PROPOSE" and not each.why.strip():
            errors.append(FieldError(None, place, f"Say why {each.title[:60]} should be redacted."))
    if errors:
        raise InvalidInput(errors)


# --- making -------------------------------------------------------------------------------------------


@transaction.atomic
def request_copies(*, copies: PartyCopies, by: Actor, at: dt.datetime | None = None) -> Job:
    """Have the copies that the Panel's direction wants made again, where the job that should have made them failed."""
    policies.check_can_share(by, copies)
    [lists] = lists_of([copies])
    if lists.direction is None:
        raise Refused(CLAUSE, "The Panel has not directed that the Parties are provided with copies.")
    if copies.report is None:
        raise Refused(CLAUSE, "The Completion Report was not made here: the DCC brings the copy of it itself.")
    if lists.copy_of(REPORT) is not None:
        raise Refused(CLAUSE, "The copies are made.")
    return _queue(copies, lists.direction, by=by, at=at or clock.now())


def _queue(copies: PartyCopies, direction: Decision, *, by: Actor, at: dt.datetime) -> Job:
    return enqueue_job(
        kind=PARTY_COPY,
        title=f"{copies.scope}: copies for the Parties as the Panel directed",
        params={"copies": copies.public_id, "direction": direction.public_id},
        unique_key=direction.public_id,
        audience=copies.matter.audience,
        by=by,
        at=at,
    )


@dataclass(frozen=True)
class _Made:
    """One file of a copy before it is stored."""

    part: str
    number: int
    name: str
    content: bytes
    pages: int
    found: dict[str, int]


def produce_party_copy(*, job: Job, progress: Progress, hold: Hold) -> dict[str, Any]:
    """Make the copy of the Completion Report, and of its annex volumes, that a direction of the Panel wants.

    The whole report is laid out anew without what the list names, from the same judgement and as of the same moment,
    and read back: a row or words of the list that can still be extracted fail the job. Run again after a crash it
    files each once.
    """
    copies = PartyCopies.objects.select_related(
        "scope", "matter__audience", "report__assessment__scope__release", "report__file"
    ).get(public_id=job.params["copies"])
    direction = Decision.objects.get(public_id=job.params["direction"], matter=copies.matter)
    held = list(PartyCopy.objects.filter(made_by=job.public_id).select_related("file").order_by("pk"))
    if held:
        return _result(held)
    report = copies.report
    if report is None:
        raise Refused(CLAUSE, "The Completion Report was not made here: the DCC brings the copy of it itself.")
    progress(5, "Gathering the contents")
    redaction = redaction_of(copies, direction)
    made = _drawn(report, redaction, progress=progress)
    maker = maker_of(job)
    with transaction.atomic():
        hold()
        for each in made:
            stored = store_file(
                content=each.content,
                name=each.name,
                media_type="application/pdf",
                purpose=PARTY_COPY,
                audience=copies.matter.audience,
                by=maker,
                redaction_set=direction.public_id,
                is_synthetic=copies.matter.is_synthetic,
            )
            file_party_copy(
                copies=copies,
                direction=direction,
                part=each.part,
                number=each.number,
                file=stored,
                source_sha256=report.file.sha256,
                found=each.found,
                pages=each.pages,
                job_id=job.public_id,
                by=maker,
            )
    progress(STEPS, "Done")
    return _result(list(PartyCopy.objects.filter(made_by=job.public_id).select_related("file").order_by("pk")))


def redaction_of(copies: PartyCopies, direction: Decision) -> Redaction:
    """Return the Panel's list as it bears on the Completion Report, and how the places cite the direction."""
    listed = [each for each in entries_of(direction) if each.report == REPORT]
    decision = f"{cited(direction, reference=copies.matter.reference)}, {day(direction.decided_at)}"

    def named(part: str) -> tuple[str, ...]:
        return tuple(each.which.strip() for each in listed if each.part == part)

    return Redaction(
        sections=frozenset(named("SECTION")),
        rows=named("ROW"),
        words=named("WORDS"),
        sentence=f"{SENTENCE} ({decision}).",
        short=SHORT,
        decision=decision,
        source_sha256=copies.report.file.sha256 if copies.report is not None else "",
    )


def _drawn(report: FiledReport, redaction: Redaction, *, progress: Progress) -> list[_Made]:
    # The page engine is half of a process's start-up: only a job that makes pages pays for it.
    from reports.rendering.documents import render_pdf, render_volume
    from reports.rendering.pages import hidden_volumes

    stem = report.file.name.removesuffix(".pdf")
    contents, found = redacted(contents_of(report), redaction)
    progress(10, "Laying out the copy")
    content = render_pdf(contents, copy=redaction)
    made = [_Made(REPORT, 0, f"{stem}, copy for the Parties.pdf", content, _checked(content, redaction), found)]
    hidden = hidden_volumes(contents, redaction.sections)
    volumes = [entry for entry in contents.volumes if entry.number not in hidden]
    for place, entry in enumerate(volumes, start=1):
        progress(10 + 80 * place // (len(volumes) + 1), f"Laying out annex volume {entry.number}")
        made_at, made_by = queries.made_when(report)
        whole = annex_volume(
            report.assessment,
            number=entry.number,
            made_at=made_at,
            made_by=made_by,
            stale=contents.cover.stale,
        )
        volume, found = redacted(whole, redaction)
        content = render_volume(volume, copy=redaction)
        name = f"{stem} annex volume {entry.number}, copy for the Parties.pdf"
        made.append(_Made(ANNEX, entry.number, name, content, _checked(content, redaction), found))
    return made


def _checked(content: bytes, redaction: Redaction) -> int:
    """Read the PDF back and return its pages. Raises Refused where anything of the list can still be extracted."""
    pages = checked_pages(content)
    leaking = still_there(content, words=redaction.words, rows=redaction.rows)
    if leaking:
        raise Refused(CLAUSE, f"{len(leaking)} of what the Panel specified could still be extracted; nothing is filed.")
    return pages


def still_there(content: bytes, *, words: Iterable[str], rows: Iterable[str] = ()) -> list[str]:
    """Return what of these can be extracted from a PDF: from its pages, metadata, bookmarks or attachments.

    A row's reference only as a whole: TI-1 is not in TI-10.
    """
    from pypdf import PdfReader

    wanted = [(each, _one_line(each)) for each in words]
    wanted_rows = [(each, re.compile(rf"(?<![\w-]){re.escape(_one_line(each))}(?![\w-])")) for each in rows]
    if not wanted and not wanted_rows:
        return []
    reader = PdfReader(io.BytesIO(content))
    said = [page.extract_text() for page in reader.pages]
    said += [str(value) for value in (reader.metadata or {}).values()]
    said += [str(each) for each in reader.outline]
    for name, held in reader.attachments.items():
        said += [name, *(each.decode("utf-8", "replace") for each in held)]
    whole = _one_line(" ".join(said))
    found = [each for each, line in wanted if line in whole]
    return found + [each for each, pattern in wanted_rows if pattern.search(whole)]


def _one_line(text: str) -> str:
    return " ".join(text.split()).casefold()


def _result(made: Sequence[PartyCopy]) -> dict[str, Any]:
    return {
        "copies": [
            {"file": each.file.public_id, "sha256": each.file.sha256, "part": each.part, "pages": each.pages}
            for each in made
        ]
    }


# --- what the DCC brings itself -------------------------------------------------------------------------


@transaction.atomic
def bring_copy(
    *, copies: PartyCopies, report: str, file: StoredFile, by: Actor, at: dt.datetime | None = None
) -> PartyCopy:
    """Keep a copy that was redacted elsewhere: of the SIT Auditor Report, or of a Completion Report not made here.

    What the product did not draw it cannot redact; it sees that the file is a PDF, that it is not the report itself
    where anything is redacted, and that no words of the Panel's list can be extracted from it. Raises ActionDenied,
    Refused before the Panel's direction, InvalidInput for the file.
    """
    policies.check_can_share(by, copies)
    [lists] = lists_of([copies])
    if lists.direction is None:
        raise Refused(CLAUSE, "The Panel has not directed that the Parties are provided with copies.")
    if report == REPORT and copies.report is not None:
        raise Refused(CLAUSE, "The copy of this Completion Report is made here, from the Panel's list.")
    if report not in (REPORT, AUDIT):
        raise InvalidInput.one("report", f"One of {REPORT}, {AUDIT} is wanted.")
    whole = copies.audit.file.sha256 if report == AUDIT and copies.audit is not None else ""
    return file_party_copy(
        copies=copies,
        direction=lists.direction,
        part=report,
        file=file,
        source_sha256=whole,
        pages=_checked_upload(file, wanted=lists.wanted(report), whole=whole),
        by=by,
        at=at,
    )


def _checked_upload(file: StoredFile, *, wanted: tuple[Entry, ...], whole: str) -> int:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    content = read_file(file)
    try:
        pages = len(PdfReader(io.BytesIO(content)).pages)
        leaking = still_there(content, words=[each.which for each in wanted if each.part == "WORDS"])
    except (PyPdfError, ValueError, KeyError) as error:
        raise InvalidInput.one("file", "This is no PDF that can be read.") from error
    if wanted and file.sha256 == whole:
        raise InvalidInput.one("file", "This is the whole report: the Panel specified sections to be redacted.")
    if leaking:
        raise InvalidInput.one("file", f"These words can still be extracted from it: {', '.join(leaking)[:200]}.")
    return pages


# --- sharing ------------------------------------------------------------------------------------------


@transaction.atomic
def provide_copies(*, copies: PartyCopies, by: Actor, at: dt.datetime | None = None) -> Decision:
    """Provide the Parties with the copies that the standing direction wants (13.17): a step of the DCC, with notices.

    Raises ActionDenied; Refused without a direction, and while a copy is not made or not brought.
    """
    moment = at or clock.now()
    policies.check_can_share(by, copies)
    [lists] = lists_of([copies])
    document = lists.copy_of(REPORT)
    if lists.direction is None:
        raise Refused(CLAUSE, "The Panel has not directed that the Parties are provided with copies.")
    if lists.is_shared:
        raise Refused(CLAUSE, "The Parties have these copies.")
    if document is None:
        raise Refused(CLAUSE, lacking(lists))
    return record_decision(
        matter=copies.matter,
        body="DCC",
        outcome="SHARE",
        decided_at=moment,
        document=document.file,
        by=by,
        at=moment,
    )


def _share(copies: PartyCopies, decision: Decision, *, by: Actor, at: dt.datetime) -> list[SharedCopy]:
    """Give the Parties what stands; refused where a copy is missing, or the step's document is none of them."""
    [lists] = lists_of([copies])
    if missing := lacking(lists):
        raise Refused(CLAUSE, missing)
    document = decision.document
    if document is None or document.sha256 not in {each.file.sha256 for each in lists.standing}:
        raise Refused(CLAUSE, "What is shared is the copy made by the Panel's list, and nothing else.")
    parts = list(lists.standing)
    audit = copies.audit
    if audit is not None and lists.copy_of(AUDIT) is None and lists.direction is not None:
        parts.append(_whole_audit(copies, audit, lists.direction, by=by, at=at))
    return share_copies(copies=copies, decision=decision, parts=parts, by=by, at=at)


def _whole_audit(
    copies: PartyCopies, audit: EvidenceItem, direction: Decision, *, by: Actor, at: dt.datetime
) -> PartyCopy:
    """File the SIT Auditor Report itself as its copy: the Panel specified nothing of it."""
    return file_party_copy(
        copies=copies,
        direction=direction,
        part=AUDIT,
        file=name_again(audit.file, audience=copies.matter.audience, by=by, at=at),
        source_sha256=audit.file.sha256,
        by=by,
        at=at,
    )
