"""Second factors: what django-allauth keeps of them, in the product's words.

The only module that touches allauth's own code for codes and passkeys, so that a new version of it is looked at in one
place. It checks and draws; `actions.factors` writes.
"""

from __future__ import annotations

import base64
import hmac
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from fido2.utils import websafe_decode
from qrcode import QRCode

from svtad.lib import clock
from svtad.parties.models import Person

#: What the checks here raise.
NotAccepted = ValidationError
#: Seconds that one code of an authenticator app stands for (RFC 6238).
PERIOD = 30
ISSUER = "Testing Governance"


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How allauth keeps our people's factors: secrets encrypted, people named by their public id."""

    def encrypt(self, text: str) -> str:
        """Return `text` as it is kept in the database."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was kept. Raises InvalidToken where no present or former SECRET_KEY opens it."""
        return _box().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whom a passkey is for: the name this is reached by."""
        return {**super().get_public_key_credential_rp_entity(), "name": ISSUER}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """Return whose passkey it is; the handle that comes back at sign-in is the public id."""
        return {"id": user.public_id.encode(), "display_name": user.name, "name": user.email}


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    salted = (hmac.digest(key.encode(), b"svtad.parties.factors", "sha256") for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in salted])


# --- an authenticator app -------------------------------------------------------------------------------


def new_secret() -> str:
    """Return a secret for an authenticator app, in base 32."""
    return str(generate_totp_secret())


def app_address(person: Person, secret: str) -> str:
    """Return the `otpauth:` address that an authenticator app takes in."""
    return str(DefaultMFAAdapter().build_totp_url(person, secret))


def qr_path(text: str) -> tuple[int, str]:
    """Return a QR code as (modules along a side, the path of an SVG drawing on that grid)."""
    code = QRCode(border=2)
    code.add_data(text)
    rows = code.get_matrix()
    return len(rows), "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)


def step_of_code(secret: str, code: str, *, after: int = -1) -> int | None:
    """Return the time step that `code` stands for: this one, the one before or the next, None where it is neither.

    A step up to `after` was used already and counts no more: each code signs in once.
    """
    digits = "".join(code.split())
    present = int(clock.now().timestamp()) // PERIOD
    for step in (present, present - 1, present + 1):
        if step > after and same(format_hotp_value(hotp_value(secret, step)), digits):
            return step
    return None


def same(code: str, given: str) -> bool:
    """Return whether two codes are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(code.encode(), given.encode())


def secret_of(app: Authenticator) -> str:
    """Return the secret of a person's authenticator app."""
    return str(decrypt(app.data["secret"]))


def app_data(secret: str, *, used: int) -> dict[str, Any]:
    """Return what is kept of an authenticator app: its secret, encrypted, and the last time step that was used."""
    return {"secret": encrypt(secret), "used": used}


# --- recovery codes ---------------------------------------------------------------------------------------


def new_codes_data() -> dict[str, Any]:
    """Return what is kept of a new set of recovery codes."""
    return {"seed": encrypt(RecoveryCodes.generate_seed()), "used_mask": 0}


def codes_of(row: Authenticator) -> Iterator[tuple[int, str]]:
    """Yield the recovery codes that were not used, each with its place."""
    mask = int(row.data["used_mask"])
    for place, code in enumerate(RecoveryCodes(row).generate_codes()):
        if not mask & (1 << place):
            yield place, code


# --- passkeys ---------------------------------------------------------------------------------------------


def passkey_creation(person: Person) -> dict[str, Any]:
    """Return what the browser is asked to make a passkey by; the challenge is kept in the session.

    A passkey is one that names its person by itself and checks who holds it, so that it is two factors in one.
    """
    return dict(webauthn.begin_registration(person, True))


def check_new_passkey(credential: Any) -> None:
    """Raise ValidationError unless the browser's answer is a passkey made for the challenge in this session."""
    with _nonsense_refused():
        _check_whole(credential)
        webauthn.parse_registration_response(credential)
        if not webauthn.complete_registration(credential).is_user_verified():
            raise ValidationError("The passkey did not check who holds it.")


def passkey_request(person: Person | None) -> dict[str, Any]:
    """Return what the browser is asked to show a passkey by: one of `person`, or whoever comes."""
    return dict(webauthn.begin_authentication(person))


def person_of_passkey(credential: Any) -> Person:
    """Return the person whom the shown passkey names. Nothing is proven yet. Raises ValidationError."""
    try:
        handle = websafe_decode(credential["response"]["userHandle"]).decode()
        return Person.objects.get(public_id=handle, is_active=True, is_service_account=False)
    except (KeyError, TypeError, ValueError, Person.DoesNotExist):
        raise ValidationError("This passkey is not known here.") from None


def check_passkey(person: Person, credential: Any) -> Authenticator:
    """Return the passkey of `person` that signed the challenge in this session. Raises ValidationError."""
    with _nonsense_refused():
        _check_whole(credential)
        webauthn.parse_authentication_response(credential)
        return webauthn.complete_authentication(person, credential)


def _check_whole(credential: Any) -> None:
    """Turn away what is no credential at all, before a library stumbles over it."""
    answer = credential.get("response") if isinstance(credential, dict) else None
    if not isinstance(answer, dict) or not all(isinstance(credential.get(key), str) for key in ("id", "rawId")):
        raise ValidationError("This is no passkey.")


@contextmanager
def _nonsense_refused() -> Iterator[None]:
    """Turn what the library says of made-up bytes into a ValidationError: anybody can post them."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error):
        raise ValidationError("This is no passkey.") from None
