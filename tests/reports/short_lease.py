"""For a worker under test: a lease of seconds, so that a test need not wait until a dead worker's is over."""

from __future__ import annotations

from django.conf import settings

LEASE_SECONDS = 3.0
settings.JOB_LEASE_SECONDS = LEASE_SECONDS
