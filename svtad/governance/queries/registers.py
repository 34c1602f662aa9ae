"""The registers of matters and of decisions, narrowed as somebody asks."""

from __future__ import annotations

import datetime as dt

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable

from svtad.governance.models import Decision, Matter
from svtad.governance.queries.redacted import hidden_from
from svtad.governance.queries.rest import at_rest
from svtad.lib.clock import london_midnight_after, now
from svtad.parties.actors import Actor


def matters_in(actor: Actor, *, is_open: bool | None = None, text: str = "") -> QuerySet[Matter]:
    """Return the matters that `actor` may see: open ones, or those at rest, whose reference or title is `text`."""
    rows: QuerySet[Matter] = Matter.objects.visible_to(actor)
    if is_open is not None:
        resting = at_rest(now())
        rows = rows.exclude(resting) if is_open else rows.filter(resting)
    if text:
        rows = rows.filter(named(actor, text))
    return rows


def named(actor: Actor, text: str) -> Q:
    """Return which matters have that reference, or those words in their title where `actor` may read it."""
    hidden = hidden_from(actor)
    said = Q(title__icontains=text)
    return Q(reference__iexact=text) | (said if hidden is None else said & ~hidden)


def decisions_in(
    actor: Actor,
    *,
    is_superseded: bool | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> QuerySet[Decision]:
    """Return the decisions on matters that `actor` may see, each with `superseded_by`: its correction's public id.

    Of those with `is_hidden` the actor may read only what `redact_decisions` leaves.

    `first` and `last` are the London days of when it was decided, both included.
    """
    corrections = Decision.objects.filter(supersedes=OuterRef("pk")).order_by("pk")
    rows: QuerySet[Decision] = (
        Decision.objects.filter(matter__in=Matter.objects.visible_to(actor))
        .select_related("matter", "document", "supersedes")
        .annotate(superseded_by=Subquery(corrections.values("public_id")[:1]), is_hidden=_is_hidden(actor))
    )
    if is_superseded is not None:
        rows = rows.filter(Exists(corrections) if is_superseded else ~Exists(corrections))
    return decided_within(rows, first=first, last=last)


def _is_hidden(actor: Actor) -> Combinable:
    hidden = hidden_from(actor, prefix="matter__")
    never = Value(value=False, output_field=BooleanField())
    return never if hidden is None else ExpressionWrapper(hidden, output_field=BooleanField())


def decided_within(rows: QuerySet[Decision], *, first: dt.date | None, last: dt.date | None) -> QuerySet[Decision]:
    """Return those of `rows` that were decided on the London days from `first` to `last`, both included.

    Nothing is decided before the first day that there is, or after the last: neither narrows anything.
    """
    if first is not None and first > dt.date.min:
        rows = rows.filter(decided_at__gte=london_midnight_after(first - dt.timedelta(days=1)))
    if last is not None and last < dt.date.max:
        rows = rows.filter(decided_at__lt=london_midnight_after(last))
    return rows
