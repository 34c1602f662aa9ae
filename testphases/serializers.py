"""Phases, planned tests and runs as REST shows them, and what may be sent in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.governance.serializers import ContradictionSerializer
from svtad.intake.serializers import TextsField
from svtad.lib.rest import MomentField, PublicIdField, StrictSerializer
from testphases.models import InstallationType, Outcome, TestKind
from testphases.models.scopes import ScopeState

#: Rows of a plan, or results, taken in one call; more come as a file.
MOST_ROWS = 20_000


class ReleaseSerializer(serializers.Serializer[Any]):
    """A Capability Release."""

    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    position = serializers.IntegerField()
    programme = serializers.CharField()
    state = serializers.CharField(help_text="PLANNED, IN_TEST, READY or LIVE.")
    synthetic = serializers.BooleanField()


class ProgrammeSerializer(serializers.Serializer[Any]):
    """A programme, with the Capability Releases of it that the caller may see."""

    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    synthetic = serializers.BooleanField()
    releases = ReleaseSerializer(many=True)


class PhaseSerializer(serializers.Serializer[Any]):
    """A Test Phase of a Capability Release, under the document version that governs it."""

    id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=ScopeState.choices)
    contradicted = ContradictionSerializer(
        allow_null=True,
        help_text="Where it is complete, and the Panel has determined otherwise since (13.16): by what. Null else.",
    )
    programme = serializers.CharField()
    release = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    synthetic = serializers.BooleanField()


class PhaseDetailSerializer(PhaseSerializer):
    """A Test Phase with who takes part, its stages and its stage exit versions."""

    participants = serializers.ListField(child=serializers.CharField())
    stages = serializers.ListField(child=serializers.CharField())
    stage_exit_versions = serializers.CharField(allow_null=True)


class PhaseFilter(StrictSerializer):
    """What a list of phases may be narrowed by."""

    programme = serializers.CharField(max_length=40, required=False)
    release = serializers.CharField(max_length=20, required=False)
    kind = serializers.CharField(max_length=20, required=False)
    state = serializers.ChoiceField(choices=ScopeState.choices, required=False)
    page = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class CountSerializer(serializers.Serializer[Any]):
    """Planned tests of one DMC, functional group, kind and DCC Service Provider, counted.

    `planned` = `descoped` + `executed` + `not_run`; `executed` = `passed` + `failed`. Skipped and disabled
    tests are not executed. The `exit` counts are of regression tests on the stage exit versions.
    """

    dmc = serializers.CharField(allow_null=True)
    functional_group = serializers.CharField()
    kind = serializers.ChoiceField(choices=TestKind.choices)
    provider = serializers.CharField(allow_null=True)
    planned = serializers.IntegerField()
    descoped = serializers.IntegerField()
    executed = serializers.IntegerField()
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    not_run = serializers.IntegerField()
    assured_passed = serializers.IntegerField()
    exit_executed = serializers.IntegerField()
    exit_passed = serializers.IntegerField()


class PlannedTestSerializer(serializers.Serializer[Any]):
    """A planned test as it is planned now, with its current result."""

    id = serializers.CharField()
    phase = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    external_id = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=TestKind.choices)
    functional_group = serializers.CharField()
    dmc = serializers.CharField(allow_null=True)
    installation_type = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    stage = serializers.CharField(allow_null=True)
    requirement = serializers.CharField()
    outcome = serializers.CharField(help_text="PASSED, FAILED, or empty where it has not been executed.")
    executed_at = serializers.DateTimeField(allow_null=True)
    versions = serializers.CharField(allow_null=True)
    descoped = serializers.BooleanField()


class PlannedTestFilter(StrictSerializer):
    """What a list of planned tests may be narrowed by."""

    phase = PublicIdField()
    external_id = serializers.CharField(max_length=300, required=False)
    kind = serializers.ChoiceField(choices=TestKind.choices, required=False)
    functional_group = serializers.CharField(max_length=120, required=False)
    dmc = serializers.CharField(max_length=40, required=False, help_text="A reference, or `none`.")
    provider = serializers.CharField(max_length=24, required=False, help_text="A code, or `none`.")
    outcome = serializers.ChoiceField(choices=["PASSED", "FAILED", "NOT_RUN"], required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class PlanRowIn(StrictSerializer):
    """A test to plan. The same test is the same `external_id` on the same DMC and installation type."""

    external_id = serializers.CharField(max_length=300)
    title = serializers.CharField(max_length=300)
    functional_group = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=TestKind.choices, required=False, default=TestKind.FUNCTIONAL)
    dmc = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    installation_type = serializers.ChoiceField(
        choices=[value for value in InstallationType.values if value], required=False, default="", allow_blank=True
    )
    provider = serializers.CharField(max_length=24, required=False, default="", allow_blank=True)
    stage = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    requirement = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class PlanIn(StrictSerializer):
    """Tests to plan in a phase. What is there already and reads the same is left as it is."""

    phase = PublicIdField()
    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    rows = serializers.ListField(child=PlanRowIn(), min_length=1, max_length=MOST_ROWS)


class PlanResultSerializer(serializers.Serializer[Any]):
    """How many planned tests are new, changed, and as they were."""

    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class RunSerializer(serializers.Serializer[Any]):
    """One result of one planned test, as it arrived. Runs are never changed; a void one says so."""

    id = serializers.IntegerField()
    phase = serializers.CharField()
    planned_test = serializers.CharField()
    external_id = serializers.CharField()
    dmc = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    occurred_at = serializers.DateTimeField()
    time_uncertain = serializers.BooleanField()
    recorded_at = serializers.DateTimeField()
    versions = serializers.CharField(allow_null=True)
    batch = serializers.CharField(allow_null=True)
    position = serializers.IntegerField()
    tester = serializers.CharField()
    environment = serializers.CharField()
    message = serializers.CharField()
    duration_ms = serializers.IntegerField(allow_null=True)
    evidence = serializers.CharField(allow_null=True)
    void = serializers.CharField(allow_null=True, help_text="Why it is void; null where it is not.")


class RunFilter(StrictSerializer):
    """What a list of runs may be narrowed by."""

    phase = PublicIdField()
    planned_test = PublicIdField(required=False)
    external_id = serializers.CharField(max_length=300, required=False)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    dmc = serializers.CharField(max_length=40, required=False)
    batch = PublicIdField(required=False)
    recorded_since = MomentField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class ResultRowIn(StrictSerializer):
    """One result. `versions` is `component=version`, several separated by `;`."""

    external_id = serializers.CharField(max_length=300)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    occurred_at = MomentField()
    dmc = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    installation_type = serializers.ChoiceField(
        choices=[value for value in InstallationType.values if value], required=False, default="", allow_blank=True
    )
    versions = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    environment = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    tester = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    message = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)
    duration_seconds = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0)
    no_file_needed = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class ResultsIn(StrictSerializer):
    """Results of one run. The same `run_id` with the same rows changes nothing, with others it is refused."""

    phase = PublicIdField()
    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    run_id = serializers.CharField(max_length=120)
    rows = serializers.ListField(child=ResultRowIn(), min_length=1, max_length=MOST_ROWS)


class ResultsFileIn(StrictSerializer):
    """A file of results (JUnit XML, or CSV), as a multipart form."""

    file = serializers.FileField()
    phase = PublicIdField()
    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    run_id = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    params = TextsField(
        required=False, default=dict, help_text="A JSON object of the importer's parameters, each a text."
    )


class UnmatchedSerializer(serializers.Serializer[Any]):
    """A result whose test no plan of the phase knows."""

    id = serializers.CharField()
    batch = serializers.CharField()
    external_id = serializers.CharField()
    dmc = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    occurred_at = serializers.DateTimeField()
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class UnmatchedFilter(StrictSerializer):
    """Whose unmatched results to list."""

    phase = PublicIdField()
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class DescopingIn(StrictSerializer):
    """Planned tests to propose for de-scoping in exceptional circumstances (12.6(a))."""

    planned_tests = serializers.ListField(child=PublicIdField(), min_length=1, max_length=1000)
    justification = serializers.CharField(max_length=20_000)
