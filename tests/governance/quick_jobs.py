"""For a worker under test: jobs whose lease and whose waiting are over in seconds, so that a test waits no minute."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from svtad.governance import jobs

settings.JOB_LEASE_SECONDS = 3.0
# How long the sweep waits before it wakes a job again that the broker took a message for.
jobs.sweep.__kwdefaults__ = {"wake_after": dt.timedelta(seconds=2)}
