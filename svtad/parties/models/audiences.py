"""Audience: who may see a thing, set when it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class Audience(models.Model):
    """A set of keys that may see a thing, stored once: `dcc`, `tag`, `org:<public id>`, `public` ….

    Interned by its canonical text, so that a row of any app carries one small number and a list is
    filtered by the few audiences that share a key with the reader.
    """

    text = models.TextField(unique=True)

    def __str__(self) -> str:
        return self.text


class AudienceKey(models.Model):
    """One key of an audience."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="keys")
    key = models.CharField(max_length=40, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("audience", "key"), name="audience_key_once"),)

    def __str__(self) -> str:
        return self.key


def visible_audience_ids(actor: Actor) -> models.QuerySet[Audience, int]:
    """Return the ids (a subquery) of the audiences that `actor` belongs to."""
    if actor.sees_everything:
        return Audience.objects.values_list("pk", flat=True)
    matching = AudienceKey.objects.filter(key__in=actor.audience_keys)
    return Audience.objects.filter(pk__in=matching.values("audience_id")).values_list("pk", flat=True)


class AudienceQuerySet(models.QuerySet[Any]):
    """Rows that carry an audience from birth."""

    def visible_to(self, actor: Actor) -> AudienceQuerySet:
        """Return the rows whose audience shares a key with `actor`."""
        return self.filter(audience_id__in=visible_audience_ids(actor))


class AudienceModel(models.Model):
    """A thing whose audience is set when it is made."""

    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="+")

    objects = AudienceQuerySet.as_manager()

    class Meta:
        abstract = True
