"""AccessRule: what an administrator set about signing in and about deciding what is one's own."""

from __future__ import annotations

from django.db import models

from svtad.lib.models import AppendOnlyModel


class RuleKind(models.TextChoices):
    """What a rule of access is about."""

    SECOND_FACTOR = "SECOND_FACTOR", "Who holds this role needs a second factor"
    OWN_DECISION = "OWN_DECISION", "Whoever opened the matter may record its decision"


class AccessRule(AppendOnlyModel):
    """One setting of one rule: of a role (`SECOND_FACTOR`) or of a procedure (`OWN_DECISION`).

    The latest row of a kind and key is the one that holds; where there is none, the default does.
    """

    kind = models.CharField(max_length=16, choices=RuleKind.choices)
    key = models.CharField(max_length=60)
    value = models.BooleanField()
    reason = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("kind", "key"), name="access_rule_key"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.value}"
