"""Jobs, files, matters and decisions as REST shows them, and what may be sent in about them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.governance.models import Decision, Job, JobState, Matter, StoredFile
from svtad.lib.rest import MomentField, PlainJSONField, PublicIdField, StrictSerializer
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body


class JobSerializer(serializers.Serializer[Any]):
    """A piece of long work: where it is, and what came of it."""

    id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress_done = serializers.IntegerField()
    progress_total = serializers.IntegerField()
    progress_message = serializers.CharField()
    result = serializers.DictField(allow_null=True)
    error = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class JobFilter(StrictSerializer):
    """What a list of jobs may be narrowed by."""

    kind = serializers.CharField(max_length=40, required=False)
    state = serializers.ChoiceField(choices=JobState.choices, required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class FileSerializer(serializers.Serializer[Any]):
    """A stored file. Its bytes are at `/files/{id}/content`."""

    id = serializers.CharField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    purpose = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class DocumentIn(StrictSerializer):
    """A document to keep, as a multipart form: minutes, a letter, a plan."""

    file = serializers.FileField()


class DecisionSerializer(serializers.Serializer[Any]):
    """What a body decided, with the three times that law keeps apart."""

    id = serializers.CharField()
    matter = serializers.CharField()
    sequence = serializers.IntegerField()
    body = serializers.CharField()
    outcome = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    clause = serializers.CharField()
    rationale = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    document = serializers.CharField(allow_null=True)
    meeting = serializers.CharField()
    against_computed = serializers.BooleanField()
    decided_at = serializers.DateTimeField()
    notified_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class StepSerializer(serializers.Serializer[Any]):
    """A step that the matter's procedure lists from its state, with what has to be given."""

    body = serializers.CharField()
    outcome = serializers.CharField()
    leads_to = serializers.CharField()
    clause = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())


class MatterSerializer(serializers.Serializer[Any]):
    """Something put before a body, and where it stands."""

    id = serializers.CharField()
    reference = serializers.CharField()
    procedure = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    proposer = serializers.CharField()
    rationale = serializers.CharField()
    state = serializers.CharField()
    phase = serializers.CharField(allow_null=True)
    opened_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class MatterDetailSerializer(MatterSerializer):
    """A matter with its decisions and the steps that may follow."""

    decisions = DecisionSerializer(many=True)
    steps = StepSerializer(many=True)


class MatterFilter(StrictSerializer):
    """What a list of matters may be narrowed by."""

    procedure = serializers.ChoiceField(choices=sorted(PROCEDURES), required=False)
    state = serializers.CharField(max_length=30, required=False)
    phase = PublicIdField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


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


def show_job(job: Job) -> dict[str, Any]:
    """Return the job as `JobSerializer` describes it."""
    return {
        "id": job.public_id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "progress_done": job.progress_done,
        "progress_total": job.progress_total,
        "progress_message": job.progress_message,
        "result": job.result,
        "error": job.error,
        "recorded_at": job.recorded_at,
        "finished_at": job.finished_at,
    }


def show_file(stored: StoredFile) -> dict[str, Any]:
    """Return the file as `FileSerializer` describes it."""
    return {
        "id": stored.public_id,
        "name": stored.name,
        "media_type": stored.media_type,
        "size": stored.size,
        "sha256": stored.sha256,
        "purpose": stored.purpose,
        "recorded_at": stored.recorded_at,
        "recorded_by": stored.recorded_by,
    }


def show_decision(decision: Decision, matter: Matter) -> dict[str, Any]:
    """Return the decision on `matter` as `DecisionSerializer` describes it."""
    return {
        "id": decision.public_id,
        "matter": matter.public_id,
        "sequence": decision.sequence,
        "body": decision.body,
        "outcome": decision.outcome,
        "from_state": decision.from_state,
        "to_state": decision.to_state,
        "clause": decision.clause,
        "rationale": decision.rationale,
        "data": decision.data,
        "document": decision.document.public_id if decision.document else None,
        "meeting": decision.meeting,
        "against_computed": decision.against_computed,
        "decided_at": decision.decided_at,
        "notified_at": decision.notified_at,
        "effective_at": decision.effective_at,
        "recorded_at": decision.recorded_at,
        "recorded_by": decision.recorded_by,
    }


def show_matter(matter: Matter) -> dict[str, Any]:
    """Return the matter as `MatterSerializer` describes it."""
    return {
        "id": matter.public_id,
        "reference": matter.reference,
        "procedure": matter.procedure,
        "document": matter.document,
        "version": matter.version,
        "title": matter.title,
        "proposer": matter.proposer,
        "rationale": matter.rationale,
        "state": matter.state,
        "phase": matter.scope_id or None,
        "opened_at": matter.opened_at,
        "recorded_at": matter.recorded_at,
        "recorded_by": matter.recorded_by,
    }


def show_matter_whole(matter: Matter) -> dict[str, Any]:
    """Return the matter with its decisions and next steps, as `MatterDetailSerializer` describes it."""
    decisions = Decision.objects.filter(matter=matter).select_related("document").order_by("sequence")
    steps = PROCEDURES[matter.procedure].transitions_from(matter.state)
    return show_matter(matter) | {
        "decisions": [show_decision(decision, matter) for decision in decisions],
        "steps": [
            {
                "body": step.body,
                "outcome": step.outcome,
                "leads_to": step.target,
                "clause": step.clause,
                "needs": [need.key for need in step.requires],
            }
            for step in steps
        ],
    }
