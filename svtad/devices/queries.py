"""Reading Device Models and DMCs, and finding models that may be one and the same."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from svtad.devices.models import DeviceModel, DeviceModelCombination
from svtad.parties.actors import Actor

_SEPARATORS = re.compile(r"[\s._:\-/]+")


def firmware_spellings(text: str) -> frozenset[str]:
    """Return the ways in which a firmware version may be written that mean the same bytes.

    Tools write one version as hexadecimal (`0x010A`), as bytes (`01:0A`), as decimal parts (`1.10`) or as
    binary coded decimal. Two versions whose spellings meet may be one. It is a hint, never an equality:
    Device Models are told apart by what is written.
    """
    bare = text.strip().lower().removeprefix("0x").removeprefix("v")
    parts = [part for part in _SEPARATORS.split(bare) if part]
    joined = "".join(parts)
    spellings = {f"text:{bare}", f"joined:{joined.lstrip('0')}"}
    if re.fullmatch(r"[0-9a-f]+", joined):
        spellings.add(f"hex:{joined.lstrip('0')}")
    if len(parts) > 1 and all(part.isdigit() and int(part) < 256 for part in parts):
        spellings.add("hex:" + "".join(f"{int(part):02x}" for part in parts).lstrip("0"))
    return frozenset(spellings)


def near_duplicates(*, kind: str, manufacturer: str, model: str, firmware_version: str) -> list[DeviceModel]:
    """Return the Device Models whose firmware may be another spelling of `firmware_version`.

    Of the same kind, manufacturer and model, whatever their case.
    """
    spellings = firmware_spellings(firmware_version)
    same = DeviceModel.objects.filter(kind=kind, manufacturer__iexact=manufacturer, model__iexact=model)
    return [found for found in same if spellings & firmware_spellings(found.firmware_version)]


def dmcs_for(actor: Actor) -> QuerySet[DeviceModelCombination]:
    """Return the DMCs that `actor` may see, with their Device Models."""
    return DeviceModelCombination.objects.visible_to(actor).prefetch_related("device_models")
