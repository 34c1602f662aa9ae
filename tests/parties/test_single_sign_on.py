"""Single sign-on at an OpenID Connect issuer: it signs in who is known, and makes nobody known."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ImproperlyConfigured

from svtad.audit.models import AuditEvent
from svtad.config.single_sign_on import providers
from svtad.lib.clock import now
from svtad.parties import actions, factors, sessions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import Person
from tests.parties.codes import code_of
from tests.parties.issuer import CLIENT, SECRET, running

pytestmark = pytest.mark.django_db


@pytest.fixture
def issuer(settings):
    """An issuer that this installation is a client of."""
    with running() as found:
        settings.SOCIALACCOUNT_PROVIDERS = providers(
            issuer=found.address, client_id=CLIENT, secret=SECRET, name="Meridian sign-on"
        )
        yield found


@pytest.fixture
def known(person, issuer):
    """Somebody known here whose address the issuer vouches for."""
    who = person("test_manager", email="asha@example.org")
    issuer.claims = {"sub": "7", "email": "Asha@Example.org", "email_verified": True}
    return who


@pytest.fixture
def go(client):
    """`go("/phases/")`: to the issuer and back, as a browser would; returns the answer to coming back."""

    def there_and_back(then: str = ""):
        there = client.get(f"/sign-in/with/sso/?next={then}" if then else "/sign-in/with/sso/")
        assert there.status_code == 302, there.content
        if not there["Location"].startswith("http"):
            return there
        back = requests.get(there["Location"], allow_redirects=False, timeout=5).headers["Location"]
        at = urlsplit(back)
        return client.get(f"{at.path}?{at.query}")

    return there_and_back


def said(client) -> str:
    return client.get("/sign-in/").content.decode()


def test_a_known_person_is_signed_in_by_the_address_the_issuer_vouches_for(known, client, go):
    assert "Meridian sign-on" in said(client)
    answer = go("/phases/")
    assert answer["Location"] == "/phases/"
    assert client.get("/api/v1/me").json()["id"] == known.public_id
    assert client.session[sessions.FACTORS] == ["sso"]
    assert AuditEvent.objects.get(action="sign_in").detail == {"factors": ["sso"]}
    assert not SocialAccount.objects.exists()


def test_what_is_asked_of_the_issuer_is_fixed(known, issuer, client):
    there = client.get("/sign-in/with/sso/?scope=admin&auth_params=prompt%3Dnone&process=connect&next=/phases/")
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["redirect_uri"] == ["http://testserver/sign-in/with/sso/back/"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "prompt" not in asked
    assert there["Location"].startswith(f"{issuer.address}/authorize?")


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "7", "email": "stranger@example.org", "email_verified": True},
        {"sub": "7", "email": "asha@example.org", "email_verified": False},
        {"sub": "7", "email": "asha@example.org"},
        {"sub": "7", "email": "asha@example.org", "email_verified": "no"},
        {"sub": "7", "email_verified": True},
        {"sub": "7"},
    ],
)
def test_nobody_else_is_and_no_account_is_made(known, issuer, client, go, claims):
    issuer.claims = claims
    before = Person.objects.count()
    assert go()["Location"] == "/sign-in/"
    assert SESSION_KEY not in client.session
    assert "known there, and not here" in said(client)
    assert Person.objects.count() == before


def test_who_is_shut_out_here_stays_out_and_tools_do_not_come_this_way(
    known, person, issuer, client, go, administrator
):
    actions.disable_person(person=known, reason="Left", by=administrator)
    assert go()["Location"] == "/sign-in/"
    person("test_tooling", email="tool@example.org", is_service_account=True)
    issuer.claims = {"sub": "8", "email": "tool@example.org", "email_verified": True}
    assert go()["Location"] == "/sign-in/"
    assert SESSION_KEY not in client.session


def test_userinfo_about_somebody_else_is_not_believed(known, issuer, client, go):
    issuer.claims = {"sub": "7"}
    issuer.userinfo = {"sub": "8", "email": "asha@example.org", "email_verified": True}
    assert go()["Location"] == "/sign-in/"
    issuer.userinfo["sub"] = "7"
    assert go()["Location"] == "/"
    assert SESSION_KEY in client.session


@pytest.mark.parametrize("trouble", ["token", "discovery", "no id token", "audience", "issuer", "expired"])
def test_an_issuer_in_trouble_signs_nobody_in_and_is_no_fault(known, issuer, client, go, trouble):
    issuer.trouble = trouble
    assert go()["Location"] == "/sign-in/"
    assert SESSION_KEY not in client.session
    assert "known there" in said(client) if trouble == "no id token" else "did not work out" in said(client)


def test_an_issuer_that_is_away_is_no_fault(settings, client):
    with running() as gone:
        address = gone.address
    settings.SOCIALACCOUNT_PROVIDERS = providers(issuer=address, client_id=CLIENT, secret=SECRET, name="Away")
    assert client.get("/sign-in/with/sso/")["Location"] == "/sign-in/"
    assert "did not work out" in said(client)


def test_an_answer_nobody_asked_for_is_turned_away(known, client):
    for query in ("", "?code=x", "?code=x&state=made-up", "?error=access_denied&state=made-up"):
        assert client.get(f"/sign-in/with/sso/back/{query}")["Location"] == "/sign-in/"
    assert SESSION_KEY not in client.session


def test_it_leads_to_no_other_site(known, client, go):
    assert go("https://elsewhere.example/")["Location"] == "/"


def test_ones_second_factor_is_still_asked_for(known, client, go):
    secret = factors.new_secret()
    actions.set_up_app(
        person=known,
        secret=secret,
        code=code_of(secret, at=now() - dt.timedelta(seconds=30)),
        by=actor_for(known, at=now()),
    )
    assert go("/phases/")["Location"] == "/sign-in/second/"
    assert SESSION_KEY not in client.session
    assert client.post("/sign-in/second/", {"code": code_of(secret)})["Location"] == "/phases/"
    assert client.session[sessions.FACTORS] == ["sso", "totp"]


@pytest.mark.parametrize(
    ("trusted", "amr", "enough"),
    [([], ["mfa"], False), (["mfa"], ["pwd", "mfa"], True), (["mfa"], ["pwd"], False), (["mfa"], None, False)],
)
def test_a_second_factor_given_at_the_issuer_counts_where_the_installation_says_so(
    known, issuer, client, go, settings, trusted, amr, enough
):
    settings.SECOND_FACTOR, settings.OIDC_SECOND_FACTORS = "deciders", trusted
    actions.set_access_rule(
        kind="SECOND_FACTOR", key="test_manager", value=True, reason="As agreed.", by=system_actor()
    )
    issuer.claims |= {"amr": amr} if amr else {}
    go()
    assert client.get("/phases/").status_code == (200 if enough else 302)


def test_nothing_set_is_not_shown_and_has_no_address(client):
    assert "/sign-in/with/" not in said(client)
    for path in ("/sign-in/with/sso/", "/sign-in/with/sso/back/"):
        assert client.get(path).status_code == 404


def test_a_part_of_the_setting_is_refused_at_start_and_so_is_plain_http():
    assert providers(issuer="", client_id="", secret="", name="x") == {}
    with pytest.raises(ImproperlyConfigured, match="SVTAD_OIDC_CLIENT_SECRET"):
        providers(issuer="https://id.example", client_id="x", secret="", name="x")
    with pytest.raises(ImproperlyConfigured, match="https"):
        providers(issuer="http://id.example", client_id="x", secret="y", name="x")
    found = providers(issuer="https://id.example/", client_id="x", secret="y", name="Ours")
    app = found["openid_connect"]["APPS"][0]
    assert (app["name"], app["settings"]["server_url"]) == ("Ours", "https://id.example")
