"""Organisation, Person, Membership and Audience."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from svtad.lib.clock import london_date
from svtad.lib.models import PublicIdModel

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


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


class PersonManager(BaseUserManager["Person"]):
    """People sign in by e-mail address; the address is kept in lower case."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """Return the person with that address, whatever its case."""
        return self.get(email=(username or "").lower())


class Person(PublicIdModel, AbstractBaseUser):
    """Someone who signs in, or a service account that test tooling uses over REST."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_service_account = models.BooleanField(default=False)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()
    history = HistoricalRecords(related_name="+", excluded_fields=["password", "last_login"])

    class Meta:
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=~Q(email=""), name="person_has_email"),)

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships by when they hold."""

    def held_on(self, day: dt.date) -> MembershipQuerySet:
        """Return the memberships that hold on the London `day` (both ends included), or for a part of it."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)

    def held_at(self, moment: dt.datetime) -> MembershipQuerySet:
        """Return the memberships that hold at the instant `moment`: one that was ended holds no more at once."""
        return self.held_on(london_date(moment)).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=moment))


class Membership(PublicIdModel):
    """A person's role in an organisation, from one London day to another, both included.

    `ended_at` is set where an administrator ended it with immediate effect, in the middle of its last day.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    objects = MembershipQuerySet.as_manager()
    history = HistoricalRecords(related_name="+")

    class Meta:
        ordering = ("person", "organisation", "role")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="membership_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=("person", "organisation", "role", "starts_on"),
                condition=Q(ended_at__isnull=True),
                name="membership_once_per_start",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ends_on__isnull=False), name="membership_ended_has_last_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} — {self.role} — {self.organisation}"


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
