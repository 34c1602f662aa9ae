"""Eligibility Testing of a Party in a User Role (13.25), as the DCC records it."""

from __future__ import annotations

import pytest

from svtad.audit.models import AuditEvent
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.rulebook.vocabulary import Verdict
from testphases.actions import enter_eligibility, move_eligibility
from testphases.models import Eligibility, FactsChanged
from testphases.queries.eligibility import completed_by, eligibility_at
from tests.factories import MAKER, at, make_approach

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"


def entered(house, role="Import Supplier", party=None):
    return enter_eligibility(organisation=party or house.supplier, role=role, by=MAKER, at=at(days=1))


def complete(row, *, days=3):
    move_eligibility(eligibility=row, to_state="IN_PROGRESS", by=MAKER, at=at(days=days - 1))
    return move_eligibility(eligibility=row, to_state="COMPLETE", basis="Report 7.", by=MAKER, at=at(days=days))


@pytest.mark.clause(CLAUSE, "13.25")
def test_it_is_not_started_then_in_progress_then_complete_and_nothing_else(house):
    row = entered(house)
    assert row.state == "NOT_STARTED"
    assert entered(house, "import  supplier") == row, "a role is one however it is spaced or cased"
    for wrong in ("COMPLETE", "NOT_STARTED", "WITHDRAWN"):
        with pytest.raises(Refused, match="it may go to in progress"):
            move_eligibility(eligibility=row, to_state=wrong, by=MAKER)
    move_eligibility(eligibility=row, to_state="IN_PROGRESS", by=MAKER, at=at(days=2))
    with pytest.raises(InvalidInput, match="basis"):
        move_eligibility(eligibility=row, to_state="COMPLETE", by=MAKER, at=at(days=3))
    move_eligibility(eligibility=row, to_state="COMPLETE", basis="Report 7.", by=MAKER, at=at(days=3))
    for wrong in ("IN_PROGRESS", "COMPLETE"):
        with pytest.raises(Refused, match="nothing further"):
            move_eligibility(eligibility=row, to_state=wrong, by=MAKER)
    assert [change.to_state for change in row.changes.all()] == ["NOT_STARTED", "IN_PROGRESS", "COMPLETE"]
    events = AuditEvent.objects.filter(subject_id=row.public_id).order_by("pk")
    assert [(event.action, event.clause) for event in events] == [
        ("enter_eligibility", "SVTAD 13.25"), ("move_eligibility", "SVTAD 13.25"), ("move_eligibility", "SVTAD 13.25"),
    ]  # fmt: skip


@pytest.mark.clause(CLAUSE, "13.25", "13.25-scope")
def test_a_party_that_completed_one_role_is_not_eligible_in_another(house):
    imports, gas = entered(house), entered(house, "Gas Supplier")
    complete(imports)

    def eligible():
        return {row.eligibility.role: row.verdict for row in eligibility_at(house.actor("test_manager"), None)}

    assert set(eligible().values()) == {Verdict.CANNOT_EVALUATE}, "no UTSAD says what Eligibility Testing is"
    make_approach("UTSAD")
    assert eligible() == {"Import Supplier": Verdict.MET, "Gas Supplier": Verdict.NOT_MET}
    assert gas.state == "NOT_STARTED"


@pytest.mark.clause(CLAUSE, "13.25", "13.27")
def test_a_party_sees_its_own_and_never_anothers(house):
    mine, other = entered(house), entered(house, party=house.other_supplier)
    for role, organisation, seen in (
        ("participant", house.supplier, [mine]),
        ("participant", house.other_supplier, [other]),
        ("provider_tester", house.alpha, []),
        ("test_manager", house.dcc, [mine, other]),
        ("tag_member", house.tag, [mine, other]),
    ):
        actor = house.actor(role, organisation)
        assert list(Eligibility.objects.visible_to(actor).order_by("pk")) == seen, role
        assert {row.eligibility for row in eligibility_at(actor, None)} == set(seen)


@pytest.mark.clause(CLAUSE, "13.25")
def test_only_the_dcc_records_it(house):
    row = entered(house)
    for role in ("participant", "tag_member", "registrar", "administrator", "provider_tester"):
        with pytest.raises(ActionDenied):
            move_eligibility(eligibility=row, to_state="IN_PROGRESS", by=house.actor(role))
        with pytest.raises(ActionDenied):
            enter_eligibility(organisation=house.supplier, role="Gas Supplier", by=house.actor(role))
    move_eligibility(eligibility=row, to_state="IN_PROGRESS", by=house.actor("test_manager"))


@pytest.mark.parametrize(("role", "who", "field"), [("", "supplier", "role"), ("x" * 61, "supplier", "role"),
                                                    ("Import Supplier", "alpha", "organisation")])  # fmt: skip
def test_what_cannot_be_entered_names_its_field(house, role, who, field):
    with pytest.raises(InvalidInput, match=field):
        enter_eligibility(organisation=getattr(house, who), role=role, by=MAKER)


@pytest.mark.clause(CLAUSE, "13.25", "13.23(b)")
def test_how_it_stood_is_kept_and_completion_has_interface_testing_judged_anew(house):
    interface, sit = house.scope("INTERFACE", "IOC"), house.scope("SIT", "IOC")
    row = entered(house)
    FactsChanged.objects.all().delete()
    complete(row)
    assert {changed.scope for changed in FactsChanged.objects.all()} == {interface}
    assert sit not in {changed.scope for changed in FactsChanged.objects.all()}
    stood = [
        [each.state.value for each in eligibility_at(house.actor("test_manager"), at(days=day))] for day in (0, 1, 2, 3)
    ]
    assert stood == [[], ["NOT_STARTED"], ["IN_PROGRESS"], ["COMPLETE"]]
    parties = [house.supplier.pk, house.other_supplier.pk]
    assert [completed_by(parties, at(days=day)) for day in (2, 3)] == [frozenset(), frozenset({house.supplier.pk})]
    later = entered(house, "Gas Supplier")
    with pytest.raises(InvalidInput, match="occurred_at"):
        move_eligibility(eligibility=later, to_state="IN_PROGRESS", occurred_at=at(days=9), by=MAKER, at=at(days=2))
