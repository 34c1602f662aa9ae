"""Testing Issues as REST shows them, and what may be sent in about them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from issues.models import Cause, IssueState
from svtad.lib.rest import DayField, MomentField, PublicIdField, StrictSerializer

_TEXT = 20_000


class IssueSerializer(serializers.Serializer[Any]):
    """A Testing Issue as it stands now. Organisations are named by code, DMCs by reference."""

    id = serializers.CharField()
    reference = serializers.CharField()
    phase = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    external_id = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=IssueState.choices)
    severity = serializers.CharField(help_text="Empty where it is not determined yet.")
    priority = serializers.CharField()
    cause = serializers.CharField(help_text="Empty where it is not determined yet.")
    provider = serializers.CharField(allow_null=True)
    raised_by = serializers.CharField()
    dmc = serializers.CharField(allow_null=True)
    functional_group = serializers.CharField()
    environment = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()


class IssueChangeSerializer(serializers.Serializer[Any]):
    """One row of an issue's history: a state, a severity or an attribution, as it was recorded."""

    what = serializers.ChoiceField(choices=["state", "severity", "attribution"])
    value = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    body = serializers.CharField()
    reasons = serializers.CharField()
    effective_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class IssueDetailSerializer(IssueSerializer):
    """A Testing Issue with its description and history."""

    description = serializers.CharField()
    history = IssueChangeSerializer(many=True)


class IssueFilter(StrictSerializer):
    """What a list of issues may be narrowed by. `none` asks for "has none", where a thing may have none."""

    q = serializers.CharField(max_length=200, required=False, help_text="Words in reference, id, title, description.")
    phase = PublicIdField(required=False)
    release = serializers.CharField(max_length=20, required=False)
    kind = serializers.CharField(max_length=20, required=False, help_text="The kind of phase it was raised in.")
    state = serializers.ChoiceField(choices=IssueState.choices, required=False)
    open = serializers.ChoiceField(choices=["yes", "no"], required=False)
    severity = serializers.CharField(max_length=4, required=False)
    cause = serializers.ChoiceField(choices=[*(value for value in Cause.values if value), "none"], required=False)
    provider = serializers.CharField(max_length=24, required=False)
    raised_by = serializers.CharField(max_length=24, required=False)
    dmc = serializers.CharField(max_length=40, required=False)
    functional_group = serializers.CharField(max_length=120, required=False)
    excluded = serializers.ChoiceField(choices=["yes", "no"], required=False)
    disputed = serializers.ChoiceField(choices=["yes", "no"], required=False)
    raised_from = DayField(required=False)
    raised_to = DayField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class IssueIn(StrictSerializer):
    """A Testing Issue to raise. The same `source` and `external_id` again is the same issue."""

    phase = PublicIdField()
    title = serializers.CharField(max_length=300)
    raised_by = serializers.CharField(max_length=24, help_text="The code of the organisation that raises it.")
    description = serializers.CharField(max_length=100_000, required=False, default="", allow_blank=True)
    occurred_at = MomentField(required=False)
    dmc = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    functional_group = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    environment = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    source = serializers.CharField(max_length=60, required=False, default="api")  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class IssueEdit(StrictSerializer):
    """Words of a Testing Issue to mend. What is left out stays."""

    title = serializers.CharField(max_length=300, required=False)
    description = serializers.CharField(max_length=100_000, required=False, allow_blank=True)
    dmc = serializers.CharField(
        max_length=40, required=False, allow_blank=True, allow_null=True, help_text="Null: tied to no DMC."
    )
    functional_group = serializers.CharField(max_length=120, required=False, allow_blank=True)
    environment = serializers.CharField(max_length=80, required=False, allow_blank=True)


class DeterminationIn(StrictSerializer):
    """What the DCC determines about an issue; what is left out stays as it is."""

    severity = serializers.CharField(max_length=4, required=False)
    priority = serializers.CharField(max_length=20, required=False, allow_blank=True)
    cause = serializers.ChoiceField(choices=[value for value in Cause.values if value], required=False)
    provider = serializers.CharField(
        max_length=24,
        required=False,
        allow_null=True,
        help_text="A code, with `cause`.",
    )
    reasons = serializers.CharField(max_length=_TEXT, required=False, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Want something determined, and a provider only with its cause."""
        if "severity" not in attrs and "cause" not in attrs:
            raise serializers.ValidationError({"severity": ["Give a severity, a cause, or both."]})
        if "priority" in attrs and "severity" not in attrs:
            raise serializers.ValidationError({"priority": ["A priority is determined with a severity."]})
        if "provider" in attrs and "cause" not in attrs:
            raise serializers.ValidationError({"provider": ["A provider is determined with a cause."]})
        return attrs


class StateIn(StrictSerializer):
    """A move of an issue to another state of its life."""

    state = serializers.ChoiceField(choices=IssueState.choices)
    reasons = serializers.CharField(max_length=_TEXT, required=False, default="", allow_blank=True)
    occurred_at = MomentField(required=False)
    expected_state = serializers.ChoiceField(
        choices=IssueState.choices,
        required=False,
        help_text="The state you saw: refused (409) where it is another by now.",
    )


class ExclusionIn(StrictSerializer):
    """A proposal that an issue should not count in a phase (13.20)."""

    phase = PublicIdField()
    rationale = serializers.CharField(max_length=_TEXT)


class DisputeIn(StrictSerializer):
    """A Testing Participant's disagreement with the DCC's severity (14.2)."""

    raised_by = serializers.CharField(max_length=24)
    severity = serializers.CharField(max_length=4)
    reasons = serializers.CharField(max_length=_TEXT)


class CountingIn(StrictSerializer):
    """The question whether an SCT issue counts in SIT (13.22)."""

    phase = PublicIdField()
    rationale = serializers.CharField(max_length=_TEXT, required=False, default="", allow_blank=True)
