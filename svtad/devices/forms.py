"""Forms of Device Models and their combinations."""

from __future__ import annotations

from typing import Any

from django import forms

from svtad.devices.models import DeviceKind, DeviceModel


class DeviceModelForm(forms.Form):
    """A Device Model: other firmware is another one."""

    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *DeviceKind.choices])
    manufacturer = forms.CharField(label="Manufacturer", max_length=80)
    model = forms.CharField(label="Model", max_length=80)
    hardware_version = forms.CharField(label="Hardware version", max_length=40, required=False)
    firmware_version = forms.CharField(label="Firmware version", max_length=40, help_text="As tools write it.")


class CombinationForm(forms.Form):
    """A Device Model Combination."""

    reference = forms.CharField(label="Reference", max_length=40, help_text="What plans and results call it.")
    name = forms.CharField(label="Name", max_length=160)
    csp_region = forms.CharField(label="CSP region", max_length=40, required=False)
    device_models = forms.ModelMultipleChoiceField(
        DeviceModel.objects.none(),
        label="Device Models",
        to_field_name="public_id",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8, "whole": True}),
        help_text="Those it is made of; several are chosen with Ctrl or Shift.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the Device Models there are."""
        super().__init__(*args, **kwargs)
        models = self.fields["device_models"]
        models.queryset = DeviceModel.objects.all()  # type: ignore[attr-defined]
        models.label_from_instance = lambda model: f"{model.get_kind_display()}: {model}"  # type: ignore[attr-defined]
