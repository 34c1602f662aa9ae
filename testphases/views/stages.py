"""The Test Stages of a phase (12.4): what is planned, their gates and criteria, starting and finishing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.stages import TRANSITIONS
from svtad.rulebook.vocabulary import StageState
from testphases import actions
from testphases.actions.stages import FINISHES_IN, STARTS_IN
from testphases.forms import ReasonForm as WithdrawForm
from testphases.forms import StageAnswerForm, StageCriterionForm, StageForm, StageMoveForm, StagePlanForm
from testphases.models import StageCriterion, TestScope, TestStage
from testphases.policies import check_can_enter_stage_criterion, check_can_manage_phases
from testphases.queries.stages import StageAt, StageGate, stages_at
from testphases.views.phases import visible_scope

#: What a move is called on its button.
MOVES = {StageState.RUNNING: "Start it", StageState.DONE: "Finish it"}


@dataclass(frozen=True)
class Row:
    """One stage as the page shows it, with the forms of what may be done to it now."""

    held: StageAt
    to_state: StageState | None
    refused: str
    plan_form: Form
    move_form: Form
    criterion_form: Form
    answer_form: Form
    withdraw_form: Form
    tried: str

    @property
    def verb(self) -> str:
        """Return what its next move is called."""
        return MOVES[self.to_state] if self.to_state else ""


@page("GET", "POST")
def stages(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List a phase's stages, as they stand or stood (`?as_at=`); add one."""
    scope = visible_scope(request, public_id)
    if request.method == "GET":
        return _page(request, scope)
    form = StageForm(request.POST)
    made = carried_out(form, lambda: actions.add_stage(scope=scope, **form.cleaned_data, by=request.actor))
    if made is None:
        return _page(request, scope, tried=("", "stage", form))
    return done(request, f"{made} is added.", "testphases:stages", public_id)


@page("POST")
def plan(request: PageRequest, public_id: str, stage_id: str) -> HttpResponseBase:
    """Record what the test plan says of a stage."""
    stage, form = _stage(request, public_id, stage_id), StagePlanForm(request.POST, prefix=f"plan-{stage_id}")
    return _act(request, stage, "plan", form, "Recorded.", lambda: _plan(stage, form, request))


def _plan(stage: TestStage, form: Form, request: PageRequest) -> object:
    return actions.plan_stage(stage=stage, **form.cleaned_data, by=request.actor)


@page("POST")
def move(request: PageRequest, public_id: str, stage_id: str) -> HttpResponseBase:
    """Start or finish a stage; a gate that is not open refuses it."""
    stage, form = _stage(request, public_id, stage_id), StageMoveForm(request.POST, prefix=f"move-{stage_id}")
    return _act(
        request,
        stage,
        "move",
        form,
        "Recorded.",
        lambda: actions.move_stage(stage=stage, **form.cleaned_data, by=request.actor),
    )


@page("POST")
def enter_criterion(request: PageRequest, public_id: str, stage_id: str) -> HttpResponseBase:
    """Enter a criterion of a stage's gate."""
    stage = _stage(request, public_id, stage_id)
    form = StageCriterionForm(request.POST, prefix=f"criterion-{stage_id}")
    return _act(
        request,
        stage,
        "criterion",
        form,
        "The criterion is entered.",
        lambda: actions.enter_stage_criterion(stage=stage, **form.cleaned_data, by=request.actor),
    )


@page("POST")
def answer(request: PageRequest, public_id: str, stage_id: str, criterion_id: str) -> HttpResponseBase:
    """Record whether a criterion of a stage is met."""
    stage = _stage(request, public_id, stage_id)
    criterion = get_object_or_404(StageCriterion, stage=stage, public_id=criterion_id)
    form = StageAnswerForm(request.POST, prefix=f"answer-{stage_id}")

    def act() -> object:
        given = form.cleaned_data
        return actions.answer_stage_criterion(
            criterion=criterion, met=given["met"] == "yes", reasons=given["reasons"], by=request.actor
        )

    return _act(request, stage, criterion_id, form, "The answer is recorded.", act)


@page("POST")
def withdraw(request: PageRequest, public_id: str, stage_id: str, criterion_id: str) -> HttpResponseBase:
    """Withdraw a criterion of a stage."""
    stage = _stage(request, public_id, stage_id)
    criterion = get_object_or_404(StageCriterion, stage=stage, public_id=criterion_id)
    form = WithdrawForm(request.POST, prefix=f"withdraw-{stage_id}")

    def act() -> bool:
        actions.withdraw_stage_criterion(criterion=criterion, **form.cleaned_data, by=request.actor)
        return True

    return _act(request, stage, criterion_id, form, "The criterion is withdrawn.", act)


def _stage(request: PageRequest, public_id: str, stage_id: str) -> TestStage:
    scope = visible_scope(request, public_id)
    found: TestStage = get_object_or_404(TestStage.objects.select_related("scope"), scope=scope, public_id=stage_id)
    return found


def _act(
    request: PageRequest, stage: TestStage, name: str, form: Form, said: str, act: Callable[[], object]
) -> HttpResponseBase:
    scope = visible_scope(request, stage.scope.public_id)
    if carried_out(form, act) is None:
        return _page(request, scope, tried=(stage.public_id, name, form))
    return done(request, f"{stage}: {said[0].lower()}{said[1:]}", "testphases:stages", scope.public_id)


def _page(request: PageRequest, scope: TestScope, *, tried: tuple[str, str, Form] | None = None) -> HttpResponseBase:
    moment = moment_of(request) if request.method == "GET" else None
    may, refused = allowed(check_can_manage_phases, request.actor)
    may_enter, _ = allowed(check_can_enter_stage_criterion, request.actor)
    held = stages_at(scope, moment)
    stage_id, name, form = tried or ("", "", None)
    rows = [
        _row(each, (name, form) if each.stage.public_id == stage_id and form is not None else None) for each in held
    ]
    running = sum(1 for each in held if each.state is StageState.RUNNING)
    context: dict[str, Any] = {
        "title": f"{scope.name}: Test Stages",
        "scope": scope,
        "release": scope.release,
        "rows": rows,
        "running": running,
        "finished": sum(1 for each in held if each.state is StageState.DONE),
        "stage_form": form if name == "stage" else StageForm(),
        "adding": name == "stage",
        "may": may and moment is None,
        "may_enter": may_enter and moment is None,
        "refused": "" if moment else refused,
        "as_at": moment,
        "can_look_back": True,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "testphases/stages.html", context, status=400 if tried else 200)


def _refused(held: StageAt, to_state: StageState, gate: StageGate) -> str:
    """Return why the next move cannot be made now: outside the phase's own time, or its gate is not open."""
    scope = held.stage.scope
    within = STARTS_IN if to_state is StageState.RUNNING else FINISHES_IN
    if scope.state not in within:
        does = "starts" if to_state is StageState.RUNNING else "finishes"
        return f"12.4: a stage {does} within its Test Phase, which is {scope.get_state_display().lower()}."
    return "" if gate.judged.verdict.opens_gate else f"12.4: {gate.judged.summary}"


def _row(held: StageAt, tried: tuple[str, Form] | None) -> Row:
    following = TRANSITIONS[held.state]
    to_state = following[0] if following else None
    gate = held.entry if to_state is StageState.RUNNING else held.exit
    refused = "" if to_state is None else _refused(held, to_state, gate)
    name, form = tried or ("", None)
    key = held.stage.public_id
    plan = held.plan
    planned = (
        {each: getattr(plan, each) for each in ("starts_on", "ends_on", "has_entry_gate", "has_exit_gate", "test_plan")}
        if plan
        else {}
    )
    is_criterion = name not in ("", "plan", "move", "criterion")

    def given(what: str, otherwise: Form) -> Form:
        return form if form is not None and name == what else otherwise

    answered = form if is_criterion and isinstance(form, StageAnswerForm) else None
    withdrawn = form if is_criterion and isinstance(form, WithdrawForm) else None
    return Row(
        held=held,
        to_state=to_state,
        refused=refused,
        plan_form=given("plan", StagePlanForm(prefix=f"plan-{key}", initial=planned)),
        move_form=given("move", StageMoveForm(prefix=f"move-{key}", initial={"to_state": to_state})),
        criterion_form=given("criterion", StageCriterionForm(prefix=f"criterion-{key}")),
        answer_form=answered or StageAnswerForm(prefix=f"answer-{key}"),
        withdraw_form=withdrawn or WithdrawForm(prefix=f"withdraw-{key}"),
        tried=name,
    )
