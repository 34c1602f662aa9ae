"""Forms of what a governing document leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from svtad.governing.models import Route
from svtad.rulebook.edition import Edition, ParameterKind, ParameterSpec


class DayInput(forms.DateInput):
    """A day."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class EnterForm(forms.Form):
    """A document version whose rules are held, entered so that phases can be governed by it."""

    edition = forms.ChoiceField(label="Version")
    effective_from = forms.DateField(label="In effect from", widget=DayInput(), required=False)
    note = forms.CharField(label="Note", max_length=300, required=False)

    def __init__(self, *args: Any, editions: Sequence[Edition], **kwargs: Any) -> None:
        """Offer the editions that are held and not entered yet."""
        super().__init__(*args, **kwargs)
        choices = [(f"{each.document} {each.version}", each.title) for each in editions]
        self.fields["edition"].choices = choices  # type: ignore[attr-defined]


class ApproachForm(forms.Form):
    """A version of an approach document whose rules the product does not hold (12.3)."""

    code = forms.ChoiceField(label="Document")
    version = forms.CharField(label="Version", max_length=20, help_text="As on its cover, such as 1.0.")
    note = forms.CharField(label="Note", max_length=300, required=False)

    def __init__(self, *args: Any, documents: Mapping[str, str], **kwargs: Any) -> None:
        """Offer the documents that the editions name."""
        super().__init__(*args, **kwargs)
        choices = [("", "Choose"), *((code, f"{code}: {phases}") for code, phases in documents.items())]
        self.fields["code"].choices = choices  # type: ignore[attr-defined]


class StandingForm(forms.Form):
    """How a version came to be, and from when it is in effect (clauses 3 and 4)."""

    route = forms.ChoiceField(label="It was", choices=Route.choices)
    decided_on = forms.DateField(label="Decided on", widget=DayInput())
    effective_from = forms.DateField(label="In effect from", widget=DayInput())
    source = forms.CharField(label="Source", max_length=300, help_text="The letter, the designation or the notice.")


class CriterionForm(forms.Form):
    """A criterion that an approach document sets for a kind of Test Phase (12.3)."""

    phase_kind = forms.ChoiceField(label="Of")
    gate = forms.ChoiceField(label="Criterion of", choices=[("EXIT", "Exit"), ("ENTRY", "Entry")])
    clause = forms.CharField(label="Clause of the document", max_length=60)
    text = forms.CharField(label="The criterion", max_length=400)

    def __init__(self, *args: Any, kinds: Mapping[str, str], **kwargs: Any) -> None:
        """Offer the kinds of phase whose criteria the document holds."""
        super().__init__(*args, **kwargs)
        self.fields["phase_kind"].choices = list(kinds.items())  # type: ignore[attr-defined]


class ParameterForm(forms.Form):
    """A value with its source, who approved it, and the day it holds from."""

    source = forms.CharField(label="Source", max_length=300, help_text="Document, version and clause, or minute.")
    approver = forms.CharField(label="Approved by", max_length=200)
    effective_from = forms.DateField(label="In effect from", widget=DayInput())

    field_order = ("value", "source", "approver", "effective_from")

    def __init__(self, *args: Any, spec: ParameterSpec, **kwargs: Any) -> None:
        """Ask for the value as the parameter's kind wants it."""
        super().__init__(*args, **kwargs)
        self.spec = spec
        if spec.kind is ParameterKind.RATE:
            self.fields["value"] = forms.CharField(
                label="Value", help_text="A share, exactly: 95%, 19/20 or 0.95.", max_length=40
            )
        else:
            self.fields["value"] = forms.ChoiceField(
                label="Value",
                choices=[("", "Choose"), *((key, f"{key}: {text}") for key, text in spec.choices.items())],
            )
        self.order_fields(self.field_order)

    def clean_value(self) -> str:
        """Refuse what the edition cannot read."""
        value = str(self.cleaned_data["value"]).strip()
        try:
            self.spec.parse(value)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return value


class ClearForm(forms.Form):
    """Why a parameter is emptied."""

    reason = forms.CharField(label="Reason", max_length=300)
