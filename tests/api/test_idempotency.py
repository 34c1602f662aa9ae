"""A write that carries a key is done once, however often and however closely together it is asked."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from issues.models import TestingIssue
from svtad.governance.models import Meeting, StoredFile
from svtad.lib.clock import london_date, now
from svtad.parties.actions import answer_deputyship, forget_old_calls, name_deputy
from svtad.parties.models import IdempotentCall, Person
from tests.api.conftest import Caller
from tests.at_once import at_once
from tests.factories import MAKER, make_house, make_person


def raised(caller: Caller, phase: str, *, key: str, title: str = "Alert lost"):
    return caller.client.post(
        "/api/v1/issues", {"phase": phase, "title": title, "raised_by": "dcc"}, format="json",
        HTTP_IDEMPOTENCY_KEY=key,
    )  # fmt: skip


@pytest.fixture
def manager(caller):
    return caller("test_manager")


@pytest.mark.django_db
def test_the_same_call_again_is_answered_alike_and_does_nothing(house, manager):
    phase = house.scope("SIT", "MOC").public_id
    first, again = (raised(manager, phase, key="a-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert TestingIssue.objects.count() == 1
    assert raised(manager, phase, key="a-2").status_code == 201
    assert TestingIssue.objects.count() == 2


@pytest.mark.django_db
def test_the_same_key_with_another_call_is_refused(house, manager):
    phase = house.scope("SIT", "MOC").public_id
    raised(manager, phase, key="a-1")
    other = raised(manager, phase, key="a-1", title="Another")
    assert other.status_code == 409
    assert "another call" in other.json()["detail"]
    assert TestingIssue.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_call_leaves_no_key_behind(house, manager):
    phase = house.scope("SIT", "MOC").public_id
    assert raised(manager, phase, key="a-1", title="").status_code == 400
    assert raised(manager, phase, key="a-1").status_code == 201


@pytest.mark.django_db
def test_one_persons_key_is_nothing_to_another(house, caller, manager):
    phase = house.scope("SIT", "MOC").public_id
    raised(manager, phase, key="a-1")
    other = Caller(make_person("test_manager", house.dcc))
    assert raised(other, phase, key="a-1", title="Another").status_code == 201
    assert IdempotentCall.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["k" * 201, "ключ", "a\tb"])
def test_a_key_that_is_none_is_named(house, manager, key):
    answer = raised(manager, house.scope("SIT", "MOC").public_id, key=key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.django_db
def test_an_upload_is_the_same_call_whatever_its_boundary(manager):
    def kept(content: bytes) -> int:
        file = SimpleUploadedFile("minutes.pdf", content)
        answer = manager.client.post("/api/v1/files", {"file": file}, format="multipart", HTTP_IDEMPOTENCY_KEY="u-1")
        return answer.status_code

    assert [kept(b"one"), kept(b"one"), kept(b"two")] == [201, 201, 409]
    assert StoredFile.objects.filter(purpose="decision").count() == 1


@pytest.mark.django_db
def test_the_same_call_as_a_deputy_is_another_call(house, caller):
    chair, deputy = (Person.objects.get(pk=house.actor(role).person_pk) for role in ("tag_chair", "tag_member"))
    today = london_date(now())
    made = name_deputy(
        membership=chair.memberships.get(), deputy=deputy, starts_on=today, ends_on=today, reason="Leave.", by=MAKER
    )
    answer_deputyship(deputyship=made, confirm=True, by=house.actor("administrator"))

    planned = {"body": "TAG", "title": "TAG 42", "starts_at": "2026-03-16T10:00:00Z"}

    def plan(**headers: str) -> int:
        client = caller("tag_member").client
        answer = client.post("/api/v1/meetings", planned, format="json", HTTP_IDEMPOTENCY_KEY="d-1", **headers)
        return answer.status_code

    as_deputy = {"HTTP_ACTING_FOR": made.public_id}
    assert plan() == 403
    assert [plan(**as_deputy), plan(**as_deputy)] == [201, 201]
    assert plan() == 409, "not answered with what only the deputy may read"
    assert Meeting.objects.count() == 1


@pytest.mark.django_db
def test_calls_are_forgotten_after_a_week(house, manager):
    raised(manager, house.scope("SIT", "MOC").public_id, key="a-1")
    assert forget_old_calls(at=now() + dt.timedelta(days=6)) == 0
    assert forget_old_calls(at=now() + dt.timedelta(days=8)) == 1


@pytest.mark.usefixtures("postgres_only")
def test_fifty_at_once_have_one_effect(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    house = make_house()
    known = Caller(make_person("test_manager", house.dcc))
    phase = house.scope("SIT", "MOC").public_id

    def ask(_: int) -> tuple[int, str]:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=known.authorization)
        answer = client.post(
            "/api/v1/issues", {"phase": phase, "title": "Alert lost", "raised_by": "dcc"}, format="json",
            HTTP_IDEMPOTENCY_KEY="at-once",
        )  # fmt: skip
        return answer.status_code, answer.json()["reference"]

    outcomes = at_once(50, ask)
    assert len(set(outcomes)) == 1, set(outcomes)
    assert outcomes[0][0] == 201
    assert TestingIssue.objects.count() == 1
