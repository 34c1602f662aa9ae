"""Forms of the copies for the Parties (13.17). What is redacted is asked as any decision's statement is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

#: The choice of the reports that were made here, where the package's was not.
ELSEWHERE = "elsewhere"


class BeginForm(forms.Form):
    """From which Completion Report the copy of a package is made."""

    package = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, reports: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the reports that are filed."""
        super().__init__(*args, **kwargs)
        self.fields["report"] = forms.ChoiceField(
            label="The Completion Report of the package",
            choices=[*reports, (ELSEWHERE, "Another one, which was not made here: the DCC brings the redacted copy")],
        )


class ShareForm(forms.Form):
    """That the copies were read before they are given."""

    sure = forms.BooleanField(
        label="I have read the copies. The Parties can open them from now on: it cannot be taken back."
    )


class BringForm(forms.Form):
    """A copy that was redacted elsewhere."""

    report = forms.CharField(widget=forms.HiddenInput)
    file = forms.FileField(
        label="The redacted copy, as PDF", help_text="Kept under its SHA-256. The text has to be gone, not covered."
    )
