"""REST errors as problem details (RFC 9457): one shape for everything that is turned away."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.views import set_rollback

from svtad.lib.errors import ActionDenied, InvalidInput, Refused, Turned

CONTENT_TYPE = "application/problem+json"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem for `error`, or None when it is a fault of ours (a plain 500).

    The body has `type`, `title`, `status`, `detail`; `clause` where a rule turned the act away; and
    `errors`, a list of `{"row", "field", "message"}`, where what was sent in is wrong.
    """
    if isinstance(error, ActionDenied):
        return _turned(error, HTTPStatus.FORBIDDEN)
    if isinstance(error, Refused):
        return _turned(error, HTTPStatus.CONFLICT)
    if isinstance(error, InvalidInput):
        set_rollback()
        rows = [{"row": e.row, "field": e.field, "message": e.message} for e in error.errors]
        return _problem(HTTPStatus.BAD_REQUEST, "What was sent in cannot be taken.", errors=rows)
    if isinstance(error, exceptions.ValidationError):
        set_rollback()
        return _problem(HTTPStatus.BAD_REQUEST, "What was sent in cannot be taken.", errors=_flatten(error.detail))
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    status = HTTPStatus(response.status_code)
    detail = str(error.detail) if isinstance(error, exceptions.APIException) else status.phrase
    if isinstance(error, Http404 | PermissionDenied):
        detail = status.phrase  # Django's own text may name what exists
    problem = _problem(status, detail)
    for header in ("WWW-Authenticate", "Retry-After"):
        if response.has_header(header):
            problem[header] = response[header]
    return problem


def _turned(error: Turned, status: HTTPStatus) -> Response:
    set_rollback()
    return _problem(status, error.reason, clause=error.clause)


def _problem(status: HTTPStatus, detail: str, **more: Any) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}
    return Response(body, status=int(status), content_type=CONTENT_TYPE)


def _flatten(detail: Any, field: str = "") -> list[dict[str, Any]]:
    """Return a validation error's nested detail as flat rows, a dotted path naming the field."""
    if isinstance(detail, dict):
        return [row for key, value in detail.items() for row in _flatten(value, f"{field}.{key}".lstrip("."))]
    if isinstance(detail, list):
        rows: list[dict[str, Any]] = []
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            rows += _flatten(value, f"{field}.{index}".lstrip(".") if nested else field)
        return rows
    return [{"row": None, "field": field, "message": str(detail)}]
