"""Forms of people, roles and tokens."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from svtad.parties.models import Organisation, OrganisationKind, Person, RuleKind
from svtad.parties.roles import ROLES


class DayInput(forms.DateInput):
    """A day."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class PersonForm(forms.Form):
    """Somebody who is to sign in, or a service account of test tooling."""

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(label="E-mail address")
    password = forms.CharField(
        label="First password",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Leave empty for a service account, which has tokens only.",
    )
    is_service_account = forms.BooleanField(label="A service account of test tooling", required=False)


class MembershipForm(forms.Form):
    """A role in an organisation, from one day on."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label="Organisation", empty_label="Choose")
    role = forms.ChoiceField(
        label="Role", choices=[("", "Choose"), *((role.key, role.title) for role in ROLES.values())]
    )
    starts_on = forms.DateField(label="From", widget=DayInput(), required=False, help_text="When empty: today.")
    ends_on = forms.DateField(label="Until", widget=DayInput(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """List the organisations as they are now."""
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.order_by("name")  # type: ignore[attr-defined]


class DisableForm(forms.Form):
    """Why somebody is shut out."""

    reason = forms.CharField(label="Reason", max_length=400)


class TokenForm(forms.Form):
    """How long a token lives."""

    days = forms.IntegerField(label="Days it lives", min_value=1, max_value=365, initial=90)

    @property
    def lifetime(self) -> dt.timedelta:
        """Return how long the token lives."""
        return dt.timedelta(days=self.cleaned_data["days"])


class OrganisationForm(forms.Form):
    """An organisation that people act for."""

    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *OrganisationKind.choices])
    code = forms.SlugField(label="Code", max_length=24, help_text="Short; used in files that are imported.")
    name = forms.CharField(label="Name", max_length=120)


class SigningForm(forms.Form):
    """Why a token may record decisions."""

    reason = forms.CharField(label="Why it may record decisions", max_length=300)


class ReasonForm(forms.Form):
    """Why somebody's second factors are taken away."""

    reason = forms.CharField(label="Reason", max_length=300, help_text="Say how you made sure who asks for it.")


class FirstPasswordForm(forms.Form):
    """A password that an administrator sets for somebody."""

    password = forms.CharField(
        label="New password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Their sessions end; they can change it under My account.",
    )


class DeputyForm(forms.Form):
    """Who acts for a membership, from when to when."""

    deputy = forms.EmailField(label="Deputy's e-mail address", help_text="Somebody who has an account here.")
    starts_on = forms.DateField(label="From", widget=DayInput())
    ends_on = forms.DateField(label="Until", widget=DayInput(), help_text="That day included.")
    reason = forms.CharField(label="Reason", max_length=200)

    def clean_deputy(self) -> Person:
        """Return the person of that address."""
        found = Person.objects.filter(email=str(self.cleaned_data["deputy"]).lower()).first()
        if found is None:
            raise forms.ValidationError("Nobody has an account by this address.")
        return found


class AnswerForm(forms.Form):
    """Whether a deputy is confirmed; a refusal says why."""

    confirm = forms.TypedChoiceField(
        label="Answer",
        choices=[("yes", "Confirm"), ("no", "Refuse")],
        coerce=lambda value: value == "yes",
        initial="yes",
    )
    reason = forms.CharField(label="Reason", max_length=200, required=False, help_text="Needed to refuse.")


class RuleForm(forms.Form):
    """One rule of access as it is to hold."""

    kind = forms.ChoiceField(choices=RuleKind.choices, widget=forms.HiddenInput)
    key = forms.CharField(max_length=60, widget=forms.HiddenInput)
    value = forms.TypedChoiceField(choices=[("yes", "Yes"), ("no", "No")], coerce=lambda value: value == "yes")
    reason = forms.CharField(label="Reason", max_length=300)
