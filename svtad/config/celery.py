"""The Celery app. Workers and Beat run as `celery -A svtad.config …`.

It is not loaded from `svtad/__init__.py`: that would drag Celery and Django under the rulebook.
"""

from __future__ import annotations

import logging.config
import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from svtad.config.broker import make_known

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "svtad.config.settings")

# Root or not is the container's and the administrator's choice; a page of warnings at each start changes nothing.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

make_known()
app = Celery("svtad")
# The default for every thread: gunicorn's threads and the tests' live server publish too.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_the_products_logging(**_: Any) -> None:
    """Keep Celery from setting up logging of its own: one layout for web, worker and beat."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
