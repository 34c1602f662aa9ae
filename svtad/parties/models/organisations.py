"""Organisation: who people act for."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from svtad.lib.models import PublicIdModel


class OrganisationKind(models.TextChoices):
    """What an organisation is in the Code's words."""

    DCC = "DCC", "DCC"
    DCC_SERVICE_PROVIDER = "DCC_SERVICE_PROVIDER", "DCC Service Provider"
    SUPPLIER_PARTY = "SUPPLIER_PARTY", "Supplier Party"
    TESTING_PARTICIPANT = "TESTING_PARTICIPANT", "Testing Participant"
    SIT_AUDITOR = "SIT_AUDITOR", "SIT Auditor"
    TAB = "TAB", "Test Assurance Board"
    TAG = "TAG", "Testing Advisory Group"
    PANEL = "PANEL", "Panel"
    SECRETARY_OF_STATE = "SOS", "Secretary of State"
    AUTHORITY = "AUTHORITY", "Authority"


class Organisation(PublicIdModel):
    """A Party, a provider, a board or another body that people act for."""

    kind = models.CharField(max_length=24, choices=OrganisationKind.choices)
    code = models.SlugField(max_length=24, unique=True)
    name = models.CharField(max_length=120, unique=True)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    history = HistoricalRecords(related_name="+")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
