"""Entering credentials again: what was sent goes on whole, and nothing goes on without them."""

from __future__ import annotations

import datetime as dt
import os
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from knox.models import AuthToken

from svtad.lib import clock
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties import actions, factors, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import AccessRule, SigningGrant
from svtad.parties.policies import check_entered_recently, entered_recently
from svtad.parties.views import held
from tests.parties import signed
from tests.parties.codes import code_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.parties.signed")]

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def here(settings, tmp_path):
    """Hold forms in the test's own folder, and forget what other tests did."""
    settings.DATA_DIR = tmp_path
    signed.done.clear()


@pytest.fixture
def inside(person, client):
    """Somebody with a password, signed in, whose credentials were entered an hour ago."""
    who = person("registrar", password=PASSWORD)
    client.force_login(who, backend=sessions.BACKEND)
    age(client)
    return who


def age(client: Client, **by) -> None:
    session = client.session
    session[sessions.ENTERED] = (clock.now() - dt.timedelta(**(by or {"minutes": 50}))).timestamp()
    session.save()


def form(**more):
    return {
        "rationale": "Café, £5 — “yes”\r\nsecond line",
        "codes": ["a", "b"],
        "empty": "",
        "document": SimpleUploadedFile("minutes.pdf", b"%PDF the minutes", content_type="application/pdf"),
    } | more


def mark_of(answer) -> str:
    found = re.search(r'name="reentry" value="([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def held_forms(settings) -> list[str]:
    folder = settings.DATA_DIR / "held"
    return os.listdir(folder) if folder.exists() else []


def test_a_form_sent_soon_after_signing_in_goes_straight_through(person, client):
    who = person("registrar", password=PASSWORD)
    client.post("/sign-in/", {"username": who.email, "password": PASSWORD})
    assert client.post("/signed/", form()).status_code == 200
    assert len(signed.done) == 1


def test_later_the_credentials_are_asked_for_and_the_form_goes_on_as_it_was_sent(inside, client, settings):
    asked = client.post("/signed/?from=here", form())
    assert asked.status_code == 403
    text = asked.content.decode()
    assert "You are about to record this decision." in text
    assert "Your password" in text
    assert signed.done == []
    answer = client.post("/signed/?from=here", {"reentry": mark_of(asked), "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json() == {
        "fields": {"rationale": ["Café, £5 — “yes”\r\nsecond line"], "codes": ["a", "b"], "empty": [""]},
        "files": {"document": [["minutes.pdf", "application/pdf", 16, "%PDF the minutes"]]},
        "query": {"from": "here"},
    }
    assert held_forms(settings) == [], "nothing of it is kept"
    assert client.post("/signed/", form()).status_code == 200, "and for a while they are not asked for again"


def test_a_wrong_password_loses_nothing(inside, client):
    mark = mark_of(client.post("/signed/", form()))
    for _ in range(3):
        again = client.post("/signed/", {"reentry": mark, "password": "not it"})
        assert again.status_code == 403
        assert "That is not your password." in again.content.decode()
        assert mark_of(again) == mark
    assert client.post("/signed/", {"reentry": mark}).status_code == 403
    assert signed.done == []
    assert client.post("/signed/", {"reentry": mark, "password": PASSWORD}).json()["fields"]["codes"] == ["a", "b"]


def test_guessing_shuts_the_door_as_at_sign_in(inside, client):
    mark = mark_of(client.post("/signed/", form()))
    answers = [client.post("/signed/", {"reentry": mark, "password": "no"}).status_code for _ in range(10)]
    assert answers == [403] * 9 + [429]
    assert client.post("/signed/", {"reentry": mark, "password": PASSWORD}).status_code == 429
    assert signed.done == []


def test_a_code_of_the_app_does_and_a_recovery_code_is_not_burnt(person, client):
    who, secret = person("registrar"), factors.new_secret()
    by = actor_for(who, at=now())
    codes = actions.set_up_app(
        person=who, secret=secret, code=code_of(secret, at=now() - dt.timedelta(seconds=30)), by=by
    )
    client.force_login(who, backend=sessions.BACKEND)
    age(client)
    asked = client.post("/signed/", form())
    assert "Your password" not in asked.content.decode(), "they have none"
    mark = mark_of(asked)
    assert client.post("/signed/", {"reentry": mark, "code": codes[0]}).status_code == 403
    assert client.post("/signed/", {"reentry": mark, "password": ""}).status_code == 403
    assert client.post("/signed/", {"reentry": mark, "code": code_of(secret)}).status_code == 200
    assert client.session[sessions.FACTORS] == ["totp"]
    assert actions.use_code(person=who, code=codes[0]) == "recovery_code"


def test_who_has_neither_is_told_what_to_do(person, client):
    client.force_login(person("registrar"), backend=sessions.BACKEND)
    age(client)
    assert "Sign in again" in client.post("/signed/", form()).content.decode()


def test_a_held_form_is_its_senders_for_its_address_once_and_not_for_long(inside, person, client, monkeypatch):
    mark = mark_of(client.post("/signed/", form()))
    right = {"reentry": mark, "password": PASSWORD}
    other = person("registrar", password=PASSWORD)
    theirs = Client()
    theirs.force_login(other, backend=sessions.BACKEND)
    assert theirs.post("/signed/", right).status_code == 409
    assert client.post("/signed/?another=address", right).status_code == 409
    for made_up in ("../../etc/passwd", "x", "A" * 22):
        assert client.post("/signed/", right | {"reentry": made_up}).status_code == 409
    assert client.post("/signed/", right).status_code == 200
    assert client.post("/signed/", right).status_code == 409, "once"
    age(client)
    mark = mark_of(client.post("/signed/", form()))
    moment = clock.now() + held.LONGEST + dt.timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    client.force_login(inside, backend=sessions.BACKEND)
    assert client.post("/signed/", right | {"reentry": mark}).status_code == 409
    assert len(signed.done) == 1


def test_what_is_held_is_bounded_private_and_swept(inside, client, settings, monkeypatch):
    for _ in range(held.MOST + 3):
        client.post("/signed/", form())
    assert len(held_forms(settings)) == held.MOST
    folder = settings.DATA_DIR / "held"
    assert all((folder / name).stat().st_mode & 0o077 == 0 for name in held_forms(settings))
    settings.STORED_FILE_MAX_BYTES = 8
    assert client.post("/signed/", form()).status_code == 400
    moment = clock.now() + held.LONGEST * 2
    monkeypatch.setattr(clock, "now", lambda: moment)
    client.force_login(inside, backend=sessions.BACKEND)
    age(client)
    settings.STORED_FILE_MAX_BYTES = 10_000
    client.post("/signed/", form())
    assert len(held_forms(settings)) == 1


def test_a_page_is_opened_after_the_credentials_within_its_own_time(inside, client):
    age(client, minutes=2)
    asked = client.get("/shown/?page=2")
    assert asked.status_code == 403
    assert mark_of(asked) == "-"
    answer = client.post("/shown/?page=2", {"reentry": "-", "password": PASSWORD})
    assert answer["Location"] == "/shown/?page=2"
    assert client.get("/shown/?page=2").content == b"shown"
    age(client, seconds=59)
    assert client.get("/shown/").status_code == 200
    age(client, seconds=61)
    assert client.get("/shown/").status_code == 403


def test_a_forged_request_proves_nothing(inside):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(inside, backend=sessions.BACKEND)
    age(strict)
    assert strict.post("/signed/", form()).status_code == 403
    assert strict.post("/signed/", {"reentry": "-", "password": PASSWORD}).status_code == 403
    assert signed.done == []


def test_recently_is_within_the_time_and_not_ahead_of_it():
    moment, window = now(), dt.timedelta(minutes=10)
    assert entered_recently(moment - window, within=window, now=moment)
    assert not entered_recently(moment - window - dt.timedelta(seconds=1), within=window, now=moment)
    assert not entered_recently(moment + dt.timedelta(seconds=1), within=window, now=moment)
    assert not entered_recently(None, within=window, now=moment)
    with pytest.raises(ActionDenied, match="again"):
        check_entered_recently(None, within=window, now=moment)


def test_acts_on_access_are_signed_too(person, client, settings):
    admin, other = person("administrator", password=PASSWORD), person("registrar")
    _, _ = actions.issue_token(person=other, by=system_actor())
    token = AuthToken.objects.get()
    client.force_login(admin, backend=sessions.BACKEND)
    rule = {"kind": "OWN_DECISION", "key": "EXCLUSION", "value": "yes", "reason": "One person is on duty."}
    for path, sent in (
        ("/people/rules/", rule),
        (f"/people/{other.public_id}/tokens/", {"days": 5}),
        (f"/people/{other.public_id}/tokens/{token.token_key}/signing/", {"reason": "The minutes tool."}),
        (f"/people/{other.public_id}/factors/reset/", {"reason": "x"}),
        ("/account/recovery-codes/", {}),
    ):
        age(client)
        assert "Confirm that it is you" in client.post(path, sent).content.decode(), path
    assert (AccessRule.objects.count(), AuthToken.objects.count(), SigningGrant.objects.count()) == (0, 1, 0)
    asked = client.post("/people/rules/", rule)
    assert client.post("/people/rules/", {"reentry": mark_of(asked), "password": PASSWORD}).status_code == 302
    assert AccessRule.objects.get().value is True


# --- tokens ---------------------------------------------------------------------------------------------


def test_an_administrator_marks_a_token_that_may_sign_for_somebody_else_with_a_reason(person, administrator):
    who, tool = person("registrar"), person("test_tooling", is_service_account=True)
    row, _ = actions.issue_token(person=who, by=system_actor())
    with pytest.raises(InvalidInput):
        actions.let_token_sign(token=row, reason=" ", by=administrator)
    with pytest.raises(ActionDenied):
        actions.let_token_sign(token=row, reason="Mine", by=actor_for(who, at=now()))
    assert not SigningGrant.objects.exists()
    actions.let_token_sign(token=row, reason="The minutes tool.", by=administrator)
    with pytest.raises(Refused, match="already"):
        actions.let_token_sign(token=row, reason="Again", by=administrator)
    with pytest.raises(Refused, match="service account"):
        actions.issue_token(person=tool, signs_because="Fast", by=administrator)
    own = actor_for(person("administrator"), at=now())
    with pytest.raises(ActionDenied, match="Another administrator"):
        actions.issue_token(person=who.__class__.objects.get(pk=own.person_pk), signs_because="Mine", by=own)
