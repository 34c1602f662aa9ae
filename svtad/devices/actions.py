"""Device Models and DMCs: made and described. Other firmware is another Device Model, never an edit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from svtad.audit.actions import record
from svtad.devices import policies
from svtad.devices.models import DeviceKind, DeviceModel, DeviceModelCombination
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of


@transaction.atomic
def create_device_model(
    *,
    kind: str,
    manufacturer: str,
    model: str,
    firmware_version: str,
    by: Actor,
    hardware_version: str = "",
    is_synthetic: bool = False,
    at: dt.datetime | None = None,
) -> DeviceModel:
    """Create a Device Model. Raises `InvalidInput` for one that is there already, word for word.

    One whose firmware may only be spelt otherwise is created: `queries.near_duplicates` warns of it.
    """
    at = at or clock.now()
    policies.check_can_manage_devices(by)
    given = {
        "manufacturer": (plain_line(manufacturer), 80),
        "model": (plain_line(model), 80),
        "firmware_version": (plain_line(firmware_version), 40),
    }
    errors = [FieldError(None, name, "Say something here.") for name, (text, _) in given.items() if not text]
    given["hardware_version"] = (plain_line(hardware_version), 40)
    errors += [
        FieldError(None, name, f"At most {longest} characters.")
        for name, (text, longest) in given.items()
        if len(text) > longest
    ]
    if kind not in DeviceKind.values:
        errors.append(FieldError(None, "kind", f"“{kind}” is no kind of Device."))
    if errors:
        raise InvalidInput(errors)
    values = {name: text for name, (text, _) in given.items()}
    if DeviceModel.objects.filter(kind=kind, **values).exists():
        raise InvalidInput.one("firmware_version", "This Device Model is there already.")
    made = DeviceModel.objects.create(kind=kind, is_synthetic=is_synthetic, recorded_at=at, **values)
    _audit("create_device_model", "device_model", made.public_id, str(made), by=by, at=at)
    return made


@transaction.atomic
def create_dmc(
    *,
    reference: str,
    name: str,
    by: Actor,
    device_models: Iterable[DeviceModel] = (),
    csp_region: str = "",
    is_synthetic: bool = False,
    at: dt.datetime | None = None,
) -> DeviceModelCombination:
    """Create a Device Model Combination of these Device Models; `reference` is what tools call it, unique."""
    at = at or clock.now()
    policies.check_can_manage_devices(by)
    reference, name, csp_region = plain_line(reference), plain_line(name), plain_line(csp_region)
    errors = [
        FieldError(None, field, f"1 to {longest} characters.")
        for field, text, longest in (("reference", reference, 40), ("name", name, 160))
        if not 0 < len(text) <= longest
    ]
    if len(csp_region) > 40:
        errors.append(FieldError(None, "csp_region", "At most 40 characters."))
    if DeviceModelCombination.objects.filter(reference=reference).exists():
        errors.append(FieldError(None, "reference", f"There is a DMC {reference} already."))
    if errors:
        raise InvalidInput(errors)
    made = DeviceModelCombination.objects.create(
        reference=reference, name=name, csp_region=csp_region, is_synthetic=is_synthetic, recorded_at=at
    )
    made.device_models.set(list(device_models))
    _audit("create_dmc", "dmc", made.public_id, made.reference, by=by, at=at)
    return made


@transaction.atomic
def describe_dmc(
    *, dmc: DeviceModelCombination, name: str, by: Actor, csp_region: str = "", at: dt.datetime | None = None
) -> DeviceModelCombination:
    """Change how a DMC is described. Its reference and its Device Models are what it is, and stay."""
    at = at or clock.now()
    policies.check_can_manage_devices(by)
    name, csp_region = plain_line(name), plain_line(csp_region)
    if not 0 < len(name) <= 160:
        raise InvalidInput.one("name", "1 to 160 characters.")
    if len(csp_region) > 40:
        raise InvalidInput.one("csp_region", "At most 40 characters.")
    before = {"name": dmc.name, "csp_region": dmc.csp_region}
    dmc.name, dmc.csp_region = name, csp_region
    dmc.save(update_fields=["name", "csp_region"])
    _audit("describe_dmc", "dmc", dmc.public_id, dmc.reference, by=by, at=at, detail={"before": before})
    return dmc


def _audit(
    action: str,
    kind: str,
    subject_id: str,
    label: str,
    *,
    by: Actor,
    at: dt.datetime,
    detail: dict[str, object] | None = None,
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        subject_label=label,
        audience_id=audience_of(*GOVERNANCE).pk,
        detail=detail,
    )
