"""Forms of Testing Issues."""

from __future__ import annotations

from typing import Any

from django import forms

from issues.actions import ATTACHMENT_KINDS, KEEP, BulkEdit
from issues.models import Cause, IssueState, LinkKind, Reach, TermKind, TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from testphases.models import TestScope

_PARTICIPANTS = (
    OrganisationKind.SUPPLIER_PARTY,
    OrganisationKind.TESTING_PARTICIPANT,
    OrganisationKind.DCC_SERVICE_PROVIDER,
)


class MomentInput(forms.DateTimeInput):
    """A date and a time to the minute, in London."""

    input_type = "datetime-local"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


def _choose(field: forms.Field, rows: Any) -> None:
    """Offer `rows` in a model choice field."""
    field.queryset = rows  # type: ignore[attr-defined]


class RaiseForm(forms.Form):
    """A Testing Issue that is raised by hand."""

    scope = forms.ModelChoiceField(
        TestScope.objects.none(), label="Test Phase", to_field_name="public_id", empty_label="Choose"
    )
    raised_by = forms.ModelChoiceField(
        Organisation.objects.none(), label="Raised by", to_field_name="public_id", empty_label="Choose"
    )
    title = forms.CharField(label="Title", max_length=300, widget=forms.TextInput(attrs={"whole": True}))
    description = forms.CharField(label="What was seen", widget=forms.Textarea(attrs={"whole": True}), required=False)
    occurred_at = forms.DateTimeField(label="Found", widget=MomentInput(), required=False, help_text="When empty: now.")
    dmc = forms.ModelChoiceField(
        DeviceModelCombination.objects.none(),
        label="DMC",
        to_field_name="reference",
        required=False,
        empty_label="None",
    )
    functional_group = forms.CharField(label="Functional group", max_length=120, required=False)
    environment = forms.CharField(label="Environment", max_length=80, required=False)
    requirement = forms.CharField(label="Requirement", max_length=120, required=False)

    def __init__(self, *args: Any, scopes: Any, actor: Actor, **kwargs: Any) -> None:
        """Offer the phases and the organisations that `actor` may raise an issue in and for."""
        super().__init__(*args, **kwargs)
        _choose(self.fields["scope"], scopes)
        organisations = Organisation.objects.filter(pk__in=actor.organisation_pks)
        if OrganisationKind.DCC in actor.organisation_kinds:
            organisations = Organisation.objects.filter(kind__in=(*_PARTICIPANTS, OrganisationKind.DCC))
        _choose(self.fields["raised_by"], organisations.order_by("name"))
        if organisations.count() == 1:
            self.fields["raised_by"].initial = organisations[0].public_id
        _choose(self.fields["dmc"], DeviceModelCombination.objects.order_by("reference"))


class WordingForm(forms.Form):
    """The wording of an issue, and what it concerns."""

    title = forms.CharField(label="Title", max_length=300)
    description = forms.CharField(label="What was seen", widget=forms.Textarea, required=False)
    dmc = forms.ModelChoiceField(
        DeviceModelCombination.objects.none(),
        label="DMC",
        to_field_name="reference",
        required=False,
        empty_label="None",
    )
    functional_group = forms.CharField(label="Functional group", max_length=120, required=False)
    environment = forms.CharField(label="Environment", max_length=80, required=False)
    requirement = forms.CharField(label="Requirement", max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the DMCs there are."""
        super().__init__(*args, **kwargs)
        _choose(self.fields["dmc"], DeviceModelCombination.objects.order_by("reference"))


class DetermineForm(forms.Form):
    """Severity, cause and provider, as the DCC determines them (14.1, 13.19)."""

    severity = forms.ChoiceField(label="Severity")
    priority = forms.CharField(label="Priority", max_length=20, required=False)
    cause = forms.ChoiceField(label="Cause", choices=[("", "Choose"), *((c.value, c.label) for c in Cause if c.value)])
    provider = forms.ModelChoiceField(
        Organisation.objects.none(),
        label="Who answers for it",
        to_field_name="public_id",
        required=False,
        empty_label="Nobody",
        help_text="A DCC Service Provider that takes part, or the DCC for its own systems.",
    )
    reasons = forms.CharField(
        label="Reasons",
        widget=forms.Textarea(attrs={"whole": True}),
        required=False,
        help_text="Needed where the issue leaves the count by another cause than the DCC's systems.",
    )

    def __init__(self, *args: Any, severities: tuple[str, ...], providers: Any, **kwargs: Any) -> None:
        """Offer the severities of the edition and the organisations that take part."""
        super().__init__(*args, **kwargs)
        self.fields["severity"].choices = [  # type: ignore[attr-defined]
            ("", "Choose"),
            *((each, each) for each in severities),
        ]
        _choose(self.fields["provider"], providers)


class StateForm(forms.Form):
    """A move of an issue."""

    to_state = forms.ChoiceField(label="Move it to")
    reasons = forms.CharField(
        label="Reasons",
        widget=forms.Textarea(attrs={"whole": True}),
        required=False,
        help_text="A rejection needs them.",
    )
    expected_state = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, states: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the states that may follow."""
        super().__init__(*args, **kwargs)
        self.fields["to_state"].choices = states  # type: ignore[attr-defined]


class ExclusionForm(forms.Form):
    """A proposal that an issue should not count (13.20)."""

    scope = forms.ModelChoiceField(
        TestScope.objects.none(), label="Should not count in", to_field_name="public_id", empty_label="Choose"
    )
    rationale = forms.CharField(label="Rationale", widget=forms.Textarea(attrs={"whole": True}))

    def __init__(self, *args: Any, scopes: Any, **kwargs: Any) -> None:
        """Offer the phases in which the issue may count and that 13.20 reaches."""
        super().__init__(*args, **kwargs)
        _choose(self.fields["scope"], scopes)


class DisputeForm(forms.Form):
    """A Testing Participant's disagreement with the severity (14.2)."""

    raised_by = forms.ModelChoiceField(
        Organisation.objects.none(), label="Testing Participant", to_field_name="public_id", empty_label="Choose"
    )
    participant_severity = forms.ChoiceField(label="The severity it holds right")
    reasons = forms.CharField(label="Reasons", widget=forms.Textarea(attrs={"whole": True}))

    def __init__(
        self, *args: Any, severities: tuple[str, ...], issue: TestingIssue, actor: Actor, **kwargs: Any
    ) -> None:
        """Offer the other severities, and the participants that `actor` may speak for."""
        super().__init__(*args, **kwargs)
        self.fields["participant_severity"].choices = [  # type: ignore[attr-defined]
            ("", "Choose"),
            *((each, each) for each in severities if each != issue.severity),
        ]
        participants = Organisation.objects.filter(kind__in=_PARTICIPANTS)
        if OrganisationKind.DCC not in actor.organisation_kinds:
            participants = participants.filter(pk__in=actor.organisation_pks)
        _choose(self.fields["raised_by"], participants.order_by("name"))
        if participants.count() == 1:
            self.fields["raised_by"].initial = participants[0].public_id


class CountingForm(forms.Form):
    """The question whether an SCT issue counts in SIT (13.22)."""

    scope = forms.ModelChoiceField(
        TestScope.objects.none(), label="Does it count in", to_field_name="public_id", empty_label="Choose"
    )
    rationale = forms.CharField(
        label="What is put to TAG", widget=forms.Textarea(attrs={"whole": True}), required=False
    )

    def __init__(self, *args: Any, scopes: Any, **kwargs: Any) -> None:
        """Offer the phases that ask."""
        super().__init__(*args, **kwargs)
        _choose(self.fields["scope"], scopes)


class LinkForm(forms.Form):
    """The test in whose latest run the issue showed."""

    external_test_id = forms.CharField(
        label="Test", max_length=300, help_text="The test's id, with @DMC where it ran on several: TC-1@DMC-0007."
    )


class LinkIssueForm(forms.Form):
    """Another issue that this one is related to, or says again."""

    kind = forms.ChoiceField(label="This issue is", choices=LinkKind.choices)
    reference = forms.CharField(label="The other issue", max_length=64, help_text="Its reference, as MOC-SIT-0007.")
    reasons = forms.CharField(label="Why", widget=forms.Textarea(attrs={"whole": True}), required=False)


class CommentForm(forms.Form):
    """Something to say of an issue, and for whom."""

    text = forms.CharField(label="Comment", widget=forms.Textarea(attrs={"whole": True}), max_length=20_000)
    reach = forms.ChoiceField(label="For", choices=Reach.choices)


class CorrectionForm(forms.Form):
    """What a comment should have said: for the same readers, beside the first."""

    text = forms.CharField(label="It should say", widget=forms.Textarea(attrs={"whole": True}), max_length=20_000)


class AttachForm(forms.Form):
    """A file to keep with an issue, and for whom."""

    file = forms.FileField(label="File", help_text=f"Kept unchanged under its SHA-256. {', '.join(ATTACHMENT_KINDS)}.")
    note = forms.CharField(label="What it shows", max_length=300, required=False)
    reach = forms.ChoiceField(label="For", choices=Reach.choices)


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reasons = forms.CharField(label="Why", widget=forms.Textarea(attrs={"whole": True}), max_length=20_000)


class TermForm(forms.Form):
    """What a word of a tracker means here."""

    source = forms.CharField(label="Tracker", max_length=60, help_text="The source that its rows are sent with.")
    kind = forms.ChoiceField(label="What the word is said of", choices=TermKind.choices)
    theirs = forms.CharField(label="Its word", max_length=120)
    ours = forms.CharField(
        label="Means here",
        max_length=40,
        required=False,
        help_text="A state (IN_FIX), a cause (DCC_SYSTEM), a code, a severity; empty: it says nothing.",
    )
    reason = forms.CharField(label="Why", max_length=300, required=False)


#: In a choice of the bulk form: leave it as it is; and, where a field may be emptied, empty it.
LEAVE, EMPTY = "", "-"


class BulkForm(forms.Form):
    """Which fields of the chosen issues change to what, with one reason. What is left alone stays as it is."""

    issues = forms.CharField(widget=forms.HiddenInput)
    severity = forms.ChoiceField(label="Severity", required=False)
    priority = forms.CharField(label="Priority", max_length=20, required=False, help_text="“-” empties it.")
    cause = forms.ChoiceField(
        label="Cause", required=False, choices=[(LEAVE, "As it is"), *((c.value, c.label) for c in Cause if c.value)]
    )
    provider = forms.ModelChoiceField(
        Organisation.objects.none(),
        label="Who answers for it",
        to_field_name="public_id",
        required=False,
        empty_label="As it is",
    )
    to_state = forms.ChoiceField(
        label="Move to",
        required=False,
        choices=[(LEAVE, "As it is"), *((s.value, s.label) for s in IssueState if s != IssueState.RAISED)],
    )
    dmc = forms.ChoiceField(label="DMC", required=False)
    functional_group = forms.CharField(
        label="Functional group", max_length=120, required=False, help_text="“-” empties it."
    )
    environment = forms.CharField(label="Environment", max_length=80, required=False, help_text="“-” empties it.")
    requirement = forms.CharField(label="Requirement", max_length=120, required=False, help_text="“-” empties it.")
    reason = forms.CharField(
        label="Reason", widget=forms.Textarea(attrs={"whole": True}), help_text="Kept with every issue that changes."
    )

    def __init__(
        self, *args: Any, severities: tuple[str, ...], providers: Any, dmcs: Any, determines: bool, **kwargs: Any
    ) -> None:
        """Offer what occurs; to who determines nothing, only the words."""
        super().__init__(*args, **kwargs)
        self._dmcs = {dmc.reference: dmc for dmc in dmcs}
        choices = [(LEAVE, "As it is"), *((each, each) for each in severities)]
        self.fields["severity"].choices = choices  # type: ignore[attr-defined]
        named = [(LEAVE, "As it is"), (EMPTY, "None"), *((each, each) for each in self._dmcs)]
        self.fields["dmc"].choices = named  # type: ignore[attr-defined]
        _choose(self.fields["provider"], providers)
        if not determines:
            for name in ("severity", "priority", "cause", "provider", "to_state"):
                del self.fields[name]

    @property
    def chosen(self) -> list[str]:
        """Return the public ids of the chosen issues."""
        return [each for each in str(self.data.get("issues", "")).split(",") if each]

    def edit(self) -> BulkEdit:
        """Return the edit that the valid form asks for."""
        given = self.cleaned_data
        dmc = given["dmc"]
        return BulkEdit(
            reason=given["reason"],
            severity=given.get("severity") or "",
            priority=_text(given.get("priority") or ""),
            cause=given.get("cause") or "",
            provider=given.get("provider"),
            to_state=given.get("to_state") or "",
            dmc=KEEP if dmc == LEAVE else self._dmcs.get(dmc),
            functional_group=_text(given["functional_group"]),
            environment=_text(given["environment"]),
            requirement=_text(given["requirement"]),
        )


def _text(value: str) -> str | None:
    """Return what a text field of the bulk form says: None leaves it, "" empties it."""
    return None if value == LEAVE else "" if value == EMPTY else value


class LogForm(forms.Form):
    """The phase whose Testing Issue log is to be produced and kept (9.2)."""

    scope = forms.ModelChoiceField(
        TestScope.objects.none(), label="Test Phase", to_field_name="public_id", empty_label="Choose"
    )

    def __init__(self, *args: Any, scopes: Any, **kwargs: Any) -> None:
        """Offer the phases that the person may see."""
        super().__init__(*args, **kwargs)
        _choose(self.fields["scope"], scopes)
