"""The page of a phase: whether it can exit (or start), why not, and what can be done about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from svtad.gates.actions import assess
from svtad.gates.gathering import gather
from svtad.gates.models import Assessment
from svtad.gates.policies import check_can_assess
from svtad.gates.queries import (
    assessment_at,
    findings_for,
    is_stale,
    latest_assessment,
    latest_assessments,
    own_cells_only,
    phase_kind_for,
    provider_names,
    short_findings_for,
)
from svtad.gates.queries.determinations import determinations_of
from svtad.gates.queries.signed import revoked_before
from svtad.gates.views.checklist import STEP_TITLES, Checklist, checklist, sentence
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, done, moment_of, page
from svtad.rulebook.findings import Finding, Judgement
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases.models import TestScope
from testphases.queries import scopes_for
from testphases.queries.stages import stages_held_up

#: How much of what stands in the way of one criterion a page names; the rest is a CSV away.
LISTED = 20


@page("GET")
def phase(request: PageRequest, public_id: str) -> HttpResponseBase:
    """The exit checklist: the latest judgement at the step asked for, or one of a past moment (`?as_at=`)."""
    scope = visible_scope(request, public_id)
    steps = exit_steps(scope)
    asked = request.GET.get("step", "")
    step = Step(asked) if asked in steps else (steps[-1] if steps else Step.PANEL)
    return _checklist_page(request, scope, step, "exit")


@page("GET")
def entry(request: PageRequest, public_id: str) -> HttpResponseBase:
    """The entry checklist (12.5)."""
    return _checklist_page(request, visible_scope(request, public_id), Step.ENTRY, "entry")


@page("POST")
def judge_again(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Judge a phase at a step, now or as at a past moment, and keep the judgement."""
    scope = visible_scope(request, public_id)
    text = request.POST.get("step", "")
    if text not in Step.__members__:
        raise Http404
    moment = None
    if request.POST.get("as_at"):
        moment = dt.datetime.fromisoformat(request.POST["as_at"])
    made, new = assess(scope=scope, step=Step(text), as_at=moment, by=request.actor, trigger="request")
    said = "Judged." if new else "Judged again: the facts are the same, so the judgement that is there stands."
    if moment is not None:
        return done(request, said, "gates:assessment", made.public_id)
    to = "gates:entry" if text == Step.ENTRY else "gates:phase"
    return done(request, said, f"{reverse(to, args=[public_id])}?step={text}")


@page("GET")
def assessments(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List the judgements of a phase that are kept; `?step=` narrows, `?as=csv` sends the same."""
    scope = visible_scope(request, public_id)
    rows = Assessment.objects.visible_to(request.actor).filter(scope=scope).order_by("-pk")
    step = request.GET.get("step", "")
    if step in Step.__members__:
        rows = rows.filter(step=step)
    rows = rows.defer("facts")
    names = provider_names(rows.order_by().values_list("provider_id_text", flat=True).distinct())
    if request.GET.get("as") == "csv":
        return csv_response(
            f"judgements-{scope.kind}.csv".lower(),
            ("Judged", "As at", "Step", "Of", "Verdict", "Edition", "Facts SHA-256", "Trigger", "By"),
            (
                (
                    each.recorded_at,
                    each.as_at,
                    each.step,
                    names.get(each.provider_id_text, ""),
                    each.verdict,
                    f"{each.document} v{each.version}",
                    each.facts_sha256,
                    each.trigger,
                    each.recorded_by,
                )
                for each in rows.iterator(chunk_size=500)
            ),
        )
    context = {
        "title": f"{scope.name}: judgements",
        "may_compare": own_cells_only(request.actor) is None,
        "scope": scope,
        "release": scope.release,
        "assessments": paged(request, rows, size=50),
        "steps": [(each, STEP_TITLES[each]) for each in (Step.ENTRY, *exit_steps(scope))],
        "step": step,
        "titles": STEP_TITLES,
        "names": names,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/assessments.html", context)


@page("GET")
def assessment(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One kept judgement, for good."""
    found = visible_assessment(request, public_id)
    scope = visible_scope(request, found.scope.public_id)
    step = Step(found.step)
    findings, totals = short_findings_for(request.actor, found, most=LISTED)
    made = checklist(findings, scope=scope, actor=request.actor, totals=totals)
    provider = provider_names([found.provider_id_text]).get(found.provider_id_text, "")
    context = {
        **_shared(request, scope, step, made),
        "sentence": sentence(scope, step, made, provider=provider),
        "provider": provider,
        "title": f"{scope.name}: judged {found.recorded_at:%d %b %Y}",
        "determined": determinations_of(scope, request.actor, moment=now()),
        "assessment": found,
        "tab": "history",
        "kept": True,
        "may_report": request.actor.may("generate_report") and scope.kind != "PIT" and step is not Step.ENTRY,
        "may_pack": request.actor.may("generate_report") and request.actor.may("see_all_phases"),
        "stale": False,
    }
    return render(request, "gates/phase.html", context)


@page("GET")
def in_the_way(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send as CSV all that stands in the way of a criterion (`?criterion=`), or of each."""
    found = visible_assessment(request, public_id)
    wanted = request.GET.get("criterion", "")
    rows = (
        (finding.key, finding.citation.clause, blocker.kind, blocker.reference, blocker.text, blocker.pending)
        for finding in findings_for(request.actor, found)
        if wanted in ("", finding.key)
        for blocker in finding.blockers
    )
    head = ("Criterion", "Clause", "Kind", "Reference", "What stands in the way", "Waits for a decision")
    return csv_response("in-the-way.csv", head, rows)


@page("GET")
def facts(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send the facts of a judgement as JSON, byte for byte what the rulebook's command line judges."""
    found = visible_assessment(request, public_id)
    if not request.actor.may("see_all_phases"):
        raise ActionDenied(
            "", "The facts of a phase name all its DCC Service Providers: those who govern may have them."
        )
    response = HttpResponse(found.facts, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="facts-{found.facts_sha256[:12]}.json"'
    return response


@page("GET")
def ledger(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Which issues count against the thresholds and which do not, why, and by whose determination."""
    scope = visible_scope(request, public_id)
    steps = exit_steps(scope)
    stood = _stood(request, scope, _last_judged(scope, steps)) if steps else Stood()
    latest = stood.assessment
    made = checklist(stood.findings, scope=scope, actor=request.actor) if stood.is_judged else None
    rows = sorted(made.ledger, key=lambda row: row.reference) if made else []
    counted = request.GET.get("counted", "")
    provider = request.GET.get("provider", "")
    names = (
        {cell.provider: cell.provider_name for line in made.lines for cell in line.finding.thresholds} if made else {}
    )
    if counted in ("yes", "no"):
        rows = [row for row in rows if row.counted == (counted == "yes")]
    if provider:
        rows = [row for row in rows if (row.provider or "none") == provider]
    if request.GET.get("as") == "csv":
        return csv_response(
            f"what-counts-{scope.kind}.csv".lower(),
            (
                "Issue",
                "Title",
                "Counts",
                "Why",
                "Clause",
                "Decision",
                "Answers for it",
                "Severity",
                "Release",
                "Phase",
                "Origin",
                "Disputed",
            ),
            (
                (
                    row.reference,
                    row.title,
                    row.counted,
                    row.why,
                    row.clause,
                    row.decision,
                    names.get(row.provider or "", ""),
                    row.severity,
                    row.raised_release,
                    row.raised_phase_kind,
                    row.origin,
                    row.disputed,
                )
                for row in rows
            ),
        )
    context = {
        "title": f"{scope.name}: what counts",
        "scope": scope,
        "release": scope.release,
        "latest": latest,
        "rows": paged(request, [(row, names.get(row.provider or "", "")) for row in rows]),
        "counting": sum(1 for row in made.ledger if row.counted) if made else 0,
        "total": len(made.ledger) if made else 0,
        "names": sorted(names.items(), key=lambda item: item[1]),
        "matters": made.matters if made else {},
        "chosen": {"counted": counted, "provider": provider},
        "as_at": stood.moment,
        "refusal": stood.refusal,
        "can_look_back": True,
        "stale": is_stale(latest) if latest and stood.moment is None else False,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/ledger.html", context)


def visible_scope(request: PageRequest, public_id: str) -> TestScope:
    """Return the phase of that id, or 404 where the person may not see one."""
    found: TestScope = get_object_or_404(scopes_for(request.actor), public_id=public_id)
    return found


def visible_assessment(request: PageRequest, public_id: str) -> Assessment:
    """Return the judgement of that id, or 404 where the person may not see one."""
    seen = Assessment.objects.visible_to(request.actor).select_related(
        "scope__release__programme", "scope__governed_by"
    )
    found: Assessment = get_object_or_404(seen, public_id=public_id)
    return found


def exit_steps(scope: TestScope) -> tuple[Step, ...]:
    """Return the exit steps of the phase's kind under its edition, in order; none where none is held."""
    kind = phase_kind_for(scope)
    return tuple(step for step in kind.steps if step is not Step.ENTRY) if kind else ()


def _checklist_page(request: PageRequest, scope: TestScope, step: Step, tab: str) -> HttpResponseBase:
    stood = _stood(request, scope, step, most=LISTED)
    moment, latest, judged = stood.moment, stood.assessment, stood.judged
    made: Checklist | None = None
    if stood.is_judged:
        made = checklist(stood.findings, scope=scope, actor=request.actor, totals=stood.totals)
    past = (
        {"past_sha256": judged.facts_sha256, "past_edition": f"{judged.document} v{judged.version}"} if judged else {}
    )
    context = {
        **_shared(request, scope, step, made),
        **past,
        "title": f"{scope.name}: {'entry' if step is Step.ENTRY else 'exit'}",
        "determined": determinations_of(scope, request.actor, moment=moment or now()),
        "revoked": revoked_before(scope, request.actor, moment=moment or now()),
        "held_up": stages_held_up(scope, moment) if tab == "exit" else [],
        "assessment": latest,
        "tab": tab,
        "refusal": stood.refusal,
        "as_at": moment,
        "stale": is_stale(latest) if latest and moment is None else False,
    }
    return render(request, "gates/phase.html", context)


@dataclass(frozen=True)
class Stood:
    """Where a phase stands, or stood at a past moment: what was judged of it, as far as the person may see that."""

    moment: dt.datetime | None = None
    assessment: Assessment | None = None
    judged: Judgement | None = None
    findings: tuple[Finding, ...] = ()
    totals: dict[str, int] | None = None
    refusal: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether there is a judgement to show."""
        return self.assessment is not None or self.judged is not None


def _stood(request: PageRequest, scope: TestScope, step: Step, *, most: int | None = None) -> Stood:
    """Return the latest judgement at a step, or how the phase stood at the moment asked for (`?as_at=`).

    Of the present at most `most` of what stands in the way of each criterion.
    """
    moment = moment_of(request)
    if moment is not None and own_cells_only(request.actor) is None:
        try:
            judged = judge(gather(scope, as_at=moment), step=step)
        except Refused as refused:
            return Stood(moment=moment, refusal=str(refused))
        return Stood(moment=moment, judged=judged, findings=judged.findings)
    # A provider is shown what was judged and kept by then: only kept judgements are cut down to its own cells.
    latest = assessment_at(scope, step, moment=moment) if moment else latest_assessment(scope, step)
    if latest is None:
        return Stood(moment=moment)
    if most is None:
        return Stood(moment=moment, assessment=latest, findings=findings_for(request.actor, latest))
    found, totals = short_findings_for(request.actor, latest, most=most)
    return Stood(moment=moment, assessment=latest, findings=found, totals=totals)


def _last_judged(scope: TestScope, steps: tuple[Step, ...]) -> Step:
    """Return the step that was judged last: what counts is the same at each, and the newest judgement says it best."""
    held = latest_assessments([scope], steps=steps)
    return Step(max(held.values(), key=lambda each: each.pk).step) if held else steps[-1]


def _shared(request: PageRequest, scope: TestScope, step: Step, made: Checklist | None) -> dict[str, Any]:
    may, refused = allowed(check_can_assess, request.actor, scope)
    return {
        "scope": scope,
        "release": scope.release,
        "step": step,
        "step_title": STEP_TITLES[step],
        "steps": [(each, STEP_TITLES[each]) for each in exit_steps(scope)] if step is not Step.ENTRY else [],
        "made": made,
        "sentence": sentence(scope, step, made) if made else "",
        "own_view": own_cells_only(request.actor) is not None,
        "kind_held": phase_kind_for(scope) is not None,
        "may_judge": may,
        "judge_refused": refused,
        "may_have_facts": request.actor.may("see_all_phases"),
        "can_look_back": True,
        "synthetic": scope.is_synthetic,
    }
