"""What may be sent in about matters and decisions over REST."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.lib.rest import DayField, MomentField, PlainJSONField, PublicIdField, StrictSerializer
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body

#: Whose view may be asked at all: bodies, and those whom procedures consult though they take no step of any.
CONSULTEES = list(
    dict.fromkeys(
        [
            *(body.value for body in Body),
            *sorted(str(each.body.value) for rules in PROCEDURES.values() for each in rules.consultations),
        ]
    )
)


class DecisionFilter(StrictSerializer):
    """What the register of decisions may be narrowed by. Days are London days of when it was decided, both included."""

    body = serializers.ChoiceField(choices=[body.value for body in Body], required=False)
    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES), required=False)
    clause = serializers.CharField(max_length=60, required=False)
    outcome = serializers.CharField(max_length=30, required=False)
    matter = PublicIdField(required=False)
    superseded = serializers.BooleanField(required=False, help_text="Of those corrected since, or of those that stand.")
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `from` and `to`, which no attribute can be called."""
        return super().get_fields() | {"from": DayField(required=False), "to": DayField(required=False)}


class ViewAskIn(StrictSerializer):
    """Whose view is asked, and by which London day."""

    body = serializers.ChoiceField(
        choices=CONSULTEES, help_text="A body, or others whom the procedure consults (PARTIES, STAKEHOLDERS)."
    )
    respond_by = DayField(required=False, allow_null=True, default=None)


class ViewIn(StrictSerializer):
    """What a body said, or that it gave no view by the date."""

    text = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    is_none = serializers.BooleanField(required=False, default=False)
    is_remark = serializers.BooleanField(
        required=False, default=False, help_text="A member's own remark, which fulfils no consultation."
    )
    given_by = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200, help_text="Who gave it for the body; empty: you."
    )
    given_at = MomentField(required=False, allow_null=True, default=None)
    document = PublicIdField(required=False, allow_null=True, default=None)


class MatterFilter(StrictSerializer):
    """What a list of matters may be narrowed by."""

    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES), required=False)
    state = serializers.CharField(max_length=30, required=False)
    phase = PublicIdField(required=False)
    open = serializers.BooleanField(required=False, help_text="Of those not at rest, or of those at rest.")
    q = serializers.CharField(max_length=100, required=False, help_text="The reference, or words of the title.")
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class OpenIn(StrictSerializer):
    """Something to put before a body under a procedure whose decisions are only recorded so far.

    What another resource opens (an exclusion, a certificate) is refused here, with where it is opened.
    """

    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES))
    title = serializers.CharField(max_length=300)
    rationale = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=20_000, help_text="Needed where the clause wants it."
    )
    phase = PublicIdField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The Test Phase it is about; where there is one, needed.",
    )
    organisation = serializers.CharField(
        max_length=24,
        required=False,
        allow_null=True,
        default=None,
        help_text="The code of the Testing Participant or Supplier Party that brings it, where one does; it sees it.",
    )
    data = PlainJSONField(  # type: ignore[assignment]
        required=False, default=dict, help_text="What the procedure wants stated at opening, by key (`opens_with`)."
    )
    attachment = PublicIdField(
        required=False, allow_null=True, default=None, help_text="The stored file, where the procedure wants one."
    )
    received_on = DayField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The London day from which the window for opening it runs (20.35); needed where there is one.",
    )
    opened_at = MomentField(required=False, allow_null=True, default=None)


class InboxFilter(StrictSerializer):
    """Which of what is open: what waits for the caller's bodies, or what they brought and others have to do."""

    list = serializers.ChoiceField(
        choices=["needs_you", "waits_for_others"], required=False, help_text="`needs_you` where nothing is said."
    )


class DecisionIn(StrictSerializer):
    """A decision to record. `document` is the id of a stored file; `data` holds what the step needs by key."""

    body = serializers.ChoiceField(choices=[body.value for body in Body])
    outcome = serializers.CharField(max_length=30)
    decided_at = MomentField()
    notified_at = MomentField(required=False, allow_null=True, default=None)
    effective_at = MomentField(required=False, allow_null=True, default=None)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    data = PlainJSONField(  # type: ignore[assignment]
        required=False, default=dict, help_text="An object: what the step needs, by key (see `steps` of the matter)."
    )
    document = PublicIdField(required=False, allow_null=True, default=None)
    against_computed = serializers.BooleanField(required=False, default=False)
    expected_state = serializers.CharField(
        required=False, max_length=30, help_text="The state you saw: refused (409) where it is another by now."
    )


class CorrectionIn(StrictSerializer):
    """What a body decided, where that was recorded wrongly, and what was wrong with the record."""

    outcome = serializers.CharField(max_length=30)
    decided_at = MomentField()
    notified_at = MomentField(required=False, allow_null=True, default=None)
    effective_at = MomentField(required=False, allow_null=True, default=None)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    meeting = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    data = PlainJSONField(required=False, default=dict)  # type: ignore[assignment]
    document = PublicIdField(
        required=False, allow_null=True, default=None, help_text="Without one, the recorded document stays."
    )
    against_computed = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(max_length=300)
