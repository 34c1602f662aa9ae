"""Shapes that several apps share: public ids, append-only rows, interval versions."""

from __future__ import annotations

import datetime as dt
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import Q

from svtad.lib.ids import new_public_id


class PublicIdModel(models.Model):
    """A thing that can be named in a URL without telling how many there are."""

    public_id = models.CharField(max_length=22, unique=True, default=new_public_id, editable=False)

    class Meta:
        abstract = True


class AppendOnlyError(TypeError):
    """Someone tried to change or delete a row that is only ever added."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are only ever added: bulk changes are refused in Python as the database refuses them."""

    def update(self, **kwargs: object) -> NoReturn:
        """Refuse: an append-only row is never changed."""
        raise AppendOnlyError(f"{self.model.__name__} rows are append-only")

    def delete(self) -> NoReturn:
        """Refuse: an append-only row is never deleted."""
        raise AppendOnlyError(f"{self.model.__name__} rows are append-only")


class AppendOnlyModel(models.Model):
    """A row that is only ever added. Database triggers (see `append_only_operations`) hold it too."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to change a row that is there."""
        if self.pk is not None and not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} rows are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: an append-only row is never deleted."""
        raise AppendOnlyError(f"{type(self).__name__} rows are append-only")


class IntervalQuerySet(models.QuerySet[Any]):
    """Versions that hold from one recorded moment until another."""

    def current(self) -> Self:
        """Return the versions that hold now."""
        return self.filter(valid_to__isnull=True)

    def held_at(self, moment: dt.datetime | None) -> Self:
        """Return the versions that held at `moment` (aware); None means now."""
        if moment is None:
            return self.current()
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment), valid_from__lte=moment)


class IntervalModel(models.Model):
    """A version of something that is edited: [valid_from, valid_to) in recorded time.

    Denominators are edited (plans, mappings, attributions, parameters), and yesterday's judgement
    must stay as it was; so an edit closes one interval and opens the next.
    """

    valid_from = models.DateTimeField(db_index=True)
    valid_to = models.DateTimeField(null=True, blank=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        abstract = True
