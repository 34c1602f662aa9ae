"""What tests of the pages of meetings stand on: matters before TAG, meetings of it, and how a form is sent."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from issues.actions import dispute_severity, propose_exclusion
from svtad.governance import actions
from svtad.governance.models import Matter, Meeting
from svtad.parties.models import Person
from tests.factories import MAKER, House, at, make_issue

MEETINGS = "/governance/meetings/"


def make_exclusions(house: House, count: int = 3) -> list[Matter]:
    """Put exclusions before TAG."""
    sit = house.scope("SIT", "MOC")
    made = []
    for _ in range(count):
        issue = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
        made.append(propose_exclusion(issue=issue, scope=sit, rationale="One device.", by=MAKER, at=at(days=1)).matter)
    return made


def make_dispute(house: House) -> Matter:
    """Put a dispute before TAG that one Supplier Party raised."""
    sit = house.scope("SIT", "MOC")
    issue = make_issue(sit, raised_by=house.supplier, severity="4", provider=house.alpha, state="IN_FIX")
    return dispute_severity(
        issue=issue, participant_severity="3", reasons="It is worse.", raised_by=house.supplier,
        by=house.actor("participant"), at=at(days=1),
    ).matter  # fmt: skip


def plan(title: str = "TAG 41", *, body: str = "TAG", starts_at: dt.datetime | None = None, **more: Any) -> Meeting:
    """Plan a meeting, by default of TAG on the third day."""
    values: dict[str, Any] = {
        "body": body,
        "title": title,
        "starts_at": starts_at or at(days=2),
        "by": MAKER,
        "at": at(days=1),
    }
    return actions.plan_meeting(**(values | more))


def hold(meeting: Meeting, *matters: Matter) -> Meeting:
    """Let the meeting take up `matters` and be held."""
    actions.put_on_agenda(meeting=meeting, matters=matters, by=MAKER, at=at(days=1))
    return actions.hold_meeting(meeting=meeting, by=MAKER, at=at(days=2, hours=2))


def signed_in(house: House, role: str, organisation: Any = None) -> Client:
    """Return a client in which somebody of that role is signed in."""
    client = Client()
    client.force_login(Person.objects.get(public_id=house.actor(role, organisation).actor_id))
    return client


def text(response: Any, status: int = 200) -> str:
    """Return the page, which must have answered so."""
    assert response.status_code == status, response.content.decode()[:600]
    page: str = response.content.decode()
    return page


def written(moment: dt.datetime) -> str:
    """A moment as a form's field holds it: London time. The house's days are in winter."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def only(pattern: str, page: str) -> str:
    """Return what the first group of `pattern` is on the page; it must be there."""
    match = re.search(pattern, page, re.DOTALL)
    assert match is not None, pattern
    return match.group(1)


def upload(name: str = "minutes.pdf") -> SimpleUploadedFile:
    """Make a file to send in."""
    return SimpleUploadedFile(name, b"%PDF of " + name.encode(), "application/pdf")
