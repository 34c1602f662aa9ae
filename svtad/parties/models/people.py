"""Person: who signs in."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from simple_history.models import HistoricalRecords

from svtad.lib.models import PublicIdModel


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
    #: Part of what a session is checked against: one more, and every session of the person has ended.
    session_epoch = models.PositiveIntegerField(default=0, db_default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = PersonManager()
    history = HistoricalRecords(related_name="+", excluded_fields=["password", "last_login", "session_epoch"])

    class Meta:
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=~Q(email=""), name="person_has_email"),)

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what each request checks the session against: the password's hash and the epoch."""
        salt = "svtad.parties.models.people.session"
        return salted_hmac(salt, f"{self.session_epoch}:{self.password}", secret=secret, algorithm="sha256").hexdigest()
