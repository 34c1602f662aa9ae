"""The demonstration's releases, Test Phases and Device Model Combinations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from svtad.devices.actions import create_device_model, create_dmc
from svtad.devices.models import DeviceKind, DeviceModelCombination
from svtad.governing.actions import ensure_document_version, set_parameter
from svtad.parties.actors import system_actor
from svtad.portal.demo.cast import Cast
from testphases.actions import add_participant, add_stage, create_programme, create_release, create_scope
from testphases.models import TestScope

#: PIT's minima have no source document: the demonstration sets its own and says so.
NOT_FROM_A_DOCUMENT = "Synthetic demonstration value; no document gives one"
PIT_VALUES = {
    "pit.minimum_pass_rate": "9/10",
    "pit.pass_rate_scope": "phase",
    "pit.regression_pass_rate": "1/1",
    "pit.regression_on_exit_versions": "no",
}

#: reference, Communications Hub, electricity meter, gas meter (maker, model, firmware), all invented.
COMBINATIONS = (
    ("DMC-M01", ("Larkfield", "LH2", "0102000A"), ("Otterburn", "E40", "00040100"), ("Wrenbury", "G7", "00000211")),
    ("DMC-M02", ("Larkfield", "LH2", "0102000B"), ("Otterburn", "E40", "00040100"), ("Wrenbury", "G7", "00000211")),
    ("DMC-M03", ("Larkfield", "LH2", "0102000B"), ("Otterburn", "E42", "00040203"), ("Wrenbury", "G7", "00000211")),
    ("DMC-M04", ("Larkfield", "LH3", "01030001"), ("Otterburn", "E42", "00040203"), ("Wrenbury", "G8", "00000304")),
    ("DMC-M05", ("Tarnside", "T1", "00000019"), ("Otterburn", "E42", "00040203"), ("Wrenbury", "G8", "00000304")),
    ("DMC-M06", ("Tarnside", "T1", "00000019"), ("Fellgate", "F9", "00090001"), ("Wrenbury", "G8", "00000304")),
)


@dataclass(frozen=True)
class Phases:
    """The Test Phases by a short name, and the DMCs in order."""

    scopes: dict[str, TestScope]
    dmcs: tuple[DeviceModelCombination, ...]


def enter_phases(*, cast: Cast, at: dt.datetime) -> Phases:
    """Enter documents, parameters, releases, phases and DMCs as of the instant `at`."""
    admin, manager = cast.actor("admin", at), cast.actor("manager", at)
    document = ensure_document_version(
        code="SVTAD",
        title="SMETS1 SEC Variation Testing Approach Document",
        version="1.23",
        edition="svtad_1_23",
        note="Change-marked Appendix AK.",
        by=system_actor("Demonstration"),
        at=at,
    )
    for key, value in PIT_VALUES.items():
        set_parameter(
            version=document,
            key=key,
            value=value,
            source=NOT_FROM_A_DOCUMENT,
            approver="Nobody: demonstration",
            effective_from=at.date(),
            by=admin,
            at=at,
        )
    programme = create_programme(
        code="smets1-demo", name="SMETS1 Services (demonstration)", is_synthetic=True, by=manager, at=at
    )
    releases = {
        code: create_release(programme=programme, code=code, name=name, position=position, by=manager, at=at)
        for position, (code, name) in enumerate(
            (
                ("IOC", "Initial Operating Capability"),
                ("MOC", "Middle Operating Capability"),
                ("FOC", "Final Operating Capability"),
            ),
            start=1,
        )
    }
    scopes = {
        f"{release} PIT {provider.code}": create_scope(
            release=releases[release], kind="PIT", provider=provider, governed_by=document, by=manager, at=at
        )
        for release in ("IOC", "MOC")
        for provider in cast.providers
    }
    for release, kind in (("IOC", "SIT"), ("MOC", "SIT"), ("MOC", "SCT"), ("FOC", "SIT")):
        scopes[f"{release} {kind}"] = create_scope(
            release=releases[release], kind=kind, governed_by=document, by=manager, at=at
        )
    for name, scope in scopes.items():
        taking_part = (scope.provider,) if scope.provider else cast.providers
        for provider in taking_part:
            add_participant(scope=scope, organisation=provider, by=manager, at=at)
        if name == "MOC SIT":
            add_stage(scope=scope, name="Regression", by=manager, at=at)
    return Phases(scopes=scopes, dmcs=_enter_dmcs(cast=cast, at=at))


def _enter_dmcs(*, cast: Cast, at: dt.datetime) -> tuple[DeviceModelCombination, ...]:
    manager = cast.actor("manager", at)
    models = {}
    dmcs = []
    for reference, *devices in COMBINATIONS:
        for kind, device in zip((DeviceKind.CH, DeviceKind.ESME, DeviceKind.GSME), devices, strict=True):
            if device not in models:
                maker, model, firmware = device
                models[device] = create_device_model(
                    kind=kind,
                    manufacturer=maker,
                    model=model,
                    firmware_version=firmware,
                    is_synthetic=True,
                    by=manager,
                    at=at,
                )
        dmcs.append(
            create_dmc(
                reference=reference,
                name=" · ".join(f"{maker} {model}" for maker, model, _ in devices),
                device_models=[models[device] for device in devices],
                csp_region="North" if reference in ("DMC-M05", "DMC-M06") else "Central and South",
                is_synthetic=True,
                by=manager,
                at=at,
            )
        )
    return tuple(dmcs)
