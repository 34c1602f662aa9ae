"""The product's only clock.

Every instant is stored in UTC; what the law calls a day is a day in London. Domain code takes its
time as an argument; only this module asks the machine.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

LONDON = ZoneInfo("Europe/London")


def now() -> dt.datetime:
    """Return the present instant, aware, in UTC."""
    return timezone.now().astimezone(dt.UTC)


def london_date(instant: dt.datetime) -> dt.date:
    """Return the London calendar date on which an aware `instant` falls."""
    return instant.astimezone(LONDON).date()


def london_midnight_after(day: dt.date) -> dt.datetime:
    """Return the first instant after the London `day`, in UTC."""
    start = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=LONDON)
    return start.astimezone(dt.UTC)
