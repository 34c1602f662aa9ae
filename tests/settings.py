"""The product's own settings in a test's surroundings: a key, a data directory of its own, plain HTTP.

Not a second configuration: it fills in the environment that the settings read, and changes only
what a test cannot have (collected static files, slow password hashing).
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

if "pytest" in sys.modules:
    _own_data = tempfile.mkdtemp(prefix="svtad-test-")
    atexit.register(shutil.rmtree, _own_data, ignore_errors=True)
else:
    # A checker that only reads the settings (mypy ends without running exit handlers) writes nothing there.
    _own_data = str(Path(__file__).resolve().parents[1] / "var" / "test-settings")
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ["SVTAD_DATA_DIR"] = _own_data
os.environ.setdefault("SVTAD_HTTPS", "0")
os.environ.setdefault("ALLOWED_HOSTS", "*")
os.environ.setdefault("EMAIL_URL", "memorymail://")
os.environ.setdefault("LOG_LEVEL", "WARNING")
# Tests give sessions away without signing in; those of the second factor ask for the product's own default.
os.environ.setdefault("SVTAD_SECOND_FACTOR", "none")
os.environ.setdefault("DATABASE_CONN_MAX_AGE", "0")

from svtad.config.settings import *  # noqa: F403
from svtad.config.settings import DATA_DIR, DATABASES, LOGGING, STORAGES

# A file, not memory: the live server's threads and a worker's processes open it too.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# pytest collects the records itself; a handler would hold on to a stream that pytest closes after each test.
LOGGING = {**LOGGING, "handlers": {"stderr": {"class": "logging.NullHandler"}}}
