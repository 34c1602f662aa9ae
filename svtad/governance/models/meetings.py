"""Meetings of the boards: agendas and papers, who was there, minutes, declared interests, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from svtad.governance.models.files import StoredFile
from svtad.governance.models.matters import Decision, Matter
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, IntervalModel, PublicIdModel
from svtad.parties.models import Audience, AudienceModel, Organisation, Person, visible_audience_ids
from svtad.rulebook.vocabulary import Body

if TYPE_CHECKING:
    from svtad.parties.actors import Actor

#: The bodies that meet. The others of the procedures act without meetings of theirs being kept here.
BOARDS = (Body.TAB, Body.TAG, Body.PANEL)


class MeetingState(models.TextChoices):
    """Where a meeting is."""

    PLANNED = "PLANNED", "Planned"
    HELD = "HELD", "Held"
    CANCELLED = "CANCELLED", "Cancelled"


class Capacity(models.TextChoices):
    """As what somebody is at a meeting."""

    MEMBER = "MEMBER", "Member"
    DEPUTY = "DEPUTY", "Deputy"
    OBSERVER = "OBSERVER", "Observer"


class Presence(models.TextChoices):
    """Whether somebody was there."""

    PRESENT = "PRESENT", "Present"
    APOLOGIES = "APOLOGIES", "Apologies"


class SeenQuerySet(AppendOnlyQuerySet):
    """Rows that carry an audience and are only ever added."""

    def visible_to(self, actor: Actor) -> SeenQuerySet:
        """Return the rows whose audience shares a key with `actor`."""
        return self.filter(audience_id__in=visible_audience_ids(actor))


class Meeting(PublicIdModel, AudienceModel):
    """A board meets: when, where, and how far that is. Its title is what its decisions name as their meeting.

    Its audience is the body and the DCC; what stands on its agenda has audiences of its own besides. `revision` counts
    changes of its time and place, so that a calendar takes the newest. `closed_at` is when it was recorded as held or
    cancelled.
    """

    body = models.CharField(max_length=12, choices=[(body.value, body.value) for body in BOARDS])
    title = models.CharField(max_length=120)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True)
    link = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=MeetingState.choices, default=MeetingState.PLANNED)
    revision = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-starts_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="meeting_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state="PLANNED", closed_at__isnull=True)
                | Q(state="HELD", closed_at__isnull=False)
                | (Q(state="CANCELLED", closed_at__isnull=False) & ~Q(reason="")),
                name="meeting_closed_says_when_and_why",
            ),
            models.UniqueConstraint(
                "body", Lower("title"), condition=~Q(state="CANCELLED"), name="meeting_title_once_per_body"
            ),
        )

    def __str__(self) -> str:
        return self.title


class AgendaItemQuerySet(models.QuerySet[Any]):
    """Items of agendas by who may see them."""

    def visible_to(self, actor: Actor) -> AgendaItemQuerySet:
        """Return the items of meetings that `actor` may see, those left out whose matter it may not see."""
        seen = visible_audience_ids(actor)
        return self.filter(
            Q(matter__isnull=True) | Q(matter__audience_id__in=seen), meeting__audience_id__in=seen
        ).order_by("position", "pk")

    def standing(self) -> AgendaItemQuerySet:
        """Return the items that were not taken off again."""
        return self.filter(removed_at__isnull=True)


class AgendaItem(PublicIdModel):
    """Something that a meeting takes up: a matter, or anything else by its title.

    `position` only orders; what number an item has is counted among those that the reader may see, so that no gap
    tells of another. An item that is taken off stays, with the reason.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="agenda_items")
    title = models.CharField(max_length=300, blank=True)
    position = models.PositiveIntegerField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    objects = AgendaItemQuerySet.as_manager()

    class Meta:
        ordering = ("meeting", "position", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(matter__isnull=False) | ~Q(title=""), name="agenda_item_says_what"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_reason="")
                | (Q(removed_at__isnull=False) & ~Q(removed_reason="")),
                name="agenda_item_removed_says_why",
            ),
            models.UniqueConstraint(
                fields=("meeting", "matter"),
                condition=Q(removed_at__isnull=True, matter__isnull=False),
                name="matter_once_per_agenda",
            ),
        )

    def __str__(self) -> str:
        return self.heading

    @property
    def heading(self) -> str:
        """What the agenda calls it."""
        return self.title or (str(self.matter) if self.matter else "")


class Paper(PublicIdModel, AudienceModel):
    """A document for an item. Its audience is never wider than the item's; the stored file has the same."""

    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="papers")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_reason="")
                | (Q(removed_at__isnull=False) & ~Q(removed_reason="")),
                name="paper_removed_says_why",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Attendance(PublicIdModel, AppendOnlyModel):
    """That somebody was at a meeting, or sent apologies. A later row that replaces it corrects it.

    `person` is somebody who has an account; whoever has none is there by name. `represents` says for whom they come: a
    deputy's member, an outsider's organisation. `is_void` takes the record away.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendances")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    represents = models.CharField(max_length=120, blank=True)
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    presence = models.CharField(max_length=10, choices=Presence.choices)
    in_chair = models.BooleanField(default=False)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    is_void = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("meeting", "pk")
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="attendance_says_who"),
            models.CheckConstraint(
                condition=Q(in_chair=False) | Q(presence="PRESENT"), name="attendance_chair_is_there"
            ),
            models.CheckConstraint(
                condition=Q(is_void=False) | Q(replaces__isnull=False), name="attendance_void_replaces"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.get_presence_display()}"


class BodyRule(PublicIdModel, IntervalModel):
    """What an administrator set about a body's meetings, with its source. No source of law here gives any of it.

    An empty value is not set: it is shown so, and never guessed. Interval-versioned in recorded time, so that a rule
    set later changes no past meeting.
    """

    body = models.CharField(max_length=12, choices=[(body.value, body.value) for body in BOARDS])
    quorum = models.PositiveSmallIntegerField(null=True, blank=True)
    deputies_count = models.BooleanField(null=True, blank=True)
    chair_needed = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=300)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("body", "-valid_from")
        constraints = (
            models.UniqueConstraint(fields=("body",), condition=Q(valid_to__isnull=True), name="body_rule_once"),
            models.CheckConstraint(condition=Q(quorum__isnull=True) | Q(quorum__gte=1), name="body_rule_quorum"),
            models.CheckConstraint(condition=~Q(source=""), name="body_rule_has_source"),
        )

    def __str__(self) -> str:
        return f"{self.body}: quorum {self.quorum if self.quorum is not None else 'not set'}"


class Minutes(PublicIdModel, AppendOnlyModel):
    """The minutes of a meeting; the last row holds. `approved_at` is empty while they are a draft.

    They tell of every matter, so only who may see them all is in their audience.
    """

    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="+")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="minutes")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = SeenQuerySet.as_manager()

    class Meta:
        ordering = ("meeting", "pk")
        verbose_name_plural = "minutes"

    def __str__(self) -> str:
        return f"{self.meeting}: {self.file}"


class Interest(PublicIdModel, AppendOnlyModel):
    """A conflict of interest that somebody declared, on a matter or on an item of an agenda that is no matter.

    Shown wherever the matter is decided. Withdrawn by a later row, never changed.
    """

    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="+")
    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="interests")
    item = models.ForeignKey(AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="interests")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    text = models.TextField()
    withdraws = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="withdrawn_by"
    )
    declared_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = SeenQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(matter__isnull=False, item__isnull=True) | Q(matter__isnull=True, item__isnull=False),
                name="interest_in_one_thing",
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(text=""), name="interest_says_who_and_what"),
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(organisation__isnull=True), name="interest_of_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.text[:60]}"


class MeetingDecision(AppendOnlyModel):
    """That a decision was taken at a meeting. `without_quorum` marks one taken short of what the body's rule wants."""

    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="decided")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="taken_at")
    without_quorum = models.BooleanField(default=False)
    quorum = models.CharField(max_length=300)
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(without_quorum=False) | ~Q(reason=""), name="decision_without_quorum_says_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item.meeting}: {self.decision}"
