"""`python -m svtad.config.alive web|worker|beat`: exit 0 when that process is alive, 1 with the reason when not.

For a container's health check. It asks the process itself: over HTTP, over the broker, or, for
Beat, by when it last sent anything.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import sys
import urllib.request

#: Beat's most frequent entry is due every few seconds; this long without one means that it hangs.
BEAT_SILENCE = dt.timedelta(minutes=3)
ANSWER_SECONDS = 5.0


def web_trouble() -> str:
    """Return what is wrong with the web process on this host, or an empty string."""
    # The product answers only to its own names, so the question carries one of them.
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz"
    request = urllib.request.Request(address, headers={"Host": name if name not in ("", "*") else "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
            return "" if response.status == 200 else f"web answers {response.status}"
    except OSError as error:
        return f"web does not answer: {error}"


def worker_trouble() -> str:
    """Return what is wrong with this host's worker, or an empty string."""
    from kombu.exceptions import OperationalError

    from svtad.config.celery import app

    name = f"celery@{socket.gethostname()}"
    try:
        answers = app.control.ping(destination=[name], timeout=ANSWER_SECONDS)
    except (OperationalError, OSError) as error:
        return f"the broker does not answer: {error}"
    return "" if answers else f"worker {name} does not answer a ping"


def beat_trouble() -> str:
    """Return what is wrong with Beat, or an empty string."""
    from django.db import DatabaseError
    from django.db.models import Max
    from django_celery_beat.models import PeriodicTask

    from svtad.lib.clock import now

    try:
        latest = PeriodicTask.objects.filter(enabled=True).aggregate(latest=Max("last_run_at"))["latest"]
    except DatabaseError as error:
        return f"the database does not answer: {error}"
    if latest is None:
        return "beat has sent nothing yet"
    silence = now() - latest
    return "" if silence < BEAT_SILENCE else f"beat has sent nothing for {silence.total_seconds():.0f} s"


def main(arguments: list[str]) -> int:
    """Print what is wrong with the process named in `arguments` and return 1, or return 0."""
    checks = {"web": web_trouble, "worker": worker_trouble, "beat": beat_trouble}
    if len(arguments) != 1 or arguments[0] not in checks:
        sys.stderr.write("usage: python -m svtad.config.alive web|worker|beat\n")
        return 2
    if arguments[0] != "web":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "svtad.config.settings")
        import django

        django.setup()
    trouble = checks[arguments[0]]()
    if trouble:
        sys.stderr.write(f"{trouble}\n")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
