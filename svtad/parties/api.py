"""REST: what every view shares, who the caller is, and the organisations that other resources name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from svtad.lib.clock import now
from svtad.lib.paging import Cursor, Pages
from svtad.lib.rest import StrictJSONParser, answers, check_size
from svtad.parties.actors import Actor, actor_for
from svtad.parties.models import Person
from svtad.parties.queries import organisations_for
from svtad.parties.serializers import MeSerializer, OrganisationSerializer


class ApiView(APIView):
    """A REST view: `self.actor` is whoever asks, and what they ask for is for their eyes only."""

    parser_classes: list[type[BaseParser]] = [StrictJSONParser]

    @cached_property
    def actor(self) -> Actor:
        """Whoever asks, with what they may do at this moment."""
        return actor_for(cast(Person, self.request.user), at=now())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look at who asks, and at how much they bring, before any of it is read."""
        super().initial(request, *args, **kwargs)
        check_size(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep answers out of caches."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        finished.headers.setdefault("Cache-Control", "private, no-store")
        return finished

    def pages(self, rows: QuerySet[Any] | list[Any], show: Callable[[Any], Any]) -> Response:
        """Return the page of `rows` that `?page=` asks for, each as `show` makes it."""
        return self._cut(Pages(), rows, show)

    def cursor(self, rows: QuerySet[Any], show: Callable[[Any], Any]) -> Response:
        """Return the page of `rows` (which have an `id`) that `?cursor=` asks for, the newest first."""
        return self._cut(Cursor(), rows, show)

    def _cut(self, paging: BasePagination, rows: Any, show: Callable[[Any], Any]) -> Response:
        page: Any = paging.paginate_queryset(rows, self.request, view=self) or []
        return paging.get_paginated_response([show(row) for row in page])


class NoSuchAddress(APIView):
    """Whatever no other address of the API matches: a problem like any other, not a page."""

    permission_classes = [AllowAny]
    authentication_classes = []
    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer every method alike."""
        self.args, self.kwargs = args, kwargs
        asked = self.initialize_request(request)
        self.request, self.headers = asked, {}
        self.initial(asked)
        return self.finalize_response(asked, self.handle_exception(NotFound()))


class Me(ApiView):
    """Whom the caller's token or session stands for."""

    @extend_schema(operation_id="me", tags=["people"], responses=answers({200: MeSerializer}))
    def get(self, request: Request) -> Response:
        """Show the caller: name, roles and permissions at this moment."""
        person = cast(Person, request.user)
        shown = {
            "id": person.public_id,
            "name": person.name,
            "kind": self.actor.kind,
            "permissions": sorted(self.actor.permissions),
            "memberships": person.memberships.select_related("organisation").held_at(now()),
        }
        return Response(MeSerializer(shown).data)


class Organisations(ApiView):
    """The organisations that the caller deals with."""

    @extend_schema(
        operation_id="organisations_list",
        tags=["people"],
        responses=answers({200: OrganisationSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List organisations with the codes by which other resources name them."""
        return Response(OrganisationSerializer(organisations_for(self.actor), many=True).data)


urlpatterns = [
    path("me", Me.as_view(), name="api-me"),
    path("organisations", Organisations.as_view(), name="api-organisations"),
]
