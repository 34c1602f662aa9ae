"""People, an audience and matters for the tests of governance."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.governance import actions, registry
from svtad.governance.models import AgendaItem, Matter, Meeting, StoredFile
from svtad.parties.actors import Actor, system_actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience
from tests.governance.boards import AFTER, T0, TAG_DAY, somebody
from tests.opening import wanted


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
def proposer() -> Actor:
    """Who opens the matters here and takes the DCC's steps: the registrar records what others decide on them."""
    return Actor(
        kind="PERSON",
        actor_id="p" * 22,
        label="Perry Proposer",
        audience_keys=frozenset({"dcc", "public"}),
        organisation_kinds=frozenset({"DCC"}),
        permissions=frozenset({"open_matter", "propose"}),
    )


@pytest.fixture
def system() -> Actor:
    return system_actor("Test")


@pytest.fixture
def open_matter(audience, proposer):
    """Open a matter under a procedure, by default an exclusion, before `decided`."""

    def make(procedure: str = "EXCLUSION", *, at: dt.datetime | None = None, **more) -> Matter:
        values: dict[str, Any] = {
            "procedure": procedure,
            "document": "SVTAD",
            "version": "1.23",
            "title": "Exclude an issue",
            "rationale": "It concerns one device.",
            "audience": audience,
            "by": proposer,
            "at": at or dt.datetime(2019, 4, 1, 9, tzinfo=dt.UTC),
        }
        given = values | more
        made_up = wanted(given["procedure"], audience=given["audience"], at=given["at"])
        return actions.open_matter(**(made_up | given))

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


# --- meetings of the boards


@pytest.fixture
def chair() -> Actor:
    return somebody("c", "tag", kinds=("TAG",), permissions=("decide_as_tag", "see_all_phases"))


@pytest.fixture
def member() -> Actor:
    return somebody("m", "tag", kinds=("TAG",), permissions=("see_all_phases",))


@pytest.fixture
def plan(registrar):
    """Plan a meeting, by default of TAG on Maundy Thursday."""

    def make(title: str = "TAG 41", *, body: str = "TAG", held: bool = False, **more) -> Meeting:
        values = {"body": body, "title": title, "starts_at": TAG_DAY, "by": registrar, "at": T0}
        meeting = actions.plan_meeting(**(values | more))
        return actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER) if held else meeting

    return make


@pytest.fixture
def on_agenda(plan, open_matter, registrar):
    """A held meeting of TAG with so many exclusions on its agenda, in order."""

    def make(count: int = 3, *, held: bool = True, **more) -> tuple[Meeting, list[AgendaItem]]:
        meeting = plan(**more)
        items = actions.put_on_agenda(
            meeting=meeting, matters=[open_matter() for _ in range(count)], by=registrar, at=T0
        )
        if held:
            meeting = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
        return meeting, items

    return make
