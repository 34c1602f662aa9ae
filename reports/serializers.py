"""Reports as REST shows them, and what may be asked for."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.gates.models import FiledReport, SealedPack
from svtad.lib.rest import PublicIdField, StrictSerializer


class ReportSerializer(serializers.Serializer[Any]):
    """A report that was made of one stored judgement. Its bytes are at `/reports/{id}/content`."""

    id = serializers.CharField()
    kind = serializers.CharField()
    phase = serializers.CharField()
    assessment = serializers.CharField()
    file = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    pages = serializers.IntegerField()
    job = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class ReportFilter(StrictSerializer):
    """Which reports to list."""

    phase = PublicIdField(required=False)
    kind = serializers.CharField(max_length=40, required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class ReportIn(StrictSerializer):
    """What to report on: a stored judgement, or a phase (its latest judgement at its last step)."""

    phase = PublicIdField(required=False)
    assessment = PublicIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Want one of the two."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"phase": ["Give a phase or an assessment, one of the two."]})
        return attrs


def show_report(filed: FiledReport) -> dict[str, Any]:
    """Return the report as `ReportSerializer` describes it."""
    return {
        "id": filed.public_id,
        "kind": filed.kind,
        "phase": filed.scope.public_id,
        "assessment": filed.assessment.public_id,
        "file": filed.file.public_id,
        "name": filed.file.name,
        "size": filed.file.size,
        "sha256": filed.file.sha256,
        "pages": filed.pages,
        "job": filed.job_id_text,
        "recorded_at": filed.recorded_at,
        "recorded_by": filed.recorded_by,
    }


class PackSerializer(serializers.Serializer[Any]):
    """A sealed decision pack. The bytes of `file` (the zip) and `signature` are at `/files/{id}/content`."""

    id = serializers.CharField()
    phase = serializers.CharField()
    assessment = serializers.CharField()
    matter = serializers.CharField(allow_blank=True)
    file = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    signature = serializers.CharField()
    signer = serializers.CharField()
    signer_pem = serializers.CharField()
    members = serializers.IntegerField()
    job = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class PackFilter(StrictSerializer):
    """Which packs to list."""

    phase = PublicIdField(required=False)
    assessment = PublicIdField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class PackIn(StrictSerializer):
    """What to seal: a stored judgement, or a matter of a phase with the judgement that it was decided on."""

    assessment = PublicIdField(required=False)
    matter = PublicIdField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Want one of the two."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"assessment": ["Give an assessment or a matter, one of the two."]})
        return attrs


def show_pack(pack: SealedPack) -> dict[str, Any]:
    """Return the pack as `PackSerializer` describes it."""
    return {
        "id": pack.public_id,
        "phase": pack.scope.public_id,
        "assessment": pack.assessment.public_id,
        "matter": pack.matter.public_id if pack.matter is not None else "",
        "file": pack.file.public_id,
        "sha256": pack.file.sha256,
        "size": pack.file.size,
        "signature": pack.signature.public_id,
        "signer": pack.signer.fingerprint,
        "signer_pem": pack.signer.pem,
        "members": pack.members,
        "job": pack.job_id_text,
        "recorded_at": pack.recorded_at,
        "recorded_by": pack.recorded_by,
    }
