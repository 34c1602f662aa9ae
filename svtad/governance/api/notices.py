"""REST: who was told what by which clause."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.api.notice_serializers import (
    NoticeDetailSerializer,
    NoticeFilter,
    NoticeSerializer,
    show_delivery,
    show_notice,
)
from svtad.governance.models import Delivery, Matter, Notice
from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView


class Notices(ApiView):
    """Notices that the caller may see."""

    @extend_schema(
        operation_id="notices_list",
        tags=["notices"],
        parameters=[NoticeFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(NoticeSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List notices, the newest first; `unread` narrows it to those that were given to the caller."""
        wanted = checked(NoticeFilter, request.query_params.dict())
        rows = _notices(self.actor)
        if "unread" in wanted:
            mine = Delivery.objects.inbox_of(self.actor).filter(read_at__isnull=wanted["unread"])
            rows = rows.filter(pk__in=mine.values("notice"))
        columns = {"clause": "clause", "matter": "matter__public_id"}
        rows = rows.filter(**{column: wanted[name] for name, column in columns.items() if name in wanted})
        return self.cursor(rows, _shown)


class OneNotice(ApiView):
    """One notice."""

    @extend_schema(operation_id="notices_get", tags=["notices"], responses=answers({200: NoticeDetailSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a notice with the deliveries that the caller may see."""
        notice = find(_notices(self.actor), public_id)
        deliveries = Delivery.objects.visible_to(self.actor).filter(notice=notice)
        return Response(_shown(notice) | {"deliveries": [show_delivery(each) for each in deliveries]})


class ReadNotice(ApiView):
    """That the caller has read a notice."""

    @extend_schema(
        operation_id="notices_read",
        tags=["notices"],
        request=None,
        responses=answers({200: NoticeSerializer}, 404, 409),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Mark a notice as read; a second time changes nothing."""
        notice = find(_notices(self.actor), public_id)
        actions.mark_read(notice=notice, by=self.actor)
        return Response(_shown(find(_notices(self.actor), public_id)))


def _notices(actor: Actor) -> QuerySet[Notice]:
    """Return the notices that `actor` may see, each with what of it is the caller's own."""
    mine = Delivery.objects.inbox_of(actor).filter(notice=OuterRef("pk"))
    seen = Matter.objects.visible_to(actor).filter(pk=OuterRef("matter"))
    rows: QuerySet[Notice] = (
        Notice.objects.visible_to(actor)
        .select_related("attachment")
        .annotate(
            my_told_at=Subquery(mine.values("recorded_at")[:1]),
            my_read_at=Subquery(mine.values("read_at")[:1]),
            my_matter=Subquery(seen.values("public_id")[:1]),
        )
    )
    return rows


def _shown(notice: Any) -> dict[str, Any]:
    return show_notice(notice, told_at=notice.my_told_at, read_at=notice.my_read_at, matter_id=notice.my_matter or "")


urlpatterns = [
    path("notices", Notices.as_view(), name="api-notices"),
    path("notices/<str:public_id>", OneNotice.as_view(), name="api-notice"),
    path("notices/<str:public_id>/read", ReadNotice.as_view(), name="api-notice-read"),
]
