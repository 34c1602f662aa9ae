"""Signing in at an OpenID Connect issuer: one, named by the environment, or none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

#: What the issuer is called in addresses: it answers to `/sign-in/with/sso/back/`.
PROVIDER = "sso"


def providers(*, issuer: str, client_id: str, secret: str, name: str) -> dict[str, Any]:
    """Return allauth's `SOCIALACCOUNT_PROVIDERS` for that issuer; with nothing set, no issuer.

    Raises ImproperlyConfigured where only a part is set, and for an issuer that is not reached over HTTPS (its ID token
    comes over that connection, which is what vouches for it). This machine itself is let pass, for tests.
    """
    given = {
        "SVTAD_OIDC_ISSUER": issuer,
        "SVTAD_OIDC_CLIENT_ID": client_id,
        "SVTAD_OIDC_CLIENT_SECRET": secret,
    }
    if not any(given.values()):
        return {}
    missing = [key for key, value in given.items() if not value]
    if missing:
        raise ImproperlyConfigured(f"Single sign-on is set in part only; missing: {', '.join(missing)}.")
    address = urlsplit(issuer)
    if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1"):
        raise ImproperlyConfigured("SVTAD_OIDC_ISSUER: an issuer is reached over https.")
    app = {
        "provider_id": PROVIDER,
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True, "fetch_userinfo": True},
    }
    return {"openid_connect": {"APPS": [app]}}
