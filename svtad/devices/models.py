"""DeviceModel and DeviceModelCombination (DMC)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from simple_history.models import HistoricalRecords

from svtad.lib.models import PublicIdModel

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class DeviceQuerySet(models.QuerySet[Any]):
    """Device Models and DMCs by who may see them."""

    def visible_to(self, actor: Actor) -> DeviceQuerySet:
        """Return all of them for those who govern and for DCC Service Providers; nothing for anyone else.

        Which Device Models are in test tells of a Supplier's plans; what is published is the EPCL's to say.
        """
        seen = actor.sees_everything or actor.may("see_all_phases") or actor.may("see_own_phases")
        return self if seen else self.none()


class DeviceKind(models.TextChoices):
    """The kinds of SMETS1 Device that a Device Model is of."""

    CH = "CH", "Communications Hub"
    ESME = "ESME", "Electricity meter (ESME)"
    GSME = "GSME", "Gas meter (GSME)"
    PPMID = "PPMID", "Prepayment interface (PPMID)"
    IHD = "IHD", "In-home display (IHD)"
    OTHER = "OTHER", "Other"


class DeviceModel(PublicIdModel):
    """Manufacturer, model and firmware version of a SMETS1 Device. Other firmware is another Device Model."""

    kind = models.CharField(max_length=8, choices=DeviceKind.choices)
    manufacturer = models.CharField(max_length=80)
    model = models.CharField(max_length=80)
    hardware_version = models.CharField(max_length=40, blank=True)
    firmware_version = models.CharField(max_length=40)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    objects = DeviceQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "manufacturer", "model", "firmware_version")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "manufacturer", "model", "hardware_version", "firmware_version"),
                name="device_model_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.model} {self.firmware_version}"


class DeviceModelCombination(PublicIdModel):
    """A combination of SMETS1 Device Models (clause 1, "DMC")."""

    reference = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    csp_region = models.CharField(max_length=40, blank=True)
    device_models = models.ManyToManyField(DeviceModel, related_name="combinations", blank=True)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    objects = DeviceQuerySet.as_manager()
    #: Who changed its description, when. It judges nothing.
    history = HistoricalRecords()

    class Meta:
        ordering = ("reference",)

    def __str__(self) -> str:
        return self.reference
