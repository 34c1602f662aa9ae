"""DeviceModel and DeviceModelCombination (DMC)."""

from __future__ import annotations

from django.db import models

from svtad.lib.models import PublicIdModel


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

    class Meta:
        ordering = ("reference",)

    def __str__(self) -> str:
        return self.reference
