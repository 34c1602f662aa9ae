"""REST: where every notice is, what became of it by hand, and when the caller is told."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions, mail
from svtad.governance.api.finding import file_named
from svtad.governance.api.meeting_records import ReasonIn
from svtad.governance.api.notice_serializers import DeliverySerializer, show_delivery
from svtad.governance.models import Channel, Delivery, DeliveryState, Notice, Timing
from svtad.governance.policies import check_can_manage_notices, check_can_see_outbox
from svtad.governance.queries.notices import outbox, timing_of
from svtad.lib.rest import (
    CURSOR_PARAMETERS,
    MomentField,
    PublicIdField,
    StrictSerializer,
    answers,
    checked,
    cursor_page_of,
    find,
)
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.models import Person

#: What the list may be narrowed to: the states, those that go by hand apart from those that wait for the mail server.
STATES = ["BY_HAND", *DeliveryState.values]


class OutboxSerializer(serializers.Serializer[Any]):
    """How the outbox stands, in e-mails: what waits, goes by hand, may have come twice, was given up."""

    configured = serializers.BooleanField(help_text="Whether a mail server is set up.")
    waiting = serializers.IntegerField()
    for_hand = serializers.IntegerField()
    uncertain = serializers.IntegerField()
    failed = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True, help_text="Since when the oldest of them waits.")


class OutboxDeliverySerializer(DeliverySerializer):
    """One e-mail or notice by hand, with where it goes and what became of it. `notice` is null for a digest."""

    notice = serializers.CharField(allow_null=True)
    what = serializers.CharField()
    clause = serializers.CharField()
    address = serializers.CharField()
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField()
    message_id = serializers.CharField()
    proof = serializers.CharField()
    document = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class OutboxFilter(StrictSerializer):
    """What the outbox may be narrowed by."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    notice = PublicIdField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class ByHandIn(StrictSerializer):
    """How and when it was sent. `document` is the id of a stored file that shows it."""

    how = serializers.CharField(max_length=400)
    sent_at = MomentField()
    document = PublicIdField()


class WithdrawnSerializer(serializers.Serializer[Any]):
    """How many deliveries were taken back."""

    withdrawn = serializers.IntegerField()


class TimingSerializer(StrictSerializer):
    """When the caller is e-mailed what no clause demands. What a clause demands is always sent at once."""

    timing = serializers.ChoiceField(choices=Timing.choices)


class Outbox(ApiView):
    """How the outbox stands."""

    @extend_schema(operation_id="outbox_state", tags=["notices"], responses=answers({200: OutboxSerializer}))
    def get(self, request: Request) -> Response:
        """Show how many e-mails wait, go by hand, are uncertain or failed. For those who look after it."""
        check_can_see_outbox(self.actor)
        held = outbox()
        return Response(
            {
                "configured": mail.is_configured(),
                "waiting": held.waiting,
                "for_hand": held.for_hand,
                "uncertain": held.uncertain,
                "failed": held.failed,
                "oldest": held.oldest,
            }
        )


class Deliveries(ApiView):
    """Every e-mail and every notice by hand."""

    @extend_schema(
        operation_id="outbox_list",
        tags=["notices"],
        parameters=[OutboxFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(OutboxDeliverySerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the deliveries that go out, the newest first. For those who look after the outbox."""
        check_can_see_outbox(self.actor)
        wanted = checked(OutboxFilter, request.query_params.dict())
        rows: QuerySet[Delivery] = Delivery.objects.visible_to(self.actor).filter(channel=Channel.EMAIL)
        state = wanted.get("state", "")
        if state == "BY_HAND":
            rows = rows.filter(state=DeliveryState.QUEUED).exclude(by_hand="")
        elif state == DeliveryState.QUEUED:
            rows = rows.filter(state=state, by_hand="")
        elif state:
            rows = rows.filter(state=state)
        if "notice" in wanted:
            rows = rows.filter(notice__public_id=wanted["notice"])
        return self.cursor(rows.select_related("notice", "document"), _show)


class ByHand(ApiView):
    """That somebody was told by letter or otherwise."""

    @extend_schema(
        operation_id="deliveries_by_hand",
        tags=["notices"],
        request=ByHandIn,
        responses=answers({201: OutboxDeliverySerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record that a notice was sent by hand: how, when, and the document that shows it."""
        held = _delivery(self.actor, public_id)
        check_can_manage_notices(self.actor)
        given = checked(ByHandIn, request.data)
        document = file_named(self.actor, given["document"])
        actions.record_sent_by_hand(delivery=held, by=self.actor, **given | {"document": document})
        return Response(_show(_delivery(self.actor, public_id)), status=201)


class Retry(ApiView):
    """That a delivery which was given up is sent again."""

    @extend_schema(
        operation_id="deliveries_retry",
        tags=["notices"],
        request=None,
        responses=answers({201: OutboxDeliverySerializer}, 404, 409),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Let a failed e-mail be sent again, under its own Message-ID."""
        actions.retry_delivery(delivery=_delivery(self.actor, public_id), by=self.actor)
        return Response(_show(_delivery(self.actor, public_id)), status=201)


class DeliveryWithdrawal(ApiView):
    """That one delivery is taken back."""

    @extend_schema(
        operation_id="deliveries_withdraw",
        tags=["notices"],
        request=ReasonIn,
        responses=answers({201: OutboxDeliverySerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take back one delivery that is not sent, with the reason."""
        held = _delivery(self.actor, public_id)
        given = checked(ReasonIn, request.data)
        actions.withdraw_notice(notice=cast(Notice, held.notice), delivery=held, by=self.actor, **given)
        return Response(_show(_delivery(self.actor, public_id)), status=201)


class NoticeWithdrawal(ApiView):
    """That what is not sent of a notice is taken back."""

    @extend_schema(
        operation_id="notices_withdraw",
        tags=["notices"],
        request=ReasonIn,
        responses=answers({201: WithdrawnSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Take back all that is not sent of a notice, with the reason; what was sent stays."""
        notice = find(Notice.objects.visible_to(self.actor), public_id)
        check_can_manage_notices(self.actor)
        count = actions.withdraw_notice(notice=notice, by=self.actor, **checked(ReasonIn, request.data))
        return Response({"withdrawn": count}, status=201)


class NoticeTiming(ApiView):
    """When the caller is e-mailed what no clause demands."""

    @extend_schema(operation_id="notice_timing_get", tags=["notices"], responses=answers({200: TimingSerializer}))
    def get(self, request: Request) -> Response:
        """Show what the caller chose: at once where nothing was."""
        return Response({"timing": timing_of(cast(Person, request.user))})

    @extend_schema(
        operation_id="notice_timing_set",
        tags=["notices"],
        request=TimingSerializer,
        responses=answers({200: TimingSerializer}, 400, 413, 415),
    )
    def put(self, request: Request) -> Response:
        """Set when the caller is e-mailed what no clause demands: at once, or a day's together."""
        given = checked(TimingSerializer, request.data)
        held = actions.set_notice_timing(person=cast(Person, request.user), by=self.actor, **given)
        return Response({"timing": held.timing})


def _delivery(actor: Actor, public_id: str) -> Delivery:
    """Return a delivery of a notice. Raises ActionDenied, and NotFound: a digest is nobody's to change."""
    check_can_see_outbox(actor)
    rows: QuerySet[Delivery] = Delivery.objects.visible_to(actor).filter(notice__isnull=False)
    found: Delivery = find(rows.select_related("notice", "document"), public_id)
    if found.notice is None:
        raise NotFound
    return found


def _show(delivery: Delivery) -> dict[str, Any]:
    notice = delivery.notice
    return show_delivery(delivery) | {
        "notice": notice.public_id if notice else None,
        "what": notice.what if notice else f"Digest of {delivery.digest_on}",
        "clause": notice.clause if notice else "",
        "address": delivery.address,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at,
        "last_error": delivery.last_error,
        "message_id": delivery.message_id,
        "proof": delivery.proof,
        "document": delivery.document.public_id if delivery.document else None,
        "recorded_at": delivery.recorded_at,
    }


urlpatterns = [
    path("outbox", Outbox.as_view(), name="api-outbox"),
    path("deliveries", Deliveries.as_view(), name="api-deliveries"),
    path("deliveries/<str:public_id>/by-hand", ByHand.as_view(), name="api-by-hand"),
    path("deliveries/<str:public_id>/retry", Retry.as_view(), name="api-retry"),
    path("deliveries/<str:public_id>/withdrawal", DeliveryWithdrawal.as_view(), name="api-delivery-withdrawal"),
    path("notices/<str:public_id>/withdrawal", NoticeWithdrawal.as_view(), name="api-notice-withdrawal"),
    path("notice-timing", NoticeTiming.as_view(), name="api-notice-timing"),
]
