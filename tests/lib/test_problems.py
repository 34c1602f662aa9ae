"""Everything that REST turns away has one shape (RFC 9457)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers

from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused
from svtad.lib.problems import CONTENT_TYPE, exception_handler


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (ActionDenied("13.20", "Only TAG agrees to that."), 403, "Only TAG agrees to that."),
        (Refused("14.4", "It is decided."), 409, "It is decided."),
        (exceptions.NotAuthenticated(), 401, "Authentication credentials were not provided."),
        (exceptions.MethodNotAllowed("PUT"), 405, 'Method "PUT" not allowed.'),
        (exceptions.ParseError("JSON parse error"), 400, "JSON parse error"),
        (Http404("issue 12 of Supplier B"), 404, "Not Found"),
        (PermissionDenied("phase SIT 3 is not yours"), 403, "Forbidden"),
    ],
)
def test_an_error_is_told_with_its_status_and_reason(error, status, detail):
    answer = exception_handler(error, {})
    assert answer is not None
    assert (answer.status_code, answer.content_type) == (status, CONTENT_TYPE)
    assert (answer.data["status"], answer.data["detail"]) == (status, detail)
    assert answer.data["title"]


def test_a_rule_that_turned_it_away_is_named():
    answer = exception_handler(Refused("14.4", "It is decided."), {})
    assert answer is not None
    assert answer.data["clause"] == "14.4"


def test_every_wrong_row_and_field_is_named():
    errors = [FieldError(3, "severity", "is none of 1 to 5"), FieldError(None, "file", "is empty")]
    answer = exception_handler(InvalidInput(errors), {})
    assert answer is not None
    assert answer.status_code == 400
    assert answer.data["errors"] == [
        {"row": 3, "field": "severity", "message": "is none of 1 to 5"},
        {"row": None, "field": "file", "message": "is empty"},
    ]


def test_a_serializers_nested_errors_become_flat_rows():
    class Inner(serializers.Serializer):
        name = serializers.CharField()

    class Outer(serializers.Serializer):
        key = serializers.CharField()
        inner = Inner(many=True)

    outer = Outer(data={"inner": [{"name": "a"}, {}]})
    with pytest.raises(exceptions.ValidationError) as caught:
        outer.is_valid(raise_exception=True)
    answer = exception_handler(caught.value, {})
    assert answer is not None
    assert {row["field"]: row["message"] for row in answer.data["errors"]} == {
        "key": "This field is required.",
        "inner.1.name": "This field is required.",
    }


def test_a_fault_of_ours_is_no_problem_of_the_callers():
    assert exception_handler(ZeroDivisionError(), {}) is None


@pytest.mark.django_db
def test_an_anonymous_call_is_told_how_to_authenticate(client):
    from django.urls import include, path
    from rest_framework.views import APIView

    class Closed(APIView):
        def get(self, request):
            raise AssertionError("reached without a token")

    module = type("urls", (), {"urlpatterns": [path("closed", Closed.as_view()), path("", include([]))]})
    from django.test import override_settings

    with override_settings(ROOT_URLCONF=module):
        answer = client.get("/closed")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["Content-Type"] == CONTENT_TYPE
