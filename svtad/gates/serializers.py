"""Judgements as REST shows them, and what may be asked to be judged."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.gates.models import Assessment
from svtad.gates.queries import findings_for, is_stale
from svtad.lib.rest import DayField, MomentField, PublicIdField, StrictSerializer
from svtad.parties.actors import Actor
from svtad.rulebook import codec
from svtad.rulebook.vocabulary import Step, Verdict

_STEPS = [step.value for step in Step]
_VERDICTS = [verdict.value for verdict in Verdict]


class AssessmentSerializer(serializers.Serializer[Any]):
    """A stored judgement of a phase at a step. It never changes; a newer one may stand beside it."""

    id = serializers.CharField()
    phase = serializers.CharField()
    step = serializers.ChoiceField(choices=_STEPS)
    provider = serializers.CharField(allow_null=True, help_text="Whose certificate it is judged for, by id.")
    document = serializers.CharField()
    version = serializers.CharField()
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    as_at = serializers.DateTimeField()
    of_the_present = serializers.BooleanField(help_text="False where it was asked for a past moment.")
    facts_sha256 = serializers.CharField()
    trigger = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()
    synthetic = serializers.BooleanField()


class FindingSerializer(serializers.Serializer[Any]):
    """What one criterion came to. The whole shape is the rulebook's: see `python -m svtad.rulebook judge`."""

    key = serializers.CharField()
    citation = serializers.DictField()
    title = serializers.CharField()
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    summary = serializers.CharField()


class AssessmentDetailSerializer(AssessmentSerializer):
    """A judgement with its findings, as far as the caller may see them."""

    stale = serializers.BooleanField(help_text="Whether something has changed since that is not judged yet.")
    findings = FindingSerializer(many=True)


class AssessmentFilter(StrictSerializer):
    """Which judgements to list."""

    phase = PublicIdField()
    step = serializers.ChoiceField(choices=_STEPS, required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class LatestFilter(StrictSerializer):
    """Which judgement to show: the latest of a phase at a step (default: its last step)."""

    phase = PublicIdField()
    step = serializers.ChoiceField(choices=_STEPS, required=False)
    provider = serializers.CharField(max_length=24, required=False, help_text="A code: for its certificate.")


class AssessIn(StrictSerializer):
    """What to judge. `as_at` judges the facts as they were recorded by that moment."""

    phase = PublicIdField()
    step = serializers.ChoiceField(choices=_STEPS)
    as_at = MomentField(required=False, allow_null=True, default=None)
    provider = serializers.CharField(max_length=24, required=False, allow_null=True, default=None)


class MatterIn(StrictSerializer):
    """Something of a phase to put before a body. Certificates and plans may name a DCC Service Provider.

    A correction plan names the Work Off Plan that will be late; its document and new days come with the step PRESENT.
    """

    procedure = serializers.ChoiceField(
        choices=["APPROVAL_TO_PROCEED", "COMPLETION_REPORT", "CORRECTION_PLAN", "OVERLAP", "SIT_COMPLETION",
                 "TAD_APPROVAL", "TEST_COMPLETION_CERTIFICATE", "WORK_OFF_PLAN"]
    )  # fmt: skip
    provider = serializers.CharField(max_length=24, required=False, allow_null=True, default=None)
    title = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    rationale = serializers.CharField(max_length=20_000, required=False, default="", allow_blank=True)
    work_off_plan = PublicIdField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of CORRECTION_PLAN: the id of the Work Off Plan's matter.",
    )
    aware_on = DayField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of CORRECTION_PLAN: when whoever is responsible became aware that it will be late.",
    )


class JudgementSerializer(serializers.Serializer[Any]):
    """What facts come to: a verdict and a finding for each criterion of the step."""

    document = serializers.CharField()
    version = serializers.CharField()
    release = serializers.CharField()
    phase_kind = serializers.CharField()
    scope = serializers.CharField()
    step = serializers.ChoiceField(choices=_STEPS)
    provider = serializers.CharField(allow_null=True)
    as_at = serializers.CharField()
    facts_sha256 = serializers.CharField()
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    findings = FindingSerializer(many=True)


def show_assessment(assessment: Assessment) -> dict[str, Any]:
    """Return the judgement as `AssessmentSerializer` describes it."""
    return {
        "id": assessment.public_id,
        "phase": assessment.scope.public_id,
        "step": assessment.step,
        "provider": assessment.provider_id_text or None,
        "document": assessment.document,
        "version": assessment.version,
        "verdict": assessment.verdict,
        "as_at": assessment.as_at,
        "of_the_present": assessment.until_now,
        "facts_sha256": assessment.facts_sha256,
        "trigger": assessment.trigger,
        "recorded_at": assessment.recorded_at,
        "recorded_by": assessment.recorded_by,
        "synthetic": assessment.is_synthetic,
    }


def show_assessment_whole(assessment: Assessment, actor: Actor) -> dict[str, Any]:
    """Return the judgement with the findings that `actor` may see."""
    return show_assessment(assessment) | {
        "stale": is_stale(assessment),
        "findings": [codec.encode(finding) for finding in findings_for(actor, assessment)],
    }
