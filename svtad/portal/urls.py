"""Addresses of the pages that read across all apps."""

from __future__ import annotations

from django.urls import path

from svtad.portal.views import (
    account,
    administration,
    audit,
    factors,
    feed,
    home,
    imports,
    inbox,
    register,
    search,
    signing_in,
    verification,
)

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("tests/", home.tests, name="tests"),
    path("sign-in/", signing_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/second/", signing_in.second_factor, name="second-factor"),
    path("sign-in/passkey/", signing_in.by_passkey, name="by-passkey"),
    path("sign-out/", signing_in.SignOut.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/end/", account.end_sessions, name="end-sessions"),
    path("account/app/", factors.add_app, name="add-app"),
    path("account/passkey/", factors.add_passkey, name="add-passkey"),
    path("account/factors/<int:pk>/remove/", factors.remove, name="remove-factor"),
    path("account/recovery-codes/", factors.recovery_codes, name="recovery-codes"),
    path("account/calendar/make/", feed.make, name="make-feed"),
    path("account/calendar/revoke/", feed.revoke, name="revoke-feed"),
    path("calendar/feed/<str:secret>.ics", feed.feed, name="feed"),
    path("account/preferences/", account.preferences, name="preferences"),
    path("keys/", account.keys, name="keys"),
    path("search/", search.search, name="search"),
    path("verification/", verification.verification, name="verification"),
    path("verification/signers/<str:fingerprint>.pem", verification.signer, name="signer"),
    path("audit/", audit.audit, name="audit"),
    path("administration/", administration.administration, name="administration"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<str:public_id>/", imports.import_, name="import"),
    path("imports/<str:public_id>/commit/", imports.commit, name="import-commit"),
    path("imports/<str:public_id>/cancel/", imports.cancel, name="import-cancel"),
    path("imports/<str:public_id>/errors/", imports.errors, name="import-errors"),
    path("register/", register.register, name="register"),
    path("register/<str:procedure>/", register.open_, name="open"),
]
