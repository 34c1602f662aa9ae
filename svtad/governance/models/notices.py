"""Who was told what by which clause, and the proof of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from svtad.governance.models.files import StoredFile
from svtad.governance.models.matters import Decision, Matter
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, IntervalModel, PublicIdModel
from svtad.parties.models import AudienceModel, Organisation, Person, visible_audience_ids

if TYPE_CHECKING:
    from svtad.parties.actors import Actor

#: Why a delivery goes by hand, where it does.
NO_ADDRESS = "No e-mail address is set for this recipient."
NOBODY_HERE = "Nobody of this organisation is in the product, and no e-mail address is set for it."
#: Reasons that end once an address is set.
UNTIL_ADDRESS = (NO_ADDRESS, NOBODY_HERE)


class Channel(models.TextChoices):
    """How somebody is told."""

    IN_PRODUCT = "IN_PRODUCT", "In the product"
    EMAIL = "EMAIL", "E-mail"


class DeliveryState(models.TextChoices):
    """Where a delivery is. UNCERTAIN: it may have arrived; it is sent again under the same Message-ID."""

    QUEUED = "QUEUED", "Waiting"
    SENDING = "SENDING", "Being sent"
    SENT = "SENT", "Sent"
    UNCERTAIN = "UNCERTAIN", "Uncertain"
    FAILED = "FAILED", "Failed"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"


class AttemptOutcome(models.TextChoices):
    """What came of one attempt."""

    SENT = "SENT", "Taken by the mail server"
    DEFERRED = "DEFERRED", "Not taken for now"
    REFUSED = "REFUSED", "Refused"
    UNCERTAIN = "UNCERTAIN", "The answer was lost"
    BY_HAND = "BY_HAND", "Sent by hand"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"


class Timing(models.TextChoices):
    """When a person wants to be e-mailed what no clause requires."""

    AT_ONCE = "AT_ONCE", "Each at once"
    DAILY = "DAILY", "Together, once a day at 08:00"
    IN_PRODUCT = "IN_PRODUCT", "Not at all: in the product only"


class NoticeQuerySet(AppendOnlyQuerySet):
    """Notices by who may see them."""

    def visible_to(self, actor: Actor) -> NoticeQuerySet:
        """Return the notices whose audience shares a key with `actor`."""
        return self.filter(audience_id__in=visible_audience_ids(actor))

    def published(self) -> NoticeQuerySet:
        """Return the notices that are for anybody."""
        return self.filter(is_published=True)


class Notice(PublicIdModel, AudienceModel, AppendOnlyModel):
    """That somebody is told something, in the words in which they were told. Never changed; a later one corrects it.

    `to` holds the recipients as the clause names them. `is_required` tells what the clause demands (shall): that is
    e-mailed whatever a person prefers. `key` keeps two of the same apart. `attachment` is the document that the clause
    gives with it, named for all who may see the notice.
    """

    key = models.CharField(max_length=120, blank=True)
    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    decision = models.ForeignKey(Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="notices")
    document = models.CharField(max_length=40, blank=True)
    version = models.CharField(max_length=20, blank=True)
    clause = models.CharField(max_length=60, blank=True)
    to = models.JSONField(default=list)
    what = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    attachment = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_required = models.BooleanField(default=False)
    is_published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)
    due_by = models.DateField(null=True, blank=True)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("key",), condition=~Q(key=""), name="notice_once_per_key"),
            models.CheckConstraint(
                condition=Q(is_published=True, published_at__isnull=False)
                | Q(is_published=False, published_at__isnull=True),
                name="notice_published_says_when",
            ),
        )

    def __str__(self) -> str:
        return self.what


class DeliveryQuerySet(models.QuerySet[Any]):
    """Deliveries by who may see them."""

    def visible_to(self, actor: Actor) -> DeliveryQuerySet:
        """Return one's own, and for those who govern all of the notices that they may see.

        Digests are one's own, but for those who look after the outbox (they see that one was sent, not what it said).
        """
        if actor.sees_everything:
            return self
        seen = Q(notice__in=Notice.objects.visible_to(actor))
        mine = Q(person_id=actor.person_pk) if actor.person_pk is not None else Q(pk__in=())
        if actor.may("see_all_phases"):
            keeps_outbox = actor.may("record_decision") or actor.may("manage_people")
            return self.filter(
                seen | Q(notice__isnull=True) if keeps_outbox else seen | (mine & Q(notice__isnull=True))
            )
        return self.filter(mine & (seen | Q(notice__isnull=True)))

    def inbox_of(self, actor: Actor) -> DeliveryQuerySet:
        """Return what `actor` was told and may still see, withdrawn ones left out."""
        if actor.person_pk is None:
            return self.none()
        return self.filter(person_id=actor.person_pk, notice__in=Notice.objects.visible_to(actor)).exclude(
            state=DeliveryState.WITHDRAWN
        )


class Delivery(PublicIdModel):
    """One recipient of a notice, or one person's digest of a day, and how far it is on its way.

    `recipient` names it once within the notice: `person:<id>`, `org:<id>`, or a recipient of the rulebook that is
    outside the product (`SOS`). `by_hand`, where it is not empty, says why no e-mail goes out: a registrar records how
    it was sent. `message_id` is fixed at birth, so that a second copy can be told for one; `uncertain_at` stays once
    an answer was lost. A worker holds what it sends by a lease. Without `next_attempt_at` it is due at once.
    """

    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.PROTECT, related_name="deliveries")
    digest_on = models.DateField(null=True, blank=True)
    digest = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="items")
    recipient = models.CharField(max_length=40)
    told_as = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=200)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    address = models.CharField(max_length=254, blank=True)
    by_hand = models.CharField(max_length=200, blank=True)
    message_id = models.CharField(max_length=160, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=22, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    uncertain_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    proof = models.TextField(blank=True)
    document = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("notice", "recipient"), name="delivery_once_per_recipient"),
            models.UniqueConstraint(
                fields=("person", "digest_on"), condition=Q(digest_on__isnull=False), name="digest_once_per_day"
            ),
            models.UniqueConstraint(fields=("message_id",), condition=~Q(message_id=""), name="delivery_message_id"),
            models.CheckConstraint(
                condition=Q(notice__isnull=False, digest_on__isnull=True)
                | Q(notice__isnull=True, digest_on__isnull=False, person__isnull=False),
                name="delivery_of_notice_or_digest",
            ),
            models.CheckConstraint(
                condition=Q(state="SENDING", lease_until__isnull=False) & ~Q(lease_token="")
                | ~Q(state="SENDING") & Q(lease_token="", lease_until__isnull=True),
                name="delivery_sending_is_leased",
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | ~Q(state="SENT") & Q(sent_at__isnull=True),
                name="delivery_sent_says_when",
            ),
            models.CheckConstraint(
                condition=Q(channel="EMAIL") & ~Q(message_id="")
                | Q(channel="IN_PRODUCT", person__isnull=False, message_id=""),
                name="delivery_email_has_message_id",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_attempt_at",), condition=Q(state__in=("QUEUED", "UNCERTAIN")), name="delivery_due"
            ),
            models.Index(fields=("person",), condition=Q(read_at__isnull=True), name="delivery_unread"),
            models.Index(fields=("state",), name="delivery_state"),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

    @property
    def waits_for_hand(self) -> bool:
        """Return whether somebody has to send it by hand."""
        return self.state == DeliveryState.QUEUED and bool(self.by_hand)


class DeliveryAttempt(AppendOnlyModel):
    """One attempt to deliver: when it began, what came of it, and what the other side said."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="tries")
    began_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=AttemptOutcome.choices)
    answer = models.TextField(blank=True)
    address = models.CharField(max_length=254, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.delivery}: {self.outcome}"


class NoticePreference(models.Model):
    """When a person wants to be e-mailed what no clause requires."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="+")
    timing = models.CharField(max_length=10, choices=Timing.choices)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person}: {self.timing}"


class NoticeAddress(IntervalModel):
    """The e-mail address of a recipient outside the product, as an administrator set it."""

    recipient = models.CharField(max_length=40)
    email = models.CharField(max_length=254)
    source = models.CharField(max_length=200)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("recipient", "-valid_from")
        constraints = (
            models.UniqueConstraint(
                fields=("recipient",), condition=Q(valid_to__isnull=True), name="address_once_per_recipient"
            ),
        )

    def __str__(self) -> str:
        return f"{self.recipient}: {self.email}"


class MailRelay(models.Model):
    """What is known of the mail server, in one row: whether it answers, and who talks to it just now."""

    answered_at = models.DateTimeField(null=True, blank=True)
    silent_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=22, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"mail server: {self.error or 'answers'}"
