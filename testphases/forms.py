"""Forms of Test Phases, runs and de-scoping."""

from __future__ import annotations

from typing import Any

from django import forms

from svtad.governing.models import DocumentVersion
from svtad.governing.queries import edition_held
from svtad.parties.models import Organisation, OrganisationKind
from svtad.rulebook.edition import PhaseKind
from svtad.rulebook.vocabulary import phase_kind_words
from testphases.models import CapabilityRelease, ComponentVersionSet, Programme, TestScope
from testphases.models.eligibility import PARTY_KINDS
from testphases.models.scopes import ScopeState


class MoveForm(forms.Form):
    """Where a phase goes next, and why."""

    to_state = forms.ChoiceField(label="Move the phase to", choices=ScopeState.choices)
    reason = forms.CharField(label="Reason or reference", required=False, widget=forms.Textarea)


class FreezeForm(forms.Form):
    """The versions on which regression counts from now on (Table 13.1 row 2)."""

    version_set = forms.ModelChoiceField(
        ComponentVersionSet.objects.none(), label="Versions at stage exit", empty_label="Choose"
    )

    def __init__(self, *args: Any, scope: TestScope, **kwargs: Any) -> None:
        """Offer the version sets that runs of this phase were on."""
        super().__init__(*args, **kwargs)
        ran_on = scope.planned_tests.filter(runs__version_set__isnull=False).values("runs__version_set_id")
        self.fields["version_set"].queryset = ComponentVersionSet.objects.filter(  # type: ignore[attr-defined]
            pk__in=ran_on
        ).order_by("label")


class ParticipantForm(forms.Form):
    """A DCC Service Provider that takes part."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label="Takes part", empty_label="Choose")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer DCC Service Providers and the DCC."""
        super().__init__(*args, **kwargs)
        kinds = (OrganisationKind.DCC_SERVICE_PROVIDER, OrganisationKind.DCC)
        self.fields["organisation"].queryset = Organisation.objects.filter(  # type: ignore[attr-defined]
            kind__in=kinds
        ).order_by("name")


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(label="Reason", max_length=300)


class StageForm(forms.Form):
    """A Test Stage (12.4)."""

    name = forms.CharField(label="Name of the Test Stage", max_length=80)


class DayInput(forms.DateInput):
    """A day."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class StagePlanForm(forms.Form):
    """What the test plan says of a Test Stage: its days, and whether it has gates of its own (12.4)."""

    starts_on = forms.DateField(label="Planned to start on", widget=DayInput(), required=False)
    ends_on = forms.DateField(label="Planned to end on", widget=DayInput(), required=False)
    has_entry_gate = forms.BooleanField(
        label="Has an Entry gate", required=False, help_text="Without one it may start at any time within its phase."
    )
    has_exit_gate = forms.BooleanField(
        label="Has an Exit gate", required=False, help_text="Without one it may finish at any time within its phase."
    )
    test_plan = forms.CharField(
        label="Where the test plan says so",
        max_length=300,
        required=False,
        help_text="Document, version and section; needed for a gate.",
    )


class StageMoveForm(forms.Form):
    """A Test Stage started or finished."""

    to_state = forms.CharField(widget=forms.HiddenInput())
    occurred_at = forms.DateTimeField(
        label="When",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="When empty: now.",
    )
    reason = forms.CharField(label="Note", required=False, max_length=400)


class StageCriterionForm(forms.Form):
    """A criterion that the test plan gives a Test Stage."""

    gate = forms.ChoiceField(label="Gate", choices=[("ENTRY", "Entry"), ("EXIT", "Exit")])
    clause = forms.CharField(label="Place in the test plan", max_length=60, required=False)
    text = forms.CharField(label="Criterion", max_length=400)


class StageAnswerForm(forms.Form):
    """Whether a criterion of a Test Stage is met."""

    met = forms.ChoiceField(label="It is", choices=[("yes", "met"), ("no", "not met")])
    reasons = forms.CharField(label="What shows it, or what is wanting", max_length=400)


class EligibilityForm(forms.Form):
    """A Party that is to undertake Eligibility Testing in a User Role (13.25)."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label="Party", to_field_name="public_id", empty_label="Choose"
    )
    role = forms.CharField(label="User Role", max_length=60, help_text="As the Code names it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the Parties."""
        super().__init__(*args, **kwargs)
        parties = Organisation.objects.filter(kind__in=PARTY_KINDS).order_by("name")
        self.fields["organisation"].queryset = parties  # type: ignore[attr-defined]


class EligibilityMoveForm(forms.Form):
    """Eligibility Testing begun, or completed successfully."""

    to_state = forms.CharField(widget=forms.HiddenInput())
    basis = forms.CharField(
        label="What shows it", max_length=400, required=False, help_text="Needed for completion: the report or letter."
    )
    occurred_at = forms.DateTimeField(
        label="When",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="When empty: now.",
    )


class RunEvidenceForm(forms.Form):
    """A file, or why none is needed (12.6(d))."""

    file = forms.FileField(label="File", required=False, help_text="Kept unchanged under its SHA-256.")
    no_file_needed = forms.CharField(label="Or: why no file is needed", max_length=200, required=False)


class EditPlanForm(forms.Form):
    """What is planned about one test; each edit opens a new version."""

    title = forms.CharField(label="Title", max_length=300)
    functional_group = forms.CharField(label="Functional group", max_length=120)
    requirement = forms.CharField(label="Requirement", max_length=120, required=False)
    reason = forms.CharField(label="Why the plan changes", max_length=300)


class DescopeForm(forms.Form):
    """The exceptional circumstances for de-scoping the tests chosen (12.6(a))."""

    justification = forms.CharField(label="The exceptional circumstances", widget=forms.Textarea)


class ProgrammeForm(forms.Form):
    """A programme of testing."""

    code = forms.CharField(label="Code", max_length=40, help_text="Letters, digits and hyphens; tools name it by this.")
    name = forms.CharField(label="Name", max_length=160)


class ReleaseForm(forms.Form):
    """A Capability Release of a programme."""

    programme = forms.ModelChoiceField(
        Programme.objects.none(), label="Programme", to_field_name="public_id", empty_label="Choose"
    )
    code = forms.CharField(label="Code", max_length=20, help_text="As the governing document writes it, such as IOC.")
    name = forms.CharField(label="Name", max_length=160)
    position = forms.IntegerField(label="Place in the order", min_value=1, max_value=999, help_text="1 is the first.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the programmes there are."""
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = Programme.objects.order_by("name")  # type: ignore[attr-defined]


class PhaseForm(forms.Form):
    """A Test Phase of a release, and the document version that governs it."""

    release = forms.ModelChoiceField(
        CapabilityRelease.objects.none(), label="Capability Release", to_field_name="public_id", empty_label="Choose"
    )
    governed_by = forms.ModelChoiceField(
        DocumentVersion.objects.none(), label="Governed by", to_field_name="public_id", empty_label="Choose"
    )
    kind = forms.ChoiceField(label="Kind")
    provider = forms.ModelChoiceField(
        Organisation.objects.none(),
        label="Only of",
        to_field_name="public_id",
        required=False,
        empty_label="All that take part",
        help_text="A DCC Service Provider whose own phase it is, as PIT is.",
    )
    name = forms.CharField(
        label="Name", max_length=160, required=False, help_text="When empty: release, kind and provider."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the releases, the versions entered, and the kinds of phase that their editions know."""
        super().__init__(*args, **kwargs)
        versions = DocumentVersion.objects.select_related("document").order_by("document__code", "version")
        releases = CapabilityRelease.objects.select_related("programme").order_by("programme__name", "position")
        editions = [edition for version in versions if (edition := edition_held(version)) is not None]
        kinds = {kind.key: _kind_label(kind) for edition in editions for kind in edition.phase_kinds}
        self.fields["release"].queryset = releases  # type: ignore[attr-defined]
        self.fields["governed_by"].queryset = versions  # type: ignore[attr-defined]
        if len(versions) == 1:
            self.fields["governed_by"].initial = versions[0].public_id
        self.fields["kind"].choices = [("", "Choose"), *kinds.items()]  # type: ignore[attr-defined]
        providers = Organisation.objects.filter(kind=OrganisationKind.DCC_SERVICE_PROVIDER)
        self.fields["provider"].queryset = providers.order_by("name")  # type: ignore[attr-defined]


def _kind_label(kind: PhaseKind) -> str:
    words = phase_kind_words(kind.key)
    return f"{words}: {kind.title}" if words == kind.key else kind.title
