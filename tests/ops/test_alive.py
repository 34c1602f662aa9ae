"""The health checks of the three processes can say yes, and can say no."""

from __future__ import annotations

import datetime as dt

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from svtad.config import alive
from svtad.lib.clock import now
from tests.ops.servers import free_port


@pytest.fixture
def beat_sent(db):
    """Write down that Beat sent something `ago`."""

    def write(ago: dt.timedelta | None) -> None:
        every = IntervalSchedule.objects.create(every=10, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name="x", task="x", interval=every, last_run_at=ago and now() - ago)

    return write


def test_beat_is_well_when_it_sent_something_lately(beat_sent, capsys):
    beat_sent(dt.timedelta(seconds=20))
    assert alive.main(["beat"]) == 0
    assert capsys.readouterr().err == ""


def test_a_silent_beat_is_told_with_how_long(beat_sent, capsys):
    beat_sent(dt.timedelta(minutes=4))
    assert alive.main(["beat"]) == 1
    assert "beat has sent nothing for 240 s" in capsys.readouterr().err


def test_a_beat_that_never_sent_anything_is_not_well(beat_sent):
    beat_sent(None)
    assert alive.beat_trouble() == "beat has sent nothing yet"


def test_the_web_is_asked_by_a_name_it_answers_to(live_server, monkeypatch, settings):
    settings.ALLOWED_HOSTS = ["testing.example.org"]
    monkeypatch.setenv("PORT", live_server.url.rsplit(":", 1)[1])
    monkeypatch.setenv("ALLOWED_HOSTS", "testing.example.org,other.example.org")
    assert alive.web_trouble() == ""
    monkeypatch.setenv("ALLOWED_HOSTS", "elsewhere.example.org")
    assert "400" in alive.web_trouble()


def test_a_web_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("PORT", str(free_port()))
    assert alive.web_trouble().startswith("web does not answer")


@pytest.mark.services
def test_the_worker_answers_for_itself(worker):
    assert alive.worker_trouble() == ""


@pytest.mark.services
def test_a_killed_worker_is_told(start_worker, monkeypatch):
    monkeypatch.setattr(alive, "ANSWER_SECONDS", 1.0)
    start_worker().kill()
    assert "does not answer a ping" in alive.worker_trouble()


@pytest.mark.parametrize("arguments", [[], ["redis"], ["web", "beat"]])
def test_asked_about_anything_else_it_says_how_to_ask(arguments, capsys):
    assert alive.main(arguments) == 2
    assert "web|worker|beat" in capsys.readouterr().err
