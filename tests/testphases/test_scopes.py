"""Programmes, releases, phases: what the edition knows, who takes part, which state follows which."""

from __future__ import annotations

import pytest

from svtad.audit.models import AuditEvent
from svtad.governing.models import DocumentVersion
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases import actions, policies
from testphases.actions.scopes import TRANSITIONS
from testphases.models import ScopeParticipation, ScopeStateChange, TestScope
from testphases.models.scopes import ScopeState
from testphases.queries import current_exit_versions, participants, scopes_called, scopes_for
from tests.testphases.world import DAY, actor, at, make_world

pytestmark = pytest.mark.django_db


def _scope(world, kind, **more):
    given = {"release": world.release, "governed_by": world.document, "by": world.manager, "at": DAY}
    return actions.create_scope(kind=kind, **(given | more))


def test_the_edition_says_which_phase_kinds_there_are(world):
    assert _scope(world, "INTERFACE").name == "IOC Interface Testing"
    with pytest.raises(InvalidInput, match="knows no phase kind “SMOKE”"):
        _scope(world, "SMOKE")


def test_the_edition_says_which_releases_there_are_and_in_which_order(world):
    programme = world.release.programme
    make = {"programme": programme, "by": world.manager, "at": DAY}
    stray = actions.create_release(code="XOC", name="X", position=9, **make)
    with pytest.raises(InvalidInput, match="no release “XOC”"):
        _scope(world, "SIT", release=stray)
    early = actions.create_release(code="MOC", name="Middle", position=0, **make)
    with pytest.raises(InvalidInput, match="MOC, IOC; not IOC, MOC"):
        _scope(world, "SIT", release=early)


def test_a_document_without_an_edition_takes_any_kind(world):
    other = DocumentVersion.objects.create(document=world.document.document, version="9.9", recorded_at=DAY)
    assert _scope(world, "SMOKE", governed_by=other).kind == "SMOKE"


def test_there_is_one_phase_of_a_kind_in_a_release_or_one_for_each_provider(world):
    with pytest.raises(InvalidInput, match="has IOC SIT already"):
        _scope(world, "SIT")
    for provider in (world.alpha, world.beta):
        phase = _scope(world, "PIT", provider=provider)
        assert list(participants(phase)) == [provider]
    with pytest.raises(InvalidInput, match="already"):
        _scope(world, "PIT", provider=world.alpha)


def test_a_phase_of_one_providers_own_takes_no_other_in(world):
    phase = _scope(world, "PIT", provider=world.alpha)
    with pytest.raises(Refused, match="own"):
        actions.add_participant(scope=phase, organisation=world.beta, by=world.manager, at=DAY)
    actions.plan_tests(scope=phase, rows=[actions.PlanRow(external_id="a")], by=world.manager, at=DAY)
    assert phase.planned_tests.get().versions.get().provider == world.alpha


def test_who_took_part_is_known_for_every_moment(world):
    actions.end_participation(
        scope=world.scope, organisation=world.beta, reason="left", by=world.manager, at=at(days=2)
    )
    assert set(participants(world.scope)) == {world.alpha}
    assert set(participants(world.scope, at(days=1))) == {world.alpha, world.beta}
    with pytest.raises(Refused):
        actions.end_participation(
            scope=world.scope, organisation=world.beta, reason="left", by=world.manager, at=at(days=3)
        )
    actions.add_participant(scope=world.scope, organisation=world.alpha, by=world.manager, at=at(days=3))
    assert ScopeParticipation.objects.filter(organisation=world.alpha).count() == 1


STATES = [state.value for state in ScopeState]


@pytest.mark.clause("SVTAD 1.23", "12.5", "12.6")
@pytest.mark.parametrize("source", STATES)
@pytest.mark.parametrize("target", STATES)
def test_a_phase_moves_only_as_listed(world, source, target):
    TestScope.objects.filter(pk=world.scope.pk).update(state=source)
    move = {"scope": world.scope, "to_state": target, "by": world.system, "at": at(days=1)}
    if target not in TRANSITIONS[source]:
        with pytest.raises(Refused, match=r"12\.[56]"):
            actions.move_scope(**move)
        assert not ScopeStateChange.objects.exists()
        return
    policies_kept = dict(policies._guards)
    policies._guards.clear()  # what the apps above forbid is tested there
    try:
        change = actions.move_scope(**move)
    finally:
        policies._guards.update(policies_kept)
    assert (change.from_state, change.to_state, world.scope.state) == (source, target, target)


def test_a_guard_of_an_app_above_forbids_a_move(world, monkeypatch):
    monkeypatch.setattr(policies, "_guards", {})

    def not_met(scope):
        raise Refused("SVTAD 12.5(a)", "There is no test plan.")

    policies.guard_move("SUSPENDED", not_met)
    with pytest.raises(Refused, match=r"no test plan.*12\.5\(a\)"):
        actions.move_scope(scope=world.scope, to_state="SUSPENDED", by=world.manager, at=at(days=1))
    world.scope.refresh_from_db()
    assert world.scope.state == "IN_PROGRESS"


def test_stages_have_a_name_each(world):
    make = {"scope": world.scope, "by": world.manager, "at": DAY}
    first, second = actions.add_stage(name="Install", **make), actions.add_stage(name="Run", **make)
    assert (first.position, second.position) == (2, 3), "after the Solution Test"
    with pytest.raises(InvalidInput):
        actions.add_stage(name="Run", **make)


@pytest.mark.clause("SVTAD 1.23", "T13.1")
def test_frozen_versions_hold_until_others_are_frozen(world):
    def freeze(version, moment):
        versions = actions.version_set(components={"DSP": version})
        return actions.freeze_stage_exit_versions(scope=world.scope, version_set=versions, by=world.manager, at=moment)

    first = freeze("5.1", at(days=1))
    assert freeze("5.1", at(days=2)) == first
    freeze("5.2", at(days=3))
    labels = [held and str(held.version_set) for held in (
        current_exit_versions(world.scope, at(hours=1)),
        current_exit_versions(world.scope, at(days=2)),
        current_exit_versions(world.scope),
    )]  # fmt: skip
    assert labels == [None, "DSP 5.1", "DSP 5.2"]
    with pytest.raises(Refused):
        freeze("5.3", at(days=2))


def test_a_version_set_is_its_content_whatever_the_order():
    one = actions.version_set(components={"DSP": "5.2", "S1SP": "3"})
    assert actions.version_set(components={"S1SP": "3", "DSP": "5.2"}) == one
    assert one.label == "DSP 5.2, S1SP 3"
    with pytest.raises(InvalidInput):
        actions.version_set(components={"DSP": ""})


@pytest.mark.parametrize("role", ["provider_tester", "registrar", "tab_member", "administrator", "test_tooling"])
def test_only_the_dcc_test_manager_manages_phases(world, role):
    by = actor(role, world.alpha if role in ("provider_tester", "test_tooling") else world.dcc)
    with pytest.raises(ActionDenied):
        actions.create_programme(code="x", name="X", by=by, at=DAY)
    with pytest.raises(ActionDenied):
        actions.move_scope(scope=world.scope, to_state="SUSPENDED", by=by, at=DAY)
    with pytest.raises(ActionDenied):
        actions.add_participant(scope=world.scope, organisation=world.alpha, by=by, at=DAY)


def test_each_act_leaves_one_audit_event(world):
    before = AuditEvent.objects.count()
    actions.move_scope(scope=world.scope, to_state="SUSPENDED", reason="power", by=world.manager, at=DAY)
    actions.add_stage(scope=world.scope, name="One", by=world.manager, at=DAY)
    world.plan("a")
    assert AuditEvent.objects.count() == before + 3


def test_a_phase_is_found_by_what_people_call_it(world):
    own = {by: _scope(world, "PIT", provider=by) for by in (world.alpha, world.beta)}
    for text in (world.scope.public_id, "IOC SIT", "IOC/SIT", "ioc / sit", "smets1/IOC/SIT"):
        assert scopes_called(text) == [world.scope], text
    for text in ("IOC/PIT/alpha", "smets1/ioc/pit/ALPHA"):
        assert scopes_called(text) == [own[world.alpha]], text
    assert scopes_called("IOC/PIT") == [own[world.alpha], own[world.beta]]
    for text in ("", "MOC/SIT", "other/IOC/SIT", "IOC", "a/b/c/d/e", "/"):
        assert scopes_called(text) == [], text


def test_a_provider_sees_the_phases_it_takes_part_in(db):
    world = make_world()
    mine = actions.create_scope(
        release=world.release, kind="PIT", governed_by=world.document, provider=world.alpha, by=world.manager, at=DAY
    )
    assert set(scopes_for(world.tester(world.alpha))) == {world.scope, mine}
    assert set(scopes_for(world.tester(world.beta))) == {world.scope}
    assert set(scopes_for(actor("tag_member", world.dcc))) == {world.scope, mine}
    assert not scopes_for(actor("participant", world.alpha)).exists()
