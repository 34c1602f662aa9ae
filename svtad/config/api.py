"""REST under /api/v1/: each app's `api` module says what it serves; this puts it together.

An app's `api.py` has `urlpatterns`. A name is the Code's word in the plural: `planned-tests`, `issues`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from csp.decorators import csp_update
from django.apps import AppConfig, apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.module_loading import module_has_submodule
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from svtad.lib.once import HEADER, LONGEST_KEY
from svtad.parties.api import NoSuchAddress


def is_ours(config: AppConfig) -> bool:
    """Return whether `config` is one of the product's own apps, not an installed package's."""
    return config.name in settings.OWN_APPS


def name_idempotency_key(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say in the description that every write may be named by a key, so that asking again does nothing again."""
    key = {
        "name": HEADER,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
        "description": "Names this write. The same key with the same call is answered alike and does nothing again; "
        "with another call it is refused (409). Kept for seven days.",
    }
    for methods in result["paths"].values():
        for method, operation in methods.items():
            if method in ("post", "put", "patch", "delete"):
                operation.setdefault("parameters", []).append(key)
    return result


def _compose() -> list[URLPattern | URLResolver]:
    patterns: list[URLPattern | URLResolver] = []
    for config in apps.get_app_configs():
        if is_ours(config) and module_has_submodule(config.module, "api"):
            patterns.extend(import_module(f"{config.name}.api").urlpatterns)
    # Last: an address that nothing serves is a problem too, not a page.
    return [*patterns, re_path("", NoSuchAddress.as_view(), name="api-nowhere")]


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
