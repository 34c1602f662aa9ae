"""Forms of the pages that read across all apps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from svtad.governance.forms import DayInput, field_for
from svtad.intake.registry import Importer
from svtad.parties.views.proof import LONGEST_CREDENTIAL
from svtad.rulebook.deadlines import Window
from svtad.rulebook.procedures import Requirement


class SignInForm(AuthenticationForm):
    """E-mail address and password."""

    error_messages = {
        "invalid_login": "That e-mail address and password do not go together. Both are needed as they were given.",
        "inactive": "That e-mail address and password do not go together. Both are needed as they were given.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for an e-mail address, in any case."""
        super().__init__(*args, **kwargs)
        self.fields["username"] = forms.EmailField(
            label="E-mail address", widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
        )

    def clean_username(self) -> str:
        """Return the address in lower case, as it is stored."""
        return str(self.cleaned_data["username"]).lower()


class AppForm(forms.Form):
    """A code of the authenticator app that is being set up."""

    code = forms.CharField(
        label="The code it shows now",
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasskeyForm(forms.Form):
    """A passkey that the browser made, and what to call it."""

    name = forms.CharField(
        label="What to call it", max_length=60, required=False, help_text="Such as: the key on my desk, my phone."
    )
    credential = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_CREDENTIAL)


class PasswordForm(forms.Form):
    """One's own password, changed."""

    current = forms.CharField(
        label="Password now", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    password = forms.CharField(
        label="New password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Your other sessions end.",
    )
    again = forms.CharField(
        label="New password again", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_again(self) -> str:
        """Check that it was typed alike twice."""
        if self.cleaned_data["again"] != self.cleaned_data.get("password"):
            raise forms.ValidationError("This is not what you typed above.")
        return str(self.cleaned_data["again"])


class UploadForm(forms.Form):
    """A file of one kind, with what is to be said of it as a whole."""

    file = forms.FileField(label="File")
    source = forms.CharField(
        label="Comes from", max_length=60, help_text="The tool or team. Its ids are kept apart from others'."
    )

    def __init__(self, *args: Any, kind: type[Importer[Any]], **kwargs: Any) -> None:
        """Ask for the importer's own parameters too."""
        super().__init__(*args, **kwargs)
        self.kind = kind
        most = kind.most_bytes // 1024 // 1024
        self.fields["file"].help_text = f"{', '.join(kind.suffixes)}, at most {most} MiB."
        self.fields["file"].widget.attrs["accept"] = ",".join(kind.suffixes)
        if kind.takes_run_id:
            self.fields["run_id"] = forms.CharField(
                label="Run id",
                max_length=120,
                required=False,
                help_text="The sender's name for this run. The same bytes of a new cycle need a new one.",
            )
        for parameter in kind.parameters:
            if parameter.choices:
                choices = list(parameter.choices.items())
                self.fields[parameter.key] = forms.ChoiceField(
                    label=parameter.title,
                    help_text=parameter.help,
                    choices=choices if parameter.default else [("", "Not stated"), *choices],
                    initial=parameter.default,
                    required=False,
                )
            else:
                self.fields[parameter.key] = forms.CharField(
                    label=parameter.title, help_text=parameter.help, initial=parameter.default, required=False
                )

    @property
    def params(self) -> dict[str, str]:
        """Return the importer's parameters as given, empty ones left out."""
        keys = [parameter.key for parameter in self.kind.parameters]
        return {key: str(self.cleaned_data[key]) for key in keys if self.cleaned_data.get(key)}


class OpenForm(forms.Form):
    """What a matter is about: a Testing Issue or a phase; title and reasons where it is opened here."""

    def __init__(
        self,
        *args: Any,
        scopes: Any,
        about_issue: bool,
        full: bool,
        without_phase: bool = False,
        needs_title: bool = False,
        wanted: Sequence[Requirement] = (),
        within: Window | None = None,
        severities: tuple[str, ...] = (),
        owners: Any = None,
        **kwargs: Any,
    ) -> None:
        """Ask for the subject, and for title, reasons and what the procedure wants (`wanted`) when `full`.

        `within` is the window for opening it, where the clause gives one: then it is asked from which day it runs.
        `owners` are the organisations of which one brings it, where the DCC does not.
        """
        super().__init__(*args, **kwargs)
        self.stated: tuple[str, ...] = ()
        if owners is not None:
            self.fields["organisation"] = forms.ModelChoiceField(
                owners,
                label="Who brings it",
                to_field_name="public_id",
                empty_label="Choose",
                help_text="It sees the matter, its papers and its dates; no other Testing Participant does.",
            )
        if about_issue:
            self.fields["issue"] = forms.CharField(
                label="Testing Issue", max_length=40, help_text="Its reference, such as MOC-SIT-0012."
            )
        elif not without_phase:
            self.fields["scope"] = forms.ModelChoiceField(
                scopes, label="Test Phase", to_field_name="public_id", empty_label="Choose"
            )
        if full:
            self.fields["title"] = forms.CharField(
                label="Title",
                max_length=300,
                required=needs_title,
                help_text="What it is about." if needs_title else "When empty: the procedure and the phase.",
            )
            if within is not None:
                self.fields["received_on"] = forms.DateField(
                    label="Received on",
                    widget=DayInput(),
                    help_text=f"The London day from which the window runs: {within.text} ({within.clause}).",
                )
            reasons = next((need for need in wanted if need.key == "rationale"), None)
            others = [need for need in wanted if need is not reasons and need.kind != "file"]
            self.stated = tuple(need.key for need in others)
            for need in others:
                self.fields[need.key] = field_for(need.kind, need.title, severities)
            self.fields["rationale"] = forms.CharField(
                label=reasons.title if reasons else "Reasons", widget=forms.Textarea, required=reasons is not None
            )
            for need in wanted:
                if need.kind == "file":
                    self.fields["attachment"] = forms.FileField(
                        label=need.title, help_text="Kept unchanged under its SHA-256."
                    )

    @property
    def said(self) -> dict[str, Any]:
        """Return the procedure's own statements by key, as JSON can hold them."""
        values = {key: self.cleaned_data.get(key) for key in self.stated}
        return {key: value.isoformat() if isinstance(value, dt.date) else value for key, value in values.items()}
