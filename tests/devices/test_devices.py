"""Device Models and DMCs: other firmware is another model; who sees and keeps them; spellings that may be one."""

from __future__ import annotations

import pytest

from svtad.devices import actions
from svtad.devices.models import DeviceModel, DeviceModelCombination
from svtad.devices.queries import dmcs_for, firmware_spellings, near_duplicates
from svtad.lib.errors import ActionDenied, InvalidInput
from tests.testphases.world import DAY, actor, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db):
    return actor("test_manager", make_organisation("dcc", "DCC"))


def _model(manager, **more):
    given = {
        "kind": "ESME",
        "manufacturer": "Acme",
        "model": "E1",
        "firmware_version": "010A",
        "by": manager,
        "at": DAY,
    }
    return actions.create_device_model(**(given | more))


def test_other_firmware_is_another_device_model(manager):
    first, second = _model(manager), _model(manager, firmware_version="010B")
    assert first.pk != second.pk
    with pytest.raises(InvalidInput, match="there already"):
        _model(manager)
    assert str(first) == "Acme E1 010A"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("kind", {"kind": "TOASTER"}),
        ("manufacturer", {"manufacturer": " "}),
        ("model", {"model": "x" * 81}),
        ("firmware_version", {"firmware_version": ""}),
        ("hardware_version", {"hardware_version": "x" * 41}),
    ],
)
def test_what_is_wrong_with_a_device_model_is_named(manager, field, wrong):
    with pytest.raises(InvalidInput) as refused:
        _model(manager, **wrong)
    assert [error.field for error in refused.value.errors] == [field]
    assert not DeviceModel.objects.exists()


@pytest.mark.parametrize("other", ["0x010A", "010a", "01:0A", "01.0a", "10A", "1.10", "001.010"])
def test_firmware_that_may_only_be_spelt_otherwise_is_pointed_out_and_can_be_created(manager, other):
    kept = _model(manager)
    same = {"kind": "ESME", "manufacturer": "ACME", "model": "e1"}
    assert near_duplicates(firmware_version=other, **same) == [kept]
    assert _model(manager, firmware_version=other if other != "010A" else "x").pk != kept.pk


@pytest.mark.parametrize("other", ["010B", "0110", "1.11", "2.10", "beta"])
def test_other_firmware_is_not_taken_for_the_same(other):
    assert not firmware_spellings("010A") & firmware_spellings(other)


def test_a_dmc_has_a_reference_of_its_own(manager):
    model = _model(manager)
    dmc = actions.create_dmc(reference=" D-1 ", name="Acme pair", device_models=[model], by=manager, at=DAY)
    assert (dmc.reference, list(dmc.device_models.all())) == ("D-1", [model])
    for wrong in ({"reference": "D-1"}, {"reference": ""}, {"name": ""}, {"csp_region": "x" * 41}):
        with pytest.raises(InvalidInput):
            actions.create_dmc(**({"reference": "D-2", "name": "x", "by": manager, "at": DAY} | wrong))


def test_a_dmc_is_described_anew_and_who_did_so_is_kept(manager):
    dmc = actions.create_dmc(reference="D-1", name="Old", by=manager, at=DAY)
    actions.describe_dmc(dmc=dmc, name="New", csp_region="North", by=manager, at=DAY)
    assert [row.name for row in dmc.history.order_by("history_id")] == ["Old", "New"]
    for name, region in (("", ""), ("x", "x" * 41)):
        with pytest.raises(InvalidInput):
            actions.describe_dmc(dmc=dmc, by=manager, name=name, csp_region=region)


@pytest.mark.parametrize(
    ("role", "kind", "sees", "keeps"),
    [
        ("test_manager", "DCC", True, True),
        ("registrar", "DCC", True, False),
        ("tab_member", "TAB", True, False),
        ("panel_member", "PANEL", True, False),
        ("sit_auditor", "SIT_AUDITOR", True, False),
        ("provider_tester", "DCC_SERVICE_PROVIDER", True, False),
        ("test_tooling", "DCC_SERVICE_PROVIDER", True, False),
        ("participant", "SUPPLIER_PARTY", False, False),
    ],
)
def test_who_sees_and_who_keeps_dmcs(manager, role, kind, sees, keeps):
    actions.create_dmc(reference="D-1", name="One", by=manager, at=DAY)
    by = actor(role, make_organisation("other", kind))
    assert dmcs_for(by).exists() is sees
    assert DeviceModel.objects.visible_to(by).count() == 0
    if keeps:
        actions.create_dmc(reference="D-2", name="Two", by=by, at=DAY)
    else:
        for act in (
            lambda: actions.create_dmc(reference="D-2", name="Two", by=by, at=DAY),
            lambda: _model(by),
            lambda: actions.describe_dmc(dmc=DeviceModelCombination.objects.get(), name="x", by=by, at=DAY),
        ):
            with pytest.raises(ActionDenied):
                act()
