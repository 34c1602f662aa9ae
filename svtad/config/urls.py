"""Every address of the product: each app's pages under its own prefix, REST under /api/v1/."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from svtad.config import api, health
from svtad.portal.views import single_sign_on

#: Where each app's pages stand. An app with a `urls` module and no place here fails at start.
PAGES = {
    "portal": "",
    "audit": "audit/",
    "parties": "people/",
    "governance": "governance/",
    "intake": "imports/",
    "governing": "governing/",
    "devices": "devices/",
    "testphases": "phases/",
    "issues": "issues/",
    "gates": "phases/",  # a judgement stands with the phase it is about
    "reports": "reports/",
}


def _pages() -> list[URLPattern | URLResolver]:
    return [
        path(PAGES[config.label], include(import_module(f"{config.name}.urls")))
        for config in apps.get_app_configs()
        if api.is_ours(config) and module_has_submodule(config.module, "urls")
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("api/", include(api.description_urls)),
    path("api/v1/", include(api.urlpatterns)),
    # To the issuer of a single sign-on and back, by the names that allauth asks for; nothing of allauth's own is here.
    path("sign-in/with/<str:provider_id>/", single_sign_on.go_there, name="openid_connect_login"),
    path("sign-in/with/<str:provider_id>/back/", single_sign_on.come_back, name="openid_connect_callback"),
    *_pages(),
]
