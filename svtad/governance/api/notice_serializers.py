"""Notices as REST shows them, and what a list of them may be narrowed by."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rest_framework import serializers

from svtad.governance.models import Channel, Delivery, DeliveryState, Notice
from svtad.lib.rest import PublicIdField, StrictSerializer


class NoticeSerializer(serializers.Serializer[Any]):
    """That somebody is told something, and when the caller was."""

    id = serializers.CharField()
    what = serializers.CharField()
    text = serializers.CharField()
    attachment = serializers.CharField(
        allow_null=True, help_text="The stored file that the clause gives with it; whoever sees the notice may open it."
    )
    attachment_sha256 = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    clause = serializers.CharField()
    to = serializers.ListField(child=serializers.CharField(), help_text="The recipients as the clause names them.")
    matter = serializers.CharField(allow_null=True)
    required = serializers.BooleanField(help_text="Whether the clause demands it (shall).")  # type: ignore[assignment]
    published_at = serializers.DateTimeField(allow_null=True)
    due_by = serializers.DateField(allow_null=True)
    synthetic = serializers.BooleanField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()
    told_at = serializers.DateTimeField(
        allow_null=True, help_text="When the caller was told; null where they were not."
    )
    read_at = serializers.DateTimeField(allow_null=True)


class DeliverySerializer(serializers.Serializer[Any]):
    """One recipient of a notice: how far it is, and the proof."""

    id = serializers.CharField()
    recipient = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    by_hand = serializers.CharField(help_text="Why it goes by hand, where it does.")
    sent_at = serializers.DateTimeField(allow_null=True)
    uncertain_at = serializers.DateTimeField(
        allow_null=True, help_text="When an answer was lost: it may have come twice."
    )
    read_at = serializers.DateTimeField(allow_null=True)


class NoticeDetailSerializer(NoticeSerializer):
    """A notice with the deliveries that the caller may see: those who govern see all, others their own."""

    deliveries = DeliverySerializer(many=True)


class NoticeFilter(StrictSerializer):
    """What a list of notices may be narrowed by."""

    unread = serializers.BooleanField(
        required=False, help_text="Of those given to the caller, the unread (or read) ones."
    )
    clause = serializers.CharField(max_length=60, required=False)
    matter = PublicIdField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


def show_notice(
    notice: Notice, *, told_at: dt.datetime | None, read_at: dt.datetime | None, matter_id: str
) -> dict[str, Any]:
    """Return the notice as `NoticeSerializer` describes it: when the caller was told, the matter they may see."""
    return {
        "id": notice.public_id,
        "what": notice.what,
        "text": notice.text,
        "attachment": notice.attachment.public_id if notice.attachment else None,
        "attachment_sha256": notice.attachment.sha256 if notice.attachment else "",
        "document": notice.document,
        "version": notice.version,
        "clause": notice.clause,
        "to": notice.to,
        "matter": matter_id or None,
        "required": notice.is_required,
        "published_at": notice.published_at,
        "due_by": notice.due_by,
        "synthetic": notice.is_synthetic,
        "recorded_at": notice.recorded_at,
        "recorded_by": notice.recorded_by,
        "told_at": told_at,
        "read_at": read_at,
    }


def show_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return the delivery as `DeliverySerializer` describes it."""
    return {
        "id": delivery.public_id,
        "recipient": delivery.name,
        "channel": delivery.channel,
        "state": delivery.state,
        "by_hand": delivery.by_hand,
        "sent_at": delivery.sent_at,
        "uncertain_at": delivery.uncertain_at,
        "read_at": delivery.read_at,
    }
