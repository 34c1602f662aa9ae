"""Copies of the SIT reports for the Parties (13.15(b), 13.17): both lists, the copies made, and their sharing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from reports.actions import (
    bring_copy,
    direct_copies,
    open_copies,
    propose_redactions,
    provide_copies,
    request_copies,
)
from reports.forms import ELSEWHERE, BeginForm, BringForm, ShareForm
from reports.policies import check_can_open_copies, check_can_share
from reports.queries import likely_report, packages_of, reports_filed, round_numbers
from svtad.gates.models import PartyCopies, PartyCopy
from svtad.gates.queries.copies import (
    PARTS,
    PARTY_COPY,
    Given,
    Lists,
    copies_of,
    given,
    lacking,
    lists_of,
    sections_named,
    told,
)
from svtad.governance.actions import keep_upload
from svtad.governance.forms import DecisionForm
from svtad.governance.models import Decision, Matter
from svtad.governance.policies import check_can_record_decision
from svtad.governance.views.matter import RECORDING
from svtad.lib import clock
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.parties.views.reentry import require_recent_credentials
from svtad.rulebook.procedures import PROCEDURES, Transition
from testphases.models import TestScope
from testphases.queries import scopes_for

#: What a form here leaves out: nothing was computed of it, and it holds from when it was decided. The matter has all.
_NOT_ASKED = ("against_computed", "notified_at", "effective_at")


@dataclass(frozen=True)
class PackageRow:
    """One package of 13.15(b): its round, both lists where they were begun, and the forms for what may come next."""

    package: Decision | None
    number: int
    lists: Lists | None
    begin: BeginForm | None = None
    propose: DecisionForm | None = None
    direct: DecisionForm | None = None
    share: ShareForm | None = None
    bring: tuple[tuple[str, BringForm], ...] = ()
    lacking: str = ""
    missing: tuple[str, ...] = ()


@page("GET")
def given_copies(request: PageRequest) -> HttpResponseBase:
    """List the copies of the SIT reports that the Parties were given, and what became of each; also as CSV."""
    rows = given(request.actor)
    if request.GET.get("as") == "csv":
        return csv_response("copies.csv", COPY_HEAD, (_copy_row(each) for each in told(rows)))
    found = paged(request, rows, size=50)
    found.object_list = told(found.object_list)
    context = {
        "title": "Copies of the SIT reports",
        "copies": found,
        "governs": request.actor.may("see_reports"),
    }
    return render(request, "reports/pages/given.html", context)


@page("GET")
def copies(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show a SIT's lists of redactions, the copies and their sharing; to those who read no list, the copies alone."""
    scope = _sit(request, public_id)
    if request.GET.get("as") == "csv":
        return csv_response(
            "copies.csv", COPY_HEAD, (_copy_row(each) for each in told(given(request.actor, scope=scope)))
        )
    if request.GET.get("as") == "lists":
        held = lists_of(copies_of(scope, request.actor))
        return csv_response("redactions.csv", LIST_HEAD, (row for each in held for row in _list_rows(each)))
    return _copies_page(request, scope)


@page("POST")
def begin_copies(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Begin the lists for one package."""
    scope = _sit(request, public_id)
    packages = {each.public_id: each for each in packages_of(scope)}
    form = BeginForm(request.POST, reports=_report_choices(scope, request.actor))
    made = carried_out(form, lambda: _begun(request.actor, scope, form, packages))
    if made is None:
        return _copies_page(request, scope, tried=form)
    return done(
        request, f"{made.matter.reference} is open: both lists are kept there.", "reports:copies", scope.public_id
    )


@page("POST")
def propose(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record what the DCC considers should be redacted. Signed, as any decision."""
    return _list_redactions(request, public_id, body="DCC", outcome="PROPOSE")


@page("POST")
def direct(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record that the Panel directs copies, and what it specifies to be redacted. Signed, as any decision."""
    return _list_redactions(request, public_id, body="PANEL", outcome="DIRECT")


def _list_redactions(request: PageRequest, public_id: str, *, body: str, outcome: str) -> HttpResponseBase:
    found = _copies(request, public_id)
    step = _step_from(found.matter, body, outcome)
    check_can_record_decision(request.actor, found.matter, step=step)
    if (asked := require_recent_credentials(request, what=RECORDING)) is not None:
        return asked
    form = _decision_form(found.matter, step, request.POST, request.FILES)
    act = propose_redactions if outcome == "PROPOSE" else direct_copies
    made = carried_out(form, lambda: _recorded(request.actor, found, form, act))
    if made is None:
        return _copies_page(request, found.scope, tried=form, of=found)
    said = "The DCC's list is recorded." if body == "DCC" else "The Panel's direction is recorded."
    return done(request, said, "reports:copies", found.scope.public_id)


@page("POST")
def share(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Provide the Parties with the copies. Signed: it cannot be taken back."""
    found = _copies(request, public_id)
    check_can_share(request.actor, found)
    if (asked := require_recent_credentials(request, what="provide the Parties with these copies")) is not None:
        return asked
    form = ShareForm(request.POST)
    made = carried_out(form, lambda: provide_copies(copies=found, by=request.actor))
    if made is None:
        return _copies_page(request, found.scope, tried=form, of=found)
    return done(request, "The Parties have the copies.", "reports:copies", found.scope.public_id)


@page("POST")
def bring(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Keep a copy that was redacted elsewhere."""
    found = _copies(request, public_id)
    check_can_share(request.actor, found)
    form = BringForm(request.POST, request.FILES)
    made = carried_out(form, lambda: _brought(request.actor, found, form))
    if made is None:
        return _copies_page(request, found.scope, tried=form, of=found)
    return done(request, f"{made.file.name} is kept as the copy.", "reports:copies", found.scope.public_id)


@page("POST")
def make_copies(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Have the copies made again where their job failed; show the job."""
    found = _copies(request, public_id)
    return redirect("governance:job", request_copies(copies=found, by=request.actor).public_id)


def _sit(request: PageRequest, public_id: str) -> TestScope:
    if not request.actor.may("see_reports"):
        raise ActionDenied("SVTAD 13.17", "The reports of a phase are for those who govern it.")
    found: TestScope = get_object_or_404(scopes_for(request.actor), public_id=public_id, kind="SIT")
    return found


def _copies(request: PageRequest, public_id: str) -> PartyCopies:
    seen = PartyCopies.objects.visible_to(request.actor).filter(scope__in=scopes_for(request.actor))
    rows = seen.select_related(
        "scope__release", "matter__audience", "report__file", "report__assessment", "audit__file"
    )
    found: PartyCopies = get_object_or_404(rows, public_id=public_id)
    return found


def _begun(actor: Actor, scope: TestScope, form: BeginForm, packages: dict[str, Decision]) -> PartyCopies:
    wanted = form.cleaned_data
    return open_copies(
        scope=scope,
        package=packages.get(wanted["package"]),
        report=reports_filed(scope, actor).filter(public_id=wanted["report"]).first(),
        by=actor,
    )


def _brought(actor: Actor, found: PartyCopies, form: BringForm) -> PartyCopy:
    upload = form.cleaned_data["file"]
    with transaction.atomic():
        stored = keep_upload(
            upload,
            purpose=PARTY_COPY,
            audience=found.matter.audience,
            by=actor,
            is_synthetic=found.matter.is_synthetic,
        )
        return bring_copy(copies=found, report=form.cleaned_data["report"], file=stored, by=actor)


def _step_from(matter: Matter, body: str, outcome: str) -> Transition:
    rules = PROCEDURES[matter.procedure]
    same = [step for step in rules.transitions if (step.body, step.outcome) == (body, outcome)]
    return next((step for step in same if step.source == matter.state), same[0])


def _decision_form(matter: Matter, step: Transition, *data: Any, **kwargs: Any) -> DecisionForm:
    form = DecisionForm(
        *data, procedure=matter.procedure, step=step, severities=(), options=sections_named(matter), **kwargs
    )
    for name in _NOT_ASKED:
        form.fields.pop(name, None)
    return form


def _told(form: DecisionForm) -> dict[str, Any]:
    names = ("decided_at", "rationale", "meeting")
    return {name: form.cleaned_data[name] for name in names} | {
        "expected_state": form.cleaned_data["expected_state"] or None
    }


@transaction.atomic
def _recorded(actor: Actor, found: PartyCopies, form: DecisionForm, act: Callable[..., Decision]) -> Decision:
    upload = form.cleaned_data["document"]
    kept: Any = {"audience": found.matter.audience, "by": actor, "is_synthetic": found.matter.is_synthetic}
    document = keep_upload(upload, purpose="decision", **kept) if upload else None
    entries = form.given["redactions"]
    return act(copies=found, entries=entries, by=actor, document=document, **_told(form))


def _report_choices(scope: TestScope, actor: Actor) -> list[tuple[str, str]]:
    return [
        (
            each.public_id,
            f"{each.file.name}, made {clock.london_date(each.recorded_at):%-d %b %Y}, SHA-256 {each.file.sha256[:12]}…",
        )
        for each in reports_filed(scope, actor)
    ]


def _copies_page(
    request: PageRequest, scope: TestScope, *, tried: Form | None = None, of: PartyCopies | None = None
) -> HttpResponseBase:
    actor = request.actor
    shared = told(given(actor, scope=scope))
    reads_lists = not actor.organisation_kinds.isdisjoint({"DCC", "PANEL", "AUTHORITY", "SECRETARY_OF_STATE"})
    rows = _package_rows(actor, scope, tried=tried, of=of) if reads_lists else []
    standing = [each for each in shared if each.stands and each.replaced_by is None]
    context = {
        "title": f"{scope.name}: copies for the Parties",
        "scope": scope,
        "release": scope.release,
        "reads_lists": reads_lists,
        "rows": rows,
        "shared": shared,
        "standing": len(standing),
        "parts": PARTS,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "reports/pages/copies.html", context, status=400 if tried is not None else 200)


def _package_rows(actor: Actor, scope: TestScope, *, tried: Form | None, of: PartyCopies | None) -> list[PackageRow]:
    """Return each package, the last first, with what this person may do; what came without a package stands first."""
    packages = packages_of(scope)
    numbers = round_numbers(packages)
    held = lists_of(copies_of(scope, actor))
    by_package: dict[int | None, list[Lists]] = {}
    for each in held:
        by_package.setdefault(each.copies.package_id, []).append(each)
    may_begin, _ = allowed(check_can_open_copies, actor, scope)
    filed = list(reports_filed(scope, actor))
    choices = _report_choices(scope, actor)
    rows = []
    for package in [*reversed(packages), None]:
        found = by_package.get(package.pk if package is not None else None, [])
        number = numbers[package.pk] if package is not None else 0
        rows += [_listed(actor, package, number, lists, tried, of) for lists in found]
        if not may_begin or (package is None and packages):
            continue
        likely = likely_report(package, filed, scope)
        initial = {
            "package": package.public_id if package is not None else "",
            "report": likely.public_id if likely is not None else ELSEWHERE,
        }
        mine = isinstance(tried, BeginForm) and tried.data.get("package", "") == initial["package"]
        begin = tried if mine and isinstance(tried, BeginForm) else BeginForm(reports=choices, initial=initial)
        if found:
            rows[-1] = replace(rows[-1], begin=begin)
        else:
            rows.append(PackageRow(package, number, None, begin=begin))
    return rows


def _listed(
    actor: Actor, package: Decision | None, number: int, lists: Lists, tried: Form | None, of: PartyCopies | None
) -> PackageRow:
    mine = tried if of is not None and of.pk == lists.copies.pk else None
    matter = lists.copies.matter
    may_share, _ = allowed(check_can_share, actor, lists.copies)
    directed = lists.direction is not None
    wanting = [
        part
        for part, wanted in (
            ("COMPLETION_REPORT", lists.copies.report is None),
            ("SIT_AUDIT_REPORT", lists.copies.audit is not None and bool(lists.wanted("SIT_AUDIT_REPORT"))),
        )
        if wanted
    ]
    missing = lacking(lists)
    return PackageRow(
        package,
        number,
        lists,
        propose=_form_of(actor, matter, "DCC", "PROPOSE", lists, mine),
        direct=_form_of(actor, matter, "PANEL", "DIRECT", lists, mine),
        share=(mine if isinstance(mine, ShareForm) else ShareForm())
        if may_share and directed and not lists.is_shared and not missing
        else None,
        bring=tuple(
            (PARTS[part], _bring_form(part, mine)) for part in wanting if may_share and directed and not lists.is_shared
        ),
        lacking=missing if directed and not lists.is_shared else "",
        missing=tuple(lists.direction.missing) if lists.direction is not None else (),
    )


def _bring_form(part: str, tried: Form | None) -> BringForm:
    if isinstance(tried, BringForm) and tried.data.get("report") == part:
        return tried
    return BringForm(initial={"report": part})


def _form_of(
    actor: Actor, matter: Matter, body: str, outcome: str, lists: Lists, tried: Form | None
) -> DecisionForm | None:
    """Return the form of a step where it is listed now and this person may record it."""
    step = _step_from(matter, body, outcome)
    if step.source != matter.state or not allowed(check_can_record_decision, actor, matter, step=step)[0]:
        return None
    if isinstance(tried, DecisionForm) and tried.step.outcome == outcome:
        return tried
    last = lists.proposals[-1:] if outcome == "PROPOSE" or not lists.directions else lists.directions[-1:]
    held = last[0].data.get("redactions", []) if last else []
    initial = {"expected_state": matter.state, "decided_at": clock.now(), "redactions": held}
    return _decision_form(matter, step, initial=initial)


COPY_HEAD = ("Phase", "Report", "Provided", "State", "File", "Size", "SHA-256")
LIST_HEAD = (
    "Matter",
    "Report",
    "Part",
    "Which",
    "Proposed by the DCC",
    "Specified by the Panel",
    "Why",
    "Places found",
)


def _copy_row(each: Given) -> tuple[object, ...]:
    shared = each.shared
    return (
        shared.scope.name,
        each.words,
        shared.decision.decided_at,
        each.state,
        shared.file.name,
        shared.file.size,
        shared.file.sha256,
    )


def _list_rows(lists: Lists) -> Iterator[tuple[object, ...]]:
    found = lists.found
    for each in lists.compared:
        entry = each.entry
        yield (
            lists.copies.matter.reference,
            entry.of,
            entry.kind,
            entry.title,
            "yes" if each.proposed else "no",
            "yes" if each.specified else "no",
            entry.why,
            found.get(entry.which, ""),
        )
