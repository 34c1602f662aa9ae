"""How gunicorn serves the product: `python -m gunicorn --config python:svtad.config.gunicorn`."""

from __future__ import annotations

import os

wsgi_app = "svtad.config.wsgi"
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "1"))
threads = int(os.environ.get("WEB_THREADS", "8"))
#: Long work is a job; a request that takes this long is stuck.
timeout = 60
graceful_timeout = 8
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 (heartbeat files: memory, not disk)
loglevel = "warning"
# The product logs through Django's own configuration; gunicorn's access log would name every address twice.
accesslog = None
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
