"""Jobs and stored files as REST shows them, and what may be sent in about them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.governance.models import Job, JobState, StoredFile
from svtad.lib.rest import PublicIdField, StrictSerializer


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
    """A document to keep, as a multipart form: minutes, a letter, a plan. Who may see the matter may see it."""

    file = serializers.FileField()
    matter = PublicIdField(
        required=False, help_text="The matter that it is for; without one it is for all those who govern."
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
