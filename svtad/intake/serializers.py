"""Import batches as REST shows them, and what may be sent with a file."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.intake.models import BatchState, ImportBatch
from svtad.intake.queries import errors_of
from svtad.lib.errors import FieldError
from svtad.lib.rest import PlainJSONField, PublicIdField, StrictSerializer

#: Row errors that an answer lists; the import keeps more.
_LISTED = 100


class BatchSerializer(serializers.Serializer[Any]):
    """A file that was sent in, and what became of it.

    `counts` are by the importer's own keys (see the list of importers); `job` is the one that previews or
    imports it.
    """

    id = serializers.CharField()
    importer = serializers.CharField()
    phase = serializers.CharField()
    file = serializers.CharField()
    sha256 = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    run_id = serializers.CharField()
    state = serializers.ChoiceField(choices=BatchState.choices)
    counts = serializers.DictField(child=serializers.IntegerField())
    warnings = serializers.ListField(child=serializers.CharField())
    error_count = serializers.IntegerField()
    refusal = serializers.CharField()
    job = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()
    committed_at = serializers.DateTimeField(allow_null=True)


class RowErrorSerializer(serializers.Serializer[Any]):
    """One thing wrong with one row of a file; row 0 is the file itself."""

    row = serializers.IntegerField()
    field = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField()


class ImporterParameterSerializer(serializers.Serializer[Any]):
    """Something that may be said of a whole file."""

    key = serializers.CharField()
    title = serializers.CharField()
    help = serializers.CharField()
    choices = serializers.DictField(child=serializers.CharField())
    default = serializers.CharField()


class ImporterColumnSerializer(serializers.Serializer[Any]):
    """A column of a CSV file."""

    name = serializers.CharField()
    needed = serializers.BooleanField(source="required")
    help = serializers.CharField()


class ImporterSerializer(serializers.Serializer[Any]):
    """A kind of file that can be imported."""

    key = serializers.CharField()
    title = serializers.CharField()
    suffixes = serializers.ListField(child=serializers.CharField())
    takes_run_id = serializers.BooleanField()
    most_bytes = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.CharField(), source="labels")
    parameters = ImporterParameterSerializer(many=True)
    columns = ImporterColumnSerializer(many=True, default=(), help_text="Empty where it is no CSV.")


class TextsField(PlainJSONField):
    """A JSON object of texts."""

    default_error_messages = {"texts": "An object of texts is wanted."}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return the texts. Raises ValidationError."""
        value = super().to_internal_value(data)
        if not all(isinstance(text, str) for text in value.values()):
            self.fail("texts")
        return value


class FileIn(StrictSerializer):
    """A file to import, as a multipart form."""

    file = serializers.FileField()
    phase = PublicIdField()
    importer = serializers.CharField(max_length=40)
    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    run_id = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    params = TextsField(
        required=False, default=dict, help_text="A JSON object of the importer's parameters, each a text."
    )
    commit = serializers.BooleanField(
        required=False, default=False, help_text="Import it at once, without a preview: all of it, or nothing."
    )


class BatchFilter(StrictSerializer):
    """What a list of batches may be narrowed by."""

    phase = PublicIdField(required=False)
    importer = serializers.CharField(max_length=40, required=False)
    state = serializers.ChoiceField(choices=BatchState.choices, required=False)
    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


def why_not_imported(batch: ImportBatch, *, field: str = "file", header: int = 0) -> list[FieldError]:
    """Return why nothing of `batch` was imported: its refusal, or its first row errors and how many more there are.

    `header` rows of the file were not in what the caller sent, and are taken off the row numbers.
    """
    if batch.refusal:
        return [FieldError(None, field, batch.refusal)]
    found = [
        FieldError((error.row - header) or None, error.field, error.message) for error in errors_of(batch)[:_LISTED]
    ]
    more = batch.error_count - len(found)
    return [*found, FieldError(None, "", f"… and {more} more errors.")] if more > 0 else found


def show_batch(batch: ImportBatch) -> dict[str, Any]:
    """Return the batch as `BatchSerializer` describes it."""
    return {
        "id": batch.public_id,
        "importer": batch.importer,
        "phase": batch.scope_id,
        "file": batch.file.name,
        "sha256": batch.file.sha256,
        "source": batch.source,
        "run_id": batch.run_id,
        "state": batch.state,
        "counts": batch.summary.get("counts", {}),
        "warnings": batch.summary.get("warnings", []),
        "error_count": batch.error_count,
        "refusal": batch.refusal,
        "job": batch.job.public_id if batch.job else None,
        "recorded_at": batch.recorded_at,
        "recorded_by": batch.recorded_by,
        "committed_at": batch.committed_at,
    }
