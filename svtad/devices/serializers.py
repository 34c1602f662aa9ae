"""Device Models and DMCs as REST shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.devices.models import DeviceKind


class DeviceModelSerializer(serializers.Serializer[Any]):
    """A Device Model: other firmware is another one."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=DeviceKind.choices)
    manufacturer = serializers.CharField()
    model = serializers.CharField()
    hardware_version = serializers.CharField()
    firmware_version = serializers.CharField()


class DmcSerializer(serializers.Serializer[Any]):
    """A Device Model Combination. Other resources name it by its reference."""

    id = serializers.CharField()
    reference = serializers.CharField()
    name = serializers.CharField()
    csp_region = serializers.CharField()
    synthetic = serializers.BooleanField()
    device_models = DeviceModelSerializer(many=True)
