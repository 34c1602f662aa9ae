"""What is redacted of the SIT reports for the Parties (13.15(b), 13.17), the copies, and what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from svtad.gates.models import PartyCopies, PartyCopy, SharedCopy
from svtad.governance.models import Decision, Job, Matter
from svtad.parties.actors import Actor
from svtad.rulebook.procedures.machine import REDACTED_PARTS, REDACTED_REPORTS
from testphases.models import TestScope

#: The kind of job that makes the copies. The app that draws pages does it; it stands above this one.
PARTY_COPY = "party_copy"
PARTS = {"COMPLETION_REPORT": "Completion Report", "ANNEX": "Annex volume", "SIT_AUDIT_REPORT": "SIT Auditor Report"}
_REPORTS, _PARTS = dict(REDACTED_REPORTS), dict(REDACTED_PARTS)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a list: what is redacted of which report, what it is called, and why."""

    report: str
    part: str
    which: str
    title: str
    why: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two lines the same, whatever their reasons."""
        return self.report, self.part, self.which

    @property
    def of(self) -> str:
        """The report, as the clause calls it."""
        return _REPORTS[self.report]

    @property
    def kind(self) -> str:
        """The part, in words."""
        return _PARTS[self.part]


def entries_of(decision: Decision | None, *, titles: Mapping[str, str] | None = None) -> tuple[Entry, ...]:
    """Return the list that a decision holds, in its order; none where it holds none."""
    held = decision.data.get("redactions") if decision is not None else None
    known = titles or {}
    return tuple(
        Entry(
            report=each["report"],
            part=each["part"],
            which=each["which"],
            title=(each["report"] == "COMPLETION_REPORT" and known.get(each["which"]))
            or each.get("title")
            or each["which"],
            why=each.get("why", ""),
        )
        for each in (held if isinstance(held, list) else ())
    )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One line of either list, and on which it stands."""

    entry: Entry
    proposed: bool
    specified: bool

    @property
    def words(self) -> str:
        """What became of it."""
        if self.proposed and self.specified:
            return "as proposed"
        return "not specified by the Panel: it stays" if self.proposed else "the Panel's own"


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Both lists of one package as they stood at a moment, the copies made by the Panel's, and those that were shared.

    `proposals` and `directions` are every one that stood, the last one last. Only the last direction's list is applied.
    """

    copies: PartyCopies
    proposals: tuple[Decision, ...]
    directions: tuple[Decision, ...]
    made: tuple[PartyCopy, ...]
    shared: tuple[SharedCopy, ...]
    job: Job | None

    @property
    def titles(self) -> dict[str, str]:
        """What each section of the report is called, by its key."""
        return dict(self.copies.sections)

    @property
    def proposed(self) -> tuple[Entry, ...]:
        """The DCC's list."""
        return entries_of(self.proposals[-1], titles=self.titles) if self.proposals else ()

    @property
    def direction(self) -> Decision | None:
        """The Panel's direction that stands."""
        return self.directions[-1] if self.directions else None

    @property
    def specified(self) -> tuple[Entry, ...]:
        """The Panel's list, the only one that is applied."""
        return entries_of(self.direction, titles=self.titles)

    @property
    def compared(self) -> list[Compared]:
        """Every line of either list, the Panel's reasons where it gave any."""
        ours, theirs = {each.key: each for each in self.proposed}, {each.key: each for each in self.specified}
        return [
            Compared(
                entry=theirs[key] if key in theirs and (theirs[key].why or key not in ours) else ours[key],
                proposed=key in ours,
                specified=key in theirs,
            )
            for key in dict.fromkeys([*ours, *theirs])
        ]

    @property
    def standing(self) -> tuple[PartyCopy, ...]:
        """The copies that the standing direction wants, the last of each part."""
        kept = {(each.part, each.number): each for each in self.made if each.direction_id == _pk(self.direction)}
        return tuple(kept.values())

    def copy_of(self, part: str) -> PartyCopy | None:
        """Return the standing copy of a report that is no annex, or None."""
        return next((each for each in self.standing if each.part == part), None)

    def wanted(self, report: str) -> tuple[Entry, ...]:
        """Return the lines of the Panel's list that are of that report."""
        return tuple(each for each in self.specified if each.report == report)

    @property
    def found(self) -> dict[str, int]:
        """In how many places the standing copies' reports had each row and each words of the list."""
        counts: dict[str, int] = {}
        for each in self.standing:
            for which, places in each.found.items():
                counts[which] = counts.get(which, 0) + places
        return counts

    @property
    def is_shared(self) -> bool:
        """Whether the Parties were given copies as the standing direction wants them."""
        return any(each.copy.direction_id == _pk(self.direction) for each in self.shared)


def lacking(lists: Lists) -> str:
    """Return in a sentence which copy is not there yet, or the empty string."""
    if lists.copy_of("COMPLETION_REPORT") is None:
        if lists.copies.report is None:
            return "The copy of the Completion Report was not brought yet: the whole one was not made here."
        return "The copy of the Completion Report is not made yet."
    if (
        lists.copies.audit is not None
        and lists.wanted("SIT_AUDIT_REPORT")
        and lists.copy_of("SIT_AUDIT_REPORT") is None
    ):
        return "The redacted copy of the SIT Auditor Report was not brought yet."
    return ""


def _pk(decision: Decision | None) -> int | None:
    return decision.pk if decision is not None else None


def lists_of(rows: Iterable[PartyCopies], *, moment: dt.datetime | None = None) -> list[Lists]:
    """Return both lists and the copies of each of `rows`, as recorded by `moment`. Four queries, however many."""
    held = list(rows)
    until = {"recorded_at__lte": moment} if moment is not None else {}
    decisions = list(
        Decision.objects.filter(matter__in=[each.matter_id for each in held], **until).select_related("matter")
    )
    corrected = {each.supersedes_id for each in decisions}
    standing = sorted((each for each in decisions if each.pk not in corrected), key=lambda each: each.sequence)
    made = list(PartyCopy.objects.filter(copies__in=held, **until).select_related("file", "direction").order_by("pk"))
    shared = list(
        SharedCopy.objects.filter(copy__copies__in=held, **until)
        .select_related("file", "decision", "copy", "scope")
        .order_by("pk")
    )
    jobs: dict[str, Job] = {}
    for job in Job.objects.filter(
        kind=PARTY_COPY, params__copies__in=[each.public_id for each in held], **until
    ).order_by("pk"):
        jobs[job.params["direction"]] = job
    found = []
    for each in held:
        own = [decision for decision in standing if decision.matter_id == each.matter_id]
        directions = tuple(decision for decision in own if decision.outcome == "DIRECT")
        found.append(
            Lists(
                copies=each,
                proposals=tuple(decision for decision in own if decision.outcome == "PROPOSE"),
                directions=directions,
                made=tuple(copy for copy in made if copy.copies_id == each.pk),
                shared=tuple(one for one in shared if one.copy.copies_id == each.pk),
                job=jobs.get(directions[-1].public_id) if directions else None,
            )
        )
    return found


def copies_of(scope: TestScope, actor: Actor) -> QuerySet[PartyCopies]:
    """Return the packages of a phase for which lists are kept, as far as `actor` may read them, the last one first."""
    rows: QuerySet[PartyCopies] = PartyCopies.objects.visible_to(actor).filter(scope=scope)
    return rows.select_related(
        "scope__release", "matter__audience", "package", "report__file", "report__assessment", "audit__file"
    ).order_by("-pk")


def sections_named(matter: Matter) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what the lists of a matter may name as sections of the Completion Report, by the key of the statement."""
    held = PartyCopies.objects.filter(matter=matter).first()
    return {"redactions": tuple((key, title) for key, title in held.sections)} if held is not None else {}


@dataclass(frozen=True, kw_only=True)
class Given:
    """A copy that the Parties were given, and whether it still is the one that the Panel wants them to have.

    `replaced_by` is a later copy of the same part; `withdrawn_at` when the Panel directed anew.
    """

    shared: SharedCopy
    words: str
    replaced_by: SharedCopy | None
    withdrawn_at: dt.datetime | None

    @property
    def stands(self) -> bool:
        """Whether the Panel has not directed anew since."""
        return self.withdrawn_at is None

    @property
    def state(self) -> str:
        """What became of it, in words."""
        if self.replaced_by is not None:
            return "replaced by a later copy"
        return "as the Panel directed" if self.stands else "withdrawn: the Panel directed anew"


def given(actor: Actor, *, scope: TestScope | None = None) -> QuerySet[SharedCopy]:
    """Return the copies that were shared and that `actor` may open, the last one first."""
    rows: QuerySet[SharedCopy] = SharedCopy.objects.visible_to(actor)
    if scope is not None:
        rows = rows.filter(scope=scope)
    return rows.select_related("scope__release", "file", "copy__direction", "decision").order_by("-pk")


def told(rows: Iterable[SharedCopy]) -> list[Given]:
    """Return each with what became of it. Three queries at most; nothing of the lists is read."""
    held = list(rows)
    packages = {each.copy.copies_id for each in held}
    of_matter = dict(PartyCopies.objects.filter(pk__in=packages).values_list("matter_id", "pk"))
    directions = Decision.objects.filter(matter__in=of_matter, outcome="DIRECT").order_by("sequence")
    after: dict[int, list[tuple[int, dt.datetime]]] = {}
    for pk, matter, decided_at in directions.values_list("pk", "matter_id", "decided_at"):
        after.setdefault(of_matter[matter], []).append((pk, decided_at))
    later = list(
        SharedCopy.objects.filter(copy__copies__in=packages).select_related("copy", "file", "decision").order_by("pk")
    )
    return [_told(each, after.get(each.copy.copies_id, []), later) for each in held]


def _told(each: SharedCopy, directions: list[tuple[int, dt.datetime]], later: list[SharedCopy]) -> Given:
    newer = [moment for pk, moment in directions if pk > each.copy.direction_id]
    same = [
        one
        for one in later
        if one.pk > each.pk
        and (one.copy.copies_id, one.copy.part, one.copy.number)
        == (each.copy.copies_id, each.copy.part, each.copy.number)
    ]
    number = f" {each.copy.number}" if each.copy.number else ""
    return Given(
        shared=each,
        words=f"{PARTS[each.copy.part]}{number}",
        replaced_by=same[-1] if same else None,
        withdrawn_at=newer[0] if newer else None,
    )
