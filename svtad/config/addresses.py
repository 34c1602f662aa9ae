"""What an address may hold."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def refuse_null_characters(get_response: GetResponse) -> GetResponse:
    """Turn away an address with a null character: no text has one, and PostgreSQL stores none.

    REST names the field instead (`/api/`), so its addresses pass.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/") and "\x00" in request.path + unquote(request.META["QUERY_STRING"]):
            raise BadRequest("The address holds a null character.")
        return get_response(request)

    return middleware
