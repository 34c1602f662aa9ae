"""What the settings promise: nothing secret by default, safe headers, one clock, scheduled work that exists."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests.house.ladder import ROOT, repository_files

PRODUCTION = {
    "SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopqrs",
    "ALLOWED_HOSTS": "testing.example.org",
    "PATH": os.environ["PATH"],
    "DJANGO_SETTINGS_MODULE": "svtad.config.settings",
}


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_without_a_secret_key_nothing_starts(tmp_path):
    environment = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    ran = _python("import svtad.config.settings", **environment, SVTAD_DATA_DIR=str(tmp_path))
    assert ran.returncode != 0
    assert ImproperlyConfigured.__name__ in ran.stderr
    assert "SECRET_KEY is not set" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_demo_server_makes_one_key_and_keeps_it_to_itself(tmp_path):
    code = "import svtad.config.settings as s; print(s.SECRET_KEY)"
    environment = {"PATH": os.environ["PATH"], "SVTAD_DEMO": "1", "SVTAD_DATA_DIR": str(tmp_path)}
    with ThreadPoolExecutor(3) as pool:
        keys = {run.stdout.strip() for run in pool.map(lambda _: _python(code, **environment), range(3))}
    assert len(keys) == 1
    assert len(keys.pop()) > 60
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_in_production_djangos_own_deployment_check_finds_nothing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], cwd=ROOT, capture_output=True,
        text=True, check=False, env={**PRODUCTION, "SVTAD_DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_in_production_debug_is_off_and_cookies_are_secure(tmp_path):
    code = (
        "from svtad.config import settings as s\n"
        "print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.CSRF_COOKIE_HTTPONLY)"
    )
    ran = _python(code, **PRODUCTION, SVTAD_DATA_DIR=str(tmp_path))
    assert ran.stdout.split() == ["False", "True", "True", "True", "True"], ran.stderr


def test_there_is_no_admin_to_go_round_the_actions():
    assert not apps.is_installed("django.contrib.admin")


def test_the_law_counts_in_london():
    assert (settings.TIME_ZONE, settings.USE_TZ, settings.CELERY_TIMEZONE) == ("Europe/London", True, "Europe/London")


def test_only_the_clock_asks_the_machine_what_time_it_is():
    asks = re.compile(r"timezone\.now\(|datetime\.now\(|\.utcnow\(|date\.today\(|localdate\(|localtime\(\)|\bNow\(\)")
    #: The lease of a job, or of an e-mail, is the database's time: a worker with a wrong clock steals nothing.
    allowed = {"svtad/lib/clock.py", "svtad/governance/jobs.py", "svtad/governance/outbox.py"}
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in repository_files()
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] not in ("tests", "bench")
        and asks.search(path.read_text(encoding="utf-8"))
    }
    assert asking - allowed == set()


def test_a_running_task_is_not_handed_to_a_second_worker():
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST


@pytest.mark.services
def test_on_redis_a_message_stays_hidden_longer_than_a_task_may_run_and_comes_back_soon_after():
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 10


def test_every_scheduled_task_exists():
    from svtad.config.celery import app

    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks), scheduled - set(app.tasks)


def test_every_task_is_either_scheduled_or_sent_by_an_action():
    from svtad.config.celery import app

    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert ours - scheduled == {"governance.run_job"}


@pytest.mark.django_db
def test_every_answer_carries_the_content_policy_and_the_safe_headers(client):
    answer = client.get("/no-such-page/")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_the_page_of_the_api_draws_with_what_is_installed_here(client):
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', answer.content.decode())
    assert sources
    assert all(source.startswith("/") for source in sources), sources
    assert "script-src" not in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_api_is_described_in_openapi_3_1(client):
    assert client.get("/api/schema").json()["openapi"].startswith("3.1")


@pytest.mark.django_db
def test_health_says_ok_and_nothing_more(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert client.post("/healthz").status_code == 405


def test_health_says_when_the_database_is_away(client, monkeypatch):
    from django.db import OperationalError, connection

    def no_cursor():
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", no_cursor)
    assert client.get("/healthz").status_code == 503


def test_every_variable_that_is_read_is_described():
    described = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    read = set()
    for path in (ROOT / "svtad" / "config").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        read |= set(re.findall(r'(?:env\.\w+|_listed|environ\.get|environ\.setdefault)\(\s*"([A-Z_]+)"', source))
    assert len(read) > 15
    assert {name for name in read if f"`{name}`" not in described} == {"DJANGO_SETTINGS_MODULE"} & read


def test_logs_carry_no_local_variables_in_their_tracebacks():
    code = (
        "import django, logging; django.setup()\n"
        "def f():\n    password = 'hunter2'\n    raise ValueError('x')\n"
        "try:\n    f()\nexcept ValueError:\n    logging.getLogger('svtad').exception('failed')\n"
    )
    for layout in ("json", "console"):
        ran = _python(code, **{**os.environ, **PRODUCTION, "LOG_FORMAT": layout, "LOG_LEVEL": "INFO"})
        assert "ValueError" in ran.stderr
        assert "hunter2" not in ran.stderr
