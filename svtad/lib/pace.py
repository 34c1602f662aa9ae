"""How often one address may ask what anybody may ask."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return where a request came from: behind a proxy of ours, what that proxy added last."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = str(request.headers.get("X-Forwarded-For", ""))
        if forwarded:
            return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def is_too_fast(request: HttpRequest, *, what: str, most: int, seconds: int) -> bool:
    """Count one asking; return whether that address asked `what` more than `most` times within the last `seconds`.

    Each process counts by itself, so that the bound is a few times higher where several serve: it keeps numbers from
    being tried out one after the other, and needs no server for that.
    """
    key = f"pace {what} {address_of(request)[:64]}".replace(" ", ":")
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key)) > most
    except ValueError:  # it ran out between the two
        return False
