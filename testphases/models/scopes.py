"""Programme, CapabilityRelease, TestScope and who takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from svtad.governing.models import DocumentVersion
from svtad.lib.models import AppendOnlyModel, IntervalModel, PublicIdModel
from svtad.parties.models import Organisation
from svtad.rulebook.vocabulary import ReleaseState

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class Programme(PublicIdModel):
    """What a set of Capability Releases belongs to."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CapabilityRelease(PublicIdModel):
    """IOC, MOC or FOC in SVTAD v1.23; another document may have others, in the order given here.

    `state` is where it is now; its `ReleaseStateChange`s say how it came there.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="releases")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=160)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.replace("_", " ").capitalize()) for state in ReleaseState],
        default=ReleaseState.PLANNED.value,
    )
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("programme", "position")
        constraints = (
            models.UniqueConstraint(fields=("programme", "code"), name="release_code_once"),
            models.UniqueConstraint(fields=("programme", "position"), name="release_position_once"),
        )

    def __str__(self) -> str:
        return self.code


class ReleaseStateChange(AppendOnlyModel):
    """A move of a release from one state to another, with what it was judged by (7.2, 9.8).

    `facts` and `findings` are the rulebook's, empty for a move that nothing is judged for; `facts_sha256` is the
    facts' hash.
    """

    release = models.ForeignKey(CapabilityRelease, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=8)
    to_state = models.CharField(max_length=8)
    reason = models.TextField(blank=True)
    facts = models.JSONField(default=dict)
    facts_sha256 = models.CharField(max_length=64, blank=True)
    findings = models.JSONField(default=list)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.release}: {self.to_state}"


class ScopeState(models.TextChoices):
    """Where a Test Phase is."""

    PLANNED = "PLANNED", "Planned"
    ENTRY_ASSESSED = "ENTRY_ASSESSED", "Entry assessed"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    SUSPENDED = "SUSPENDED", "Suspended"
    EXIT_PROPOSED = "EXIT_PROPOSED", "Exit proposed"
    EXIT_ASSESSED = "EXIT_ASSESSED", "Exit assessed"
    COMPLETE = "COMPLETE", "Complete"


class TestScopeQuerySet(models.QuerySet[Any]):
    """Scopes by who may see them."""

    def visible_to(self, actor: Actor) -> TestScopeQuerySet:
        """Return the scopes `actor` may see: all for those who govern, its own for a DCC Service Provider."""
        if actor.sees_everything or actor.may("see_all_phases"):
            return self
        if actor.may("see_own_phases"):
            taking_part = ScopeParticipation.objects.current().filter(organisation_id__in=actor.organisation_pks)
            everything = "DCC" in actor.organisation_kinds
            return self if everything else self.filter(pk__in=taking_part.values("scope_id"))
        return self.none()


class TestScope(PublicIdModel):
    """What is planned, run and judged as one: a Test Phase of a release, judged under one document version.

    `kind` is the edition's own string (PIT, SIT, INTERFACE, SCT …); `provider` is set where the phase
    is one DCC Service Provider's (PIT).
    """

    release = models.ForeignKey(CapabilityRelease, on_delete=models.PROTECT, related_name="scopes")
    kind = models.CharField(max_length=20, db_index=True)
    name = models.CharField(max_length=160)
    provider = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    governed_by = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=ScopeState.choices, default=ScopeState.PLANNED)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()

    objects = TestScopeQuerySet.as_manager()

    class Meta:
        ordering = ("release", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("release", "kind"), condition=Q(provider__isnull=True), name="scope_once_per_release"
            ),
            models.UniqueConstraint(
                fields=("release", "kind", "provider"),
                condition=Q(provider__isnull=False),
                name="scope_once_per_provider",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ScopeStateChange(AppendOnlyModel):
    """A move of a scope from one state to another."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=16, choices=ScopeState.choices)
    to_state = models.CharField(max_length=16, choices=ScopeState.choices)
    reason = models.TextField(blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.scope}: {self.to_state}"


class ScopeParticipation(IntervalModel):
    """A DCC Service Provider (or the DCC) takes part in a scope, from one recorded moment to another."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="participations")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("scope", "organisation"), condition=Q(valid_to__isnull=True), name="participation_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation} in {self.scope}"


class FactsChanged(models.Model):
    """Something a judgement of this scope may rest on has changed; swept, debounced, by the app that judges."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.scope} {self.recorded_at:%Y-%m-%d %H:%M:%S}"
