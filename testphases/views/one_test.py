"""One planned test: its versions of plan, its runs, and what may be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import keep_upload
from svtad.governance.models import StoredFile
from svtad.intake.models import ImportBatch
from svtad.lib import clock
from svtad.parties.policies import allowed
from svtad.parties.views.lists import paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from testphases import actions
from testphases.forms import EditPlanForm, ReasonForm, RunEvidenceForm
from testphases.models import DescopeItem, PlannedTest, TestRun
from testphases.policies import check_can_assure, check_can_plan, check_can_record_runs, check_can_void
from testphases.queries import current_exit_versions, runs_of
from testphases.views.tests import may_descope


@page("GET")
def test(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show a planned test with its run history."""
    return _test_page(request, _visible_test(request, public_id))


@page("POST")
def edit(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Change what is planned about a test; a new version opens."""
    found = _visible_test(request, public_id)
    form = EditPlanForm(request.POST)
    return _act(
        request,
        found,
        "edit",
        form,
        lambda: actions.edit_planned_test(planned_test=found, **form.cleaned_data, by=request.actor),
        "The plan is changed; what it was before stays readable.",
    )


@page("POST")
def void(request: PageRequest, run_key: str) -> HttpResponseBase:
    """Declare a run void, with a reason."""
    run = _visible_run(request, run_key)
    form = ReasonForm(request.POST, prefix=f"void-{run.pk}")
    return _act(
        request,
        run.planned_test,
        f"void-{run.pk}",
        form,
        lambda: actions.void_run(run=run, **form.cleaned_data, by=request.actor),
        "The run is void. It stays listed.",
    )


@page("POST")
def assure(request: PageRequest, run_key: str) -> HttpResponseBase:
    """Assure a run as passed (9.5(b))."""
    run = _visible_run(request, run_key)
    actions.assure_runs(scope=run.scope, runs=[run], by=request.actor)
    return done(request, "The run is assured.", "testphases:test", run.planned_test.public_id)


@page("POST")
def add_evidence(request: PageRequest, run_key: str) -> HttpResponseBase:
    """Attach a file to a run, or say why none is needed (12.6(d))."""
    run = _visible_run(request, run_key)
    form = RunEvidenceForm(request.POST, request.FILES, prefix=f"evidence-{run.pk}")
    return _act(
        request, run.planned_test, f"evidence-{run.pk}", form, lambda: _attach(request, run, form), "Evidence recorded."
    )


@transaction.atomic
def _attach(request: PageRequest, run: TestRun, form: RunEvidenceForm) -> int:
    upload = form.cleaned_data["file"]
    about: Any = {"audience": actions.scope_audience(scope=run.scope), "is_synthetic": run.scope.is_synthetic}
    stored = keep_upload(upload, purpose="run_evidence", by=request.actor, **about) if upload else None
    return actions.attach_run_evidence(
        runs=[run], file=stored, no_file_needed=form.cleaned_data["no_file_needed"], by=request.actor
    )


def _visible_test(request: PageRequest, public_id: str) -> PlannedTest:
    seen = PlannedTest.objects.visible_to(request.actor).select_related(
        "scope__release__programme", "scope__governed_by__document", "definition", "dmc"
    )
    found: PlannedTest = get_object_or_404(seen, public_id=public_id)
    return found


def _visible_run(request: PageRequest, run_key: str) -> TestRun:
    seen = TestRun.objects.visible_to(request.actor).select_related(
        "scope__release", "planned_test__scope__release", "planned_test__definition", "planned_test__dmc"
    )
    found: TestRun = get_object_or_404(seen, run_key=run_key)
    return found


def _act(
    request: PageRequest, test: PlannedTest, name: str, form: Form, act: Callable[[], object], said: str
) -> HttpResponseBase:
    if carried_out(form, act) is None:
        return _test_page(request, test, tried={name: form})
    return done(request, said, "testphases:test", test.public_id)


def _test_page(request: PageRequest, test: PlannedTest, *, tried: dict[str, Form] | None = None) -> HttpResponseBase:
    given = tried or {}
    versions = list(test.versions.select_related("provider", "stage").order_by("-number"))
    current = next((version for version in versions if version.valid_to is None), None)
    latest = getattr(test, "latest", None)
    runs = paged(request, runs_of(test, request.actor).prefetch_related("later_evidence__file"), size=50)
    may_plan, plan_refused = allowed(check_can_plan, request.actor, test.scope)
    may_void, void_refused = allowed(check_can_void, request.actor)
    frozen = current_exit_versions(test.scope)
    sent_in = ImportBatch.objects.visible_to(request.actor).filter(pk__in=[run.batch_id for run in runs.object_list])
    visible = set(sent_in.values_list("pk", flat=True))
    readable = _readable(request, runs.object_list)
    for run in runs.object_list:
        run.sees_batch = run.batch_id in visible
        run.sees_evidence = run.evidence_id in readable
        run.later = [(each, each.file_id in readable) for each in run.later_evidence.all()]
        run.is_void = hasattr(run, "void")
        run.is_assured = hasattr(run, "assurance")
        run.counts = latest is not None and latest.execution_id == run.pk
        run.on_exit = frozen is not None and run.version_set_id == frozen.version_set_id
        run.void_form = given.get(f"void-{run.pk}") or ReasonForm(prefix=f"void-{run.pk}")
        run.evidence_form = given.get(f"evidence-{run.pk}") or RunEvidenceForm(prefix=f"evidence-{run.pk}")
        run.open = f"void-{run.pk}" in given or f"evidence-{run.pk}" in given
    context: dict[str, Any] = {
        "title": test.definition.external_id,
        "scope": test.scope,
        "release": test.scope.release,
        "test": test,
        "versions": versions,
        "current": current,
        "latest": latest,
        "runs": runs,
        "frozen": frozen,
        "descoping": test.descopings.in_effect(clock.now()).first(),
        "requests": DescopeItem.objects.filter(planned_test=test).select_related("request__matter"),
        "edit_form": given.get("edit") or _edit_form(current),
        "edit_open": "edit" in given,
        "may_plan": may_plan,
        "plan_refused": plan_refused,
        "may_void": may_void,
        "void_refused": void_refused,
        "may_assure": allowed(check_can_assure, request.actor)[0],
        "may_attach": allowed(check_can_record_runs, request.actor, test.scope)[0],
        "may_descope": may_descope(request.actor, test.scope),
        "synthetic": test.scope.is_synthetic,
    }
    return render(request, "testphases/test.html", context, status=400 if tried else 200)


def _readable(request: PageRequest, runs: Iterable[TestRun]) -> set[int]:
    """Return which files of these runs the person may open: a file of several providers is nobody's among them."""
    held = {run.evidence_id for run in runs}
    held |= {each.file_id for run in runs for each in run.later_evidence.all()}
    found = StoredFile.objects.visible_to(request.actor).filter(pk__in=held - {None})
    return set(found.values_list("pk", flat=True))


def _edit_form(current: Any) -> EditPlanForm:
    if current is None:
        return EditPlanForm()
    names = ("title", "functional_group", "requirement")
    return EditPlanForm(initial={name: getattr(current, name) for name in names})
