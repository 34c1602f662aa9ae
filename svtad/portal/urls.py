"""Addresses of the pages that read across all apps."""

from __future__ import annotations

from django.urls import path

from svtad.portal.views import account, administration, audit, home, imports, inbox, register, search

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("tests/", home.tests, name="tests"),
    path("sign-in/", account.SignIn.as_view(), name="sign-in"),
    path("sign-out/", account.SignOut.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/preferences/", account.preferences, name="preferences"),
    path("keys/", account.keys, name="keys"),
    path("search/", search.search, name="search"),
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
