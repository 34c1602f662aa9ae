"""For a worker under test: leases and pauses of seconds, so that a test need not wait for minutes."""

from __future__ import annotations

import os

from django.conf import settings

#: How long a lease is, in seconds: short where a worker is killed, long where one is only slow.
settings.NOTICE_LEASE_SECONDS = float(os.environ.get("TEST_LEASE_SECONDS", "3"))
settings.NOTICE_RETRY_SECONDS = 0.2
settings.NOTICE_RETRY_LONGEST_SECONDS = 1.0
settings.NOTICE_SWEEP_SECONDS = 2.0
