"""People, an audience and matters for the tests of governance."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.governance import actions, registry
from svtad.governance.models import Matter, StoredFile
from svtad.parties.actors import Actor, system_actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience


@pytest.fixture(autouse=True)
def files_of_this_test(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def no_handlers(monkeypatch):
    """Decisions without effects: these matters have no subject in the apps above."""
    monkeypatch.setattr(registry, "_handlers", {})


@pytest.fixture
def audience(db) -> Audience:
    return audience_of(*GOVERNANCE)


@pytest.fixture
def registrar() -> Actor:
    return Actor(
        kind="PERSON",
        actor_id="r" * 22,
        label="Rowan Registrar",
        audience_keys=frozenset({"dcc", "public"}),
        organisation_kinds=frozenset({"DCC"}),
        permissions=frozenset({"record_decision", "open_matter"}),
        roles=frozenset({"registrar"}),
    )


@pytest.fixture
def system() -> Actor:
    return system_actor("Test")


@pytest.fixture
def open_matter(audience, registrar):
    """Open a matter under a procedure, by default an exclusion, before `decided`."""

    def make(procedure: str = "EXCLUSION", *, at: dt.datetime | None = None, **more) -> Matter:
        values: dict[str, Any] = {
            "procedure": procedure,
            "document": "SVTAD",
            "version": "1.23",
            "title": "Exclude an issue",
            "rationale": "It concerns one device.",
            "audience": audience,
            "by": registrar,
            "at": at or dt.datetime(2019, 4, 1, 9, tzinfo=dt.UTC),
        }
        return actions.open_matter(**(values | more))

    return make


@pytest.fixture
def paper(audience, registrar) -> StoredFile:
    return actions.store_file(
        content=b"%PDF minutes",
        name="minutes.pdf",
        media_type="application/pdf",
        purpose="decision",
        audience=audience,
        by=registrar,
    )
