"""What tests of calendars stand on: deadlines that run now, and a holiday proclaimed on one of them."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max

from svtad.governance import actions
from svtad.governance.models import Deadline, Matter, NonWorkingDayOverride
from svtad.lib.clock import now
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation
from tests.factories import MAKER, House, decide, heard
from tests.portal.boards import make_exclusions


def rejected(house: House) -> Deadline:
    """TAG rejects an exclusion now: the DCC may refer it within 5 Working Days (13.21)."""
    [matter] = make_exclusions(house, 1)
    decide(matter, "TAG", "REJECT", moment=now())
    return Deadline.objects.get(matter=matter, ended_at=None)


def determined(house: House, supplier: Organisation, audience: Audience | None = None) -> Deadline:
    """The DCC determines DMCs now, before one Supplier Party alone: it may refer within 10 Working Days (13.4)."""
    matter: Matter = actions.open_matter(
        procedure="DMC_SELECTION",
        document="SVTAD",
        version="1.23",
        title="DMCs that only one of them knows of",
        rationale="They are in use.",
        audience=audience or audience_of("dcc", org_key(supplier)),
        by=MAKER,
    )
    heard(matter, moment=now())
    decide(matter, "DCC", "CONCLUDE_DISCUSSION", moment=now())
    decide(matter, "DCC", "DETERMINE", moment=now(), dmcs="A and B")
    return Deadline.objects.get(matter=matter, ended_at=None)


def proclaim(day: dt.date | None = None) -> NonWorkingDayOverride:
    """Make a day no Working Day: by default the last day of the deadline that ends last."""
    day = day or Deadline.objects.filter(ended_at=None).aggregate(last=Max("last_day"))["last"]
    return actions.add_override(
        day=day, is_working_day=False, reason="A royal wedding", source="The Gazette",
        audience=audience_of(*GOVERNANCE), by=MAKER,
    )  # fmt: skip
