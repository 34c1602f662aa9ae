"""What a procedure wants of whoever opens a matter under it, made up as far as a test does not care."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from issues.models import CountingQuestion
from svtad.gates.models import DmcDeselection
from svtad.governance import actions
from svtad.governance.models import Matter
from svtad.lib.clock import london_date
from svtad.parties.actors import system_actor
from svtad.parties.models import Audience
from svtad.rulebook.procedures import PROCEDURES, Requirement
from testphases.models import TestScope
from tests.factories import House, make_dmc, make_issue

_SAID: dict[str, Any] = {
    "text": "Stated.", "severity": "4", "date": "2020-11-05", "flag": "yes", "named": ["12.6(a)"],
    "days": {"TI-1": "2020-11-05"}, "views": {"12.6(a)": {"view": "MET", "words": "Seen."}}, "redactions": [],
}  # fmt: skip


def said(needs: Iterable[Requirement]) -> dict[str, Any]:
    """Return something for each statement of `needs` besides the reasons, of the kind that it is."""
    return {
        need.key: [need.choices[0][0]] if need.choices else _SAID[need.kind]
        for need in needs
        if need.kind != "file" and need.key != "rationale"
    }


def wanted(key: str, *, audience: Audience, at: dt.datetime | None = None) -> dict[str, Any]:
    """Return the statements, the document and the day of receipt that `open_matter` wants for the procedure.

    Nothing for an unknown procedure. The document is stored for `audience`, with an audit event of its own.
    """
    rules = PROCEDURES.get(key)
    if rules is None:
        return {}
    found: dict[str, Any] = {"data": stated(key)}
    if any(need.kind == "file" for need in rules.opens_with):
        found["attachment"] = actions.store_file(
            content=b"%PDF what is proposed",
            name="proposed.pdf",
            media_type="application/pdf",
            purpose="matter",
            audience=audience,
            by=system_actor("Test"),
            at=at,
        )
    if rules.opens_within is not None and at is not None:
        found["received_on"] = london_date(at)
    return found


def name_dmc(matter: Matter, scope: TestScope) -> DmcDeselection:
    """Name a DMC for a matter of 13.5 that was opened by itself, as proposing it from the phase would."""
    dmc = make_dmc()
    made: DmcDeselection = DmcDeselection.objects.create(
        scope=scope, dmc=dmc, matter=matter, recorded_at=matter.recorded_at
    )
    return made


def name_issue(matter: Matter, house: House) -> CountingQuestion:
    """Name a Testing Issue for a matter of 13.22 or 13.23 that was opened by itself, as asking from its page would."""
    scope = house.scope("INTERFACE", "MOC")
    issue = make_issue(scope, raised_by=house.supplier, severity="3", provider=house.alpha)
    made: CountingQuestion = CountingQuestion.objects.create(
        issue=issue, scope=scope, matter=matter, recorded_at=matter.recorded_at
    )
    return made


def stated(key: str) -> dict[str, str]:
    """Return the statements that the procedure wants besides the reasons."""
    needs = [need for need in PROCEDURES[key].opens_with if need.kind != "file" and need.key != "rationale"]
    return {need.key: _SAID[need.kind] for need in needs}


def on_form(key: str, *, day: dt.date) -> dict[str, Any]:
    """Return the same as the form of the register sends it; `day` is that of the receipt."""
    rules = PROCEDURES[key]
    sent: dict[str, Any] = {"rationale": "Said.", **stated(key)}
    if any(need.kind == "file" for need in rules.opens_with):
        sent["attachment"] = SimpleUploadedFile("proposed.pdf", b"%PDF what is proposed", "application/pdf")
    if rules.opens_within is not None:
        sent["received_on"] = day.isoformat()
    return sent
