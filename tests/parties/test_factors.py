"""Second factors: an app's codes, recovery codes, and what is no passkey."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError

from svtad.audit.models import AuditEvent
from svtad.lib import clock
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties import actions, factors
from svtad.parties.actors import actor_for
from svtad.parties.queries import factors_of
from tests.parties.codes import code_of

pytestmark = pytest.mark.django_db

PASSWORD = "correct-horse-battery"


@pytest.fixture
def at_moment(monkeypatch):
    """`at_moment(moment)`: what the product's clock says from now on."""

    def put(moment: dt.datetime) -> dt.datetime:
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return put


@pytest.fixture
def with_app(person):
    """`with_app(role)`: somebody with an app, its secret and the recovery codes."""

    def make(role: str = "participant"):
        who = person(role)
        secret = factors.new_secret()
        codes = actions.set_up_app(person=who, secret=secret, code=code_of(secret), by=actor_for(who, at=now()))
        return who, secret, codes

    return make


def test_codes_are_those_of_rfc_6238(at_moment):
    secret = base64.b32encode(b"12345678901234567890").decode()
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        at_moment(dt.datetime.fromtimestamp(seconds, dt.UTC))
        assert factors.step_of_code(secret, code) == seconds // 30
        assert factors.step_of_code(secret, f"{code[:3]} {code[3:]}") == seconds // 30
        assert factors.step_of_code(secret, "287083") is None


def test_an_app_is_set_up_by_a_code_it_shows_and_recovery_codes_come_with_it(person):
    who = person("participant")
    by = actor_for(who, at=now())
    secret = factors.new_secret()
    with pytest.raises(InvalidInput):
        actions.set_up_app(person=who, secret=secret, code="000000", by=by)
    assert not factors_of(who)
    codes = actions.set_up_app(person=who, secret=secret, code=code_of(secret), by=by)
    assert len(set(codes)) == 10
    assert [factor.type for factor in factors_of(who)] == ["totp"]
    with pytest.raises(Refused, match="already"):
        actions.set_up_app(person=who, secret=secret, code=code_of(secret), by=by)


def test_no_secret_is_kept_in_the_clear_or_audited(with_app):
    _, secret, codes = with_app()
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    told = str(list(AuditEvent.objects.values_list("detail", flat=True)))
    for each in (secret, *codes):
        assert each not in kept
        assert each not in told


def test_secrets_open_under_a_former_key_and_are_then_kept_under_the_present_one(with_app, settings):
    who, secret, _ = with_app()
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key of this installation"
    settings.SECRET_KEY_FALLBACKS = [former]
    later = now() + dt.timedelta(seconds=30)
    assert actions.use_code(person=who, code=code_of(secret, at=later)) == "totp"
    settings.SECRET_KEY_FALLBACKS = []
    assert factors.secret_of(factors_of(who)[0]) == secret


@pytest.mark.parametrize(
    ("seconds", "holds"), [(-31, False), (-29, True), (0, True), (30, True), (59, True), (61, False)]
)
def test_a_code_holds_for_its_half_minute_and_the_one_on_either_side(with_app, at_moment, seconds, holds):
    who, secret, _ = with_app()
    begin = dt.datetime.fromtimestamp((int(now().timestamp()) // 30 + 10) * 30, dt.UTC)
    at_moment(begin + dt.timedelta(seconds=seconds))
    assert bool(actions.use_code(person=who, code=code_of(secret, at=begin))) is holds


def test_a_code_counts_once_and_so_does_the_one_that_set_the_app_up(with_app, at_moment):
    moment = at_moment(now())
    who, secret, _ = with_app()
    assert actions.use_code(person=who, code=code_of(secret, at=moment)) == ""
    following = code_of(secret, at=moment + dt.timedelta(seconds=30))
    assert actions.use_code(person=who, code=following) == "totp"
    assert actions.use_code(person=who, code=following) == ""
    # What was shown before the code that was used is void too.
    assert actions.use_code(person=who, code=code_of(secret, at=moment - dt.timedelta(seconds=30))) == ""


def test_a_recovery_code_opens_once_and_new_ones_void_the_old(with_app):
    who, _, codes = with_app()
    by = actor_for(who, at=now())
    assert actions.use_code(person=who, code=codes[3]) == "recovery_code"
    assert actions.use_code(person=who, code=codes[3]) == ""
    assert actions.use_code(person=who, code=codes[4], recovery=False) == ""
    new = actions.make_recovery_codes(person=who, by=by)
    assert actions.use_code(person=who, code=codes[5]) == ""
    assert actions.use_code(person=who, code=f" {new[0][:4]} {new[0][4:]} ") == "recovery_code"


def test_without_a_factor_there_are_no_recovery_codes(person):
    who = person("participant")
    with pytest.raises(Refused):
        actions.make_recovery_codes(person=who, by=actor_for(who, at=now()))


def test_the_recovery_codes_go_with_the_last_factor(with_app):
    who, _, _ = with_app()
    actions.remove_factor(factor=factors_of(who)[0], by=actor_for(who, at=now()))
    assert not Authenticator.objects.exists()


def test_the_last_factor_stays_while_a_role_needs_one(with_app, settings):
    settings.SECOND_FACTOR = "deciders"
    who, _, _ = with_app("registrar")
    with pytest.raises(Refused, match="DCC registrar"):
        actions.remove_factor(factor=factors_of(who)[0], by=actor_for(who, at=now()))
    assert factors_of(who)


def test_factors_are_set_up_by_their_own_person_and_no_service_account(person, administrator):
    who, tool = person("participant"), person("test_tooling", is_service_account=True)
    secret = factors.new_secret()
    with pytest.raises(ActionDenied):
        actions.set_up_app(person=who, secret=secret, code=code_of(secret), by=administrator)
    with pytest.raises(Refused, match="token only"):
        actions.set_up_app(person=tool, secret=secret, code=code_of(secret), by=actor_for(tool, at=now()))


def test_an_administrator_takes_lost_factors_away_but_not_their_own(with_app, person, administrator):
    who, _, _ = with_app()
    with pytest.raises(InvalidInput):
        actions.reset_factors(person=who, reason=" ", by=administrator)
    with pytest.raises(ActionDenied):
        actions.reset_factors(person=who, reason="Asked", by=actor_for(person("participant"), at=now()))
    before = who.get_session_auth_hash()
    actions.reset_factors(person=who, reason="Lost the phone; called back.", by=administrator)
    assert not Authenticator.objects.exists()
    assert who.get_session_auth_hash() != before, "the sessions end with them"
    with pytest.raises(Refused):
        actions.reset_factors(person=who, reason="Again", by=administrator)
    admin, _, _ = with_app("administrator")
    with pytest.raises(Refused, match="another administrator"):
        actions.reset_factors(person=admin, reason="Mine", by=actor_for(admin, at=now()))


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        [],
        "text",
        {},
        {"id": "a", "rawId": "a"},
        {"id": "a", "rawId": "a", "response": {}},
        {"id": "a", "rawId": "b", "response": {}, "type": "public-key"},
        {"id": "YQ", "rawId": "YQ", "response": {"clientDataJSON": "YQ", "attestationObject": "YQ"}},
        {"id": "YQ", "rawId": "YQ", "response": {"clientDataJSON": "e30", "attestationObject": "o2"}},
        {
            "id": "YQ",
            "rawId": "YQ",
            "response": {"clientDataJSON": "e30", "authenticatorData": "YQ", "signature": "YQ", "userHandle": "/"},
        },
        {"id": 3, "rawId": [], "response": {"clientDataJSON": {}, "attestationObject": 5, "userHandle": 7}},
    ],
)
def test_what_is_no_passkey_is_turned_away_and_is_no_fault(person, rf, nonsense):
    from allauth.core import context
    from django.contrib.sessions.backends.db import SessionStore

    who = person("participant")
    request = rf.post("/")
    request.session = SessionStore()
    with context.request_context(request):
        factors.passkey_creation(who)
        for check in (factors.check_new_passkey, lambda given: factors.check_passkey(who, given)):
            with pytest.raises(ValidationError):
                check(nonsense)
        with pytest.raises(ValidationError):
            factors.person_of_passkey(nonsense)
        assert actions.use_passkey(person=who, credential=nonsense) == ""


def test_a_qr_code_draws_what_an_app_reads(person):
    who = person(email="asha@example.org")
    address = factors.app_address(who, "ABCD")
    assert address == "otpauth://totp/asha%40example.org?secret=ABCD&issuer=Testing%20Governance"
    size, path = factors.qr_path(address)
    assert size > 25
    assert path.startswith("M2 2h1v1h-1z"), "the first finder, inside a quiet border of two"


def test_each_act_is_audited_once(with_app):
    start = AuditEvent.objects.count()
    who, _, _ = with_app()
    by = actor_for(who, at=now())
    actions.make_recovery_codes(person=who, by=by)
    actions.remove_factor(factor=factors_of(who)[0], by=by)
    told = [event.action for event in AuditEvent.objects.order_by("pk")[start:]]
    assert [action for action in told if action not in ("create_person", "create_organisation", "add_membership")] == [
        "set_up_app",
        "make_recovery_codes",
        "remove_factor",
    ]
