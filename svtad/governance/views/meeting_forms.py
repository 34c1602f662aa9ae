"""Forms of meetings, agendas, attendance, interests, and what a meeting decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms

from svtad.governance.forms import (
    MAY_BRING,
    MAY_GO_AGAINST,
    NO_OPTIONS,
    MomentInput,
    Options,
    brought,
    due_dates,
    field_for,
)
from svtad.governance.models import BOARDS, Capacity, Presence
from svtad.rulebook.procedures import Transition


class MeetingForm(forms.Form):
    """When and where a board meets."""

    title = forms.CharField(
        label="Number or title", max_length=120, help_text="Such as “TAG 41”: decisions name it as their meeting."
    )
    starts_at = forms.DateTimeField(label="Begins", widget=MomentInput())
    ends_at = forms.DateTimeField(label="Ends", widget=MomentInput(), required=False)
    place = forms.CharField(label="Place", max_length=200, required=False)
    link = forms.CharField(label="Address to join it", max_length=500, required=False, help_text="https://…")
    expected_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, bodies: Sequence[str] = (), **kwargs: Any) -> None:
        """Ask whose meeting it is where `bodies` are to choose from."""
        super().__init__(*args, **kwargs)
        if bodies:
            self.fields["body"] = forms.ChoiceField(label="Body", choices=[(body, body) for body in bodies])
            self.order_fields(["body"])


class BecauseForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label="Reason", max_length=300)


class ItemForm(forms.Form):
    """Something on an agenda that is no matter."""

    title = forms.CharField(label="What it is about", max_length=300)


class OfItemForm(forms.Form):
    """Something about one item of an agenda."""

    item = forms.ChoiceField(label="Item")

    def __init__(self, *args: Any, items: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Offer the items that the person sees."""
        super().__init__(*args, **kwargs)
        self.fields["item"] = forms.ChoiceField(label="Item", choices=[("", "Choose"), *items])


class TakeOffForm(OfItemForm):
    """Why an item is taken off."""

    reason = forms.CharField(label="Reason", max_length=300)


class PaperForm(OfItemForm):
    """A paper for an item, and who may see it."""

    file = forms.FileField(label="Paper", help_text="Kept unchanged under its SHA-256.")
    title = forms.CharField(label="Title", max_length=200, required=False, help_text="When empty: the file's name.")
    seen_by = forms.ChoiceField(
        label="Who may see it",
        choices=[("all", "Everybody who may see the item"), ("dcc", "The DCC alone")],
        required=False,
    )


class AttendeeForm(forms.Form):
    """One person, and whether they are at the meeting."""

    person = forms.CharField(widget=forms.HiddenInput, required=False, max_length=22)
    name = forms.CharField(max_length=120, required=False, widget=forms.TextInput({"aria-label": "Name"}))
    represents = forms.CharField(max_length=120, required=False, widget=forms.TextInput({"aria-label": "For"}))
    capacity = forms.ChoiceField(choices=Capacity.choices, widget=forms.Select({"aria-label": "As"}))
    presence = forms.ChoiceField(
        choices=[("", "Not recorded"), *Presence.choices], required=False, widget=forms.Select({"aria-label": "Is"})
    )
    in_chair = forms.BooleanField(required=False, widget=forms.CheckboxInput({"aria-label": "In the chair"}))


AttendeeForms = forms.formset_factory(AttendeeForm, extra=0, max_num=200, absolute_max=200)


class MinutesForm(forms.Form):
    """The minutes of a meeting."""

    file = forms.FileField(label="Minutes", help_text="Kept unchanged under its SHA-256; later ones take their place.")
    approved_at = forms.DateTimeField(
        label="Approved", widget=MomentInput(), required=False, help_text="When empty: a draft."
    )


class ApprovalForm(forms.Form):
    """When minutes were approved."""

    approved_at = forms.DateTimeField(label="Approved", widget=MomentInput())


class InterestForm(forms.Form):
    """Whose interest, and what it is."""

    whose = forms.ChoiceField(label="Whose")
    name = forms.CharField(
        label="Name", max_length=200, required=False, help_text="Of somebody else, as they declared it."
    )
    text = forms.CharField(label="What the interest is", widget=forms.Textarea)

    def __init__(
        self,
        *args: Any,
        whose: Sequence[tuple[str, str]],
        items: Sequence[tuple[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        """Offer those for whom this person may speak, and of a meeting its items.

        A name is asked for only where somebody else is among them.
        """
        kwargs.setdefault("prefix", "interest")
        super().__init__(*args, **kwargs)
        if items is not None:
            self.fields["item"] = forms.ChoiceField(label="Item", choices=[("", "Choose"), *items])
            self.order_fields(["item"])
        self.fields["whose"] = forms.ChoiceField(label="Whose", choices=whose)
        if all(key != "other" for key, _ in whose):
            del self.fields["name"]


class BodyRuleForm(forms.Form):
    """What a body's meetings need. What is left empty is not set."""

    _FLAG = (("", "Not set"), ("yes", "Yes"), ("no", "No"))

    body = forms.ChoiceField(label="Body", choices=[(body.value, body.value) for body in BOARDS])
    quorum = forms.IntegerField(
        label="Members that make a quorum", required=False, help_text="Empty: no quorum is set."
    )
    deputies_count = forms.TypedChoiceField(
        label="Deputies count", choices=_FLAG, required=False, coerce=lambda value: value == "yes", empty_value=None
    )
    chair_needed = forms.TypedChoiceField(
        label="A chair is needed", choices=_FLAG, required=False, coerce=lambda value: value == "yes", empty_value=None
    )
    source = forms.CharField(label="Source", max_length=300, help_text="Where this is laid down.")


class TakenForm(forms.Form):
    """What a meeting decided on one matter: one of the steps open to the body, or nothing."""

    expected_state = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        procedure: str,
        steps: Sequence[Transition],
        severities: tuple[str, ...],
        options: Options = NO_OPTIONS,
        **kwargs: Any,
    ) -> None:
        """Offer `steps`, and ask for what any of them requires; the record itself says what the chosen one lacks."""
        super().__init__(*args, **kwargs)
        self.steps = {step.outcome: step for step in steps}
        self.brings = {key for step in steps for key in MAY_BRING.get((procedure, step.outcome), ())}
        self.fields["outcome"] = forms.ChoiceField(
            label="Decided",
            choices=[("", "Nothing: leave it as it is"), *((each, _in_words(each)) for each in self.steps)],
            required=False,
        )
        for step in steps:
            for need in step.requires:
                if need.kind != "file" and need.key != "rationale":
                    self.fields[need.key] = field_for(
                        need.kind, need.title, severities, choices=need.choices or options.get(need.key, ())
                    )
                    self.fields[need.key].required = False
        if self.brings:
            self.fields |= brought()
        self.fields["rationale"] = forms.CharField(
            label="Reasons", widget=forms.Textarea(attrs={"rows": 2}), required=False
        )
        if any(step.body in MAY_GO_AGAINST for step in steps):
            self.fields["against_computed"] = forms.BooleanField(
                label="This goes against the computed result (marked; needs reasons)", required=False
            )

    def clean_due(self) -> dict[str, str]:
        """Read the dates by issue."""
        held = self.cleaned_data.get("due")
        return held if isinstance(held, dict) else due_dates(held)

    @property
    def given(self) -> dict[str, Any]:
        """Return the statements of the chosen step by key, as JSON can hold them."""
        step = self.steps[self.cleaned_data["outcome"]]
        keys = {need.key for need in step.requires if need.kind != "file" and need.key != "rationale"} | self.brings
        values = {key: self.cleaned_data.get(key) for key in sorted(keys)}
        return {
            key: value.isoformat() if isinstance(value, dt.date) else value
            for key, value in values.items()
            if value or key not in self.brings
        }


class TakenTogetherForm(forms.Form):
    """What is the same for all that a meeting decided."""

    decided_at = forms.DateTimeField(label="Decided", widget=MomentInput())
    notified_at = forms.DateTimeField(
        label="Notified",
        widget=MomentInput(),
        required=False,
        help_text="When those concerned were told, where they were.",
    )

    def __init__(self, *args: Any, lacks_quorum: bool, **kwargs: Any) -> None:
        """Ask why decisions count that were taken short of a quorum."""
        super().__init__(*args, **kwargs)
        if lacks_quorum:
            self.fields["quorum_reason"] = forms.CharField(
                label="Why the decisions count without a quorum", max_length=300
            )


def _in_words(outcome: str) -> str:
    return outcome.replace("_", " ").capitalize()
