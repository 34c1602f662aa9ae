"""REST: matters before the boards, views, decisions and their deadlines, and what waits for whom."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.api.finding import file_named
from svtad.governance.api.matter_inputs import (
    CorrectionIn,
    DecisionFilter,
    DecisionIn,
    InboxFilter,
    MatterFilter,
    OpenIn,
    ViewAskIn,
    ViewIn,
)
from svtad.governance.api.opening import opened
from svtad.governance.models import Decision, Matter, ViewRequest
from svtad.governance.policies import bodies_of
from svtad.governance.queries import deadlines_for, waiting_for
from svtad.governance.queries.deadlines import counter
from svtad.governance.queries.decided import Narrowed, narrowed
from svtad.governance.queries.inbox import waiting_on_others
from svtad.governance.queries.registers import decisions_in, matters_in
from svtad.governance.serializers import (
    DeadlineSerializer,
    DecisionRowSerializer,
    DecisionSerializer,
    MatterDetailSerializer,
    MatterRowSerializer,
    ViewRequestSerializer,
    WaitingSerializer,
    show_deadline,
    show_decision,
    show_decision_rows,
    show_matter_rows,
    show_matter_whole,
    show_view_request,
    show_waiting,
)
from svtad.lib.clock import now
from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find
from svtad.parties.api import ApiView


class Matters(ApiView):
    """What was put before the boards."""

    @extend_schema(
        operation_id="matters_list",
        tags=["decisions"],
        parameters=[MatterFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(MatterRowSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the matters that the caller may see, the newest first."""
        wanted = checked(MatterFilter, request.query_params.dict())
        columns = {"procedure": "procedure", "state": "state", "phase": "scope_id"}
        by = {column: wanted[name] for name, column in columns.items() if name in wanted}
        rows = matters_in(self.actor, is_open=wanted.get("open"), text=wanted.get("q", ""))
        return self.cursor_together(rows.filter(**by), lambda page: show_matter_rows(page, self.actor))

    @extend_schema(
        operation_id="matters_open",
        tags=["decisions"],
        request=OpenIn,
        responses=answers({201: MatterDetailSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Put something before a body, under a procedure that no other resource opens."""
        matter = opened(checked(OpenIn, request.data), by=self.actor)
        return Response(show_matter_whole(matter, self.actor), status=201)


class OneMatter(ApiView):
    """One matter."""

    @extend_schema(
        operation_id="matters_get", tags=["decisions"], responses=answers({200: MatterDetailSerializer}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Show a matter with its decisions, and the steps that its procedure lists from here."""
        return Response(show_matter_whole(find(Matter.objects.visible_to(self.actor), public_id), self.actor))


class DecisionRegister(ApiView):
    """What was decided on any matter."""

    @extend_schema(
        operation_id="decisions_list",
        tags=["decisions"],
        parameters=[DecisionFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(DecisionRowSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the decisions on matters that the caller may see, the last recorded first."""
        wanted = checked(DecisionFilter, request.query_params.dict())
        rows = decisions_in(
            self.actor,
            is_superseded=wanted.get("superseded"),
            first=wanted.get("from"),
            last=wanted.get("to"),
        )
        named = {name: wanted[name] for name in ("clause", "outcome", "body", "procedure") if name in wanted}
        rows = narrowed(rows, Narrowed(**named))
        if "matter" in wanted:
            rows = rows.filter(matter__public_id=wanted["matter"])
        return self.cursor_together(rows, lambda page: show_decision_rows(page, self.actor))


class Decisions(ApiView):
    """What was decided on a matter."""

    @extend_schema(
        operation_id="decisions_record",
        tags=["decisions"],
        request=DecisionIn,
        responses=answers({201: DecisionSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record what a body decided, signed; it takes effect in the same transaction."""
        matter = find(Matter.objects.visible_to(self.actor), public_id)
        self.check_may_sign()
        given = checked(DecisionIn, request.data)
        decision = actions.record_decision(
            matter=matter, by=self.actor, **given | {"document": file_named(self.actor, given["document"])}
        )
        return Response(show_decision(decision, matter), status=201)


class Views(ApiView):
    """Whose view was asked on a matter, and what they said."""

    @extend_schema(
        operation_id="views_ask",
        tags=["decisions"],
        request=ViewAskIn,
        responses=answers({201: ViewRequestSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Ask a body, or others whom the procedure consults, for a view, by a London day or without one."""
        matter = find(Matter.objects.visible_to(self.actor), public_id)
        asked = actions.ask_view(matter=matter, **checked(ViewAskIn, request.data), by=self.actor)
        return Response(show_view_request(asked), status=201)


class OneView(ApiView):
    """What a body said when it was asked."""

    @extend_schema(
        operation_id="views_record",
        tags=["decisions"],
        request=ViewIn,
        responses=answers({201: ViewRequestSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str, request_id: str) -> Response:
        """Record a body's view, or that it gave none by the date that was set."""
        matter = find(Matter.objects.visible_to(self.actor), public_id)
        asked = find(ViewRequest.objects.filter(matter=matter), request_id)
        given = checked(ViewIn, request.data)
        actions.record_view(
            request=asked, by=self.actor, **given | {"document": file_named(self.actor, given["document"])}
        )
        return Response(show_view_request(asked), status=201)


class Correction(ApiView):
    """A wrong record of a decision, recorded rightly."""

    @extend_schema(
        operation_id="decisions_correct",
        tags=["decisions"],
        request=CorrectionIn,
        responses=answers({201: DecisionSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Supersede the last decision of a matter with what the body decided, signed; both stay."""
        wrong = find(Decision.objects.filter(matter__in=Matter.objects.visible_to(self.actor)), public_id)
        self.check_may_sign()
        given = checked(CorrectionIn, request.data)
        reason, outcome = given.pop("reason"), given.pop("outcome")
        document = file_named(self.actor, given["document"])
        right = actions.correct_decision(
            decision=wrong,
            outcome=outcome,
            given=actions.Given(**given | {"document": document or wrong.document}),
            reason=reason,
            by=self.actor,
        )
        return Response(show_decision(right, right.matter), status=201)


class Inbox(ApiView):
    """What waits for the bodies that the caller acts for, or for others."""

    @extend_schema(
        operation_id="inbox_list",
        tags=["decisions"],
        parameters=[InboxFilter],
        responses=answers({200: WaitingSerializer(many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        """List what waits for the caller's bodies, or with `list` what they brought and others have to do.

        Overdue first, then by last day.
        """
        wanted = checked(InboxFilter, request.query_params.dict())
        waiting = waiting_on_others if wanted.get("list") == "waits_for_others" else waiting_for
        found = waiting(self.actor, bodies=bodies_of(self.actor), moment=now())
        return Response([show_waiting(each) for each in found])


class Deadlines(ApiView):
    """Days by which steps are to be taken."""

    @extend_schema(
        operation_id="deadlines_list",
        tags=["decisions"],
        parameters=CURSOR_PARAMETERS,
        responses=answers({200: cursor_page_of(DeadlineSerializer)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List the open deadlines that the caller may see, the last set first, with the count of Working Days."""
        count = counter(now())
        return self.cursor(deadlines_for(self.actor).order_by(), lambda each: show_deadline(count(each)))


urlpatterns = [
    path("matters", Matters.as_view(), name="api-matters"),
    path("matters/<str:public_id>", OneMatter.as_view(), name="api-matter"),
    path("matters/<str:public_id>/decisions", Decisions.as_view(), name="api-decisions"),
    path("matters/<str:public_id>/views", Views.as_view(), name="api-views"),
    path("matters/<str:public_id>/views/<str:request_id>", OneView.as_view(), name="api-view"),
    path("decisions", DecisionRegister.as_view(), name="api-decision-register"),
    path("decisions/<str:public_id>/correction", Correction.as_view(), name="api-correction"),
    path("inbox", Inbox.as_view(), name="api-inbox"),
    path("deadlines", Deadlines.as_view(), name="api-deadlines"),
]
