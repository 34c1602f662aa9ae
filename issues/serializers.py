"""Testing Issues as REST shows them, and what may be sent in about them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from issues.models import Cause, IssueState, LinkKind, Reach, TermKind
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
    requirement = serializers.CharField()
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
    environment = serializers.CharField(max_length=80, required=False)
    requirement = serializers.CharField(max_length=120, required=False)
    left = serializers.ChoiceField(
        choices=["yes", "no", "REJECTED", "NOT_DCC_CAUSED"],
        required=False,
        help_text="Out of the count by a determination with reasons (13.18, 13.19).",
    )
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
    requirement = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
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
    requirement = serializers.CharField(max_length=120, required=False, allow_blank=True)


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


class IssueLinkSerializer(serializers.Serializer[Any]):
    """A link to another issue, seen from this one."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    is_duplicate = serializers.BooleanField(help_text="Whether this issue is the duplicate. It counts all the same.")
    issue = serializers.CharField(help_text="The id of the issue at the other end.")
    reference = serializers.CharField()
    reasons = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class IssueLinkIn(StrictSerializer):
    """A link to make: this issue is related to, or a duplicate of, the one named."""

    kind = serializers.ChoiceField(choices=LinkKind.choices)
    issue = PublicIdField(help_text="The other issue.")
    reasons = serializers.CharField(max_length=_TEXT, required=False, default="", allow_blank=True)


class IssueRunIn(StrictSerializer):
    """The test in whose latest run the issue showed: its id, with `@DMC` where it ran on several."""

    test = serializers.CharField(max_length=300)


class IssueReasonIn(StrictSerializer):
    """Why something is taken back."""

    reasons = serializers.CharField(max_length=_TEXT)


class IssueCommentSerializer(serializers.Serializer[Any]):
    """A comment. A corrected one stays, and names what corrects it."""

    id = serializers.CharField()
    text = serializers.CharField()
    reach = serializers.ChoiceField(choices=Reach.choices)
    corrects = serializers.CharField(allow_null=True)
    corrected_by = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class IssueCommentIn(StrictSerializer):
    """Something to say of an issue. A correction (`corrects`) is for the readers of what it corrects."""

    text = serializers.CharField(max_length=_TEXT)
    reach = serializers.ChoiceField(choices=Reach.choices, required=False, default=Reach.ISSUE)
    corrects = PublicIdField(required=False, allow_null=True, default=None)


class IssueAttachmentSerializer(serializers.Serializer[Any]):
    """A file kept with an issue. A withdrawn one stays listed with its hash."""

    id = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    reach = serializers.ChoiceField(choices=Reach.choices)
    withdrawn = serializers.CharField(allow_null=True, help_text="Why it was withdrawn; null where it was not.")
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class IssueAttachmentIn(StrictSerializer):
    """A file to keep with an issue, as a multipart form."""

    file = serializers.FileField()
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    reach = serializers.ChoiceField(choices=Reach.choices, required=False, default=Reach.ISSUE)


class BulkEditIn(StrictSerializer):
    """Which fields of which issues change to what, with one reason. What is left out stays as it is."""

    issues = serializers.ListField(child=PublicIdField(), min_length=1, max_length=2000)
    reason = serializers.CharField(max_length=_TEXT)
    severity = serializers.CharField(max_length=4, required=False)
    priority = serializers.CharField(max_length=20, required=False, allow_blank=True)
    cause = serializers.ChoiceField(choices=[value for value in Cause.values if value], required=False)
    provider = serializers.CharField(max_length=24, required=False)
    state = serializers.ChoiceField(choices=IssueState.choices, required=False)
    dmc = serializers.CharField(max_length=40, required=False, allow_null=True, help_text="Null: tied to no DMC.")
    functional_group = serializers.CharField(max_length=120, required=False, allow_blank=True)
    environment = serializers.CharField(max_length=80, required=False, allow_blank=True)
    requirement = serializers.CharField(max_length=120, required=False, allow_blank=True)


class BulkEditConfirmIn(BulkEditIn):
    """The same, as it was previewed."""

    preview = serializers.CharField(max_length=64, help_text="From the preview: refused (409) where it is out of date.")


class BulkFieldSerializer(serializers.Serializer[Any]):
    """One field of one issue before and after."""

    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class BulkRowSerializer(serializers.Serializer[Any]):
    """What becomes of one issue: what changes, or why it is refused."""

    issue = serializers.CharField()
    reference = serializers.CharField()
    changes = BulkFieldSerializer(many=True)
    refused = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())


class BulkCellSerializer(serializers.Serializer[Any]):
    """What becomes of the count of one phase, provider and severity."""

    phase = serializers.CharField()
    provider = serializers.CharField()
    severity = serializers.CharField()
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)


class BulkPlanSerializer(serializers.Serializer[Any]):
    """What a bulk edit does. `preview` confirms it for as long as nothing of it has changed."""

    preview = serializers.CharField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField(), help_text="None that the caller may see.")
    rows = BulkRowSerializer(many=True)
    counts = BulkCellSerializer(many=True)


class MirrorRowIn(StrictSerializer):
    """An issue as the tracker has it. What is empty or left out says nothing: it leaves what is known as it is."""

    external_id = serializers.CharField(max_length=120)
    title = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    description = serializers.CharField(max_length=100_000, required=False, default="", allow_blank=True)
    raised_by = serializers.CharField(max_length=24, required=False, default="", allow_blank=True)
    raised_at = MomentField(required=False, allow_null=True, default=None)
    severity = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    priority = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    provider = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    cause = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    reasons = serializers.CharField(max_length=_TEXT, required=False, default="", allow_blank=True)
    state = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    dmc = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    functional_group = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    environment = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    requirement = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    tests = serializers.ListField(
        child=serializers.CharField(max_length=300), required=False, default=list, max_length=200
    )
    reference = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class MirrorIn(StrictSerializer):
    """Issues of a phase as a tracker has them. All of them or none; the same again changes nothing."""

    phase = PublicIdField()
    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    rows = serializers.ListField(child=MirrorRowIn(), min_length=1, max_length=1000)


class MirrorOneIn(MirrorRowIn):
    """One issue of a phase as a tracker has it; the tracker and its id are in the address."""

    external_id = None  # type: ignore[assignment]
    phase = PublicIdField()


class MirrorKeptSerializer(serializers.Serializer[Any]):
    """Where the tracker says otherwise than the DCC or a body determined, which stays."""

    field = serializers.CharField()
    theirs = serializers.CharField()
    held = serializers.CharField()
    why = serializers.CharField()


class MirroredSerializer(serializers.Serializer[Any]):
    """What became of one row."""

    external_id = serializers.CharField()
    id = serializers.CharField()
    reference = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["CREATED", "CHANGED", "UNCHANGED"])
    changes = serializers.ListField(child=serializers.CharField())
    kept = MirrorKeptSerializer(many=True)


class MirrorResultSerializer(serializers.Serializer[Any]):
    """How many issues were new, changed and as given, and what became of each row, in their order."""

    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rows = MirroredSerializer(many=True)


class TrackerTermSerializer(serializers.Serializer[Any]):
    """What a word of a tracker means here. `ours` empty: it says nothing."""

    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=TermKind.choices)
    theirs = serializers.CharField()
    ours = serializers.CharField()
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class TrackerTermIn(StrictSerializer):
    """A meaning to set: of a state, a cause, a provider's code, a severity or a priority."""

    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=TermKind.choices)
    theirs = serializers.CharField(max_length=120)
    ours = serializers.CharField(max_length=40, allow_blank=True)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class LeftIssueSerializer(serializers.Serializer[Any]):
    """An issue that left the count by a determination, with its reasons."""

    id = serializers.CharField()
    reference = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.CharField()
    left = serializers.ChoiceField(choices=["REJECTED", "NOT_DCC_CAUSED"])
    cause = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    reasons = serializers.CharField()
    determined_by = serializers.CharField()
    determined_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    determination = serializers.CharField()
    phase = serializers.CharField()


class LeftFilter(StrictSerializer):
    """What the list of issues out of the count may be narrowed by."""

    phase = PublicIdField(required=False)
    release = serializers.CharField(max_length=20, required=False)
    left = serializers.ChoiceField(choices=["REJECTED", "NOT_DCC_CAUSED"], required=False)
    provider = serializers.CharField(max_length=24, required=False)
    severity = serializers.CharField(max_length=4, required=False)
    as_at = MomentField(required=False)
    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)
