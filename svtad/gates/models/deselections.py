"""De-selections of Device Model Combinations from a phase's testing (13.5 to 13.9)."""

from __future__ import annotations

from django.db import models

from issues.models import TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.governance.models import Matter
from svtad.lib.models import PublicIdModel
from testphases.models import TestScope


class DmcDeselection(PublicIdModel):
    """That a DMC of a phase is proposed to be de-selected; how far that has come is its matter's decisions.

    `issue` is the Testing Issue whose resolution requires action in respect of the DMC (13.5(a)); None where the DCC
    cannot obtain it (13.5(b)).
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    dmc = models.ForeignKey(DeviceModelCombination, on_delete=models.PROTECT, related_name="+")
    issue = models.ForeignKey(TestingIssue, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.matter.reference}: {self.dmc} in {self.scope}"
