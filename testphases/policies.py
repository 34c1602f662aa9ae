"""Who may do what to a Test Phase, its plan and its runs. Each check raises `ActionDenied`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor
from svtad.parties.models import OrganisationKind
from svtad.rulebook.vocabulary import CriterionGate, ReleaseState
from testphases.models import CapabilityRelease, TestScope, TestStage
from testphases.queries.stages import plan_at

#: Looks at a scope that is about to move and raises `Refused` where something above testphases forbids it.
ScopeGuard = Callable[[TestScope], None]

_guards: dict[str, list[ScopeGuard]] = {}


def guard_move(to_state: str, guard: ScopeGuard) -> None:
    """Have `guard` asked before any scope moves to `to_state`.

    The gates app stands above this one and knows whether 12.5 or 12.6 is met; it says so by a guard,
    so that no code path moves a phase past a gate that the software keeps.
    """
    registered = _guards.setdefault(to_state, [])
    if guard not in registered:
        registered.append(guard)


def ask_guards(scope: TestScope, to_state: str) -> None:
    """Raise `Refused` where a guard of `to_state` forbids the move."""
    for guard in _guards.get(to_state, ()):
        guard(scope)


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a move of a release was judged by: the rulebook's facts and findings as JSON, empty where nothing was."""

    facts: dict[str, Any] = field(default_factory=dict)
    facts_sha256: str = ""
    findings: list[Any] = field(default_factory=list)


#: Judges whether a release may move to a state; returns what that rests on, or raises `Refused`.
ReleaseJudge = Callable[[CapabilityRelease, ReleaseState], Basis]
_release_judges: list[ReleaseJudge] = []


def judge_releases_by(judge: ReleaseJudge) -> None:
    """Have `judge` asked before any release moves: the app above knows 7.2, 7.3 and 9.8. The last counts."""
    _release_judges[:] = [judge]


def judged_for_move(release: CapabilityRelease, to_state: ReleaseState) -> Basis:
    """Return what the move rests on. Raises `Refused` where what the state asks for is not met."""
    return _release_judges[0](release, to_state) if _release_judges else Basis()


def has_gate(stage: TestStage, gate: str) -> bool:
    """Return whether the test plan gives a stage that gate now."""
    plan = plan_at(stage, None)
    if plan is None:
        return False
    return plan.has_entry_gate if gate == CriterionGate.ENTRY else plan.has_exit_gate


def provider_limit(actor: Actor) -> frozenset[int] | None:
    """Return the organisations whose planned tests the actor is held to; None where it is held to none.

    The DCC and the system act for every DCC Service Provider; a provider's people and tooling act
    for their own only.
    """
    if actor.kind == "SYSTEM" or OrganisationKind.DCC in actor.organisation_kinds:
        return None
    return actor.organisation_pks


def _require(actor: Actor, permission: str, reason: str, clause: str = "") -> None:
    if not actor.may(permission):
        raise ActionDenied(clause, reason)


def _require_sight(actor: Actor, scope: TestScope) -> None:
    if not TestScope.objects.visible_to(actor).filter(pk=scope.pk).exists():
        raise ActionDenied("", "You take no part in this Test Phase.")


def check_can_manage_phases(actor: Actor) -> None:
    """Programmes, releases, phases, their stages, participants and states are the DCC's to manage."""
    _require(actor, "manage_phase", "Only the DCC test manager manages Test Phases.", "SVTAD 12.2")


def check_can_plan(actor: Actor, scope: TestScope) -> None:
    """Whether the actor may change the plan of `scope`; a provider's own tests only (see `provider_limit`)."""
    _require(actor, "plan_tests", "You may not change what is planned in a Test Phase.", "SVTAD 9.1")
    _require_sight(actor, scope)


def check_can_record_runs(actor: Actor, scope: TestScope) -> None:
    """Whether the actor may send in results for `scope`; for a provider's own tests only (see `provider_limit`)."""
    _require(actor, "import_results", "You may not send in test results.")
    _require_sight(actor, scope)


def check_can_void(actor: Actor) -> None:
    """A run is declared void by the DCC, with a reason."""
    _require(actor, "manage_phase", "Only the DCC test manager declares a run void.")


def check_can_assure(actor: Actor) -> None:
    """Runs are assured as passed by the DCC (9.5(b))."""
    _require(actor, "manage_phase", "Only the DCC assures runs as passed.", "SVTAD 9.5(b)")


def check_can_propose_descoping(actor: Actor) -> None:
    """A de-scoping is proposed by the DCC (12.6(a))."""
    if not actor.may("open_matter"):  # the registrar opens what the DCC proposes
        _require(actor, "propose", "Only the DCC proposes that a planned test be de-scoped.", "SVTAD 12.6(a)")


def check_can_enter_stage_criterion(actor: Actor) -> None:
    """The criteria of a Test Stage are entered from the test plan by the DCC, or an administrator (12.4)."""
    if not actor.may("set_parameter"):
        _require(actor, "manage_phase", "Only the DCC enters the criteria of a Test Stage.", "SVTAD 12.4")


def check_can_record_eligibility(actor: Actor) -> None:
    """How far a Party has come with Eligibility Testing is the DCC's to record (13.25)."""
    _require(actor, "manage_phase", "Only the DCC records a Party's Eligibility Testing.", "SVTAD 13.25")
