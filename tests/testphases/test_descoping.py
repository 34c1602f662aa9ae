"""De-scoping (12.6(a)): a test leaves the count only on final approval."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from svtad.governance.actions import Given, correct_decision, record_decision
from svtad.governance.files import store_file
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases import actions
from testphases.models import Descoping, DescopingEnd
from testphases.queries import descoped_now, plan_counts, planned_now
from tests.opening import stated
from tests.testphases.world import actor, at, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.clause("SVTAD 1.23", "12.6(a)")]


def _propose(world, *tests, by=None, moment=None):
    return actions.propose_descope(
        scope=world.scope, planned_tests=tests, justification="No such device is left.", by=by or world.manager,
        at=moment or at(days=1),
    )  # fmt: skip


def _decide(world, request, body, outcome, *, moment=None, effective=None):
    letter = store_file(
        content=b"letter", name="letter.txt", media_type="text/plain", purpose="decision",
        audience=actions.scope_audience(scope=world.scope), by=world.system, at=moment or at(days=2),
    )  # fmt: skip
    return record_decision(
        matter=request.matter, body=body, outcome=outcome, decided_at=moment or at(days=2), effective_at=effective,
        document=letter, rationale="Considered.", at=moment or at(days=2),
        by=world.manager if body == "DCC" else actor("registrar", world.dcc),
    )  # fmt: skip


def _cell(world, moment=None):
    return plan_counts(world.scope, moment).cells[0]


def test_in_sit_a_test_counts_until_the_secretary_of_state_approves(world):
    test, _ = world.plan("a", "b")
    request = _propose(world, test)
    for body, outcome in (("TAB", "APPROVE"), ("DCC", "REFER")):
        _decide(world, request, body, outcome)
        assert (_cell(world).descoped, _cell(world).not_run) == (0, 2)
    _decide(world, request, "SOS", "APPROVE")
    assert (_cell(world).descoped, _cell(world).not_run) == (1, 1)


def test_in_pit_the_approval_of_tab_is_final(db):
    world = make_world(kind="PIT")
    (test,) = world.plan("a")
    _decide(world, _propose(world, test), "TAB", "APPROVE")
    assert _cell(world).descoped == 1


@pytest.mark.parametrize("path", [["TAB"], ["TAB", "DCC", "SOS"]])
def test_a_refusal_leaves_the_test_planned_and_lets_it_be_proposed_anew(world, path):
    (test,) = world.plan("a")
    request = _propose(world, test)
    for body in path:
        outcome = "REJECT" if body == path[-1] else {"TAB": "APPROVE", "DCC": "REFER"}[body]
        _decide(world, request, body, outcome)
    assert (_cell(world).planned, _cell(world).descoped) == (1, 0)
    assert _propose(world, test, moment=at(days=3)).matter.state == "PROPOSED"


def test_an_approval_holds_from_when_it_takes_effect(world):
    (test,) = world.plan("a")
    request = _propose(world, test)
    _decide(world, request, "TAB", "APPROVE")
    _decide(world, request, "DCC", "REFER")
    _decide(world, request, "SOS", "APPROVE", effective=at(days=10))
    assert [_cell(world, at(days=day)).descoped for day in (5, 10)] == [0, 1]


@pytest.mark.parametrize(("outcome", "marked"), [("FAILED", True), ("PASSED", False), (None, False)])
def test_a_test_that_ran_and_failed_is_marked_so(world, outcome, marked):
    (test,) = world.plan("a")
    if outcome:
        world.run(test, outcome, occurred=at(hours=5))
    world.approve_descoping(test, now=at(days=2))
    assert Descoping.objects.get(planned_test=test).ran_and_failed is marked
    assert [(row.status, row.ran_and_failed) for row in plan_counts(world.scope).rows] == [("DESCOPED", marked)]


def test_a_descoped_test_is_in_no_other_count(world):
    (test,) = world.plan("a")
    world.run(test, "FAILED", occurred=at(hours=5))
    world.approve_descoping(test, now=at(days=2))
    counts = plan_counts(world.scope)
    cell = counts.cells[0]
    assert (cell.planned, cell.descoped, cell.executed, cell.failed, cell.not_run) == (1, 1, 0, 0, 0)
    assert (counts.evidence.executed, counts.last_execution_at) == (0, None)


def test_one_test_is_not_before_the_boards_twice(world):
    (test,) = world.plan("a")
    request = _propose(world, test)
    with pytest.raises(Refused, match=request.matter.reference):
        _propose(world, test)
    _decide(world, request, "TAB", "APPROVE")
    _decide(world, request, "DCC", "REFER")
    _decide(world, request, "SOS", "APPROVE")
    with pytest.raises(Refused, match="de-scoped already"):
        _propose(world, test, moment=at(days=3))


def test_what_cannot_be_proposed_is_refused_with_the_reason(world):
    (test,) = world.plan("a")
    with pytest.raises(InvalidInput, match="at least one"):
        _propose(world)
    with pytest.raises(InvalidInput, match="exceptional"):
        actions.propose_descope(
            scope=world.scope, planned_tests=[test], justification=" ", by=world.manager, at=at(days=1)
        )
    other = actions.create_scope(
        release=world.release, kind="INTERFACE", governed_by=world.document, by=world.manager, at=at()
    )
    with pytest.raises(Refused, match="PIT and SIT"):
        actions.propose_descope(scope=other, planned_tests=[test], justification="x", by=world.manager, at=at(days=1))
    pit = make_other_pit(world)
    with pytest.raises(InvalidInput, match="Not planned in this phase"):
        actions.propose_descope(scope=pit, planned_tests=[test], justification="x", by=world.manager, at=at(days=1))


def make_other_pit(world):
    return actions.create_scope(
        release=world.release, kind="PIT", governed_by=world.document, by=world.manager, at=at()
    )


@pytest.mark.parametrize("role", ["provider_tester", "tab_member", "administrator", "participant"])
def test_only_the_dcc_proposes(world, role):
    (test,) = world.plan("a")
    with pytest.raises(ActionDenied):
        _propose(world, test, by=actor(role, world.alpha))


def test_an_approval_recorded_late_changes_no_earlier_judgement(world):
    (test,) = world.plan("a")
    world.approve_descoping(test, now=at(days=5), effective=at(days=5))
    assert _cell(world, at(days=4)).descoped == 0
    assert _cell(world, at(days=5) + dt.timedelta(seconds=1)).descoped == 1


def test_the_matter_is_told_in_a_sentence_with_the_page_of_its_phase(world):
    from svtad.governance.handlers import handler_for

    (test,) = world.plan("a")
    matter = _propose(world, test).matter
    handler = handler_for(matter.procedure)
    assert handler is not None
    assert handler.describe(matter) == "De-scope 1 planned test of IOC SIT: No such device is left."
    assert world.scope.public_id in handler.url(matter)
    assert handler.audience(matter) == actions.scope_audience(scope=world.scope)


def test_a_matter_that_names_no_tests_approves_nothing(world):
    from svtad.governance.actions import open_matter
    from svtad.governance.handlers import handler_for

    matter = open_matter(
        procedure="DESCOPE_PIT", document="SVTAD", version="1.23", title="De-scope something", rationale="x",
        audience=actions.scope_audience(scope=world.scope), by=world.manager, at=at(days=1),
        data=stated("DESCOPE_PIT"),
    )  # fmt: skip
    handler = handler_for("DESCOPE_PIT")
    assert handler is not None
    assert (handler.describe(matter), handler.url(matter)) == ("De-scope something", "")
    with pytest.raises(Refused, match="names no planned tests"):
        record_decision(
            matter=matter, body="TAB", outcome="APPROVE", decided_at=at(days=2), rationale="x",
            by=actor("registrar", world.dcc), at=at(days=2),
        )  # fmt: skip


# --- a decision after the approval: out of its order (rule 16), or a correction ------------------------


def _approved(world, request):
    for body, outcome in (("TAB", "APPROVE"), ("DCC", "REFER"), ("SOS", "APPROVE")):
        _decide(world, request, body, outcome)


def test_a_rejection_after_the_approval_ends_the_descoping_and_the_past_stays_as_it_was(world):
    test, _ = world.plan("a", "b")
    request = _propose(world, test)
    _approved(world, request)
    rejection = _decide(world, request, "SOS", "REJECT", moment=at(days=5))
    assert (rejection.out_of_order, request.matter.state) == (True, "SOS_REJECTED")
    assert [(_cell(world, at(days=day)).descoped, _cell(world, at(days=day)).not_run) for day in (4, 6)] == [
        (1, 1),
        (0, 2),
    ]
    assert _cell(world).descoped == 0
    [end] = DescopingEnd.objects.all()
    assert (end.descoping.planned_test, end.decision, end.reason) == (test, rejection, "Considered.")
    assert list(planned_now(world.scope, world.manager).filter(descoped_now())) == []


def test_what_was_ended_may_be_proposed_and_approved_anew(world):
    (test,) = world.plan("a")
    first = _propose(world, test)
    _approved(world, first)
    with pytest.raises(Refused, match="de-scoped already"):
        _propose(world, test, moment=at(days=3))
    _decide(world, first, "SOS", "REJECT", moment=at(days=5))
    again = _propose(world, test, moment=at(days=6))
    assert _cell(world).descoped == 0
    for body, outcome in (("TAB", "APPROVE"), ("DCC", "REFER"), ("SOS", "APPROVE")):
        _decide(world, again, body, outcome, moment=at(days=7))
    assert [_cell(world, at(days=day)).descoped for day in (3, 6, 8)] == [1, 0, 1]
    [version] = planned_now(world.scope, world.manager).filter(descoped_now())
    assert (version.is_descoped, version.ran_and_failed) == (True, False)
    assert version.planned_test.descopings.standing().get().request == again


def test_the_secretary_of_state_may_change_their_mind_more_than_once(world):
    (test,) = world.plan("a")
    request = _propose(world, test)
    _approved(world, request)
    for day, outcome in ((5, "REJECT"), (6, "APPROVE"), (7, "REJECT")):
        _decide(world, request, "SOS", outcome, moment=at(days=day))
    assert [_cell(world, at(days=day, hours=1)).descoped for day in (4, 5, 6, 7)] == [1, 0, 1, 0]


def test_an_approval_out_of_its_order_after_a_rejection_de_scopes(world):
    (test,) = world.plan("a")
    request = _propose(world, test)
    _decide(world, request, "TAB", "REJECT")
    _decide(world, request, "SOS", "APPROVE", moment=at(days=5))
    assert [_cell(world, at(days=day)).descoped for day in (4, 6)] == [0, 1]


def _correct(world, decision, outcome, *, moment, effective=None):
    return correct_decision(
        decision=decision, outcome=outcome, reason="The minutes say otherwise.",
        given=Given(
            decided_at=decision.decided_at, effective_at=effective, rationale="As minuted.", document=decision.document
        ),
        by=actor("registrar", world.dcc), at=moment,
    )  # fmt: skip


@pytest.mark.parametrize(("wrong", "right", "counts"), [("APPROVE", "REJECT", (1, 0)), ("REJECT", "APPROVE", (0, 1))])
def test_a_wrongly_recorded_outcome_is_corrected_with_its_effect(db, wrong, right, counts):
    world = make_world(kind="PIT")
    (test,) = world.plan("a")
    request = _propose(world, test)
    decision = _decide(world, request, "TAB", wrong)
    _correct(world, decision, right, moment=at(days=4))
    request.matter.refresh_from_db()
    assert request.matter.state == {"APPROVE": "TAB_APPROVED", "REJECT": "TAB_REJECTED"}[right]
    assert (_cell(world, at(days=3)).descoped, _cell(world, at(days=5)).descoped) == counts


def test_a_corrected_day_of_effect_is_the_day_from_which_the_test_is_descoped(db):
    world = make_world(kind="PIT")
    (test,) = world.plan("a")
    decision = _decide(world, _propose(world, test), "TAB", "APPROVE")
    _correct(world, decision, "APPROVE", moment=at(days=4), effective=at(days=10))
    assert [_cell(world, at(days=day)).descoped for day in (3, 5, 11)] == [1, 0, 1]
    assert Descoping.objects.standing().get().effective_at == at(days=10)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE testphases_descopingend SET reason = ''",
        "DELETE FROM testphases_descopingend",
        "DELETE FROM testphases_descoping",
    ],
)
def test_the_database_itself_keeps_de_scopings_and_their_ends(world, statement):
    (test,) = world.plan("a")
    request = _propose(world, test)
    _approved(world, request)
    _decide(world, request, "SOS", "REJECT", moment=at(days=5))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
