"""Signing in: one proof or two, what keeps it out, and when a session ends."""

from __future__ import annotations

import datetime as dt

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client

from svtad.audit.models import AuditEvent
from svtad.lib import clock
from svtad.lib.clock import now
from svtad.parties import actions, factors, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import RuleKind
from svtad.parties.queries import factors_of
from svtad.parties.views.proof import MOST_WRONG_CODES
from tests.parties.codes import code_of

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


@pytest.fixture
def sign_in(client):
    """`sign_in(person)`: send the form, by default with the right password."""

    def send(who, password=PASSWORD, *, by: Client = client, **more):
        return by.post("/sign-in/", {"username": who.email, "password": password, **more})

    return send


@pytest.fixture
def with_app(person):
    """Somebody with a password and an app; returns the person, the secret and the recovery codes."""

    def make(role: str = "participant"):
        who, secret = person(role, password=PASSWORD), factors.new_secret()
        codes = actions.set_up_app(
            person=who,
            secret=secret,
            code=code_of(secret, at=now() - dt.timedelta(seconds=30)),
            by=actor_for(who, at=now()),
        )
        return who, secret, codes

    return make


def signed_in(client: Client) -> bool:
    return SESSION_KEY in client.session


def later(monkeypatch, **by):
    """Let the product's clock run ahead."""
    moment = clock.now() + dt.timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: moment)


# --- one proof or two --------------------------------------------------------------------------------------


def test_a_password_alone_signs_in_who_has_no_second_factor(person, client, sign_in):
    who = person("participant", password=PASSWORD)
    answer = sign_in(who, next="/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert client.session[sessions.FACTORS] == ["password"]
    assert AuditEvent.objects.get(action="sign_in").detail == {"factors": ["password"]}


def test_with_a_second_factor_a_password_signs_nobody_in(with_app, client, sign_in):
    who, secret, _ = with_app()
    answer = sign_in(who, next="/account/")
    assert answer["Location"] == "/sign-in/second/"
    assert not signed_in(client)
    assert client.get("/account/").status_code == 302
    assert client.get("/api/v1/me").status_code == 401
    assert client.post("/sign-in/second/", {"code": "123456"}).status_code == 400
    assert not signed_in(client)
    answer = client.post("/sign-in/second/", {"code": code_of(secret)})
    assert answer["Location"] == "/account/"
    assert client.session[sessions.FACTORS] == ["password", "totp"]
    assert "pending_sign_in" not in client.session
    assert AuditEvent.objects.get(action="sign_in").detail == {"factors": ["password", "totp"]}


def test_a_recovery_code_is_the_second_factor_once(with_app, client, sign_in):
    who, _, codes = with_app()
    for expected in (302, 400):
        sign_in(who)
        assert client.post("/sign-in/second/", {"code": codes[0]}).status_code == expected
        client.post("/sign-out/")


def test_the_code_of_somebody_else_does_not_do(with_app, client, sign_in):
    (who, _, _), (_, secret, _) = with_app(), with_app()
    sign_in(who)
    assert client.post("/sign-in/second/", {"code": code_of(secret)}).status_code == 400
    assert not signed_in(client)


@pytest.mark.parametrize("meanwhile", ["disabled", "another password", "too late", "signed out everywhere"])
def test_a_sign_in_that_waits_does_not_outlive_what_it_rests_on(with_app, client, sign_in, monkeypatch, meanwhile):
    who, secret, _ = with_app()
    sign_in(who)
    if meanwhile == "disabled":
        actions.disable_person(person=who, reason="Left", by=system_actor())
    elif meanwhile == "another password":
        actions.set_password(person=who, password=PASSWORD + "2", by=system_actor())
    elif meanwhile == "signed out everywhere":
        actions.end_sessions(person=who, by=system_actor())
    else:
        later(monkeypatch, minutes=11)
    answer = client.post("/sign-in/second/", {"code": code_of(secret, at=clock.now())})
    assert answer["Location"] == "/sign-in/"
    assert not signed_in(client)


def test_without_a_first_proof_there_is_no_second(client):
    assert client.get("/sign-in/second/")["Location"] == "/sign-in/"
    assert client.post("/sign-in/second/", {"code": "123456"})["Location"] == "/sign-in/"


def test_nobody_is_sent_to_another_site(person, client, sign_in):
    who = person("participant", password=PASSWORD)
    assert sign_in(who, next="https://elsewhere.example/")["Location"] == "/"


def test_the_key_of_a_session_changes_with_each_step(with_app, client, sign_in):
    who, secret, _ = with_app()
    client.get("/sign-in/passkey/")  # a challenge begins an anonymous session
    keys = [client.session.session_key]
    sign_in(who)
    keys.append(client.session.session_key)
    client.post("/sign-in/second/", {"code": code_of(secret)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3
    assert not Session.objects.filter(session_key__in=keys[:2]).exists(), "no former key opens anything"


def test_who_is_a_deputy_is_told_so_on_signing_in(person, client, sign_in):
    absent, who = person("tab_member"), person("participant", password=PASSWORD)
    today = clock.london_date(now())
    made = actions.name_deputy(
        membership=absent.memberships.get(),
        deputy=who,
        starts_on=today,
        ends_on=today,
        reason="Leave",
        by=system_actor(),
    )
    actions.answer_deputyship(deputyship=made, confirm=True, by=system_actor())
    answer = sign_in(who)
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert any(f"deputy of {absent}" in text for text in told)


# --- what keeps it out ----------------------------------------------------------------------------------


def test_ten_wrong_codes_close_the_door_for_a_while(with_app, client, sign_in):
    who, secret, _ = with_app()
    sign_in(who)
    answers = [client.post("/sign-in/second/", {"code": "123456"}).status_code for _ in range(10)]
    assert answers == [400] * 9 + [429]
    assert client.post("/sign-in/second/", {"code": code_of(secret)}).status_code == 429
    assert not signed_in(client)
    # Of the codes alone: the password still leads as far as before.
    assert sign_in(who)["Location"] == "/sign-in/second/"


def test_a_right_code_forgets_the_wrong_ones(with_app, client, sign_in):
    who, _, codes = with_app()
    for used in (0, 1):
        sign_in(who)
        for _ in range(6):
            assert client.post("/sign-in/second/", {"code": "123456"}).status_code == 400
        assert client.post("/sign-in/second/", {"code": codes[used]}).status_code == 302
        client.post("/sign-out/")
    assert not AccessAttempt.objects.exists()


def test_wrong_codes_from_many_places_close_it_too(with_app, sign_in):
    who, secret, _ = with_app()
    for place in range(MOST_WRONG_CODES // 6):
        elsewhere = Client(REMOTE_ADDR=f"10.0.0.{place}")
        sign_in(who, by=elsewhere)
        for _ in range(6):
            assert elsewhere.post("/sign-in/second/", {"code": "123456"}).status_code == 400
    new = Client(REMOTE_ADDR="10.0.1.1")
    sign_in(who, by=new)
    assert new.post("/sign-in/second/", {"code": code_of(secret)}).status_code == 429


def test_what_was_tried_is_not_kept_with_the_failure(with_app, client, sign_in):
    who, _, _ = with_app()
    sign_in(who, "a wrong password of mine")
    sign_in(who)
    client.post("/sign-in/second/", {"code": "424242"})
    kept = " ".join(row.post_data for row in AccessAttempt.objects.all())
    assert AccessAttempt.objects.count() == 2
    assert "424242" not in kept
    assert "a wrong password" not in kept


@pytest.mark.parametrize(
    "credential", ["", "{}", "[", "null", '{"response": {"userHandle": "bm9ib2R5"}}', "x" * 30_000]
)
def test_a_made_up_passkey_signs_nobody_in(client, credential):
    client.get("/sign-in/passkey/")
    assert client.post("/sign-in/passkey/", {"credential": credential})["Location"] == "/sign-in/"
    assert not signed_in(client)


# --- who needs a second factor --------------------------------------------------------------------------


@pytest.fixture
def as_installed(settings):
    """The default of an installation that is no demonstration."""
    settings.SECOND_FACTOR = "deciders"


def test_who_decides_opens_nothing_before_a_second_factor_is_set_up(as_installed, person, client, sign_in):
    who = person("registrar", password=PASSWORD)
    sign_in(who)
    assert signed_in(client)
    answer = client.get("/audit/")
    assert answer["Location"] == "/sign-in/second/?next=%2Faudit%2F"
    assert "Set up a second factor" in client.get(answer["Location"]).content.decode()
    refused = client.get("/api/v1/matters")
    assert refused.status_code == 403
    assert "DCC registrar" in refused.json()["detail"]
    client.get("/account/app/")
    secret = client.session["new_app_secret"]
    shown = client.post("/account/app/", {"code": code_of(secret)})
    assert shown.status_code == 200
    assert "recovery codes" in shown.content.decode()
    assert client.get("/audit/").status_code == 200
    assert client.get("/api/v1/matters").status_code == 200


def test_who_signed_in_without_it_gives_it_and_goes_on_where_they_were(as_installed, with_app, client, settings):
    who, secret, _ = with_app("registrar")
    client.force_login(who, backend=sessions.BACKEND)
    before = client.session.session_key
    answer = client.get("/audit/?page=2")
    assert answer.status_code == 302
    answer = client.post(answer["Location"], {"code": code_of(secret), "next": "/audit/?page=2"})
    assert answer["Location"] == "/audit/?page=2"
    assert client.get("/audit/").status_code == 200
    assert client.session.session_key != before


def test_others_need_none(as_installed, person, client, sign_in):
    who = person("test_manager", password=PASSWORD)
    sign_in(who)
    assert client.get("/phases/").status_code == 200


def test_an_administrator_sets_which_roles_need_one_and_it_holds_at_once(as_installed, person, client, administrator):
    manager, registrar = person("test_manager"), person("registrar")
    for role, value in (("test_manager", True), ("registrar", False)):
        actions.set_access_rule(
            kind=RuleKind.SECOND_FACTOR, key=role, value=value, reason="As agreed.", by=administrator
        )
    client.force_login(manager, backend=sessions.BACKEND)
    assert client.get("/phases/").status_code == 302
    client.force_login(registrar, backend=sessions.BACKEND)
    assert client.get("/audit/").status_code == 200


def test_a_token_is_a_credential_of_its_own(as_installed, person, client):
    who = person("registrar")
    _, token = actions.issue_token(person=who, by=system_actor())
    assert client.get("/api/v1/matters", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_in_the_demonstration_a_password_is_enough(person, client, sign_in, settings):
    settings.SECOND_FACTOR = "none"
    who = person("registrar", password=PASSWORD)
    sign_in(who)
    assert client.get("/audit/").status_code == 200


# --- when a session ends --------------------------------------------------------------------------------


@pytest.fixture
def inside(person, client, sign_in):
    """Somebody who signed in."""
    who = person("test_manager", password=PASSWORD)
    sign_in(who)
    assert client.get("/phases/").status_code == 200
    return who


def test_a_session_ends_when_nothing_was_done_for_too_long(inside, client, settings, monkeypatch):
    settings.SESSION_IDLE = dt.timedelta(minutes=30)
    for _ in range(3):
        later(monkeypatch, minutes=29)
        assert client.get("/phases/").status_code == 200
    later(monkeypatch, minutes=31)
    answer = client.get("/phases/")
    assert answer["Location"].startswith("/sign-in/")
    assert "nothing was done for too long" in client.get(answer["Location"]).content.decode()


def test_a_session_ends_after_its_longest_time_whatever_was_done(inside, client, settings, monkeypatch):
    settings.SESSION_IDLE, settings.SESSION_LONGEST = dt.timedelta(minutes=30), dt.timedelta(hours=2)
    for _ in range(6):
        later(monkeypatch, minutes=19)
        assert client.get("/phases/").status_code == 200
    later(monkeypatch, minutes=7)
    assert client.get("/phases/").status_code == 302
    assert not signed_in(client)


def test_a_session_of_rest_ends_alike(inside, client, settings, monkeypatch):
    settings.SESSION_IDLE = dt.timedelta(minutes=30)
    later(monkeypatch, minutes=31)
    assert client.get("/api/v1/me").status_code == 401


def test_being_shut_out_ends_every_session_for_good(inside, client, administrator):
    key = client.session.session_key
    actions.disable_person(person=inside, reason="Left", by=administrator)
    assert client.get("/phases/").status_code == 302
    actions.enable_person(person=inside, by=administrator)
    client.cookies["svtad_session"] = key
    assert client.get("/phases/").status_code == 302, "a session of before does not come back to life"


def test_a_role_that_ends_is_gone_from_the_sessions_that_are_open(inside, client, administrator):
    actions.end_membership(membership=inside.memberships.get(), by=administrator)
    assert "0 Test Phases" in client.get("/phases/").content.decode()


def test_one_ends_all_ones_sessions(inside, client, sign_in):
    other = Client()
    sign_in(inside, by=other)
    assert other.get("/phases/").status_code == 200
    assert client.post("/account/sessions/end/")["Location"] == "/sign-in/"
    assert other.get("/phases/").status_code == 302


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(inside, client, sign_in):
    other = Client()
    sign_in(inside, by=other)
    key = client.session.session_key
    new = "another-battery-staple"
    wrong = {"current": "not it", "password": new, "again": new}
    assert client.post("/account/password/", wrong).status_code == 400
    assert client.post("/account/password/", wrong | {"current": PASSWORD, "again": "typo"}).status_code == 400
    assert (
        client.post(
            "/account/password/", wrong | {"current": PASSWORD, "password": "short", "again": "short"}
        ).status_code
        == 400
    )
    assert client.post("/account/password/", wrong | {"current": PASSWORD}).status_code == 302
    assert client.get("/phases/").status_code == 200
    assert client.session.session_key != key
    assert other.get("/phases/").status_code == 302
    inside.refresh_from_db()
    assert inside.check_password(new)


def test_guessing_the_password_in_an_open_session_closes_it_too(inside, client):
    for _ in range(9):
        client.post("/account/password/", {"current": "no", "password": "x" * 12, "again": "x" * 12})
    wrong = client.post("/account/password/", {"current": "no", "password": "x" * 12, "again": "x" * 12})
    assert wrong.status_code == 429


def test_an_administrator_sets_a_password_takes_factors_away_and_ends_sessions(with_app, person, client):
    who, _, _ = with_app()
    before = who.get_session_auth_hash()
    client.force_login(person("administrator"), backend=sessions.BACKEND)
    assert client.post(f"/people/{who.public_id}/sessions/end/").status_code == 302
    assert client.post(f"/people/{who.public_id}/password/", {"password": "short"}).status_code == 400
    assert client.post(f"/people/{who.public_id}/password/", {"password": "given-by-hand-2026"}).status_code == 302
    assert client.post(f"/people/{who.public_id}/factors/reset/", {"reason": ""}).status_code == 400
    assert client.post(f"/people/{who.public_id}/factors/reset/", {"reason": "Lost the phone"}).status_code == 302
    who.refresh_from_db()
    assert who.check_password("given-by-hand-2026")
    assert who.get_session_auth_hash() != before
    assert not factors_of(who)
    client.force_login(person("registrar"), backend=sessions.BACKEND)
    for path in ("sessions/end/", "password/", "factors/reset/"):
        answer = client.post(f"/people/{who.public_id}/{path}", {"password": "given-by-hand-2027", "reason": "x"})
        assert answer.status_code == 403
