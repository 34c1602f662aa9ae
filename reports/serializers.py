"""Reports as REST shows them, and what may be asked for."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.gates.models import FiledReport, PartyCopy, SealedPack
from svtad.gates.queries.copies import Given, Lists, lacking
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


class RedactionSerializer(serializers.Serializer[Any]):
    """One line of either list: what is redacted of which report, on which list it stands, and why."""

    report = serializers.CharField()
    part = serializers.CharField(help_text="SECTION, ROW (by its reference) or WORDS.")
    which = serializers.CharField()
    title = serializers.CharField()
    why = serializers.CharField(allow_blank=True)
    proposed = serializers.BooleanField(help_text="On the DCC's list.")
    specified = serializers.BooleanField(help_text="On the Panel's list, the only one that is applied.")
    places = serializers.IntegerField(allow_null=True, help_text="In how many places the report had a row or words.")


class SectionSerializer(serializers.Serializer[Any]):
    """A place of the Completion Report that can be redacted as a whole: `which` of a line whose part is SECTION."""

    which = serializers.CharField()
    title = serializers.CharField()


class PartyCopySerializer(serializers.Serializer[Any]):
    """A copy as the Panel's direction wants it. Its bytes are at `/files/{file}/content`."""

    part = serializers.CharField()
    number = serializers.IntegerField()
    file = serializers.CharField()
    sha256 = serializers.CharField()
    pages = serializers.IntegerField()


class CopyListsSerializer(serializers.Serializer[Any]):
    """The lists of one package (13.15(b), 13.17) and the copies. Steps are recorded on its `matter`.

    `data` of a PROPOSE of the DCC or a DIRECT of the Panel is `{"redactions": [{report, part, which, why}]}`; an empty
    list says that nothing is redacted.
    """

    id = serializers.CharField()
    matter = serializers.CharField()
    state = serializers.CharField()
    package = serializers.CharField(allow_null=True, help_text="The decision by which the package was sent.")
    report = serializers.CharField(allow_null=True, help_text="The Completion Report that the copy is made from.")
    report_sha256 = serializers.CharField(allow_blank=True)
    audit_report_sha256 = serializers.CharField(allow_blank=True)
    sections = SectionSerializer(many=True)
    redactions = RedactionSerializer(many=True)
    direction = serializers.CharField(allow_null=True, help_text="The Panel's decision that stands.")
    copies = PartyCopySerializer(many=True)
    job = serializers.CharField(allow_null=True)
    lacking = serializers.CharField(allow_blank=True, help_text="Which copy is not there yet.")
    shared = serializers.BooleanField(help_text="Whether the Parties have the copies that stand.")


class GivenCopySerializer(serializers.Serializer[Any]):
    """A copy that the Parties were given, and what became of it. Its bytes are at `/files/{file}/content`."""

    id = serializers.CharField()
    phase = serializers.CharField(help_text="The name of the Test Phase.")
    report = serializers.CharField()
    given_at = serializers.DateTimeField()
    state = serializers.CharField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    replaced_by = serializers.CharField(allow_null=True)
    file = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class CopiesIn(StrictSerializer):
    """The package that lists are begun for, and the Completion Report that was made here and went with it."""

    package = PublicIdField(required=False, allow_null=True, default=None)
    report = PublicIdField(
        required=False, allow_null=True, default=None, help_text="Without one the DCC brings the redacted copy itself."
    )


class BroughtIn(StrictSerializer):
    """A copy that was redacted elsewhere: a stored file, a PDF."""

    report = serializers.ChoiceField(choices=["COMPLETION_REPORT", "SIT_AUDIT_REPORT"])
    file = PublicIdField()


def show_lists(lists: Lists) -> dict[str, Any]:
    """Return the lists as `CopyListsSerializer` describes them."""
    copies, found = lists.copies, lists.found
    return {
        "id": copies.public_id,
        "matter": copies.matter.public_id,
        "state": copies.matter.state,
        "package": copies.package.public_id if copies.package else None,
        "report": copies.report.public_id if copies.report else None,
        "report_sha256": copies.report.file.sha256 if copies.report else "",
        "audit_report_sha256": copies.audit.file.sha256 if copies.audit else "",
        "sections": [{"which": key, "title": title} for key, title in copies.sections],
        "redactions": [
            {
                "report": each.entry.report,
                "part": each.entry.part,
                "which": each.entry.which,
                "title": each.entry.title,
                "why": each.entry.why,
                "proposed": each.proposed,
                "specified": each.specified,
                "places": found.get(each.entry.which),
            }
            for each in lists.compared
        ],
        "direction": lists.direction.public_id if lists.direction else None,
        "copies": [show_copy(each) for each in lists.standing],
        "job": lists.job.public_id if lists.job else None,
        "lacking": lacking(lists) if lists.direction else "",
        "shared": lists.is_shared,
    }


def show_copy(copy: PartyCopy) -> dict[str, Any]:
    """Return the copy as `PartyCopySerializer` describes it."""
    return {
        "part": copy.part,
        "number": copy.number,
        "file": copy.file.public_id,
        "sha256": copy.file.sha256,
        "pages": copy.pages,
    }


def show_given(each: Given) -> dict[str, Any]:
    """Return the copy as `GivenCopySerializer` describes it."""
    shared = each.shared
    return {
        "id": shared.public_id,
        "phase": shared.scope.name,
        "report": each.words,
        "given_at": shared.decision.decided_at,
        "state": each.state,
        "withdrawn_at": each.withdrawn_at,
        "replaced_by": each.replaced_by.public_id if each.replaced_by else None,
        "file": shared.file.public_id,
        "name": shared.file.name,
        "size": shared.file.size,
        "sha256": shared.file.sha256,
    }
