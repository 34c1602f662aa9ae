"""REST under /api/v1/: each app's `api` module says what it serves; this puts it together.

An app's `api.py` has `routes`, a list of `(prefix, ViewSet, basename)` for one shared router, or
`urlpatterns`, or both. The prefix is the Code's word in the plural: `planned-tests`, `testing-issues`.
"""

from __future__ import annotations

from importlib import import_module

from csp.decorators import csp_update
from django.apps import AppConfig, apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter


def is_ours(config: AppConfig) -> bool:
    """Return whether `config` is one of the product's own apps, not an installed package's."""
    return config.name in settings.OWN_APPS


def _compose() -> list[URLPattern | URLResolver]:
    router = SimpleRouter()
    patterns: list[URLPattern | URLResolver] = []
    for config in apps.get_app_configs():
        if not (is_ours(config) and module_has_submodule(config.module, "api")):
            continue
        module = import_module(f"{config.name}.api")
        for prefix, viewset, basename in getattr(module, "routes", ()):
            router.register(prefix, viewset, basename=basename)
        patterns.extend(getattr(module, "urlpatterns", ()))
    return [*patterns, path("", include(router.urls))]


urlpatterns = _compose()

#: The OpenAPI 3.1 description and a page that shows it. The page's bundle comes from an installed
#: package and asks for inline styles and data: pictures; no other page is given them.
description_urls = [
    path("schema", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path(
        "docs",
        csp_update({"style-src": ["'self'", "'unsafe-inline'"], "img-src": ["'self'", "data:"]})(
            SpectacularSwaggerSplitView.as_view(url_name="api-schema")
        ),
        name="api-docs",
    ),
]
