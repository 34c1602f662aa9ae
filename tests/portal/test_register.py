"""What a Testing Participant or a Supplier Party brings is its own: it sees the matter and its clock, no other does."""

from __future__ import annotations

import pytest
from django.test import Client

from svtad.governance.models import Deadline, Delivery, Matter
from svtad.lib.clock import london_date, now
from svtad.parties.audiences import org_key
from svtad.rulebook.procedures import PROCEDURES
from tests.factories import MAKER, House, decide, make_house, make_organisation
from tests.opening import on_form
from tests.portal.boards import signed_in, text

BROUGHT = ("OTHER_DISPUTE", "DMCT_EQUIVALENCE", "DMCT_TIMING", "DMCT_APPEAL")


@pytest.fixture
def house(db, settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path / "files"
    made = make_house()
    made.scope("SIT", "MOC")
    return made


def opened(registrar: Client, house: House, key: str, organisation=None) -> Matter:
    page = text(registrar.get(f"/register/{key}/"))
    given = {"title": f"QZX of {key}", "organisation": (organisation or house.supplier).public_id}
    given |= on_form(key, day=london_date(now()))
    if 'name="scope"' in page:
        given["scope"] = house.scope("SIT", "MOC").public_id
    assert registrar.post(f"/register/{key}/", given).status_code == 302
    return Matter.objects.filter(procedure=key).latest("pk")


@pytest.mark.clause("SVTAD 1.23", "14.3", "20.7", "20.12(a)", "20.31")
@pytest.mark.parametrize("key", BROUGHT)
def test_a_matter_that_another_brings_is_seen_by_it_and_by_no_other_of_its_kind(house, key):
    registrar = signed_in(house, "registrar")
    matter = opened(registrar, house, key)
    assert matter.proposer == PROCEDURES[key].proposer
    assert matter.reference == f"M-{house.supplier.code.upper()}-0001"
    assert org_key(house.supplier) in matter.audience.text.split(",")
    mine, other = signed_in(house, "participant"), signed_in(house, "participant", house.other_supplier)
    address = f"/governance/matters/{matter.public_id}/"
    assert matter.title in text(mine.get(address))
    assert other.get(address).status_code == 404
    for path in ("/governance/matters/", "/governance/decisions/", "/inbox/", "/calendar/", "/search/?q=QZX"):
        answer = other.get(path)
        assert matter.reference not in answer.content.decode(), path
    assert matter.reference in text(mine.get("/governance/matters/"))
    for role in ("tag_member", "panel_member", "test_manager"):
        assert matter.title in text(signed_in(house, role).get(address)), role


def test_numbers_do_not_tell_how_many_another_has_brought(house):
    registrar = signed_in(house, "registrar")
    for organisation in (house.supplier, house.supplier, house.other_supplier):
        made = opened(registrar, house, "OTHER_DISPUTE", organisation)
    assert made.reference == f"M-{house.other_supplier.code.upper()}-0001"


@pytest.mark.clause("SVTAD 1.23", "20.31")
def test_each_of_two_suppliers_sees_its_own_clock_and_not_the_other_s(house, settings):
    registrar = signed_in(house, "registrar")
    suppliers = (house.supplier, house.other_supplier)
    matters = [opened(registrar, house, "DMCT_EQUIVALENCE", each) for each in suppliers]
    for matter in matters:
        Deadline.objects.create(
            matter=matter, window="t", clause="20.7", text="within 5 Working Days", body="SUPPLIER", outcome="REFER",
            trigger_on=now().date(), working_days=5, jurisdiction="england_and_wales", count_trigger_day=False,
            last_day=now().date(), audience=matter.audience, recorded_at=now(), recorded_by="T",
        )  # fmt: skip
    for index, supplier in enumerate(suppliers):
        actor = house.actor("participant", supplier)
        assert [each.matter for each in Deadline.objects.visible_to(actor)] == [matters[index]]


def test_what_is_told_of_one_s_own_matter_reaches_nobody_else_of_its_kind(house):
    for organisation in (house.supplier, house.other_supplier):
        house.actor("participant", organisation)
    matter = opened(signed_in(house, "registrar"), house, "DMCT_TIMING")
    step = next(each for each in PROCEDURES["DMCT_TIMING"].transitions_from(matter.state) if not each.requires)
    decide(matter, step.body, step.outcome, moment=now(), by=MAKER)
    told = {each.organisation for each in Delivery.objects.filter(notice__matter=matter, person__isnull=False)}
    assert house.other_supplier not in told


def test_who_brings_it_is_asked_for_and_is_of_the_kind_that_may(house):
    registrar = signed_in(house, "registrar")
    participant = make_organisation("TESTING_PARTICIPANT", "LABS")
    assert participant.public_id in text(registrar.get("/register/OTHER_DISPUTE/"))
    assert participant.public_id not in text(registrar.get("/register/DMCT_TIMING/")), "20.12 is of Supplier Parties"
    given = {"title": "Nobody's", "rationale": "Said."}
    for wrong in ({}, {"organisation": participant.public_id}, {"organisation": house.tag.public_id}):
        assert registrar.post("/register/DMCT_TIMING/", given | wrong).status_code == 400
    assert not Matter.objects.exists()
    assert 'name="organisation"' not in text(registrar.get("/register/DMC_SELECTION/"))
